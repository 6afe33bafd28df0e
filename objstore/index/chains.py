"""Which events the conversations have, kept so that what forks share is there once.

The first-parent chains of all heads form a forest. It is cut into runs: a run holds the events `start`..`stop` (numbers
from 0, stop excluded) of one chain; the events before `start` are its parent run's. A head is a run and a number of
events. A chain that grows at the end of its run extends it; one that grows elsewhere begins a new run, so a fork costs
nothing until it grows, and a rewind nothing at all.

    places    event, run and number, and the commit (its first 16 bytes) that put it there
    heads     ref name, its value, run and number of events

If a commit is known, so are all before it on its chain: a new head is followed by asking where that begins. An event
that is in several places (a merge appends the other's event objects) is one row of `events`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from itertools import islice
from typing import NamedTuple

from objstore.objects.commits import Commit
from objstore.objects.kinds import Oid
from objstore.repository.history import event_commit_of, event_commits, first_event
from objstore.repository.repository import Repository

BATCH = 512
"""Events that are taken up in one transaction of the index."""

_NAMED_IN = """WITH RECURSIVE below (run) AS (
    VALUES (?) UNION ALL SELECT runs.id FROM below JOIN runs ON runs.parent = below.run WHERE runs.start > ?)
SELECT heads.name FROM below JOIN heads ON heads.run = below.run
WHERE heads.events > ? AND heads.name >= ? AND heads.name < ? || char(1114111) LIMIT ?"""


class Position(NamedTuple):
    """Where a chain ends: its run (None: it has no events), and how many events it has."""

    run: int | None
    events: int


class Made(NamedTuple):
    """An event as a commit put it into a chain."""

    commit: Oid
    event: Oid
    time: int


TakeUp = Callable[[sqlite3.Connection, Made], int]
"""Gives the row of an event in `events`, which is made if it is not there."""


class Chains:
    """The forest in one index, by a connection that the owner guards."""

    def __init__(self, repo: Repository, connection: sqlite3.Connection) -> None:
        self._repo = repo
        self._connection = connection

    def head(self, name: str) -> Oid | None:
        """The value of a ref when it was last followed."""
        row = self._connection.execute("SELECT value FROM heads WHERE name = ?", (name,)).fetchone()
        return None if row is None else Oid(row[0])

    def heads(self) -> dict[str, bytes]:
        """All of them."""
        return dict(self._connection.execute("SELECT name, value FROM heads"))

    def set_head(self, name: str, value: Oid, position: Position) -> None:
        """Note where a ref is now."""
        row = (name, value, position.run, position.events)
        self._connection.execute("INSERT OR REPLACE INTO heads (name, value, run, events) VALUES (?, ?, ?, ?)", row)

    def drop_head(self, name: str) -> None:
        """Note that a ref is gone. Its events stay: other chains may have them, and undo brings it back."""
        self._connection.execute("DELETE FROM heads WHERE name = ?", (name,))

    def find(self, head: Oid) -> Position | None:
        """Where a commit's chain ends, or None if it is not all known."""
        commit = self._repo.commit(head)
        if commit.events == 0:
            return Position(None, 0)
        run = self._run_of(self._event_commit(head, commit, commit.events - 1))
        return None if run is None else Position(run, commit.events)

    def extend(self, head: Oid, take_up: TakeUp) -> Iterator[Position]:
        """Take up the chain of a commit, in batches: where it ends so far, after each. The caller commits between."""
        commit = self._repo.commit(head)
        first = first_event(self._repo, head)
        known = self._count_known(head, commit, first)
        run, start = self._branch(head, commit, known, first)
        made = self._made(head, known, commit.events)
        while batch := list(islice(made, BATCH)):
            rows: list[tuple[int, int, int, int, bytes]] = []
            for entry in batch:
                rows.append((take_up(self._connection, entry), run, start, entry.time, entry.commit[:16]))
                start += 1
            self._connection.executemany(
                "INSERT INTO places (event, run, number, time, made) VALUES (?, ?, ?, ?, ?)", rows
            )
            events = [row[0] for row in rows]
            self._connection.execute(
                "UPDATE runs SET stop = ?, lowest = min(lowest, ?), highest = max(highest, ?) WHERE id = ?",
                (start, min(events), max(events), run),
            )
            yield Position(run, start)

    def names_at(self, run: int, number: int, prefix: str, limit: int) -> list[str]:
        """Refs whose chains have the event at a place, at most `limit`: those of the run itself first."""
        given = (run, number, number, prefix, prefix, limit)
        return [row[0] for row in self._connection.execute(_NAMED_IN, given)]

    def _made(self, head: Oid, start: int, stop: int) -> Iterator[Made]:
        for oid in event_commits(self._repo, head, start, stop):
            commit = self._repo.commit(oid)
            assert commit.event is not None, "an event index names commits with events alone"
            yield Made(oid, commit.event, commit.time)

    def _branch(self, head: Oid, commit: Commit, known: int, first: int) -> tuple[int, int]:
        """The run that the events after the first `known` go into, made if need be, and the number of the first.

        Events before `first` were squashed: a run that begins there has no parent.
        """
        parent: int | None = None
        if known > first:
            parent = self._run_of(self._event_commit(head, commit, known - 1))
            assert parent is not None, "it was asked for just now"
            stop = self._connection.execute("SELECT stop FROM runs WHERE id = ?", (parent,)).fetchone()[0]
            if stop == known:
                return parent, known
        row = (parent, known, known, (1 << 62), 0)
        made = self._connection.execute(
            "INSERT INTO runs (parent, start, stop, lowest, highest) VALUES (?, ?, ?, ?, ?)", row
        )
        assert made.lastrowid is not None
        return made.lastrowid, known

    def _count_known(self, head: Oid, commit: Commit, first: int) -> int:
        """How many events of a chain are known: those from the start on. As a rule all but the last, or none.

        The first `first` were squashed, and count as known.
        """

        def known(number: int) -> bool:
            return self._run_of(self._event_commit(head, commit, number)) is not None

        low, high = first, commit.events  # what is below `low` is known, what is from `high` on is not
        for guess in (high - 1, high - 2, 0):
            if low <= guess < high:
                low, high = (guess + 1, high) if known(guess) else (low, guess)
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if known(middle) else (low, middle)
        return low

    def _event_commit(self, head: Oid, commit: Commit, number: int) -> Oid:
        if number == commit.events - 1 and commit.event is not None:
            return head
        return event_commit_of(self._repo, head, number)

    def _run_of(self, commit: Oid) -> int | None:
        row = self._connection.execute("SELECT run FROM places WHERE made = ?", (commit[:16],)).fetchone()
        return None if row is None else row[0]
