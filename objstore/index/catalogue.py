"""The catalogue: every conversation in one row of a derived SQLite file, so that lists sort and filter without walking.

    conversations(name, head, events, time, created, changed, title)      by name, by (changed, name)
    tags(tag, name)                                                       by tag
    damaged(name)           conversations whose heads cannot be read; who walks the refs meets the error itself
    state(operation, chain)     the newest operation on refs that the rows know, and the chain of its first log entry

It follows the refs: a look first catches up with the operations since `state`, in its own transaction, and so never
stands in the way of a writer. Without a file to keep it in (memory, a store opened for reading) it lives in memory. A
damaged file, or one that knows operations which the refs do not have, is made anew. Derived: delete it at any time.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from objstore.errors import ObjstoreError
from objstore.objects.kinds import Oid
from objstore.repository.about import read_about
from objstore.repository.history import began
from objstore.repository.repository import Repository
from objstore.storage.local.folder import make_private
from refs.protocol import Ref
from refs.sqlite import transaction

NAMESPACE = "conversations/"
_VERSION = 2
_MANY = 20_000  # Names that changed; beyond that all are looked through.
_PAGE = 256
_SCHEMA = """
CREATE TABLE conversations (name TEXT PRIMARY KEY, head BLOB NOT NULL, events INTEGER NOT NULL, time INTEGER NOT NULL,
    created INTEGER NOT NULL, changed INTEGER NOT NULL, title TEXT NOT NULL, tags TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX newest ON conversations (changed DESC, name);
CREATE TABLE tags (tag TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (tag, name)) WITHOUT ROWID;
CREATE INDEX tags_by_name ON tags (name);
CREATE TABLE damaged (name TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE state (id INTEGER PRIMARY KEY CHECK (id = 1), operation INTEGER NOT NULL, chain BLOB NOT NULL);
INSERT INTO state VALUES (1, 0, x'');
"""
_COLUMNS = "c.name, c.head, c.events, c.time, c.created, c.changed, c.title, c.tags"
_PUT = "INSERT OR REPLACE INTO conversations VALUES (?, ?, ?, ?, ?, ?, ?, ?)"


class CatalogueRow(NamedTuple):
    """A conversation in the catalogue. Times in µs: of its newest commit, its first one, and when its name last moved."""

    name: str
    head: Oid
    events: int
    time: int
    created: int
    changed: int
    title: str
    tags: tuple[str, ...]


def describe(repo: Repository, ref: Ref) -> CatalogueRow:
    """The row of a conversation's ref, out of its head. MissingObject, CorruptObject."""
    head = Oid(ref.value)
    commit = repo.commit(head)
    about = read_about(repo, commit.settings)
    entry = repo.storage.refs.entry_at(ref.name, ref.sequence)
    moved = commit.time if entry is None else entry.ended
    tags = tuple(sorted(about.tags))
    created = began(repo, head)
    return CatalogueRow(ref.name[len(NAMESPACE) :], head, commit.events, commit.time, created, moved, about.title, tags)


class Catalogue:
    """The conversations of one repository, sorted and filtered. Safe between threads and processes."""

    def __init__(self, repo: Repository) -> None:
        self._repo = repo
        self._path: Path | None = None if repo.cache is None else repo.cache / "catalogue.sqlite"
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._pid = os.getpid()

    def newest(
        self, prefix: str = "", tags: Iterable[str] = (), after: tuple[int, str] | None = None, limit: int | None = None
    ) -> Iterator[CatalogueRow]:
        """Conversations that changed last first, then by name; after the one that changed at a time and has a name."""
        return self._pages(prefix, tags, after, limit, newest=True)

    def by_name(
        self, prefix: str = "", tags: Iterable[str] = (), after: str = "", limit: int | None = None
    ) -> Iterator[CatalogueRow]:
        """Conversations by name, after a name."""
        return self._pages(prefix, tags, (0, after) if after else None, limit, newest=False)

    def changed(self, name: str) -> int | None:
        """When a conversation last changed (µs), or None where there is none."""
        with self._current() as connection:
            row = connection.execute("SELECT changed FROM conversations WHERE name = ?", (name,)).fetchone()
        return None if row is None else row[0]

    def is_whole(self) -> bool:
        """Whether it was made before, so that a look is cheap, and has every conversation."""
        if self._connection is None and (self._path is None or not self._path.exists()):
            return False
        with self._current() as connection:
            return connection.execute("SELECT 1 FROM damaged LIMIT 1").fetchone() is None

    def close(self) -> None:
        """Let go of the file; the next look opens it again."""
        with self._lock:
            if self._connection is not None and self._pid == os.getpid():
                self._connection.close()
            self._connection = None

    def _pages(
        self, prefix: str, tags: Iterable[str], after: tuple[int, str] | None, limit: int | None, *, newest: bool
    ) -> Iterator[CatalogueRow]:
        wanted = sorted({*tags})
        while limit is None or limit > 0:
            size = _PAGE if limit is None else min(limit, _PAGE)
            with self._current() as connection:
                rows = connection.execute(*_query(prefix, wanted, after, size, newest=newest)).fetchall()
            for row in rows:
                yield CatalogueRow._make((*row[:-1], tuple(row[-1].split("\n")) if row[-1] else ()))
            if len(rows) < size:
                return
            after = (rows[-1][5], rows[-1][0])
            limit = None if limit is None else limit - size

    @contextmanager
    def _current(self) -> Generator[sqlite3.Connection, None, None]:
        """The connection, once the rows are those of the refs; nobody else of this process uses it meanwhile."""
        with self._lock:
            try:
                connection = self._open()
                self._catch_up(connection)
            except sqlite3.DatabaseError:
                self._discard()
                connection = self._open()
                self._catch_up(connection)
            yield connection

    def _open(self) -> sqlite3.Connection:
        if self._pid != os.getpid():  # a connection must not be used across a fork
            self._connection, self._pid = None, os.getpid()
        if self._connection is None:
            where = ":memory:" if self._path is None else str(self._path)
            if self._path is not None:
                self._path.parent.mkdir(mode=0o700, exist_ok=True)
                make_private(self._path)
            connection = sqlite3.connect(where, timeout=30.0, isolation_level=None, check_same_thread=False)
            self._connection = connection
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = OFF")  # derived: what a crash damages is made anew
            if connection.execute("PRAGMA user_version").fetchone()[0] != _VERSION:
                _create(connection)
        return self._connection

    def _discard(self) -> None:
        with suppress(sqlite3.Error):
            self.close()
        self._connection = None
        if self._path is not None:
            for suffix in ("", "-wal", "-shm"):
                self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)

    def _catch_up(self, connection: sqlite3.Connection) -> None:
        newest = next(iter(self._repo.storage.refs.operations()), None)
        stand = (0, b"") if newest is None else (newest[0], newest[1][0].chain)
        if connection.execute("SELECT operation, chain FROM state").fetchone() == stand:
            return
        with transaction(connection):
            known, chain = connection.execute("SELECT operation, chain FROM state").fetchone()
            if known < stand[0] or (known, chain) == stand:
                self._follow(connection, known)
            else:
                self._look_through(connection)
            # What moved since `stand` was read is in the rows already or has a higher number: it comes next time.
            connection.execute("UPDATE state SET operation = ?, chain = ?", stand)

    def _follow(self, connection: sqlite3.Connection, known: int) -> None:
        names: set[str] = set()
        if not known:
            return self._look_through(connection)
        for number, entries in self._repo.storage.refs.operations():
            if number <= known:
                break
            names.update(entry.name for entry in entries if entry.name.startswith(NAMESPACE))
            if len(names) > _MANY:
                return self._look_through(connection)
        for name in names:
            ref = self._repo.storage.refs.get(name)
            if ref is None:
                _delete(connection, name[len(NAMESPACE) :])
            else:
                self._put(connection, ref)
        return None

    def _look_through(self, connection: sqlite3.Connection) -> None:
        """Make every row that is not as its ref is, and drop those without one."""
        known = connection.execute("SELECT name FROM conversations UNION ALL SELECT name FROM damaged")
        gone: set[str] = {row[0] for row in known}
        for ref in self._repo.storage.refs.find(NAMESPACE):
            gone.discard(ref.name[len(NAMESPACE) :])
            self._put(connection, ref)
        for name in gone:
            _delete(connection, name)

    def _put(self, connection: sqlite3.Connection, ref: Ref) -> None:
        name = ref.name[len(NAMESPACE) :]
        try:
            row = describe(self._repo, ref)
        except ObjstoreError:
            _delete(connection, name)
            connection.execute("INSERT INTO damaged VALUES (?)", (name,))
            return
        connection.execute("DELETE FROM damaged WHERE name = ?", (name,))
        connection.execute("DELETE FROM tags WHERE name = ?", (name,))
        connection.execute(_PUT, (*row[:-1], "\n".join(row.tags)))
        for tag in row.tags:
            connection.execute("INSERT INTO tags VALUES (?, ?)", (tag, name))


def _create(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    if connection.execute("PRAGMA user_version").fetchone()[0] != _VERSION:  # another process was faster
        for table in ("conversations", "tags", "damaged", "state"):
            connection.execute(f"DROP TABLE IF EXISTS {table}")
        for statement in _SCHEMA.split(";"):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {_VERSION}")
    connection.execute("COMMIT")


def _delete(connection: sqlite3.Connection, name: str) -> None:
    connection.execute("DELETE FROM conversations WHERE name = ?", (name,))
    connection.execute("DELETE FROM tags WHERE name = ?", (name,))
    connection.execute("DELETE FROM damaged WHERE name = ?", (name,))


def _query(
    prefix: str, tags: list[str], after: tuple[int, str] | None, limit: int, *, newest: bool
) -> tuple[str, list[object]]:
    """The query of one page and its parameters."""
    where: list[str] = []
    given: list[object] = []
    source = "conversations c"
    if tags:
        # The first tag leads, so that a rare one costs what it has; the others are looked up for each.
        source = "tags t CROSS JOIN conversations c ON c.name = t.name"
        where.append("t.tag = ?")
        given.append(tags[0])
        for tag in tags[1:]:
            where.append("EXISTS (SELECT 1 FROM tags u WHERE u.tag = ? AND u.name = c.name)")
            given.append(tag)
    if prefix:
        where.append("c.name >= ? AND substr(c.name, 1, ?) = ?")
        given += [prefix, len(prefix), prefix]
        if not newest:
            where.append("c.name < ?")
            given.append(prefix + "\U0010ffff")
    if after is not None:
        where.append("(c.changed < ? OR (c.changed = ? AND c.name > ?))" if newest else "c.name > ?")
        given += [after[0], after[0], after[1]] if newest else [after[1]]
    order = "c.changed DESC, c.name" if newest else "c.name"
    clause = f" WHERE {' AND '.join(where)}" if where else ""
    return f"SELECT {_COLUMNS} FROM {source}{clause} ORDER BY {order} LIMIT ?", [*given, limit]
