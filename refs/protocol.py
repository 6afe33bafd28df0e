"""What every ref store promises: names to opaque values, changed by compare-and-swap, with a chained log of each ref.

Values are opaque bytes of 1 to 255 bytes. The contract suite is `refs.contract`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple, Protocol

from refs.edits import Applied, Note, RefEdit


class Ref(NamedTuple):
    """A ref as it stands: `sequence` counts the steps ever made on this name (deletes included), from 1."""

    name: str
    value: bytes
    sequence: int


class LogEntry(NamedTuple):
    """One entry of a ref's log: the steps `first`..`last` took the ref from `old` to `new` (None: absent).

    An entry with `last > first` is a run of single steps by one actor for one reason, between `began` and `ended`
    (microseconds); the values between are derivable by stepping back from `new`. `transaction` is the latest that
    extended it. `chain` is BLAKE2b-256 over the chain of the entry before and this entry's own fields.
    """

    name: str
    transaction: int
    first: int
    last: int
    old: bytes | None
    new: bytes | None
    began: int
    ended: int
    who: str
    why: str
    chain: bytes


class Cut(NamedTuple):
    """Where a log begins: the steps up to `expired` bring nothing back; those up to `last` are deleted, and left the
    ref at `value` and the log at `chain`."""

    expired: int
    last: int
    value: bytes | None
    chain: bytes


NO_CUTS: Final[Mapping[str, Cut]] = MappingProxyType({})
"""Of logs that are whole."""


class RefReader(Protocol):
    """Reading of refs. Each call sees one consistent state. Safe between threads."""

    def get(self, name: str) -> Ref | None:
        """The ref, or None if it is absent."""
        ...

    def find(self, prefix: str = "", after: str = "", limit: int | None = None) -> Iterator[Ref]:
        """Refs whose names begin with `prefix` and sort after `after`, by name (code point order)."""
        ...

    def log(self, name: str, before: int | None = None) -> Iterator[LogEntry]:
        """The entries of a ref, newest first, deleted refs' too; `before`: only those with `first` < before."""
        ...

    def entry_at(self, name: str, sequence: int) -> LogEntry | None:
        """The entry that holds the step `sequence`, or None."""
        ...

    def entry_at_time(self, name: str, when: int) -> LogEntry | None:
        """The last entry that began at or before `when` (microseconds), or None. Clocks may have jumped: of several
        candidates the one latest in the log counts."""
        ...

    def operations(self, before: int | None = None) -> Iterator[tuple[int, list[LogEntry]]]:
        """Transactions newest first (`before`: below that number), each with the entries that it last extended."""
        ...

    def values(self, after: int = 0, upto: int | None = None) -> Iterator[bytes]:
        """Every value that a ref has or that the log can still bring one back to, some more than once.

        Values between the steps of a run are left out: they are derivable from its newest. Only entries that were last
        written by a transaction above the number `after` and up to `upto`.
        """
        ...

    def cut(self, name: str) -> Cut:
        """Where a log begins. What the ref was before the step `expired` is kept by this log no more."""
        ...

    def verify(self, name: str) -> None:
        """Check the chain of a ref's log. BrokenLog: an entry is not what was written."""
        ...


class RefStore(RefReader, Protocol):
    """Reading and writing of refs."""

    def apply(self, edits: Sequence[RefEdit], note: Note) -> Applied:
        """Make all edits or none. RefConflict: an expectation failed, nothing was changed; InvalidRefName.

        A name may occur once in a transaction. Setting a ref to the value that it has is a step like any other;
        deleting an absent ref whose expectation holds leaves no entry.
        """
        ...

    def adopt(self, operations: Iterable[tuple[int, Sequence[LogEntry]]], cuts: Mapping[str, Cut] = NO_CUTS) -> int:
        """Write the logs of another store verbatim into this one, which must be empty: all or nothing; how many entries.

        `operations` as `RefReader.operations` gives them, newest first and all of them; `cuts` of the names whose logs
        were shortened (`adoption.cuts_of`). Names, steps, values, notes,
        chains and transaction numbers stay what they were; a later step begins an entry of its own. RefConflict: there
        is a name here already. BrokenLog: a chain does not hold. ValueError: the operations are not in order.
        """
        ...


class ExpiringRefs(RefStore, Protocol):
    """Refs whose logs can be shortened."""

    def expire(self, before: int, name: str | None = None) -> int:
        """Forget the old part of each log, the entries before the first that ended at or after a time; how many.
        `name`: of this ref alone.

        A ref keeps its newest entry, and so its value and sequence. What was expired brings nothing back: `values`
        leaves out what only it names.
        """
        ...
