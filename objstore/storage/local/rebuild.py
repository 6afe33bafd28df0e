"""A new journal after an I/O error: everything that can be read of the old one and its intake is written to another.

A second fsync of the old file that succeeds would prove nothing, and reading it back may read the page cache; but what
can be read can be written again. The new file gets its name when it is whole and durable; the old one goes after that.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from pathlib import Path

from objstore.storage.local.faults import from_os, from_sqlite
from objstore.storage.local.folder import Folder, make_private, sync_folder
from objstore.storage.local.intake import MARK, Intake
from objstore.storage.local.intake_file import IntakeFile
from objstore.storage.local.journal import Journal
from objstore.storage.local.lock import FileLock
from refs.sqlite import SqliteRefs


def rebuild_journal(folder: Folder, generation: int, lock: FileLock) -> int:
    """Make the journal of the next generation out of this one, under the writers' lock; the new generation."""
    old, new = folder.journal(generation), folder.journal(generation + 1)
    fresh = new.with_name(new.name + ".new")
    with suppress(FileNotFoundError):
        fresh.unlink()
    place = str(folder.root)
    connection = sqlite3.connect(old, isolation_level=None)
    try:
        make_private(fresh)  # SQLite takes an empty file for none.
        connection.execute("VACUUM INTO ?", (str(fresh),))
    except sqlite3.Error as error:
        raise from_sqlite(error, place) from error
    except OSError as error:
        raise from_os(error, place) from error
    finally:
        connection.close()
    try:
        _use_wal(fresh, place)
        take_up_file(fresh, folder.intake(generation), lock, place)
        handle = os.open(fresh, os.O_RDWR | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
        os.rename(fresh, new)
        sync_folder(folder.root)
        for suffix in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                os.unlink(old.with_name(old.name + suffix))
        with suppress(FileNotFoundError):
            os.unlink(folder.intake(generation))
    except OSError as error:
        raise from_os(error, place) from error
    return generation + 1


def _use_wal(path: Path, place: str) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
    except sqlite3.Error as error:
        raise from_sqlite(error, place) from error
    finally:
        connection.close()


def take_up_file(journal: Path, intake_path: Path, lock: FileLock, place: str) -> None:
    """Bring what an intake's file holds into a journal that nobody uses: a copy, or one in the making."""
    file = IntakeFile(intake_path, read_only=True)
    connection = sqlite3.connect(journal, isolation_level=None)
    try:
        intake = Intake(file, lock, 0, SqliteRefs(lambda: connection), lambda: None)
        intake.load(connection.execute(MARK).fetchone()[0], 0)
        connection.execute("BEGIN IMMEDIATE")
        intake.take_up(connection, lambda rows: Journal.insert(connection, rows))  # raw ones are rows as well
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.Error as error:
        raise from_sqlite(error, place) from error
    finally:
        connection.close()
        file.close()
