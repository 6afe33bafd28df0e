"""Fuzz the decoder of tags: what decodes encodes back to the same bytes, all else is CorruptObject.

python -m fuzz.fuzz_tag [ATHERIS OPTIONS] fuzz/corpus/tag     (without atheris: the corpus alone)
"""

from __future__ import annotations

from fuzz.harness import run, traced

with traced("objstore.objects"):
    from objstore.objects.tags import decode_tag, encode_tag, signed_bytes

from objstore.errors import CorruptObject


def check(data: bytes) -> None:
    """One input; AssertionError or any other exception is a find."""
    try:
        tag = decode_tag(data)
    except CorruptObject:
        return
    assert encode_tag(tag) == data, "a tag has two encodings"
    assert (signed_bytes(tag) == data) == (tag.signature is None), "a signature covers itself"


if __name__ == "__main__":
    run(check, "tag")
