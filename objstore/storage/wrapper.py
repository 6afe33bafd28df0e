"""A storage in front of another one that passes everything on: what wrappers are derived from.

A wrapper changes what it is for and nothing else, so wrappers can be put around each other:
`ReadOnly(Caching(slow))`. Closing one closes what it wraps.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager

from objstore.objects.hashing import Hasher
from objstore.objects.kinds import Kind, Object, Oid
from objstore.storage.protocol import Stage, Storage, Watch
from refs.edits import Applied, Note, RefEdit
from refs.protocol import NO_CUTS, Cut, LogEntry, RefReader


class Wrapper:
    """The storage `inner`, under another name. Implements `Storage`."""

    def __init__(self, inner: Storage) -> None:
        self.inner = inner

    @property
    def place(self) -> str:
        """Where the wrapped storage is."""
        return self.inner.place

    @property
    def hasher(self) -> Hasher:
        """The wrapped storage's hasher."""
        return self.inner.hasher

    @property
    def refs(self) -> RefReader:
        """Reading of refs."""
        return self.inner.refs

    def read(self, oid: Oid) -> Object:
        """As `Storage`."""
        return self.inner.read(oid)

    def read_many(self, oids: Iterable[Oid]) -> Iterator[Object]:
        """As `Storage`."""
        return self.inner.read_many(oids)

    def missing(self, oids: Iterable[Oid]) -> set[Oid]:
        """As `Storage`."""
        return self.inner.missing(oids)

    def objects(self) -> Iterator[tuple[Oid, Kind, int]]:
        """As `Storage`."""
        return self.inner.objects()

    def find_ids(self, prefix: bytes, odd_nibble: bool, limit: int) -> list[Oid]:
        """As `Storage`."""
        return self.inner.find_ids(prefix, odd_nibble, limit)

    def stage(self) -> Stage:
        """As `Storage`."""
        return self.inner.stage()

    def apply(
        self, objects: Sequence[Object], edits: Sequence[RefEdit], note: Note, stage: Stage | None = None
    ) -> Applied:
        """As `Storage`."""
        return self.inner.apply(objects, edits, note, stage)

    def adopt(self, operations: Iterable[tuple[int, Sequence[LogEntry]]], cuts: Mapping[str, Cut] = NO_CUTS) -> int:
        """As `Storage`."""
        return self.inner.adopt(operations, cuts)

    def turn(self) -> AbstractContextManager[None]:
        """As `Storage`."""
        return self.inner.turn()

    def watch(self) -> Watch:
        """As `Storage`."""
        return self.inner.watch()

    def close(self) -> None:
        """Close the wrapped storage."""
        self.inner.close()
