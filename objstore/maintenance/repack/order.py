"""The order in which objects are packed: what is read together lies together.

The commits of a conversation that are at hand follow each other, each behind its event: a commit names its parent, so
no history has to be walked for it. All else keeps the order in which it came: a snapshot comes in the order of paths.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from objstore.errors import CorruptObject
from objstore.objects.commits import decode_commit
from objstore.objects.kinds import Kind, Object, Oid

GROUP: Final = 256 << 10
"""Bytes of objects from which on a run is packed as a group, with a base of its own."""


def runs(objects: Sequence[Object]) -> Iterator[list[Object]]:
    """These objects, each once: the chains of commits with their events, then all others."""
    events = {obj.oid: obj for obj in objects if obj.kind is Kind.EVENT}
    chains: list[list[Object]] = []
    open_chains: dict[Oid, list[Object]] = {}  # by the commit that they end with
    placed: set[Oid] = set()
    for obj in objects:
        if obj.kind is not Kind.COMMIT or obj.oid in placed:
            continue
        try:
            commit = decode_commit(obj.payload)
        except CorruptObject:  # Whoever checks the store tells; here it is bytes like any other.
            continue
        chain = open_chains.pop(commit.parents[0], None) if commit.parents else None
        if chain is None:
            chain = list[Object]()
            chains.append(chain)
        event = None if commit.event is None or commit.event in placed else events.get(commit.event)
        for each in (event, obj):
            if each is not None:
                chain.append(each)
                placed.add(each.oid)
        open_chains[obj.oid] = chain
    yield from chains
    rest: dict[Oid, Object] = {obj.oid: obj for obj in objects if obj.oid not in placed}
    if rest:
        yield list(rest.values())


def groups(ordered: Iterable[Iterable[Object]], longest: int) -> Iterator[list[Object]]:
    """Runs joined until they are worth a base; one of more than `longest` bytes is cut."""
    group: list[Object] = []
    size = 0
    for run in ordered:
        for obj in run:
            group.append(obj)
            size += len(obj.payload)
            if size >= longest:
                yield group
                group, size = [], 0
        if size >= GROUP:
            yield group
            group, size = [], 0
    if group:
        yield group
