"""What was read and may be wanted again, within a bound of bytes; the least lately used goes first."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class ByteCache(Generic[K, V]):
    """Values by key, with the bytes that each takes. Safe between threads."""

    def __init__(self, limit: int) -> None:
        """`limit`: bytes that all values together may take; the newest one stays however large it is."""
        self._limit = limit
        self._held: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self._lock = threading.Lock()
        self.bytes = 0
        """Bytes of what is held."""

    def __len__(self) -> int:
        return len(self._held)

    def get(self, key: K) -> V | None:
        """The value, or None; it is the last one now to go."""
        with self._lock:
            entry = self._held.get(key)
            if entry is None:
                return None
            self._held.move_to_end(key)
            return entry[0]

    def keep(self, key: K, value: V, size: int) -> V:
        """Hold a value of so many bytes; the one that is held, which is another thread's if that was faster."""
        with self._lock:
            entry = self._held.get(key)
            if entry is not None:
                return entry[0]
            self._held[key] = (value, size)
            self.bytes += size
            while self.bytes > self._limit and len(self._held) > 1:
                _, (_, dropped) = self._held.popitem(last=False)
                self.bytes -= dropped
            return value

    def forget(self, chosen: Callable[[K], bool]) -> None:
        """Let go of the values whose keys are chosen."""
        with self._lock:
            for key in [key for key in self._held if chosen(key)]:
                self.bytes -= self._held.pop(key)[1]
