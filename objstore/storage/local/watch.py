"""Waiting for other writers' transactions without asking all the time.

SQLite's `data_version` says, for 5 µs, whether anybody else has committed. The kernel says when it is worth asking: an
inotify watch on the store's folder wakes on every write to the journal's log. Such a write precedes the commit that it
is part of by a flush, so after one the question is asked again at growing intervals until it is answered. Where there
is no inotify (another system, no instance left) the intervals alone do it.
"""

from __future__ import annotations

import ctypes
import os
import select
import sqlite3
import threading
from contextlib import suppress
from pathlib import Path
from time import monotonic

from objstore.storage.local.faults import from_sqlite
from objstore.storage.local.journal import Journal

_FIRST = 0.0002  # Seconds until the question is asked again, doubled each time.
_BUSY_LONGEST = 0.02
_AFTER_WRITE = 2.0  # Seconds after a write during which its commit is waited for at intervals.
_IDLE = 5.0  # Seconds between questions that nothing gives cause for, where the kernel tells.
_IDLE_UNTOLD = 0.1  # And where it does not.
_IN_MODIFY = 0x2
_IN_NONBLOCK_CLOEXEC = 0o2004000


class LocalWatch:
    """Implements `Watch` on a journal. Its connection reads nothing but the number that tells of commits."""

    def __init__(self, journal: Journal) -> None:
        journal.check_sound()
        self._journal = journal
        self._connection = journal.open_connection()
        self._seen = self._version()
        self._busy_until = monotonic() + _AFTER_WRITE  # a write may be under way as we begin
        self._closed = False
        self._in_use = threading.Lock()
        self._wake, self._waker = os.pipe()
        self._told = _watch_folder(journal.path.parent)
        self._poll = select.poll()
        for handle in (self._wake, self._told):
            if handle is not None:
                self._poll.register(handle, select.POLLIN)

    def wait(self, timeout: float | None) -> bool:
        """As `Watch.wait`. StoreClosed, StorageFailure."""
        end = None if timeout is None else monotonic() + timeout
        with self._in_use:
            pause = _FIRST
            while not self._closed:
                self._journal.check_sound()
                version = self._version()
                if version != self._seen:
                    self._seen = version
                    return True
                now = monotonic()
                if end is not None and now >= end:
                    return False
                if now < self._busy_until:
                    pause = min(2 * pause, _BUSY_LONGEST)
                else:
                    pause = _IDLE if self._told is not None else min(2 * pause, _IDLE_UNTOLD)
                if self._woken(pause if end is None else min(pause, end - now)):
                    # Kept beyond this call: what was told of may be more than the commit that is found next.
                    self._busy_until, pause = monotonic() + _AFTER_WRITE, _FIRST
        return False

    def close(self) -> None:
        """As `Watch.close`."""
        if self._closed:
            return
        self._closed = True
        os.write(self._waker, b"x")
        with self._in_use:
            self._connection.close()
            for handle in (self._wake, self._waker, self._told):
                if handle is not None:
                    os.close(handle)

    def _version(self) -> int:
        try:
            return self._connection.execute("PRAGMA data_version").fetchone()[0]
        except sqlite3.Error as error:
            raise from_sqlite(error, self._journal.place) from error

    def _woken(self, seconds: float) -> bool:
        """Wait; whether the kernel told of a write."""
        told = [handle for handle, _ in self._poll.poll(1000 * seconds) if handle == self._told]
        for handle in told:
            with suppress(BlockingIOError):
                while len(os.read(handle, 1 << 16)) >= 1 << 15:
                    pass
        return bool(told)


def _watch_folder(folder: Path) -> int | None:
    """An inotify descriptor that tells of writes to the files in a folder, or None where there is none to be had."""
    with suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None, use_errno=True)
        handle: int = libc.inotify_init1(_IN_NONBLOCK_CLOEXEC)
        if handle < 0:
            return None
        if libc.inotify_add_watch(handle, os.fsencode(folder), _IN_MODIFY) < 0:
            os.close(handle)
            return None
        return handle
    return None
