"""A table from ids to small numbers for walks over whole stores: some 40 bytes an object, where a dict takes 150.

Open addressing in flat memory. Keys are the first 16 bytes of an id: to make two ids that share them takes 2**64 tries
of BLAKE3, so whoever could would also have other means; nothing that decides about deleting uses this table.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator

from objstore.objects.kinds import Oid

_KEY = 16


class OidTable:
    """Oids to integers from 1 to 2**64 - 1; 0 stands for "not there". For one thread."""

    __slots__ = ("_count", "_keys", "_mask", "_values")

    def __init__(self) -> None:
        self._count = 0
        self._make(1 << 10)

    def __len__(self) -> int:
        return self._count

    def __contains__(self, oid: Oid) -> bool:
        return self.get(oid) != 0

    def get(self, oid: Oid) -> int:
        """The number of an id, 0 if it has none."""
        return self._values[self._slot(oid[:_KEY])]

    def put(self, oid: Oid, value: int) -> None:
        """Give an id a number (not 0)."""
        slot = self._slot(oid[:_KEY])
        if not self._values[slot]:
            self._count += 1
            if self._count * 3 > (self._mask + 1) * 2:
                self._grow()
                slot = self._slot(oid[:_KEY])
            self._keys[slot * _KEY : slot * _KEY + _KEY] = oid[:_KEY]
        self._values[slot] = value

    def values(self) -> Iterator[int]:
        """Every number that was given."""
        return filter(None, self._values)

    def _slot(self, key: bytes) -> int:
        """Where a key is, or where it would go."""
        keys, values, mask = self._keys, self._values, self._mask
        slot = int.from_bytes(key[:7], "little") & mask
        while values[slot] and not keys.startswith(key, slot * _KEY):
            slot = (slot + 1) & mask
        return slot

    def _make(self, slots: int) -> None:
        self._mask = slots - 1
        self._keys = bytearray(slots * _KEY)
        self._values = array("Q", bytes(8 * slots))

    def _grow(self) -> None:
        keys, values = self._keys, self._values
        self._make(2 * len(values))
        for old, value in enumerate(values):
            if value:
                key = bytes(keys[old * _KEY : old * _KEY + _KEY])
                slot = self._slot(key)
                self._keys[slot * _KEY : slot * _KEY + _KEY] = key
                self._values[slot] = value
