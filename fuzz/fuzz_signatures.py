"""Fuzz the decoders of what is signed and of the files of the key folder around it.

python -m fuzz.fuzz_signatures [ATHERIS OPTIONS] fuzz/corpus/signatures     (without atheris: the corpus alone)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fuzz.harness import run, traced

with traced("objstore.keys", "objstore.signing"):
    from objstore.keys.checkpoint import decode_checkpoint, encode_checkpoint
    from objstore.keys.remembered import decode_remembered, encode_remembered
    from objstore.keys.signature import decode_signature, encode_signature
    from objstore.keys.signing_file import decode_signing_file, decode_trusted, encode_signing_file, encode_trusted
    from objstore.signing.anchor import decode_anchor, encode_anchor

from objstore.errors import CorruptObject

_CODECS: tuple[tuple[Callable[[bytes], Any], Callable[[Any], bytes]], ...] = (
    (decode_checkpoint, encode_checkpoint),
    (decode_signature, encode_signature),
    (decode_remembered, encode_remembered),
    (decode_signing_file, encode_signing_file),
    (decode_trusted, encode_trusted),
    (decode_anchor, encode_anchor),
)


def check(data: bytes) -> None:
    """One input; AssertionError or any other exception is a find."""
    for decode, encode in _CODECS:
        try:
            value = decode(data)
        except CorruptObject:
            continue
        assert encode(value) == data, f"{decode.__name__} takes a second encoding"


if __name__ == "__main__":
    run(check, "signatures")
