"""From the journal into packs, a slice of rows at a time: memory is bounded by the slice, whatever the journal holds.

The pack is listed first, then the journal forgets the rows, a batch at a time: in between, an object is in both places,
which nobody minds. A row that cannot be read, or is not what its id says, stays where it is; if the object lies in a
pack already, its row just goes.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Final, NamedTuple

from objstore.errors import CorruptObject
from objstore.maintenance.repack.order import groups, runs
from objstore.maintenance.repack.pace import Pace
from objstore.objects.kinds import Object, Oid
from objstore.storage.local.storage import LocalStorage

_SLICE_BYTES: Final = 48 << 20
_SLICE_ROWS: Final = 100_000

Row = tuple[int, Oid]


class Moved(NamedTuple):
    """What a slice came to: objects that went into a pack, and rows that stay because they are damaged."""

    objects: int
    damaged: int


class _Slice:
    """Some rows of the journal, in the order they came."""

    def __init__(self, losses: int) -> None:
        self.losses = losses  # how often anything was deleted before the first of them was read
        self.objects: dict[Oid, Object] = {}
        self.rows: list[Row] = []
        self.size = 0
        self.damaged = 0

    @property
    def is_full(self) -> bool:
        """Whether it is time to pack what there is."""
        return self.size >= _SLICE_BYTES or len(self.rows) >= _SLICE_ROWS


def pack_journal(storage: LocalStorage, pace: Pace) -> Iterator[Moved]:
    """Move what the journal holds now, slice by slice; what is written meanwhile is for the next time.

    Overtaken: something was deleted meanwhile. Stopped, StoreFull, StorageFailure."""
    storage.settle()
    for each in _slices(storage, pace):
        packed = 0
        if each.rows:
            packed = _pack(storage, each, pace)
            _forget(storage, each.rows, pace)
        yield Moved(packed, each.damaged)


def _slices(storage: LocalStorage, pace: Pace) -> Iterator[_Slice]:
    newest = storage.journal.newest_row()
    hasher = storage.hasher
    current = _Slice(storage.reliance.catch_up())
    try:
        for number, found in storage.journal.each(upto=newest):
            pace.step()
            if isinstance(found, CorruptObject):
                current.damaged += 1
                continue
            if found.domain != hasher.domain or hasher.oid(found.kind, found.payload) != found.oid:
                current.damaged += 1
                continue
            current.rows.append((number, found.oid))
            if found.oid not in current.objects:
                current.objects[found.oid] = found
                current.size += len(found.payload)
            if current.is_full:
                yield current
                current = _Slice(storage.reliance.catch_up())
    except CorruptObject:  # A damaged table: the rows behind this cannot be read.
        current.damaged += 1
    yield current


def _pack(storage: LocalStorage, each: _Slice, pace: Pace) -> int:
    """Write a pack of what no pack holds yet, and have it listed; how many objects that are."""
    fresh = [obj for obj in each.objects.values() if not _is_packed(storage, obj.oid)]
    each.objects.clear()
    if not fresh:
        return 0
    pack = storage.fine_pack(pace.threads, each.losses)
    try:
        for group in groups(runs(fresh), pace.group):
            pace.step()
            pack.start_group(group)
            for obj in group:
                pack.add(obj)
                pace.step()
        began = time.perf_counter()
        storage.list_pack(pack, pace.step)
        pace.wrote(time.perf_counter() - began)
    finally:
        pack.discard()
    return len(fresh)


def _is_packed(storage: LocalStorage, oid: Oid) -> bool:
    """Whether a sound copy lies in a pack: a damaged one is what the row may have been written again for."""
    try:
        return storage.packs.may_hold(oid) and storage.packs.read(oid) is not None
    except CorruptObject:
        return False


def _forget(storage: LocalStorage, rows: list[Row], pace: Pace) -> None:
    for start in range(0, len(rows), pace.batch):
        began = time.perf_counter()
        storage.forget_rows(rows[start : start + pace.batch])
        pace.wrote(time.perf_counter() - began)
