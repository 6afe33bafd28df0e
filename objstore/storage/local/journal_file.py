"""The file of a journal and its intake: a connection for each thread, and whether the file may still be used.

Every use begins with `check_sound`, which compares the bytes of the lock file with those that are known: a journal on
which some process saw an I/O error, or that was replaced since, is used no more. What lies in the tables is
`journal_rows`' and `journal`'s. Bytes: docs/format/store.md.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import threading
from typing import NoReturn, TypeVar
from weakref import WeakSet

from objstore.errors import CorruptObject, StorageFailure, StoreClosed
from objstore.storage.local.faults import from_os, from_sqlite
from objstore.storage.local.folder import Folder
from objstore.storage.local.intake import MARK, Intake
from objstore.storage.local.intake_file import IntakeFile
from objstore.storage.local.lock import FileLock, decode_state
from objstore.storage.local.reading import ReadingConnection
from refs.sqlite import SqliteRefs

_OURS = 2  # References to a connection that only its handle has: the attribute, and the argument of the question.
_Connection = TypeVar("_Connection", bound=sqlite3.Connection)


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


class JournalFile:
    """One journal's file, opened by as many threads as like; and its intake, which belongs to it."""

    def __init__(self, folder: Folder, generation: int, lock: FileLock, read_only: bool = False) -> None:
        """Open the intake; the journal itself is opened with the first connection. StorageFailure and the like."""
        self.path = folder.journal(generation)
        self.intake_path = folder.intake(generation)
        self.place = str(folder.root)
        self.lock = lock
        self._generation = generation
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
