"""Frames: some neighbouring objects of one key domain, compressed together and checked as one.

A frame is its header (`frame_header`), what of its records does not compress, and the rest of them (`records`), as it
is (codec 0) or as one zstd frame (codec 1): with a dictionary, against a base, or alone. An oid is never stored with
its object: the reader hashes what it read. Bytes: docs/format/pack.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from objstore.errors import CorruptObject
from objstore.objects.hashing import Hasher
from objstore.objects.kinds import Domain, Kind, Object, Oid
from objstore.objects.references import LEAVES, references
from objstore.packs.base import Base, unpack
from objstore.packs.compression import LEVEL, Compression
from objstore.packs.elision import LITERAL, MAX_CHAIN
from objstore.packs.frame_header import (
    CODEC_RAW,
    CODEC_SEALED,
    CODEC_ZSTD,
    HEADER_SIZE,
    MAX_COUNT,
    MAX_RAW,
    MAX_RECORD,
    Header,
    check_frame,
    decode_header,
    seal,
)
from objstore.packs.records import Records, encode_records

_STAND_IN = b"a record of the same frame"  # and six bytes of number: an id that no object has

FRAME_TARGET = 64 << 10
"""Bytes of payload at which a frame is closed, unless the caller asks for another size."""


def encode_frame(
    objects: Sequence[Object],
    compression: Compression,
    *,
    level: int = LEVEL,
    use_dictionary: bool = False,
    base: Base | None = None,
) -> bytes:
    """One frame of these objects, which are of one domain and carry their right ids.

    With a base, the frame can be read only beside it, and a dictionary is not used. ValueError: none or more than
    65,535 objects, several domains, or too many bytes.
    """
    domain = _only_domain(objects)
    opaque, raw = encode_records(objects)
    if len(raw) > MAX_RAW:
        raise ValueError(f"a frame of {len(raw)} bytes; the limit is {MAX_RAW}")
    codec, dictionary, distance = CODEC_ZSTD, 0, 0
    if base is not None:
        distance = base.distance
        packed = compression.compress_against(base.text, raw, level)
    else:
        dictionary = compression.current if use_dictionary else 0
        packed = compression.compress(raw, level, dictionary)
    if len(packed) >= len(raw):
        codec, packed, dictionary, distance = CODEC_RAW, raw, 0, 0
    header = Header(codec, len(objects), len(opaque), len(packed), len(raw), dictionary, distance, domain)
    return compression.stored(seal(header, opaque, packed))


def _only_domain(objects: Sequence[Object]) -> Domain:
    """The domain of all these objects. ValueError: they cannot make one frame."""
    if not 1 <= len(objects) <= MAX_COUNT:
        raise ValueError(f"a frame of {len(objects)} objects; it holds 1 to {MAX_COUNT}")
    domain = objects[0].domain
    for obj in objects:
        if obj.domain != domain:
            raise ValueError("objects of several key domains in one frame")
        if len(obj.payload) > MAX_RECORD:
            raise ValueError(f"an object of {len(obj.payload)} bytes; the limit is {MAX_RECORD}")
    return domain


class Frame:
    """The objects of a frame, by number from 0. Opened whole, restored one by one. Safe between threads.

    Methods raise IndexError when there is no such record.
    """

    __slots__ = ("_chains", "_hasher", "_oids", "_records", "header")

    def __init__(self, header: Header, records: Records, hasher: Hasher) -> None:
        """`decode_frame` makes it."""
        self.header = header
        self._records = records
        self._hasher = hasher
        self._oids: dict[int, Oid] = {}
        self._chains: dict[int, int] = {}  # Of records that were restored: how many hashes in a row that took.

    @property
    def raw_size(self) -> int:
        """Bytes of memory that the frame holds, about."""
        return self.header.raw_size + self.header.opaque_size

    def __len__(self) -> int:
        return len(self._records)

    def kind(self, number: int) -> Kind:
        """The kind of a record."""
        return self._records.kind(number)

    def following(self, number: int) -> int:
        """The next record of the same kind, or -1."""
        return self._records.following(number)

    def size(self, number: int) -> int:
        """Bytes of a record's payload."""
        return self._records.size(number)

    def payload(self, number: int) -> bytes:
        """The payload of a record, with the ids that were left out of it. CorruptObject: they lead nowhere."""
        body = self._records.body(number)
        return self._restore(number, body, MAX_CHAIN) if self._records.elided(number) else body

    def oid(self, number: int) -> Oid:
        """The id of a record, by hashing it (once). CorruptObject as `payload`."""
        oid = self._oids.get(number)
        return self._hash(number, MAX_CHAIN) if oid is None else oid

    def object(self, number: int) -> Object:
        """A record as an object. CorruptObject as `payload`."""
        kind, payload = self.kind(number), self.payload(number)
        oid = self._oids.get(number)
        if oid is None:  # `oid` would restore the payload once more.
            oid = self._oids[number] = self._hasher.oid(kind, payload)
        return Object(oid, kind, payload, self.header.domain)

    def objects(self) -> Iterator[tuple[Oid, Kind, bytes]]:
        """Id, kind and payload of every record in order, as `object` gives them. CorruptObject as `payload`."""
        records, oids, hash_of = self._records, self._oids, self._hasher.oid
        for number, (kind, body) in enumerate(records.bodies()):
            payload = self._restore(number, body, MAX_CHAIN) if records.elided(number) else body
            oid = oids.get(number)
            if oid is None:
                oid = oids[number] = hash_of(kind, payload)
            yield oid, kind, payload

    def names(self, number: int, of: Callable[[Kind, bytes], list[Oid]] = references) -> list[int | Oid]:
        """What a record names: numbers of records of this frame, all of them lower, and ids of objects elsewhere.

        `of` says which names count (`references.kept_by`: what it keeps). Unlike `payload`, it hashes nothing.
        CorruptObject: the record is not what its kind says.
        """
        kind = self._records.kind(number)
        if kind in LEAVES:
            return []
        body = self._records.body(number)
        if not self._records.elided(number):
            return [*of(kind, body)]
        pieces: list[bytes] = []
        at = 0
        for gap, link in self._records.links(number):
            if link >= LITERAL:
                oid = self._records.literal(link - LITERAL)
            else:
                target = number - link
                if not 0 <= target < number:
                    raise CorruptObject(None, f"record {number} left out an id that leads nowhere")
                oid = _STAND_IN + target.to_bytes(6, "big")
            pieces += (body[at : at + gap], oid)
            at += gap
        pieces.append(body[at:])
        named = of(kind, b"".join(pieces))
        return [_record_of(oid, number) for oid in named]

    def _hash(self, number: int, chain: int) -> Oid:
        """The id of a record whose payload takes at most `chain` hashes in a row."""
        body = self._records.body(number)
        if self._records.elided(number):
            body = self._restore(number, body, chain)
        oid = self._oids[number] = self._hasher.oid(self._records.kind(number), body)
        return oid

    def _restore(self, number: int, body: bytes, chain: int) -> bytes:
        """Put the ids back into a body. Whether a chain is too long does not depend on what was read before."""
        pieces: list[bytes] = []
        at = 0
        longest = -1
        for gap, link in self._records.links(number):
            if link >= LITERAL:
                oid = self._records.literal(link - LITERAL)
            else:
                target = number - link
                if not 0 <= target < number:
                    raise CorruptObject(None, f"record {number} left out an id that leads nowhere")
                if chain == 0:
                    raise CorruptObject(None, f"ids left out in a chain of more than {MAX_CHAIN}")
                oid = self._oids.get(target) or self._hash(target, chain - 1)
                longest = max(longest, self._chains.get(target, 0))
            pieces += (body[at : at + gap], oid)
            at += gap
        if longest >= chain:
            raise CorruptObject(None, f"ids left out in a chain of more than {MAX_CHAIN}")
        if at > len(body):
            raise CorruptObject(None, f"record {number} left out an id behind its end")
        self._chains[number] = longest + 1
        pieces.append(body[at:])
        return b"".join(pieces)


def _record_of(oid: Oid, number: int) -> int | Oid:
    """The record that an id stands in for; else the id."""
    target = int.from_bytes(oid[len(_STAND_IN) :], "big")
    return target if oid.startswith(_STAND_IN) and target < number else oid


def decode_frame(data: bytes | memoryview, hasher: Hasher, compression: Compression, base: bytes = b"") -> Frame:
    """Open a whole frame; it keeps no reference to `data`. `base` is the text of its base, if `header.base` names one.

    CorruptObject: damaged, of another key domain than the hasher's, of an unknown dictionary, or without its base.
    With a wrong base the bytes may come out wrong; whoever compares ids notices, and must.
    """
    data = compression.opened(data)
    header = check_frame(data)
    if header.domain != hasher.domain:
        raise CorruptObject(None, "a frame of another key domain")
    if header.codec == CODEC_SEALED:
        raise CorruptObject(None, "a sealed frame, where nothing opens it")
    if not header.records:
        raise CorruptObject(None, "a base where a frame of objects should be")
    packed = HEADER_SIZE + header.opaque_size
    raw = unpack(header, data[packed:], compression, base)
    return Frame(header, Records(header.records, bytes(data[HEADER_SIZE:packed]), raw), hasher)


def with_base(data: bytes, distance: int, compression: Compression) -> bytes:
    """A stored frame that stands so many frames behind its base. CorruptObject."""
    plain = compression.opened(data)
    header = decode_header(plain)
    opaque = HEADER_SIZE + header.opaque_size
    moved = seal(header._replace(base=distance), bytes(plain[HEADER_SIZE:opaque]), bytes(plain[opaque:]))
    return compression.stored(moved)


def group_objects(objects: Iterable[Object], target: int = FRAME_TARGET) -> Iterator[list[Object]]:
    """Cut a run of objects into what each frame shall hold: one domain, at most about `target` bytes of payload.

    An object that is larger than the target gets a frame of its own; the order is kept.
    """
    group: list[Object] = []
    size = 0
    for obj in objects:
        length = len(obj.payload)
        full = size + length > target or len(group) == MAX_COUNT
        if group and (full or obj.domain != group[0].domain):
            yield group
            group, size = [], 0
        group.append(obj)
        size += length
    if group:
        yield group
