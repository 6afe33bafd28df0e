"""The file that keeps grants, tokens and the log of access: SQLite, beside the store's journal and not in it.

It is not part of what push, pull and backup carry: a copy of a store is not a copy of the rights to it. A change and its
record in the log are one transaction. Other processes see it at once: `version` tells when anything changed.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from objstore.errors import CorruptObject, StorageFailure, StoreClosed, StoreFull, StoreLocked
from objstore.storage.local.folder import make_private

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS grants (
    principal TEXT NOT NULL, prefix TEXT NOT NULL, verbs TEXT NOT NULL, PRIMARY KEY (principal, prefix)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tokens (
    hash BLOB PRIMARY KEY, id TEXT NOT NULL UNIQUE, principal TEXT NOT NULL, note TEXT NOT NULL, narrowed TEXT,
    parent TEXT, created INTEGER NOT NULL, expires INTEGER, revoked INTEGER) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS audit (sequence INTEGER PRIMARY KEY, hash BLOB NOT NULL, record BLOB NOT NULL);
"""
_APPLICATION: Final = 0x6F626A61  # "obja"
_PATIENCE: Final = 30.0


class AccessDatabase:
    """One connection, used by one thread at a time. Safe between threads and processes."""

    def __init__(self, path: Path | None) -> None:
        """`path`: the file, made when first written to; None: in memory."""
        self.place = "memory:" if path is None else str(path)
        self._path = path
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._writes = 0
        self._closed = False

    def version(self) -> tuple[int, int]:
        """Changes whenever any process has changed anything."""
        with self.reading() as connection:
            return connection.execute("PRAGMA data_version").fetchone()[0], self._writes

    @contextmanager
    def reading(self) -> Generator[sqlite3.Connection, None, None]:
        """The connection. StoreClosed, StorageFailure."""
        with self._lock, self._explained():
            yield self._opened()

    @contextmanager
    def writing(self) -> Generator[sqlite3.Connection, None, None]:
        """A transaction, durable when the block ends well, else without effect. StoreLocked, StoreFull, StorageFailure."""
        with self._lock, self._explained():
            connection = self._opened()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
                raise
            finally:
                self._writes += 1

    def close(self) -> None:
        """Let go of the file; harmless when done twice."""
        with self._lock:
            self._closed = True
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _opened(self) -> sqlite3.Connection:
        if self._closed:
            raise StoreClosed(self.place, "it was closed")
        if self._connection is None:
            if self._path is not None:
                make_private(self._path)
            name = ":memory:" if self._path is None else self._path
            fresh = sqlite3.connect(name, timeout=_PATIENCE, isolation_level=None, check_same_thread=False)
            try:
                self._prepare(fresh)
            except BaseException:
                fresh.close()
                raise
            self._connection = fresh
        return self._connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA trusted_schema=OFF")
        found = connection.execute("PRAGMA application_id").fetchone()[0]
        if found not in (0, _APPLICATION):
            raise CorruptObject(None, f"{self.place} is not a file of grants and tokens")
        if found == 0:
            connection.executescript(f"BEGIN IMMEDIATE;{_SCHEMA}PRAGMA application_id={_APPLICATION};COMMIT;")

    @contextmanager
    def _explained(self) -> Generator[None, None, None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            name = str(getattr(error, "sqlite_errorname", ""))
            if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
                raise StoreLocked(self.place, "another process has been writing") from error
            if name.startswith("SQLITE_FULL"):
                raise StoreFull(self.place, str(error)) from error
            raise StorageFailure(self.place, str(error)) from error
        except sqlite3.DatabaseError as error:
            raise CorruptObject(None, f"{self.place}: {error}") from error
        except OSError as error:
            raise StorageFailure(self.place, error.strerror or str(error)) from error
