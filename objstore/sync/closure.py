"""What some commits reach and others do not, each object once, what it is made of before what names it.

Content is read one object at a time. What is remembered are ids, about 100 bytes each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from objstore.objects.commits import Commit
from objstore.objects.event_index import node_children
from objstore.objects.kinds import Kind, Object, Oid
from objstore.objects.references import references
from objstore.objects.trees import walk
from objstore.repository.history import ancestors
from objstore.repository.repository import Repository


class Closure:
    """The objects of a repository from some commits down to others. For one thread, iterated once."""

    def __init__(self, repo: Repository, heads: Iterable[Oid], hidden: Iterable[Oid] = ()) -> None:
        """`hidden` are commits whose closure is left out. MissingObject, CorruptObject."""
        self._repo = repo
        self._known: set[Oid] = set()
        bounds = [*hidden]
        found = [oid for oid, _ in ancestors(repo, heads, bounds)]
        found.reverse()
        self.commits: list[Oid] = found
        """The commits, parents before children."""
        self._leave_out(bounds)

    def objects(self) -> Iterator[Object]:
        """All objects, commits included. MissingObject, CorruptObject."""
        for oid in self.commits:
            commit = self._repo.commit(oid)
            yield from self._parts(commit)
            yield self._repo.storage.read(oid)

    def _leave_out(self, bounds: Iterable[Oid]) -> None:
        """Know what the bounds themselves hold: what is older is reached only where it is in them, too."""
        for oid in bounds:
            commit = self._repo.commit(oid)
            if commit.index is not None:
                self._known.update(self._index(commit.index))
            for root in (commit.files, commit.settings):
                if root is not None:
                    for node_oid, node in walk(root, self._repo.nodes, self._known):
                        self._known.add(node_oid)
                        if not node.level:
                            self._known.update(node.oids)

    def _parts(self, commit: Commit) -> Iterator[Object]:
        read = self._repo.storage.read
        if commit.event is not None and commit.event not in self._known:
            self._known.add(commit.event)  # a merge or an edit carries events into other commits
            yield read(commit.event)
        if commit.index is not None:
            for oid in self._index(commit.index):
                yield read(oid)
        for root in (commit.files, commit.settings):
            if root is not None:
                yield from self._tree(root)

    def _index(self, root: Oid) -> Iterator[Oid]:
        """The nodes of an event index that are not known yet, leaves first."""
        if root in self._known:
            return
        self._known.add(root)
        level, children = node_children(self._repo.read_index(root))
        if level:
            for child in children:
                yield from self._index(child)
        yield root

    def _tree(self, root: Oid) -> Iterator[Object]:
        """The nodes and blobs of a tree that are not known yet, blobs first and the root last."""
        fresh: list[Oid] = []
        for oid, node in walk(root, self._repo.nodes, self._known):
            fresh.append(oid)
            if not node.level:
                for entry in node.oids:
                    yield from self._blob(entry)
        for oid in reversed(fresh):
            if oid not in self._known:
                self._known.add(oid)
                yield self._repo.storage.read(oid)

    def _blob(self, oid: Oid) -> Iterator[Object]:
        if oid in self._known:
            return
        self._known.add(oid)
        obj = self._repo.storage.read(oid)
        if obj.kind is Kind.CHUNKS:
            for piece in references(obj.kind, obj.payload):
                yield from self._blob(piece)
        yield obj
