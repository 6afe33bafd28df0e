"""Bundles: some refs with all that they reach, as one file that is written and read front to back.

    bundle = head, header, header sum 16s, frames, end
    head   = magic 8s, version u16, header bytes u32                         (14 bytes, little-endian as all)
    header = fields: format, refs as [name, oid] by name, needs as oids in order, zero
    end    = magic 8s, frames u32, objects u64, checksum 16s                 (36 bytes)

`needs` are commits that whoever reads it must have: what they reach is left out. Frames are those of packs, without a
base and with no dictionary but the built-in one; what an object is made of comes before it. The last checksum is over
head, header, its sum, and the end before it. Nothing may follow. Bytes: docs/format/bundle.md.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from objstore.errors import CorruptObject
from objstore.objects.codec import Field, decode_fields, encode_fields
from objstore.objects.hashing import Hasher, checksum
from objstore.objects.kinds import Object, Oid
from objstore.packs.compression import Compression
from objstore.packs.frame import Frame, decode_frame, encode_frame
from objstore.packs.frame_header import HEADER_SIZE, MAGIC, decode_header

BUNDLE_MAGIC: Final = b"\x93objbndl"
BUNDLE_END: Final = b"bndlobj\x93"
VERSION: Final = 1
MAX_HEADER: Final = 64 << 20

_HEAD = struct.Struct("<8sHI")
_END = struct.Struct("<8sIQ")
_SUM = 16
_LEVEL = 9


class BundleHeader(NamedTuple):
    """What a bundle is about: refs by name with what they point to, and commits that it builds on."""

    refs: tuple[tuple[str, Oid], ...]
    needs: tuple[Oid, ...]


def encode_header(header: BundleHeader) -> bytes:
    """Head, header and its checksum. ValueError: not in order, or too long."""
    if list(header.refs) != sorted({*header.refs}) or list(header.needs) != sorted({*header.needs}):
        raise ValueError("refs and needs of a bundle are in order, each once")
    fields = encode_fields([VERSION, [[name, oid] for name, oid in header.refs], [*header.needs], 0])
    if len(fields) > MAX_HEADER:
        raise ValueError(f"a bundle's header of {len(fields)} bytes; the limit is {MAX_HEADER}")
    start = _HEAD.pack(BUNDLE_MAGIC, VERSION, len(fields)) + fields
    return start + checksum(start)


def decode_bundle_header(fields: bytes) -> BundleHeader:
    """The header out of its fields. CorruptObject: not canonical, or not one."""
    found = decode_fields(fields, MAX_HEADER)
    if (
        len(found) != 4
        or found[0] != VERSION
        or type(found[0]) is not int
        or found[3] != 0
        or type(found[3]) is not int
    ):
        raise CorruptObject(None, "a bundle's header of an unknown format")
    if type(found[1]) is not list or type(found[2]) is not list:
        raise CorruptObject(None, "a bundle's header without refs or needs")
    refs: list[tuple[str, Oid]] = []
    for ref in found[1]:
        if type(ref) is not list or len(ref) != 2 or type(ref[0]) is not str or not ref[0]:
            raise CorruptObject(None, "a bundle's header with a ref that is none")
        refs.append((ref[0], _oid(ref[1])))
    needs = [_oid(oid) for oid in found[2]]
    names = [name for name, _ in refs]
    if names != sorted({*names}) or needs != sorted({*needs}):
        raise CorruptObject(None, "a bundle's header with refs or needs out of order")
    return BundleHeader(tuple(refs), tuple(needs))


def _oid(field: Field) -> Oid:
    if type(field) is not bytes or len(field) != 32:
        raise CorruptObject(None, "a bundle's header with an id that is none")
    return Oid(field)


class BundleWriter:
    """Writes a bundle front to back through `write`, which takes all bytes given to it. For one thread."""

    def __init__(self, write: Callable[[bytes], object], header: BundleHeader) -> None:
        """Write the head. ValueError: refs or needs out of order."""
        self._write = write
        self._compression = Compression()
        self._start = encode_header(header)
        self._frames = 0
        self.objects = 0
        """How many objects were added."""
        self.size = len(self._start)
        """Bytes written so far."""
        write(self._start)

    def add(self, objects: Sequence[Object]) -> None:
        """Add a frame of objects of one domain, each after what it is made of. ValueError: as `encode_frame`."""
        frame = encode_frame(objects, self._compression, level=_LEVEL, use_dictionary=True)
        self._write(frame)
        self._frames += 1
        self.objects += len(objects)
        self.size += len(frame)

    def finish(self) -> int:
        """Write the end; bytes of the whole bundle."""
        end = _END.pack(BUNDLE_END, self._frames, self.objects)
        end += checksum(self._start, end)
        self._write(end)
        self.size += len(end)
        return self.size


class BundleReader:
    """Reads a bundle front to back through `read`, which gives that many bytes, or fewer at the end. For one thread."""

    def __init__(self, read: Callable[[int], bytes], hasher: Hasher) -> None:
        """Read the header. CorruptObject: this is no bundle, or a damaged one."""
        self._read = read
        self._hasher = hasher
        self._compression = Compression()
        head = read(_HEAD.size)
        if len(head) < _HEAD.size or not head.startswith(BUNDLE_MAGIC):
            raise CorruptObject(None, "it does not begin as a bundle")
        _, version, size = _HEAD.unpack(head)
        if version != VERSION:
            raise CorruptObject(None, f"a bundle of format version {version}; this program knows {VERSION}")
        if size > MAX_HEADER:
            raise CorruptObject(None, f"a bundle's header of {size} bytes")
        fields = self._exactly(size)
        found = self._exactly(_SUM)
        if checksum(head, fields) != found:
            raise CorruptObject(None, "a bundle's header does not fit its checksum")
        self._start = head + fields + found
        self.header = decode_bundle_header(fields)
        """The refs, and what it builds on."""

    def frames(self) -> Iterator[Frame]:
        """The frames, checked, in order. CorruptObject: one is damaged or the end is missing; what came before is whole."""
        frames = objects = 0
        while True:
            magic = self._exactly(len(BUNDLE_END))
            if magic == BUNDLE_END:
                break
            if not magic.startswith(MAGIC):
                raise CorruptObject(None, f"frame {frames} of a bundle does not begin as one")
            start = magic + self._exactly(HEADER_SIZE - len(magic))
            header = decode_header(start)
            if header.base:
                raise CorruptObject(None, "a frame of a bundle with a base")
            frame = decode_frame(start + self._exactly(header.size - HEADER_SIZE), self._hasher, self._compression)
            yield frame
            frames, objects = frames + 1, objects + len(frame)
        end = magic + self._exactly(_END.size - len(magic))
        found = self._exactly(_SUM)
        if _END.unpack(end)[1:] != (frames, objects) or checksum(self._start, end) != found:
            raise CorruptObject(None, "the end of a bundle does not fit what it holds")
        if self._read(1):
            raise CorruptObject(None, "bytes behind the end of a bundle")

    def _exactly(self, size: int) -> bytes:
        data = self._read(size)
        if len(data) != size:
            raise CorruptObject(None, "a bundle is cut short")
        return data
