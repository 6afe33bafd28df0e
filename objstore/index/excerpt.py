"""Excerpts: the passage of an event that says best why it was found, with the places of the words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from itertools import islice
from typing import Final, NamedTuple

from objstore.index.query import Term
from objstore.index.words import is_unspaced, words

WIDTH: Final = 160
"""Characters of an excerpt, about."""

_MOST_MATCHES = 64
_LEAD = 24  # characters shown before the first word that was found
_SPACE = re.compile(r"\s+")


class Excerpt(NamedTuple):
    """A passage on one line, "…" where it was cut, and the (start, end) of every word in it that was looked for."""

    text: str
    marks: tuple[tuple[int, int], ...]


def excerpt_of(text: str, terms: Sequence[Term]) -> Excerpt:
    """The passage of a text in which most of the terms stand together; its beginning if none is found in it."""
    found = _matches(text, terms)
    start = _best_start([(at, which) for at, _, which in found])
    begin = max(0, start - _LEAD) if found else 0
    begin = _word_start(text, begin, start)
    end = min(len(text), begin + WIDTH)
    marks = [(at, stop) for at, stop, _ in found if at >= begin and stop <= end]
    return _on_one_line(text, begin, end, marks)


def _matches(text: str, terms: Sequence[Term]) -> list[tuple[int, int, int]]:
    """(start, end, which term) of the terms in a text, in order: words, and parts of words in camelCase."""
    folded = _folded(text)
    found: list[tuple[int, int, int]] = []
    for which, term in enumerate(terms):
        pattern = r"[\W_]*".join(map(re.escape, words(_folded(term.text)))) + (r"[^\W_]*" if term.prefix else "")
        spans = (match.span() for match in re.finditer(pattern, folded))
        fitting = ((start, stop, which) for start, stop in spans if _is_edge(text, start) and _is_edge(text, stop))
        found += islice(fitting, _MOST_MATCHES)
    return sorted(found)


def _is_edge(text: str, place: int) -> bool:
    """Whether a word, or a part of one, may begin or end at a place."""
    if place in (0, len(text)):
        return True
    before, after = text[place - 1], text[place]
    return not (before.isalnum() and after.isalnum()) or after.isupper() or is_unspaced(before) or is_unspaced(after)


def _best_start(found: Sequence[tuple[int, int]]) -> int:
    """Where the passage with the most different terms begins; of equals the first."""
    best, best_count, stop = 0, 0, 0
    for first, (at, _) in enumerate(found):
        while stop < len(found) and found[stop][0] < at + WIDTH - 2 * _LEAD:
            stop += 1
        count = len({which for _, which in found[first:stop]})
        if count > best_count:
            best, best_count = at, count
    return best


def _word_start(text: str, begin: int, latest: int) -> int:
    """The first place from `begin` on at which a word begins, or `begin` itself if none does before `latest`."""
    if begin == 0 or not text[begin - 1].isalnum():
        return begin
    return next((at for at in range(begin, latest) if not text[at - 1].isalnum()), begin)


def _on_one_line(text: str, begin: int, end: int, marks: Sequence[tuple[int, int]]) -> Excerpt:
    """The passage with every space as one blank; marks move with it."""
    pieces: list[str] = ["…"] if begin > 0 else []
    length = len(pieces)
    moved: list[tuple[int, int]] = []
    at = begin
    for start, stop in [*marks, (end, end)]:
        if start < at:
            continue  # within the mark before
        for piece, is_mark in ((text[at:start], False), (text[start:stop], True)):
            shown = _SPACE.sub(" ", piece)
            if is_mark and shown:
                moved.append((length, length + len(shown)))
            pieces.append(shown)
            length += len(shown)
        at = stop
    if end < len(text):
        pieces.append("…")
    return Excerpt("".join(pieces), tuple(moved))


def _folded(text: str) -> str:
    """The text without case and accents, character for character."""
    return text.lower() if text.isascii() else text.translate(_PLAIN)


class _Plain(dict[int, int]):
    """The plain form of every character that was met so far."""

    def __missing__(self, code: int) -> int:
        plain = unicodedata.normalize("NFD", chr(code))[0].lower()
        self[code] = ord(plain[0])
        return self[code]


_PLAIN = _Plain()
