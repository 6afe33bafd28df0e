"""libsodium's encryption, loaded fast: every process that opens an encrypted store needs it.

PyNaCl's package of wrappers takes ten times as long to load as the library itself (40 and 3 ms), and its calls twice as
long on an event. So the calls below go to the compiled module that the wrappers call too; where a PyNaCl arranges that
differently, the wrappers do it. XChaCha20-Poly1305 (IETF), sealed boxes of X25519 keys, and Argon2id version 1.3.
"""

from __future__ import annotations

from functools import cache
from typing import Final, Protocol

from objstore.keys.libsodium import libsodium

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 24
TAG_BYTES: Final = 16
SALT_BYTES: Final = 16
BOX_BYTES: Final = 48
"""How much longer than its content a sealed box is."""

_ARGON2ID: Final = 2


class Cipher(Protocol):
    """The primitives: no state, safe between threads. Sizes that do not fit are the caller's fault: ValueError."""

    def encrypt(self, content: bytes, bound: bytes, nonce: bytes, key: bytes) -> bytes:
        """The content sealed, with its tag behind it; `bound` is not in it, but has to be the same for opening."""
        ...

    def decrypt(self, sealed: bytes | memoryview, bound: bytes, nonce: bytes, key: bytes) -> bytes | None:
        """The content, or None: altered, of another key, nonce or bound."""
        ...

    def public(self, secret: bytes) -> bytes:
        """The public X25519 key (32 bytes) of a secret one."""
        ...

    def box(self, content: bytes, public: bytes) -> bytes:
        """The content for who has the secret key."""
        ...

    def unbox(self, box: bytes, secret: bytes) -> bytes | None:
        """The content of a box, or None: altered, or for somebody else."""
        ...

    def stretch(self, passphrase: bytes, salt: bytes, passes: int, memory: int) -> bytes:
        """Argon2id: 32 bytes out of a passphrase, with so many passes over so many bytes. MemoryError."""
        ...


class Direct:
    """libsodium by PyNaCl's compiled module."""

    def __init__(self) -> None:
        """ImportError, AttributeError: this PyNaCl has no such module, or another one."""
        calls = ("crypto_box_seal", "crypto_box_seal_open", "crypto_scalarmult_base", "crypto_pwhash")
        self._ffi, self._lib = libsodium(*calls)
        self._seal = self._lib.crypto_aead_xchacha20poly1305_ietf_encrypt
        self._open = self._lib.crypto_aead_xchacha20poly1305_ietf_decrypt

    def encrypt(self, content: bytes, bound: bytes, nonce: bytes, key: bytes) -> bytes:
        """The content sealed."""
        _check(nonce, NONCE_BYTES, key)
        null = self._ffi.NULL
        sealed = self._ffi.new("unsigned char[]", len(content) + TAG_BYTES)
        self._seal(sealed, null, content, len(content), bound, len(bound), null, nonce, key)
        return self._ffi.buffer(sealed)[:]

    def decrypt(self, sealed: bytes | memoryview, bound: bytes, nonce: bytes, key: bytes) -> bytes | None:
        """The content, or None."""
        _check(nonce, NONCE_BYTES, key)
        size = len(sealed) - TAG_BYTES
        if size < 0:
            return None
        null, data = self._ffi.NULL, self._ffi.from_buffer(sealed)
        content = self._ffi.new("unsigned char[]", size or 1)
        if self._open(content, null, null, data, len(sealed), bound, len(bound), nonce, key) != 0:
            return None
        return self._ffi.buffer(content, size)[:]

    def public(self, secret: bytes) -> bytes:
        """The public key of a secret one."""
        _check(secret, KEY_BYTES)
        public = self._ffi.new("unsigned char[]", KEY_BYTES)
        self._lib.crypto_scalarmult_base(public, secret)
        return self._ffi.buffer(public)[:]

    def box(self, content: bytes, public: bytes) -> bytes:
        """The content for who has the secret key."""
        _check(public, KEY_BYTES)
        box = self._ffi.new("unsigned char[]", len(content) + BOX_BYTES)
        if self._lib.crypto_box_seal(box, content, len(content), public) != 0:
            raise ValueError("no public key that anything can be sealed for")
        return self._ffi.buffer(box)[:]

    def unbox(self, box: bytes, secret: bytes) -> bytes | None:
        """The content of a box, or None."""
        _check(secret, KEY_BYTES)
        size = len(box) - BOX_BYTES
        if size < 0:
            return None
        content = self._ffi.new("unsigned char[]", size or 1)
        if self._lib.crypto_box_seal_open(content, box, len(box), self.public(secret), secret) != 0:
            return None
        return self._ffi.buffer(content, size)[:]

    def stretch(self, passphrase: bytes, salt: bytes, passes: int, memory: int) -> bytes:
        """32 bytes out of a passphrase."""
        _check(salt, SALT_BYTES)
        key = self._ffi.new("unsigned char[]", KEY_BYTES)
        size = len(passphrase)
        if self._lib.crypto_pwhash(key, KEY_BYTES, passphrase, size, salt, passes, memory, _ARGON2ID) != 0:
            raise MemoryError(f"Argon2id needs {memory >> 20} MiB of memory, which there are not")
        return self._ffi.buffer(key)[:]


class Wrapped:
    """libsodium by PyNaCl's public bindings."""

    def encrypt(self, content: bytes, bound: bytes, nonce: bytes, key: bytes) -> bytes:
        """The content sealed."""
        from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_encrypt as encrypt

        _check(nonce, NONCE_BYTES, key)
        return encrypt(content, bound, nonce, key)

    def decrypt(self, sealed: bytes | memoryview, bound: bytes, nonce: bytes, key: bytes) -> bytes | None:
        """The content, or None."""
        from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_decrypt as decrypt
        from nacl.exceptions import CryptoError

        _check(nonce, NONCE_BYTES, key)
        if len(sealed) < TAG_BYTES:
            return None
        try:
            return decrypt(bytes(sealed), bound, nonce, key)
        except CryptoError:
            return None

    def public(self, secret: bytes) -> bytes:
        """The public key of a secret one."""
        from nacl.bindings import crypto_scalarmult_base

        return crypto_scalarmult_base(secret)

    def box(self, content: bytes, public: bytes) -> bytes:
        """The content for who has the secret key."""
        from nacl.bindings import crypto_box_seal
        from nacl.exceptions import CryptoError

        _check(public, KEY_BYTES)
        try:
            return crypto_box_seal(content, public)
        except CryptoError:
            raise ValueError("no public key that anything can be sealed for") from None

    def unbox(self, box: bytes, secret: bytes) -> bytes | None:
        """The content of a box, or None."""
        from nacl.bindings import crypto_box_seal_open
        from nacl.exceptions import CryptoError

        try:
            return crypto_box_seal_open(box, self.public(secret), secret)
        except (CryptoError, TypeError, ValueError):
            return None

    def stretch(self, passphrase: bytes, salt: bytes, passes: int, memory: int) -> bytes:
        """32 bytes out of a passphrase."""
        from nacl.bindings import crypto_pwhash_alg
        from nacl.exceptions import CryptoError

        _check(salt, SALT_BYTES)
        try:
            return crypto_pwhash_alg(KEY_BYTES, passphrase, salt, passes, memory, _ARGON2ID)
        except CryptoError:
            raise MemoryError(f"Argon2id needs {memory >> 20} MiB of memory, which there are not") from None


def _check(data: bytes, size: int, key: bytes = bytes(KEY_BYTES)) -> None:
    if len(data) != size or len(key) != KEY_BYTES:  # The library reads that many bytes, whatever it is given.
        raise ValueError(f"{len(data)} bytes where {size} belong, or a key of {len(key)}")


@cache
def cipher() -> Cipher:
    """The primitives, loaded when they are first needed."""
    try:
        return Direct()
    except (ImportError, AttributeError):
        return Wrapped()
