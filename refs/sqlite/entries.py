"""Whole entries of logs into the tables, in the caller's write transaction: adopted from another store, or pending until
now (refs.pending)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence

from refs.chain import START
from refs.errors import RefConflict
from refs.pending import Newest, PendingLog, by_age
from refs.protocol import Cut, LogEntry
from refs.sqlite.expiry import adopt_cuts_in
from refs.sqlite.tables import ADD_ENTRY, ADD_NAME, BLOCK_BITS, POINT, RESERVE

# The chain before an entry is the chain of the entry whose last step is the one before its first: known at the end.
_ADOPT = """INSERT INTO reflog (ref, block, txn, step, first, last, old, new, began, ended, who, why, before, chain)
VALUES (?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?, x'', ?)"""
_LINK = """UPDATE reflog SET before = coalesce((SELECT p.chain FROM reflog p WHERE p.ref = reflog.ref
AND p.first < reflog.first ORDER BY p.first DESC LIMIT 1), ?)"""
_TAKE_UP = """UPDATE reflog SET last = ?, new = ?, ended = ?, txn = ?, block = ?, chain = ?
WHERE id = (SELECT entry FROM refs WHERE name = ?)"""


def adopt_in(connection: sqlite3.Connection, entries: Sequence[LogEntry], cuts: Mapping[str, Cut]) -> int:
    """As `adopt`, of entries that `adoption.in_order` made, in the write transaction that the caller has open."""
    there = connection.execute("SELECT r.name, l.new FROM refs r LEFT JOIN reflog l ON l.id = r.entry").fetchone()
    if there is not None:
        raise RefConflict(there[0], None, there[1])
    rows: dict[str, int] = {}
    newest: dict[str, tuple[int, int]] = {}  # name -> (first step, row) of its newest entry
    for entry in entries:
        if entry.name not in rows:
            rows[entry.name] = connection.execute(ADD_NAME, (entry.name,)).lastrowid or 0
        name, txn, first, last, old, new, began, ended, who, why, chain = entry
        values = (rows[name], txn >> BLOCK_BITS, txn, first, last, old, new, began, ended, who, why, chain)
        added = connection.execute(_ADOPT, values).lastrowid or 0
        newest[name] = max(newest.get(name, (0, 0)), (first, added))
    connection.execute(_LINK, (START,))
    adopt_cuts_in(connection, cuts)
    connection.executemany(POINT, ((row, rows[name]) for name, (_, row) in newest.items()))
    block = max((entry.transaction for entry in entries), default=0) >> BLOCK_BITS
    connection.execute(RESERVE, (block, 0))  # Nobody's: the next writer takes the block after it.
    return len(entries)


def take_up_in(connection: sqlite3.Connection, logs: Iterable[PendingLog], number: int) -> None:
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


def _add_run(connection: sqlite3.Connection, newest: Newest) -> int | None:
    """Add a row for an entry of any number of steps, and its name where that is new; the row's id."""
    (name, txn, first, last, old, new, began, ended, who, why, chain), step, before = newest
    found = connection.execute("SELECT id FROM refs WHERE name = ?", (name,)).fetchone()
    ref = connection.execute(ADD_NAME, (name,)).lastrowid if found is None else found[0]
    row = (ref, txn >> BLOCK_BITS, txn, step, first, last, old, new, began, ended, who, why, before, chain)
    return connection.execute(ADD_ENTRY, row).lastrowid
