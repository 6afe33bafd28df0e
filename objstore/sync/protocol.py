"""The messages of the sync protocol and their bytes.

    message  = type u8, length u32 (little-endian), body of that many bytes
    request  = HELLO, (LIST | FETCH | PUSH frame*), END
    response = HELLO, (REFS* COMMON MARKS | BASES frame* | OUTCOMES), END
    response = HELLO?, anything of the above, FAILED              (the far side gave up; nothing follows)

Every body but a frame's is a structure (`codec.encode_fields`); a frame is one of a pack, without a base and with no
dictionary but the built-in one. Each request is complete in itself: whoever answers keeps nothing between two of them
but what is in its storage. There is one encoding of each message, and every decoder has limits.

    LIST     which refs match these patterns, and which of these commits do you have under these names?
    FETCH    send what these heads of refs reach and those commits do not
    PUSH     take these objects, and move these refs, all or none

Numbers 33 to 47 are kept for what takes the place of an object. (The tombstone of a redacted event is an object itself.)
Bytes: docs/format/sync.md.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple, TypeAlias, cast

from objstore.errors import CorruptObject
from objstore.objects.codec import Field, decode_fields, encode_fields
from objstore.objects.kinds import Domain, Oid
from objstore.packs.frame_header import HEADER_SIZE, MAX_RECORD

VERSION: Final = 1
MAX_BODY: Final = 16 << 20
"""Bytes of the body of a message that is no frame."""
MAX_FRAME: Final = MAX_RECORD + (1 << 20) + HEADER_SIZE
"""Bytes of a frame: the largest object, or many of which none is large."""
MAX_NAMES: Final = 100_000
"""Refs, patterns or moves in one message."""
MAX_IDS: Final = 200_000
"""Commits in one message."""
MAX_TEXT: Final = 4096
"""Characters of a text for people."""
PUSH_ID: Final = 16

HEAD: Final = struct.Struct("<BI")
FRAME: Final = 32

_OID = 32


class Hello(NamedTuple):
    """Begins every request and every response: the version, the key domain of the store, and the program, for logs."""

    version: int
    domain: Domain
    program: str


class At(NamedTuple):
    """A commit (or tag object) that stands under a ref's name: it is the head, or the head reaches it."""

    name: str
    oid: Oid


class RefState(NamedTuple):
    """A ref as it stands over there: `sequence` counts the steps ever made on it."""

    name: str
    oid: Oid
    sequence: int


class Move(NamedTuple):
    """A ref to move from `old` to `new` (None: absent). `force`: also where that is no step forward."""

    name: str
    old: Oid | None
    new: Oid | None
    force: bool


class Outcome(NamedTuple):
    """What became of a move: "moved", or why not ("moved meanwhile", …); and how the ref stands over there now."""

    name: str
    result: str
    oid: Oid | None


class List(NamedTuple):
    """A request: refs by patterns, the commits asked about, and the push that may have left objects (b"": none)."""

    patterns: tuple[str, ...]
    asks: tuple[At, ...] = ()
    push_id: bytes = b""


class Fetch(NamedTuple):
    """A request: the heads that are wanted, and commits that are here with all that they reach, under the names that
    they may have over there."""

    wants: tuple[At, ...]
    haves: tuple[At, ...]


class Push(NamedTuple):
    """A request, followed by frames: `bases` are commits over there that they build on."""

    push_id: bytes
    moves: tuple[Move, ...]
    bases: tuple[At, ...]


class Refs(NamedTuple):
    """Some refs that match; there may be many such messages."""

    refs: tuple[RefState, ...]


class Common(NamedTuple):
    """Those of the commits asked about that are there under their names, by their numbers in the request."""

    asks: tuple[int, ...]


class Marks(NamedTuple):
    """How far an unfinished push came: commits that are there with all that they reach, named by no ref yet."""

    oids: tuple[Oid, ...]


class Base(NamedTuple):
    """A commit that frames build on: the have of this number, or an ancestor of it along first parents."""

    have: int
    oid: Oid


class Bases(NamedTuple):
    """What the frames that follow build on."""

    bases: tuple[Base, ...]


class Outcomes(NamedTuple):
    """What became of every move of a push."""

    outcomes: tuple[Outcome, ...]


class Frame(NamedTuple):
    """Objects, compressed together: a frame of a pack."""

    data: bytes


class Failed(NamedTuple):
    """The far side gave up: a code for programs, a text for people, and the facts of the code."""

    code: str
    text: str
    facts: tuple[str, ...] = ()


class End(NamedTuple):
    """Ends every request and every response: how many frames and objects it had."""

    frames: int
    objects: int


Message: TypeAlias = "Hello | List | Fetch | Push | Refs | Common | Marks | Bases | Outcomes | Frame | Failed | End"

_TYPES: Final[Mapping[type[Message], int]] = {
    Hello: 1,
    List: 2,
    Fetch: 3,
    Push: 4,
    Refs: 16,
    Common: 17,
    Marks: 18,
    Bases: 19,
    Outcomes: 20,
    Frame: FRAME,
    Failed: 126,
    End: 127,
}
_CLASSES: Final[Mapping[int, type[Message]]] = {number: kind for kind, number in _TYPES.items()}


def encode_message(message: Message) -> bytes:
    """Its bytes. ValueError: too long, as one with too many refs is."""
    body = message.data if isinstance(message, Frame) else encode_fields([_plain(value) for value in message])
    limit = limit_of(_TYPES[type(message)])
    if len(body) > limit:
        raise ValueError(f"a message of {len(body)} bytes; the limit is {limit}")
    return HEAD.pack(_TYPES[type(message)], len(body)) + body


def type_of(kind: type[Message]) -> int:
    """The number of a type of messages."""
    return _TYPES[kind]


def limit_of(number: int) -> int:
    """How many bytes the body of a message of this type may have. CorruptObject: there is no such type."""
    if number not in _CLASSES:
        raise CorruptObject(None, f"a message of the unknown type {number}")
    return MAX_FRAME if number == FRAME else MAX_BODY


def decode_message(number: int, body: bytes) -> Message:
    """The message of a type and body. CorruptObject: not the canonical bytes of one."""
    if len(body) > limit_of(number):
        raise CorruptObject(None, f"a message of {len(body)} bytes")
    kind = _CLASSES[number]
    if kind is Frame:
        return Frame(body)
    fields = decode_fields(body, MAX_BODY)
    readers = _READERS[kind]
    if len(fields) != len(readers):
        raise CorruptObject(None, f"a message {kind.__name__} of {len(fields)} fields")
    make = cast("Callable[..., Message]", kind)
    return make(*(read(value) for read, value in zip(readers, fields, strict=True)))


def _plain(value: object) -> Field:
    if isinstance(value, tuple):
        return [_plain(item) for item in cast("tuple[object, ...]", value)]
    return cast("Field", value)


_Reader: TypeAlias = Callable[[Field], object]


def _bad(what: str) -> CorruptObject:
    return CorruptObject(None, f"a message with {what}")


def _text(value: Field) -> str:
    if type(value) is not str or len(value) > MAX_TEXT:
        raise _bad("no text, or too much of it")
    return value


def _count(value: Field) -> int:
    if type(value) is not int or not 0 <= value < 1 << 63:
        raise _bad("something that is not a count")
    return value


def _flag(value: Field) -> bool:
    if type(value) is not bool:
        raise _bad("something that is not a flag")
    return value


def _oid(value: Field) -> Oid:
    if type(value) is not bytes or len(value) != _OID:
        raise _bad("something that is not an id")
    return Oid(value)


def _oid_or_none(value: Field) -> Oid | None:
    return None if value is None else _oid(value)


def _domain(value: Field) -> Domain:
    if type(value) is not bytes or len(value) not in (0, 16):
        raise _bad("something that is not a key domain")
    return Domain(value)


def _push_id(value: Field) -> bytes:
    if type(value) is not bytes or len(value) not in (0, PUSH_ID):
        raise _bad("something that is not the id of a push")
    return value


def _many(read: _Reader, limit: int) -> _Reader:
    def read_all(value: Field) -> object:
        if type(value) is not list or len(value) > limit:
            raise _bad("no list, or one that is too long")
        return tuple(read(item) for item in value)

    return read_all


def _row(kind: Callable[..., object], *readers: _Reader) -> _Reader:
    def read_row(value: Field) -> object:
        if type(value) is not list or len(value) != len(readers):
            raise _bad("a row of another length")
        return kind(*(read(item) for read, item in zip(readers, value, strict=True)))

    return read_row


_IDS = _many(_oid, MAX_IDS)
_PLACES = _many(_row(At, _text, _oid), MAX_IDS)
_READERS: Final[Mapping[type[Message], Sequence[_Reader]]] = {
    Hello: (_count, _domain, _text),
    List: (_many(_text, MAX_NAMES), _PLACES, _push_id),
    Fetch: (_PLACES, _PLACES),
    Push: (_push_id, _many(_row(Move, _text, _oid_or_none, _oid_or_none, _flag), MAX_NAMES), _PLACES),
    Refs: (_many(_row(RefState, _text, _oid, _count), MAX_NAMES),),
    Common: (_many(_count, MAX_IDS),),
    Marks: (_IDS,),
    Bases: (_many(_row(Base, _count, _oid), MAX_IDS),),
    Outcomes: (_many(_row(Outcome, _text, _text, _oid_or_none), MAX_NAMES),),
    Failed: (_text, _text, _many(_text, 16)),
    End: (_count, _count),
}
