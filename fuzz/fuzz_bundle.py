"""Fuzz the reader of bundles: all faults are CorruptObject, and what is read encodes back to the same header.

Checksums would stop every mutation, so each input is also tried as the fields of a header.

python -m fuzz.fuzz_bundle [ATHERIS OPTIONS] fuzz/corpus/bundle     (without atheris: the corpus alone)
"""

from __future__ import annotations

import io
import sys
from contextlib import nullcontext, suppress
from pathlib import Path

try:
    import atheris
except ImportError:
    atheris = None

with nullcontext() if atheris is None else atheris.instrument_imports(include=["objstore.packs"]):
    from objstore.packs.bundle import BundleReader, decode_bundle_header, encode_header

from objstore.errors import CorruptObject
from objstore.objects.hashing import PLAIN_HASHER

CORPUS = Path(__file__).resolve().parent / "corpus" / "bundle"


def check(data: bytes) -> None:
    """One input; AssertionError or any other exception is a find."""
    with suppress(CorruptObject):
        header = decode_bundle_header(data)
        assert encode_header(header)[14:-16] == data, "a second encoding"
    with suppress(CorruptObject):
        reader = BundleReader(io.BytesIO(data).read, PLAIN_HASHER)
        for frame in reader.frames():
            for number in range(len(frame)):
                obj = frame.object(number)
                assert obj.oid == PLAIN_HASHER.oid(obj.kind, obj.payload), "a wrong id"


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
