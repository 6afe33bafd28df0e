"""Fuzz the reader of lists of places: all faults are CorruptObject, and what decodes encodes back to the same bytes.

python -m fuzz.fuzz_places [ATHERIS OPTIONS] fuzz/corpus/places     (without atheris: the corpus alone)
"""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path

try:
    import atheris
except ImportError:
    atheris = None

with nullcontext() if atheris is None else atheris.instrument_imports(include=["objstore.packs.places"]):
    from objstore.packs.places import decode_places, encode_places

from objstore.errors import CorruptObject

CORPUS = Path(__file__).resolve().parent / "corpus" / "places"


def check(data: bytes) -> None:
    """One input; AssertionError or any other exception is a find."""
    try:
        places = decode_places(data)
    except CorruptObject:
        return
    assert encode_places(places) == data


def main(argv: list[str]) -> None:
    """Fuzz, or without atheris check the corpus."""
    if atheris is None:
        for seed in sorted(CORPUS.iterdir()):
            check(seed.read_bytes())
        return
    atheris.Setup(argv, check)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv)
