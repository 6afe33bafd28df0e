"""The file of the index: made, found, given up. What is in it is derived, so any doubt about it ends in a new one.

    search-VERSION-N.sqlite   the index; of several the highest N counts
    search.lock               writers queue on it; it holds the last N

A file is never repaired or changed to another layout: it is removed, and the next one gets another N, since processes
that still have the old one open must not meet the new one's write-ahead log under its name. Only the index's own
writers take the lock; nobody who writes to the store ever waits for it.

Without a folder the index is in memory. So it is in a store that cannot be written to (begun as a copy of the store's
own index, if it can be read), and where the file system refuses the file (a full disk).
"""

from __future__ import annotations

import fcntl
import os
import re
import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Final, NamedTuple

from objstore.index.words import TOKENIZER

VERSION: Final = 1
"""Of the tables and of the text that is put in (`text`, `words`, `about`). Another version is another file."""

FAULTS: Final = (sqlite3.Error, UnicodeDecodeError)
"""What using an index may raise; the second where SQLite quotes a damaged name in a message."""

_FILE = re.compile(r"search-(\d{1,9})-(\d{1,9})\.sqlite", re.ASCII)
_OURS = re.compile(r"search-\d+-\d+\.sqlite(?:-wal|-shm|-journal)?", re.ASCII)
_APPLICATION = 0x6F626A73  # "objs"
_PATIENCE = 30.0
_ATTEMPTS = 4
_SCHEMA = f"""
CREATE TABLE followed (derived TEXT PRIMARY KEY, operation INTEGER NOT NULL, chain BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE events (id INTEGER PRIMARY KEY, oid BLOB NOT NULL, time INTEGER NOT NULL, searched INTEGER NOT NULL);
CREATE INDEX events_by_oid ON events (substr(oid, 1, 8));
CREATE TABLE runs (
    id INTEGER PRIMARY KEY, parent INTEGER, start INTEGER NOT NULL, stop INTEGER NOT NULL,
    lowest INTEGER NOT NULL, highest INTEGER NOT NULL);
CREATE INDEX runs_by_parent ON runs (parent, start);
CREATE TABLE places (
    event INTEGER NOT NULL, run INTEGER NOT NULL, number INTEGER NOT NULL, time INTEGER NOT NULL, made BLOB NOT NULL,
    PRIMARY KEY (event, run, number)) WITHOUT ROWID;
CREATE INDEX places_by_commit ON places (made);
CREATE TABLE heads (name TEXT PRIMARY KEY, value BLOB NOT NULL, run INTEGER, events INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX heads_by_run ON heads (run, events);
CREATE VIRTUAL TABLE texts USING fts5(body, parts, marks, content='', tokenize='{TOKENIZER}');
PRAGMA application_id = {_APPLICATION};
PRAGMA user_version = {VERSION}
"""
_FILE_SYSTEM = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN}
_UNUSABLE = _FILE_SYSTEM | {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_LOCKED}


class _Open(NamedTuple):
    connection: sqlite3.Connection
    path: Path | None  # None: in memory
    identity: tuple[int, int]  # device and inode
    process: int


class IndexDatabase:
    """One index. Not safe between threads: its owner guards it. Safe between processes."""

    def __init__(self, folder: Path | None, read_only: bool = False) -> None:
        """`folder`: where the file is, or None for an index in memory. `read_only`: only copy from there."""
        self._folder = folder
        self._in_memory = folder is None or read_only
        self._copy_from = folder if read_only else None
        self._holds_lock = False
        self._open: _Open | None = None
        self._forked: list[_Open] = []  # never closed: that would take the parent's locks away

    def connection(self) -> sqlite3.Connection:
        """The connection, with tables. FAULTS: give the file up (`give_up`) and ask again."""
        current = self._open
        if current is not None:
            if current.process == os.getpid() and self._is_there(current):
                return current.connection
            self.close()
        self._open = self._open_memory() if self._in_memory or self._folder is None else self._open_file(self._folder)
        return self._open.connection

    @contextmanager
    def writing(self) -> Generator[sqlite3.Connection, None, None]:
        """This process's turn among those that write to the index; the connection, outside any transaction."""
        if self._in_memory or self._folder is None:
            yield self.connection()
            return
        with self._locked(self._folder):
            yield self.connection()

    def give_up(self, error: Exception) -> None:
        """After an error: leave a damaged file, so that there will be a new one, or the file system, if that is full."""
        current, self._open = self._open, None
        if current is not None and current.process == os.getpid():
            with suppress(sqlite3.Error):
                current.connection.close()
        if not _is_damage(error):
            self._in_memory = True
        self._copy_from = None
        if current is not None and current.path is not None:
            _remove(current.path)

    def is_made(self) -> bool:
        """Whether there is an index, in use or as a file of whatever version."""
        if self._open is not None or self._folder is None:
            return self._open is not None
        return self._folder.is_dir() and any(_OURS.fullmatch(name) for name in os.listdir(self._folder))

    def discard(self) -> None:
        """Remove the index: every file of it, of other versions too."""
        self.close()
        self.remove_others()

    def remove_others(self) -> None:
        """Remove every file of an index but the one in use: those of other versions, and what was given up."""
        if self._folder is None or self._copy_from is not None or not self._folder.is_dir():
            return
        kept = None if self._open is None or self._open.path is None else self._open.path.name
        for name in os.listdir(self._folder):
            if _OURS.fullmatch(name) and (kept is None or not name.startswith(kept)):
                with suppress(OSError):
                    os.unlink(self._folder / name)

    def close(self) -> None:
        """Let go of the file; harmless when done twice."""
        current, self._open = self._open, None
        if current is None:
            return
        if current.process == os.getpid():
            current.connection.close()
        else:
            self._forked.append(current)

    @contextmanager
    def _locked(self, folder: Path) -> Generator[None, None, None]:
        if self._holds_lock:  # a file that was given up is replaced within the turn
            yield
            return
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(folder / "search.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:
            self._in_memory = True
            self.close()
            yield
            return
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            self._holds_lock = True
            yield
        finally:
            self._holds_lock = False
            os.close(handle)

    def _open_file(self, folder: Path) -> _Open:
        for _ in range(_ATTEMPTS):
            newest = _newest(folder)
            if newest is None:
                with self._locked(folder):
                    newest = _newest(folder) or self._make(folder)
            if newest is None:
                break
            try:
                connection = _connect(newest)
                found = newest.stat()
            except (*FAULTS, OSError) as error:
                if _is_damage(error):
                    _remove(newest)
                continue  # or somebody gave it up just now
            return _Open(connection, newest, (found.st_dev, found.st_ino), os.getpid())
        self._in_memory = True
        return self._open_memory()

    def _make(self, folder: Path) -> Path | None:
        """A new, empty index, complete under its name or not there; None: the file system does not take it."""
        fresh = folder / f"search-{VERSION}-0.sqlite"
        try:
            path = folder / f"search-{VERSION}-{_next_number(folder)}.sqlite"
            _remove(fresh)
            os.close(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
            connection = sqlite3.connect(fresh, isolation_level=None)
            try:
                connection.executescript(_SCHEMA)
                connection.execute("PRAGMA journal_mode = WAL")
            finally:
                connection.close()
            os.rename(fresh, path)
        except (OSError, sqlite3.Error):
            self._in_memory = True
            return None
        for name in os.listdir(folder):  # of versions before ours
            match = _FILE.fullmatch(name)
            if match and int(match[1]) < VERSION:
                _remove(folder / name)
        return path

    def _open_memory(self) -> _Open:
        newest = None if self._copy_from is None else _newest(self._copy_from)
        connection = None if newest is None else _copied(newest)
        if connection is None:
            connection = _memory()
            connection.executescript(_SCHEMA)
        return _Open(connection, None, (0, 0), os.getpid())

    def _is_there(self, current: _Open) -> bool:
        if current.path is None:
            return True
        try:
            found = os.stat(current.path)
        except OSError:
            return False
        return (found.st_dev, found.st_ino) == current.identity


def _next_number(folder: Path) -> int:
    """A number that no file had: the lock file, which is held, has the last one."""
    lock = folder / "search.lock"
    last = re.fullmatch(r"\d{1,9}", lock.read_text(encoding="ascii", errors="replace").strip())
    there = [int(match[2]) for match in map(_FILE.fullmatch, os.listdir(folder)) if match]
    number = max([int(last[0]) if last else 0, *there]) + 1
    lock.write_text(f"{number}\n", encoding="ascii")
    return number


def _newest(folder: Path) -> Path | None:
    """The index file that counts."""
    try:
        names = os.listdir(folder)
    except OSError:
        return None
    ours = [match for match in map(_FILE.fullmatch, names) if match and int(match[1]) == VERSION and int(match[2])]
    return folder / max(ours, key=lambda match: int(match[2]))[0] if ours else None


def _connect(path: Path) -> sqlite3.Connection:
    address = path.absolute().as_uri() + "?mode=rw"
    connection = sqlite3.connect(address, timeout=_PATIENCE, isolation_level=None, check_same_thread=False, uri=True)
    try:
        _check_ours(connection)
        # The write-ahead log keeps the file whole whatever happens; what a power loss takes is read again.
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA wal_autocheckpoint = 4000")
        connection.execute("PRAGMA journal_size_limit = 33554432")
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("PRAGMA cache_size = -32768")
    except BaseException:
        connection.close()
        raise
    return connection


def _memory() -> sqlite3.Connection:
    return sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)


def _check_ours(connection: sqlite3.Connection) -> None:
    """sqlite3.DatabaseError: it is no index of this version."""
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if (application, version) != (_APPLICATION, VERSION):
        raise sqlite3.DatabaseError("not an index of this version")


def _is_damage(error: Exception) -> bool:
    """Whether the file is at fault, and not the file system or somebody's lock."""
    if not isinstance(error, FAULTS):
        return False
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF not in _UNUSABLE


def _copied(path: Path) -> sqlite3.Connection | None:
    """A copy in memory of an index whose file must not be changed, or None if it cannot be read."""
    alive = path.with_name(path.name + "-shm").exists()
    address = path.absolute().as_uri() + ("?mode=ro" if alive else "?immutable=1")
    target = _memory()
    try:
        with closing(sqlite3.connect(address, timeout=_PATIENCE, uri=True)) as source:
            _check_ours(source)
            source.backup(target)
        _check_ours(target)
    except sqlite3.Error:
        target.close()
        return None
    return target


def _remove(path: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        with suppress(OSError):
            os.unlink(path.with_name(path.name + suffix))
