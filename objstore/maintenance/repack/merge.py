"""Merging packs: few large ones instead of many small ones, at a cost that follows what is new.

Sizes are kept in a progression: sorted, each pack is at least twice as large as all smaller ones together; those that
are not are merged with all that are smaller. So there are at most some log3(n) packs, and an object is copied about
log1.5(n) times in its life. Frames are copied as they are, checked but not decompressed, with the bases that they were
compressed against; only groups that are small, as many small repacks leave them, or that
hold something deleted, are packed anew together, with new bases: what is deleted is then gone.
"""

from __future__ import annotations

import time
from array import array
from collections.abc import Iterator, Sequence
from typing import Final

from objstore.errors import CorruptObject
from objstore.maintenance.repack.order import groups, runs
from objstore.maintenance.repack.pace import Pace
from objstore.objects.kinds import Object
from objstore.packs.frame_header import check_frame
from objstore.packs.pack_index import encode_entry
from objstore.storage.local.journal import PackRow
from objstore.storage.local.open_pack import OpenPack
from objstore.storage.local.pack_file import PackFile
from objstore.storage.local.storage import LocalStorage

FACTOR: Final = 2
"""A pack stays as it is if it is so many times as large as all smaller ones together."""
MOST_BYTES: Final = 1 << 30
MOST_OBJECTS: Final = 1 << 20
"""A merged pack is never larger: what a merge holds in memory is some 80 bytes an object."""

_SMALL_GROUP: Final = 128 << 10  # Bytes before compression; a smaller group is packed anew.
_SMALL_FRAME: Final = 32 << 10  # The same for a frame without a base.
_PENDING: Final = 4 << 20  # Bytes of objects that are packed anew together.


def choose(rows: Sequence[PackRow]) -> list[PackRow]:
    """The packs to be merged into one: all up to the largest that is too small for those below it; or none."""
    total = objects = count = 0
    ordered = sorted(rows, key=lambda row: row.size)
    for number, row in enumerate(ordered, 1):
        if total + row.size > MOST_BYTES or objects + row.objects > MOST_OBJECTS:
            break
        if row.size < FACTOR * total:
            count = number
        total += row.size
        objects += row.objects
    chosen = {row.name for row in ordered[:count]}
    return [row for row in rows if row.name in chosen]


def merge(storage: LocalStorage, pace: Pace) -> Iterator[int]:
    """Merge the packs whose sizes are too close, until none are; how many packs went into another, each time.

    A damaged pack is left as it is. Overtaken: something was deleted meanwhile. Stopped, StoreFull, StorageFailure.
    """
    left: set[str] = set()
    while True:
        losses = storage.reliance.catch_up()
        packs = {pack.name: pack for pack in storage.packs}
        left.update(name for name, pack in packs.items() if pack.fault is not None)
        chosen = choose([row for row in storage.journal.packs() if row.name in packs and row.name not in left])
        if not chosen:
            return
        target = storage.fine_pack(pace.threads, losses)
        try:
            damaged = next((row.name for row in chosen if not _copy(storage, packs[row.name], target, pace)), None)
            if damaged is not None:
                left.add(damaged)
                continue
            began = time.perf_counter()
            storage.replace_packs([row.name for row in chosen], target, pace.step)
            yield len(chosen)
            pace.wrote(time.perf_counter() - began)
        finally:
            target.discard()


def _copy(storage: LocalStorage, source: OpenPack, target: PackFile, pace: Pace) -> bool:
    """Copy a pack; False if it is damaged. Then the target is of no use."""
    try:
        _Copy(storage, source, target, pace).run()
    except CorruptObject:
        return False
    return True


class _Copy:
    """One pack on its way into another."""

    def __init__(self, storage: LocalStorage, source: OpenPack, target: PackFile, pace: Pace) -> None:
        self._storage = storage
        self._source = source
        self._target = target
        self._pace = pace
        self._dead = frozenset(frame for frame, _ in source.dead)  # frames with records that were deleted
        self._pending: list[Object] = []
        self._size = 0
        self._places = array("q", [-1]) * source.pack.frames  # Where each frame went, -1: its objects were taken out.

    def run(self) -> None:
        """Copy everything. CorruptObject: something in it is damaged; then the target is of no use."""
        source = self._source
        source.mend()
        if source.unknown is not None or len(source.index) != source.pack.objects:
            raise source.unknown or CorruptObject(None, f"the index of {source.place} does not fit it")
        for group in self._groups():
            if self._is_small(group) or not self._dead.isdisjoint(group):
                self._take_out(group)
            else:
                self._flush()
                self._copy(group)
        self._flush()
        self._target.copy_entries(self._entries())

    def _groups(self) -> Iterator[range]:
        """Runs of frames that must stay together: a base with all up to the last that needs it; any other frame alone."""
        last = array("q", range(self._source.pack.frames))
        for number in range(len(last)):
            self._pace.step()
            distance = self._source.pack.frame_header(number).base
            if distance > number:
                raise CorruptObject(None, f"frame {number} of {self._source.place} names a base before the pack")
            last[number - distance] = number
        start = 0
        while start < len(last):
            stop = number = start
            while number <= stop:
                stop = max(stop, last[number])
                number += 1
            yield range(start, stop + 1)
            start = stop + 1

    def _is_small(self, group: range) -> bool:
        headers = map(self._source.pack.frame_header, group)
        size = sum(header.raw_size for header in headers if header.records)
        return size < (_SMALL_GROUP if len(group) > 1 else _SMALL_FRAME)

    def _copy(self, group: range) -> None:
        for number in group:
            self._pace.step()
            data = self._source.frame_bytes(number)
            check_frame(data)
            self._places[number] = self._target.copy_frame(data)

    def _take_out(self, group: range) -> None:
        for number in group:
            if not self._source.pack.frame_records(number):
                continue
            frame = self._storage.packs.open_frame(self._source, number)
            for record in range(len(frame)):
                self._pace.step()
                if (number, record) in self._source.dead:
                    continue
                obj = frame.object(record)
                if (number, record) not in self._source.find(obj.oid):
                    raise CorruptObject(obj.oid, f"the index of {self._source.place} does not lead to it")
                self._pending.append(obj)
                self._size += len(obj.payload)
        if self._size >= _PENDING:
            self._flush()

    def _flush(self) -> None:
        """Pack anew what was taken out."""
        for group in groups(runs(self._pending), self._pace.group):
            self._target.start_group(group)
            for obj in group:
                self._target.add(obj)
                self._pace.step()
        self._target.end_group()
        self._pending, self._size = [], 0

    def _entries(self) -> Iterator[bytes]:
        """The entries of the copied frames, at their new places."""
        for number, (prefix, frame, record) in enumerate(self._source.index):
            if number % 64 == 0:
                self._pace.step()
            if self._places[frame] >= 0:
                yield encode_entry(prefix, self._places[frame], record)
