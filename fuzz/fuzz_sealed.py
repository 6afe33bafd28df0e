"""Fuzz the decoder of sealed texts: what decodes encodes back to the same bytes and does not open, all else is CorruptObject.

python -m fuzz.fuzz_sealed [ATHERIS OPTIONS] fuzz/corpus/sealed     (without atheris: the corpus alone)
"""

from __future__ import annotations

from fuzz.harness import run, traced

with traced("objstore.keys"):
    from objstore.keys.domain_key import DomainKey
    from objstore.keys.sealed import decode_sealed, encode_sealed
    from objstore.keys.sealing import open_sealed

from objstore.errors import BrokenSeal, CorruptObject


def check(data: bytes) -> None:
    """One input; AssertionError or any other exception is a find."""
    try:
        sealed = decode_sealed(data)
    except CorruptObject:
        return
    assert encode_sealed(sealed) == data, "something sealed has two encodings"
    key = DomainKey(sealed.key.domain, sealed.key.epoch, b"\x99" * 32)
    sealed = sealed._replace(key=key.name)  # so that the sealing itself is asked, not only the name
    try:
        open_sealed(key, "secrets", sealed, b"setting\0k")
    except BrokenSeal:
        return
    raise AssertionError("it opened with a key that never sealed it")


if __name__ == "__main__":
    run(check, "sealed")
