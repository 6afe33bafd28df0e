"""The header of a frame: what it says of itself, its limits, and the checksum over the whole.

    frame  = header, opaque, packed
    header = magic 4s, codec u8, flags u8, records u16, opaque size u32, packed size u32, raw size u32,
             dictionary u32, base u32, domain 16s, epoch u32, checksum 16s            (64 bytes, little-endian)

The checksum is over the header before it and all that follows. `flags` and `epoch` are zero so far. What the fields
are for is said where they are used: `frame`, `records`, `base`. Bytes: docs/format/pack.md.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from objstore.errors import CorruptObject
from objstore.objects.hashing import checksum
from objstore.objects.kinds import PLAIN, Domain
from objstore.packs.elision import LITERAL, OID_SIZE
from objstore.packs.records import SALT_SIZE

MAGIC = b"\xf5OFr"
HEADER_SIZE = 64
MAX_COUNT = 65_535
MAX_RECORD = (64 << 20) + (1 << 20)
"""Bytes of one object: the largest value, and room for what we put around it."""
MAX_RAW = (64 << 20) + MAX_RECORD
"""Bytes of a frame before compression: a frame is closed before it grows beyond 64 MiB and one object."""
MAX_BASE = 1 << 20
"""Bytes of a base before compression."""
CODEC_RAW, CODEC_ZSTD, CODEC_SEALED = 0, 1, 2
SEALED_ROOM = 1 << 12
"""Bytes that a sealed frame or base may take beyond the limit of a plain one."""

_HEADER = struct.Struct("<4sBBHIIIII16sI")
_NO_DOMAIN = bytes(16)


class Header(NamedTuple):
    """What a frame says of itself; sizes in bytes. A base has no records; `base` is how many frames back one is."""

    codec: int
    records: int
    opaque_size: int
    packed_size: int
    raw_size: int
    dictionary: int
    base: int
    domain: Domain
    epoch: int = 0

    @property
    def size(self) -> int:
        """Bytes of the whole frame."""
        return HEADER_SIZE + self.opaque_size + self.packed_size


def decode_header(data: bytes | memoryview) -> Header:
    """The header at the start of `data`, its fields within their limits. CorruptObject: there is none.

    The checksum is not looked at: it covers the stored bytes too, which need not be at hand.
    """
    if len(data) < HEADER_SIZE:
        raise CorruptObject(None, f"a frame of {len(data)} bytes is too short for its header")
    magic, codec, flags, count, opaque, packed, raw, dictionary, base, domain, epoch = _HEADER.unpack_from(data)
    if magic != MAGIC:
        raise CorruptObject(None, "no frame begins here")
    sealed = codec == CODEC_SEALED
    limit = (MAX_RAW + SALT_SIZE * count + OID_SIZE * LITERAL if sealed else MAX_RAW) if count else MAX_BASE
    if codec > CODEC_SEALED or flags or raw > limit + SEALED_ROOM * sealed or packed > raw:
        raise CorruptObject(None, f"a frame header out of bounds: codec {codec}, {count} records, {raw} bytes")
    if opaque > (SALT_SIZE * count + OID_SIZE * LITERAL if count else 0):
        raise CorruptObject(None, f"a frame of {count} records with {opaque} bytes of salts and ids")
    if codec == CODEC_RAW and (packed != raw or dictionary or base):
        raise CorruptObject(None, "an uncompressed frame with a second size, a dictionary or a base")
    if sealed and (packed != raw or dictionary or opaque or domain == _NO_DOMAIN):
        raise CorruptObject(None, "a sealed frame with a second size, a dictionary, or no key domain")
    if base and (dictionary or not count):
        raise CorruptObject(None, "a frame with a base and a dictionary, or a base with a base")
    where = PLAIN if domain == _NO_DOMAIN else Domain(domain)
    return Header(codec, count, opaque, packed, raw, dictionary, base, where, epoch)


def check_frame(data: bytes | memoryview) -> Header:
    """The header of exactly one whole frame with the right checksum. CorruptObject otherwise."""
    header = decode_header(data)
    if len(data) != header.size:
        raise CorruptObject(None, f"a frame of {header.size} bytes in {len(data)}")
    view = memoryview(data)
    if checksum(view[: _HEADER.size], view[HEADER_SIZE:]) != bytes(view[_HEADER.size : HEADER_SIZE]):
        raise CorruptObject(None, "a frame's checksum does not fit its bytes")
    return header


def header_bytes(header: Header) -> bytes:
    """The bytes of a header, without the checksum behind them."""
    sizes = (header.records, header.opaque_size, header.packed_size, header.raw_size)
    domain = header.domain or _NO_DOMAIN
    return _HEADER.pack(MAGIC, header.codec, 0, *sizes, header.dictionary, header.base, domain, header.epoch)


def seal(header: Header, opaque: bytes, packed: bytes) -> bytes:
    """The whole frame of a header and what follows it."""
    data = header_bytes(header)
    return b"".join((data, checksum(data, opaque, packed), opaque, packed))
