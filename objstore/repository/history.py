"""Walking histories: along first parents by jump pointers, and across merges by generation.

A history that was squashed begins at its boundary (`boundaries`): what lies before it is asked for in vain, and that is
said with SquashedHistory. A conversation is the first-parent chain of its head, so "the commit with n events", "n commits back" and "as of a time"
are questions about that chain and cost O(log n) reads. Ancestry across merges cannot use the jumps (they would miss
second parents); it uses generations: an ancestor's is always lower.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator

from objstore.errors import CorruptObject, SquashedHistory, UnknownRevision
from objstore.objects.boundaries import Boundary
from objstore.objects.commits import Commit
from objstore.objects.event_index import LEAF, event_commit, leaf_commits, leaves_covered
from objstore.objects.jumps import ancestor_at, jump_place
from objstore.objects.kinds import Oid
from objstore.repository.repository import Repository


def first_parents(repo: Repository, head: Oid | None) -> Iterator[tuple[Oid, Commit]]:
    """The first-parent chain, newest first."""
    while head is not None:
        commit = repo.commit(head)
        yield head, commit
        head = commit.parents[0] if commit.parents else None


def boundary_of(repo: Repository, head: Oid) -> Boundary | None:
    """Where the first-parent chain of a commit begins since it was squashed, or None: it is whole."""
    if not repo.boundaries.look():
        return None
    last = repo.commit(head).place
    # From above: what lies below the one that is found cannot be asked for any more.
    for boundary in reversed(repo.boundaries.of_root(ancestor_at(head, 0, repo.commit))):
        if boundary.place <= last and ancestor_at(head, boundary.place, repo.commit) == boundary.commit:
            return boundary
    return None


def squashed(boundary: Boundary) -> SquashedHistory:
    """The error for what lies before a boundary."""
    return SquashedHistory(boundary.squashed, boundary.commit.hex())


def first_event(repo: Repository, head: Oid) -> int:
    """The number (from 0) of the first event that is there: 0, or how many were squashed."""
    boundary = boundary_of(repo, head)
    return 0 if boundary is None else boundary.squashed


def first_commit(repo: Repository, head: Oid) -> Oid:
    """The first commit of the chain that is there whole: its root, or where it begins since it was squashed."""
    boundary = boundary_of(repo, head)
    return ancestor_at(head, 0, repo.commit) if boundary is None else boundary.commit


def steps_back(repo: Repository, head: Oid, steps: int) -> Oid:
    """The commit `steps` first parents back. UnknownRevision: the chain is shorter; SquashedHistory."""
    place = repo.commit(head).place - steps
    if place < 0:
        raise UnknownRevision(f"~{steps}", f"there are only {repo.commit(head).place} commits before this one")
    boundary = boundary_of(repo, head)
    if boundary is not None and place < boundary.place:
        raise squashed(boundary)
    return ancestor_at(head, place, repo.commit)


def began(repo: Repository, head: Oid) -> int:
    """When the history of a commit began (µs): the time of the first commit of its chain."""
    return repo.commit(ancestor_at(head, 0, repo.commit)).time


def is_on_chain(repo: Repository, ancestor: Oid, head: Oid) -> bool:
    """Whether a commit lies on the first-parent chain of another (or is it), as far as that was not squashed."""
    place = repo.commit(ancestor).place
    if place > repo.commit(head).place:
        return False
    boundary = boundary_of(repo, head)
    if boundary is not None and place < boundary.place:
        return False
    return ancestor_at(head, place, repo.commit) == ancestor


def event_commit_of(repo: Repository, head: Oid, number: int) -> Oid:
    """The commit on the chain of `head` that carries event `number` (from 0). IndexError beyond the end; SquashedHistory."""
    commit = repo.commit(head)
    if not 0 <= number < commit.events:
        raise IndexError(f"event {number} of {commit.events}")
    boundary = boundary_of(repo, head)
    if boundary is not None and number <= boundary.squashed:
        if number < boundary.squashed:
            raise squashed(boundary)
        return boundary.commit
    if number < LEAF * leaves_covered(commit.events):
        assert commit.index is not None
        return event_commit(commit.index, commit.events, number, repo.read_index)
    return _search(repo, head, lambda c: c.events <= number, boundary)


def with_events(repo: Repository, head: Oid, count: int) -> Oid | None:
    """The last commit on the chain of `head` with `count` events, or None for the moment before the first commit.

    IndexError: the chain has fewer events. SquashedHistory: the commit is not there any more.
    """
    commit = repo.commit(head)
    if count == commit.events:
        return head
    if not 0 <= count < commit.events:
        raise IndexError(f"no moment with {count} events: there are {commit.events}")
    boundary = boundary_of(repo, head)
    if boundary is not None and count < boundary.events:
        raise squashed(boundary)
    parents = repo.commit(event_commit_of(repo, head, count)).parents
    return parents[0] if parents else None


def as_of(repo: Repository, head: Oid, time: int) -> Oid | None:
    """The newest commit on the chain made at or before a time (µs), by the commits' own clock; None before the first.

    Where the clock was set back the first such commit that the jumps come upon counts. SquashedHistory: it is not there
    any more.
    """
    commit = repo.commit(head)
    if commit.time <= time:
        return head
    boundary = boundary_of(repo, head)
    later = _search(repo, head, lambda c: c.time <= time, boundary)
    if boundary is not None and later == boundary.commit:
        raise squashed(boundary)
    parents = repo.commit(later).parents
    return parents[0] if parents else None


def _search(repo: Repository, head: Oid, before: Callable[[Commit], bool], boundary: Boundary | None) -> Oid:
    """The oldest commit on the chain from `head` (for which `before` is false) whose parent is `before`, or the first."""
    oid, commit = head, repo.commit(head)
    lowest = 0 if boundary is None else boundary.place
    while commit.parents:
        jump = commit.jump
        if jump is None:
            raise CorruptObject(oid, "it has parents and no jump pointer")
        if jump_place(commit.place) >= lowest:
            target = repo.commit(jump)
            if not before(target):
                oid, commit = jump, target
                continue
        parent = repo.commit(commit.parents[0])
        if before(parent):
            break
        oid, commit = commit.parents[0], parent
    return oid


def event_commits(repo: Repository, head: Oid, start: int, stop: int) -> Iterator[Oid]:
    """The commits of the events `start`..`stop` (from 0, stop excluded), oldest first, in bounded memory.

    SquashedHistory: some of them are not there any more.
    """
    commit = repo.commit(head)
    boundary = boundary_of(repo, head)
    if boundary is not None and start < min(stop, boundary.squashed):
        raise squashed(boundary)
    covered = leaves_covered(commit.events)
    sealed = LEAF * covered
    position = start
    while position < min(stop, sealed):
        number = position // LEAF
        assert commit.index is not None
        ids = leaf_commits(commit.index, covered, number, repo.read_index)
        end = min(stop, (number + 1) * LEAF)
        yield from ids[position - number * LEAF : end - number * LEAF]
        position = end
    if position < stop:
        tail: list[Oid] = []
        last = with_events(repo, head, stop)
        assert last is not None
        for oid, walked in first_parents(repo, last):
            if walked.events <= position:
                break
            if walked.event is not None:
                tail.append(oid)
        yield from reversed(tail)


def ancestors(repo: Repository, heads: Iterable[Oid], hidden: Iterable[Oid] = ()) -> Iterator[tuple[Oid, Commit]]:
    """Every commit reachable from `heads` but not from `hidden`, children before parents, newer before older."""
    queue: list[tuple[int, int, Oid]] = []
    state: dict[Oid, bool] = {}  # oid -> hidden

    def push(oid: Oid, hide: bool) -> None:
        if oid not in state:
            commit = repo.commit(oid)
            heapq.heappush(queue, (-commit.generation, -commit.time, oid))
            state[oid] = hide
        elif hide:
            state[oid] = True

    for oid in heads:
        push(oid, hide=False)
    for oid in hidden:
        push(oid, hide=True)
    shown = sum(not hide for hide in state.values())
    while queue and shown:
        _, _, oid = heapq.heappop(queue)
        hide = state.pop(oid)
        commit = repo.commit(oid)
        shown -= not hide
        for parent in commit.parents:
            was = state.get(parent)
            push(parent, hide)
            shown += (was is None and not hide) - (was is False and hide)
        if not hide:
            yield oid, commit


def merge_bases(repo: Repository, one: Oid, other: Oid) -> list[Oid]:
    """The common ancestors of two commits that are no ancestors of other common ones (one, as a rule)."""
    if one == other:
        return [one]
    sides: dict[Oid, int] = {one: 1, other: 2}
    queue = [(-repo.commit(oid).generation, oid) for oid in (one, other)]
    heapq.heapify(queue)
    found: list[Oid] = []
    interesting = 2
    while queue and interesting:
        _, oid = heapq.heappop(queue)
        side = sides[oid]
        interesting -= side != 7
        if side == 3:
            found.append(oid)
            side = 7  # what lies below is common, but not a best base
        for parent in repo.commit(oid).parents:
            known = sides.get(parent)
            if known is None:
                heapq.heappush(queue, (-repo.commit(parent).generation, parent))
                sides[parent] = side
                interesting += side != 7
            else:
                sides[parent] = known | side
                interesting -= known != 7 and sides[parent] == 7
    return found


def is_ancestor(repo: Repository, ancestor: Oid, head: Oid) -> bool:
    """Whether `ancestor` can be reached from `head` (or is it), across merges."""
    if ancestor == head or is_on_chain(repo, ancestor, head):
        return True
    floor = repo.commit(ancestor).generation
    seen = {head}
    waiting = [head]
    while waiting:
        for parent in repo.commit(waiting.pop()).parents:
            if parent == ancestor:
                return True
            if parent not in seen and repo.commit(parent).generation > floor:
                seen.add(parent)
                waiting.append(parent)
    return False


def last_events(
    commit_of: Callable[[Oid], Commit], boundary_at: Callable[[Oid], Boundary | None], head: Oid, count: int
) -> list[Oid]:
    """The commits of the last `count` events up to a commit, oldest first; fewer where the chain has fewer.

    Of those before a boundary only the tail is known, and nothing more is ever needed to seal a leaf.
    """
    found: list[Oid] = []
    oid = head
    while len(found) < count:
        commit = commit_of(oid)
        if commit.event is not None:
            found.append(oid)
        boundary = None if commit.parents or not commit.place else boundary_at(oid)
        if boundary is not None:
            found.extend(reversed(boundary.tail[-(count - len(found)) :] if count > len(found) else ()))
        if not commit.parents:
            break
        oid = commit.parents[0]
    found.reverse()
    return found
