"""Tokens as text: `objs_`, 43 characters of 256 random bits, 6 of a checksum. Nothing in them means anything.

The prefix lets scanners find leaked ones; the checksum tells a mistyped token from an unknown one without a look-up.
What is stored is `token_hash`: with 256 random bits a plain SHA-256 gives nothing away. Bytes: docs/format/access.md.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from typing import Final

from objstore.errors import InvalidToken

SECRET_BYTES: Final = 32
PREFIX: Final = "objs_"
_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_BODY, _CHECK = 43, 6
_SHAPE: Final = re.compile(rf"{PREFIX}([0-9A-Za-z]{{{_BODY}}})([0-9A-Za-z]{{{_CHECK}}})", re.ASCII)


def encode_token(secret: bytes) -> str:
    """The text of 32 random bytes."""
    assert len(secret) == SECRET_BYTES
    body = _base62(int.from_bytes(secret, "big"), _BODY)
    return f"{PREFIX}{body}{_checksum(body)}"


def decode_token(text: str) -> bytes:
    """The random bytes of a token. InvalidToken: it is none, or was mistyped."""
    match = _SHAPE.fullmatch(text)
    if match is None:
        raise InvalidToken(f"it is not of the form {PREFIX}…")
    body, check = match.groups()
    value = 0
    for digit in body:
        value = value * 62 + _DIGITS.index(digit)
    if check != _checksum(body) or value >> (8 * SECRET_BYTES):
        raise InvalidToken("it is mistyped or cut short")
    return value.to_bytes(SECRET_BYTES, "big")


def token_hash(secret: bytes) -> bytes:
    """What is kept of a token (32 bytes)."""
    return hashlib.sha256(b"objstore token 1\0" + secret).digest()


def token_id(digest: bytes) -> str:
    """The name of a token in lists and logs: 16 hex digits of its hash."""
    return digest[:8].hex()


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(f"{PREFIX}{body}".encode("ascii")), _CHECK)


def _base62(value: int, width: int) -> str:
    digits: list[str] = []
    for _ in range(width):
        value, digit = divmod(value, 62)
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))
