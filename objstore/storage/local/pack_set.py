"""The sealed packs of a local store, open for reading: look-up by memory-mapped index, frames cached within a bound.

An index only names candidates; what was read from the frame is verified against the whole id. Packs are opened when
first needed and forgotten when the journal no longer lists them. Safe between threads.
"""

from __future__ import annotations

import mmap
import os
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from pathlib import Path

from objstore.errors import CorruptObject, StorageFailure
from objstore.objects.hashing import Hasher
from objstore.objects.kinds import Kind, Object, Oid
from objstore.packs.compression import Compression
from objstore.packs.frame import Frame
from objstore.packs.pack import Pack
from objstore.packs.pack_index import PackIndex
from objstore.storage.local.frames import FrameCodec, open_frame
from objstore.storage.local.journal import PackRow

CACHE_BYTES = 32 << 20
_BASES = 64


class OpenPack:
    """One pack and its index."""

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        self.dead: frozenset[tuple[int, int]] = frozenset()
        """(frame, record) of objects that were deleted and still take up room."""
        self.place = str(folder / f"{name}.pack")
        pack_id = bytes.fromhex(name)
        self._handle = -1
        self._map = map_file(folder / f"{name}.index")
        self.index = PackIndex(self._map, pack_id)
        try:
            self._handle = os.open(self.place, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise StorageFailure(self.place, error.strerror or str(error)) from error
        self.pack = Pack(FileBuffer(self._handle), self.place)

    def frame_bytes(self, number: int) -> bytes:
        """The stored bytes of a frame. CorruptObject."""
        return bytes(self.pack.frame_data(number))

    def __del__(self) -> None:
        if self._handle >= 0:
            os.close(self._handle)


class FileBuffer:
    """A file as a sliceable buffer. Unlike a map, what was read is not charged to the process afterwards."""

    def __init__(self, handle: int) -> None:
        self._handle = handle
        self._size = os.fstat(handle).st_size

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, span: slice) -> bytes:
        start, stop, _ = span.indices(self._size)
        return os.pread(self._handle, max(stop - start, 0), start)


def map_file(path: Path) -> mmap.mmap | bytes:
    """A file mapped for reading (an empty one cannot be). StorageFailure."""
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_size == 0:
                return b""
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except OSError as error:
        raise StorageFailure(str(path), error.strerror or str(error)) from error


class PackSet:
    """All packs of a store."""

    def __init__(self, folder: Path, hasher: Hasher, compression: Compression) -> None:
        self._folder = folder
        self._hasher = hasher
        self._codec = FrameCodec(hasher, compression)
        self._packs: tuple[OpenPack, ...] = ()
        self._frames: OrderedDict[tuple[str, int], Frame] = OrderedDict()
        self._cached = 0
        self._bases: OrderedDict[tuple[str, int], bytes] = OrderedDict()
        self._lock = threading.Lock()

    def __iter__(self) -> Iterator[OpenPack]:
        return iter(self._packs)

    def refresh(self, rows: Iterable[PackRow]) -> bool:
        """Open what the journal lists, newest first; whether anything changed."""
        names = [row.name for row in rows][::-1]
        with self._lock:
            if names == [pack.name for pack in self._packs]:
                return False
            known = {pack.name: pack for pack in self._packs}
            self._packs = tuple(known.get(name) or OpenPack(self._folder, name) for name in names)
            return True

    def read(self, oid: Oid) -> Object | None:
        """The object, verified, or None. CorruptObject: a candidate is damaged and no other pack has the object."""
        damage: CorruptObject | None = None
        for pack in self._packs:
            for number, record in pack.index.find(oid):
                try:
                    frame = self._frame(pack, number)
                    kind, payload = frame.kind(record), frame.payload(record)
                except (CorruptObject, IndexError) as error:
                    damage = CorruptObject(oid, f"frame {number} of {pack.place}: {error}")
                    continue
                actual = self._hasher.oid(kind, payload)
                if actual == oid:
                    return Object(oid, kind, payload, self._hasher.domain)
                if actual[:8] != oid[:8]:
                    damage = CorruptObject(oid, f"record {record} of frame {number} of {pack.place} is another object")
        if damage is not None:
            raise damage
        return None

    def objects(self) -> Iterator[tuple[Oid, Kind, int]]:
        """Every record of every pack, verified by its frame's checksum, as (oid, kind, payload size)."""
        for pack in self._packs:
            for number in range(pack.pack.frames):
                if not pack.pack.frame_records(number):  # a base
                    continue
                frame = self.open_frame(pack, number)
                for record in range(len(frame)):
                    yield frame.oid(record), frame.kind(record), frame.size(record)

    def find_ids(self, prefix: bytes, odd_nibble: bool, limit: int) -> list[Oid]:
        """Ids that begin with the prefix."""
        found: list[Oid] = []
        digits = prefix.hex()[: 2 * len(prefix) - odd_nibble]
        for pack in self._packs:
            for _, number, record in pack.index.find_prefix(prefix[:8], odd_nibble and len(prefix) <= 8):
                oid = self._frame(pack, number).oid(record)
                if oid.hex().startswith(digits):
                    found.append(oid)
                    if len(found) >= limit:
                        return found
        return found

    def _frame(self, pack: OpenPack, number: int) -> Frame:
        key = (pack.name, number)
        frame = self._frames.get(key)
        if frame is not None:
            with self._lock:
                if key in self._frames:
                    self._frames.move_to_end(key)
            return frame
        frame = self.open_frame(pack, number)
        with self._lock:
            if key not in self._frames:
                self._frames[key] = frame
                self._cached += frame.raw_size
                while self._cached > CACHE_BYTES and len(self._frames) > 1:
                    _, dropped = self._frames.popitem(last=False)
                    self._cached -= dropped.raw_size
        return frame

    def open_frame(self, pack: OpenPack, number: int) -> Frame:
        """A frame, read anew. CorruptObject."""
        return open_frame(number, pack.frame_bytes, lambda base: self._base_text(pack, base), self._codec)

    def _base_text(self, pack: OpenPack, number: int) -> bytes:
        key = (pack.name, number)
        text = self._bases.get(key)
        if text is None:
            text = self._codec.base_text(pack.frame_bytes(number))
            with self._lock:
                # The same bytes object each time: decompressors are kept by its identity.
                text = self._bases.setdefault(key, text)
                if len(self._bases) > _BASES:
                    self._bases.popitem(last=False)
        return text
