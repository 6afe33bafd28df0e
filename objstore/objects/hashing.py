"""Ids and cuts: all use of BLAKE3.

An oid is BLAKE3-256 over one byte of kind, the payload's length as eight bytes big-endian, and the payload.
In a key domain the hash is keyed, so that an id confirms nothing about content to who lacks the key.
Cuts of trees are hashes of keys under a key of their own. Bytes: docs/format/objects.md.
"""

from __future__ import annotations

from blake3 import blake3

from objstore.objects.kinds import PLAIN, Domain, Kind, Object, Oid

_HEADERS = {int(kind): bytes([kind]) for kind in Kind}
_JOIN_LIMIT = 1 << 16  # Above this, a second update() is cheaper than copying the payload behind its header.


class Hasher:
    """Gives oids and cut hashes in one key domain. Immutable, safe between threads."""

    __slots__ = ("_cut_key", "_id_key", "domain")

    def __init__(self, domain: Domain = PLAIN, id_key: bytes | None = None, cut_key: bytes | None = None) -> None:
        """A plain hasher, or a keyed one: `domain` of 16 bytes, `id_key` and `cut_key` of 32 bytes each."""
        keyed = id_key is not None
        if keyed != bool(domain) or keyed != (cut_key is not None):
            raise ValueError("a keyed hasher needs a domain and both keys; a plain one none of them")
        self.domain = domain
        self._id_key = id_key
        self._cut_key = cut_key

    def oid(self, kind: Kind, payload: bytes) -> Oid:
        """The id of an object."""
        size = len(payload)
        header = _HEADERS[kind] + size.to_bytes(8, "big")
        if size <= _JOIN_LIMIT:
            if self._id_key is None:
                return Oid(blake3(header + payload).digest())
            return Oid(blake3(header + payload, key=self._id_key).digest())
        state = blake3(header) if self._id_key is None else blake3(header, key=self._id_key)
        state.update(payload)
        return Oid(state.digest())

    def object(self, kind: Kind, payload: bytes) -> Object:
        """The object of this kind and payload, with its id."""
        return Object(self.oid(kind, payload), kind, payload, self.domain)

    def cut(self, level: int, key: bytes) -> int:
        """32 uniform bits for a key at a level of a tree (0 is the leaves), as an integer."""
        data = bytes([level]) + key
        digest = blake3(data) if self._cut_key is None else blake3(data, key=self._cut_key)
        return int.from_bytes(digest.digest(length=4), "little")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Hasher) and (self.domain, self._id_key) == (other.domain, other._id_key)

    def __hash__(self) -> int:
        return hash((self.domain, self._id_key))

    def __repr__(self) -> str:
        return f"Hasher({'plain' if self._id_key is None else self.domain.hex()})"


PLAIN_HASHER = Hasher()


def derive_key(context: str, material: bytes) -> bytes:
    """32 bytes that follow from a key for one purpose, and from which the key does not follow: BLAKE3's own mode.

    `context` is fixed in the source of who asks, and names application, date and purpose.
    """
    return blake3(material, derive_key_context=context).digest()


def keyed_hash(key: bytes, data: bytes) -> bytes:
    """32 bytes that nobody without the key (32 bytes) can give for this data."""
    return blake3(data, key=key).digest()


def checksum(*parts: bytes | memoryview) -> bytes:
    """16 bytes of unkeyed BLAKE3 over the parts: finds damage of stored bytes, proves nothing about who wrote them."""
    state = blake3()
    for part in parts:
        state.update(part)
    return state.digest(length=16)


class Digest:
    """32 bytes of unkeyed BLAKE3 over a stream: what a file is known by, where it is listed with its hash."""

    __slots__ = ("_state",)

    def __init__(self) -> None:
        self._state = blake3()

    def update(self, data: bytes | memoryview) -> None:
        """Take more of the stream."""
        self._state.update(data)

    def digest(self) -> bytes:
        """The hash of what was taken so far."""
        return self._state.digest()
