"""Fuzz the decoders of key stores and identities: what decodes encodes back, all else is an error of ours.

python -m fuzz.fuzz_key_store [ATHERIS OPTIONS] fuzz/corpus/key_store     (without atheris: the corpus alone)
"""

from __future__ import annotations

from fuzz.harness import run, traced

with traced("objstore.keys"):
    from objstore.keys.identity import decode_identity, encode_identity
    from objstore.keys.key_store_file import decode_key_store, encode_key_store

from objstore.errors import CorruptObject


def check(data: bytes) -> None:
    """One input; AssertionError or any other exception is a find."""
    try:
        assert encode_key_store(decode_key_store(data)) == data, "a key store has two encodings"
    except CorruptObject:
        pass
    try:
        assert encode_identity(decode_identity(data)) == data, "an identity has two encodings"
    except CorruptObject:
        return


if __name__ == "__main__":
    run(check, "key_store")
