"""Merging two versions of a text line by line against the one that both come from (diff3).

Lines that all three have are anchors. Between two anchors a stretch is taken from the side that changed it; where both
changed it, differently, it is a clash. Changes that touch each other without an anchor between them clash as well:
whether their order matters is for a person to say. (Khanna, Kunal, Pierce: A formal investigation of diff3, 2007.)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from objstore.files.lines import common_runs

_SIGNS = "<|=>"
_MARKER = 7  # Of each sign, unless the texts themselves have lines that begin so.


class Clash(NamedTuple):
    """A stretch that both sides changed, differently: its lines in the base and on both sides."""

    base: Sequence[str]
    ours: Sequence[str]
    theirs: Sequence[str]


Part = Sequence[str] | Clash
"""Lines that are merged, or a clash."""


class _Anchor(NamedTuple):
    """`length` lines that all three texts have, and where they begin in each."""

    base: int
    ours: int
    theirs: int
    length: int


def merge_lines(base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]) -> list[Part]:
    """The parts of the merged text in their order; without a `Clash` among them the merge is clean."""
    parts: list[Part] = []
    at = _Anchor(0, 0, 0, 0)
    for anchor in [*_anchors(base, ours, theirs), _Anchor(len(base), len(ours), len(theirs), 0)]:
        old, one, two = base[at.base : anchor.base], ours[at.ours : anchor.ours], theirs[at.theirs : anchor.theirs]
        if one in (old, two):
            parts.append(two)
        elif two == old:
            parts.append(one)
        else:
            parts += _narrowed(old, one, two)
        parts.append(base[anchor.base : anchor.base + anchor.length])
        at = _Anchor(anchor.base + anchor.length, anchor.ours + anchor.length, anchor.theirs + anchor.length, 0)
    return [part for part in parts if isinstance(part, Clash) or part]


def joined(parts: Sequence[Part], prefer: Literal["ours", "theirs"] | None = None) -> str | None:
    """The merged text, with a preferred side's lines where they clash; None: there is a clash and no preference."""
    lines: list[str] = []
    for part in parts:
        if not isinstance(part, Clash):
            lines += part
        elif prefer is None:
            return None
        else:
            lines += part.ours if prefer == "ours" else part.theirs
    return "".join(_ended(lines))


def marked(parts: Sequence[Part], labels: tuple[str, str]) -> str:
    """The merged text with both sides and the base of each clash between conflict markers.

    `labels` call the two sides. The markers are seven signs long, or longer where a line of the text begins like one.
    """
    lines = [line for part in parts for line in _lines_of(part)]
    length = _MARKER
    while any(line.startswith(sign * length) for line in lines for sign in _SIGNS):
        length += 1
    text: list[str] = []
    for part in parts:
        if not isinstance(part, Clash):
            text += part
            continue
        text.append(f"{'<' * length} {labels[0]}\n")
        text += _closed(part.ours)
        text.append(f"{'|' * length} before both\n")
        text += _closed(part.base)
        text.append(f"{'=' * length}\n")
        text += _closed(part.theirs)
        text.append(f"{'>' * length} {labels[1]}\n")
    return "".join(_ended(text))


def _anchors(base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]) -> Iterator[_Anchor]:
    one, two = iter(common_runs(base, ours)), iter(common_runs(base, theirs))
    mine, other = next(one, None), next(two, None)
    while mine is not None and other is not None:
        start = max(mine.old, other.old)
        stop = min(mine.old + mine.length, other.old + other.length)
        if start < stop:
            yield _Anchor(start, mine.new + start - mine.old, other.new + start - other.old, stop - start)
        if mine.old + mine.length < other.old + other.length:
            mine = next(one, None)
        else:
            other = next(two, None)


def _narrowed(base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]) -> list[Part]:
    """A clash without the lines that both sides begin and end it with."""
    most = min(len(ours), len(theirs))
    begin = 0
    while begin < most and ours[begin] == theirs[begin]:
        begin += 1
    end = 0
    while end < most - begin and ours[-1 - end] == theirs[-1 - end]:
        end += 1
    clash = Clash(base, ours[begin : len(ours) - end], theirs[begin : len(theirs) - end])
    return [ours[:begin], clash, ours[len(ours) - end :]]


def _lines_of(part: Part) -> Sequence[str]:
    return [*part.ours, *part.base, *part.theirs] if isinstance(part, Clash) else part


def _closed(lines: Sequence[str]) -> list[str]:
    """Lines each with its newline, so that a marker may follow."""
    return [line if line.endswith("\n") else f"{line}\n" for line in lines]


def _ended(lines: Sequence[str]) -> list[str]:
    """Lines each with its newline but the last, which stays as it is: a text's end may have come into the middle."""
    return [*_closed(lines[:-1]), *lines[-1:]]
