"""Waiting for other writers' transactions without asking all the time.

The lock file's bytes say, for less than a microsecond, whether anybody has changed anything. The kernel says when it is
worth asking: an inotify watch on the store's folder wakes on every write to that file, which comes after the change.
Where there is no inotify (another system, no instance left) growing intervals do it.
"""

from __future__ import annotations

import ctypes
import os
import select
import threading
from contextlib import suppress
from pathlib import Path
from time import monotonic

from objstore.storage.local.journal import Journal

_FIRST = 0.0002  # Seconds until the question is asked again, doubled each time,
_LONGEST = 0.1  # up to this, where the kernel does not tell.
_IDLE = 5.0  # And where it does.
_IN_MODIFY = 0x2
_IN_NONBLOCK_CLOEXEC = 0o2004000


class LocalWatch:
    """Implements `Watch` on a journal."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._seen = journal.stated()
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
                stated = self._journal.stated()
                if stated != self._seen:
                    self._seen = stated
                    return True
                now = monotonic()
                if end is not None and now >= end:
                    return False
                pause = _IDLE if self._told is not None else min(2 * pause, _LONGEST)
                self._await(pause if end is None else min(pause, end - now))
        return False

    def close(self) -> None:
        """As `Watch.close`."""
        if self._closed:
            return
        self._closed = True
        os.write(self._waker, b"x")
        with self._in_use:
            for handle in (self._wake, self._waker, self._told):
                if handle is not None:
                    os.close(handle)

    def _await(self, seconds: float) -> None:
        """Wait until the kernel tells of a write, for so long at the most."""
        for handle, _ in self._poll.poll(1000 * seconds):
            if handle == self._told:
                with suppress(BlockingIOError):
                    while len(os.read(handle, 1 << 16)) >= 1 << 15:
                        pass


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
