"""Refs in SQLite tables, which share a database file with other tables and a transaction with their writes.

`refs` has a row per name ever used, which points to the name's newest row in `reflog`; the value of a ref is what that
row says (NULL: deleted). Extending a run rewrites that one row and touches no index and no other table: one page.

Transaction numbers are reserved 256 at a time (a block), by a write transaction, under a random owner. Who finds its
owner still in the table goes on in its block without writing; who does not, takes the next block. So numbers rise in
the order of the transactions, of many processes too, and a rolled-back reservation is never mistaken for one that
holds. `operations` goes by block, whose index changes once a block and run. Tables: docs/format/refs.md.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from itertools import groupby
from typing import Any, Final

from refs.adoption import in_order
from refs.chain import START, check_chain, link
from refs.edits import Applied, Note, RefEdit
from refs.errors import BrokenLog, RefConflict
from refs.expiry import adopt_cuts_in, cut_of, expire_in, has_cuts
from refs.pending import Newest, PendingLog, by_age
from refs.protocol import NO_CUTS, Cut, LogEntry, Ref
from refs.rules import check_edits, check_expectation, extends_run, is_step

BLOCK_BITS: Final = 8
"""A block is the 256 transaction numbers that share all but their lowest bits."""

_BATCH = 256
_OPERATIONS_BATCH = 32
_HIGHEST = (1 << 63) - 1

_TABLES = (
    """CREATE TABLE IF NOT EXISTS refs (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    entry INTEGER NOT NULL
)""",
    """CREATE TABLE IF NOT EXISTS reflog (
    id INTEGER PRIMARY KEY,
    ref INTEGER NOT NULL,
    block INTEGER NOT NULL,
    txn INTEGER NOT NULL,
    step INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    old BLOB,
    new BLOB,
    began INTEGER NOT NULL,
    ended INTEGER NOT NULL,
    who TEXT NOT NULL,
    why TEXT NOT NULL,
    before BLOB NOT NULL,
    chain BLOB NOT NULL
)""",
    "CREATE INDEX IF NOT EXISTS reflog_by_step ON reflog (ref, first, began)",
    "CREATE INDEX IF NOT EXISTS reflog_by_block ON reflog (block)",
    """CREATE TABLE IF NOT EXISTS reflog_numbers (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    block INTEGER NOT NULL,
    owner INTEGER NOT NULL
)""",
    "INSERT OR IGNORE INTO reflog_numbers (id, block, owner) VALUES (1, -1, 0)",
)

# One row always, NULLs for what there is not: the state of one name and of the numbers. A damaged `entry` may lead into
# another name's log: what it finds there is not taken for the ref's (here and below).
_HEAD = """SELECT r.id, l.id, l.block, l.step, l.first, l.last, l.old, l.new, l.began, l.ended, l.who, l.why,
l.before, l.chain, n.block, n.owner
FROM reflog_numbers n LEFT JOIN refs r ON r.name = ? LEFT JOIN reflog l ON l.id = r.entry AND l.ref = r.id WHERE n.id = 1"""
_EXTEND = "UPDATE reflog SET last = ?, new = ?, ended = ?, txn = ?, chain = ? WHERE id = ?"
_MOVE = "UPDATE reflog SET block = ? WHERE id = ?"
_ADD = """INSERT INTO reflog (ref, block, txn, step, first, last, old, new, began, ended, who, why, before, chain)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
# The chain before an entry is the chain of the entry whose last step is the one before its first: known at the end.
_ADOPT = """INSERT INTO reflog (ref, block, txn, step, first, last, old, new, began, ended, who, why, before, chain)
VALUES (?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?, x'', ?)"""
_LINK = """UPDATE reflog SET before = coalesce((SELECT p.chain FROM reflog p WHERE p.ref = reflog.ref
AND p.first < reflog.first ORDER BY p.first DESC LIMIT 1), ?)"""
_NAME = "INSERT INTO refs (name, entry) VALUES (?, 0)"
_POINT = "UPDATE refs SET entry = ? WHERE id = ?"
_NEWEST = """SELECT l.step, l.before, r.name, l.txn, l.first, l.last, l.old, l.new, l.began, l.ended, l.who, l.why, l.chain
FROM refs r LEFT JOIN reflog l ON l.id = r.entry AND l.ref = r.id WHERE r.name = CAST(? AS TEXT)"""
_TAKE_UP = """UPDATE reflog SET last = ?, new = ?, ended = ?, txn = ?, block = ?, chain = ?
WHERE id = (SELECT entry FROM refs WHERE name = ?)"""
_BLOCK = "SELECT block FROM reflog_numbers WHERE id = 1"
_RESERVE = "UPDATE reflog_numbers SET block = ?, owner = ? WHERE id = 1"

_ENTRY = "r.name, l.txn, l.first, l.last, l.old, l.new, l.began, l.ended, l.who, l.why, l.chain"
_REF = "SELECT r.name, l.new, l.last, l.id FROM refs r LEFT JOIN reflog l ON l.id = r.entry AND l.ref = r.id"
# Bounds come as bytes: a caller may search with text that is no UTF-8, and all names with a prefix lie below prefix + FF.
_GET = f"{_REF} WHERE r.name = CAST(? AS TEXT)"
_FIND = f"""{_REF} WHERE r.name >= CAST(? AS TEXT) AND r.name < CAST(? AS TEXT) AND (l.id IS NULL OR l.new IS NOT NULL)
ORDER BY r.name LIMIT ?"""
_OF_NAME = "FROM refs r JOIN reflog l ON l.ref = r.id WHERE r.name = CAST(? AS TEXT)"
_LOG = f"SELECT {_ENTRY} {_OF_NAME} AND l.first < ? ORDER BY l.first DESC LIMIT ?"
_AT = f"SELECT {_ENTRY} {_OF_NAME} AND l.first <= ? ORDER BY l.first DESC LIMIT 1"
# The inner query stays within its index, which matters when it has to go far back.
_AT_TIME = f"""SELECT {_ENTRY} FROM reflog l JOIN refs r ON r.id = l.ref WHERE l.id = (
SELECT id FROM reflog WHERE ref = (SELECT id FROM refs WHERE name = CAST(? AS TEXT)) AND began <= ?
ORDER BY first DESC LIMIT 1)"""
_VERIFY = f"""SELECT r.entry, l.id, l.before, CAST(l.who AS BLOB), CAST(l.why AS BLOB), {_ENTRY.replace("l.who, l.why, ", "")}
FROM refs r LEFT JOIN reflog l ON l.ref = r.id WHERE r.name = CAST(? AS TEXT) ORDER BY l.first"""
_BLOCK_BELOW = "SELECT max(block) FROM reflog WHERE block <= ?"
_OPERATIONS = f"""SELECT {_ENTRY} FROM reflog l JOIN refs r ON r.id = l.ref WHERE l.block = ? AND l.txn IN (
SELECT DISTINCT txn FROM reflog WHERE block = ? AND txn < ? ORDER BY txn DESC LIMIT ?) ORDER BY l.txn DESC, l.id"""


_VALUES = """SELECT l.id, {old}, l.new FROM reflog l {join} WHERE l.id > ? AND {plus}l.block >= ? >> 8
AND l.txn BETWEEN ? AND ? ORDER BY l.id LIMIT 4096"""
_IF_KEPT = {
    "old": "CASE WHEN l.first > coalesce(c.expired, 0) THEN l.old END",
    "join": "LEFT JOIN reflog_cuts c USING (ref)",
}
_ALWAYS = {"old": "l.old", "join": ""}


def create_tables(connection: sqlite3.Connection) -> None:
    """Create the tables of refs where they are missing, in the caller's transaction if one is open.

    The database must be in UTF-8 (SQLite's default), because names are compared by their bytes.
    """
    for statement in _TABLES:
        connection.execute(statement)


class SqliteRefs:
    """A RefStore over one SQLite database, whose tables `create_tables` made.

    `connect` gives the calling thread's own connection (isolation_level=None, no row or text factory). SQLite's own
    errors pass through as they are.
    """

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self._connect = connect
        # The block in use. Read and written only inside write transactions, of which SQLite admits one at a time.
        self._owner = -1
        self._next = 0
        self._process: int = os.getpid()

    def get(self, name: str) -> Ref | None:
        """The ref, or None if it is absent."""
        row = self._connect().execute(_GET, (_bytes(name),)).fetchone()
        return None if row is None else _ref(row)

    def find(self, prefix: str = "", after: str = "", limit: int | None = None) -> Iterator[Ref]:
        """Refs whose names begin with `prefix` and sort after `after`, by name. Each batch sees one state."""
        lowest, end = _bytes(prefix), _bytes(prefix) + b"\xff"
        lowest, left = max(lowest, _bytes(after) + b"\0"), limit
        while left is None or left > 0:
            size = _BATCH if left is None else min(left, _BATCH)
            rows = self._connect().execute(_FIND, (lowest, end, size)).fetchall()
            for row in rows:
                ref = _ref(row)
                if ref is not None:
                    yield ref
            if len(rows) < size:
                return
            lowest = _bytes(rows[-1][0]) + b"\0"
            left = None if left is None else left - size

    def log(self, name: str, before: int | None = None) -> Iterator[LogEntry]:
        """The entries of a ref, newest first; `before`: only those with `first` < before."""
        key, below = _bytes(name), _HIGHEST if before is None else _clamp(before)
        while True:
            rows = self._connect().execute(_LOG, (key, below, _BATCH)).fetchall()
            yield from map(LogEntry._make, rows)
            if len(rows) < _BATCH:
                return
            below = rows[-1][2]

    def entry_at(self, name: str, sequence: int) -> LogEntry | None:
        """The entry that holds the step `sequence`, or None."""
        row = self._connect().execute(_AT, (_bytes(name), _clamp(sequence))).fetchone()
        return LogEntry._make(row) if row is not None and row[3] >= sequence else None

    def entry_at_time(self, name: str, when: int) -> LogEntry | None:
        """The last entry in the log that began at or before `when`, or None."""
        row = self._connect().execute(_AT_TIME, (_bytes(name), _clamp(when))).fetchone()
        return None if row is None else LogEntry._make(row)

    def operations(self, before: int | None = None) -> Iterator[tuple[int, list[LogEntry]]]:
        """Transactions newest first, each with the entries that it last extended; a run that is extended meanwhile
        may be left out, since it belongs to a newer transaction then."""
        below = _HIGHEST if before is None else _clamp(before)
        while True:
            block = self._connect().execute(_BLOCK_BELOW, ((below - 1) >> BLOCK_BITS,)).fetchone()[0]
            if block is None:
                return
            rows = self._connect().execute(_OPERATIONS, (block, block, below, _OPERATIONS_BATCH)).fetchall()
            for number, entries in groupby(map(LogEntry._make, rows), key=lambda entry: entry.transaction):
                yield number, list(entries)
            below = rows[-1][1] if rows else block << BLOCK_BITS

    def values(self, after: int = 0, upto: int | None = None) -> Iterator[bytes]:
        """Every value that a ref has or that the log can bring one back to."""
        row, last = 0, _HIGHEST if upto is None else upto
        while True:
            connection = self._connect()
            parts = _IF_KEPT if has_cuts(connection) else _ALWAYS
            # By row, since a page must not lose its place; `+` keeps SQLite from the index on blocks where all are wanted.
            query = _VALUES.format(**parts, plus="" if after else "+")
            rows = connection.execute(query, (row, after + 1, after + 1, last)).fetchall()
            for _, old, new in rows:
                yield from (value for value in (old, new) if value is not None)
            if len(rows) < 4096:
                return
            row = rows[-1][0]

    def cut(self, name: str) -> Cut:
        """Where the log of a ref begins."""
        return cut_of(self._connect(), _bytes(name))

    def verify(self, name: str) -> None:
        """Check the chain of a ref's log, and that the ref is at its end. BrokenLog: an entry is not what was written."""
        newest: list[tuple[int, int]] = []
        connection = self._connect()
        cut = cut_of(connection, _bytes(name))
        with closing(connection.execute(_VERIFY, (_bytes(name),))) as rows:
            last = check_chain(name, _linked(name, rows, newest, cut), cut)
        if newest and newest[0][0] != newest[0][1]:
            raise BrokenLog(name, last + 1)

    def apply(self, edits: Sequence[RefEdit], note: Note) -> Applied:
        """Make all edits or none, in a transaction of their own. RefConflict, InvalidRefName, ValueError: nothing was
        changed."""
        connection = self._connect()
        connection.execute("BEGIN IMMEDIATE")
        try:
            applied = self.apply_in(connection, edits, note)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        return applied

    def expire(self, before: int) -> int:
        """Forget entries that ended before a time, in a transaction of their own; how many."""
        connection = self._connect()
        connection.execute("BEGIN IMMEDIATE")
        try:
            forgotten = expire_in(connection, before)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        return forgotten

    def apply_in(self, connection: sqlite3.Connection, edits: Sequence[RefEdit], note: Note) -> Applied:
        """Make all edits or none as part of the write transaction (BEGIN IMMEDIATE) that the caller has open on
        `connection`. RefConflict, InvalidRefName, ValueError, BrokenLog: nothing was changed; after any other error
        the caller has to roll back."""
        if not edits:
            return Applied(0)
        check_edits(edits, note)
        heads = [_head(connection, edit) for edit in edits]
        number = self._number(connection, heads[0][14], heads[0][15])
        step = is_step(edits)
        for edit, head in zip(edits, heads, strict=True):
            _write(connection, edit, head, note, number, step)
        return Applied(number)

    def adopt(self, operations: Iterable[tuple[int, Sequence[LogEntry]]], cuts: Mapping[str, Cut] = NO_CUTS) -> int:
        """Write the logs of another store verbatim into this empty one. RefConflict, BrokenLog, ValueError."""
        entries = in_order(operations, cuts)
        connection = self._connect()
        connection.execute("BEGIN IMMEDIATE")
        try:
            count = self.adopt_in(connection, entries, cuts)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        return count

    def adopt_in(
        self, connection: sqlite3.Connection, entries: Sequence[LogEntry], cuts: Mapping[str, Cut] = NO_CUTS
    ) -> int:
        """As `adopt`, of entries that `adoption.in_order` made, in the write transaction that the caller has open."""
        there = connection.execute("SELECT r.name, l.new FROM refs r LEFT JOIN reflog l ON l.id = r.entry").fetchone()
        if there is not None:
            raise RefConflict(there[0], None, there[1])
        rows: dict[str, int] = {}
        newest: dict[str, tuple[int, int]] = {}  # name -> (first step, row) of its newest entry
        for entry in entries:
            if entry.name not in rows:
                rows[entry.name] = connection.execute(_NAME, (entry.name,)).lastrowid or 0
            name, txn, first, last, old, new, began, ended, who, why, chain = entry
            values = (rows[name], txn >> BLOCK_BITS, txn, first, last, old, new, began, ended, who, why, chain)
            added = connection.execute(_ADOPT, values).lastrowid or 0
            newest[name] = max(newest.get(name, (0, 0)), (first, added))
        connection.execute(_LINK, (START,))
        adopt_cuts_in(connection, cuts)
        connection.executemany(_POINT, ((row, rows[name]) for name, (_, row) in newest.items()))
        block = max((entry.transaction for entry in entries), default=0) >> BLOCK_BITS
        connection.execute(_RESERVE, (block, 0))  # Nobody's: the next writer takes the block after it.
        return len(entries)

    # For transactions that are pending elsewhere (refs.pending)

    def newest(self, name: str) -> Newest | None:
        """The newest entry of a log, or None if the name was never used."""
        row = self._connect().execute(_NEWEST, (_bytes(name),)).fetchone()
        if row is None:
            return None
        step, before, *entry = row
        if step is None or not _is_value(entry[5]):
            raise BrokenLog(name, 1)
        return Newest(LogEntry._make(entry), bool(step), before)

    def next_number(self) -> int:
        """A number for the next transaction that no transaction of these tables has, nor a higher one."""
        block: int = self._connect().execute(_BLOCK).fetchone()[0]
        return max(1, (block + 1) << BLOCK_BITS)

    def take_up_in(self, connection: sqlite3.Connection, logs: Iterable[PendingLog], number: int) -> None:
        """Take up entries that were pending, in the caller's write transaction; `number` is the highest of theirs."""
        points: dict[str, int | None] = {}
        for log, newest in by_age(logs):
            if log.replaces and newest is log.own()[0]:
                run = newest.entry
                row = (run.last, run.new, run.ended, run.transaction, run.transaction >> BLOCK_BITS, run.chain)
                connection.execute(_TAKE_UP, (*row, log.name))
            else:
                points[log.name] = _add_run(connection, newest)
        for name, entry in points.items():
            connection.execute("UPDATE refs SET entry = ? WHERE name = ?", (entry, name))
        connection.execute("UPDATE reflog_numbers SET block = ?, owner = 0 WHERE id = 1", (number >> BLOCK_BITS,))

    def _number(self, connection: sqlite3.Connection, block: int, owner: int) -> int:
        process = os.getpid()
        if owner == self._owner and self._next >> BLOCK_BITS == block and process == self._process:
            number = self._next
        else:
            # A fresh owner each time: this reservation may be rolled back and the block be taken by a fork of us.
            self._owner, self._process = secrets.randbits(62) + 1, process
            connection.execute(_RESERVE, (block + 1, self._owner))
            number = max(1, (block + 1) << BLOCK_BITS)
        self._next = number + 1
        return number


def _head(connection: sqlite3.Connection, edit: RefEdit) -> tuple[Any, ...]:
    """The state of one name, as `_HEAD` selects it, once it is as the edit expects."""
    head: tuple[Any, ...] = connection.execute(_HEAD, (edit.name,)).fetchone()
    if (head[1] is None and head[0] is not None) or not _is_value(head[7]):
        raise BrokenLog(edit.name, 1)
    check_expectation(edit, head[7])
    return head


def _write(
    connection: sqlite3.Connection, edit: RefEdit, head: tuple[Any, ...], note: Note, number: int, step: bool
) -> None:
    ref, entry, block, was_step, first, last, old, value, began, ended, entry_who, entry_why, before, chain, _, _ = head
    name, new, _, _ = edit
    who, why, when = note
    if step and was_step and extends_run(entry_who, entry_why, ended, note):
        last += 1
        chain = link(before, name, first, last, old, new, began, when, who, why)
        connection.execute(_EXTEND, (last, new, when, number, chain, entry))
        if block != number >> BLOCK_BITS:
            connection.execute(_MOVE, (number >> BLOCK_BITS, entry))
        return
    if new is None and value is None:
        return
    if ref is None:
        ref, last, chain = connection.execute(_NAME, (name,)).lastrowid, 0, START
    sequence = last + 1
    link_now = link(chain, name, sequence, sequence, value, new, when, when, who, why)
    row = (
        ref,
        number >> BLOCK_BITS,
        number,
        step,
        sequence,
        sequence,
        value,
        new,
        when,
        when,
        who,
        why,
        chain,
        link_now,
    )
    connection.execute(_POINT, (connection.execute(_ADD, row).lastrowid, ref))


def _add_run(connection: sqlite3.Connection, newest: Newest) -> int | None:
    """Add a row for an entry of any number of steps, and its name where that is new; the row's id."""
    (name, txn, first, last, old, new, began, ended, who, why, chain), step, before = newest
    found = connection.execute("SELECT id FROM refs WHERE name = ?", (name,)).fetchone()
    ref = connection.execute(_NAME, (name,)).lastrowid if found is None else found[0]
    row = (ref, txn >> BLOCK_BITS, txn, step, first, last, old, new, began, ended, who, why, before, chain)
    return connection.execute(_ADD, row).lastrowid


def _linked(name: str, rows: Iterable[tuple[Any, ...]], newest: list[tuple[int, int]], cut: Cut) -> Iterator[LogEntry]:
    """The entries of `_VERIFY`'s rows; puts into `newest` where the ref points, and the row that it should point to."""
    chain, steps = cut.chain, cut.last
    for pointer, row_id, before, who, why, *rest in rows:
        if row_id is None or before != chain:
            raise BrokenLog(name, steps + 1)
        newest[:] = [(pointer, row_id)]
        # Damaged text must not end the check with an error of decoding.
        words = (who.decode("utf-8", "surrogateescape"), why.decode("utf-8", "surrogateescape"))
        entry = LogEntry._make((*rest[:8], *words, rest[8]))
        yield entry
        chain, steps = entry.chain, entry.last


def _ref(row: tuple[Any, ...]) -> Ref | None:
    name, value, last, entry = row
    if entry is None or not _is_value(value) or type(name) is not str:
        raise BrokenLog(str(name), 1)
    return None if value is None else Ref(name, value, last)


def _is_value(column: object) -> bool:
    """Whether this can be what a ref is; damage may have left another type."""
    return column is None or isinstance(column, bytes)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _clamp(number: int) -> int:
    return max(-_HIGHEST, min(number, _HIGHEST))
