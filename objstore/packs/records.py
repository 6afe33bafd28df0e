"""The records of a frame as bytes: a table, the bodies, and beside them what does not compress.

    raw    = kinds u8[n], elided u8[n], lengths u32[n], gaps u32[m], links u16[m], bodies
    opaque = salts 16s[s], literal ids 32s[k]

Numbers wider than a byte stand in planes: all lowest bytes, then all second bytes, and so on. A kind of 0x85 is an
event whose first 16 bytes, its salt, stand in `opaque`. `elided` is how many ids `elision` left out of each record, m
their sum, `gaps` the bytes of body before each, `links` what they are. `lengths` are those of the bodies, so without
salts and ids. Bodies stand in the order of their records, except commits: these come last, all of one length together
in planes, as their fields hardly differ from one to the next. A body of a commit is so a slice with a stride.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from itertools import accumulate

from objstore.errors import CorruptObject
from objstore.objects.kinds import Kind, Object
from objstore.packs.elision import OID_SIZE, Elider

SALT_SIZE = 16
SALTED = 0x80 | Kind.EVENT
ROW_SIZE = 6
"""Bytes of table for a record, and as many for an id that was left out."""

_KIND_OF = {int(kind): kind for kind in Kind} | {SALTED: Kind.EVENT}
_KINDS = bytes(_KIND_OF)
_SALTED = bytes([SALTED])
_COMMIT = int(Kind.COMMIT)


def encode_records(objects: Sequence[Object]) -> tuple[bytes, bytes]:
    """(opaque, raw) of these objects, which carry their right ids."""
    elider = Elider()
    kinds = bytearray(len(objects))
    elided = bytearray(len(objects))
    salts: list[bytes] = []
    lengths: list[int] = []
    gaps: list[int] = []
    links: list[int] = []
    bodies: list[bytes] = []
    commits: dict[int, list[bytes]] = {}
    for number, (oid, kind, payload, _) in enumerate(objects):
        cut = elider.add(oid, kind, payload)
        body = payload
        kinds[number] = kind
        if cut is not None:
            body = cut.body
            gaps += cut.gaps
            links += cut.links
            elided[number] = len(cut.gaps)
        elif kind is Kind.EVENT and len(payload) >= SALT_SIZE:
            kinds[number] = SALTED
            salts.append(payload[:SALT_SIZE])
            body = payload[SALT_SIZE:]
        lengths.append(len(body))
        if kind is Kind.COMMIT:
            commits.setdefault(len(body), []).append(body)
        else:
            bodies.append(body)
    table = (_planes("I", lengths), _planes("I", gaps), _planes("H", links))
    late = [_transposed(b"".join(group), length) for length, group in commits.items()]
    raw = b"".join((kinds, elided, *table, *bodies, *late))
    return b"".join((*salts, elider.literals)), raw


def _planes(width: str, numbers: Sequence[int]) -> bytes:
    """Numbers of a struct format, plane by plane."""
    return _transposed(struct.pack(f"<{len(numbers)}{width}", *numbers), struct.calcsize(f"<{width}"))


def _transposed(joined: bytes, length: int) -> bytes:
    """Items of one length, joined, plane by plane."""
    return b"".join([joined[at::length] for at in range(length)])


def _numbers(width: str, data: bytes) -> tuple[int, ...]:
    """The reverse of `_planes`."""
    size = struct.calcsize(f"<{width}")
    count = len(data) // size
    joined = bytearray(len(data))
    for at in range(size):
        joined[at::size] = data[at * count : (at + 1) * count]
    return struct.unpack(f"<{count}{width}", joined)


class Records:
    """The table of a frame, read at once, and its bodies, cut out one by one. Safe between threads."""

    __slots__ = ("_commits", "_elided", "_kinds", "_lengths", "_links", "_literals", "_opaque", "_raw", "_starts")

    def __init__(self, count: int, opaque: bytes, raw: bytes) -> None:
        """Read the table of `count` records. CorruptObject: it does not fit the bytes."""
        self._raw = raw
        self._opaque = opaque
        self._kinds = kinds = raw[:count]
        self._elided = elided = raw[count : 2 * count]
        first = ROW_SIZE * (count + sum(elided))
        if len(raw) < first:
            raise CorruptObject(None, "a frame ends inside its record table")
        if kinds.translate(None, _KINDS):
            raise CorruptObject(None, "a record of no known kind")
        self._lengths = lengths = _numbers("I", raw[2 * count : ROW_SIZE * count])
        if first + sum(lengths) != len(raw):
            raise CorruptObject(None, "a frame's bodies do not fill it")
        self._literals = SALT_SIZE * kinds.count(_SALTED)  # Where the literal ids begin in `opaque`.
        if len(opaque) < self._literals or (len(opaque) - self._literals) % OID_SIZE:
            raise CorruptObject(None, "a frame's salts and ids do not fill their place")
        early = lengths
        if _COMMIT in kinds:
            early = [0 if kind == _COMMIT else length for kind, length in zip(kinds, lengths, strict=True)]
        self._starts = list(accumulate(early, initial=first))
        self._commits: dict[int, slice] | None = None
        self._links: tuple[list[int], tuple[int, ...], tuple[int, ...]] | None = None

    def __len__(self) -> int:
        return len(self._lengths)

    def kind(self, number: int) -> Kind:
        """The kind of a record."""
        return _KIND_OF[self._kinds[number]]

    def following(self, number: int) -> int:
        """The next record of the same kind, or -1."""
        return self._kinds.find(self._kinds[number], number + 1)

    def size(self, number: int) -> int:
        """Bytes of a record's payload."""
        salt = SALT_SIZE if self._kinds[number] == SALTED else 0
        return self._lengths[number] + OID_SIZE * self._elided[number] + salt

    def elided(self, number: int) -> int:
        """How many ids were left out of a record."""
        return self._elided[number]

    def body(self, number: int) -> bytes:
        """The payload of a record without the ids that were left out of it."""
        kind = self._kinds[number]
        if kind == _COMMIT:
            return self._raw[(self._commits or self._place_commits())[number]]
        start = self._starts[number]
        body = self._raw[start : start + self._lengths[number]]
        if kind == SALTED:
            at = SALT_SIZE * self._kinds.count(_SALTED, 0, number)
            return self._opaque[at : at + SALT_SIZE] + body
        return body

    def bodies(self) -> Iterator[tuple[Kind, bytes]]:
        """Kind and `body` of every record in order: cheaper than one by one, which counts salts again and again."""
        raw, salt = self._raw, 0
        commits = (self._commits or self._place_commits()) if _COMMIT in self._kinds else {}
        for number, (kind, start, length) in enumerate(zip(self._kinds, self._starts, self._lengths, strict=False)):
            if kind == _COMMIT:
                yield Kind.COMMIT, raw[commits[number]]
            elif kind == SALTED:
                yield Kind.EVENT, self._opaque[salt : salt + SALT_SIZE] + raw[start : start + length]
                salt += SALT_SIZE
            else:
                yield _KIND_OF[kind], raw[start : start + length]

    def links(self, number: int) -> Iterator[tuple[int, int]]:
        """(gap, link) of each id that was left out of a record."""
        bounds, gaps, links = self._links or self._read_links()
        first, stop = bounds[number], bounds[number + 1]
        return zip(gaps[first:stop], links[first:stop], strict=True)

    def literal(self, number: int) -> bytes:
        """A literal id. CorruptObject: there are not so many."""
        start = self._literals + OID_SIZE * number
        oid = self._opaque[start : start + OID_SIZE]
        if len(oid) != OID_SIZE:
            raise CorruptObject(None, f"a frame without literal id {number}")
        return oid

    def _place_commits(self) -> dict[int, slice]:
        """Where the bodies of commits are. Not done at opening: reading an event does not need it."""
        groups: dict[int, list[int]] = {}
        for number, kind in enumerate(self._kinds):
            if kind == _COMMIT:
                groups.setdefault(self._lengths[number], []).append(number)
        start = self._starts[-1]
        places: dict[int, slice] = {}
        for length, members in groups.items():
            stop = start + length * len(members)
            for rank, number in enumerate(members):
                places[number] = slice(start + rank, stop, len(members))
            start = stop
        self._commits = places
        return places

    def _read_links(self) -> tuple[list[int], tuple[int, ...], tuple[int, ...]]:
        """Where each record's links begin, and gaps and links of all ids that were left out."""
        bounds = list(accumulate(self._elided, initial=0))
        count = bounds[-1]
        start = ROW_SIZE * len(self._lengths)
        gaps = _numbers("I", self._raw[start : start + 4 * count])
        links = _numbers("H", self._raw[start + 4 * count : start + 6 * count])
        self._links = (bounds, gaps, links)
        return self._links
