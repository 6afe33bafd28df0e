"""A cache of objects in memory in front of a slow storage. Never of refs: they change, and the cache could not know.

Objects are immutable and were verified when they came, so a hit is given as it is. What is deleted behind the cache, by
gc or another process, may be given until it falls out; `missing` therefore always asks the storage.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from objstore.objects.kinds import Object, Oid
from objstore.storage.protocol import Storage
from objstore.storage.wrapper import Wrapper

OVERHEAD = 400
"""Bytes that an object takes in the cache beside its payload, about."""

_WINDOW = 256  # Objects of `read_many` that are looked up, and fetched, together.


class CacheStatistics(NamedTuple):
    """What a cache holds, and how often it helped since it was made."""

    hits: int
    misses: int
    objects: int
    bytes: int


class Caching(Wrapper):
    """Objects that were read stay in memory, the least lately used go first. Implements `Storage`."""

    def __init__(self, inner: Storage, limit: int) -> None:
        """`limit`: bytes of memory for objects; one that is larger than a quarter of it is not kept."""
        super().__init__(inner)
        self._limit = limit
        self._held: OrderedDict[Oid, Object] = OrderedDict()
        self._bytes = 0
        self._hits = 0
        self._misses = 0
        self._closed = False
        self._lock = threading.Lock()

    def statistics(self) -> CacheStatistics:
        """What is held, and how often it was asked for."""
        with self._lock:
            return CacheStatistics(self._hits, self._misses, len(self._held), self._bytes)

    def read(self, oid: Oid) -> Object:
        """The object, from memory or from the storage."""
        return self._get(oid) or self._keep(self.inner.read(oid))

    def read_many(self, oids: Iterable[Oid]) -> Iterator[Object]:
        """The objects in the order asked for; those that are not in memory are fetched together."""
        wanted = iter(oids)
        while window := list(islice(wanted, _WINDOW)):
            found = [(oid, self._get(oid)) for oid in window]
            fetched = self.inner.read_many([oid for oid, obj in found if obj is None])
            for _, obj in found:
                yield self._keep(next(fetched)) if obj is None else obj

    def close(self) -> None:
        """Forget everything and close the storage."""
        with self._lock:
            self._closed = True
            self._held.clear()
            self._bytes = 0
        super().close()

    def _get(self, oid: Oid) -> Object | None:
        with self._lock:
            obj = self._held.get(oid)
            if obj is None:
                self._misses += 1
            else:
                self._hits += 1
                self._held.move_to_end(oid)
            return obj

    def _keep(self, obj: Object) -> Object:
        size = _size(obj)
        with self._lock:
            if not self._closed and obj.oid not in self._held and size <= self._limit // 4:
                self._held[obj.oid] = obj
                self._bytes += size
                while self._bytes > self._limit:
                    _, dropped = self._held.popitem(last=False)
                    self._bytes -= _size(dropped)
        return obj


def _size(obj: Object) -> int:
    return len(obj.payload) + OVERHEAD
