"""Ignore files: which paths of a directory are left out of its snapshots.

`.gitignore` and `.objstoreignore` in any folder, with git's rules for patterns; in one folder those of
`.objstoreignore` count as written after those of `.gitignore`. The nearest folder that says something of a path
decides, and nothing below an ignored folder is looked at.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

IGNORE_FILES = (".gitignore", ".objstoreignore")
MAX_IGNORE_FILE = 1 << 20
"""Bytes of an ignore file that are read; what comes behind them is not looked at."""


class IgnoreRules:
    """The rules that hold in one folder: its own and those of the folders above. Immutable."""

    __slots__ = ("_above", "_patterns", "_prefix")

    def __init__(self, prefix: str, spec: GitIgnoreSpec, above: IgnoreRules | None) -> None:
        """`prefix` is the folder's path with a slash at its end, or "" for the top."""
        self._prefix = prefix
        self._patterns: list[tuple[bool, re.Pattern[str]]] = []
        for pattern in reversed(list(spec.patterns)):
            regex = cast("re.Pattern[str] | None", pattern.regex)  # pyright: ignore[reportUnknownMemberType]
            if pattern.include is not None and regex is not None:
                self._patterns.append((pattern.include, regex))
        self._above = above

    def ignored(self, path: str, folder: bool) -> bool:
        """Whether a path (relative to the top) is left out, given that the folders above it are not."""
        rules: IgnoreRules | None = self
        while rules is not None:
            below = path[len(rules._prefix) :]
            for include, regex in rules._patterns:
                if _matches(regex, below, folder):
                    return include
            rules = rules._above
        return False


def _matches(regex: re.Pattern[str], path: str, folder: bool) -> bool:
    """Whether a pattern is about this path itself.

    The library's expressions also match what is below a folder that they match, and have the slash behind that folder
    as their only group. But a folder above that is ignored is never entered, and one that is kept says nothing of
    what is in it.
    """
    found = regex.search(path)
    if found is not None and found.lastindex is None:
        return True
    return folder and any(
        match.lastindex is not None and match.end(match.lastindex) == len(path) + 1
        for match in regex.finditer(f"{path}/")
    )


def rules_in(
    prefix: str, names: Container[str], above: IgnoreRules | None, read: Callable[[str], bytes]
) -> IgnoreRules | None:
    """The rules of a folder whose entries are `names`: those above if it has no ignore file; `read` gives one's bytes.

    A line that is no pattern is passed over, as git does.
    """
    lines: list[str] = []
    for name in IGNORE_FILES:
        if name in names:
            lines += read(name).decode("utf-8", "surrogateescape").removeprefix("\ufeff").split("\n")
    lines = [line.removesuffix("\r") for line in lines]
    patterns = [line for line in lines if line.strip() and not line.startswith("#")]
    if not patterns:
        return above
    from pathspec import GitIgnoreSpec  # only a directory with ignore files pays for it

    try:
        spec = GitIgnoreSpec.from_lines(patterns)
    except ValueError:
        spec = GitIgnoreSpec.from_lines([line for line in patterns if _is_pattern(line)])
    return IgnoreRules(prefix, spec, above)


def _is_pattern(line: str) -> bool:
    from pathspec import GitIgnoreSpec

    try:
        GitIgnoreSpec.from_lines([line])
    except ValueError:
        return False
    return True
