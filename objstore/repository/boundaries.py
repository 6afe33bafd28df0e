"""Where the histories of a storage begin since they were squashed, as its refs `squashed/…` say.

A boundary is a fact about a commit, whatever ref leads there: it has no parents here any more. `Repository.commit` gives
it without them, so that every walk ends there by itself; who reads the bytes of commits (marking, `why`) has to ask.
A ref that branched off before the boundary is none of its concern: what it reaches stays, and is read as ever.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from objstore.errors import CorruptObject
from objstore.objects.boundaries import NAMESPACE, Boundary, bounded_by_ref, decode_boundary
from objstore.objects.kinds import Oid
from objstore.repository.records import read_record
from objstore.storage.marking import Grafts
from objstore.storage.protocol import Storage
from objstore.storage.versioned import Versioned

_OFTEN = 64


class _Known(NamedTuple):
    """The refs as they were at a version: the record of each commit, and the commits of each root."""

    version: object
    records: Mapping[Oid, Oid]
    of_root: Mapping[Oid, list[Oid]]


class Boundaries:
    """The boundaries of one storage. Safe between threads."""

    def __init__(self, storage: Storage, on_new: Callable[[Iterable[Oid]], object]) -> None:
        """`on_new` hears of the commits at which histories were found to begin."""
        self._storage = storage
        self._on_new = on_new
        self._versioned = storage if isinstance(storage, Versioned) else None
        self._known = _Known(None, {}, {})
        self._read: dict[Oid, Boundary] = {}  # records, which never change
        self._asked = 0

    def __contains__(self, commit: Oid) -> bool:
        """Whether a history begins at a commit, as the refs say now."""
        if self._versioned is not None and self._versioned.version == self._known.version:
            return commit in self._known.records
        # One question to the refs is cheap; many are not, and all boundaries may be many.
        self._asked += 1
        if self._versioned is None or self._asked % _OFTEN:
            prefix = f"{NAMESPACE}{commit.hex()}/"
            return next(iter(self._storage.refs.find(prefix, limit=1)), None) is not None
        return commit in self.look()

    def look(self) -> Mapping[Oid, Oid]:
        """The records of all boundaries, by their commits, as the refs say now."""
        return self._look().records

    def find(self, commit: Oid) -> Boundary | None:
        """The boundary at a commit, or None. CorruptObject, MissingObject: its record."""
        if commit not in self:
            return None
        record = self.look().get(commit)
        return None if record is None else self._boundary(commit, record)

    def of_root(self, root: Oid) -> list[Boundary]:
        """The boundaries of the chains that begin with a commit, the lowest place first. CorruptObject, MissingObject."""
        known = self._look()
        found = [self._boundary(commit, known.records[commit]) for commit in known.of_root.get(root, ())]
        return sorted(found, key=lambda boundary: boundary.place)

    def __iter__(self) -> Iterator[Boundary]:
        """All of them, by the ids of their commits. CorruptObject, MissingObject."""
        for commit, record in sorted(self.look().items()):
            yield self._boundary(commit, record)

    def grafts(self) -> Grafts:
        """What marking has to know. CorruptObject, MissingObject: a record."""
        found = list(self)
        return Grafts(
            {boundary.commit: frozenset(boundary.parents) for boundary in found},
            frozenset(oid for boundary in found for oid in boundary.jumps),
        )

    def _look(self) -> _Known:
        # The version before the refs, which may move on.
        version = None if self._versioned is None else self._versioned.version
        if self._versioned is not None and version == self._known.version:
            return self._known
        records: dict[Oid, Oid] = {}
        of_root: dict[Oid, list[Oid]] = {}
        for ref in self._storage.refs.find(NAMESPACE):
            named = bounded_by_ref(ref.name)
            if named is not None:
                records[named[0]] = Oid(ref.value)
                of_root.setdefault(named[1], []).append(named[0])
        fresh = records.keys() - self._known.records.keys()
        self._known = _Known(version, records, of_root)
        if fresh:
            self._on_new(fresh)
        return self._known

    def _boundary(self, commit: Oid, record: Oid) -> Boundary:
        found = self._read.get(record)
        if found is None:
            found = self._read[record] = read_boundary(self._storage, record)
        if found.commit != commit:
            raise CorruptObject(record, f"it is the boundary of another commit than {commit.hex()}")
        return found


def read_boundary(storage: Storage, oid: Oid) -> Boundary:
    """The boundary in an object. CorruptObject: it is none; MissingObject."""
    return read_record(storage, oid, decode_boundary, "boundary")
