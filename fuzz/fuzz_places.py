"""Fuzz the reader of lists of places: all faults are CorruptObject, and what decodes encodes back to the same bytes.

python -m fuzz.fuzz_places [ATHERIS OPTIONS] fuzz/corpus/places     (without atheris: the corpus alone)
"""

from __future__ import annotations

from fuzz.harness import run, traced

with traced("objstore.packs.places"):
    from objstore.packs.places import decode_places, encode_places

from objstore.errors import CorruptObject


def check(data: bytes) -> None:
    """One input; AssertionError or any other exception is a find."""
    try:
        places = decode_places(data)
    except CorruptObject:
        return
    assert encode_places(places) == data


if __name__ == "__main__":
    run(check, "places")
