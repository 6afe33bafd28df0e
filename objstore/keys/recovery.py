"""Recovery codes: a key as text that a person can keep on paper and type again.

    OSK1-XXXX-XXXX-…   Crockford's base 32 of: domain: 16 ‖ epoch: 4 ‖ key: 32 ‖ check: 4 bytes

The check is the beginning of an unkeyed hash of what stands before it and finds a slip of the pen. Case, blanks and
dashes do not count; O is read as 0, I and L as 1. Bytes: docs/format/secrets.md.
"""

from __future__ import annotations

import re
from typing import Final

from objstore.errors import InvalidRecoveryCode
from objstore.keys.domain_key import DOMAIN_BYTES, KEY_BYTES, DomainKey
from objstore.objects.hashing import checksum
from objstore.objects.kinds import Domain

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUE: Final = {letter: number for number, letter in enumerate(_ALPHABET)} | {"O": 0, "I": 1, "L": 1}
_PREFIX: Final = "OSK1"
_CHECK = 4
_BODY = DOMAIN_BYTES + 4 + KEY_BYTES
_LETTERS = (8 * (_BODY + _CHECK) + 4) // 5
_SPARE = 5 * _LETTERS - 8 * (_BODY + _CHECK)  # bits at the end that are zero
_GROUP = 5


def encode_recovery_code(key: DomainKey) -> str:
    """The code of a key: OSK1 and 18 groups of five."""
    body = key.name.domain + key.name.epoch.to_bytes(4, "big") + key.root
    number = int.from_bytes(body + checksum(body)[:_CHECK], "big") << _SPARE
    letters = "".join(_ALPHABET[(number >> 5 * at) & 31] for at in range(_LETTERS - 1, -1, -1))
    return "-".join([_PREFIX, *(letters[at : at + _GROUP] for at in range(0, _LETTERS, _GROUP))])


def decode_recovery_code(text: str) -> DomainKey:
    """The key of a code. InvalidRecoveryCode: it is none, or was mistyped; its text does not repeat the code."""
    letters = re.sub(r"[\s-]+", "", text).upper()
    if not letters.startswith(_PREFIX):
        raise InvalidRecoveryCode(f"it begins with {_PREFIX}")
    letters = letters[len(_PREFIX) :]
    if len(letters) != _LETTERS:
        raise InvalidRecoveryCode(f"it has {_LETTERS} letters and digits after {_PREFIX}; these are {len(letters)}")
    number = 0
    for letter in letters:
        value = _VALUE.get(letter)
        if value is None:
            raise InvalidRecoveryCode("it has a character that no code has")
        number = number << 5 | value
    if number & ((1 << _SPARE) - 1):
        raise InvalidRecoveryCode("its last character cannot be right")
    data = (number >> _SPARE).to_bytes(_BODY + _CHECK, "big")
    body, check = data[:_BODY], data[_BODY:]
    epoch = int.from_bytes(body[DOMAIN_BYTES : DOMAIN_BYTES + 4], "big")
    if checksum(body)[:_CHECK] != check or epoch == 0:
        raise InvalidRecoveryCode("a character is wrong, or two have changed places")
    return DomainKey(Domain(body[:DOMAIN_BYTES]), epoch, body[DOMAIN_BYTES + 4 :])
