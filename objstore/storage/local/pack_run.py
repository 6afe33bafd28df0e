"""Reading objects of packs one after the other: the next one mostly lies behind the last in the same frame.

Once that has been seen, the frame is asked before the index. What it has there decides: its id is the hash of its bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from objstore.errors import CorruptObject
from objstore.objects.kinds import Object, Oid
from objstore.packs.frame import Frame
from objstore.storage.local.open_pack import OpenPack


class Found(NamedTuple):
    """An object, verified, and where it lies."""

    object: Object
    pack: OpenPack
    number: int
    """Of the frame in the pack."""
    frame: Frame
    record: int
    listed: tuple[OpenPack, ...]
    """The packs that were known then."""


class PackRun:
    """One such reading. For one thread."""

    def __init__(self, find: Callable[[Oid], Found | None], listed: Callable[[], tuple[OpenPack, ...]]) -> None:
        """`find` looks an object up; `listed` gives the packs that are known now."""
        self._find = find
        self._listed = listed
        self._last: Found | None = None
        self._next = -1  # The next record of the last one's kind in its frame.
        self._in_order = False  # Whether the last one was the next of the one before.

    def read(self, oid: Oid) -> Object | None:
        """As `PackSet.read`."""
        last = self._last
        if last is not None and self._in_order and self._next >= 0:
            found = self._at(last, self._next)
            if found is not None and found.oid == oid:
                self._next = last.frame.following(self._next)
                return found
        found = self._find(oid)
        if found is None:
            return None
        self._in_order = last is not None and found.number - last.number in (0, 1) and found.pack is last.pack
        self._last, self._next = found, found.frame.following(found.record)
        return found.object

    def _at(self, last: Found, record: int) -> Object | None:
        """What stands there, unless it was deleted since or cannot be read."""
        if last.listed is not self._listed() or (last.pack.dead and (last.number, record) in last.pack.dead):
            return None
        try:
            return last.frame.object(record)
        except (CorruptObject, IndexError):
            return None
