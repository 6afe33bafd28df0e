"""Redactions that come along from another storage: what they say stays away, and what is here goes only if told.

A tombstone from elsewhere must not take content away by itself: whoever can send one could delete what he likes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from objstore.errors import CorruptObject, MissingObject, RefConflict
from objstore.objects.kinds import Oid
from objstore.objects.tombstones import tombstone_ref
from objstore.objects.values import JsonValue
from objstore.repository.redactions import read_tombstone
from objstore.repository.repository import Repository
from refs.edits import ABSENT, Note, RefEdit


class TakenRedactions(NamedTuple):
    """What becomes of redactions from elsewhere: `edits` record those whose events are not here, `known` are on record
    already, `offered` (event to tombstone) are of events that are here."""

    edits: list[RefEdit]
    known: list[Oid]
    offered: dict[Oid, Oid]


def take_redactions(repo: Repository, tombstones: Mapping[Oid, Oid]) -> TakenRedactions:
    """Sort tombstones (event to the object, which is here by now). CorruptObject: one is none, or another event's."""
    for event, oid in sorted(tombstones.items()):
        if read_tombstone(repo.storage, oid).event != event:
            raise CorruptObject(oid, f"it is the tombstone of another event than {event.hex()}")
    return sort_redactions(repo, tombstones)


def sort_redactions(repo: Repository, tombstones: Mapping[Oid, Oid]) -> TakenRedactions:
    """As `take_redactions`, of tombstones that were looked at and need not be here yet."""
    known = repo.redactions.look()
    here = tombstones.keys() - repo.storage.missing(tombstones)
    taken = TakenRedactions([], [], {})
    for event, oid in sorted(tombstones.items()):
        if event in known:
            taken.known.append(event)
        elif event in here:
            taken.offered[event] = oid
        else:
            taken.edits.append(RefEdit(tombstone_ref(event), oid, ABSENT))
    return taken


def erase_redacted(repo: Repository, offered: Mapping[Oid, Oid]) -> Sequence[Oid]:
    """Erase events that were redacted elsewhere, and record it; which were. TypeError: the storage cannot."""
    if not offered:
        return ()
    values: dict[Oid, JsonValue] = {}
    for event in offered:
        try:
            values[event] = repo.event(event)
        except (MissingObject, CorruptObject):
            continue
    edits = [RefEdit(tombstone_ref(event), oid, ABSENT) for event, oid in offered.items()]
    try:
        repo.redactions.record((), edits, Note(repo.author, "redact", repo.now()))
    except RefConflict:  # somebody redacted one of them just now
        known = repo.redactions.look()
        return erase_redacted(repo, {event: oid for event, oid in offered.items() if event not in known})
    repo.redactions.erase(list(offered))
    repo.forget(values)
    return [*offered]
