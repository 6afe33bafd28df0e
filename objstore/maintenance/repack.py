"""Repack: fresh objects move from the journal into a pack, those of one conversation side by side.

The pack is durable before the journal forgets; readers look into both; what is written meanwhile stays in the journal.
An interruption leaves the store as it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain as chained
from typing import NamedTuple

from objstore.errors import MissingObject
from objstore.maintenance.reachable import chain, heads
from objstore.objects.kinds import Kind, Object, Oid
from objstore.repository.repository import Repository
from objstore.storage.collection import Overtaken
from objstore.storage.local.storage import LocalStorage
from objstore.storage.local.usage import stored_bytes

_GROUP = 256 << 10
_LONGEST_GROUP = 4 << 20


class Repacked(NamedTuple):
    """How many objects moved, and the bytes of the store's folder before and after."""

    objects: int
    before: int
    after: int


def repack(repo: Repository) -> Repacked:
    """Move what the journal holds into one new pack. A storage without a journal has nothing to move."""
    storage = repo.storage
    if not isinstance(storage, LocalStorage):
        return Repacked(0, 0, 0)
    before = stored_bytes(storage.folder)
    storage.settle()
    with storage.maintenance():
        moved = _move_all(repo, storage)
    return Repacked(moved, before, stored_bytes(storage.folder))


def _move_all(repo: Repository, storage: LocalStorage) -> int:
    while True:
        losses = storage.reliance.catch_up()
        rows: dict[Oid, list[int]] = {}
        for number, oid, _ in storage.journal.ids():
            rows.setdefault(oid, []).append(number)
        if not rows:
            return 0
        try:
            _move(repo, storage, rows)
        except Overtaken:
            continue  # Some of it may have been deleted meanwhile: it must not come back.
        except MissingObject:
            if storage.lock.losses() == losses:
                raise
        else:
            return len(rows)


def _move(repo: Repository, storage: LocalStorage, rows: dict[Oid, list[int]]) -> None:
    pack = storage.fine_pack()
    try:
        for group in _groups(repo, storage, rows):
            pack.start_group(group)
            for obj in group:
                pack.add(obj)
        storage.move_to_pack(pack, [(number, oid) for oid, numbers in rows.items() for number in numbers])
    finally:
        pack.discard()
    storage.shrink_journal()


def _groups(repo: Repository, storage: LocalStorage, rows: dict[Oid, list[int]]) -> Iterator[list[Object]]:
    """The objects of the journal, each once, in runs that are packed as one: long enough to share, short enough to hold."""
    group: list[Object] = []
    size = 0
    packed: set[Oid] = set()
    for oid in chained(_in_order(repo, rows), rows):
        if oid is None:
            if size >= _GROUP:
                yield group
                group, size = [], 0
        elif oid in rows and oid not in packed:
            packed.add(oid)
            group.append(storage.read(oid))
            size += len(group[-1].payload)
            if size >= _LONGEST_GROUP:
                yield group
                group, size = [], 0
    if group:
        yield group


def _in_order(repo: Repository, rows: dict[Oid, list[int]]) -> Iterator[Oid | None]:
    """Events and commits as the conversations have them, and None after each: what is read together lies together."""
    known: set[Oid] = set()
    for _, head in heads(repo):
        for oid in chain(repo, head, known):
            if oid in rows and repo.storage.read(oid).kind is Kind.COMMIT:
                event = repo.commit(oid).event
                if event is not None:
                    yield event
            yield oid
        yield None
