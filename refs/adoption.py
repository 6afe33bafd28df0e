"""Whole logs of another store, made ready to be written verbatim into an empty one: in order, and every chain checked.

Pure, as `rules` is: both stores decide alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from refs.chain import WHOLE, check_chain
from refs.errors import BrokenLog
from refs.name import check_name
from refs.protocol import NO_CUTS, Cut, LogEntry, RefReader


def cuts_of(refs: RefReader) -> dict[str, Cut]:
    """Where logs begin, of those that were shortened."""
    names = {entry.name for _, entries in refs.operations() for entry in entries}
    return {name: cut for name in sorted(names) if (cut := refs.cut(name)) != WHOLE}


def in_order(operations: Iterable[tuple[int, Sequence[LogEntry]]], cuts: Mapping[str, Cut] = NO_CUTS) -> list[LogEntry]:
    """The entries of all operations (newest first, as a `RefReader` gives them), oldest first.

    BrokenLog: an entry is not what was written, or one is missing. InvalidRefName. ValueError: the operations are not
    in order, or an entry is of another transaction than it is listed under.
    """
    found: list[LogEntry] = []
    below: int | None = None
    for number, entries in operations:
        if number < 1 or (below is not None and number >= below):
            raise ValueError(f"operation {number} is out of order")
        if any(entry.transaction != number for entry in entries):
            raise ValueError(f"an entry of another transaction in operation {number}")
        found.extend(reversed(entries))
        below = number
    found.reverse()
    logs: dict[str, list[LogEntry]] = {}
    for entry in found:
        logs.setdefault(entry.name, []).append(entry)
    if cuts.keys() - logs.keys():
        raise ValueError("a log is said to be shortened, and has no entry")
    for name, log in logs.items():
        check_name(name)
        # By step, not by transaction: a run belongs to the last transaction that extended it.
        log.sort(key=lambda entry: entry.first)
        if not check_chain(name, log, cuts.get(name, WHOLE)):
            raise BrokenLog(name, 1)
    return found
