"""What changed between two moments: events by their numbers, files and settings by their keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from objstore.objects.jumps import ancestor_at, jump_place
from objstore.objects.kinds import Oid
from objstore.objects.trees import Change, NodeReader, diff, empty_tree
from objstore.repository.history import boundary_of, squashed
from objstore.repository.repository import Repository


class EventsDiff(NamedTuple):
    """Two chains: they share their first `common` events; after those one has `removed`, the other `added` of its own."""

    common: int
    removed: int
    added: int


def diff_events(repo: Repository, a: Oid, b: Oid) -> EventsDiff:
    """How the event chain of `b` differs from that of `a`."""
    shared = common_event_count(repo, a, b)
    return EventsDiff(shared, repo.commit(a).events - shared, repo.commit(b).events - shared)


def common_event_count(repo: Repository, a: Oid, b: Oid) -> int:
    """How many events two first-parent chains share from the start."""
    fork = common_chain(repo, a, b)
    return 0 if fork is None else repo.commit(fork).events


def common_chain(repo: Repository, a: Oid, b: Oid) -> Oid | None:
    """The newest commit on the first-parent chains of both, found by jumps in O(log n) reads; None if there is none.

    SquashedHistory: they part where one of them was squashed.
    """
    if repo.commit(a).place > repo.commit(b).place:
        a, b = b, a
    bounds = [bound for bound in (boundary_of(repo, a), boundary_of(repo, b)) if bound is not None]
    highest = max(bounds, key=lambda bound: bound.place, default=None)
    lowest = 0 if highest is None else highest.place
    if bounds and ancestor_at(a, 0, repo.commit) != ancestor_at(b, 0, repo.commit):
        return None
    place = repo.commit(a).place
    if highest is not None and place < lowest:
        raise squashed(highest)
    b = ancestor_at(b, place, repo.commit)
    while a != b:
        one, other = repo.commit(a), repo.commit(b)
        if one.jump is None or other.jump is None:
            return None
        apart = one.jump != other.jump
        if highest is not None and (jump_place(one.place) if apart else one.place - 1) < lowest:
            raise squashed(highest)
        a, b = (one.jump, other.jump) if apart else (one.parents[0], other.parents[0])
    return a


def diff_trees(repo: Repository, old: Oid | None, new: Oid | None) -> Iterator[Change]:
    """Changed keys between two trees in key order; None is a moment without that part."""
    if old is not None and new is not None:
        return diff(old, new, repo.nodes)
    empty = empty_tree(repo.hasher)
    reader = NodeReader(lambda oid: empty.payload if oid == empty.oid else repo.read_tree(oid))
    return diff(old or empty.oid, new or empty.oid, reader)
