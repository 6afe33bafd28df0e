"""Which events of a storage were redacted, as its refs `redacted/…` say.

What is redacted counts as absent, whatever else is found: its object is not read, and one that comes along again is not
taken. The ids are kept in memory as long as nobody has changed any ref.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from objstore.errors import CorruptObject, RedactedEvent
from objstore.objects.kinds import Kind, Object, Oid
from objstore.objects.tombstones import NAMESPACE, Tombstone, decode_tombstone, redacted_by_ref, tombstone_ref
from objstore.repository.records import read_record
from objstore.storage.collection import Collectable
from objstore.storage.protocol import Storage
from objstore.storage.versioned import Versioned
from refs.edits import Note, RefEdit

_OFTEN = 64


class Redactions:
    """The redactions of one storage. Safe between threads."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._versioned = storage if isinstance(storage, Versioned) else None
        self._known: frozenset[Oid] = frozenset()
        self._version: object = None  # Of the refs that tell what is known.
        self._asked = 0

    def __contains__(self, event: Oid) -> bool:
        """Whether an event was redacted, as the refs say now."""
        if self._versioned is not None and self._versioned.version == self._version:
            return event in self._known
        # One question to the refs is cheap; many are not, and all redactions may be many.
        self._asked += 1
        if self._versioned is None or self._asked % _OFTEN:
            return self._storage.refs.get(tombstone_ref(event)) is not None
        return event in self.look()

    def look(self) -> frozenset[Oid]:
        """The ids of all redacted events, as the refs say now."""
        version = None if self._versioned is None else self._versioned.version  # before the refs, which may move on
        found = (redacted_by_ref(ref.name) for ref in self._storage.refs.find(NAMESPACE))
        self._known, self._version = frozenset(event for event in found if event is not None), version
        return self._known

    def find(self, event: Oid) -> Tombstone | None:
        """What is on record of an event, or None: it was not redacted. CorruptObject, MissingObject: the record."""
        ref = self._storage.refs.get(tombstone_ref(event))
        if ref is None:
            return None
        tombstone = read_tombstone(self._storage, Oid(ref.value))
        if tombstone.event != event:
            raise CorruptObject(Oid(ref.value), f"it is the tombstone of another event than {ref.name}")
        return tombstone

    def __iter__(self) -> Iterator[Tombstone]:
        """All records, by the ids of the events."""
        for event in sorted(self.look()):
            tombstone = self.find(event)
            if tombstone is not None:
                yield tombstone

    def record(self, objects: Sequence[Object], edits: Sequence[RefEdit], note: Note) -> None:
        """Put tombstones on record. RefConflict: one was redacted already; nothing was changed."""
        if edits:
            self._storage.apply(objects, edits, note)
        self.look()

    def erase(self, events: Collection[Oid]) -> None:
        """Erase events that are on record from the storage. TypeError: it cannot; CorruptObject, StoreFull: nothing was
        done, but they count as absent all the same."""
        if not isinstance(self._storage, Collectable):
            raise TypeError(f"{type(self._storage).__name__} cannot erase objects")
        self._storage.erase(events)

    def refuse(self, event: Oid) -> None:
        """RedactedEvent: this one was redacted."""
        tombstone = self.find(event)
        if tombstone is not None:
            raise RedactedEvent(event, tombstone.author, tombstone.time, tombstone.reason)

    def without(self, objects: Iterable[Object]) -> list[Object]:
        """Objects that come from elsewhere, but for the redacted events among them, which stay away."""
        known = self.look()
        return [obj for obj in objects if obj.kind is not Kind.EVENT or obj.oid not in known]


def read_tombstone(storage: Storage, oid: Oid) -> Tombstone:
    """The tombstone in an object. CorruptObject: it is none; MissingObject."""
    return read_record(storage, oid, decode_tombstone, "tombstone")
