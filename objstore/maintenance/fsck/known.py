"""What a check knows of the objects: which are there and sound, of what kind and size, and what was walked already.

In a full check every stored object is read first and noted here, so that walking the histories reads no payload
twice. In a quick one nothing is noted beforehand, and a payload that nobody has to look into counts as sound when an
index names it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from objstore.errors import CorruptObject
from objstore.maintenance.oid_table import OidTable
from objstore.objects.canonical import check_payload
from objstore.objects.kinds import Kind, Object, Oid
from objstore.repository.repository import Repository, Surroundings
from objstore.storage.protocol import Storage

_VISITED: Final = 1 << 4
_CLOSED: Final = 1 << 5
_SIZE_AT: Final = 8
_COMMIT_BYTES: Final = 96 << 20
"""Memory for the payloads of commits between reading and walking: some 300,000 of them; others are read again."""
_OVERHEAD: Final = 180


class Known(NamedTuple):
    """Kind and payload size of an object; None where an index alone was asked."""

    kind: Kind | None
    size: int | None


class CheckedRepository(Repository):
    """A repository of its own for one check, which takes commits that were just read from `Objects`."""

    def __init__(self, repo: Repository, objects: Objects) -> None:
        super().__init__(repo.storage, Surroundings(repo.now, repo.random, repo.author))
        self._objects = objects

    def payload(self, oid: Oid, kind: Kind) -> bytes:
        """As `Repository.payload`."""
        kept = self._objects.kept(oid) if kind is Kind.COMMIT else None
        return super().payload(oid, kind) if kept is None else kept


class Objects:
    """The objects of a storage, as far as a check has come. For one thread."""

    def __init__(self, storage: Storage, listed: Callable[[Oid], bool] | None = None) -> None:
        """`listed`: whether an index names an object, for a quick check; None: everything is read."""
        self._storage = storage
        self._listed = listed
        self._table = OidTable()
        self._commits: dict[Oid, bytes] = {}
        self._room = _COMMIT_BYTES

    def note(self, oid: Oid, kind: Kind, size: int) -> None:
        """An object was read and is sound."""
        self._table.put(oid, self._table.get(oid) | size << _SIZE_AT | kind)

    def keep(self, oid: Oid, commit: bytes) -> None:
        """Keep the payload of a sound commit at hand, as far as there is room."""
        if self._room > 0:
            self._room -= len(commit) + _OVERHEAD
            self._commits[oid] = commit

    def kept(self, oid: Oid) -> bytes | None:
        """The payload of a commit that is at hand."""
        return self._commits.get(oid)

    def find(self, oid: Oid) -> Known:
        """What is known of an object; reads it where that is needed. MissingObject, CorruptObject."""
        value = self._table.get(oid)
        if value & 15:
            return Known(Kind(value & 15), value >> _SIZE_AT)
        if self._listed is not None and self._listed(oid):
            return Known(None, None)
        obj = self.read(oid)
        return Known(obj.kind, len(obj.payload))

    def read(self, oid: Oid) -> Object:
        """The object, sound. MissingObject, CorruptObject."""
        obj = self._storage.read(oid)
        if not self._table.get(oid) & 15:  # One that came after the reading, or is read for the first time.
            try:
                check_payload(obj.kind, obj.payload)
            except CorruptObject as fault:
                raise CorruptObject(oid, fault.reason) from None
            self.note(oid, obj.kind, len(obj.payload))
        return obj

    def visit(self, oid: Oid) -> bool:
        """Whether this is the first visit to an object."""
        value = self._table.get(oid)
        if value & _VISITED:
            return False
        self._table.put(oid, value | _VISITED)
        return True

    def close(self, oid: Oid) -> None:
        """A node of a tree ends where its content says that it ends, and so does all that is last in it."""
        self._table.put(oid, self._table.get(oid) | _CLOSED)

    def is_closed(self, oid: Oid) -> bool:
        """Whether `close` was said of this node."""
        return bool(self._table.get(oid) & _CLOSED)
