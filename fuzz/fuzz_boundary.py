"""Fuzz the decoder of boundaries: what decodes encodes back to the same bytes, all else is CorruptObject.

python -m fuzz.fuzz_boundary [ATHERIS OPTIONS] fuzz/corpus/boundary     (without atheris: the corpus alone)
"""

from __future__ import annotations

from fuzz.harness import run, traced

with traced("objstore.objects"):
    from objstore.objects.boundaries import boundary_ref, bounded_by_ref, decode_boundary, encode_boundary

from objstore.errors import CorruptObject


def check(data: bytes) -> None:
    """One input; AssertionError or any other exception is a find."""
    try:
        boundary = decode_boundary(data)
    except CorruptObject:
        return
    assert encode_boundary(boundary) == data, "a boundary has two encodings"
    named = boundary.commit, boundary.root
    assert bounded_by_ref(boundary_ref(*named)) == named, "a ref that names another history"


if __name__ == "__main__":
    run(check, "boundary")
