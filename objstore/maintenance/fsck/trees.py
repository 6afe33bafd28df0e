"""Trees of files and settings: each node once, held against its parent and against where its content says it ends.

Which nodes a level has follows from its items alone (`objects.trees.cuts`), so a node can be judged by itself: it is
closed if the cutter ends it behind its last item, and not before. Every node but the last of its level must be closed,
and so must be all that is last in it; a mark for each node that was seen keeps that, so that a tree which shares nodes
with one before costs what is new in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from objstore.errors import CorruptObject, MissingObject, ObjstoreError
from objstore.maintenance.finding import Fault, Findings, fault_of
from objstore.maintenance.fsck.blobs import Blobs
from objstore.maintenance.fsck.known import Objects
from objstore.objects.hashing import Hasher
from objstore.objects.kinds import Oid
from objstore.objects.trees import Node
from objstore.objects.trees.cuts import Cutter
from objstore.repository.repository import Repository

CheckPath = Callable[[str], object]
"""Raises an error of ours for a path that no tree of files may have."""


class _Place(NamedTuple):
    """A node to be looked at: what its parent says of it, and whether it is the last of its level."""

    oid: Oid
    parent: Node | None
    at: int
    last: bool


class Trees:
    """The walk over all trees, each node once."""

    def __init__(self, repo: Repository, objects: Objects, findings: Findings) -> None:
        self._repo = repo
        self._objects = objects
        self._findings = findings
        self._blobs = Blobs(objects, findings)

    def check(self, root: Oid, where: str, check_path: CheckPath | None) -> None:
        """Check what is new in a tree. `where` is the moment at which it stands; `check_path` for a tree of files."""
        if self._objects.visit(root):
            self._look(_Place(root, None, 0, last=True), where, check_path)

    def _node(self, place: _Place, where: str, check_path: CheckPath | None) -> None:
        if self._objects.visit(place.oid):
            self._look(place, where, check_path)
            return
        # Its content was looked at; what this parent says of it was not. Who comes back is mostly still in the cache.
        node = self._read(place.oid, where)
        if node is not None:
            self._hold(node, place, where)

    def _look(self, place: _Place, where: str, check_path: CheckPath | None) -> None:
        node = self._read(place.oid, where)
        if node is None:
            return
        ends = list(_ends(node, self._repo.hasher))
        if any(ends[:-1]):
            self._wrong(place.oid, "a node goes on where its content says that it ends", where)
        if node.level:
            newest = len(node.oids) - 1
            for at, child in enumerate(node.oids):
                self._node(_Place(child, node, at, place.last and at == newest), where, check_path)
        else:
            self._entries(node, where, check_path)
        if ends and ends[-1] and (not node.level or self._objects.is_closed(node.oids[-1])):
            self._objects.close(place.oid)
        self._hold(node, place, where)

    def _hold(self, node: Node, place: _Place, where: str) -> None:
        """Hold a node, whose content was looked at, against its place in a tree."""
        if _mismatch(node, place.parent, place.at) if place.parent else node.level and len(node.oids) == 1:
            self._wrong(place.oid, "a node is not what its parent says, or stands alone under a root", where)
        if not place.last and not self._objects.is_closed(place.oid):
            self._wrong(place.oid, "a node ends where its content says that it goes on", where)

    def _entries(self, node: Node, where: str, check_path: CheckPath | None) -> None:
        for key, oid, size in zip(node.keys, node.oids, node.sizes, strict=True):
            if check_path is not None:
                self._path(key, where, check_path)
            self._blobs.check(oid, size, where, key)

    def _path(self, key: bytes, where: str, check_path: CheckPath) -> None:
        try:
            check_path(key.decode())
        except UnicodeDecodeError:
            self._findings.add(Fault.PATH, "its path is not UTF-8", where=f"{where}:{key!r}")
        except ObjstoreError as error:
            self._findings.add(Fault.PATH, str(error), where=f"{where}:{key.decode()}")

    def _read(self, oid: Oid, where: str) -> Node | None:
        try:
            return self._repo.nodes.node(oid)
        except (MissingObject, CorruptObject) as error:
            self._findings.add(*fault_of(error), oid=oid, where=where)
            return None

    def _wrong(self, oid: Oid, reason: str, where: str) -> None:
        self._findings.add(Fault.TREE, reason, oid=oid, where=where)


def _ends(node: Node, hasher: Hasher) -> Iterator[bool]:
    """Whether a node that begins here ends behind each of its items."""
    cutter = Cutter(node.level, hasher)
    for key in node.keys:
        yield cutter.ends(key)


def _mismatch(node: Node, parent: Node, at: int) -> bool:
    return (
        node.level + 1 != parent.level
        or node.keys[-1:] != parent.keys[at : at + 1]
        or (at > 0 and node.keys[:1] <= parent.keys[at - 1 : at])
        or node.totals() != (parent.numbers[at], parent.sizes[at])
    )
