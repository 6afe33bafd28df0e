"""Operations: the ref changes of the whole store, newest first, and taking one back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from objstore.errors import MovedHead, NothingToUndo, UnknownRevision
from objstore.objects import boundaries, tombstones
from objstore.repository.repository import Repository
from refs.edits import ABSENT, Note, RefEdit
from refs.errors import RefConflict
from refs.protocol import LogEntry


class Operation(NamedTuple):
    """One transaction on refs: its number and the log entries that it made or, for a run, extended last."""

    number: int
    entries: list[LogEntry]


def operations(repo: Repository) -> Iterator[Operation]:
    """All operations, newest first."""
    for number, entries in repo.storage.refs.operations():
        yield Operation(number, entries)


def undo_operation(repo: Repository, number: int) -> Operation:
    """Bring every ref of an operation back to where it was before, deletes included, all or none.

    UnknownRevision: there is no such operation, or it has expired. MovedHead: a ref has moved since. NothingToUndo: it
    redacted events or squashed a history, which is gone for good. Nothing was changed.
    """
    found = next((op for op in repo.storage.refs.operations(number + 1)), None)
    if found is None or found[0] != number:
        raise UnknownRevision(f"operation {number}", "there is no such operation. See: objstore operations")
    entries = found[1]
    if any(entry.name.startswith(tombstones.NAMESPACE) for entry in entries):
        raise NothingToUndo(f"operation {number}: what it redacted is gone for good", "undo")
    if any(entry.name.startswith(boundaries.NAMESPACE) for entry in entries):
        raise NothingToUndo(f"operation {number}: what it squashed is gone for good", "undo")
    if any(entry.first <= repo.storage.refs.cut(entry.name).expired for entry in entries):
        raise UnknownRevision(f"operation {number}", "what was before it has expired")
    edits = [RefEdit(entry.name, entry.old, ABSENT if entry.new is None else entry.new) for entry in entries]
    try:
        repo.storage.apply((), edits, Note(repo.author, f"undo operation {number}", repo.now()))
    except RefConflict as conflict:
        name = conflict.name.partition("/")[2]
        raise MovedHead(name, conflict.expected, conflict.actual, "since that operation") from conflict
    return Operation(number, entries)
