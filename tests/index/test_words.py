"""Words: parts of camelCase, scripts without spaces, and agreement with SQLite's own tokenizer."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from objstore.index.words import TOKENIZER, camel_parts, has_word, spaced, storable, words


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("readFile", "read File"),
        ("a readFile, and readFile again", "read File"),
        ("HTTPServer", "HTTP Server"),
        ("parseHTTPResponse2Json", "parse HTTP Response2 Json"),
        ("XMLHttpRequest", "XML Http Request"),
        ("setUp tearDown", "set Up tear Down"),
        ("snake_case CONSTANT_NAME Title plain 3rd", ""),
        ("read_fileNow", "file Now"),
        ("iPhone", "i Phone"),
        ("A", ""),
        ("", ""),
        ("x" * 100 + "Yes", ""),  # no word that anybody wrote
    ],
)
def test_the_parts_of_camel_case_are_found_once_for_each_word(text: str, parts: str) -> None:
    assert camel_parts(text) == parts


def test_characters_of_scripts_without_spaces_are_words_of_their_own() -> None:
    assert words("東京都 is ツール x") == ["東", "京", "都", "is", "ツ", "ー", "ル", "x"]
    assert spaced("plain") == "plain"


def test_a_lone_surrogate_is_made_storable_and_other_text_stays() -> None:
    assert storable("a\ud800b") == "a?b"
    assert storable("ä東😀") == "ä東😀"


@pytest.mark.parametrize(("text", "there"), [("--", False), ("…", False), ("_", False), ("_a", True), ("東", True)])
def test_a_word_has_a_letter_or_a_digit(text: str, there: bool) -> None:
    assert has_word(text) is there


ALPHABET = "abzABZ019_-./ \n\t()'\"äÄß東京ツπд"


@settings(max_examples=150, deadline=None)
@given(st.text(ALPHABET, max_size=60))
def test_words_are_those_of_sqlites_tokenizer(text: str) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(f"CREATE VIRTUAL TABLE t USING fts5(x, tokenize='{TOKENIZER}')")
        connection.execute("CREATE VIRTUAL TABLE v USING fts5vocab(t, 'instance')")
        connection.execute("INSERT INTO t VALUES (?)", (spaced(text),))
        tokens = [row[0] for row in connection.execute("SELECT term FROM v ORDER BY offset")]
    assert tokens == [word.replace("ä", "a") for word in words(text)]
