"""Sealing: XChaCha20-Poly1305 with a random nonce, bound to the key's name and to where the thing stands.

The only module that calls PyNaCl, which is loaded when the first thing is sealed or opened.
"""

from __future__ import annotations

from typing import Final

from objstore.errors import BrokenSeal
from objstore.keys.domain_key import DomainKey, Purpose
from objstore.keys.sealed import MAX_SEALED_BYTES, PADDING, Sealed

MAX_CONTENT_BYTES: Final = MAX_SEALED_BYTES - 4 * PADDING
_END: Final = b"\x80"


def seal(key: DomainKey, purpose: Purpose, content: bytes, place: bytes, nonce: bytes) -> Sealed:
    """Seal bytes (at most `MAX_CONTENT_BYTES`) for one place; what is sealed for another place does not open there.

    `nonce` is 24 random bytes, never used again.
    """
    from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_encrypt as encrypt

    blank = Sealed(key.name, nonce, b"")
    return blank._replace(ciphertext=encrypt(_pad(content), blank.header + place, nonce, key.derived(purpose)))


def open_sealed(key: DomainKey, purpose: Purpose, sealed: Sealed, place: bytes) -> bytes:
    """What was sealed. BrokenSeal: with another key, for another place, or altered since."""
    from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_decrypt as decrypt
    from nacl.exceptions import CryptoError

    if key.name != sealed.key:
        raise BrokenSeal(f"it was sealed with key {sealed.key.short}, not with {key.name.short}")
    try:
        padded = decrypt(sealed.ciphertext, sealed.header + place, sealed.nonce, key.derived(purpose))
    except CryptoError:
        raise BrokenSeal("it was altered, or was sealed for another place") from None
    return _unpad(padded)


def _pad(content: bytes) -> bytes:
    """The content, an end mark, and zeros up to a multiple of PADDING."""
    return content + _END + bytes(-(len(content) + 1) % PADDING)


def _unpad(padded: bytes) -> bytes:
    content, end, rest = padded.rpartition(_END)
    if not end or len(rest) >= PADDING or rest.strip(b"\0"):
        raise BrokenSeal("it is not padded as a writer pads")
    return content
