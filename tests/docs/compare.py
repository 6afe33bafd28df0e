"""Output as a page shows it against output as it is: ids and dates by shape, `…` for what does not matter."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

ANY = "…"
_SHAPES = (
    (re.compile(r"\b(?=[0-9a-f]*\d)[0-9a-f]{8,64}\b"), "<id>"),
    (re.compile(r"\b\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d\b"), "<time>"),
)


def differs(shown: Sequence[str], got: Sequence[str]) -> str:
    """How `got` differs from what is shown, as a diff for reading; "" if it does not."""
    wanted, found = _bare(shown), _bare(got)
    if _matches(wanted, found):
        return ""
    return "\n".join(difflib.unified_diff(wanted, found, "shown", "printed", lineterm="", n=100))


def _bare(lines: Sequence[str]) -> list[str]:
    """Lines with ids and dates as shapes, without spaces at the end and empty lines around."""
    bare = [line.rstrip() for line in lines]
    for pattern, shape in _SHAPES:
        bare = [pattern.sub(shape, line) for line in bare]
    while bare and not bare[0]:
        del bare[0]
    while bare and not bare[-1]:
        del bare[-1]
    return bare


def _matches(wanted: Sequence[str], found: Sequence[str]) -> bool:
    """Whether the lines fit, where a line `…` is any number of lines."""
    if not wanted:
        return not found
    if wanted[0] == ANY:
        return any(_matches(wanted[1:], found[start:]) for start in range(len(found) + 1))
    return bool(found) and _fits(wanted[0], found[0]) and _matches(wanted[1:], found[1:])


def _fits(wanted: str, found: str) -> bool:
    pattern = ".*".join(re.escape(part) for part in wanted.split(ANY))
    return re.fullmatch(pattern, found) is not None
