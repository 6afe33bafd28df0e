"""The journal: one SQLite file where fresh objects land, each compressed by itself, in the order they came.

    objects(id, oid, kind, domain, data)   `data` as packs.compression makes it; several rows of one oid are harmless
    packs(id, name, objects, bytes)        the sealed packs that belong to the store
    dead_records(id, pack, places)         records of packs that were deleted (packs.places); there once there are any
    dictionaries(id, data)                 the zstd dictionaries that the store trained, beside the built-in one
    intake_mark(id, taken)                 how far the journal has taken up its intake (intake.py)
    refs, reflog                           refs.sqlite's

Small transactions come by way of the intake, which is part of the journal: everything read here is what both hold.
Write-ahead log with `synchronous=FULL`: a transaction is durable when its COMMIT returns, by one flush. The index holds
the first eight bytes of the oids: it finds candidates, and the row itself decides. Bytes: docs/format/store.md.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from objstore.errors import CorruptObject
from objstore.keys.vault import Vault
from objstore.objects.kinds import Kind, Object
from objstore.packs.compression import Compression
from objstore.packs.places import encode_places
from objstore.storage.local.faults import from_os, from_sqlite
from objstore.storage.local.folder import make_private
from objstore.storage.local.intake import SCHEMA as INTAKE_SCHEMA
from objstore.storage.local.intake_record import Row
from objstore.storage.local.journal_rows import JournalRows
from refs.sqlite import create_tables as create_ref_tables

_SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (
    id INTEGER PRIMARY KEY, oid BLOB NOT NULL, kind INTEGER NOT NULL, domain BLOB NOT NULL, data BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS objects_by_prefix ON objects (substr(oid, 1, 8));
CREATE TABLE IF NOT EXISTS packs (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, objects INTEGER NOT NULL, bytes INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS dictionaries (id INTEGER PRIMARY KEY, data BLOB NOT NULL);
"""
_DEAD = """CREATE TABLE IF NOT EXISTS dead_records (
    id INTEGER PRIMARY KEY, pack TEXT NOT NULL UNIQUE, places BLOB NOT NULL)"""
_HAS_DEAD = "SELECT 1 FROM sqlite_master WHERE name = 'dead_records'"
_PLACES = "(SELECT places FROM dead_records WHERE pack = name)"
_INSERT = "INSERT INTO objects (oid, kind, domain, data) VALUES (?, ?, ?, ?)"
_PACK_NAME = re.compile(r"[0-9a-f]{32}", re.ASCII)


class PackRow(NamedTuple):
    """A sealed pack as the journal knows it: its name, how many objects it holds, its size in bytes, and the places of
    those that were deleted (`packs.places`; none: empty)."""

    name: str
    objects: int
    size: int
    dead: bytes = b""


def create_journal(path: Path, place: str) -> None:
    """Make a journal's file with its tables, durably; harmless when they are there."""
    try:
        make_private(path)
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("BEGIN IMMEDIATE")
            for statement in (_SCHEMA + INTAKE_SCHEMA).split(";"):
                connection.execute(statement)
            create_ref_tables(connection)
            connection.execute("COMMIT")
    except sqlite3.Error as error:
        raise from_sqlite(error, place) from error
    except OSError as error:
        raise from_os(error, place) from error


class Journal(JournalRows):
    """One journal file. Reading is for any thread; writing needs a connection inside a transaction of the writer's."""

    def packs(self) -> list[PackRow]:
        """The packs of the store, oldest first."""
        connection = self.connection()
        dead = _PLACES if connection.execute(_HAS_DEAD).fetchone() else "NULL"
        rows = connection.execute(f"SELECT name, objects, bytes, {dead} FROM packs ORDER BY id").fetchall()
        for name, objects, size, dead in rows:
            right = isinstance(name, str) and _PACK_NAME.fullmatch(name) and {type(objects), type(size)} == {int}
            if not right or not (dead is None or isinstance(dead, bytes)):
                raise CorruptObject(None, f"the journal of {self.place}: {name!r} is no pack")
        return [PackRow(name, objects, size, dead or b"") for name, objects, size, dead in rows]

    def dictionaries(self) -> list[bytes]:
        """The store's own dictionaries, oldest first."""
        rows = self.connection().execute("SELECT data FROM dictionaries ORDER BY id").fetchall()
        for (data,) in rows:
            if not isinstance(data, bytes):
                raise CorruptObject(None, f"the journal of {self.place}: a dictionary is damaged")
        return [data for (data,) in rows]

    def load_dictionaries(self, vault: Vault | None = None) -> None:
        """Take up the dictionaries that the store trained; `vault`: what seals an encrypted one."""
        stored = self.dictionaries()
        if vault is None:
            self.compression = Compression(stored, self.dictionaries)
            return
        from objstore.packs.sealed import SealedCompression

        self.compression = SealedCompression(vault, stored, self.dictionaries)

    def page_counts(self) -> tuple[int, int]:
        """How many pages the file has, and how many of them are free."""
        pages, free = (self.connection().execute(f"PRAGMA {name}_count").fetchone()[0] for name in ("page", "freelist"))
        return pages, free

    # Writing, inside a transaction

    def encode(self, objects: Iterable[Object]) -> list[Row]:
        """The rows of objects: the costly part, done before waiting for anybody."""
        encode = self.compression.encode_row
        return [(oid, kind, domain, encode(oid, kind, payload)) for oid, kind, payload, domain in objects]

    def take_up(self, connection: sqlite3.Connection) -> int:
        """Bring the intake into the journal, as `Intake.take_up`. Its rows are compressed here, out of the way of
        those who wait for a record."""
        settle = self.compression.settled_row

        def insert(rows: Sequence[Row]) -> None:
            packed = [(oid, kind, domain, settle(oid, Kind(kind), data)) for oid, kind, domain, data in rows]
            self.insert(connection, packed)

        return self.intake.take_up(connection, insert)

    @staticmethod
    def insert(connection: sqlite3.Connection, rows: Sequence[Row]) -> None:
        """Insert rows that `encode` made."""
        if len(rows) < 4:  # executemany() has a fixed cost of its own
            for row in rows:
                connection.execute(_INSERT, row)
        else:
            connection.executemany(_INSERT, rows)

    @staticmethod
    def add_pack(connection: sqlite3.Connection, pack: PackRow) -> None:
        """Make a sealed pack part of the store."""
        connection.execute("INSERT INTO packs (name, objects, bytes) VALUES (?, ?, ?)", pack[:3])

    @classmethod
    def replace_packs(cls, connection: sqlite3.Connection, names: Iterable[str], pack: PackRow | None) -> None:
        """Put a pack, or nothing, in place of others."""
        connection.execute(_DEAD)
        for name in names:
            connection.execute("DELETE FROM packs WHERE name = ?", (name,))
            connection.execute("DELETE FROM dead_records WHERE pack = ?", (name,))
        if pack is not None:
            cls.add_pack(connection, pack)

    @staticmethod
    def set_dead(connection: sqlite3.Connection, name: str, places: Iterable[tuple[int, int]]) -> None:
        """Say which records of a pack are deleted, all of them."""
        connection.execute(_DEAD)
        connection.execute(
            "INSERT OR REPLACE INTO dead_records (pack, places) VALUES (?, ?)", (name, encode_places(places))
        )

    @staticmethod
    def add_dictionary(connection: sqlite3.Connection, data: bytes) -> None:
        """Keep one more dictionary."""
        connection.execute("INSERT INTO dictionaries (data) VALUES (?)", (data,))

    @staticmethod
    def delete_rows(connection: sqlite3.Connection, rows: Iterable[tuple[int, object]]) -> None:
        """Delete object rows, each given by its number and its oid: SQLite gives the number of a row that is gone to
        another."""
        connection.executemany("DELETE FROM objects WHERE id = ? AND oid IS ?", rows)

    @staticmethod
    def delete_numbers(connection: sqlite3.Connection, numbers: Iterable[int]) -> None:
        """Delete object rows by their numbers alone, for who knows that none was given to another row since."""
        connection.executemany("DELETE FROM objects WHERE id = ?", ((number,) for number in numbers))

    def vacuum(self) -> None:
        """Rewrite the file without its free pages. The caller holds the writers' turn."""
        connection = self.open_connection()
        try:
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.Error as error:
            raise from_sqlite(error, self.place) from error
        finally:
            connection.close()
