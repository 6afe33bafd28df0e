"""A domain's key: 32 random bytes, from which one key for each purpose is derived.

A domain is what shares its keys (a store, say); its key is replaced now and then, and each replacement is an epoch.
What was sealed names its key by domain, epoch and fingerprint. The fingerprint decides: it commits to the key, so that
nothing opens under two keys (the sealing alone would allow that), and two machines that each made a first key for one
domain are told apart. Bytes: docs/format/secrets.md.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from objstore.objects.hashing import derive_key
from objstore.objects.kinds import Domain

KEY_BYTES: Final = 32
DOMAIN_BYTES: Final = 16
FINGERPRINT_BYTES: Final = 16
MAX_EPOCH: Final = (1 << 32) - 1

Purpose = Literal["secrets", "data"]
"""What a derived key is for: the secrets of settings, or all bytes of an encrypted store."""

_CONTEXTS: Final[dict[Purpose, str]] = {
    "secrets": "objstore 2026-11-24 domain key: secrets",
    "data": "objstore 2026-11-24 domain key: data",
}
_FINGERPRINT: Final = "objstore 2026-11-24 domain key: fingerprint"


class KeyName(NamedTuple):
    """What a key is called: 16 bytes of domain, an epoch from 1, and 16 bytes that commit to the key."""

    domain: Domain
    epoch: int
    fingerprint: bytes

    def __str__(self) -> str:
        return f"{self.domain.hex()}-{self.epoch}-{self.fingerprint.hex()}"

    @property
    def short(self) -> str:
        """The name for people: the beginning of the fingerprint, and the epoch."""
        return f"{self.fingerprint.hex()[:8]} (epoch {self.epoch})"


class DomainKey:
    """A key and its name. Never shown: `repr` gives the name."""

    __slots__ = ("_derived", "_root", "name")

    def __init__(self, domain: Domain, epoch: int, root: bytes) -> None:
        """`domain`: 16 bytes, `root`: 32 bytes, `epoch`: 1 to 2^32 - 1. ValueError: they are not."""
        if len(domain) != DOMAIN_BYTES or len(root) != KEY_BYTES or not 1 <= epoch <= MAX_EPOCH:
            raise ValueError("a key has a domain of 16 bytes, an epoch from 1 and 32 bytes")
        self._root = root
        self._derived: dict[Purpose, bytes] = {}
        bound = domain + epoch.to_bytes(4, "big") + root
        self.name = KeyName(domain, epoch, derive_key(_FINGERPRINT, bound)[:FINGERPRINT_BYTES])

    @property
    def root(self) -> bytes:
        """The key itself, for who keeps it."""
        return self._root

    def derived(self, purpose: Purpose) -> bytes:
        """The key for one purpose: 32 bytes."""
        key = self._derived.get(purpose)
        if key is None:
            key = self._derived[purpose] = derive_key(_CONTEXTS[purpose], self._root)
        return key

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DomainKey) and self.name == other.name

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f"DomainKey({self.name})"

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a key cannot be pickled: it would lie in whatever the pickle lies in")
