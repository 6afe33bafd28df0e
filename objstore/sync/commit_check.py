"""Whether a commit follows from its parents, and everything came that it has beyond them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from objstore.errors import CorruptObject, ObjstoreError
from objstore.objects.commits import Commit
from objstore.objects.event_index import LEAF, append_leaf, leaves_covered
from objstore.objects.hashing import Hasher
from objstore.objects.jumps import next_jump
from objstore.objects.kinds import Kind, Oid
from objstore.sync.arrived import Arrived
from objstore.sync.parts import tree_parts

CheckPath = Callable[[str], object]
"""Raises an error of ours for a path that no tree of files may have."""


class CommitCheck:
    """Judges commits that came. Safe between threads."""

    def __init__(self, hasher: Hasher, check_path: CheckPath) -> None:
        self._hasher = hasher
        self._check_path = check_path

    def parts(self, oid: Oid, commit: Commit, here: Arrived) -> Iterator[Oid]:
        """What came for a commit whose parents are whole, after its place was checked.

        CorruptObject: the commit is not what its parents demand. MissingObject: something of it did not come.
        """
        parents = [here.commit(parent) for parent in commit.parents]
        first = parents[0] if parents else None
        self._check_place(oid, commit, parents, here)
        if commit.event is not None:
            tombstone = here.tombstones.get(commit.event)
            if tombstone is not None:
                yield tombstone
            elif not here.is_redacted(commit.event):
                here.need(commit.event, Kind.EVENT)
            yield commit.event
        yield from self._index(oid, commit, first, here)
        for root, olds, is_files in (
            (commit.files, [parent.files for parent in parents], True),
            (commit.settings, [parent.settings for parent in parents], False),
        ):
            for part in tree_parts(root, olds, here):
                here.need(part.oid, *((Kind.TREE,) if part.node else (Kind.BLOB, Kind.CHUNKS)))
                if is_files:
                    for key in part.keys:
                        self._path(part.oid, key)
                yield part.oid

    def _check_place(self, oid: Oid, commit: Commit, parents: list[Commit], here: Arrived) -> None:
        if not parents:
            return
        first = parents[0]
        if (
            commit.place != first.place + 1
            or commit.events != first.events + (commit.event is not None)
            or commit.generation != 1 + max(parent.generation for parent in parents)
            or commit.jump != next_jump(commit.parents[0], first, here.commit)
        ):
            raise CorruptObject(oid, "a commit that does not follow from its parents")

    def _index(self, oid: Oid, commit: Commit, first: Commit | None, here: Arrived) -> list[Oid]:
        """The new nodes of its event index, which must be what sealing the last 1,024 event commits makes."""
        leaves = leaves_covered(commit.events)
        before = 0 if first is None else leaves_covered(first.events)
        old = None if first is None else first.index
        if leaves == before:
            if commit.index != old:
                raise CorruptObject(oid, "a commit whose event index is not its first parent's")
            return []
        root, nodes = append_leaf(old, before, _last_events(commit, here), here.read_index, self._hasher)
        if commit.index != root:
            raise CorruptObject(oid, "a commit whose event index does not hold the events before it")
        for node in nodes:
            here.need(node.oid, Kind.INDEX)
        return [node.oid for node in nodes]

    def _path(self, oid: Oid, key: bytes) -> None:
        try:
            self._check_path(key.decode())
        except (ObjstoreError, ValueError) as error:
            raise CorruptObject(oid, f"a tree of files with a path that is refused: {error}") from None


def _last_events(commit: Commit, here: Arrived) -> list[Oid]:
    """The 1,024 event commits before this one, oldest first."""
    found: list[Oid] = []
    while len(found) < LEAF and commit.parents:
        oid = commit.parents[0]
        commit = here.commit(oid)
        if commit.event is not None:
            found.append(oid)
    found.reverse()
    return found
