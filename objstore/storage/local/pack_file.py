"""Making one pack: a stream of objects becomes frames, compressed beside the caller, and at the end a sealed file.

Until `seal` the file has a name of its own that no store lists and an OS lock that tells it from an orphan. `seal`
makes the pack and then its index durable; only then may a transaction list it. Bytes: docs/format/pack.md.
"""

from __future__ import annotations

import fcntl
import os
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from objstore.errors import MissingObject
from objstore.objects.hashing import Hasher
from objstore.objects.kinds import Kind, Object, Oid
from objstore.packs.base import Base, encode_base, shared_text
from objstore.packs.compression import Compression
from objstore.packs.frame import encode_frame
from objstore.packs.pack import PackWriter
from objstore.packs.pack_index import encode_index
from objstore.storage.local.faults import from_os
from objstore.storage.local.folder import replacing, sync_folder, write_all
from objstore.storage.local.frames import FrameCodec, open_frame
from objstore.storage.local.journal import PackRow

if TYPE_CHECKING:
    from concurrent.futures import Future

BULK_FRAME = 512 << 10
"""Raw bytes of a frame of a snapshot: read in sequence, compressed well."""
FINE_FRAME = 64 << 10
"""Raw bytes of a frame of events: one event is read by decompressing no more than this."""

_WAITING = 4  # Frames in the compressors at a time: bounds memory.
_MOST_RECORDS = 60_000


class PackFile:
    """A pack that is being written. For one thread; compression runs on `threads` others."""

    def __init__(
        self, folder: Path, hasher: Hasher, compression: Compression, frame_bytes: int, level: int, threads: int = 2
    ) -> None:
        from concurrent.futures import ThreadPoolExecutor

        self._folder = folder
        self._hasher = hasher
        self._compression = compression
        self._frame_bytes = frame_bytes
        self._level = level
        self._pack_id = os.urandom(16)
        self.name = self._pack_id.hex()
        self._path = folder / f"{self.name}.stage"
        try:
            self._handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise from_os(error, str(folder)) from error
        fcntl.flock(self._handle, fcntl.LOCK_EX)
        self._written = 0
        self._spans: list[tuple[int, int]] = []  # of the frames in the file: offset, length
        try:
            self._writer = PackWriter(self._write, self._pack_id)
        except BaseException:  # A full disk takes the name of a file and not its first byte.
            os.unlink(self._path)
            os.close(self._handle)
            raise
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="objstore-pack")
        self._waiting: deque[tuple[list[Object], Future[bytes]]] = deque()
        self._current: list[Object] = []
        self._current_bytes = 0
        self._cut = 0  # frames cut so far
        self._entries: dict[Oid, tuple[int, int]] = {}
        self._base: tuple[bytes, int] | None = None  # of the current group: text and frame number
        self._sealed: PackRow | None = None

    def __len__(self) -> int:
        return len(self._entries)

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
        self.cut()
        self._base = None
        text = shared_text(obj.payload for obj in objects if obj.kind is Kind.EVENT)
        if text:
            self._base = (text, self._cut)
            self._submit([], self._pool.submit(self._encode_base, text))

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
        codec = FrameCodec(self._hasher, self._compression)
        decoded = open_frame(frame, self._stored, lambda number: codec.base_text(self._stored(number)), codec)
        return Object(oid, decoded.kind(record), decoded.payload(record), self._hasher.domain)

    def seal(self) -> PackRow:
        """Make the pack and its index durable under their own names; once it is, only say so again.

        StoreFull, StorageFailure: nothing is kept.
        """
        if self._sealed is not None:
            return self._sealed
        try:
            self.cut()
            while self._waiting:
                self._drain_one()
            size = self._writer.finish()
            os.fsync(self._handle)
            # The index first gets its name: a pack that is found without one is only slower to take up.
            index = encode_index(self._pack_id, self._index_entries())
            with replacing(self._folder / f"{self.name}.index") as handle:
                write_all(handle, index)
            os.rename(self._path, self._folder / f"{self.name}.pack")
            sync_folder(self._folder)
        except OSError as error:
            self.discard()
            raise from_os(error, str(self._folder)) from error
        except BaseException:
            self.discard()
            raise
        self._pool.shutdown()
        self._sealed = PackRow(self.name, len(self._entries), size + len(index))
        return self._sealed

    def discard(self) -> None:
        """Let go of the pack. Its file goes too, unless it is sealed: then the store may list it."""
        if self._handle < 0:
            return
        for name in (f"{self.name}.stage", f"{self.name}.index") if self._sealed is None else ():
            with suppress(OSError):
                os.unlink(self._folder / name)
        self._close()

    def _stored(self, frame: int) -> bytes:
        offset, length = self._spans[frame]
        return os.pread(self._handle, length, offset)

    def _encode(self, objects: list[Object], base: Base | None) -> bytes:
        fine = self._frame_bytes <= FINE_FRAME
        return encode_frame(objects, self._compression, level=self._level, use_dictionary=fine, base=base)

    def _encode_base(self, text: bytes) -> bytes:
        return encode_base(text, self._compression, domain=self._hasher.domain, level=self._level)

    def _drain_one(self) -> None:
        _, future = self._waiting[0]
        frame = future.result()
        self._spans.append((self._written, len(frame)))
        self._writer.add(frame)
        self._waiting.popleft()

    def _write(self, data: bytes) -> None:
        try:
            write_all(self._handle, data)
        except OSError as error:
            raise from_os(error, str(self._folder)) from error
        self._written += len(data)

    def _index_entries(self) -> Iterable[tuple[Oid, int, int]]:
        return ((oid, frame, record) for oid, (frame, record) in self._entries.items())

    def _close(self) -> None:
        self._pool.shutdown(cancel_futures=True)
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1
