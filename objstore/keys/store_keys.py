"""The keys of an encrypted store that was opened.

    root                 32 random bytes, in a sealed box for each member: it opens the rest of the key store
    ids                  32 random bytes, for ever: ids and cuts are keyed by what follows from them
    data key, by epoch   32 random bytes each: the newest one seals, all of them open

Bytes: docs/format/encryption.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from objstore.errors import CorruptObject
from objstore.keys.cipher import cipher
from objstore.keys.domain_key import DomainKey
from objstore.keys.identity import Identity
from objstore.keys.key_store_file import KeyStoreFile, Wrap
from objstore.objects.hashing import Hasher, derive_key, keyed_hash
from objstore.objects.kinds import Domain

Random = Callable[[int], bytes]

_WRAPS: Final = "objstore 2026-11-24 key store: wraps"
_MAC: Final = "objstore 2026-11-24 key store: mac"
_IDS: Final = "objstore 2026-11-24 store: ids"
_CUTS: Final = "objstore 2026-11-24 store: cuts"
_BOUND: Final = b"objstore key store 1"


class StoreKeys:
    """What a key store holds, unwrapped, and the identity that opened it. Never shown. Immutable."""

    __slots__ = ("_ids", "_root", "by_epoch", "domain", "identity")

    def __init__(
        self, domain: Domain, root: bytes, ids: bytes, by_epoch: Mapping[int, DomainKey], identity: Identity
    ) -> None:
        """`identity`: whose box the root is in; a passphrase has one too."""
        self.domain = domain
        self._root = root
        self._ids = ids
        self.by_epoch = dict(sorted(by_epoch.items()))
        """The data keys, oldest first."""
        self.identity = identity

    @property
    def root(self) -> bytes:
        """What members have in their boxes."""
        return self._root

    @property
    def newest(self) -> DomainKey:
        """The data key that seals."""
        return self.by_epoch[max(self.by_epoch)]

    def hasher(self) -> Hasher:
        """The hasher of the store's ids and cuts."""
        return Hasher(self.domain, derive_key(_IDS, self._ids), derive_key(_CUTS, self._ids))

    def with_key(self, key: DomainKey, root: bytes) -> StoreKeys:
        """These keys, one more, and another root."""
        return StoreKeys(self.domain, root, self._ids, {**self.by_epoch, key.name.epoch: key}, self.identity)

    def without(self, epochs: frozenset[int]) -> StoreKeys:
        """These keys, but for the data keys of some epochs; the newest stays."""
        newest = self.newest.name.epoch
        left = {epoch: key for epoch, key in self.by_epoch.items() if epoch not in epochs or epoch == newest}
        return StoreKeys(self.domain, self._root, self._ids, left, self.identity)

    def opened_by(self, identity: Identity) -> StoreKeys:
        """These keys, by another identity."""
        return StoreKeys(self.domain, self._root, self._ids, self.by_epoch, identity)

    def wrapped(self, random: Random) -> tuple[Wrap, tuple[tuple[int, Wrap], ...]]:
        """Ids and data keys as the key store has them."""
        ids = self._wrap(self._ids, b"ids", random)
        keys = ((epoch, self._wrap(key.root, _place(epoch), random)) for epoch, key in self.by_epoch.items())
        return ids, tuple(keys)

    def _wrap(self, key: bytes, place: bytes, random: Random) -> Wrap:
        nonce = random(24)
        return Wrap(nonce, cipher().encrypt(key, _BOUND + self.domain + place, nonce, derive_key(_WRAPS, self._root)))

    def __repr__(self) -> str:
        return f"StoreKeys({self.newest.name})"

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("keys cannot be pickled: they would lie in whatever the pickle lies in")


def make_keys(domain: Domain, identity: Identity, random: Random) -> StoreKeys:
    """Fresh keys, of epoch 1."""
    return StoreKeys(domain, random(32), random(32), {1: DomainKey(domain, 1, random(32))}, identity)


def sign_file(held: KeyStoreFile, root: bytes) -> KeyStoreFile:
    """The file with the right `mac`. InvalidValue: a member's name that cannot be one."""
    return held._replace(mac=keyed_hash(derive_key(_MAC, root), held.body()))


def unwrap(held: KeyStoreFile, root: bytes, identity: Identity) -> StoreKeys:
    """The keys in a key store whose root is known. CorruptObject: somebody without the root altered it."""
    if sign_file(held, root).mac != held.mac:
        raise CorruptObject(None, "its lines were altered by somebody without its keys")
    key = derive_key(_WRAPS, root)
    bound = _BOUND + held.domain

    def open_wrap(wrap: Wrap, place: bytes) -> bytes:
        found = cipher().decrypt(wrap.sealed, bound + place, wrap.nonce, key)
        if found is None or len(found) != 32:
            raise CorruptObject(None, "a key in it does not open")
        return found

    ids = open_wrap(held.ids, b"ids")
    keys = {epoch: DomainKey(held.domain, epoch, open_wrap(wrap, _place(epoch))) for epoch, wrap in held.keys}
    return StoreKeys(held.domain, root, ids, keys, identity)


def _place(epoch: int) -> bytes:
    return b"key" + epoch.to_bytes(4, "big")
