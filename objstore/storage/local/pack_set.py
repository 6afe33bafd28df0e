"""The sealed packs of a local store, open for reading: look-up by memory-mapped index, frames cached within a bound.

An index only names candidates; what was read from the frame is verified against the whole id. Packs are opened when
the journal lists them and forgotten when it no longer does; a damaged one holds up nobody (open_pack). Safe between
threads.
"""

from __future__ import annotations

import heapq
import threading
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path

from objstore.errors import CorruptObject
from objstore.objects.hashing import Hasher
from objstore.objects.kinds import Kind, Object, Oid
from objstore.packs.compression import Compression
from objstore.packs.frame import Frame
from objstore.storage.local.byte_cache import ByteCache
from objstore.storage.local.frames import FrameCodec, open_frame
from objstore.storage.local.journal import PackRow
from objstore.storage.local.open_pack import OpenPack
from objstore.storage.local.pack_run import Found, PackRun

CACHE_BYTES = 32 << 20
"""Bytes of frames in memory."""
BASES_BYTES = 16 << 20
"""Bytes of bases in memory: some hundred conversations. Making one anew takes as long as a frame."""


class PackSet:
    """All packs of a store."""

    def __init__(self, folder: Path, hasher: Hasher, compression: Compression, read_only: bool = False) -> None:
        self._folder = folder
        self._read_only = read_only
        self._hasher = hasher
        self.codec = FrameCodec(hasher, compression)
        self._packs: tuple[OpenPack, ...] = ()
        self._frames: ByteCache[tuple[str, int], Frame] = ByteCache(CACHE_BYTES)
        self._bases: ByteCache[tuple[str, int], bytes] = ByteCache(BASES_BYTES)
        self._last: tuple[OpenPack | None, int, Frame | None] = (None, -1, None)
        """The frame that was read last: neighbours are asked for in a row."""
        self._lock = threading.Lock()

    def __iter__(self) -> Iterator[OpenPack]:
        return iter(self._packs)

    @property
    def listed(self) -> tuple[OpenPack, ...]:
        """The packs that are known, newest first: the same tuple for as long as they are the same."""
        return self._packs

    def refresh(self, rows: Iterable[PackRow]) -> None:
        """Open what the journal lists, and bury what it says is dead."""
        rows = list(rows)[::-1]
        names = [row.name for row in rows]
        with self._lock:
            if names != [pack.name for pack in self._packs]:
                known = {pack.name: pack for pack in self._packs}
                self._packs = tuple(
                    known.get(name) or OpenPack(self._folder, name, self.codec, self._read_only) for name in names
                )
                self._forget(known.keys() - set(names))
            for pack, row in zip(self._packs, rows, strict=True):
                pack.bury(row.dead)

    def _forget(self, names: Collection[str]) -> None:
        """Let go of frames of packs that are gone."""
        for cache in (self._frames, self._bases):
            cache.forget(lambda key: key[0] in names)

    def mend(self) -> bool:
        """Read every index whole that was not yet, and make damaged ones again; whether there were any.

        For when something was not found that should be there: 1 ms for 70,000 objects, once.
        """
        return sum(pack.mend() for pack in self._packs) > 0

    def doubt(self, oid: Oid) -> CorruptObject | None:
        """What to say of an object that is nowhere, if some pack may have held it."""
        for pack in self._packs:
            if pack.unknown is not None:
                return CorruptObject(oid, f"it is nowhere else, and may be in what is damaged: {pack.unknown.reason}")
        return None

    def may_hold(self, oid: Oid) -> bool:
        """Whether some index names the object, or something with the same first eight bytes."""
        return any(pack.find(oid) for pack in self._packs)

    def read(self, oid: Oid) -> Object | None:
        """The object, verified, or None. CorruptObject: a candidate is damaged and no other pack has the object."""
        found = self._find(oid)
        return None if found is None else found.object

    def run(self) -> PackRun:
        """For reading many objects, neighbours in a row."""
        return PackRun(self._find, lambda: self._packs)

    def _find(self, oid: Oid) -> Found | None:
        """An object and where it lies. As `read`."""
        damage: CorruptObject | None = None
        packs = self._packs
        for pack in packs:
            for number, record in pack.find(oid):
                if pack.dead and (number, record) in pack.dead:
                    continue
                try:
                    frame = self._frame(pack, number)
                    found = frame.object(record)
                except (CorruptObject, IndexError) as error:
                    damage = CorruptObject(oid, f"frame {number} of {pack.place}: {error}")
                    continue
                if found.oid == oid:
                    return Found(found, pack, number, frame, record, packs)
                if found.oid[:8] != oid[:8]:
                    damage = CorruptObject(oid, f"record {record} of frame {number} of {pack.place} is another object")
        if damage is not None:
            raise damage
        return None

    def objects(self) -> Iterator[tuple[Oid, Kind, int]]:
        """Every object once, verified by its frame's checksum, as (oid, kind, payload size).

        Only ids that may lie twice are remembered. CorruptObject, when all others were given: a pack or a frame cannot
        be read.
        """
        self.mend()
        packs = self._packs
        repeated = _repeated(packs)
        seen: set[Oid] = set()
        damage: CorruptObject | None = None
        for pack in packs:
            if pack.fault is not None:
                damage = damage or pack.fault
                continue
            for number in range(pack.pack.frames):
                try:
                    found = self._listed(pack, number)
                except CorruptObject as error:
                    damage = damage or CorruptObject(error.oid, f"frame {number} of {pack.place}: {error.reason}")
                    continue
                for entry in found:
                    if entry[0][:8] in repeated:
                        if entry[0] in seen:
                            continue
                        seen.add(entry[0])
                    yield entry
        if damage is not None:
            raise damage

    def _listed(self, pack: OpenPack, number: int) -> list[tuple[Oid, Kind, int]]:
        if not pack.pack.frame_records(number):  # a base
            return []
        frame = self.open_frame(pack, number)
        alive = (record for record in range(len(frame)) if (number, record) not in pack.dead)
        return [(frame.oid(record), frame.kind(record), frame.size(record)) for record in alive]

    def find_ids(self, prefix: bytes, odd_nibble: bool, limit: int) -> list[Oid]:
        """Ids that begin with the prefix. CorruptObject: there are none, but for what is damaged."""
        digits = prefix.hex()[: 2 * len(prefix) - odd_nibble]
        found, damage = self._find_ids(prefix, odd_nibble, digits, limit)
        if not found and self.mend():
            found, damage = self._find_ids(prefix, odd_nibble, digits, limit)
        if damage is not None and not found:
            raise damage
        return found

    def _find_ids(
        self, prefix: bytes, odd_nibble: bool, digits: str, limit: int
    ) -> tuple[list[Oid], CorruptObject | None]:
        found: list[Oid] = []
        damage: CorruptObject | None = None
        for pack in self._packs:
            for _, number, record in pack.index.find_prefix(prefix[:8], odd_nibble and len(prefix) <= 8):
                if (number, record) in pack.dead:
                    continue
                try:
                    oid = self._frame(pack, number).oid(record)
                except (CorruptObject, IndexError) as error:
                    damage = CorruptObject(None, f"frame {number} of {pack.place}: {error}")
                    continue
                if oid.hex().startswith(digits):
                    found.append(oid)
                    if len(found) >= limit:
                        return found, damage
        return found, damage

    def _frame(self, pack: OpenPack, number: int) -> Frame:
        last_pack, last_number, frame = self._last
        if frame is not None and last_number == number and last_pack is pack:
            return frame
        key = (pack.name, number)
        frame = self._frames.get(key)
        if frame is None:
            frame = self.open_frame(pack, number)
            frame = self._frames.keep(key, frame, frame.raw_size)
        self._last = (pack, number, frame)
        return frame

    def open_frame(self, pack: OpenPack, number: int) -> Frame:
        """A frame, read anew. CorruptObject."""
        return open_frame(number, pack.frame_bytes, lambda base: self._base_text(pack, base), self.codec)

    def _base_text(self, pack: OpenPack, number: int) -> bytes:
        key = (pack.name, number)
        text = self._bases.get(key)
        if text is None:
            text = self.codec.base_text(pack.frame_bytes(number))
            # The same bytes object each time: decompressors are kept by its identity.
            text = self._bases.keep(key, text, len(text))
        return text


def _repeated(packs: Sequence[OpenPack]) -> set[bytes]:
    """The id prefixes that come more than once in these packs."""
    repeated: set[bytes] = set()
    last = b""
    for prefix, _, _ in heapq.merge(*(pack.index for pack in packs)):
        if prefix == last:
            repeated.add(prefix)
        last = prefix
    return repeated
