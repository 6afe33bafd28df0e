"""A tree as it becomes: what is there, with changes on top, so that each step of a draft sees those before it."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterator, Mapping

from objstore.errors import ObjstoreError
from objstore.objects.kinds import Object, Oid
from objstore.objects.trees import Entry, NodeReader, get, scan_prefix

Missing = Callable[[str], ObjstoreError]
Write = Callable[[Object], None]
ReadObject = Callable[[Oid], Object]


class TreeEdits:
    """Changes to one tree while they are worked out. `changes` is what each key shall map to, None for nothing."""

    def __init__(
        self,
        root: Oid,
        nodes: NodeReader,
        missing: Missing,
        read_object: ReadObject,
        write: Write,
        changes: Mapping[bytes, Entry | None],
    ) -> None:
        """`missing(key)` makes the error for removing what is not there; objects of new entries go to `write`.

        `changes` are those to begin with.
        """
        self.changes = dict(changes)
        self.missing = missing
        self._root = root
        self._nodes = nodes
        self._read = read_object
        self._write = write
        self._fresh: dict[Oid, Object] = {}
        self._sorted: list[bytes] = []
        self._unsorted = list(changes)

    def get(self, key: bytes) -> Entry | None:
        """What a key maps to now."""
        return self.changes[key] if key in self.changes else get(self._root, key, self._nodes)

    def below(self, prefix: bytes) -> Iterator[tuple[bytes, Entry]]:
        """The entries whose keys begin with a prefix, by key, as they are now; no changes may be made meanwhile."""
        changed = self._changed_keys()
        at = bisect_left(changed, prefix)
        for key, entry in scan_prefix(self._root, self._nodes, prefix):
            while at < len(changed) and changed[at] < key:
                yield from self._one(changed[at])
                at += 1
            if key not in self.changes:
                yield key, entry
        while at < len(changed) and changed[at].startswith(prefix):
            yield from self._one(changed[at])
            at += 1

    def put(self, key: bytes, entry: Entry) -> None:
        """Set a key."""
        self._set(key, entry)

    def remove(self, key: bytes) -> None:
        """Remove a key. The error of `missing`: it is not there."""
        if self.get(key) is None:
            raise self.missing(key.decode())
        self._set(key, None)

    def read_object(self, oid: Oid) -> Object:
        """An object of the storage, of the draft, or written here."""
        obj = self._fresh.get(oid)
        return self._read(oid) if obj is None else obj

    def write_object(self, obj: Object) -> None:
        """Keep an object that a new entry needs."""
        self._fresh[obj.oid] = obj
        self._write(obj)

    def _set(self, key: bytes, entry: Entry | None) -> None:
        if key not in self.changes:
            self._unsorted.append(key)
        self.changes[key] = entry

    def _one(self, key: bytes) -> Iterator[tuple[bytes, Entry]]:
        entry = self.changes[key]
        if entry is not None:
            yield key, entry

    def _changed_keys(self) -> list[bytes]:
        # A few new keys among many are put in their places: sorting all for each of many moves would be quadratic.
        if len(self._unsorted) > 16:
            self._sorted += self._unsorted
            self._sorted.sort()
        else:
            for key in self._unsorted:
                insort(self._sorted, key)
        self._unsorted.clear()
        return self._sorted
