"""What a check knows of the objects: which are there and sound, of what kind and size, and what was walked already.

In a full check every stored object is read first and noted here, so that walking the histories reads no payload
twice. In a quick one nothing is noted beforehand, and a payload that nobody has to look into counts as sound when an
index names it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from objstore.errors import CorruptObject
from objstore.maintenance.fsck.frames import SIZE_AT, FrameReport
from objstore.maintenance.fsck.noted import KIND, NotedPack, Run
from objstore.maintenance.oid_table import OidTable
from objstore.objects.canonical import check_payload
from objstore.objects.kinds import Kind, Object, Oid
from objstore.repository.repository import Repository, Surroundings
from objstore.storage.protocol import Storage

_VISITED: Final = 1 << 4
_CLOSED: Final = 1 << 5
_COMMIT_BYTES: Final = 96 << 20
"""Memory for the payloads of commits between reading and walking: some 300,000 of them; others are read again."""


class Known(NamedTuple):
    """Kind and payload size of an object; None where an index alone was asked."""

    kind: Kind | None
    size: int | None


class CheckedRepository(Repository):
    """A repository of its own for one check, which takes commits that were just read from `Objects`."""

    def __init__(self, repo: Repository, objects: Objects) -> None:
        super().__init__(repo.storage, Surroundings(repo.now, repo.random, repo.author))
        self._objects = objects

    def payload(self, oid: Oid, kind: Kind) -> bytes:
        """As `Repository.payload`."""
        kept = self._objects.kept(oid) if kind is Kind.COMMIT else None
        return super().payload(oid, kind) if kept is None else kept


class Objects:
    """The objects of a storage, as far as a check has come. For one thread."""

    def __init__(self, storage: Storage, listed: Callable[[Oid], bool] | None = None) -> None:
        """`listed`: whether an index names an object, for a quick check; None: everything is read."""
        self._storage = storage
        self._listed = listed
        self._table = OidTable()  # of what no `NotedPack` has
        self._packs: list[NotedPack] = []
        self._room = _COMMIT_BYTES

    def add_pack(self, pack: NotedPack) -> None:
        """A pack of which frames will be noted."""
        self._packs.append(pack)

    def note_frame(self, pack: NotedPack | None, report: FrameReport) -> None:
        """A frame was read: of this pack, or of one whose index does not fit."""
        if pack is not None and pack.fits(report):
            self._room -= pack.take(report, self._room)
            return
        for at, fact in enumerate(memoryview(report.facts).cast("Q")):
            if fact:
                self._add(Oid(report.prefixes[8 * at : 8 * at + 8] + report.rests[24 * at : 24 * at + 24]), fact)

    def note(self, oid: Oid, kind: Kind, size: int) -> None:
        """An object was read and is sound."""
        self._add(oid, size << SIZE_AT | kind)

    def kept(self, oid: Oid) -> bytes | None:
        """The payload of a sound commit that is at hand."""
        place = self._place(oid)
        return None if place is None else place[0].commit(place[1])

    def run(self, oid: Oid) -> tuple[Run, int] | None:
        """The run of proved commits that one is in, and its record there."""
        place = self._place(oid)
        return None if place is None else place[0].run(place[1])

    def find(self, oid: Oid) -> Known:
        """What is known of an object; reads it where that is needed. MissingObject, CorruptObject."""
        place = self._place(oid)
        if place is not None:
            return Known(*place[0].known(place[1]))
        value = self._table.get(oid)
        if value & KIND:
            return Known(Kind(value & KIND), value >> SIZE_AT)
        if self._listed is not None and self._listed(oid):
            return Known(None, None)
        obj = self.read(oid)
        return Known(obj.kind, len(obj.payload))

    def read(self, oid: Oid) -> Object:
        """The object, sound. MissingObject, CorruptObject."""
        obj = self._storage.read(oid)
        if not self._get(oid) & KIND:  # One that came after the reading, or is read for the first time.
            try:
                check_payload(obj.kind, obj.payload)
            except CorruptObject as fault:
                raise CorruptObject(oid, fault.reason) from None
            self.note(oid, obj.kind, len(obj.payload))
        return obj

    def visit(self, oid: Oid) -> bool:
        """Whether this is the first visit to an object."""
        value = self._get(oid)
        if value & _VISITED:
            return False
        self._put(oid, value | _VISITED)
        return True

    def close(self, oid: Oid) -> None:
        """A node of a tree ends where its content says that it ends, and so does all that is last in it."""
        self._put(oid, self._get(oid) | _CLOSED)

    def is_closed(self, oid: Oid) -> bool:
        """Whether `close` was said of this node."""
        return bool(self._get(oid) & _CLOSED)

    def _add(self, oid: Oid, fact: int) -> None:
        value = self._get(oid)
        if not value & KIND:  # What lies twice is known already, and a proved commit by another number than its size.
            self._put(oid, value | fact)

    def _place(self, oid: Oid) -> tuple[NotedPack, int] | None:
        for pack in self._packs:
            at = pack.find(oid)
            if at >= 0:
                return pack, at
        return None

    def _get(self, oid: Oid) -> int:
        place = self._place(oid)
        return self._table.get(oid) if place is None else place[0].facts[place[1]]

    def _put(self, oid: Oid, value: int) -> None:
        place = self._place(oid)
        if place is None:
            self._table.put(oid, value)
        else:
            place[0].facts[place[1]] = value
