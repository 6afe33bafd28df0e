"""Fuzz the decoder of frames and journal records: all faults are CorruptObject, and memory is bounded.

A checksum would stop every mutation, so each input is tried as it is and once more under a right one.

python -m fuzz.fuzz_frame [ATHERIS OPTIONS] fuzz/corpus/frame     (without atheris: the corpus alone)
"""

from __future__ import annotations

from contextlib import suppress

from fuzz.harness import run, traced

with traced("objstore.packs"):
    from objstore.packs.base import decode_base
    from objstore.packs.compression import Compression
    from objstore.packs.frame import decode_frame
    from objstore.packs.frame_header import HEADER_SIZE, Header, decode_header, seal


from objstore.errors import CorruptObject
from objstore.objects.hashing import PLAIN_HASHER
from objstore.objects.kinds import PLAIN

COMPRESSION = Compression()
LIMIT = 1 << 20
BASE = b"some text that frames are compressed against" * 10


def check(data: bytes) -> None:
    """One input; AssertionError or any other exception is a find."""
    with suppress(CorruptObject):
        payload = COMPRESSION.decompress_small(data, LIMIT)
        assert len(payload) <= LIMIT, "a record beyond its limit"
    with suppress(CorruptObject):
        assert decode_base(data, PLAIN, COMPRESSION), "a base without text"
    read(data)
    with suppress(CorruptObject):
        header = decode_header(data)
        split = HEADER_SIZE + header.opaque_size
        if len(data) >= split:
            packed = data[split:]
            read(seal(header._replace(packed_size=len(packed)), data[HEADER_SIZE:split], packed))
    if len(data) > 2:
        count, opaque = 1 + data[0], data[2 : 2 + data[1]]
        raw = data[2 + len(opaque) :]
        read(seal(Header(0, count, len(opaque), len(raw), len(raw), 0, 0, PLAIN), opaque, raw))


def read(data: bytes) -> None:
    """Read every record of a frame, last first."""
    try:
        frame = decode_frame(data, PLAIN_HASHER, COMPRESSION, BASE)
    except CorruptObject:
        return
    for number in reversed(range(len(frame))):
        with suppress(CorruptObject):
            payload = frame.payload(number)
            assert len(payload) == frame.size(number), "a payload of another size than its record says"
            assert frame.oid(number) == PLAIN_HASHER.oid(frame.kind(number), payload), "a wrong id"


if __name__ == "__main__":
    run(check, "frame")
