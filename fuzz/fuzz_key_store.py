"""Fuzz the decoders of key stores and identities: what decodes encodes back, all else is an error of ours.

python -m fuzz.fuzz_key_store [ATHERIS OPTIONS] fuzz/corpus/key_store     (without atheris: the corpus alone)
"""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path

try:
    import atheris
except ImportError:
    atheris = None

with nullcontext() if atheris is None else atheris.instrument_imports(include=["objstore.keys"]):
    from objstore.keys.identity import decode_identity, encode_identity
    from objstore.keys.key_store_file import decode_key_store, encode_key_store

from objstore.errors import CorruptObject

CORPUS = Path(__file__).resolve().parent / "corpus" / "key_store"


def check(data: bytes) -> None:
    """One input; AssertionError or any other exception is a find."""
    try:
        assert encode_key_store(decode_key_store(data)) == data, "a key store has two encodings"
    except CorruptObject:
        pass
    try:
        assert encode_identity(decode_identity(data)) == data, "an identity has two encodings"
    except CorruptObject:
        return


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
