"""Refs in SQLite tables, which share a database file with other tables and a transaction with their writes."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence

from refs.adoption import in_order
from refs.edits import Applied, Note, RefEdit
from refs.errors import BrokenLog
from refs.pending import Newest, PendingLog
from refs.protocol import NO_CUTS, Cut, LogEntry
from refs.sqlite.entries import adopt_in, take_up_in
from refs.sqlite.expiry import expire_in
from refs.sqlite.moving import Mover
from refs.sqlite.reader import SqliteReader
from refs.sqlite.tables import BLOCK_BITS, as_key, is_value, transaction

_NEWEST = """SELECT l.step, l.before, r.name, l.txn, l.first, l.last, l.old, l.new, l.began, l.ended, l.who, l.why, l.chain
FROM refs r LEFT JOIN reflog l ON l.id = r.entry AND l.ref = r.id WHERE r.name = CAST(? AS TEXT)"""
_BLOCK = "SELECT block FROM reflog_numbers WHERE id = 1"


class SqliteRefs(SqliteReader):
    """A RefStore over one SQLite database, whose tables `create_tables` made.

    `connect` gives the calling thread's own connection (isolation_level=None, no row or text factory). SQLite's own
    errors pass through as they are. What ends in `_in` is part of the write transaction that the caller has open.
    """

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        super().__init__(connect)
        self._mover = Mover()

    def apply(self, edits: Sequence[RefEdit], note: Note) -> Applied:
        """Make all edits or none, in a transaction of their own. RefConflict, InvalidRefName, ValueError: nothing was
        changed."""
        connection = self._connect()
        with transaction(connection):
            return self._mover.apply_in(connection, edits, note)

    def apply_in(self, connection: sqlite3.Connection, edits: Sequence[RefEdit], note: Note) -> Applied:
        """Make all edits or none as part of the write transaction (BEGIN IMMEDIATE) that the caller has open on
        `connection`. RefConflict, InvalidRefName, ValueError, BrokenLog: nothing was changed; after any other error
        the caller has to roll back."""
        return self._mover.apply_in(connection, edits, note)

    def expire(self, before: int, name: str | None = None) -> int:
        """Forget entries that ended before a time, of one ref or of all, in a transaction of their own; how many."""
        connection = self._connect()
        with transaction(connection):
            return expire_in(connection, before, name)

    def adopt(self, operations: Iterable[tuple[int, Sequence[LogEntry]]], cuts: Mapping[str, Cut] = NO_CUTS) -> int:
        """Write the logs of another store verbatim into this empty one. RefConflict, BrokenLog, ValueError."""
        entries = in_order(operations, cuts)
        connection = self._connect()
        with transaction(connection):
            return adopt_in(connection, entries, cuts)

    def adopt_in(
        self, connection: sqlite3.Connection, entries: Sequence[LogEntry], cuts: Mapping[str, Cut] = NO_CUTS
    ) -> int:
        """As `adopt`, of entries that `adoption.in_order` made, in the write transaction that the caller has open."""
        return adopt_in(connection, entries, cuts)

    # For transactions that are pending elsewhere (refs.pending)

    def newest(self, name: str) -> Newest | None:
        """The newest entry of a log, or None if the name was never used."""
        row = self._connect().execute(_NEWEST, (as_key(name),)).fetchone()
        if row is None:
            return None
        step, before, *entry = row
        if step is None or not is_value(entry[5]):
            raise BrokenLog(name, 1)
        return Newest(LogEntry._make(entry), bool(step), before)

    def next_number(self) -> int:
        """A number for the next transaction that no transaction of these tables has, nor a higher one."""
        block: int = self._connect().execute(_BLOCK).fetchone()[0]
        return max(1, (block + 1) << BLOCK_BITS)

    def take_up_in(self, connection: sqlite3.Connection, logs: Iterable[PendingLog], number: int) -> None:
        """Take up entries that were pending, in the caller's write transaction; `number` is the highest of theirs."""
        take_up_in(connection, logs, number)
