"""Fuzz what the access control reads: records of its log, tokens and grants as text. What decodes encodes back to the
same, all else is the error that is promised.

python -m fuzz.fuzz_access_record [ATHERIS OPTIONS] fuzz/corpus/access_record     (without atheris: the corpus alone)
"""

from __future__ import annotations

from fuzz.harness import run, traced

with traced("objstore.access"):
    from objstore.access.grant import parse_grant
    from objstore.access.record import decode_record, encode_record
    from objstore.access.token import decode_token, encode_token

from objstore.errors import CorruptObject, InvalidGrant, InvalidToken


def check(data: bytes) -> None:
    """One input; AssertionError or any other exception is a find."""
    try:
        assert encode_record(decode_record(data)) == data, "a record has two encodings"
    except CorruptObject:
        pass
    text = data.decode("utf-8", "replace")
    try:
        assert encode_token(decode_token(text)) == text, "a token has two texts"
    except InvalidToken:
        pass
    try:
        grant = parse_grant(text)
    except InvalidGrant:
        return
    assert parse_grant(grant.text) == grant, "a grant is read otherwise than it was written"


if __name__ == "__main__":
    run(check, "access_record")
