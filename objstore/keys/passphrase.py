"""Passphrases: what they are as bytes, and how much work it is to try one.

Argon2id makes a key of a passphrase at a cost that is written down beside it. A cost below the floor is refused: who can
write to the file could lower it, and wait for the passphrase to be used at that cost.
"""

from __future__ import annotations

import unicodedata
from typing import Final, NamedTuple

from objstore.errors import InvalidValue
from objstore.keys.cipher import cipher

MAX_PASSES: Final = 64
MAX_KIB: Final = 4 << 20


class Cost(NamedTuple):
    """What one try takes: passes over so many KiB of memory."""

    passes: int
    kib: int

    def __str__(self) -> str:
        return f"{self.passes} passes over {self.kib} KiB"

    def reaches(self, floor: Cost) -> bool:
        """Whether it is no less than another in either respect."""
        return self.passes >= floor.passes and self.kib >= floor.kib


MODERATE: Final = Cost(3, 256 << 10)
"""libsodium's name for some 0.7 s and 256 MiB: the cost of new passphrases."""

FLOOR: Final = Cost(3, 64 << 10)
"""What a key store must ask for at least."""


def stretched(passphrase: str, salt: bytes, cost: Cost) -> bytes:
    """32 bytes out of a passphrase and 16 bytes of salt. InvalidValue: it is empty, or no text; MemoryError."""
    if not passphrase:
        raise InvalidValue("passphrase", "is empty")
    try:
        text = unicodedata.normalize("NFC", passphrase).encode("utf-8")  # as another keyboard may compose it
    except UnicodeEncodeError:
        raise InvalidValue("passphrase", "is no well-formed text") from None
    return cipher().stretch(text, salt, cost.passes, cost.kib << 10)
