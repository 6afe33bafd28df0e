"""Fuzz the decoder of sync messages: all faults are CorruptObject, and what is read encodes back to the same bytes.

The first byte is the type of one message, the rest its body; all of it is also read as a stream of messages.

python -m fuzz.fuzz_message [ATHERIS OPTIONS] fuzz/corpus/message     (without atheris: the corpus alone)
"""

from __future__ import annotations

import sys
from contextlib import nullcontext, suppress
from pathlib import Path

try:
    import atheris
except ImportError:
    atheris = None

with nullcontext() if atheris is None else atheris.instrument_imports(include=["objstore.sync"]):
    from objstore.sync.protocol import HEAD, Message, decode_message, encode_message
    from objstore.sync.wire import CutShort, MessageReader

from objstore.errors import CorruptObject

CORPUS = Path(__file__).resolve().parent / "corpus" / "message"


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


def main(argv: list[str]) -> None:
    """Run atheris with its own options, or the corpus where atheris is not installed."""
    if atheris is None:
        for file in sorted(CORPUS.iterdir()):
            check(file.read_bytes())
        return
    atheris.Setup(argv, check)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv)
