"""Fuzz the decoder of tombstones: what decodes encodes back to the same bytes, all else is CorruptObject.

python -m fuzz.fuzz_tombstone [ATHERIS OPTIONS] fuzz/corpus/tombstone     (without atheris: the corpus alone)
"""

from __future__ import annotations

from fuzz.harness import run, traced

with traced("objstore.objects"):
    from objstore.objects.tombstones import decode_tombstone, encode_tombstone, redacted_by_ref, tombstone_ref

from objstore.errors import CorruptObject


def check(data: bytes) -> None:
    """One input; AssertionError or any other exception is a find."""
    try:
        tombstone = decode_tombstone(data)
    except CorruptObject:
        return
    assert encode_tombstone(tombstone) == data, "a tombstone has two encodings"
    assert redacted_by_ref(tombstone_ref(tombstone.event)) == tombstone.event, "a ref that names another event"


if __name__ == "__main__":
    run(check, "tombstone")
