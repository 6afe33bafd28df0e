"""Fuzz the decoder of sync messages: all faults are CorruptObject, and what is read encodes back to the same bytes.

The first byte is the type of one message, the rest its body; all of it is also read as a stream of messages.

python -m fuzz.fuzz_message [ATHERIS OPTIONS] fuzz/corpus/message     (without atheris: the corpus alone)
"""

from __future__ import annotations

from contextlib import suppress

from fuzz.harness import run, traced

with traced("objstore.sync"):
    from objstore.sync.protocol import HEAD, Message, decode_message, encode_message
    from objstore.sync.wire import CutShort, MessageReader

from objstore.errors import CorruptObject


def check(data: bytes) -> None:
    """One input; AssertionError or any other exception is a find."""
    if data:
        with suppress(CorruptObject):
            message = decode_message(data[0], data[1:])
            assert encode_message(message)[HEAD.size :] == data[1:], "a second encoding"
    reader = MessageReader([data])
    found: list[Message] = []
    with suppress(CorruptObject, CutShort):
        while True:
            found.append(reader.next())
    whole = b"".join(map(encode_message, found))
    assert data.startswith(whole), "a stream that reads as another"


if __name__ == "__main__":
    run(check, "message")
