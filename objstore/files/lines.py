"""Which lines of two texts are the same: for diffs, blame and merges.

Common beginnings and ends go first; then lines that occur once in each are anchors (patience diff, Bram Cohen), and
between anchors Myers' greedy algorithm (Algorithmica 1, 1986) finds the rest as long as few enough edits do. Beyond that a
stretch counts as replaced: what is returned is always right, and small for texts that people and agents write.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Hashable, Sequence
from typing import NamedTuple

_BUDGET = 600_000  # Steps of Myers' algorithm in one comparison: a second at most.
_MOST_EDITS = 600  # In one stretch: what is kept to find the way back grows with the square.


class Run(NamedTuple):
    """`length` lines that are the same, from number `old` in one text and number `new` in the other (from 0)."""

    old: int
    new: int
    length: int


class _Span(NamedTuple):
    """A stretch of both texts that is still to be compared."""

    low: int
    high: int
    left: int
    right: int


def common_runs(old: Sequence[Hashable], new: Sequence[Hashable]) -> list[Run]:
    """The runs that two texts share, ascending in both and not touching; what lies between them differs."""
    numbers: dict[Hashable, int] = {}
    comparison = _Comparison(
        [numbers.setdefault(line, len(numbers)) for line in old],
        [numbers.setdefault(line, len(numbers)) for line in new],
    )
    return comparison.runs()


class _Comparison:
    """One comparison at work, on numbers in place of lines."""

    def __init__(self, old: list[int], new: list[int]) -> None:
        self._old = old
        self._new = new
        self._budget = _BUDGET

    def runs(self) -> list[Run]:
        found: list[Run] = []
        waiting: list[Run | _Span] = [_Span(0, len(self._old), 0, len(self._new))]
        while waiting:
            part = waiting.pop()
            if isinstance(part, _Span):
                waiting += reversed(self._split(part))
            elif (
                found and found[-1].old + found[-1].length == part.old and found[-1].new + found[-1].length == part.new
            ):
                found[-1] = Run(found[-1].old, found[-1].new, found[-1].length + part.length)
            elif part.length:
                found.append(part)
        return found

    def _split(self, span: _Span) -> list[Run | _Span]:
        low, high, left, right = span
        begin = self._same(low, left, min(high - low, right - left))
        low, left = low + begin, left + begin
        end = 0
        while high - end > low and right - end > left and self._old[high - end - 1] == self._new[right - end - 1]:
            end += 1
        high, right = high - end, right - end
        parts: list[Run | _Span] = [Run(span.low, span.left, begin)]
        if low < high and left < right:
            inner = _Span(low, high, left, right)
            parts += self._anchored(inner) or self._myers(inner)
        return [*parts, Run(high, right, end)]

    def _same(self, one: int, other: int, limit: int) -> int:
        length = 0
        old, new = self._old, self._new
        while length < limit and old[one + length] == new[other + length]:
            length += 1
        return length

    def _anchored(self, span: _Span) -> list[Run | _Span]:
        """The span cut at the lines that occur once on each side, as many as keep their order; [] without any."""
        ours = _once(self._old, span.low, span.high)
        theirs = _once(self._new, span.left, span.right)
        both = [(place, theirs[line]) for line, place in ours.items() if line in theirs]
        parts: list[Run | _Span] = []
        low, left = span.low, span.left
        for one, other in _longest_rising(both):
            parts += [_Span(low, one, left, other), Run(one, other, 1)]
            low, left = one + 1, other + 1
        return [*parts, _Span(low, span.high, left, span.right)] if parts else []

    def _myers(self, span: _Span) -> list[Run | _Span]:
        """The runs of a shortest edit of the span; none if it takes too many edits."""
        height, width = span.high - span.low, span.right - span.left
        furthest = {1: 0}
        trace: list[dict[int, int]] = []
        for edits in range(min(_MOST_EDITS, height + width) + 1):
            self._budget -= edits + 1
            if self._budget < 0:
                return []
            row: dict[int, int] = {}
            for diagonal in range(-edits, edits + 1, 2):
                # Lines of the old text are x, of the new y = x - diagonal: go right (delete) or down (insert).
                down = diagonal == -edits or (
                    diagonal != edits and furthest.get(diagonal - 1, -1) < furthest.get(diagonal + 1, -1)
                )
                x = furthest.get(diagonal + 1, 0) if down else furthest.get(diagonal - 1, -1) + 1
                y = x - diagonal
                if x <= height and 0 <= y <= width:
                    slide = self._same(span.low + x, span.left + y, min(height - x, width - y))
                    self._budget -= slide >> 4
                    x += slide
                row[diagonal] = x
                if x >= height and x - diagonal >= width:
                    trace.append(row)
                    return list(_way_back(trace, span, height, width))
            trace.append(row)
            furthest = row
        return []


def _way_back(trace: list[dict[int, int]], span: _Span, x: int, y: int) -> list[Run]:
    """The runs on the way that the rows of furthest places tell, from the first on."""
    runs: list[Run] = []
    for edits in range(len(trace) - 1, 0, -1):
        diagonal = x - y
        before = trace[edits - 1]
        down = diagonal == -edits or (diagonal != edits and before.get(diagonal - 1, -1) < before.get(diagonal + 1, -1))
        previous = diagonal + 1 if down else diagonal - 1
        start = before[previous] + (0 if down else 1)
        runs.append(Run(span.low + start, span.left + start - diagonal, x - start))
        x = before[previous]
        y = x - previous
    runs.append(Run(span.low, span.left, x))
    runs.reverse()
    return runs


def _once(lines: list[int], start: int, stop: int) -> dict[int, int]:
    """The lines of a stretch that occur once in it, with their places, by place."""
    places: dict[int, int] = {}
    again: set[int] = set()
    for place in range(start, stop):
        line = lines[place]
        if line in places:
            again.add(line)
        else:
            places[line] = place
    return {line: place for line, place in places.items() if line not in again}


def _longest_rising(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """A longest subsequence of pairs, which ascend in their first numbers, that ascends in the second as well."""
    ends: list[int] = []
    last: list[int] = []
    before: list[int] = []
    for number, (_, other) in enumerate(pairs):
        at = bisect_left(ends, other)
        before.append(last[at - 1] if at else -1)
        ends[at : at + 1] = [other]
        last[at : at + 1] = [number]
    chain: list[tuple[int, int]] = []
    number = last[-1] if last else -1
    while number >= 0:
        chain.append(pairs[number])
        number = before[number]
    chain.reverse()
    return chain
