"""A stage of a local store: small ones ride in the journal with the rest of their commit, large ones become a pack."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain

from objstore.errors import MissingObject
from objstore.objects.kinds import Object, Oid
from objstore.objects.references import kept_by
from objstore.storage.local.journal import PackRow
from objstore.storage.local.leases import Leases
from objstore.storage.local.pack_file import PackFile

_JOURNAL_BYTES = 256 << 10
_JOURNAL_OBJECTS = 256


class LocalStage:
    """Objects gathered in memory up to a bound, in a pack file beyond it. Implements `Stage`."""

    def __init__(self, make_pack: Callable[[], PackFile], leases: Leases) -> None:
        self._make_pack = make_pack
        self._leases = leases
        leases.begin()
        self._ended = False
        self._held: dict[Oid, Object] = {}
        self._bytes = 0
        self._pack: PackFile | None = None

    def add(self, obj: Object) -> None:
        """Take an object."""
        if obj.oid in self:
            return
        if self._pack is not None:
            self._pack.add(obj)
            return
        self._held[obj.oid] = obj
        self._bytes += len(obj.payload)
        if self._bytes > _JOURNAL_BYTES or len(self._held) > _JOURNAL_OBJECTS:
            self._pack = self._make_pack()
            for held in self._held.values():
                self._pack.add(held)
            self._held.clear()

    def __contains__(self, oid: Oid) -> bool:
        return oid in self._held or (self._pack is not None and oid in self._pack)

    def read(self, oid: Oid) -> Object:
        """An object of this stage; MissingObject."""
        held = self._held.get(oid)
        if held is not None:
            return held
        if self._pack is None:
            raise MissingObject(oid)
        return self._pack.read(oid)

    def seal(self) -> tuple[list[Object], PackRow | None]:
        """What goes into the journal: the objects themselves, or the pack that now holds them durably."""
        if self._pack is None:
            return list(self._held.values()), None
        return [], self._pack.seal()

    def named(self) -> Iterator[Oid]:
        """Every id that objects of this stage name, but for those of the stage; some more than once. CorruptObject."""
        held = (oid for obj in self._held.values() for oid in kept_by(obj.kind, obj.payload))
        packed = () if self._pack is None else self._pack.named()
        yield from (oid for oid in chain(held, packed) if oid not in self)

    def __enter__(self) -> LocalStage:
        return self

    def __exit__(self, *exc: object) -> None:
        self._held.clear()
        if self._pack is not None:
            self._pack.discard()
        if not self._ended:
            self._ended = True
            self._leases.end()
