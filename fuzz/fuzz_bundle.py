"""Fuzz the reader of bundles: all faults are CorruptObject, and what is read encodes back to the same header.

Checksums would stop every mutation, so each input is also tried as the fields of a header.

python -m fuzz.fuzz_bundle [ATHERIS OPTIONS] fuzz/corpus/bundle     (without atheris: the corpus alone)
"""

from __future__ import annotations

import io
from contextlib import suppress

from fuzz.harness import run, traced

with traced("objstore.packs"):
    from objstore.packs.bundle import BundleReader, decode_bundle_header, encode_header

from objstore.errors import CorruptObject
from objstore.objects.hashing import PLAIN_HASHER


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


if __name__ == "__main__":
    run(check, "bundle")
