"""Tokens as text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from objstore.access.token import decode_token, encode_token, token_hash, token_id
from objstore.errors import InvalidToken

SECRETS = st.binary(min_size=32, max_size=32)
ZERO = "objs_0000000000000000000000000000000000000000000" + encode_token(bytes(32))[-6:]


def test_the_form_is_pinned() -> None:
    assert encode_token(bytes(32)) == ZERO == "objs_" + "0" * 43 + "3PGHTI"
    assert encode_token(bytes(range(32))) == "objs_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf2lZCJg"
    assert token_hash(bytes(32)).hex().startswith(token_id(token_hash(bytes(32))))


@given(SECRETS)
def test_a_token_is_read_as_it_was_written(secret: bytes) -> None:
    assert decode_token(encode_token(secret)) == secret


@given(SECRETS, st.integers(5, 53), st.sampled_from("0129ABYZabyz"))
def test_a_mistyped_character_is_told(secret: bytes, place: int, letter: str) -> None:
    text = encode_token(secret)
    if text[place] != letter:
        with pytest.raises(InvalidToken, match="mistyped"):
            decode_token(text[:place] + letter + text[place + 1 :])


@given(st.text(max_size=80))
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(InvalidToken):
        decode_token(text)


def test_an_error_never_shows_the_token() -> None:
    text = encode_token(bytes(range(32)))[:-1] + "Z"
    with pytest.raises(InvalidToken) as caught:
        decode_token(text)
    assert text not in str(caught.value) + repr(caught.value)


def test_a_body_beyond_256_bits_is_refused() -> None:
    import zlib

    from objstore.access.token import _base62

    body = "z" * 43
    with pytest.raises(InvalidToken):
        decode_token(f"objs_{body}{_base62(zlib.crc32(f'objs_{body}'.encode()), 6)}")
