"""Commits that are proved against a parent in the same frame, without decoding and comparing each by itself.

A commit is proved when its payload is canonical and holds what its only parent's holds, but for what must have moved:
its event, the counts, the jump, the time. That its own fields are in order follows from its parent's being so. What
differs in any other way (a message, other files, a second parent, a sealed leaf of the event index) is not refused: it
is left to the walk over the histories, as is all whose parent or jump lies in another frame.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection
from typing import Any, NamedTuple, cast

from objstore.errors import CorruptObject
from objstore.objects.codec import decode_fields
from objstore.objects.commits import MAX_COMMIT_BYTES, decode_commit
from objstore.objects.event_index import leaves_covered
from objstore.objects.jumps import jump_place
from objstore.objects.kinds import Oid

_PARENTS, _GENERATION, _PLACE, _JUMP, _TIME, _EVENT, _EVENTS, _INDEX = 1, 2, 3, 4, 6, 9, 10, 11
_TREES = (12, 13)
_KEPT = (0, 5, 7, 8, *range(_INDEX, 16))  # format, author, message, metadata, index, trees and domains
_LIMIT = 1 << 63
_OID = 32


class ProvedRun(NamedTuple):
    """Proved commits in a row, each the only parent of the next: their records, oldest first, as u16.

    `below` is the parent of the oldest, sound and decodable. `trees`: whether they have files or settings, all the same.
    """

    records: bytes
    below: Oid
    trees: bool


class Prover:
    """Takes the sound objects of one frame, in order."""

    def __init__(self, apart: Collection[Oid]) -> None:
        """A commit that is `apart` is never proved (a history begins there), nor one whose event is (it is redacted)."""
        self._apart = apart
        self._events = set[Oid]()
        self._commits: dict[bytes, list[Any]] = {}
        self._runs: dict[bytes, tuple[array[int], Oid]] = {}  # the newest commit of a run -> records, below

    def add_event(self, oid: Oid) -> None:
        """An event, sound."""
        self._events.add(oid)

    def add_commit(self, record: int, oid: Oid, payload: bytes) -> None:
        """A commit whose bytes fit its id."""
        try:
            fields = cast("list[Any]", decode_fields(payload, MAX_COMMIT_BYTES))
            parent = None if oid in self._apart else self._proved_by(fields)
            if parent is None:
                decode_commit(payload)  # Others are proved by it, so it must be in order.
            else:
                records, below = self._runs.pop(parent, None) or (array("H"), Oid(parent))
                records.append(record)
                self._runs[oid] = records, below
        except CorruptObject:
            return  # The walk meets it again and tells.
        self._commits[oid] = fields

    def runs(self) -> list[ProvedRun]:
        """The runs of proved commits in the frame."""
        return [
            ProvedRun(records.tobytes(), below, any(self._commits[newest][at] is not None for at in _TREES))
            for newest, (records, below) in self._runs.items()
        ]

    def _proved_by(self, fields: list[Any]) -> bytes | None:
        """The parent that proves a commit, if one does."""
        parents = fields[_PARENTS] if len(fields) == 16 else None
        if type(parents) is not list or len(cast("list[object]", parents)) != 1:
            return None
        parent = cast("list[object]", parents)[0]
        first = self._commits.get(parent) if type(parent) is bytes else None
        if first is None or not self._follows(fields, first):
            return None
        found = cast("bytes", parent)
        return found if fields[_JUMP] == self._jump(fields[_PLACE], found, first) else None

    def _follows(self, fields: list[Any], first: list[Any]) -> bool:
        """Whether all but the jump is what a commit with one more event has after `first`."""
        place, events, time, event = fields[_PLACE], fields[_EVENTS], fields[_TIME], fields[_EVENT]
        return (
            {type(event), type(fields[_JUMP])} == {bytes}  # An unknown jump is no reason to take None for it.
            and event in self._events
            and event not in self._apart
            and {type(place), type(events), type(fields[_GENERATION]), type(time)} == {int}
            and place == first[_PLACE] + 1
            and fields[_GENERATION] == first[_GENERATION] + 1 < _LIMIT
            and events == first[_EVENTS] + 1
            and leaves_covered(events) == leaves_covered(events - 1)
            and -_LIMIT <= time < _LIMIT
            # Types too: True and 1 are equal.
            and all(fields[at] == first[at] and type(fields[at]) is type(first[at]) for at in _KEPT)
        )

    def _jump(self, place: int, parent: bytes, first: list[Any]) -> bytes | None:
        """Where the jump of a commit must lead; None if that takes a commit of another frame."""
        if first[_JUMP] is None or jump_place(place) == first[_PLACE]:
            return parent
        between = self._commits.get(first[_JUMP])
        return None if between is None else cast("bytes | None", between[_JUMP])
