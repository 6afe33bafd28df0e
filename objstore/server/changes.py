"""News of one store for any number of waiting requests: one thread watches the storage and wakes them all."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress

from objstore.errors import ObjstoreError
from objstore.storage.protocol import Storage, Watch

_LOOK = 1.0  # Seconds after which the thread looks whether anybody still waits.


class Changes:
    """Counts the changes of a storage. `wait` is for the event loop in which it is first called."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._lock = threading.Lock()
        self._waiting: set[asyncio.Future[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._watch: Watch | None = None
        self._closed = False
        self.count = 0
        """Rises with each change that was noticed. Read it before the store, then wait for more than it."""

    async def begin(self) -> None:
        """Have somebody watch, from before the store is read."""
        self._loop = asyncio.get_running_loop()
        with self._lock:
            if self._watch is None and not self._closed:
                self._watch = self._storage.watch()
                threading.Thread(target=self._run, args=(self._watch,), daemon=True, name="objstore-changes").start()

    async def wait(self, seen: int, seconds: float) -> bool:
        """Wait until there was a change after `seen`; False after so many seconds, or when closed."""
        await self.begin()
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        with self._lock:
            if self.count > seen or self._closed:
                return not self._closed
            self._waiting.add(waiter)
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(waiter, seconds)
        finally:
            with self._lock:
                self._waiting.discard(waiter)
        return self.count > seen and not self._closed

    def close(self) -> None:
        """Wake everybody, and watch no more."""
        with self._lock:
            self._closed = True
            watch = self._watch
        if watch is not None:
            watch.close()
        self._wake()

    def _run(self, watch: Watch) -> None:
        try:
            while not self._closed:
                if watch.wait(_LOOK):
                    with self._lock:
                        self.count += 1
                    self._wake()
        except ObjstoreError:  # the storage failed or was closed; who asks it is told
            pass
        with self._lock:
            self._watch = None
            self.count += 1
        watch.close()
        self._wake()

    def _wake(self) -> None:
        loop = self._loop
        if loop is not None:
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(self._resolve)

    def _resolve(self) -> None:
        with self._lock:
            waiting, self._waiting = self._waiting, set()
        for waiter in waiting:
            if not waiter.done():
                waiter.set_result(None)
