"""The full text index of a store's conversations: it follows the refs, is asked, forgets.

It is derived: whatever is wrong with its file, it is made anew and the caller hears nothing of it. It catches up when
it is asked, at the cost of what changed, from what it last saw of each ref. Appending knows nothing of it.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from pathlib import Path
from time import sleep
from typing import Final, NamedTuple, TypeVar

from objstore.errors import CorruptObject, MissingObject
from objstore.index.about import about, marks
from objstore.index.chains import BATCH, Chains, Made, Position
from objstore.index.database import FAULTS, IndexDatabase
from objstore.index.finder import NAMESPACE, Finder, Hit
from objstore.index.follower import NEVER, Mark, changed_since
from objstore.index.query import Query, parse_query
from objstore.index.scope import Scope
from objstore.index.text import indexed_text
from objstore.objects.kinds import Oid
from objstore.objects.values import JsonValue
from objstore.repository.repository import Repository
from refs.sqlite import transaction

T = TypeVar("T")
_ATTEMPTS = 4
_DERIVED = "texts"
_STALE: Final = 256
"""Transactions elsewhere in the store after which the mark is moved although no conversation did."""


class CaughtUp(NamedTuple):
    """What was taken up: conversations that had moved, events that are new to the index, and the conversations that
    could not be followed because objects of theirs are missing or damaged (`store.check()` tells more)."""

    conversations: int
    events: int
    unreadable: tuple[str, ...]


class SearchIndex:
    """The index of one store. Safe between threads and processes."""

    def __init__(self, repo: Repository, folder: Path | None, read_only: bool = False) -> None:
        """`folder`: where its file may be; None keeps it in memory. `read_only`: nothing is written there."""
        self._repo = repo
        self._database = IndexDatabase(folder, read_only)
        self._lock = threading.RLock()

    def search(self, text: str, scope: Scope, limit: int, offset: int) -> list[Hit]:
        """The best hits of a query within a scope, once the index has caught up. InvalidQuery."""
        if limit < 0 or offset < 0:
            raise ValueError("limit and offset are not negative")
        query = parse_query(text)
        with self._lock:
            return self._surely(lambda: self._search(query, scope, limit, offset))

    def catch_up(self) -> CaughtUp:
        """Take up what the conversations have that the index does not."""
        with self._lock:
            return self._surely(self._catch_up)

    def forget(self, oids: Iterable[Oid], values: Mapping[Oid, JsonValue] | None = None) -> None:
        """Drop the text of events, so that it is gone from the index's file, and never take it up again.

        For events that are redacted or deleted; call it when the storage has forgotten them. Their values, if still
        at hand, spare the index from being made anew: it needs them to find its entries.
        """
        with self._lock:
            self._surely(lambda: self._forget(dict.fromkeys(oids), values or {}))

    def keep_only(self, kept: Callable[[Oid], bool]) -> None:
        """Remove the index if it has the text of an event that is not kept, so that no word outlives its event."""
        with self._lock:
            self._surely(lambda: self._keep_only(kept))

    def is_made(self) -> bool:
        """Whether there is anything that could hold words; else there is nothing to forget."""
        with self._lock:
            return self._database.is_made()

    def discard(self) -> None:
        """Remove the index; the next search makes it anew."""
        with self._lock:
            self._database.discard()

    def close(self) -> None:
        """Let go of the file; harmless when done twice."""
        with self._lock:
            self._database.close()

    def _surely(self, work: Callable[[], T]) -> T:
        """Do it, with a new index if this one is damaged."""
        for _ in range(_ATTEMPTS):
            try:
                return work()
            except FAULTS as error:
                self._database.give_up(error)
        return work()

    # Following

    def _catch_up(self) -> CaughtUp:
        return self._caught_up()[1]

    def _caught_up(self) -> tuple[sqlite3.Connection, CaughtUp]:
        """A connection to an index that has caught up, and what was taken up. Somebody may replace the file at any
        moment: who goes on asks this connection and no other."""
        connection = self._database.connection()
        seen = _mark(connection)
        changed = changed_since(self._repo.storage.refs, seen, NAMESPACE)
        if changed.nothing and changed.mark.operation - seen.operation < _STALE:
            return connection, CaughtUp(0, 0, ())
        with self._database.writing() as connection:
            seen = _mark(connection)  # others may have done it meanwhile
            changed = changed_since(self._repo.storage.refs, seen, NAMESPACE)
            taking = _Taking(self._repo, connection)
            names = self._all_changed(taking.chains) if changed.names is None else sorted(changed.names)
            with transaction(connection):
                for name in names:
                    taking.follow(name)
                connection.execute("INSERT OR REPLACE INTO followed VALUES (?, ?, ?)", (_DERIVED, *changed.mark))
            return connection, CaughtUp(taking.moved, taking.events, tuple(taking.unreadable))

    def _all_changed(self, chains: Chains) -> list[str]:
        """Every ref that is not as it was when last followed; the longest untouched first, so that the newest events
        come last and count as such (`finder`)."""
        before = chains.heads()
        changed: list[tuple[int, str]] = []
        for ref in self._repo.storage.refs.find(NAMESPACE):
            if before.pop(ref.name, None) != ref.value:
                try:
                    changed.append((self._repo.commit(Oid(ref.value)).time, ref.name))
                except (MissingObject, CorruptObject):
                    changed.append((0, ref.name))
        return [*before, *(name for _, name in sorted(changed))]

    # Asking

    def _search(self, query: Query, scope: Scope, limit: int, offset: int) -> list[Hit]:
        while True:
            connection, _ = self._caught_up()
            position = None
            if scope.commit is not None:
                position = Chains(self._repo, connection).find(scope.commit)
                if position is None:
                    self._take(scope.commit)
                    continue
            with transaction(connection, "BEGIN"):
                return Finder(self._repo, connection, query, scope, position).hits(limit, offset)

    def _take(self, commit: Oid) -> None:
        """Take up the chain of a commit that no ref has brought here."""
        with self._database.writing() as connection, transaction(connection):
            _Taking(self._repo, connection).take(commit)

    # Forgetting

    def _forget(self, oids: Iterable[Oid], values: Mapping[Oid, JsonValue]) -> None:
        with self._database.writing() as connection:
            with transaction(connection):
                well = all(self._forget_one(connection, oid, values) for oid in oids)
                if well:
                    # Deleting only notes that the words are gone; merging everything into one drops them.
                    connection.execute("INSERT INTO texts (texts) VALUES ('optimize')")
            if not (well and _is_emptied(connection)):
                self._database.discard()
                return
            self._database.remove_others()

    def _keep_only(self, kept: Callable[[Oid], bool]) -> None:
        if not self._database.is_made():
            return
        # All are read: an open question would hold the file.
        rows = self._database.connection().execute("SELECT oid FROM events WHERE searched = 1").fetchall()
        if not all(kept(Oid(oid)) for (oid,) in rows):
            self._database.discard()

    def _forget_one(self, connection: sqlite3.Connection, oid: Oid, values: Mapping[Oid, JsonValue]) -> bool:
        """Delete an event's text; whether that could be done."""
        row = _row_of(connection, oid)
        if row is None:
            connection.execute("INSERT INTO events (oid, time, searched) VALUES (?, 0, 0)", (oid,))
            return True
        event, searched = row
        if not searched:
            return True
        try:
            value = values[oid] if oid in values else self._repo.event(oid)
        except (MissingObject, CorruptObject):
            return False
        connection.execute(
            "INSERT INTO texts (texts, rowid, body, parts, marks) VALUES ('delete', ?, ?, ?, ?)",
            (event, *indexed_text(value), marks(about(value))),
        )
        connection.execute("UPDATE events SET searched = 0 WHERE id = ?", (event,))
        return True


class _Taking:
    """One catching up: takes events up, and commits now and then, so that an end of the process costs little."""

    def __init__(self, repo: Repository, connection: sqlite3.Connection) -> None:
        self._repo = repo
        self._connection = connection
        self.chains = Chains(repo, connection)
        self.moved = 0
        self.events = 0
        self.unreadable: list[str] = []
        self._pending = 0

    def follow(self, name: str) -> None:
        """Bring what is known of a ref up to the ref."""
        ref = self._repo.storage.refs.get(name)
        if ref is None:
            self.chains.drop_head(name)
            self.moved += 1
        elif ref.value != self.chains.head(name):
            head = Oid(ref.value)
            try:
                position = self.take(head)
            except (MissingObject, CorruptObject):
                self.unreadable.append(name[len(NAMESPACE) :])
                return
            self.chains.set_head(name, head, position)
            self.moved += 1
        self._breathe(1)

    def take(self, head: Oid) -> Position:
        """Take up the chain of a commit; where it ends."""
        position = self.chains.find(head)
        if position is None:
            for so_far in self.chains.extend(head, self._take_up):
                position = so_far
                self._breathe(BATCH)
        assert position is not None, "a chain of which something is not known has something to take up"
        return position

    def _take_up(self, connection: sqlite3.Connection, made: Made) -> int:
        row = _row_of(connection, made.event)
        if row is not None:
            return row[0]
        try:
            value = self._repo.event(made.event)
        except (MissingObject, CorruptObject):  # redacted, or damaged: it keeps its place and has no text
            return _insert_event(connection, made.event, made.time, searched=False)
        known = about(value)
        event = _insert_event(connection, made.event, made.time if known.time is None else known.time, searched=True)
        connection.execute(
            "INSERT INTO texts (rowid, body, parts, marks) VALUES (?, ?, ?, ?)",
            (event, *indexed_text(value), marks(known)),
        )
        self.events += 1
        return event

    def _breathe(self, done: int) -> None:
        self._pending += done
        if self._pending >= 2 * BATCH:
            self._connection.execute("COMMIT")
            self._connection.execute("BEGIN IMMEDIATE")
            self._pending = 0


def _mark(connection: sqlite3.Connection) -> Mark:
    row = connection.execute("SELECT operation, chain FROM followed WHERE derived = ?", (_DERIVED,)).fetchone()
    return NEVER if row is None else Mark(*row)


def _row_of(connection: sqlite3.Connection, oid: Oid) -> tuple[int, int] | None:
    """The row of an event and whether its text is in the index, or None if it is not known."""
    statement = "SELECT id, searched FROM events WHERE substr(oid, 1, 8) = ? AND oid = ?"
    return connection.execute(statement, (oid[:8], oid)).fetchone()


def _insert_event(connection: sqlite3.Connection, oid: Oid, time: int, searched: bool) -> int:
    row = connection.execute(
        "INSERT INTO events (oid, time, searched) VALUES (?, ?, ?)", (oid, time, searched)
    ).lastrowid
    assert row is not None
    return row


def _is_emptied(connection: sqlite3.Connection) -> bool:
    """Whether the write-ahead log, which holds what pages were before, could be emptied into the file."""
    for _ in range(50):
        with closing(connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")) as answer:
            if answer.fetchone()[0] == 0:
                return True
        sleep(0.02)
    return False
