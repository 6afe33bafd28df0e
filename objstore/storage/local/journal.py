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

import os
import re
import sqlite3
import sys
import threading
from collections.abc import Container, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, NamedTuple, NoReturn, TypeVar
from weakref import WeakSet

from objstore.errors import CorruptObject, StorageFailure, StoreClosed
from objstore.objects.kinds import Domain, Kind, Object, Oid
from objstore.packs.compression import Compression
from objstore.packs.elision import OID_SIZE
from objstore.packs.places import encode_places
from objstore.storage.local.faults import from_os, from_sqlite
from objstore.storage.local.folder import Folder
from objstore.storage.local.intake import MARK, Intake
from objstore.storage.local.intake import SCHEMA as INTAKE_SCHEMA
from objstore.storage.local.intake_file import IntakeFile
from objstore.storage.local.intake_record import Row
from objstore.storage.local.lock import FileLock, decode_state
from objstore.storage.local.reading import ReadingConnection
from refs.sqlite import SqliteRefs
from refs.sqlite import create_tables as create_ref_tables

_MAX_OBJECT = 1 << 30
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
_FIND = "SELECT oid, kind, domain, data FROM objects WHERE substr(oid, 1, 8) = ? AND oid = ?"
_AT_ONCE = 64
_SMALL_ROW = 16 << 10  # Bytes of data: rows that are read together are no larger, so that all take at most a megabyte.
_FIND_SMALL = f"""SELECT oid, kind, domain, data FROM objects
    WHERE substr(oid, 1, 8) IN ({", ".join("?" * _AT_ONCE)}) AND length(data) <= {_SMALL_ROW}"""
_KINDS = {int(kind): kind for kind in Kind}
_INSERT = "INSERT INTO objects (oid, kind, domain, data) VALUES (?, ?, ?, ?)"
# Damage may turn bytes into text that is none; asking for it would end the whole page with an error of decoding.
_COLUMNS = "CAST(oid AS BLOB), CAST(kind AS INTEGER), CAST(domain AS BLOB), CAST(data AS BLOB)"
_PAGE = 512
_OURS = 2  # References to a connection that only its handle has: the attribute, and the argument of the question.
_PACK_NAME = re.compile(r"[0-9a-f]{32}", re.ASCII)
_Connection = TypeVar("_Connection", bound=sqlite3.Connection)


class PackRow(NamedTuple):
    """A sealed pack as the journal knows it: its name, how many objects it holds, its size in bytes, and the places of
    those that were deleted (`packs.places`; none: empty)."""

    name: str
    objects: int
    size: int
    dead: bytes = b""


class _Handle:
    """A connection that is closed with the thread that it belongs to."""

    def __init__(self, connection: ReadingConnection) -> None:
        self.connection = connection
        self._thread = threading.get_ident()

    def close(self) -> None:
        """Close it, unless another thread is in a call on it: SQLite would crash. Then it ends with that call."""
        if self._thread == threading.get_ident() or sys.getrefcount(self.connection) == _OURS:
            self.connection.close()

    def __del__(self) -> None:
        self.close()


def create_journal(path: Path, place: str) -> None:
    """Make a journal's file with its tables, durably; harmless when they are there."""
    try:
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


class Journal:
    """One journal file. Reading is for any thread; writing needs a connection inside a transaction of the writer's."""

    def __init__(self, folder: Folder, generation: int, lock: FileLock, read_only: bool = False) -> None:
        """Open the intake; the journal itself is opened with the first connection. StorageFailure and the like."""
        self.path = folder.journal(generation)
        self.intake_path = folder.intake(generation)
        self.place = str(folder.root)
        self.lock = lock
        self._generation = generation
        self.compression = Compression()
        self.read_only = read_only
        self._local = threading.local()
        self._handles: WeakSet[_Handle] = WeakSet()
        self._lock = threading.Lock()
        self._pid = os.getpid()
        self._closed = False
        ground = SqliteRefs(self._own_connection)
        try:
            file = IntakeFile(self.intake_path, read_only)
        except OSError as error:
            raise from_os(error, self.place) from error
        self.intake = Intake(file, lock, generation, ground, self.check_sound)
        self.refs = ground
        """The refs as the journal has them, for writing; `intake.pending` is for reading."""

    def load(self) -> None:
        """Read the intake: once, before anything else is read."""
        mark = self._own_connection().execute(MARK).fetchone()
        if mark is None or type(mark[0]) is not int or mark[0] < 0:
            raise CorruptObject(None, f"the journal of {self.place}: it has no mark of its intake")
        self.intake.load(mark[0], decode_state(self.stated()).changes)

    def open_connection(self) -> sqlite3.Connection:
        """A new connection in autocommit mode, with this file's settings; what it raises later is SQLite's own."""
        try:
            return self._connect(sqlite3.Connection)
        except sqlite3.Error as error:
            raise from_sqlite(error, self.place) from error

    def _connect(self, factory: type[_Connection]) -> _Connection:
        address = self.path.absolute().as_uri()
        if self.read_only:
            # Without its shared-memory file SQLite can read a WAL database in a folder it may not write to only when
            # it is told that nobody else writes.
            alive = self.path.with_name(self.path.name + "-shm").exists()
            address += "?mode=ro" if alive else "?immutable=1"
        connection = sqlite3.connect(
            address, timeout=30.0, isolation_level=None, check_same_thread=False, factory=factory, uri=True
        )
        if not self.read_only:
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA wal_autocheckpoint = 2000")
            connection.execute("PRAGMA journal_size_limit = 33554432")
        connection.execute("PRAGMA cache_size = -8192")
        return connection

    def load_dictionaries(self) -> None:
        """Take up the dictionaries that the store trained."""
        self.compression = Compression(self.dictionaries(), self.dictionaries)

    def connection(self) -> ReadingConnection:
        """This thread's own connection, for reading: its queries raise errors of ours. StoreClosed, StorageFailure."""
        handle: _Handle | None = getattr(self._local, "handle", None)
        held = None if handle is None else handle.connection  # held before the check, so that `close` sees it in use
        self.check_sound()
        return self._new_handle().connection if held is None else held

    def _own_connection(self) -> sqlite3.Connection:
        handle: _Handle | None = getattr(self._local, "handle", None)
        return self._new_handle().connection if handle is None else handle.connection

    def check_sound(self) -> None:
        """Take notice of what other processes did. StorageFailure: some process saw an I/O error on this journal, or
        it has been replaced since. StoreClosed."""
        if self._closed or self._pid != os.getpid():
            self._refuse()
        stated = self.stated()
        if stated != self.intake.stated:
            state = decode_state(stated)
            if state.damaged or state.generation != self._generation:
                raise StorageFailure(self.place, "an I/O error was seen on this journal")
            self.intake.follow(state)

    def stated(self) -> bytes:
        """What the lock file says: other bytes after each change by anybody. StoreClosed."""
        try:
            return self.lock.stated()
        except ValueError:  # closed just now, by another thread
            self._refuse()

    def _refuse(self) -> NoReturn:
        # SQLite's connections must not be used across a fork: locks and shared memory would be the parent's.
        forked = self._pid != os.getpid()
        raise StoreClosed(self.place, "it was opened in the parent of this process" if forked else "it was closed")

    def _new_handle(self) -> _Handle:
        with self._lock:
            if self._closed:
                self._refuse()
            try:
                connection = self._connect(ReadingConnection)
            except sqlite3.Error as error:
                raise from_sqlite(error, self.place) from error
            connection.place = self.place
            handle = _Handle(connection)
            self._handles.add(handle)
        self._local.handle = handle
        return handle

    def close(self) -> None:
        """Close every thread's connection."""
        with self._lock:
            self._closed = True
            handles = list(self._handles)
        if self._pid == os.getpid():
            for handle in handles:
                handle.close()
            self._local = threading.local()  # lets go of those that were in use
        self.intake.close()

    # Reading

    def read(self, oid: Oid) -> Object | None:
        """The object as it was stored, not yet verified against its id, or None."""
        connection = self.connection()
        row = self.intake.rows.get(oid) or connection.first(_FIND, (oid[:8], oid))
        return None if row is None else self.object(row)

    def read_rows(self, oids: Sequence[Oid]) -> dict[bytes, Row]:
        """The small rows of these ids, by id, for `object`; one question for each 64 ids. CorruptObject: none can be
        read together. What is not in the answer may be there all the same: `read` tells."""
        connection = self.connection()
        pending = self.intake.rows
        found: dict[bytes, Row] = {}
        for start in range(0, len(oids), _AT_ONCE):
            some = oids[start : start + _AT_ONCE]
            # Always as many, so that the statement is prepared once.
            prefixes = [oid[:8] for oid in some] + [some[-1][:8]] * (_AT_ONCE - len(some))
            for row in connection.execute(_FIND_SMALL, prefixes).fetchall():
                found.setdefault(row[0], row)
            found.update((oid, pending[oid]) for oid in some if oid in pending)
        return found

    def copies(self, oid: Oid) -> Iterator[Object]:
        """As `read`, every row of the id that can be read at all, oldest first."""
        rows = self.connection().execute(_FIND, (oid[:8], oid)).fetchall()
        pending = self.intake.rows.get(oid)
        for row in [*rows, *([] if pending is None else [pending])]:
            with suppress(CorruptObject):
                yield self.object(row)

    def pending(self) -> Iterator[Object]:
        """The objects of the intake. CorruptObject: one cannot be read."""
        self.check_sound()
        for row in list(self.intake.rows.values()):
            yield self.object(row)

    def scan(self, after: int = 0) -> Iterator[tuple[int, Object]]:
        """Rows in the order they came, as (row, object), after a row; read in pages, not in one transaction. What is
        in the intake has no row yet.

        CorruptObject, when all others were given: a row cannot be read.
        """
        damage: CorruptObject | None = None
        for number, found in self.each(after):
            if isinstance(found, CorruptObject):
                damage = damage or found
            else:
                yield number, found
        if damage is not None:
            raise damage

    def each(self, after: int = 0, upto: int | None = None) -> Iterator[tuple[int, Object | CorruptObject]]:
        """As `scan`, every row with its object or with what is wrong with it; `upto`: the last row to be given."""
        for rows in self.pages(_COLUMNS, after, _PAGE):
            for row in rows:
                if upto is not None and row[0] > upto:
                    return
                try:
                    found: Object | CorruptObject = self.object(row[1:])
                except CorruptObject as error:
                    found = error
                yield row[0], found

    def newest_row(self) -> int:
        """The highest number of a row, 0 if there is none."""
        number = self.connection().execute("SELECT max(id) FROM objects").fetchone()[0]
        return number if isinstance(number, int) else 0

    def ids(self, after: int = 0) -> Iterator[tuple[int, Oid, Kind]]:
        """As `scan`, without the data: (row, oid, kind)."""
        damage: CorruptObject | None = None
        for rows in self.pages("oid, kind", after, 8192):
            for number, oid, kind in rows:
                try:
                    read = _oid(oid), Kind(kind)
                except ValueError as error:
                    damage = damage or CorruptObject(None, f"row {number} of the journal: {error}")
                else:
                    yield number, *read
        if damage is not None:
            raise damage

    def pages(self, columns: str, after: int, size: int) -> Iterator[list[tuple[Any, ...]]]:
        """Rows of objects as (row, columns …), in the order they came, so many at a time.

        CorruptObject: a damaged table leads in a circle; what came before it was given.
        """
        query = f"SELECT id, {columns} FROM objects WHERE id > ? ORDER BY id LIMIT ?"
        while rows := self.connection().execute(query, (after, size)).fetchall():
            last = rows[-1][0]
            if not isinstance(last, int) or last <= after:
                raise CorruptObject(
                    None, f"the rows of the journal of {self.place} behind row {after} are not in order"
                )
            yield rows
            after = last

    def prefixes(self) -> Iterator[tuple[Any, int]]:
        """(first eight bytes of the id, row) of every row, by those bytes."""
        query = "SELECT substr(oid, 1, 8), id FROM objects WHERE (substr(oid, 1, 8), id) > (?, ?)"
        after = (b"", 0)
        while True:
            page = self.connection().execute(f"{query} ORDER BY substr(oid, 1, 8), id LIMIT 8192", after).fetchall()
            yield from page
            if len(page) < 8192:
                return
            after = page[-1]

    def prefixes_after(self, row: int) -> list[tuple[Any, int]]:
        """As `prefixes`, of the rows after one, in the order they came."""
        query = "SELECT substr(oid, 1, 8), id FROM objects WHERE id > ? ORDER BY id"
        return self.connection().execute(query, (row,)).fetchall()

    def rows(self, start: int, stop: int, wanted: Container[int]) -> Iterator[tuple[int, Object]]:
        """(row, object) of the wanted rows from `start` to before `stop`. CorruptObject: the first damaged one."""
        query = "SELECT id, oid, kind, domain, data FROM objects WHERE id >= ? AND id < ?"
        for row in self.connection().execute(query, (start, stop)).fetchall():
            if row[0] in wanted:
                yield row[0], self.object(row[1:])

    def find_ids(self, low: bytes, high: bytes, limit: int) -> list[Oid]:
        """Ids between two prefixes of eight bytes, both included."""
        query = "SELECT DISTINCT oid FROM objects WHERE substr(oid, 1, 8) BETWEEN ? AND ? LIMIT ?"
        rows = self.connection().execute(query, (low, high, limit)).fetchall()
        return [Oid(oid) for (oid,) in rows if isinstance(oid, bytes) and len(oid) == OID_SIZE]

    def may_hold(self, oids: Sequence[Oid]) -> set[bytes]:
        """The first eight bytes of those of these ids that there may be rows of; one question for many."""
        self.check_sound()
        pending = self.intake.rows
        found: set[bytes] = {oid[:8] for oid in oids if oid in pending}
        for start in range(0, len(oids), _PAGE):
            prefixes = [oid[:8] for oid in oids[start : start + _PAGE]]
            marks = ", ".join("?" * len(prefixes))
            query = f"SELECT substr(oid, 1, 8) FROM objects WHERE substr(oid, 1, 8) IN ({marks})"
            found.update(prefix for (prefix,) in self.connection().execute(query, prefixes).fetchall())
        return found

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

    def page_counts(self) -> tuple[int, int]:
        """How many pages the file has, and how many of them are free."""
        pages, free = (self.connection().execute(f"PRAGMA {name}_count").fetchone()[0] for name in ("page", "freelist"))
        return pages, free

    def size(self) -> tuple[int, int]:
        """How many object rows there are, and the bytes of their data."""
        return self.connection().execute("SELECT count(*), coalesce(sum(length(data)), 0) FROM objects").fetchone()

    def object(self, row: tuple[Any, Any, Any, Any]) -> Object:
        """The object that a row says it is, not verified. CorruptObject: it cannot be read."""
        oid, kind, domain, data = row
        try:
            if not (isinstance(data, bytes) and isinstance(domain, bytes)):
                raise ValueError("it is no bytes")
            return Object(
                _oid(oid),
                _KINDS.get(kind) or Kind(kind),
                self.compression.decompress_small(data, _MAX_OBJECT),
                Domain(domain),
            )
        except (CorruptObject, ValueError) as error:
            raise CorruptObject(
                oid if isinstance(oid, bytes) else None, f"its journal row cannot be read ({error})"
            ) from error

    # Writing, inside a transaction

    def encode(self, objects: Iterable[Object]) -> list[Row]:
        """The rows of objects: the costly part, done before waiting for anybody."""
        compress = self.compression.compress_small
        return [(oid, kind, domain, compress(payload, kind)) for oid, kind, payload, domain in objects]

    def take_up(self, connection: sqlite3.Connection) -> int:
        """Bring the intake into the journal, as `Intake.take_up`. Its rows are compressed here, out of the way of
        those who wait for a record."""
        compress = self.compression.compress_small

        def insert(rows: Sequence[Row]) -> None:
            packed = [(oid, kind, domain, compress(data[1:], Kind(kind))) for oid, kind, domain, data in rows]
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


def _oid(column: object) -> Oid:
    """An id as it stands in a row. ValueError: damaged."""
    if not isinstance(column, bytes) or len(column) != OID_SIZE:
        raise ValueError("its id is damaged")
    return Oid(column)
