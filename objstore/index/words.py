"""Words: how text is prepared, so that SQLite's `unicode61` tokenizer finds what people look for in agents' histories.

The tokenizer folds case and accents and parts words wherever a character is no letter or digit: `read_file` and
`src/app.py` fall into their parts, and a query for `read_file` is the phrase "read file". Two things it does not do:

- `readFile` is one word to it. Its parts go into a column of their own (`camel_parts`), so that "file" finds it too
  and "readfile" still does.
- Chinese and Japanese do not part words. Each of their characters is made a word (`spaced`), in queries as in text, so
  that a word of several characters is a phrase.
"""

from __future__ import annotations

import re
from typing import Final

# The second and later humps of a word; how it begins is read backwards. Written so that the search skips from one
# capital letter to the next: other forms of it take five times as long.
_HUMP = re.compile(r"[A-Z](?:(?<=[a-z0-9].)|(?<=[A-Z].)(?=[a-z]))[A-Za-z0-9]*", re.ASCII)
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+|[0-9]+", re.ASCII)
_LONGEST_WORD = 80

# Han, Hiragana, Katakana; what else is written without spaces (Thai, Lao, Khmer, Burmese) has no such simple rule.
_UNSPACED = re.compile("([぀-ヿ㐀-䶿一-鿿豈-﫿\U00020000-\U0003ffff])")
_WORD = re.compile(r"[^\W_]+")

TOKENIZER: Final = "unicode61 remove_diacritics 2"
"""What follows `tokenize=` where the full text table is made."""


def storable(text: str) -> str:
    """The text without lone surrogates, which no database takes."""
    if text.isascii():
        return text
    return text.encode("utf-8", "replace").decode()


def spaced(text: str) -> str:
    """The text with every character of a script without spaces as a word of its own."""
    return text if text.isascii() else _UNSPACED.sub(r" \1 ", text)


def is_unspaced(character: str) -> bool:
    """Whether a character is a word of its own."""
    return _UNSPACED.match(character) is not None


def camel_parts(text: str) -> str:
    """The parts of the words in camelCase, each word once: `readFile HTTPServer` gives `read File HTTP Server`."""
    found: dict[str, None] = {}
    for match in _HUMP.finditer(text):
        start, end = match.span()
        lowest = max(0, end - _LONGEST_WORD)
        while start > lowest and _is_part(text[start - 1]):
            start -= 1
        if start > lowest or start == 0:
            found[text[start:end]] = None
    return " ".join(part for word in found for part in _PARTS.findall(word))


def words(text: str) -> list[str]:
    """The words of a text as the tokenizer sees them, but for accents and rare letters: for excerpts."""
    return _WORD.findall(spaced(text).lower())


def has_word(text: str) -> bool:
    """Whether there is anything in a text that can be looked for."""
    return _WORD.search(text) is not None


def _is_part(character: str) -> bool:
    return character.isascii() and character.isalnum()
