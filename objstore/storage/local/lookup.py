"""Looking for objects in a local store: in the packs, then the journal, and once more if packs were added meanwhile,
since `repack` moves objects from one to the other.

Every object that is given was hashed against its id: when it was read, or since its frame was decoded into the cache of
packs, to which nobody else can write.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice

from objstore.errors import CorruptObject, MissingObject, StoreClosed
from objstore.objects.hashing import Hasher
from objstore.objects.kinds import Kind, Object, Oid
from objstore.storage.local.intake_record import Row
from objstore.storage.local.journal import Journal
from objstore.storage.local.pack_set import PackSet

_WINDOW = 64  # Ids that the journal is asked for together; what it answers is bounded in bytes too.


class Lookup:
    """All reading of objects of one open store. Safe between threads."""

    def __init__(self, place: str, journal: Journal, packs: PackSet, hasher: Hasher) -> None:
        """`refresh` is to be called once before anything is read."""
        self._place = place
        self._journal = journal
        self._packs = packs
        self._hasher = hasher
        self._refreshing = threading.Lock()
        self._closed = False

    def close(self) -> None:
        """Read nothing more: what the packs' caches hold would be given all the same."""
        self._closed = True

    def check_open(self) -> None:
        """StoreClosed: it was closed."""
        if self._closed:
            raise StoreClosed(self._place, "it was closed")

    def refresh(self) -> None:
        """Take up the packs that the journal lists now."""
        with self._refreshing:  # An older list must not be taken up after a newer one: it would bring back the dead.
            while True:
                rows = self._journal.packs()
                self._packs.refresh(rows)
                # A pack may have been replaced between the reading of the list and the opening of its file.
                if all(pack.fault is None for pack in self._packs) or rows == self._journal.packs():
                    return

    def read(self, oid: Oid) -> Object:
        """The object, verified. MissingObject, CorruptObject."""
        self.check_open()
        try:
            found = self._packs.read(oid) or self._read_journal(oid)
        except CorruptObject:
            found = None
        return found or self._read_carefully(oid)

    def read_many(self, oids: Iterable[Oid]) -> Iterator[Object]:
        """The objects in the order asked for, each verified when it is given. The journal is asked for many at once."""
        wanted, run = iter(oids), self._packs.run()
        while window := list(islice(wanted, _WINDOW)):
            rows: dict[bytes, Row] | None = None
            for number, oid in enumerate(window):
                self.check_open()
                try:
                    found = run.read(oid)
                    if found is None:
                        rows = self._rows(window[number:]) if rows is None else rows
                        found = self._from_row(rows.pop(oid, None))
                except CorruptObject:
                    found = None  # It may lie elsewhere too.
                yield found or self.read(oid)

    def _rows(self, oids: Sequence[Oid]) -> dict[bytes, Row]:
        """What the journal has of these, and can give together."""
        try:
            return self._journal.read_rows(oids)
        except CorruptObject:
            return {}

    def _from_row(self, row: Row | None) -> Object | None:
        """The object of a row, if it is sound. CorruptObject."""
        obj = None if row is None else self._journal.object(row)
        return obj if obj is not None and self.is_sound(obj) else None

    def _read_carefully(self, oid: Oid) -> Object:
        """As `read`, where the first look found nothing, or damage."""
        damage: CorruptObject | None = None
        try:
            found = self._look(oid)
        except CorruptObject as error:
            found, damage = None, error
        if found is None and self._packs.mend():  # A damaged index may have hidden it.
            found = self._packs.read(oid)
        if found is None:
            raise damage or self._packs.doubt(oid) or MissingObject(oid)
        return found

    def _look(self, oid: Oid) -> Object | None:
        """The object, verified, from the packs or the journal. CorruptObject: it is damaged wherever it was found."""
        damage: CorruptObject | None = None
        listed = self._packs.listed
        try:
            found = self._packs.read(oid)
        except CorruptObject as error:
            found, damage = None, error
        if found is None:
            found = self._read_journal(oid)
        if found is None:
            self.refresh()
            # Not whether this call found other packs: another thread's may have, since we looked into the old ones.
            if self._packs.listed is not listed:
                found = self._packs.read(oid)
        if found is None and damage is not None:
            raise damage
        return found

    def _read_journal(self, oid: Oid) -> Object | None:
        try:
            obj = self._journal.read(oid)
            if obj is None or self.is_sound(obj):
                return obj
            damage = CorruptObject(oid, "its journal row does not hash to its id")
        except CorruptObject as error:
            damage = error
        # It may have been written again since: a damaged object counts as missing.
        for obj in self._journal.copies(oid):
            if self.is_sound(obj):
                return obj
        raise damage

    def is_sound(self, obj: Object) -> bool:
        """Whether an object is of this store's domain and hashes to its id."""
        return obj.domain == self._hasher.domain and self._hasher.oid(obj.kind, obj.payload) == obj.oid

    def missing(self, wanted: Sequence[Oid]) -> set[Oid]:
        """Which of these cannot be read. What an index or the journal names is read and verified, as `has` does."""
        # The journal first: what repack moves meanwhile goes from there into the packs.
        logged = self._journal.may_hold(wanted)
        self.refresh()
        may_hold = self._packs.may_hold
        return {oid for oid in wanted if not ((oid[:8] in logged or may_hold(oid)) and self.has(oid))}

    def has(self, oid: Oid) -> bool:
        """Whether the object can be read, in packs that are known: one that was moved meanwhile may be written again.

        It is read and verified: only that finds damage, which writing the object again heals
        (docs/decisions/0021-dedup-verifies.md).
        """
        if self._is_packed(oid):
            return True
        try:
            return self._read_journal(oid) is not None
        except CorruptObject:
            return False

    def _is_packed(self, oid: Oid) -> bool:
        try:
            return self._packs.read(oid) is not None
        except CorruptObject:
            return False

    def objects(self) -> Iterator[tuple[Oid, Kind, int]]:
        """Every object as (oid, kind, payload size); the ids of those in the journal are remembered meanwhile.

        CorruptObject, when all others were given: something cannot be read.
        """
        self.refresh()
        damage: CorruptObject | None = None
        try:
            yield from self._packs.objects()
        except CorruptObject as error:
            damage = error
        seen: set[Oid] = set()
        try:
            for obj in chain(self._journal.pending(), (obj for _, obj in self._journal.scan())):
                if obj.oid not in seen and not self._is_packed(obj.oid):
                    seen.add(obj.oid)
                    yield obj.oid, obj.kind, len(obj.payload)
        except CorruptObject as error:
            damage = damage or error
        if damage is not None:
            raise damage

    def find_ids(self, prefix: bytes, odd_nibble: bool, limit: int) -> list[Oid]:
        """Ids that begin with the prefix, sorted, at most `limit`."""
        self.refresh()
        digits = prefix.hex()[: 2 * len(prefix) - odd_nibble]
        low, high = bytes.fromhex(digits[:16].ljust(16, "0")), bytes.fromhex(digits[:16].ljust(16, "f"))
        fresh = [*self._journal.intake.rows, *self._journal.find_ids(low, high, 4 * limit)]
        found = {Oid(oid) for oid in fresh if oid.hex().startswith(digits)}
        found.update(self._packs.find_ids(prefix, odd_nibble, limit))
        return sorted(found)[:limit]
