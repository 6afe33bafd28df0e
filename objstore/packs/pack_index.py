"""Pack indexes: where in a pack an object may lie, by the first eight bytes of its id.

    index   = magic 8s, version u16, fan-out bits u8, zero u8, count u32, pack id 16s, checksum 16s   (48 bytes)
              fan-out u32[2**bits + 1], entries
    entry   = id prefix 8s, frame u32, record u16                   (14 bytes; these two big-endian, all else little)

Entries are sorted as bytes, without repetition. Fan-out b is the number of entries whose leading `bits` bits are below
b; `bits` is chosen so that about 16 entries share a bucket. A prefix finds candidates and decides nothing: the object
must be read and hashed. An index is derived and not trusted; every access is bounded. Bytes: docs/format/pack.md.
"""

from __future__ import annotations

import struct
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate
from mmap import mmap

from objstore.errors import CorruptObject
from objstore.objects.hashing import checksum

INDEX_MAGIC = b"\x94objindx"
VERSION = 1
PREFIX_SIZE = 8
ENTRY_SIZE = 14
MAX_BITS = 24

_HEAD = struct.Struct("<8sHBBI16s")
_HEAD_SIZE = _HEAD.size + 16
_PLACE = struct.Struct(">IH")
_ENTRY = struct.Struct(">8sIH")
_SPAN = struct.Struct("<II")


def fan_out_bits(count: int) -> int:
    """The leading bits by which an index of so many entries is cut: 8 to 16 entries a bucket."""
    return min(MAX_BITS, max(0, (count - 1).bit_length() - 4))


def encode_entry(oid: bytes, frame: int, record: int) -> bytes:
    """An entry: where an object is, whose id begins with (at least) these eight bytes. struct.error: out of bounds."""
    return oid[:PREFIX_SIZE] + _PLACE.pack(frame, record)


def decode_entries(data: bytes | bytearray) -> Iterator[tuple[bytes, int, int]]:
    """Entries that stand one behind the other, as (id prefix, frame, record)."""
    return _ENTRY.iter_unpack(data)


def encode_index(
    pack_id: bytes, entries: Iterable[tuple[bytes, int, int]], pause: Callable[[], object] = lambda: None
) -> bytes:
    """The index of a pack from (oid, frame, record) in any order; `pause` is called often.

    ValueError: an entry twice, or a number too large.
    """
    packed: list[bytes] = []
    try:
        for number, entry in enumerate(entries):
            packed.append(encode_entry(*entry))
            if not number % 256:
                pause()
    except struct.error as fault:
        raise ValueError(f"a frame or record number is out of bounds: {fault}") from fault
    bits = fan_out_bits(len(packed))
    shift = 24 - bits
    buckets: list[list[bytes]] = [[] for _ in range(1 << bits)]
    for number, entry in enumerate(packed):
        # Sorting small buckets is four times as fast as sorting the whole.
        if not number % 256:
            pause()
        buckets[(entry[0] << 16 | entry[1] << 8 | entry[2]) >> shift].append(entry)
    for number, bucket in enumerate(buckets):
        if not number % 64:
            pause()
        bucket.sort()
        if len(set(bucket)) != len(bucket):
            raise ValueError("an index entry twice")
    fan_out = struct.pack(f"<{len(buckets) + 1}I", *accumulate(map(len, buckets), initial=0))
    body = b"".join(entry for bucket in buckets for entry in bucket)
    if len(body) != ENTRY_SIZE * len(packed):
        raise ValueError(f"an id is shorter than {PREFIX_SIZE} bytes")
    head = _HEAD.pack(INDEX_MAGIC, VERSION, bits, 0, len(packed), pack_id)
    return b"".join((head, checksum(head, fan_out, body), fan_out, body))


class PackIndex:
    """An index in memory or in a memory map. Opening looks at its ends only. Safe between threads."""

    __slots__ = ("_base", "_buffer", "_count", "_fan_out", "_shift")

    def __init__(self, buffer: bytes | mmap, pack_id: bytes) -> None:
        """Check header and sizes. CorruptObject: no index, or another pack's."""
        size = len(buffer)
        if size < _HEAD_SIZE:
            raise CorruptObject(None, f"a pack index of {size} bytes is too short")
        magic, version, bits, zero, count, own_id = _HEAD.unpack_from(buffer)
        if magic != INDEX_MAGIC or version != VERSION or zero:
            raise CorruptObject(None, "it does not begin as a pack index that this program knows")
        if own_id != pack_id:
            raise CorruptObject(None, f"an index of pack {own_id.hex()}, not {pack_id.hex()}")
        if bits != fan_out_bits(count):
            raise CorruptObject(None, f"a pack index of {count} entries cut by {bits} bits")
        base = _HEAD_SIZE + 4 * ((1 << bits) + 1)
        if size != base + ENTRY_SIZE * count:
            raise CorruptObject(None, f"a pack index of {count} entries in {size} bytes")
        if int.from_bytes(buffer[base - 4 : base], "little") != count:
            raise CorruptObject(None, "a pack index whose fan-out does not end at its count")
        self._buffer = buffer
        self._count: int = count
        self._shift: int = 32 - bits
        self._fan_out = _HEAD_SIZE
        self._base = base

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[tuple[bytes, int, int]]:
        """All entries in order, as (id prefix, frame, record)."""
        return self._entries(0)

    def find(self, oid: bytes) -> tuple[tuple[int, int], ...]:
        """Where an object may lie, as (frame, record): none, mostly one, rarely more. CorruptObject: a bad bucket."""
        buffer = self._buffer
        bucket = int.from_bytes(oid[:4], "big") >> self._shift
        low, high = _SPAN.unpack_from(buffer, self._fan_out + 4 * bucket)
        if not low <= high <= self._count:
            raise CorruptObject(None, "a pack index whose fan-out is out of order")
        start = self._base + ENTRY_SIZE * low
        stop = self._base + ENTRY_SIZE * high
        prefix = oid[:PREFIX_SIZE]
        at = buffer.find(prefix, start, stop)
        if at < 0 or len(prefix) < PREFIX_SIZE:  # Damage elsewhere may leave an id cut short: none begins so.
            return ()
        found: list[tuple[int, int]] = []
        while at >= 0:
            if (at - start) % ENTRY_SIZE:  # The bytes of a prefix across two entries.
                at += 1
            else:
                found.append(_PLACE.unpack_from(buffer, at + PREFIX_SIZE))
                at += ENTRY_SIZE
            at = buffer.find(prefix, at, stop)
        return tuple(found)

    def find_prefix(self, prefix: bytes, odd_nibble: bool = False) -> Iterator[tuple[bytes, int, int]]:
        """Entries whose id prefix begins with `prefix`, in order, as (id prefix, frame, record).

        `odd_nibble`: only the high half of the last byte counts. Bytes beyond the eighth are not looked at.
        """
        last = prefix[-1] if prefix else 0
        low = prefix[:-1] + bytes([last & 0xF0]) if odd_nibble and prefix else prefix
        high = prefix[:-1] + bytes([last | 0x0F]) if odd_nibble and prefix else prefix
        low = low[:PREFIX_SIZE].ljust(PREFIX_SIZE, b"\x00")
        high = high[:PREFIX_SIZE].ljust(PREFIX_SIZE, b"\xff")
        for entry in self._entries(bisect_left(range(self._count), low, key=self._prefix)):
            if entry[0] > high:
                return
            yield entry

    def is_whole(self) -> bool:
        """Whether the checksum fits the bytes: reads them all, at 1 GB/s or so."""
        with memoryview(self._buffer) as view:
            return checksum(view[: _HEAD.size], view[_HEAD_SIZE:]) == self._buffer[_HEAD.size : _HEAD_SIZE]

    def check(self, records: Sequence[int] | None = None) -> None:
        """Check the whole index. CorruptObject: the first fault.

        `records` gives the number of records of each frame of the pack; then every place must exist, and no place may
        be missing.
        """
        buffer = self._buffer
        if not self.is_whole():
            raise CorruptObject(None, "a pack index whose checksum does not fit its bytes")
        counts = [0] * (1 << (32 - self._shift))
        previous: tuple[bytes, int, int] | None = None
        places: set[tuple[int, int]] = set()
        for entry in self:
            if previous is not None and entry <= previous:
                raise CorruptObject(None, "a pack index whose entries are out of order")
            previous = entry
            counts[int.from_bytes(entry[0][:4], "big") >> self._shift] += 1
            if records is not None:
                if entry[1] >= len(records) or entry[2] >= records[entry[1]]:
                    raise CorruptObject(None, f"a pack index names record {entry[2]} of frame {entry[1]}")
                places.add(entry[1:])
        fan_out = struct.unpack_from(f"<{len(counts) + 1}I", buffer, self._fan_out)
        if fan_out != tuple(accumulate(counts, initial=0)):
            raise CorruptObject(None, "a pack index whose fan-out does not fit its entries")
        if records is not None and not len(places) == self._count == sum(records):
            raise CorruptObject(None, f"a pack index of {self._count} entries for {sum(records)} records")

    def _prefix(self, number: int) -> bytes:
        """The id prefix of an entry."""
        start = self._base + ENTRY_SIZE * number
        return self._buffer[start : start + PREFIX_SIZE]

    def _entries(self, first: int) -> Iterator[tuple[bytes, int, int]]:
        """Entries from a number on. Copied in runs, so that a map can be closed while an iterator is left over."""
        for start in range(first, self._count, 1024):
            stop = min(start + 1024, self._count)
            yield from _ENTRY.iter_unpack(
                self._buffer[self._base + ENTRY_SIZE * start : self._base + ENTRY_SIZE * stop]
            )
