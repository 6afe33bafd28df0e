"""Excerpts: the passage with the words, on one line, with their places."""

from __future__ import annotations

import random

import pytest

from objstore.index.excerpt import WIDTH, Excerpt, excerpt_of
from objstore.index.query import Term, parse_query


def marked(text: str, query: str) -> list[str]:
    found = excerpt_of(text, parse_query(query).shown)
    return [found.text[start:stop] for start, stop in found.marks]


@pytest.mark.parametrize(
    ("text", "query", "words"),
    [
        ("The readFile function reads files", "file", ["File"]),
        ("a file and a readFile", "file", ["file", "File"]),
        ("call read_file now", "read_file", ["read_file"]),
        ("call read\n   file now", '"read file"', ["read file"]),
        ("Configuration, config, reconfigure", "conf*", ["Configuration", "config"]),
        ("Ünïcode words", "unicode", ["Ünïcode"]),
        ("住在東京都", "東京", ["東京"]),
        ("nothing of it", "absent", []),
        ("a b c", "a OR c NOT b", ["a", "c"]),
        ("aaa", '"a a" aaa', ["aaa"]),
        ("", "x", []),
    ],
)
def test_the_words_that_were_looked_for_are_marked(text: str, query: str, words: list[str]) -> None:
    assert marked(text, query) == words


def test_the_passage_is_the_one_with_the_most_different_words() -> None:
    text = "alpha alpha alpha " + "filler " * 100 + "here alpha meets beta at last " + "filler " * 100 + "beta beta"
    found = excerpt_of(text, parse_query("alpha beta").shown)
    assert "alpha meets beta" in found.text
    assert found.text.startswith("…")
    assert found.text.endswith("…")


def test_a_text_in_which_nothing_is_found_is_shown_from_its_beginning() -> None:
    assert excerpt_of("one\n\n\ttwo", []) == Excerpt("one two", ())


def test_an_excerpt_is_short_one_line_and_its_marks_lie_within_it_in_order() -> None:
    draw = random.Random(7)
    pieces = ["alpha", "Beta", "readAlpha", "\n", "\t", "  ", "filler", "İ", "东", "é", "x" * 200, "_", "alpha_beta"]
    for _ in range(300):
        text = "".join(draw.choices(pieces, k=draw.randrange(120)))
        found = excerpt_of(text, [Term("alpha", prefix=False), Term("be", prefix=True)])
        assert len(found.text) <= WIDTH + 2
        assert "\n" not in found.text
        assert "\t" not in found.text
        ends = [0, *(place for mark in found.marks for place in mark), len(found.text)]
        assert ends == sorted(ends)
        assert all(found.text[start:stop].lower().startswith(("alpha", "be")) for start, stop in found.marks)


def test_a_long_text_of_nothing_but_the_word_is_excerpted_at_once() -> None:
    assert len(excerpt_of("alpha " * 20000, [Term("alpha", prefix=False)] * 10).marks) > 10
