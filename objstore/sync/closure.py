"""What some commits reach and others do not, each object once, what it is made of before what names it.

The order is that of the heads, each history whole before the next begins: so neighbours compress well, and a transfer
that ends early has whole histories and one whole beginning. Of a commit come its event, the new nodes of its event
index, and what its trees have beyond its parents' (`parts`). A redacted event is passed over; its tombstone may come in
its place. Content is read one object at a time. What is remembered
are ids, about 150 bytes for each commit and each object.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from objstore.errors import CorruptObject
from objstore.objects.commits import Commit
from objstore.objects.event_index import Read, node_children
from objstore.objects.kinds import Kind, Object, Oid
from objstore.objects.references import references
from objstore.objects.tombstones import tombstone_ref
from objstore.objects.trees import Node
from objstore.repository.history import is_on_chain, squashed
from objstore.repository.repository import Repository
from objstore.sync.parts import tree_parts


class Closure:
    """The objects of a repository from some commits down to others. For one thread, iterated once."""

    def __init__(self, repo: Repository, bases: Mapping[Oid, Iterable[Oid]], *, tombstones: bool = False) -> None:
        """`bases`: the heads, each with commits on its first-parent chain that are left out, with all that they reach.
        `tombstones`: they stand in for redacted events.

        SquashedHistory: the beginning of one of the histories is asked for, and was squashed. MissingObject,
        CorruptObject.
        """
        self._repo = repo
        self._reader = StoredParts(repo)
        self._redacted = repo.redactions.look()
        self._tombstones = tombstones
        self._sent: set[Oid] = set()
        self.commits: list[Oid] = []
        """The commits, parents before children."""
        done: set[Oid] = set()
        for head, bounds in bases.items():
            self.commits += _history(repo, head, [*bounds], done)
        self._refuse_squashed()

    def _refuse_squashed(self) -> None:
        """SquashedHistory: a history would have to be sent whose beginning is not here any more."""
        if self._repo.boundaries.look():
            for oid in self.commits:
                boundary = self._repo.boundaries.find(oid)
                if boundary is not None:
                    raise squashed(boundary)

    @property
    def redacted(self) -> set[Oid]:
        """The events that the commits name and that `objects` passes over, since they were redacted."""
        if not self._redacted:
            return set()
        named = {self._repo.commit(oid).event for oid in self.commits}
        return {event for event in self._redacted if event in named}

    def objects(self) -> Iterator[Object]:
        """All objects, commits included, but for redacted events. MissingObject, CorruptObject."""
        for oid in self.commits:
            yield from self._of_commit(oid, self._repo.commit(oid))

    def _of_commit(self, oid: Oid, commit: Commit) -> Iterator[Object]:
        parents = [self._repo.commit(parent) for parent in commit.parents]
        if commit.event is not None:  # once: a merge or an edit carries events into other commits
            shown = commit.event if commit.event not in self._redacted else self._tombstone(commit.event)
            yield from () if shown is None else self._once(shown)
        for node in index_parts(commit, parents[0] if parents else None, self._repo.read_index):
            yield from self._once(node)
        for part in tree_parts(commit.files, [parent.files for parent in parents], self._reader):
            yield from self._once(part.oid)
        for part in tree_parts(commit.settings, [parent.settings for parent in parents], self._reader):
            yield from self._once(part.oid)
        yield self._repo.storage.read(oid)

    def _tombstone(self, event: Oid) -> Oid | None:
        ref = self._repo.storage.refs.get(tombstone_ref(event)) if self._tombstones else None
        return None if ref is None else Oid(ref.value)

    def _once(self, oid: Oid) -> Iterator[Object]:
        if oid not in self._sent:
            self._sent.add(oid)
            yield self._reader.object(oid)


class StoredParts:
    """Reads parts of commits from a storage; the object that was looked at last is at hand. A `PartReader`."""

    def __init__(self, repo: Repository) -> None:
        self._repo = repo
        self._last: Object | None = None

    def node(self, oid: Oid) -> Node:
        """A node of a tree."""
        return self._repo.nodes.node(oid)

    def pieces(self, oid: Oid) -> Sequence[Oid]:
        """What a blob's object names."""
        obj = self.object(oid)
        return references(obj.kind, obj.payload) if obj.kind is Kind.CHUNKS else ()

    def object(self, oid: Oid) -> Object:
        """An object."""
        if self._last is None or self._last.oid != oid:
            self._last = self._repo.storage.read(oid)
        return self._last


def index_parts(commit: Commit, first: Commit | None, read_index: Read) -> list[Oid]:
    """The nodes of a commit's event index that its first parent's lacks, the leaf first: the right edge of the tree.

    CorruptObject: a node on it is not what its level says.
    """
    found: list[Oid] = []
    oid = commit.index
    if first is not None and oid == first.index:
        return found
    above: int | None = None
    while oid is not None:
        found.append(oid)
        level, children = node_children(read_index(oid))
        if above is not None and level != above - 1:
            raise CorruptObject(oid, f"an index node of level {level} stands under one of level {above}")
        above = level
        oid = children[-1] if level else None
    found.reverse()
    return found


def _history(repo: Repository, head: Oid, bounds: list[Oid], done: set[Oid]) -> Iterator[Oid]:
    """The commits that a head reaches and the bounds do not, parents before children, but for those that are done."""

    def fresh(oid: Oid) -> bool:
        return oid not in done and not any(is_on_chain(repo, oid, bound) for bound in bounds)

    stack = [head] if fresh(head) else []
    while stack:
        oid = stack[-1]
        parent = next((parent for parent in repo.commit(oid).parents if fresh(parent)), None)
        if parent is not None:
            stack.append(parent)
            continue
        stack.pop()
        if oid not in done:
            done.add(oid)
            yield oid
