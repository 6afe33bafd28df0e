"""The tables of refs, and how their columns become values.

`refs` has a row per name ever used, which points to the name's newest row in `reflog`; the value of a ref is what that
row says (NULL: deleted). Extending a run rewrites that one row and touches no index and no other table: one page.
Tables: docs/format/refs.md.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

BLOCK_BITS: Final = 8
"""A block is the 256 transaction numbers that share all but their lowest bits."""

ENTRY: Final = "r.name, l.txn, l.first, l.last, l.old, l.new, l.began, l.ended, l.who, l.why, l.chain"
"""The columns of a LogEntry, in its order, where `l` is the row of the log and `r` the ref's."""

ADD_ENTRY = """INSERT INTO reflog (ref, block, txn, step, first, last, old, new, began, ended, who, why, before, chain)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
ADD_NAME = "INSERT INTO refs (name, entry) VALUES (?, 0)"
POINT = "UPDATE refs SET entry = ? WHERE id = ?"
RESERVE = "UPDATE reflog_numbers SET block = ?, owner = ? WHERE id = 1"

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


def create_tables(connection: sqlite3.Connection) -> None:
    """Create the tables of refs where they are missing, in the caller's transaction if one is open.

    The database must be in UTF-8 (SQLite's default), because names are compared by their bytes.
    """
    for statement in _TABLES:
        connection.execute(statement)


@contextmanager
def transaction(connection: sqlite3.Connection, begin: str = "BEGIN IMMEDIATE") -> Generator[None]:
    """A transaction of its own, a write transaction by default: committed at the end, rolled back after any error."""
    connection.execute(begin)
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def is_value(column: object) -> bool:
    """Whether this can be what a ref is; damage may have left another type."""
    return column is None or isinstance(column, bytes)


def as_key(text: str) -> bytes:
    """A name as a bound of a search: as bytes, since a caller may search with text that is no UTF-8."""
    return text.encode("utf-8", "surrogatepass")
