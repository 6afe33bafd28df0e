"""Ed25519 by libsodium, loaded fast: a short process signs when it closes its store.

PyNaCl's package of wrappers takes ten times as long to load as the library itself (40 and 3 ms), so the three calls
below go to the compiled module that the wrappers call too. Where a PyNaCl arranges that differently, the wrappers do it.
Keys and signatures are those of RFC 8032.
"""

from __future__ import annotations

from functools import cache
from typing import Final, Protocol

from objstore.keys.libsodium import libsodium

SEED_BYTES: Final = 32
PUBLIC_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64


class Ed25519(Protocol):
    """The primitive: deterministic, no state, safe between threads."""

    def public(self, seed: bytes) -> bytes:
        """The public key (32 bytes) of a seed (32 bytes)."""
        ...

    def sign(self, seed: bytes, message: bytes) -> bytes:
        """The signature (64 bytes) of a message."""
        ...

    def verifies(self, public: bytes, message: bytes, signature: bytes) -> bool:
        """Whether the signature is the key's over this message."""
        ...


class Direct:
    """libsodium by PyNaCl's compiled module."""

    def __init__(self) -> None:
        """ImportError, AttributeError: this PyNaCl has no such module, or another one."""
        self._ffi, self._lib = libsodium("crypto_sign_seed_keypair", "crypto_sign", "crypto_sign_open")

    def public(self, seed: bytes) -> bytes:
        """The public key of a seed."""
        return self._pair(seed)[0]

    def sign(self, seed: bytes, message: bytes) -> bytes:
        """The signature of a message."""
        _, secret = self._pair(seed)
        signed = self._ffi.new("unsigned char[]", SIGNATURE_BYTES + len(message))
        size = self._ffi.new("unsigned long long *")
        self._lib.crypto_sign(signed, size, message, len(message), secret)
        return bytes(self._ffi.buffer(signed, SIGNATURE_BYTES))

    def verifies(self, public: bytes, message: bytes, signature: bytes) -> bool:
        """Whether the signature is the key's over this message."""
        if len(public) != PUBLIC_BYTES or len(signature) != SIGNATURE_BYTES:
            return False  # The library reads that many bytes, whatever it is given.
        signed = signature + message
        opened = self._ffi.new("unsigned char[]", len(signed))
        size = self._ffi.new("unsigned long long *")
        return self._lib.crypto_sign_open(opened, size, signed, len(signed), public) == 0

    def _pair(self, seed: bytes) -> tuple[bytes, object]:
        if len(seed) != SEED_BYTES:
            raise ValueError(f"a seed has {SEED_BYTES} bytes")
        public = self._ffi.new("unsigned char[]", PUBLIC_BYTES)
        secret = self._ffi.new("unsigned char[]", SEED_BYTES + PUBLIC_BYTES)
        self._lib.crypto_sign_seed_keypair(public, secret, seed)
        return bytes(self._ffi.buffer(public, PUBLIC_BYTES)), secret


class Wrapped:
    """libsodium by PyNaCl's public bindings."""

    def public(self, seed: bytes) -> bytes:
        """The public key of a seed."""
        from nacl.bindings import crypto_sign_seed_keypair

        return crypto_sign_seed_keypair(seed)[0]

    def sign(self, seed: bytes, message: bytes) -> bytes:
        """The signature of a message."""
        from nacl.bindings import crypto_sign, crypto_sign_seed_keypair

        return crypto_sign(message, crypto_sign_seed_keypair(seed)[1])[:SIGNATURE_BYTES]

    def verifies(self, public: bytes, message: bytes, signature: bytes) -> bool:
        """Whether the signature is the key's over this message."""
        from nacl.bindings import crypto_sign_open
        from nacl.exceptions import CryptoError

        if len(public) != PUBLIC_BYTES or len(signature) != SIGNATURE_BYTES:
            return False
        try:
            crypto_sign_open(signature + message, public)
        except CryptoError:
            return False
        return True


@cache
def ed25519() -> Ed25519:
    """The primitive, loaded when it is first needed."""
    try:
        return Direct()
    except (ImportError, AttributeError):
        return Wrapped()
