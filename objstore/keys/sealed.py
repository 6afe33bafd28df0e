"""The bytes of something sealed: the name of its key, a nonce, and what only the key opens.

    version: 1 ‖ domain: 16 ‖ epoch: 4 ‖ fingerprint: 16 ‖ nonce: 24 ‖ ciphertext with its tag

Encoding and decoding alone; `sealing` does the rest. Bytes: docs/format/secrets.md.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from objstore.errors import CorruptObject
from objstore.keys.domain_key import DOMAIN_BYTES, FINGERPRINT_BYTES, KeyName
from objstore.objects.kinds import Domain

VERSION: Final = 1
NONCE_BYTES: Final = 24
TAG_BYTES: Final = 16
PADDING: Final = 64
"""What is sealed is padded to a multiple of this, so that its length says little."""
MAX_SEALED_BYTES: Final = 1 << 20

_EPOCH_AT = 1 + DOMAIN_BYTES
_FINGERPRINT_AT = _EPOCH_AT + 4
_NONCE_AT = _FINGERPRINT_AT + FINGERPRINT_BYTES
_TEXT_AT = _NONCE_AT + NONCE_BYTES


class Sealed(NamedTuple):
    """Something sealed. `ciphertext` is padded and ends in its tag: a multiple of 64 bytes, and 16."""

    key: KeyName
    nonce: bytes
    ciphertext: bytes

    @property
    def header(self) -> bytes:
        """What is bound to the ciphertext though it is not sealed: version and name of the key."""
        return bytes([VERSION]) + self.key.domain + self.key.epoch.to_bytes(4, "big") + self.key.fingerprint


def encode_sealed(sealed: Sealed) -> bytes:
    """Its bytes."""
    return sealed.header + sealed.nonce + sealed.ciphertext


def decode_sealed(data: bytes) -> Sealed:
    """What the bytes say, none of it verified. CorruptObject: they are not of this form."""
    size = len(data) - _TEXT_AT - TAG_BYTES
    if data[:1] != bytes([VERSION]):
        raise CorruptObject(None, f"a secret of format {data[0] if data else 'nothing'}; {VERSION} is known here")
    if len(data) > MAX_SEALED_BYTES or size < PADDING or size % PADDING:
        raise CorruptObject(None, f"a secret of {len(data)} bytes, which none has")
    epoch = int.from_bytes(data[_EPOCH_AT:_FINGERPRINT_AT], "big")
    if epoch == 0:
        raise CorruptObject(None, "a secret sealed in epoch 0, which there is not")
    name = KeyName(Domain(data[1:_EPOCH_AT]), epoch, data[_FINGERPRINT_AT:_NONCE_AT])
    return Sealed(name, data[_NONCE_AT:_TEXT_AT], data[_TEXT_AT:])
