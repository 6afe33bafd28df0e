"""Squashing: the beginning of a conversation is let go, while every commit and id that stays is what it was.

A boundary is recorded (`objects.boundaries`): from then on the history begins at the commit of the first event that
stays, for whatever ref leads there, and the log of the conversation forgets what it was before. `gc` frees what only the
old part needed. A fork that branched off before the boundary keeps its own beginning, and reads it as ever. One that
shares the boundary would lose it too, so that it has to be said.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from objstore.errors import ObjstoreError, RefConflict, SharedHistory
from objstore.objects.boundaries import Boundary, boundary_ref, encode_boundary
from objstore.objects.event_index import LEAF
from objstore.objects.jumps import ancestor_at
from objstore.objects.kinds import Kind, Oid
from objstore.repository.branch import Branch
from objstore.repository.history import event_commit_of, first_event, is_on_chain, last_events
from objstore.repository.repository import Repository
from objstore.storage.collection import Collectable
from refs.edits import ABSENT, Note, RefEdit

_NAMESPACE = "conversations/"
_FOREVER = 1 << 62


class Squashed(NamedTuple):
    """What a squash let go, or would: the events with the numbers (from 0) `first` to `events` (excluded), which leaves
    `commit`, with its event, as the first. `shared` names other conversations that begin there too from then on."""

    first: int
    events: int
    commit: str
    shared: tuple[str, ...]


def squash(
    branch: Branch, moment: Oid, reason: str, *, with_forks: bool = False, dry_run: bool = True
) -> Squashed | None:
    """Let the history before the event of a moment go; what went, or would. None: nothing is before it.

    SharedHistory: other conversations have the same beginning, and `with_forks` does not say that they lose it too;
    nothing was changed then.
    """
    repo = branch.repo
    head = branch.need_head()
    boundary = _boundary(repo, head, moment, reason)
    if boundary is None:
        return None
    shared = tuple(_sharers(repo, boundary, branch.name))
    done = Squashed(first_event(repo, head), boundary.squashed, boundary.commit.hex(), shared)
    if dry_run:
        return done
    if shared and not with_forks:
        raise SharedHistory(branch.short_name, boundary.squashed, shared)
    _record(repo, boundary)
    forget_past(repo, [branch.name, *(_NAMESPACE + name for name in shared)])
    repo.lapsed()
    return done


def forget_past(repo: Repository, names: Sequence[str]) -> None:
    """Forget what refs were before: their logs would keep what was squashed. TypeError: the storage has no such logs."""
    storage = repo.storage
    if not isinstance(storage, Collectable):
        raise TypeError(f"{type(storage).__name__} cannot shorten the log of a ref")
    for name in names:
        storage.expire_log(_FOREVER, name)


def _boundary(repo: Repository, head: Oid, moment: Oid, reason: str) -> Boundary | None:
    """The boundary before the event of a moment of the chain of `head`; None: nothing is before it any more."""
    number = repo.commit(moment).events
    if number <= first_event(repo, head) + 1:
        return None
    oid = event_commit_of(repo, head, number - 1)
    commit = repo.commit(oid)
    jumps: list[Oid] = []
    jump = commit.jump
    while jump is not None:
        jumps.append(jump)
        jump = repo.commit(jump).jump
    tail = last_events(repo.commit, repo.boundaries.find, commit.parents[0], (commit.events - 1) % LEAF)
    return Boundary(
        oid, commit.place, commit.events, commit.parents, tuple(jumps), tuple(tail), repo.author, repo.now(), reason
    )


def _record(repo: Repository, boundary: Boundary) -> None:
    obj = repo.hasher.object(Kind.COMMIT, encode_boundary(boundary))
    edit = RefEdit(boundary_ref(boundary.commit, boundary.root), obj.oid, ABSENT)
    try:
        repo.storage.apply((obj,), (edit,), Note(repo.author, "squash", repo.now()))
    except RefConflict:
        pass  # Somebody squashed it there just now: his record stands.
    repo.boundaries.look()


def _sharers(repo: Repository, boundary: Boundary, besides: str) -> Iterator[str]:
    """The other conversations whose chain has the commit that would be the first."""
    for ref in repo.storage.refs.find(_NAMESPACE):
        head = Oid(ref.value)
        try:
            if (
                ref.name != besides
                and ancestor_at(head, 0, repo.commit) == boundary.root
                and is_on_chain(repo, boundary.commit, head)
            ):
                yield ref.name.removeprefix(_NAMESPACE)
        except ObjstoreError:
            continue  # Damage elsewhere is the business of fsck.
