"""Making one pack: a stream of objects becomes frames, compressed beside the caller, and at the end a sealed file.

What becomes of the file is `pack_output`'s business.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from objstore.errors import MissingObject
from objstore.objects.hashing import Hasher
from objstore.objects.kinds import Kind, Object, Oid
from objstore.objects.references import kept_by
from objstore.packs.base import Base, encode_base, shared_text
from objstore.packs.compression import Compression
from objstore.packs.frame import Frame, encode_frame
from objstore.packs.frame_header import decode_header
from objstore.packs.pack_index import ENTRY_SIZE, decode_entries
from objstore.storage.local.frames import FrameCodec, open_frame
from objstore.storage.local.journal import PackRow
from objstore.storage.local.pack_output import PackOutput

if TYPE_CHECKING:
    from concurrent.futures import Future

BULK_FRAME = 512 << 10
"""Raw bytes of a frame of a snapshot: read in sequence, compressed well."""
FINE_FRAME = 64 << 10
"""Raw bytes of a frame of events: one event is read by decompressing no more than this."""
BULK_LEVEL = 3
FINE_LEVEL = 6
"""Levels of compression of such frames."""

_WAITING = 4  # Frames in the compressors at a time: bounds memory.
_MOST_RECORDS = 60_000


class PackFile:
    """A pack that is being written. For one thread; compression runs on `threads` others."""

    def __init__(
        self,
        folder: Path,
        hasher: Hasher,
        compression: Compression,
        frame_bytes: int,
        level: int,
        threads: int = 2,
        losses: int = 0,
    ) -> None:
        """`losses`: how often anything was deleted from the store when the pack was begun, before what it takes was
        read."""
        from concurrent.futures import ThreadPoolExecutor

        self._hasher = hasher
        self._compression = compression
        self._frame_bytes = frame_bytes
        self._level = level
        self._output = PackOutput(folder)
        self.losses = losses
        self.name = self._output.name
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="objstore-pack")
        self._waiting: deque[tuple[list[Object], Future[bytes]]] = deque()
        self._current: list[Object] = []
        self._current_bytes = 0
        self._cut = 0  # frames cut so far
        self._entries: dict[Oid, tuple[int, int]] = {}
        self._copied = bytearray()  # index entries of frames that were copied from other packs
        self._base: tuple[bytes, int] | None = None  # of the current group: text and frame number
        self._sealed: PackRow | None = None

    def __len__(self) -> int:
        return len(self._entries) + len(self._copied) // ENTRY_SIZE

    def __contains__(self, oid: Oid) -> bool:
        return oid in self._entries

    def add(self, obj: Object) -> None:
        """Take an object, once."""
        if obj.oid in self._entries:
            return
        if self._current and obj.domain != self._current[0].domain:
            self.cut()
        self._entries[obj.oid] = (self._cut, len(self._current))
        self._current.append(obj)
        self._current_bytes += len(obj.payload)
        if self._current_bytes >= self._frame_bytes or len(self._current) >= _MOST_RECORDS:
            self.cut()

    def cut(self) -> None:
        """End the current frame: what comes next lies in another."""
        if not self._current:
            return
        objects = self._current
        base = None if self._base is None else Base(self._base[0], self._cut - self._base[1])
        self._current = []
        self._current_bytes = 0
        self._submit(objects, self._pool.submit(self._encode, objects, base))

    def start_group(self, objects: Iterable[Object]) -> None:
        """Say which objects come next: text that several of their events share is stored once in front of them."""
        self.end_group()
        text = shared_text(obj.payload for obj in objects if obj.kind is Kind.EVENT)
        if text:
            self._base = (text, self._cut)
            self._submit([], self._pool.submit(self._encode_base, text))

    def end_group(self) -> None:
        """What comes next has nothing to do with what came before."""
        self.cut()
        self._base = None

    def copy_frame(self, data: bytes) -> int:
        """Take a whole frame of another pack, checked, as it is; its number here. `copy_entries` says what it holds.

        A frame with a base must be as far behind it as it was; call `end_group` before the first.
        """
        from concurrent.futures import Future

        frame: Future[bytes] = Future()
        frame.set_result(data)
        self._submit([], frame)
        return self._cut - 1

    def copy_entries(self, entries: Iterable[bytes]) -> None:
        """The index entries (`encode_entry`) of the records of copied frames."""
        self._copied += b"".join(entries)

    def _submit(self, objects: list[Object], frame: Future[bytes]) -> None:
        self._waiting.append((objects, frame))
        self._cut += 1
        while len(self._waiting) > _WAITING:
            self._drain_one()

    def read(self, oid: Oid) -> Object:
        """An object that this pack holds; MissingObject."""
        place = self._entries.get(oid)
        if place is None:
            raise MissingObject(oid)
        frame, record = place
        if frame == self._cut:
            return self._current[record]
        first_waiting = self._cut - len(self._waiting)
        if frame >= first_waiting:
            return self._waiting[frame - first_waiting][0][record]
        decoded = self._open(frame)
        return Object(oid, decoded.kind(record), decoded.payload(record), self._hasher.domain)

    def named(self) -> Iterator[Oid]:
        """Every id that its objects name and that lies in another frame. For a sealed pack. CorruptObject."""
        for number in range(self._cut):
            if decode_header(self._stored(number)).records:
                frame = self._open(number)
                for record in range(len(frame)):
                    yield from (name for name in frame.names(record, kept_by) if not isinstance(name, int))

    def seal(self, pause: Callable[[], object] = lambda: None) -> PackRow:
        """Make the pack and its index durable under their own names; once it is, only say so again. `pause` is called
        often meanwhile.

        StoreFull, StorageFailure: nothing is kept.
        """
        try:
            self.cut()
            while self._waiting:
                self._drain_one()
            return self._output.seal(self._index_entries(), pause)
        except BaseException:
            self.discard()
            raise
        finally:
            self._pool.shutdown(cancel_futures=True)

    def discard(self) -> None:
        """Let go of the pack: its file goes too, unless it is sealed: then the store may list it."""
        self._pool.shutdown(cancel_futures=True)
        self._output.discard()

    def _open(self, frame: int) -> Frame:
        codec = FrameCodec(self._hasher, self._compression)
        return open_frame(frame, self._stored, lambda number: codec.base_text(self._stored(number)), codec)

    def _stored(self, frame: int) -> bytes:
        return self._output.frame(frame)

    def _encode(self, objects: list[Object], base: Base | None) -> bytes:
        fine = self._frame_bytes <= FINE_FRAME
        return encode_frame(objects, self._compression, level=self._level, use_dictionary=fine, base=base)

    def _encode_base(self, text: bytes) -> bytes:
        return encode_base(text, self._compression, domain=self._hasher.domain, level=self._level)

    def _drain_one(self) -> None:
        _, future = self._waiting[0]
        self._output.add(future.result())
        self._waiting.popleft()

    def _index_entries(self) -> Iterator[tuple[bytes, int, int]]:
        yield from ((oid, frame, record) for oid, (frame, record) in self._entries.items())
        yield from decode_entries(self._copied)
