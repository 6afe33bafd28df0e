"""Signatures: who signed what, and for which purpose.

    version: 1 ‖ public key: 32 ‖ Ed25519 signature: 64                     (97 bytes)

What is signed is the purpose's own line, a zero byte, and the message, so that a signature for one purpose is none for
another. Whether the key is one to be trusted is not said here (`keyring`). Bytes: docs/format/signatures.md.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from objstore.errors import CorruptObject
from objstore.keys.sodium import PUBLIC_BYTES, SEED_BYTES, SIGNATURE_BYTES, ed25519

VERSION: Final = 1
ENCODED_BYTES: Final = 1 + PUBLIC_BYTES + SIGNATURE_BYTES

Signing = Literal["checkpoint", "tag"]
"""What a signature is for."""

_PREFIXES: Final[dict[Signing, bytes]] = {
    "checkpoint": b"objstore 2026-11-24 signature: checkpoint\0",
    "tag": b"objstore 2026-11-24 signature: tag\0",
}


class Signature(NamedTuple):
    """A signature and the public key that it claims to be by."""

    public: bytes
    value: bytes

    def holds(self, purpose: Signing, message: bytes) -> bool:
        """Whether the key that it names has signed this message for this purpose."""
        return ed25519().verifies(self.public, _PREFIXES[purpose] + message, self.value)


class SigningKey:
    """A key that signs. Never shown: `repr` gives its public half."""

    __slots__ = ("_seed", "public")

    def __init__(self, seed: bytes) -> None:
        """`seed`: 32 random bytes. ValueError: they are not."""
        if len(seed) != SEED_BYTES:
            raise ValueError(f"a seed has {SEED_BYTES} bytes")
        self._seed = seed
        self.public = ed25519().public(seed)

    @property
    def seed(self) -> bytes:
        """The key itself, for who keeps it."""
        return self._seed

    def sign(self, purpose: Signing, message: bytes) -> Signature:
        """Sign a message for one purpose. The same message has the same signature each time."""
        return Signature(self.public, ed25519().sign(self._seed, _PREFIXES[purpose] + message))

    def __repr__(self) -> str:
        return f"SigningKey({self.public.hex()})"

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a key cannot be pickled: it would lie in whatever the pickle lies in")


def encode_signature(signature: Signature) -> bytes:
    """Its 97 bytes."""
    return bytes([VERSION]) + signature.public + signature.value


def decode_signature(data: bytes) -> Signature:
    """What the bytes say, none of it verified. CorruptObject: they are not of this form."""
    if len(data) != ENCODED_BYTES or data[0] != VERSION:
        raise CorruptObject(None, f"no signature of version {VERSION}")
    return Signature(data[1 : 1 + PUBLIC_BYTES], data[1 + PUBLIC_BYTES :])
