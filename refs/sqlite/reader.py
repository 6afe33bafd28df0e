"""Reading refs and their logs from the tables. SQLite's own errors pass through as they are."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from itertools import groupby
from typing import Any

from refs.chain import check_chain
from refs.errors import BrokenLog
from refs.protocol import Cut, LogEntry, Ref
from refs.sqlite.expiry import cut_of, has_cuts
from refs.sqlite.tables import BLOCK_BITS, ENTRY, as_key, is_value

_BATCH = 256
_OPERATIONS_BATCH = 32
_HIGHEST = (1 << 63) - 1

# A damaged `entry` may lead into another name's log: what it finds there is not taken for the ref's.
_REF = "SELECT r.name, l.new, l.last, l.id FROM refs r LEFT JOIN reflog l ON l.id = r.entry AND l.ref = r.id"
# Bounds come as bytes: a caller may search with text that is no UTF-8, and all names with a prefix lie below prefix + FF.
_GET = f"{_REF} WHERE r.name = CAST(? AS TEXT)"
_FIND = f"""{_REF} WHERE r.name >= CAST(? AS TEXT) AND r.name < CAST(? AS TEXT) AND (l.id IS NULL OR l.new IS NOT NULL)
ORDER BY r.name LIMIT ?"""
_OF_NAME = "FROM refs r JOIN reflog l ON l.ref = r.id WHERE r.name = CAST(? AS TEXT)"
_LOG = f"SELECT {ENTRY} {_OF_NAME} AND l.first < ? ORDER BY l.first DESC LIMIT ?"
_AT = f"SELECT {ENTRY} {_OF_NAME} AND l.first <= ? ORDER BY l.first DESC LIMIT 1"
# The inner query stays within its index, which matters when it has to go far back.
_AT_TIME = f"""SELECT {ENTRY} FROM reflog l JOIN refs r ON r.id = l.ref WHERE l.id = (
SELECT id FROM reflog WHERE ref = (SELECT id FROM refs WHERE name = CAST(? AS TEXT)) AND began <= ?
ORDER BY first DESC LIMIT 1)"""
_VERIFY = f"""SELECT r.entry, l.id, l.before, CAST(l.who AS BLOB), CAST(l.why AS BLOB), {ENTRY.replace("l.who, l.why, ", "")}
FROM refs r LEFT JOIN reflog l ON l.ref = r.id WHERE r.name = CAST(? AS TEXT) ORDER BY l.first"""
_BLOCK_BELOW = "SELECT max(block) FROM reflog WHERE block <= ?"
_OPERATIONS = f"""SELECT {ENTRY} FROM reflog l JOIN refs r ON r.id = l.ref WHERE l.block = ? AND l.txn IN (
SELECT DISTINCT txn FROM reflog WHERE block = ? AND txn < ? ORDER BY txn DESC LIMIT ?) ORDER BY l.txn DESC, l.id"""


_VALUES = """SELECT l.id, {old}, l.new FROM reflog l {join} WHERE l.id > ? AND {plus}l.block >= ? >> 8
AND l.txn BETWEEN ? AND ? ORDER BY l.id LIMIT 4096"""
_IF_KEPT = {
    "old": "CASE WHEN l.first > coalesce(c.expired, 0) THEN l.old END",
    "join": "LEFT JOIN reflog_cuts c USING (ref)",
}
_ALWAYS = {"old": "l.old", "join": ""}


class SqliteReader:
    """The reading part of a RefStore over tables that `create_tables` made.

    `connect` gives the calling thread's own connection (isolation_level=None, no row or text factory).
    """

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self._connect = connect

    def get(self, name: str) -> Ref | None:
        """The ref, or None if it is absent."""
        row = self._connect().execute(_GET, (as_key(name),)).fetchone()
        return None if row is None else _ref(row)

    def find(self, prefix: str = "", after: str = "", limit: int | None = None) -> Iterator[Ref]:
        """Refs whose names begin with `prefix` and sort after `after`, by name. Each batch sees one state."""
        lowest, end = as_key(prefix), as_key(prefix) + b"\xff"
        lowest, left = max(lowest, as_key(after) + b"\0"), limit
        while left is None or left > 0:
            size = _BATCH if left is None else min(left, _BATCH)
            rows = self._connect().execute(_FIND, (lowest, end, size)).fetchall()
            for row in rows:
                ref = _ref(row)
                if ref is not None:
                    yield ref
            if len(rows) < size:
                return
            lowest = as_key(rows[-1][0]) + b"\0"
            left = None if left is None else left - size

    def log(self, name: str, before: int | None = None) -> Iterator[LogEntry]:
        """The entries of a ref, newest first; `before`: only those with `first` < before."""
        key, below = as_key(name), _HIGHEST if before is None else _clamp(before)
        while True:
            rows = self._connect().execute(_LOG, (key, below, _BATCH)).fetchall()
            yield from map(LogEntry._make, rows)
            if len(rows) < _BATCH:
                return
            below = rows[-1][2]

    def entry_at(self, name: str, sequence: int) -> LogEntry | None:
        """The entry that holds the step `sequence`, or None."""
        row = self._connect().execute(_AT, (as_key(name), _clamp(sequence))).fetchone()
        return LogEntry._make(row) if row is not None and row[3] >= sequence else None

    def entry_at_time(self, name: str, when: int) -> LogEntry | None:
        """The last entry in the log that began at or before `when`, or None."""
        row = self._connect().execute(_AT_TIME, (as_key(name), _clamp(when))).fetchone()
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
        return cut_of(self._connect(), as_key(name))

    def verify(self, name: str) -> None:
        """Check the chain of a ref's log, and that the ref is at its end. BrokenLog: an entry is not what was written."""
        newest: list[tuple[int, int]] = []
        connection = self._connect()
        cut = cut_of(connection, as_key(name))
        with closing(connection.execute(_VERIFY, (as_key(name),))) as rows:
            last = check_chain(name, _linked(name, rows, newest, cut), cut)
        if newest and newest[0][0] != newest[0][1]:
            raise BrokenLog(name, last + 1)


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
    if entry is None or not is_value(value) or type(name) is not str:
        raise BrokenLog(str(name), 1)
    return None if value is None else Ref(name, value, last)


def _clamp(number: int) -> int:
    return max(-_HIGHEST, min(number, _HIGHEST))
