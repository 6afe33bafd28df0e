"""What changed among the refs since a derived table last looked, at the cost of what changed.

The log of all refs numbers its transactions. A `Mark` is the newest number that was seen, with the chain of its last
entry, which tells whether the log behind that number is still the same one (a store may have been restored from a
backup). `changed_since` reads transactions back to the mark. Every derived table keeps a mark of its own.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from refs.protocol import RefReader

_PATIENCE: Final = 4096
"""Transactions that are looked through before looking at all refs is cheaper."""


class Mark(NamedTuple):
    """How far a log was followed: a transaction's number (0: not at all), and the chain of its last entry."""

    operation: int
    chain: bytes


NEVER: Final = Mark(0, b"")


class Changed(NamedTuple):
    """What to look at: the names that may have moved (None: any of them), and the mark to keep when that is done."""

    mark: Mark
    names: frozenset[str] | None

    @property
    def nothing(self) -> bool:
        """Whether no ref has moved."""
        return self.names is not None and not self.names


def changed_since(refs: RefReader, seen: Mark, prefix: str) -> Changed:
    """Which refs whose names begin with `prefix` may have moved since a mark, deleted ones included.

    The mark returned was taken first: a ref that moves while we look is found then, the next time, or both times.
    """
    newest: Mark | None = None
    names: set[str] = set()
    for count, (number, entries) in enumerate(refs.operations()):
        mark = Mark(number, entries[-1].chain)
        newest = newest or mark
        if number < seen.operation:
            return Changed(newest, frozenset(names)) if newest.operation > seen.operation else Changed(newest, None)
        if number == seen.operation:
            return Changed(newest, frozenset(names) if mark == seen else None)
        if seen.operation == 0 or count >= _PATIENCE:
            return Changed(newest, None)
        names.update(entry.name for entry in entries if entry.name.startswith(prefix))
    if newest is None:  # no ref was ever made
        return Changed(NEVER, frozenset() if seen == NEVER else None)
    return Changed(newest, frozenset(names))
