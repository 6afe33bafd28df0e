"""Forks: new names for moments that exist, and histories that differ from one in a single event.

A fork is a ref and nothing else, whatever it shares. An edit is a fork at the event, the new event in its place, and,
if asked for, what followed: the same event objects in new commits, each with the files and settings that it had.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from objstore.errors import ConversationExists, RefConflict
from objstore.objects.jumps import ancestor_at
from objstore.objects.kinds import Object, Oid
from objstore.repository.growth import Growth, Tip
from objstore.repository.history import boundary_of, event_commit_of, squashed
from objstore.repository.repository import Repository
from objstore.storage.protocol import Stage
from refs.edits import ABSENT, Note, RefEdit

_BATCH = 1024


def make_refs(
    repo: Repository,
    names: Sequence[str],
    head: Oid,
    why: str,
    objects: Sequence[Object] = (),
    stage: Stage | None = None,
) -> None:
    """Give a commit new names, all or none, in one transaction. ConversationExists: the first that is taken."""
    edits = [RefEdit(f"conversations/{name}", head, ABSENT) for name in names]
    try:
        repo.storage.apply(objects, edits, Note(repo.author, why, repo.now()), stage)
    except RefConflict as conflict:
        raise ConversationExists(conflict.name.partition("/")[2]) from None


def edited(repo: Repository, head: Oid, number: int, event: Object, stage: Stage, *, carry: bool) -> Oid:
    """The head of a history with `event` in place of event `number`; its objects go into `stage`.

    IndexError: there is no such event; SquashedHistory: it is the first that was left. With `carry` the events after it follow, in commits with their authors and
    messages, their files and settings, and the time of the edit.
    """
    replaced = event_commit_of(repo, head, number)
    old = repo.commit(replaced)
    boundary = boundary_of(repo, head)
    if boundary is not None and replaced == boundary.commit:  # What it would stand on is gone.
        raise squashed(boundary)
    parent = old.parents[0] if old.parents else None
    growth = Growth(repo, Tip() if parent is None else Tip(parent, repo.commit(parent), None))
    time = repo.now()
    growth.add(event, files=old.files, settings=old.settings, time=time, message=f"edit of event {number}")
    _move(growth, stage)
    if carry:
        for oid in _later(repo, replaced, head):
            commit = repo.commit(oid)
            growth.add(
                event_oid=commit.event,
                files=commit.files,
                settings=commit.settings,
                time=time,
                author=commit.author,
                message=commit.message,
                metadata=commit.metadata,
            )
            _move(growth, stage)
    assert growth.oid is not None
    return growth.oid


def _move(growth: Growth, stage: Stage) -> None:
    for obj in growth.objects:
        stage.add(obj)
    growth.objects.clear()


def _later(repo: Repository, start: Oid, head: Oid) -> Iterator[Oid]:
    """The commits on the chain of `head` after `start`, oldest first, a batch in memory at a time."""
    place, last = repo.commit(start).place, repo.commit(head).place
    while place < last:
        stop = min(place + _BATCH, last)
        oid: Oid | None = ancestor_at(head, stop, repo.commit)
        batch: list[Oid] = []
        while oid is not None and len(batch) < stop - place:
            batch.append(oid)
            oid = next(iter(repo.commit(oid).parents), None)
        yield from reversed(batch)
        place = stop
