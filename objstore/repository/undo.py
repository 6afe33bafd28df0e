"""Undo and redo of one ref, out of its log alone.

Every entry of a log counts the steps it made. An undo is itself a step, noted as `undo N`: it brought the ref to where
it was before step N; `redo N` brought it to where it was after step N. So the state after any step can be put down to
an ordinary one (its origin), and undoing means: find the origin of the head, go to the state before it.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from objstore.errors import NothingToUndo, UnknownRevision
from objstore.objects.kinds import Oid
from objstore.repository.history import steps_back
from objstore.repository.repository import Repository
from refs.protocol import LogEntry

_TAKEN_BACK = re.compile(r"(undo|redo) (\d{1,18})", re.ASCII)


class Step(NamedTuple):
    """A step to take: where to, how to note it, and the entry that it takes back or makes again."""

    target: Oid | None
    why: str
    entry: LogEntry


def value_after(repo: Repository, name: str, sequence: int) -> Oid | None:
    """What the ref was after a step (None: absent). UnknownRevision: the log does not reach so far."""
    if sequence == 0:
        return None
    entry = entry_of(repo, name, sequence)
    if entry.new is None:
        return None
    new = Oid(entry.new)
    return new if sequence == entry.last else steps_back(repo, new, entry.last - sequence)


def entry_of(repo: Repository, name: str, sequence: int) -> LogEntry:
    """The entry that holds a step. UnknownRevision."""
    entry = repo.storage.refs.entry_at(name, sequence)
    if entry is None:
        raise UnknownRevision(f"{name}@{{{sequence}}}", "its log does not reach so far")
    return entry


def find_undo(repo: Repository, name: str) -> Step:
    """The step that undo takes. NothingToUndo."""
    newest = next(iter(repo.storage.refs.log(name)), None)
    try:
        origin = 0 if newest is None else _origin(repo, name, newest.last)
        if origin == 0:
            raise NothingToUndo(name.partition("/")[2], "undo")
        return Step(value_after(repo, name, origin - 1), f"undo {origin}", entry_of(repo, name, origin))
    except UnknownRevision:  # the log was cut there
        raise NothingToUndo(name.partition("/")[2], "undo") from None


def find_redo(repo: Repository, name: str) -> Step:
    """The step that redo takes. NothingToUndo: the last step was no undo, or all are made again."""
    skip = 0
    for entry in repo.storage.refs.log(name):
        taken = _TAKEN_BACK.fullmatch(entry.why)
        if taken is None:
            break
        if taken[1] == "redo":
            skip += 1
        elif skip:
            skip -= 1
        else:
            number = int(taken[2])
            return Step(value_after(repo, name, number), f"redo {number}", entry_of(repo, name, number))
    raise NothingToUndo(name.partition("/")[2], "redo")


def _origin(repo: Repository, name: str, sequence: int) -> int:
    """The ordinary step that made the state after this one; 0 for the state before all steps."""
    while sequence:
        taken = _TAKEN_BACK.fullmatch(entry_of(repo, name, sequence).why)
        if taken is None:
            return sequence
        # An undo of N shows the state after N - 1, a redo of N that after N: look on there.
        sequence = int(taken[2]) - (taken[1] == "undo")
    return 0
