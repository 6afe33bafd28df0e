"""What of its trees is new in a commit: the difference of prolly trees by nodes, in the time of what differs.

Sender and receiver compute the same list from the same commits, so that a receiver knows, object by object, what it
must have been sent, and accepts no reference to anything else. A node is new if it stands in none of the parents'
trees; the walk goes down all trees at once, level by level, and opens no node that they share. An entry of a new leaf
is new if it stands in none of the parents' leaves that were opened, so that content which moved to another path is
not new, and content that was copied from an untouched corner may be sent again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol

from objstore.errors import CorruptObject
from objstore.objects.blobs import WHOLE_LIMIT
from objstore.objects.kinds import Oid
from objstore.objects.trees import Node


class PartReader(Protocol):
    """How the walk reads. All raise MissingObject and CorruptObject."""

    def node(self, oid: Oid) -> Node:
        """A node of a tree."""
        ...

    def pieces(self, oid: Oid) -> Sequence[Oid]:
        """What a blob's object names: nothing if it is whole, chunks or lists of chunks if it is a list."""
        ...


class Part(NamedTuple):
    """An object of a tree: `node` if it is a node, else of a blob; the keys of a new leaf are in `keys`."""

    oid: Oid
    node: bool
    keys: tuple[bytes, ...] = ()


def tree_parts(new: Oid | None, olds: Iterable[Oid | None], reader: PartReader) -> Iterator[Part]:
    """The objects of a tree that its predecessors lack, what they are made of first. CorruptObject: it is no tree."""
    before = {old for old in olds if old is not None}
    if new is None or new in before:
        return
    nodes, entries, gone = _fresh_nodes(new, before, reader)
    known = set(_below(gone, reader)) if any(size > WHOLE_LIMIT for size in entries.values()) else set[Oid]()
    for entry in entries:
        for oid in _blob(entry, known, reader):
            yield Part(oid, node=False)
    for oid, keys in reversed(nodes):
        yield Part(oid, node=True, keys=keys)


Leaf = tuple[Oid, tuple[bytes, ...]]


def _fresh_nodes(new: Oid, olds: set[Oid], reader: PartReader) -> tuple[list[Leaf], dict[Oid, int], dict[Oid, int]]:
    """The new nodes, parents first; the new entries and those that are gone, with their sizes."""
    waiting: dict[int, dict[Oid, Node]] = {}  # the parents' nodes that were not opened yet, by level
    for old in olds:
        node = reader.node(old)
        waiting.setdefault(node.level, {})[old] = node
    top = reader.node(new)
    ours = {new: top}
    nodes: list[Leaf] = []
    for level in range(max([top.level, *waiting]), -1, -1):
        theirs = waiting.pop(level, {})
        if level > top.level:
            _open(theirs, level, (), waiting, reader)
            continue
        nodes += [(oid, () if level else node.keys) for oid, node in ours.items()]
        named = _items(ours.values())
        if level == 0:
            old = _items(theirs.values())
            return nodes, _without(named, old), _without(old, named)
        below = waiting.get(level - 1, {})
        shared = named.keys() & (_items(theirs.values()).keys() | below.keys())
        for oid in shared:
            below.pop(oid, None)
        _open(theirs, level, shared, waiting, reader)
        ours = {oid: _child(oid, level, reader) for oid in named if oid not in shared}
    raise AssertionError("level 0 ends the walk")


def _open(
    nodes: dict[Oid, Node], level: int, shared: Iterable[Oid], waiting: dict[int, dict[Oid, Node]], reader: PartReader
) -> None:
    """Put the children of these nodes where they wait, but for those that both sides share."""
    left_out = set(shared)
    for node in nodes.values():
        for oid in node.oids:
            if oid not in left_out:
                waiting.setdefault(level - 1, {})[oid] = _child(oid, level, reader)


def _child(oid: Oid, level: int, reader: PartReader) -> Node:
    node = reader.node(oid)
    if node.level != level - 1:
        raise CorruptObject(oid, f"a tree node of level {node.level} stands under one of level {level}")
    return node


def _items(nodes: Iterable[Node]) -> dict[Oid, int]:
    return {oid: size for node in nodes for oid, size in zip(node.oids, node.sizes, strict=True)}


def _without(items: dict[Oid, int], others: dict[Oid, int]) -> dict[Oid, int]:
    return {oid: size for oid, size in items.items() if oid not in others}


def _below(entries: dict[Oid, int], reader: PartReader) -> Iterator[Oid]:
    """All that the large ones of these blobs are made of. Reads their lists, and no chunk."""
    stack = [oid for oid, size in entries.items() if size > WHOLE_LIMIT]
    seen = set(stack)
    while stack:
        oid = stack.pop()
        yield oid
        fresh = [piece for piece in reader.pieces(oid) if piece not in seen]
        seen.update(fresh)
        stack += fresh


def _blob(entry: Oid, known: set[Oid], reader: PartReader) -> Iterator[Oid]:
    """A blob's objects that are not known, pieces before the lists that name them. They are known from then on."""
    stack: list[tuple[Oid, Iterator[Oid]]] = []
    oid: Oid | None = entry
    while True:
        if oid is not None and oid not in known:
            known.add(oid)
            stack.append((oid, iter(reader.pieces(oid))))
        if not stack:
            return
        oid = next(stack[-1][1], None)
        if oid is None:
            yield stack.pop()[0]
