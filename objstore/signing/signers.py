"""Whose signatures a user trusts: `store.signers`. Keys are written `ed25519-` and 64 hex digits."""

from __future__ import annotations

from typing import NamedTuple

from objstore.keys.keyring import Keyring
from objstore.keys.signing_file import key_text, parse_key


class SignerInfo(NamedTuple):
    """A key that is trusted, and whose it is; the user's own is "you"."""

    key: str
    name: str


class Signers:
    """The user's own signing key and those of others, in the user's key folder. Safe between threads."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    def own(self) -> str:
        """The public half of the user's own key, to be given to others; made where there is none.

        UnsafeKeyFolder, DamagedKey, OSError.
        """
        return key_text(self._keyring.own().public)

    def find(self) -> list[SignerInfo]:
        """Every trusted key, the own one first. UnsafeKeyFolder, DamagedKey."""
        return [SignerInfo(key_text(signer.public), signer.name) for signer in self._keyring.trusted()]

    def trust(self, key: str, name: str) -> None:
        """Trust what this key signed and will sign. InvalidValue; UnsafeKeyFolder, DamagedKey, OSError."""
        self._keyring.trust(parse_key(key), name)

    def distrust(self, key: str) -> bool:
        """Trust a key no more; whether it was trusted. Errors as `trust`. What it signed stays signed, by nobody known."""
        return self._keyring.distrust(parse_key(key))
