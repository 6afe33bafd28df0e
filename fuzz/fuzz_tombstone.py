"""Fuzz the decoder of tombstones: what decodes encodes back to the same bytes, all else is CorruptObject.

python -m fuzz.fuzz_tombstone [ATHERIS OPTIONS] fuzz/corpus/tombstone     (without atheris: the corpus alone)
"""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path

try:
    import atheris
except ImportError:
    atheris = None

with nullcontext() if atheris is None else atheris.instrument_imports(include=["objstore.objects"]):
    from objstore.objects.tombstones import decode_tombstone, encode_tombstone, redacted_by_ref, tombstone_ref

from objstore.errors import CorruptObject

CORPUS = Path(__file__).resolve().parent / "corpus" / "tombstone"


def check(data: bytes) -> None:
    """One input; AssertionError or any other exception is a find."""
    try:
        tombstone = decode_tombstone(data)
    except CorruptObject:
        return
    assert encode_tombstone(tombstone) == data, "a tombstone has two encodings"
    assert redacted_by_ref(tombstone_ref(tombstone.event)) == tombstone.event, "a ref that names another event"


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
