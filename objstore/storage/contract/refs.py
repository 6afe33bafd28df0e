"""The promises of refs, on the refs of a storage: `refs.contract` through `apply` and `refs`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from objstore.storage.protocol import Storage
from refs.contract import RefStoreContract
from refs.edits import Applied, Note, RefEdit
from refs.protocol import NO_CUTS, Cut, LogEntry, Ref, RefStore


class StorageRefs:
    """The refs of a storage as a `RefStore`: edits without objects."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage

    def get(self, name: str) -> Ref | None:
        """As `RefReader`."""
        return self.storage.refs.get(name)

    def find(self, prefix: str = "", after: str = "", limit: int | None = None) -> Iterator[Ref]:
        """As `RefReader`."""
        return self.storage.refs.find(prefix, after, limit)

    def log(self, name: str, before: int | None = None) -> Iterator[LogEntry]:
        """As `RefReader`."""
        return self.storage.refs.log(name, before)

    def entry_at(self, name: str, sequence: int) -> LogEntry | None:
        """As `RefReader`."""
        return self.storage.refs.entry_at(name, sequence)

    def entry_at_time(self, name: str, when: int) -> LogEntry | None:
        """As `RefReader`."""
        return self.storage.refs.entry_at_time(name, when)

    def operations(self, before: int | None = None) -> Iterator[tuple[int, list[LogEntry]]]:
        """As `RefReader`."""
        return self.storage.refs.operations(before)

    def values(self, after: int = 0, upto: int | None = None) -> Iterator[bytes]:
        """As `RefReader`."""
        return self.storage.refs.values(after, upto)

    def cut(self, name: str) -> Cut:
        """As `RefReader`."""
        return self.storage.refs.cut(name)

    def adopt(self, operations: Iterable[tuple[int, Sequence[LogEntry]]], cuts: Mapping[str, Cut] = NO_CUTS) -> int:
        """As `RefStore`."""
        return self.storage.adopt(operations, cuts)

    def verify(self, name: str) -> None:
        """As `RefReader`."""
        self.storage.refs.verify(name)

    def apply(self, edits: Sequence[RefEdit], note: Note) -> Applied:
        """As `RefStore`."""
        return self.storage.apply((), edits, note)


class StorageRefsContract(RefStoreContract):
    """All promises of `refs.protocol`, on a storage."""

    def make_storage(self) -> Storage:
        """An empty storage."""
        raise NotImplementedError

    def make(self) -> RefStore:
        """Its refs."""
        return StorageRefs(self.make_storage())
