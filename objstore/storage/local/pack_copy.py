"""Copying what is wanted of sealed packs into a new one, frame by frame.

A frame that is wanted whole is copied as it is stored, with the base that it needs: as fast as the disk. Of others the
wanted objects are compressed anew, together with their neighbours'. A base that must not be kept, because it repeats
text that goes for good, is made anew from what is left of its frames. Memory: 8 bytes for each record of one pack, and
the objects of some frames.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from itertools import accumulate
from pathlib import Path

from objstore.objects.kinds import Kind, Object
from objstore.packs.base import Base, encode_base, shared_text
from objstore.packs.frame import encode_frame, group_objects, with_base
from objstore.packs.frame_header import Header, decode_header
from objstore.packs.pack_index import PREFIX_SIZE
from objstore.storage.local.journal import PackRow
from objstore.storage.local.open_pack import OpenPack
from objstore.storage.local.pack_file import BULK_FRAME, BULK_LEVEL, FINE_FRAME, FINE_LEVEL
from objstore.storage.local.pack_output import PackOutput
from objstore.storage.local.pack_set import PackSet

Wanted = Callable[[int, int], bool]
"""Whether a record is wanted, by its frame and its number in it."""


class PackCopy:
    """A new pack out of parts of others. For one thread; `discard` it in any case."""

    def __init__(self, folder: Path, packs: PackSet) -> None:
        self._packs = packs
        self._output = PackOutput(folder)
        self._entries: list[tuple[bytes, int, int]] = []
        self._bases: dict[int, int] = {}  # of the pack at hand: number of a base there -> number here
        self._pending: list[Object] = []
        self._size = 0
        self._header: Header | None = None  # of the frames that the pending objects come from
        self._base: int | None = None  # their base's number there

    def __len__(self) -> int:
        return len(self._entries)

    def take(self, pack: OpenPack, wanted: Wanted, renew: Container[int | None] = ()) -> None:
        """Copy what is wanted of a pack; bases with a number in `renew` are made anew. CorruptObject, StoreFull."""
        self._bases = {}
        firsts = list(accumulate(map(pack.pack.frame_records, range(pack.pack.frames)), initial=0))
        prefixes = bytearray(PREFIX_SIZE * firsts[-1])
        for prefix, frame, record in pack.index:
            at = PREFIX_SIZE * (firsts[frame] + record)
            prefixes[at : at + PREFIX_SIZE] = prefix
        for frame in range(pack.pack.frames):
            count = pack.pack.frame_records(frame)
            alive = [record for record in range(count) if wanted(frame, record)]
            if not alive:
                continue
            data = pack.frame_bytes(frame)
            header = decode_header(data)
            base = frame - header.base if header.base else None
            if len(alive) == count and base not in renew:
                self._flush(pack, renew)
                number = self._copy(pack, data, header, base)
                start = PREFIX_SIZE * firsts[frame]
                for record in range(count):
                    at = start + PREFIX_SIZE * record
                    self._entries.append((bytes(prefixes[at : at + PREFIX_SIZE]), number, record))
            else:
                self._gather(pack, frame, alive, base, renew)
        self._flush(pack, renew)

    def seal(self) -> PackRow:
        """Make it durable. StoreFull, StorageFailure."""
        return self._output.seal(self._entries)

    def discard(self) -> None:
        """Let go of it, and remove what is not sealed."""
        self._output.discard()

    def _copy(self, pack: OpenPack, data: bytes, header: Header, base: int | None) -> int:
        if base is not None:
            distance = self._output_frames_after(pack, base)
            if distance != header.base:
                data = with_base(data, distance, self._packs.codec.compression)
        return self._output.add(data)

    def _output_frames_after(self, pack: OpenPack, base: int) -> int:
        """How many frames before the next one the copy of a base stands; it is made where it is not yet there."""
        if base not in self._bases:
            self._bases[base] = self._output.add(pack.frame_bytes(base))
        return self._output.frames - self._bases[base]

    def _gather(
        self,
        pack: OpenPack,
        frame: int,
        alive: list[int],
        base: int | None,
        renew: Container[int | None],
    ) -> None:
        opened = self._packs.open_frame(pack, frame)
        header = opened.header
        fine = _is_fine(header)
        if self._header is not None and (base != self._base or fine != _is_fine(self._header)):
            self._flush(pack, renew)
        self._header, self._base = header, base
        for record in alive:
            obj = opened.object(record)
            self._pending.append(obj)
            self._size += len(obj.payload)
        # What gets a new base is kept together: it is one group, which was bounded when it was packed.
        if base not in renew and self._size >= (FINE_FRAME if fine else BULK_FRAME):
            self._flush(pack, renew)

    def _flush(self, pack: OpenPack, renew: Container[int | None]) -> None:
        header, objects = self._header, self._pending
        self._header, self._pending, self._size = None, [], 0
        if header is None or not objects:
            return
        fine = _is_fine(header)
        level = FINE_LEVEL if fine else BULK_LEVEL
        number, text = self._base_for(pack, objects, renew, level)
        codec = self._packs.codec
        for group in group_objects(objects, FINE_FRAME if fine else BULK_FRAME):
            base = Base(text, self._output.frames - number) if text else None
            frame = encode_frame(group, codec.compression, level=level, use_dictionary=fine and base is None, base=base)
            at = self._output.add(frame)
            self._entries.extend((obj.oid[:PREFIX_SIZE], at, record) for record, obj in enumerate(group))

    def _base_for(
        self, pack: OpenPack, objects: list[Object], renew: Container[int | None], level: int
    ) -> tuple[int, bytes]:
        """Number here and text of the base for these objects; no text: none."""
        base, codec = self._base, self._packs.codec
        if base is None:
            return 0, b""
        if base not in renew:
            self._output_frames_after(pack, base)
            return self._bases[base], codec.base_text(pack.frame_bytes(base))
        text = shared_text(obj.payload for obj in objects if obj.kind is Kind.EVENT)
        if not text:
            return 0, b""
        return self._output.add(encode_base(text, codec.compression, domain=codec.hasher.domain, level=level)), text


def _is_fine(header: Header) -> bool:
    """Whether a frame is one of those that are read object by object."""
    return bool(header.base or header.dictionary) or header.raw_size <= 2 * FINE_FRAME
