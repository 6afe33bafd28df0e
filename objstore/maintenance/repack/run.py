"""A whole repack: first what is fresh, then what has become too many packs."""

from __future__ import annotations

from typing import NamedTuple

from objstore.maintenance.repack.fresh import pack_journal
from objstore.maintenance.repack.merge import merge
from objstore.maintenance.repack.pace import FULL_SPEED, Pace
from objstore.repository.repository import Repository
from objstore.storage.collection import Overtaken
from objstore.storage.local.storage import LocalStorage
from objstore.storage.local.usage import stored_bytes


class Repacked(NamedTuple):
    """What a repack did.

    `objects`: how many went from the journal into packs; `before`, `after`: bytes of the store's folder; `merged`:
    packs that went into others; `damaged`: rows of the journal that stay there because they cannot be read.
    """

    objects: int
    before: int
    after: int
    merged: int = 0
    damaged: int = 0


def repack(repo: Repository) -> Repacked:
    """Move what the journal holds into packs, and merge packs. A storage without a journal has nothing to move."""
    storage = repo.storage
    if not isinstance(storage, LocalStorage):
        return Repacked(0, 0, 0)
    before = stored_bytes(storage.folder)
    with storage.maintenance():
        objects, merged, damaged = pack_and_merge(storage, FULL_SPEED)
    if objects:
        storage.shrink_journal()
    return Repacked(objects, before, stored_bytes(storage.folder), merged, damaged)


def pack_and_merge(storage: LocalStorage, pace: Pace) -> tuple[int, int, int]:
    """(objects moved, packs merged, damaged rows); for who has the turn of `maintenance`. Stopped."""
    objects = merged = damaged = 0
    while True:
        damaged = 0
        try:
            for moved in pack_journal(storage, pace):
                objects += moved.objects
                damaged += moved.damaged
            for count in merge(storage, pace):
                merged += count
        except Overtaken:  # Something was deleted meanwhile, and must not come back. What was finished is.
            continue
        return objects, merged, damaged
