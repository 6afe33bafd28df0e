"""Packs: many frames in one file, written once.

    pack    = head, frames, footer, trailer
    head    = magic 8s, version u16, pack id 16s                             (26 bytes, little-endian as all)
    footer  = (offset u64, records u32) for each frame
    trailer = footer offset u64, objects u64, frames u32, checksum 16s, end magic 8s         (44 bytes)

The checksum is over head, footer and the trailer before it; each frame has its own. A pack is opened by its two ends,
and a frame is checked when it is read. Without its footer, `salvage` still finds the frames. Which frame holds an
object is `pack_index`'s business, and rebuilt from the frames when lost. Bytes: docs/format/pack.md.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import Protocol

from objstore.errors import CorruptObject
from objstore.objects.hashing import checksum
from objstore.packs.frame_header import HEADER_SIZE, MAGIC, Header, check_frame, decode_header

PACK_MAGIC = b"\x93objpack"
END_MAGIC = b"packobj\x93"
VERSION = 1
ID_SIZE = 16

_HEAD = struct.Struct("<8sH16s")
_ENTRY = struct.Struct("<QI")
_TRAILER = struct.Struct("<QQI")
_TRAILER_SIZE = _TRAILER.size + 16 + len(END_MAGIC)
_WINDOW = 1 << 20  # Bytes that salvage searches at a time.


class Sliceable(Protocol):
    """Bytes to cut from: bytes themselves, a memory map, or a file behind these two methods."""

    def __len__(self) -> int: ...

    def __getitem__(self, span: slice, /) -> bytes: ...


class PackWriter:
    """Writes a pack front to back through `write`, which takes all bytes given to it. For one thread."""

    def __init__(self, write: Callable[[bytes], object], pack_id: bytes) -> None:
        """Write the head. ValueError: the id has not 16 bytes."""
        if len(pack_id) != ID_SIZE:
            raise ValueError(f"a pack id of {len(pack_id)} bytes, not {ID_SIZE}")
        self._write = write
        self._head = _HEAD.pack(PACK_MAGIC, VERSION, pack_id)
        self._entries: list[bytes] = []
        self.size = len(self._head)
        """Bytes written so far."""
        self.objects = 0
        """Records in the frames so far."""
        write(self._head)

    @property
    def frames(self) -> int:
        """How many frames were added."""
        return len(self._entries)

    def add(self, frame: bytes) -> int:
        """Append a frame; its number. CorruptObject: this is no whole frame."""
        header = decode_header(frame)
        if header.size != len(frame):
            raise CorruptObject(None, f"a frame of {header.size} bytes in {len(frame)}")
        self._write(frame)
        self._entries.append(_ENTRY.pack(self.size, header.records))
        self.size += len(frame)
        self.objects += header.records
        return len(self._entries) - 1

    def finish(self) -> int:
        """Write footer and trailer; bytes of the whole pack. The writer is not used afterwards."""
        footer = b"".join(self._entries)
        trailer = _TRAILER.pack(self.size, self.objects, len(self._entries))
        end = b"".join((footer, trailer, checksum(self._head, footer, trailer), END_MAGIC))
        self._write(end)
        self.size += len(end)
        return self.size


class Pack:
    """A pack in memory, in a memory map or in a file, opened by its ends. Safe between threads if its buffer is.

    It keeps the footer, 12 bytes a frame, and cuts frames out of the buffer when asked.
    """

    __slots__ = ("_buffer", "_end", "_footer", "frames", "objects", "pack_id", "place")

    def __init__(self, buffer: Sliceable, place: str) -> None:
        """Check both ends. `place` is for messages. CorruptObject: no pack, or a damaged footer."""
        self._buffer = buffer
        self.place = place
        size = len(buffer)
        if size < _HEAD.size + _TRAILER_SIZE:
            raise self._corrupt(f"{size} bytes are too short")
        head = buffer[: _HEAD.size]
        trailer = buffer[size - _TRAILER_SIZE : size]
        magic, version, pack_id = _HEAD.unpack(head)
        if magic != PACK_MAGIC:
            raise self._corrupt("it does not begin as a pack")
        if version != VERSION:
            raise self._corrupt(f"format version {version}; this program knows {VERSION}")
        if not trailer.endswith(END_MAGIC):
            raise self._corrupt("it does not end as a pack")
        end, objects, frames = _TRAILER.unpack_from(trailer)
        if end < _HEAD.size or end + _ENTRY.size * frames != size - _TRAILER_SIZE:
            raise self._corrupt("its footer is not where the trailer says")
        footer = buffer[end : size - _TRAILER_SIZE]
        found = trailer[_TRAILER.size : -len(END_MAGIC)]
        if checksum(head, footer, trailer[: _TRAILER.size]) != found:
            raise self._corrupt("its footer does not fit the checksum")
        self._footer = footer
        self._end: int = end  # Where the frames end.
        self.pack_id: bytes = pack_id
        """16 bytes, given by who wrote the pack."""
        self.frames: int = frames
        """How many frames there are."""
        self.objects: int = objects
        """How many records they hold."""

    def __len__(self) -> int:
        return self.frames

    def frame_span(self, number: int) -> tuple[int, int]:
        """Where a frame begins and ends, in bytes. IndexError: no such frame; CorruptObject: the footer lies."""
        if not 0 <= number < self.frames:
            raise IndexError(f"frame {number} of {self.frames} in {self.place}")
        start: int = _ENTRY.unpack_from(self._footer, _ENTRY.size * number)[0]
        stop = self._end
        if number + 1 < self.frames:
            stop = _ENTRY.unpack_from(self._footer, _ENTRY.size * (number + 1))[0]
        if not _HEAD.size <= start < stop <= self._end:
            raise self._corrupt(f"the footer puts frame {number} from byte {start} to {stop}")
        return start, stop

    def frame_data(self, number: int) -> bytes:
        """The bytes of a frame, unchecked: `decode_frame` does that. Errors as `frame_span`."""
        start, stop = self.frame_span(number)
        return self._buffer[start:stop]

    def frame_header(self, number: int) -> Header:
        """What a frame says of itself, unchecked but for its bounds. CorruptObject; errors as `frame_span`."""
        start, stop = self.frame_span(number)
        header = decode_header(self._buffer[start : start + HEADER_SIZE])
        if header.size != stop - start:
            raise self._corrupt(f"frame {number} has {header.size} bytes in {stop - start}")
        return header

    def frame_records(self, number: int) -> int:
        """How many records the footer gives a frame. IndexError: no such frame."""
        if not 0 <= number < self.frames:
            raise IndexError(f"frame {number} of {self.frames} in {self.place}")
        records: int = _ENTRY.unpack_from(self._footer, _ENTRY.size * number)[1]
        return records

    def check(self) -> None:
        """Check every frame's bytes and the footer against them. CorruptObject: the first fault."""
        at, objects = _HEAD.size, 0
        for number in range(self.frames):
            start, stop = self.frame_span(number)
            if start != at:
                raise self._corrupt(f"frame {number} begins at byte {start}, not {at}")
            try:
                header = check_frame(self._buffer[start:stop])
            except CorruptObject as fault:
                raise self._corrupt(f"frame {number}: {fault.reason}") from fault
            if header.records != self.frame_records(number):
                raise self._corrupt(f"frame {number} holds {header.records} records; the footer disagrees")
            if header.base > number:
                raise self._corrupt(f"frame {number} has its base before the first frame")
            at, objects = stop, objects + header.records
        if at != self._end or objects != self.objects:
            raise self._corrupt(f"its frames hold {objects} objects and end at byte {at}")

    def _corrupt(self, reason: str) -> CorruptObject:
        return CorruptObject(None, f"pack {self.place}: {reason}")


def salvage(buffer: Sliceable) -> Iterator[tuple[int, bytes]]:
    """Every whole frame of a pack whose ends may be damaged, as (offset, bytes), without its footer.

    Behind damage it goes on at the next bytes that look like a frame and fit their checksum. An object's id is the
    last judge: bytes that merely contain a pack can look like frames too.
    """
    at = 0
    while (at := _next_magic(buffer, at)) >= 0:
        try:
            size = decode_header(buffer[at : at + HEADER_SIZE]).size
            frame = buffer[at : at + size]
            check_frame(frame)
        except CorruptObject:
            at += 1
            continue
        yield at, frame
        at += size


def _next_magic(buffer: Sliceable, start: int) -> int:
    """Where the next magic of a frame stands, or -1."""
    while start + len(MAGIC) <= len(buffer):
        found = buffer[start : start + _WINDOW].find(MAGIC)
        if found >= 0:
            return start + found
        start += _WINDOW - len(MAGIC) + 1
    return -1
