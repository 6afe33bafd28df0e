"""What seals every byte of an encrypted store: XChaCha20-Poly1305 with a random nonce, bound to what the bytes are.

    version: 1 ‖ epoch: 4 ‖ nonce: 24 ‖ ciphertext with its tag

Bound to it are version, domain, epoch and the place that the caller names: what is sealed for one place opens at no
other. Bytes: docs/format/encryption.md.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from objstore.errors import CorruptObject
from objstore.keys.cipher import NONCE_BYTES, TAG_BYTES, cipher
from objstore.keys.domain_key import DomainKey
from objstore.keys.store_keys import Random, StoreKeys
from objstore.objects.kinds import Domain

VERSION: Final = 1
_BOUND: Final = b"objstore sealed 1"
_EPOCH_AT: Final = 1
_NONCE_AT: Final = _EPOCH_AT + 4
_TEXT_AT: Final = _NONCE_AT + NONCE_BYTES
OVERHEAD: Final = _TEXT_AT + TAG_BYTES
"""How much longer than its content something sealed is."""


class Vault:
    """Seals with the newest key of a store and opens with all of them. Safe between threads."""

    def __init__(self, keys: StoreKeys, again: Callable[[], StoreKeys], random: Random) -> None:
        """`again` reads the keys anew, for when something names an epoch that another process began."""
        self._keys = keys
        self._again = again
        self._random = random
        self._lock = threading.Lock()
        self._cipher = cipher()
        self.domain: Domain = keys.domain

    @property
    def keys(self) -> StoreKeys:
        """The keys as they are known here."""
        return self._keys

    def adopt(self, keys: StoreKeys) -> None:
        """Go on with these keys of the same store."""
        self._keys = keys

    @property
    def epoch(self) -> int:
        """The epoch of the key that seals."""
        return self._keys.newest.name.epoch

    def seal(self, content: bytes, place: bytes) -> bytes:
        """The content sealed for a place."""
        key = self._keys.newest
        epoch = key.name.epoch.to_bytes(4, "big")
        nonce = self._random(NONCE_BYTES)
        sealed = self._cipher.encrypt(content, self._bound(epoch, place), nonce, key.derived("data"))
        return b"".join((bytes([VERSION]), epoch, nonce, sealed))

    def open(self, sealed: bytes, place: bytes) -> bytes:
        """What was sealed for this place. CorruptObject: it was not, it was altered, or its key is not here."""
        if len(sealed) < OVERHEAD or sealed[0] != VERSION:
            raise CorruptObject(None, "nothing sealed that this program knows")
        epoch = sealed[_EPOCH_AT:_NONCE_AT]
        key = self._key(int.from_bytes(epoch, "big"))
        nonce = sealed[_NONCE_AT:_TEXT_AT]
        content = self._cipher.decrypt(sealed[_TEXT_AT:], self._bound(epoch, place), nonce, key.derived("data"))
        if content is None:
            raise CorruptObject(None, "it does not open: it was altered, or sealed for another place")
        return content

    def _bound(self, epoch: bytes, place: bytes) -> bytes:
        return b"".join((_BOUND, self.domain, epoch, place))

    def _key(self, epoch: int) -> DomainKey:
        found = self._keys.by_epoch.get(epoch)
        if found is not None:
            return found
        with self._lock:
            if epoch > self.epoch:  # a damaged epoch must not have the key store read again and again for nothing
                self._keys = self._again()
        found = self._keys.by_epoch.get(epoch)
        if found is None:
            raise CorruptObject(None, f"it is sealed with a key of epoch {epoch}, which is not in the key store")
        return found

    def __repr__(self) -> str:
        return f"Vault({self._keys!r})"
