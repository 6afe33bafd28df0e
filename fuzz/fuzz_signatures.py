"""Fuzz the decoders of what is signed and of the files of the key folder around it.

python -m fuzz.fuzz_signatures [ATHERIS OPTIONS] fuzz/corpus/signatures     (without atheris: the corpus alone)
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

try:
    import atheris
except ImportError:
    atheris = None

with nullcontext() if atheris is None else atheris.instrument_imports(include=["objstore.keys", "objstore.signing"]):
    from objstore.keys.checkpoint import decode_checkpoint, encode_checkpoint
    from objstore.keys.remembered import decode_remembered, encode_remembered
    from objstore.keys.signature import decode_signature, encode_signature
    from objstore.keys.signing_file import decode_signing_file, decode_trusted, encode_signing_file, encode_trusted
    from objstore.signing.anchor import decode_anchor, encode_anchor

from objstore.errors import CorruptObject

CORPUS = Path(__file__).resolve().parent / "corpus" / "signatures"
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
