"""The language of searches: what it means, what it refuses and with which words, and that no text is syntax to SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from objstore.errors import InvalidQuery
from objstore.index.query import Both, Either, Term, Without, parse_query
from objstore.index.words import TOKENIZER

A, B, C = (Term(word, prefix=False) for word in "abc")


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("a", A),
        ("  a\n", A),
        ("a b", Both((A, B))),
        ("a AND b", Both((A, B))),
        ("a OR b c", Either((A, Both((B, C))))),
        ("(a OR b) c", Both((Either((A, B)), C))),
        ("a NOT b", Both((A, Without(B)))),
        ("a NOT NOT b", Both((A, Without(Without(B))))),
        ("((a))", A),
        ('"a b"', Term("a b", prefix=False)),
        ('"a b"*', Term("a b", prefix=True)),
        ('a"b"', Both((A, B))),
        ("read_f*", Term("read_f*", prefix=True)),
        ("a and or", Both((A, Term("and", prefix=False), Term("or", prefix=False)))),
        ('"AND"', Term("AND", prefix=False)),
        ("src/app.py:12", Term("src/app.py:12", prefix=False)),
        ("-- a", A),
        ("(…) a OR ((--) b)", Either((A, B))),
        ("body:a", Term("body:a", prefix=False)),
        ("東*", Term("東*", prefix=True)),
    ],
)
def test_what_a_query_means(text: str, node: object) -> None:
    assert parse_query(text).node == node


@pytest.mark.parametrize(
    ("text", "position", "words"),
    [
        ("", 0, "it is empty"),
        (" \n", 0, "it is empty"),
        ("--", 0, "no letter and no digit"),
        ("a AND", 2, 'behind AND; to search for the word, write "AND" in quotes'),
        ("OR a", 0, "before OR"),
        ("a OR OR b", 2, "behind OR"),
        ("a NOT", 2, "behind NOT"),
        ("a (b", 2, "not closed"),
        ("a (", 2, "not closed"),
        ("a b)", 3, "closes nothing"),
        (")", 0, "closes nothing"),
        ("a ()", 2, "nothing in the parentheses"),
        ('a "b', 2, "not closed"),
        ("a*", 0, "2 characters"),
        ("NOT a", 0, "a word that must"),
        ("a OR NOT b", 0, "a word that must"),
        ("NOT (a NOT b)", 0, "a word that must"),
        ("(" * 40 + "a" + ")" * 40, 32, "deep"),
        ("NOT " * 40 + "a", 128, "deep"),
        (" ".join(["a"] * 65), 128, "words"),
        ("x" * 5000, 4000, "characters"),
    ],
)
def test_what_is_no_query_is_refused_with_the_place_and_the_remedy(text: str, position: int, words: str) -> None:
    with pytest.raises(InvalidQuery) as caught:
        parse_query(text)
    assert caught.value.position == position
    assert words in str(caught.value)
    assert f"at character {position + 1}, " in str(caught.value)


def test_the_terms_that_are_shown_are_those_that_must_be_there() -> None:
    shown = parse_query("a (b OR c) NOT (d NOT e)").shown
    assert [term.text for term in shown] == ["a", "b", "c", "e"]


@pytest.fixture(scope="module")
def table() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    connection.execute(f"CREATE VIRTUAL TABLE texts USING fts5(body, parts, marks, content='', tokenize='{TOKENIZER}')")
    connection.execute("INSERT INTO texts (rowid, body, parts, marks) VALUES (1, 'a b c', '', 'q1')")
    yield connection
    connection.close()


SYNTAX = st.sampled_from(
    ["AND", "OR", "NOT", "NEAR(", "(", ")", '"', "*", "^", ":", "{", "}", "+", "-", ",", "'", "\0", ";", "\\"]
)
PIECES = st.one_of(SYNTAX, st.text(max_size=6), st.sampled_from(["a", "body", "marks", "q1", "rank", "\ud800", "東"]))


@settings(max_examples=400, deadline=None)
@given(st.lists(PIECES, max_size=10), st.sampled_from(["", " "]))
@example(["marks", ":", "q1"], "")
@example(["a", '"', " OR marks : ", '"', "q1"], " ")
def test_whatever_is_typed_is_refused_by_us_or_understood_by_sqlite(
    table: sqlite3.Connection, pieces: list[str], between: str
) -> None:
    try:
        match = parse_query(between.join(pieces)).match
    except InvalidQuery:
        return
    table.execute("SELECT rowid FROM texts WHERE texts MATCH ?", (f"{{body parts}} : ({match})",)).fetchall()


@pytest.mark.parametrize(
    "text", ["marks:q1", '"marks : q1"', "q1", "q1* OR marks:q1", '{marks} : "q1"', "body:q1 OR ^q1"]
)
def test_no_query_reaches_the_marks_of_roles_and_tools(table: sqlite3.Connection, text: str) -> None:
    match = parse_query(text).match
    rows = table.execute("SELECT rowid FROM texts WHERE texts MATCH ?", (f"{{body parts}} : ({match})",)).fetchall()
    assert rows == []
