"""Places: records of one pack, as a sorted list of where they lie. The journal keeps those of deleted objects so.

    places = version u8, (frame u32, record u16) each            (big-endian, so that they sort as bytes)

Strictly rising; at least one. Bytes: docs/format/store.md.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from itertools import pairwise

from objstore.errors import CorruptObject

_VERSION = 1
_PLACE = struct.Struct(">IH")


def encode_places(places: Iterable[tuple[int, int]]) -> bytes:
    """The bytes of (frame, record), in any order. ValueError: none, or numbers out of bounds."""
    try:
        packed = sorted({_PLACE.pack(*place) for place in places})
    except struct.error as fault:
        raise ValueError(f"a frame or record number is out of bounds: {fault}") from fault
    if not packed:
        raise ValueError("a list of no places")
    return bytes([_VERSION]) + b"".join(packed)


def decode_places(data: bytes) -> list[tuple[int, int]]:
    """(frame, record) of each place, in order. CorruptObject: not what `encode_places` makes."""
    if data[:1] != bytes([_VERSION]) or len(data) < 1 + _PLACE.size or (len(data) - 1) % _PLACE.size:
        raise CorruptObject(None, "no list of places in a pack")
    packed = [data[at : at + _PLACE.size] for at in range(1, len(data), _PLACE.size)]
    if any(one >= other for one, other in pairwise(packed)):
        raise CorruptObject(None, "a list of places that is out of order")
    places: list[tuple[int, int]] = list(_PLACE.iter_unpack(data[1:]))
    return places
