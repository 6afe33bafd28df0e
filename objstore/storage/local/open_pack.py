"""A sealed pack, open for reading, and what becomes of one that is damaged.

An index that is missing, cut short, another pack's or wrong is made again from the pack. A pack that is missing or whose
ends are damaged holds up nobody: looking for an object that its index names raises CorruptObject, other objects are
read elsewhere. When neither can be used nobody knows what the pack holds (`unknown`): then an object that is found
nowhere may have been in it, and is reported as damaged instead of missing.
"""

from __future__ import annotations

import mmap
import os
import threading
from pathlib import Path

from objstore.errors import CorruptObject
from objstore.objects.kinds import Oid
from objstore.packs.pack import Pack
from objstore.packs.pack_index import PackIndex, encode_index
from objstore.packs.places import decode_places
from objstore.storage.local.frames import FrameCodec
from objstore.storage.local.index_rebuild import keep_index, rebuild_index


class OpenPack:
    """One pack and its index. Safe between threads; opening it raises nothing, whatever state the files are in."""

    def __init__(self, folder: Path, name: str, codec: FrameCodec, read_only: bool = False) -> None:
        """`read_only`: an index that has to be made again is kept in memory."""
        self.name = name
        self.place = str(folder / f"{name}.pack")
        self.dead: frozenset[tuple[int, int]] = frozenset()
        """(frame, record) of objects that were deleted and still take up room."""
        self._dead = b""
        self.unknown: CorruptObject | None = None
        """Why the index does not know all that the pack holds, or held; None: it does."""
        self._id = bytes.fromhex(name)
        self._codec = codec
        self._index_path = folder / f"{name}.index"
        self._read_only = read_only
        self._lock = threading.Lock()
        self._checked = False  # whether the index was read whole, or made here
        self._handle = -1
        self._pack = self._open_pack()
        self._index = self._open_index()

    @property
    def pack(self) -> Pack:
        """The pack. CorruptObject: it is missing, or its ends are damaged."""
        if isinstance(self._pack, CorruptObject):
            raise self._pack
        return self._pack

    @property
    def index(self) -> PackIndex:
        """The index: the one in the folder, or one that was made again."""
        return self._index

    @property
    def fault(self) -> CorruptObject | None:
        """Why the pack cannot be read, or None."""
        return self._pack if isinstance(self._pack, CorruptObject) else None

    def frame_bytes(self, number: int) -> bytes:
        """The stored bytes of a frame. CorruptObject."""
        return bytes(self.pack.frame_data(number))

    def bury(self, places: bytes) -> None:
        """Take these records (`packs.places`) for deleted, all that are. CorruptObject."""
        if places != self._dead:
            self.dead = frozenset(decode_places(places)) if places else frozenset()
            self._dead = places

    def find(self, oid: Oid) -> tuple[tuple[int, int], ...]:
        """Where an object may lie, as (frame, record); a bad fan-out makes the index anew."""
        try:
            return self._index.find(oid)
        except CorruptObject:
            self.mend()
            return self._index.find(oid)

    def mend(self) -> bool:
        """Read the index whole, once, and make it again if that is needed; whether it was needed."""
        with self._lock:
            if self._checked:
                return False
            self._checked = True
            if self._index.is_whole():
                return False
            self._index = self._rebuilt(CorruptObject(None, f"{self._index_path} does not fit its checksum"))
            return True

    def _open_pack(self) -> Pack | CorruptObject:
        try:
            self._handle = os.open(self.place, os.O_RDONLY | os.O_CLOEXEC)
            pack = Pack(FileBuffer(self._handle, self.place), self.place)
        except OSError as error:
            return CorruptObject(None, f"pack {self.place}: {error.strerror or error}")
        except CorruptObject as error:
            return error
        if pack.pack_id != self._id:
            return CorruptObject(None, f"pack {self.place}: it is pack {pack.pack_id.hex()}")
        return pack

    def _open_index(self) -> PackIndex:
        try:
            return PackIndex(map_file(self._index_path), self._id)
        except OSError as error:
            reason = CorruptObject(None, f"{self._index_path}: {error.strerror or error}")
        except CorruptObject as error:
            reason = error
        self._checked = True
        return self._rebuilt(reason)

    def _rebuilt(self, reason: CorruptObject) -> PackIndex:
        """An index made from the pack, or an empty one if the pack cannot be read either."""
        if isinstance(self._pack, CorruptObject):
            self.unknown = CorruptObject(None, f"{self._pack.reason}; and {reason.reason}")
            return PackIndex(encode_index(self._id, ()), self._id)
        data, self.unknown = rebuild_index(self._pack, self._codec)
        kept = self.unknown is None and not self._read_only and keep_index(self._index_path, data)
        return PackIndex(map_file(self._index_path) if kept else data, self._id)

    def __del__(self) -> None:
        if self._handle >= 0:
            os.close(self._handle)


class FileBuffer:
    """A file as a sliceable buffer. Unlike a map, what was read is not charged to the process afterwards."""

    def __init__(self, handle: int, place: str) -> None:
        self._handle = handle
        self._place = place
        self._size = os.fstat(handle).st_size

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, span: slice) -> bytes:
        start, stop, _ = span.indices(self._size)
        try:
            return os.pread(self._handle, max(stop - start, 0), start)
        except OSError as error:
            # What the disk cannot give back is damage of the objects there: others go on being read.
            raise CorruptObject(None, f"pack {self._place}: {error.strerror or error} at byte {start}") from error


def map_file(path: Path) -> mmap.mmap | bytes:
    """A file mapped for reading (an empty one cannot be). OSError."""
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_size == 0:
            return b""
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
