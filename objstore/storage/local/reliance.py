"""What a writer relies on: objects that it names and did not write itself, which a collector may delete meanwhile.

The lock file counts deletions (`losses`). As long as nothing was deleted since the store was opened, whatever was seen
in it is there, and one comparison of eight bytes says so. Otherwise what a write names is looked up before it waits for
the lock, and that holds if nothing was deleted until it has the lock; if something was, it is looked up once more there,
where nobody can delete. What open stages were told is here is written down in leases instead, which collectors heed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext

from objstore.errors import CollectedObject, CorruptObject, MissingObject
from objstore.objects.kinds import Object, Oid
from objstore.storage.local.folder import Folder
from objstore.storage.local.gate import locked
from objstore.storage.local.journal import Journal
from objstore.storage.local.leases import Leases
from objstore.storage.local.lock import FileLock
from objstore.storage.local.stage import LocalStage
from objstore.storage.relying import relied_on
from refs.edits import RefEdit

_MOST_SURE = 1 << 16


class Reliance:
    """How one open storage keeps up with what is deleted. Safe between threads."""

    def __init__(
        self, folder: Folder, lock: FileLock, journal: Journal, refresh: Callable[[], object], read_only: bool
    ) -> None:
        """`refresh` takes up the packs that the journal lists now."""
        self.leases = Leases(folder.leases)
        self._gate = folder.gate
        self._lock = lock
        self._journal = journal
        self._refresh = refresh
        self._read_only = read_only
        self._first = lock.losses()
        if self._first and not read_only:  # A deletion that is counted may not be committed yet.
            with locked(self._gate, alone=False):
                self._first = lock.losses()
        # How often anything was deleted, and what was found since: one value, because what was found is only worth
        # something together with that count.
        self._seen: tuple[int, set[Oid]] = (self._first, set())

    def catch_up(self, *, shut: bool = False) -> int:
        """Take notice of what was deleted since this was called last; how often anything was.

        `shut`: the caller holds the gate, or the lock. Otherwise a deletion under way is waited for, or its end would
        be missed.
        """
        self._journal.check_sound()
        losses = self._lock.losses()
        if losses != self._seen[0]:
            with nullcontext() if shut or self._read_only else locked(self._gate, alone=False):
                losses = self._lock.losses()
                self._refresh()
                self._seen = (losses, set())
        return losses

    def ask(self, wanted: Sequence[Oid], missing: Callable[[Sequence[Oid]], set[Oid]]) -> set[Oid]:
        """What `missing` says of these; the rest is kept for as long as a stage is open, which may rely on the answer."""
        if not self.leases.wanted:
            self.catch_up()
            return missing(wanted)
        with locked(self._gate, alone=False):
            self.catch_up(shut=True)
            gone = missing(wanted)
            self.leases.keep(oid for oid in wanted if oid not in gone)
        return gone

    def check(
        self,
        losses: int,
        objects: Iterable[Object],
        edits: Iterable[RefEdit],
        stage: LocalStage | None,
        read: Callable[[Oid], object],
    ) -> None:
        """CollectedObject: a write names what was deleted since the store was opened. `losses`: what `catch_up` gave;
        the answer holds for as long as the lock's count is that."""
        if losses == self._first:
            return
        count, sure = self._seen
        if count != losses:  # Another thread has seen more, so this write will be checked again.
            sure = set[Oid]()
        brought = {obj.oid for obj in objects}
        for oid in relied_on(objects, edits, brought):
            if stage is None or oid not in stage:
                _check_there(oid, sure, read)
        if stage is not None:
            for oid in stage.named():
                if oid not in brought:
                    _check_there(oid, sure, read)

    def wrote(self, losses: int, objects: Iterable[Object]) -> None:
        """These are durable, and were written while `losses` was the count."""
        count, sure = self._seen
        if losses != self._first and count == losses and len(sure) < _MOST_SURE:
            sure.update(obj.oid for obj in objects)


def _check_there(oid: Oid, sure: set[Oid], read: Callable[[Oid], object]) -> None:
    if oid in sure:
        return
    try:
        read(oid)
    except CorruptObject:
        pass  # There, and the business of fsck.
    except MissingObject:
        raise CollectedObject(oid) from None
    if len(sure) >= _MOST_SURE:
        sure.clear()
    sure.add(oid)
