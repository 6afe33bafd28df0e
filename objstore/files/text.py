"""Whether a file's content is text, its lines, and unified diffs of lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from objstore.files.lines import Run, common_runs

MAX_TEXT = 4 << 20
"""Bytes of a file that is compared line by line; a larger one is treated as a binary."""

_NO_NEWLINE = "\\ No newline at end of file"


def text_lines(data: bytes) -> list[str] | None:
    """The lines of a text, each with its newline but perhaps the last; None if it is none: it has a NUL in it, or is
    not UTF-8, or is too large."""
    if len(data) > MAX_TEXT or b"\0" in data:
        return None
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    lines = text.split("\n")
    last = lines.pop()
    return [f"{line}\n" for line in lines] + ([last] if last else [])


def unified(old: Sequence[str], new: Sequence[str], labels: tuple[str, str], context: int) -> Iterator[str]:
    """The lines of a unified diff, without their newlines; none where nothing differs."""
    hunks = list(_hunks(common_runs(old, new), len(old), len(new), context))
    if hunks:
        yield f"--- {labels[0]}"
        yield f"+++ {labels[1]}"
    for gaps in hunks:
        start, left = max(0, gaps[0].low - context), max(0, gaps[0].left - context)
        before = min(gaps[0].low - start, gaps[0].left - left)
        start, left = gaps[0].low - before, gaps[0].left - before
        after = min(context, len(old) - gaps[-1].high)
        yield f"@@ -{_range(start, gaps[-1].high + after)} +{_range(left, gaps[-1].right + after)} @@"
        at = start
        for gap in gaps:
            yield from _signed(" ", old[at : gap.low])
            yield from _signed("-", old[gap.low : gap.high])
            yield from _signed("+", new[gap.left : gap.right])
            at = gap.high
        yield from _signed(" ", old[at : at + after])


class _Gap:
    """What lies between two runs: old lines low..high became new lines left..right."""

    __slots__ = ("high", "left", "low", "right")

    def __init__(self, low: int, high: int, left: int, right: int) -> None:
        self.low, self.high, self.left, self.right = low, high, left, right


def _hunks(runs: list[Run], old: int, new: int, context: int) -> Iterator[list[_Gap]]:
    """The gaps, those together whose surroundings touch."""
    hunk: list[_Gap] = []
    low = left = 0
    for run in [*runs, Run(old, new, 0)]:
        if low < run.old or left < run.new:
            gap = _Gap(low, run.old, left, run.new)
            if hunk and gap.low - hunk[-1].high > 2 * context:
                yield hunk
                hunk = []
            hunk.append(gap)
        low, left = run.old + run.length, run.new + run.length
    if hunk:
        yield hunk


def _range(start: int, stop: int) -> str:
    length = stop - start
    return f"{start + 1}" if length == 1 else f"{start + 1 if length else start},{length}"


def _signed(sign: str, lines: Sequence[str]) -> Iterator[str]:
    for line in lines:
        if line.endswith("\n"):
            yield sign + line[:-1]
        else:
            yield sign + line
            yield _NO_NEWLINE
