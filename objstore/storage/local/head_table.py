"""The signed heads of a store and its newest checkpoint, in two tables of the journal, made with the first checkpoint.

    heads(bucket, name, last, value, ended, chain)     a row for each signed ref (keys.heads)
    checkpoint(id, body, signature, buckets)           one row: what was signed, by whom, and the buckets' digests

They lie in the journal so that they change with it in one transaction and travel with its copies. Nothing here is
trusted: who reads checks it against the signature. Bytes: docs/format/signatures.md.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Final, NamedTuple

from objstore.errors import CorruptObject
from objstore.keys.heads import Head

_TABLES: Final = (
    """CREATE TABLE IF NOT EXISTS heads (bucket INTEGER NOT NULL, name TEXT NOT NULL, last INTEGER NOT NULL, value BLOB,
    ended INTEGER NOT NULL, chain BLOB NOT NULL, PRIMARY KEY (bucket, name)) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS checkpoint (
    id INTEGER PRIMARY KEY CHECK (id = 1), body BLOB NOT NULL, signature BLOB NOT NULL, buckets BLOB NOT NULL)""",
)
_HEAD: Final = "name, last, value, ended, chain"


class StoredCheckpoint(NamedTuple):
    """The row of the newest checkpoint, as it is encoded."""

    body: bytes
    signature: bytes
    buckets: bytes


def read_checkpoint(connection: sqlite3.Connection) -> StoredCheckpoint | None:
    """The newest checkpoint, or None where there never was one. CorruptObject: its row is none."""
    if not _is_there(connection):
        return None
    row = connection.execute("SELECT body, signature, buckets FROM checkpoint WHERE id = 1").fetchone()
    if row is None:
        return None
    if not all(isinstance(each, bytes) for each in row):
        raise CorruptObject(None, "the row of the newest checkpoint is damaged")
    return StoredCheckpoint(*row)


def write_checkpoint(connection: sqlite3.Connection, stored: StoredCheckpoint) -> None:
    """Put a checkpoint in place of the one before, in the caller's transaction."""
    connection.execute("INSERT OR REPLACE INTO checkpoint (id, body, signature, buckets) VALUES (1, ?, ?, ?)", stored)


def create_head_tables(connection: sqlite3.Connection) -> None:
    """Make the tables where they are missing, in the caller's transaction."""
    for statement in _TABLES:
        connection.execute(statement)


def read_bucket(connection: sqlite3.Connection, bucket: int) -> dict[str, Head]:
    """The heads of one bucket, by name. CorruptObject: a row is none."""
    rows = connection.execute(f"SELECT {_HEAD} FROM heads WHERE bucket = ?", (bucket,))
    return {head.name: head for head in map(_head, rows)}


def read_buckets(connection: sqlite3.Connection) -> Iterator[tuple[int, list[Head]]]:
    """Every bucket that holds heads, in order. CorruptObject: a row is none."""
    if _is_there(connection):
        rows = connection.execute(f"SELECT bucket, {_HEAD} FROM heads ORDER BY bucket, name")
        for bucket, found in groupby(rows, key=lambda row: row[0]):
            if not isinstance(bucket, int):
                raise CorruptObject(None, "a row of the signed heads is damaged")
            yield bucket, [_head(row[1:]) for row in found]


def signed_names(connection: sqlite3.Connection) -> set[str]:
    """The names of all heads; rows without one are left out."""
    return {name for (name,) in connection.execute("SELECT name FROM heads") if isinstance(name, str)}


def write_heads(connection: sqlite3.Connection, bucket: int, heads: Iterable[Head]) -> None:
    """Put heads of one bucket in place of those of their names, in the caller's transaction."""
    rows = ((bucket, *head) for head in heads)
    connection.executemany(f"INSERT OR REPLACE INTO heads (bucket, {_HEAD}) VALUES (?, ?, ?, ?, ?, ?)", rows)


def clear_heads(connection: sqlite3.Connection) -> None:
    """Take all heads away, in the caller's transaction."""
    connection.execute("DELETE FROM heads")


def _is_there(connection: sqlite3.Connection) -> bool:
    return connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'checkpoint'").fetchone() is not None


def _head(row: tuple[object, ...]) -> Head:
    name, last, value, ended, chain = row
    if not (
        isinstance(name, str)
        and isinstance(last, int)
        and (value is None or isinstance(value, bytes))
        and isinstance(ended, int)
        and isinstance(chain, bytes)
        and last >= 0
    ):
        raise CorruptObject(None, "a row of the signed heads is damaged")
    return Head(name, last, value, ended, chain)
