"""Garbage collection: exactly what no ref, log, tag or open stage reaches goes, beside any number of writers.

Marking takes no lock. The storage then does the rest in one step: it marks what moved meanwhile and deletes what is not
marked (storage/collection.py). No clock decides anything: an object that a writer brought or relied on meanwhile is
reached from what moved, or from the writer's stage, or the writer finds out inside its own transaction.
An object that is reached and cannot be read, or is not there, keeps everything: nothing is deleted then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import NamedTuple

from objstore.errors import StoreLocked
from objstore.maintenance.reachable import newest_transaction, roots, roots_if_expired
from objstore.objects.kinds import Oid
from objstore.repository.repository import Repository
from objstore.storage.collection import Collectable, Overtaken
from objstore.storage.local.storage import LocalStorage
from objstore.storage.local.usage import stored_bytes
from objstore.storage.marking import Marks

_ATTEMPTS = 8

Told = Callable[[Callable[[Oid], bool]], object]
"""Hears, once something was deleted, which objects are kept: those for which what it is given says so."""


class Collected(NamedTuple):
    """What a collection did, or would do: objects that are `kept` and `deleted` (one that lies twice counts twice),
    `packs` that were written anew or removed, log entries that were `expired`, and the bytes of the store's folder
    `before` and `after`."""

    kept: int
    deleted: int
    packs: int
    expired: int
    before: int
    after: int


def gc(
    repo: Repository,
    *,
    expire_reflog: timedelta | None = None,
    dry_run: bool = False,
    thorough: bool = False,
    told: Told = lambda _: None,
) -> Collected:
    """Delete what nothing reaches. `dry_run` only counts; `thorough` gives back all room at once, at the cost of
    writing anew every pack that holds anything dead.

    `expire_reflog`: forget first what refs were longer ago than that, so that it keeps nothing any more; the refs
    themselves and tags stay. `told`: for whoever keeps something of his own about objects, as an index does.
    MissingObject, CorruptObject: something that is reached is gone or damaged; nothing was deleted, repair it first.
    StoreFull, StorageFailure, ReadOnlyStore; StoreLocked: other collections always came first.
    """
    storage = repo.storage
    if not isinstance(storage, Collectable):
        raise TypeError(f"{type(storage).__name__} cannot be collected")
    if expire_reflog is not None and expire_reflog < timedelta(0):
        raise ValueError("an age is not negative")
    before = None if expire_reflog is None else repo.now() - expire_reflog // timedelta(microseconds=1)
    if dry_run:
        return _count(repo, storage, before)
    expired = 0 if before is None else storage.expire_log(before)
    if not isinstance(storage, LocalStorage):
        return _collect(repo, storage, thorough, told)._replace(expired=expired)
    size = stored_bytes(storage.folder)
    with storage.maintenance():
        for _ in range(_ATTEMPTS):
            try:
                done = _collect(repo, storage, thorough, told)
            except Overtaken:
                continue
            storage.shrink_journal()
            return done._replace(expired=expired, before=size, after=stored_bytes(storage.folder))
    raise StoreLocked(storage.place, "other collections always came first")


def _collect(repo: Repository, storage: Collectable, thorough: bool, told: Told) -> Collected:
    newest = newest_transaction(repo)  # before the sources, so that what it names is in them
    sweep = storage.sweep()
    marks = Marks(sweep.sources, repo.redactions.look(), repo.boundaries.grafts())
    marks.run(roots(repo, upto=newest))
    swept = sweep.finish(marks, lambda: roots(repo, after=newest), thorough=thorough)
    if swept.objects:
        told(lambda oid: oid in marks)
    return Collected(marks.counts()[0], swept.objects, swept.packs, 0, 0, 0)


def _count(repo: Repository, storage: Collectable, before: int | None) -> Collected:
    size = stored_bytes(storage.folder) if isinstance(storage, LocalStorage) else 0
    expired = 0
    kept: Iterable[Oid] = roots(repo, upto=newest_transaction(repo))
    if before is not None:
        kept, expired = roots_if_expired(repo, before)
    marks = Marks(storage.sweep().sources, repo.redactions.look(), repo.boundaries.grafts())
    marks.run(kept)
    return Collected(*marks.counts(), 0, expired, size, size)
