"""Messages: pinned bytes, one encoding each, limits, and refusal of everything else."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from objstore.errors import CorruptObject
from objstore.objects.codec import Field, encode_fields
from objstore.objects.kinds import PLAIN, Domain, Oid
from objstore.sync.protocol import (
    HEAD,
    MAX_BODY,
    At,
    Base,
    Bases,
    Common,
    End,
    Failed,
    Fetch,
    Hello,
    List,
    Marks,
    Message,
    Move,
    Outcome,
    Outcomes,
    Push,
    Refs,
    RefState,
    decode_message,
    encode_message,
    type_of,
)
from objstore.sync.wire import CutShort, MessageReader

GOLDEN = Path(__file__).resolve().parent.parent / "golden" / "sync"
ONE, TWO = Oid(bytes(range(32))), Oid(bytes(range(32, 64)))
STREAMS: dict[str, list[Message]] = {
    "list-request": [
        Hello(1, PLAIN, "objstore 1"),
        List(("conversations/*", "files/ä"), (At("conversations/c1", ONE),), bytes(16)),
        End(0, 0),
    ],
    "list-response": [
        Hello(1, Domain(bytes(16)), ""),
        Refs((RefState("conversations/c1", ONE, 7), RefState("files/ä", TWO, 1 << 40))),
        Common((0,)),
        Marks(()),
        End(0, 0),
    ],
    "fetch-request": [
        Hello(1, PLAIN, "objstore 1"),
        Fetch((At("conversations/c1", TWO),), (At("conversations/c1", ONE), At("", TWO))),
        End(0, 0),
    ],
    "fetch-response": [Hello(1, PLAIN, "objstore 1"), Bases((Base(1, ONE),)), End(0, 0)],
    "push-request": [
        Hello(1, PLAIN, "objstore 1"),
        Push(
            bytes(range(16)),
            (Move("conversations/c1", ONE, TWO, force=False), Move("tags/v1", TWO, None, force=True)),
            (At("conversations/c1", ONE),),
        ),
        End(0, 0),
    ],
    "push-response": [
        Hello(1, PLAIN, "objstore 1"),
        Outcomes((Outcome("conversations/c1", "moved", TWO), Outcome("tags/v1", "forbidden", None))),
        End(0, 0),
    ],
    "failed-response": [Hello(1, PLAIN, "objstore 1"), Failed("moved", "a ref is gone", ("conversations/c1",))],
}


@pytest.mark.parametrize("name", STREAMS)
def test_golden_streams_are_written_and_read_as_they_always_were(name: str) -> None:
    data = (GOLDEN / f"{name}.bin").read_bytes()
    assert b"".join(map(encode_message, STREAMS[name])) == data
    for size in (1, 7, len(data)):
        reader = MessageReader(data[at : at + size] for at in range(0, len(data), size))
        assert [reader.next() for _ in STREAMS[name]] == STREAMS[name]
        with pytest.raises(CutShort):
            reader.next()


def test_every_cut_is_noticed() -> None:
    data = encode_message(STREAMS["push-request"][1])
    for at in range(len(data)):
        with pytest.raises(CutShort):
            MessageReader([data[:at]]).next()


OTHERS: Sequence[tuple[type[Message], Sequence[Field]]] = [
    (Hello, [1, b""]),
    (Hello, [1, b"x", ""]),
    (Hello, [-1, b"", ""]),
    (Hello, [True, b"", ""]),
    (List, [["x"], [["c", b"short"]], b""]),
    (List, ["x", [], b""]),
    (List, [[], [], b"123"]),
    (Fetch, [[["c", ONE, 1]], []]),
    (Push, [b"", [["c", None, None, 1]], []]),
    (Refs, [[["c", ONE, -1]]]),
    (Common, [[None]]),
    (Failed, ["code", "x" * 5000, []]),
    (Failed, ["code", "x", [*"y" * 17]]),
    (End, [0]),
]


@pytest.mark.parametrize(("kind", "fields"), OTHERS)
def test_a_message_with_other_fields_is_refused(kind: type[Message], fields: Sequence[Field]) -> None:
    with pytest.raises(CorruptObject):
        decode_message(type_of(kind), encode_fields(fields))


def test_other_bytes_types_and_lengths_are_refused() -> None:
    for number, body in ((1, b""), (1, b"\xc1"), (0, b""), (33, b""), (127, encode_fields([0, 0]) + b"\0")):
        with pytest.raises(CorruptObject):
            decode_message(number, body)
    with pytest.raises(CorruptObject):
        MessageReader([HEAD.pack(2, MAX_BODY + 1)]).next()
    with pytest.raises(ValueError, match="the limit is"):
        encode_message(Failed("x", "y" * (MAX_BODY + 1)))
