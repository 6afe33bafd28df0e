"""What the operating system and SQLite report, in our words: every fault of a local store passes through here."""

from __future__ import annotations

import errno
import os
import sqlite3

from objstore.errors import (
    CorruptObject,
    ObjstoreError,
    ReadOnlyStore,
    StorageFailure,
    StoreClosed,
    StoreFull,
    StoreLocked,
)

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_READ_ONLY = {errno.EROFS, errno.EACCES, errno.EPERM}
_DAMAGED = ("SQLITE_CORRUPT", "SQLITE_NOTADB")
_DAMAGED_TEXTS = ("no such table", "no such column", "could not decode", "malformed database schema")
SQLITE_ERRORS = (sqlite3.Error, UnicodeDecodeError)
"""What Python's SQLite raises; the second one when an error's own text or a schema is damaged."""


def from_sqlite(error: sqlite3.Error | UnicodeDecodeError, place: str) -> ObjstoreError:
    """The error of ours that an SQLite error stands for."""
    name = _name(error)
    reason = f"{error} ({name})" if name else str(error)
    if name.startswith("SQLITE_FULL"):
        return StoreFull(place, "the disk or the quota is full")
    if name.startswith(("SQLITE_READONLY", "SQLITE_PERM", "SQLITE_AUTH")):
        return ReadOnlyStore(place, reason)
    if name.startswith("SQLITE_CANTOPEN") and not os.access(place, os.W_OK):
        return ReadOnlyStore(place, reason)
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_PROTOCOL")):
        return StoreLocked(place, reason)
    if isinstance(error, UnicodeDecodeError):
        return CorruptObject(None, f"the journal of {place}: its schema is no text")
    if name.startswith(_DAMAGED) or str(error).lower().startswith(_DAMAGED_TEXTS):
        return CorruptObject(None, f"the journal of {place}: {reason}")
    if isinstance(error, sqlite3.ProgrammingError) and "closed" in reason:
        return StoreClosed(place, "it was closed")
    return StorageFailure(place, reason)


def from_os(error: OSError, place: str) -> ObjstoreError:
    """The error of ours that a system call's error stands for."""
    reason = error.strerror or str(error)
    if error.errno in _FULL:
        return StoreFull(place, reason)
    if error.errno in _READ_ONLY:
        return ReadOnlyStore(place, reason)
    return StorageFailure(place, reason)


def _name(error: Exception) -> str:
    return getattr(error, "sqlite_errorname", None) or ""
