"""Repacking by itself, in the background of a long-lived process, once enough has come in.

Whoever writes tells it after each transaction on the journal, of which there is one in some 256 appends; when the last
look was long enough ago, a thread looks how much the journal holds, and repacks gently if that is over a threshold.
The thread ends when it is done. A process that writes little never starts one.
"""

from __future__ import annotations

import threading
import time
import warnings
from typing import Final

from objstore.errors import ObjstoreError
from objstore.maintenance.repack.pace import Gentle, Stopped
from objstore.maintenance.repack.run import pack_and_merge
from objstore.storage.local.gate import locked
from objstore.storage.local.storage import LocalStorage

ROWS: Final = 16_384
"""Rows of the journal from which on it is worth a pack: some 8,000 events."""
BYTES: Final = 16 << 20
"""The same in bytes of their data."""
EVERY: Final = 5.0
"""Seconds between two looks, and before the first."""


class RepackWarning(UserWarning):
    """A repack in the background failed; nothing is lost, but the journal grows."""


def is_due(storage: LocalStorage, rows: int = ROWS, size: int = BYTES) -> bool:
    """Whether the journal holds so many rows, or bytes of data, that a repack is worth it. ObjstoreError."""
    held, data = storage.journal.size()
    return held >= rows or data >= size


class AutoRepack:
    """Repacks one storage. `look` may be called from any thread; `close` waits for what is going on."""

    def __init__(self, storage: LocalStorage, rows: int = ROWS, size: int = BYTES, every: float = EVERY) -> None:
        self._storage = storage
        self._rows = rows
        self._size = size
        self._every = every
        self._last = time.monotonic()
        self._lock = threading.Lock()
        self._pace = Gentle()
        self._thread: threading.Thread | None = None
        self._closed = False
        self.error: ObjstoreError | None = None
        """Why the last repack ended early; the journal goes on growing, and the next look tries again."""

    def look(self) -> None:
        """Something was written: see about it, unless that was done just now. Takes no time."""
        now = time.monotonic()
        if now - self._last < self._every or not self._lock.acquire(blocking=False):
            return
        try:
            if self._closed or (self._thread is not None and self._thread.is_alive()):
                return
            self._last = now
            self._thread = threading.Thread(target=self._run, name="objstore-repack", daemon=True)
            self._thread.start()
        finally:
            self._lock.release()

    def close(self) -> None:
        """End: a repack that is going on stops at its next step, and what it finished stays.

        RepackWarning: the last one failed.
        """
        with self._lock:
            self._closed = True
            thread = self._thread
        self._pace.stop()
        if thread is not None and thread is not threading.current_thread():
            thread.join()
        if self.error is not None:
            error, self.error = self.error, None
            text = f"repacking {self._storage.place} in the background failed: {error}. Run: objstore fsck"
            warnings.warn(text, RepackWarning, stacklevel=3)

    def _run(self) -> None:
        storage = self._storage
        try:
            if is_due(storage, self._rows, self._size):
                # Whoever packs or collects just now does not have to be waited for: there is a next look.
                with locked(storage.folder.maintenance, alone=True, wait=False) as held:
                    if held:
                        pack_and_merge(storage, self._pace)
            self.error = None
        except Stopped:
            pass
        except ObjstoreError as error:
            self.error = error
