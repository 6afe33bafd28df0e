"""Fuzz the decoders of key files and of recovery codes: what decodes encodes back, all else is an error of ours.

python -m fuzz.fuzz_key_file [ATHERIS OPTIONS] fuzz/corpus/key_file     (without atheris: the corpus alone)
"""

from __future__ import annotations

from fuzz.harness import run, traced

with traced("objstore.keys"):
    from objstore.keys.key_file import decode_key_file, encode_key_file
    from objstore.keys.recovery import decode_recovery_code, encode_recovery_code

from objstore.errors import CorruptObject, InvalidRecoveryCode


def check(data: bytes) -> None:
    """One input; AssertionError or any other exception is a find."""
    try:
        held = decode_key_file(data)
    except CorruptObject:
        pass
    else:
        assert encode_key_file(held) == data, "a key file has two encodings"
        code = encode_recovery_code(held.key)
        assert decode_recovery_code(code).root == held.key.root, "a recovery code gives another key"
    try:
        key = decode_recovery_code(data.decode("latin-1"))
    except InvalidRecoveryCode:
        return
    assert decode_recovery_code(encode_recovery_code(key)) == key, "a recovery code gives another key"


if __name__ == "__main__":
    run(check, "key_file")
