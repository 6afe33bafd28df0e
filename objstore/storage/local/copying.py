"""Copying the files of a local store: the journal as of one moment beside running writers, packs whole and hashed."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from objstore.errors import CorruptObject
from objstore.objects.hashing import Digest
from objstore.storage.local.faults import from_os, from_sqlite
from objstore.storage.local.folder import make_private, sync_folder, write_all
from objstore.storage.local.journal import Journal
from objstore.storage.local.rebuild import take_up_file

_PIECE = 1 << 20


class Copied(NamedTuple):
    """What was copied: size in bytes and BLAKE3-256."""

    size: int
    hash: bytes


def copy_journal(journal: Journal, target: Path) -> None:
    """Write the journal as it is at one moment to a new file, durably. Writers go on meanwhile.

    SQLite's own online copy, in one step: it reads a single state of the write-ahead log. Who may write settles the
    journal first; for others the copy takes up what is in the intake.
    """
    try:
        make_private(target)
        with closing(journal.open_connection()) as source, closing(sqlite3.connect(target)) as copy:
            source.backup(copy)
    except sqlite3.Error as error:
        raise from_sqlite(error, journal.place) from error
    except OSError as error:
        raise from_os(error, journal.place) from error
    if journal.read_only:
        take_up_file(target, journal.intake_path, journal.lock, journal.place)
    sync_file(target)


@contextmanager
def reading_copy(path: Path) -> Generator[sqlite3.Connection, None, None]:
    """A connection to a copy of a journal, which nobody writes to: no file is made beside it. CorruptObject."""
    address = path.absolute().as_uri() + "?mode=ro&immutable=1"
    try:
        connection = sqlite3.connect(address, uri=True, isolation_level=None)
        with closing(connection):
            yield connection
    except sqlite3.Error as error:
        raise from_sqlite(error, str(path.parent)) from error


def copy_file(source: Path, target: Path, told: Callable[[int], None]) -> Copied:
    """Copy a file to a new name, durable when this returns but for the folder; `told` hears of each piece's bytes.

    FileNotFoundError: there is no source. StoreFull, StorageFailure: nothing is left of the copy.
    """
    digest = Digest()
    size = 0
    fresh = target.with_name(target.name + ".new")
    with source.open("rb", buffering=0) as file:
        try:
            handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            try:
                while piece := file.read(_PIECE):
                    digest.update(piece)
                    write_all(handle, piece)
                    size += len(piece)
                    told(len(piece))
                os.fsync(handle)
            finally:
                os.close(handle)
            os.rename(fresh, target)
        except BaseException as error:
            with suppress(OSError):
                os.unlink(fresh)
            if isinstance(error, OSError):
                raise from_os(error, str(target.parent)) from error
            raise
    return Copied(size, digest.digest())


def hash_file(path: Path) -> Copied:
    """Size and hash of a file. CorruptObject: it cannot be read."""
    digest = Digest()
    size = 0
    try:
        with path.open("rb", buffering=0) as file:
            while piece := file.read(_PIECE):
                digest.update(piece)
                size += len(piece)
    except OSError as error:
        raise CorruptObject(None, f"{path}: {error.strerror or error}") from error
    return Copied(size, digest.digest())


def sync_file(path: Path) -> None:
    """Make a file's bytes and its name durable."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
        sync_folder(path.parent)
    except OSError as error:
        raise from_os(error, str(path.parent)) from error
