"""What came in a transfer: the objects of the segment at hand, and the kinds of all. Reads as if they were kept."""

from __future__ import annotations

from collections.abc import Sequence

from objstore.errors import MissingObject
from objstore.objects.commits import Commit
from objstore.objects.kinds import Kind, Object, Oid
from objstore.objects.references import references
from objstore.objects.trees import Node, NodeReader
from objstore.repository.repository import Repository, expect


class Arrived:
    """The objects that came, over those of a repository. A `parts.PartReader`."""

    def __init__(self, repo: Repository) -> None:
        self._repo = repo
        self._nodes = NodeReader(lambda oid: expect(self.read(oid), Kind.TREE))
        self.held: dict[Oid, Object] = {}
        """The objects of this segment."""
        self.kinds: dict[Oid, Kind] = {}
        """What came, by kind."""
        self.commits: dict[Oid, Commit] = {}
        """The commits of this segment."""
        self.tombstones: dict[Oid, Oid] = {}
        """What came in place of redacted events, by event."""

    def add(self, obj: Object) -> None:
        """Take an object; twice is harmless."""
        self.held[obj.oid] = obj
        self.kinds[obj.oid] = obj.kind

    def forget_content(self) -> None:
        """The segment was kept: let go of it."""
        for oid, commit in self.commits.items():
            self._repo.remember({oid: commit})
        self.held.clear()
        self.commits.clear()

    def read(self, oid: Oid) -> Object:
        """An object that came or was here. MissingObject, CorruptObject."""
        obj = self.held.get(oid)
        return self._repo.storage.read(oid) if obj is None else obj

    def commit(self, oid: Oid) -> Commit:
        """A commit that came or was here. MissingObject, CorruptObject."""
        commit = self.commits.get(oid)
        return self._repo.commit(oid) if commit is None else commit

    def read_index(self, oid: Oid) -> bytes:
        """The payload of a node of an event index."""
        return expect(self.read(oid), Kind.INDEX)

    def node(self, oid: Oid) -> Node:
        """A node of a tree."""
        return self._nodes.node(oid)

    def pieces(self, oid: Oid) -> Sequence[Oid]:
        """What a blob's object names. MissingObject: it did not come and is not here."""
        kind = self.kinds.get(oid)
        if kind is not None and kind is not Kind.CHUNKS:
            return ()
        obj = self.read(oid)
        return references(obj.kind, obj.payload) if obj.kind is Kind.CHUNKS else ()

    def is_redacted(self, event: Oid) -> bool:
        """Whether an event was redacted here, so that it stays away and need not come."""
        return event in self._repo.redactions

    def need(self, oid: Oid, *kinds: Kind) -> None:
        """See that an object came, and is of one of these kinds. MissingObject: it did not."""
        if self.kinds.get(oid) not in kinds:
            raise MissingObject(oid)
