"""Redaction: the content of an event taken away for good, while every commit and id stays what it was.

A tombstone is recorded first (`objects.tombstones`): from then on the event counts as absent, for every conversation
that shares it. Then its object is erased from the storage; interrupted in between, redacting it again does the rest.
Who asks for that very event gets `RedactedEvent`; where events are read in a row, a marker stands in its place, so that
numbers stay right and no loop ends half way.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from objstore.errors import MissingObject, RedactedEvent, RefConflict
from objstore.objects.kinds import Kind, Oid
from objstore.objects.tombstones import Tombstone, encode_tombstone, tombstone_ref
from objstore.objects.values import JsonValue
from objstore.repository.history import event_commit_of
from objstore.repository.repository import Repository
from refs.edits import ABSENT, Note, RefEdit

MARK = "redacted"


def redact(repo: Repository, head: Oid, numbers: Sequence[int], reason: str) -> list[Tombstone]:
    """Redact events of the chain of `head` by their numbers (from 0), all or none; what is on record of each then.

    Those that were redacted before keep the record that they have. IndexError: there is no such event.
    """
    wanted = {event: commit for commit, event in (_met(repo, head, number) for number in numbers)}
    while True:
        known = repo.redactions.look()
        fresh = [_tombstone(repo, event, commit, reason) for event, commit in wanted.items() if event not in known]
        values = _values(repo, [tombstone.event for tombstone in fresh])
        objects = [repo.hasher.object(Kind.COMMIT, encode_tombstone(tombstone)) for tombstone in fresh]
        edits = [
            RefEdit(tombstone_ref(tombstone.event), obj.oid, ABSENT)
            for tombstone, obj in zip(fresh, objects, strict=True)
        ]
        try:
            repo.redactions.record(objects, edits, Note(repo.author, "redact", repo.now()))
        except RefConflict:
            continue  # somebody redacted one of them just now
        break
    # Those on record are erased once more: whatever brought one back, or was left half done, it goes.
    repo.redactions.erase(list(wanted))
    repo.forget(values)
    found = [repo.redactions.find(event) for event in wanted]
    return [tombstone for tombstone in found if tombstone is not None]


def marker(error: RedactedEvent) -> JsonValue:
    """What stands in place of a redacted event where events are read in a row."""
    when = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=error.when)
    return {MARK: {"by": error.who, "time": when.isoformat(timespec="seconds"), "reason": error.reason}}


def _met(repo: Repository, head: Oid, number: int) -> tuple[Oid, Oid]:
    """The commit and the event of a number; from the end if it is negative."""
    count = repo.commit(head).events
    place = number + count if number < 0 else number
    if not 0 <= place < count:
        raise IndexError(f"event {number} of {count}")
    commit = event_commit_of(repo, head, place)
    event = repo.commit(commit).event
    assert event is not None, "an event index names commits with events alone"
    return commit, event


def _tombstone(repo: Repository, event: Oid, commit: Oid, reason: str) -> Tombstone:
    return Tombstone(event, commit, repo.author, repo.now(), reason)


def _values(repo: Repository, events: Sequence[Oid]) -> dict[Oid, JsonValue]:
    """The values while they can still be read: what was derived from them has to be told."""
    values: dict[Oid, JsonValue] = {}
    for event in events:
        try:
            values[event] = repo.event(event)
        except MissingObject:
            continue
    return values
