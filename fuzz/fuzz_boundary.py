"""Fuzz the decoder of boundaries: what decodes encodes back to the same bytes, all else is CorruptObject.

python -m fuzz.fuzz_boundary [ATHERIS OPTIONS] fuzz/corpus/boundary     (without atheris: the corpus alone)
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
    from objstore.objects.boundaries import boundary_ref, bounded_by_ref, decode_boundary, encode_boundary

from objstore.errors import CorruptObject

CORPUS = Path(__file__).resolve().parent / "corpus" / "boundary"


def check(data: bytes) -> None:
    """One input; AssertionError or any other exception is a find."""
    try:
        boundary = decode_boundary(data)
    except CorruptObject:
        return
    assert encode_boundary(boundary) == data, "a boundary has two encodings"
    named = boundary.commit, boundary.root
    assert bounded_by_ref(boundary_ref(*named)) == named, "a ref that names another history"


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
