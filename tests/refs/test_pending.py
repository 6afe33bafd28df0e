"""Refs with pending transactions: to a reader, pending and adopted are one."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refs.contract import RefStoreContract
from refs.edits import ABSENT, ANY, Applied, Note, RefEdit
from refs.errors import RefConflict
from refs.memory import MemoryRefs
from refs.pending import PendingRefs
from refs.protocol import NO_CUTS, Cut, LogEntry, RefStore
from refs.rules import MAX_RUN_GAP, check_edits, check_expectation
from refs.sqlite import SqliteRefs, create_tables
from tests.refs.databases import Database


class Held(PendingRefs):
    """A RefStore that keeps its transactions pending, and has the ground adopt them when `adopts` says so."""

    def __init__(self, ground: SqliteRefs, connection: sqlite3.Connection, adopts: Iterator[bool]) -> None:
        super().__init__(ground, lambda: None)
        self.sqlite = ground
        self.connection = connection
        self.adopts = adopts
        self.number = 0

    def apply(self, edits: Sequence[RefEdit], note: Note) -> Applied:
        if not edits:
            return Applied(0)
        check_edits(edits, note)
        if next(self.adopts):
            self.settle()
        made: list[tuple[RefEdit, int]] = []
        for edit in edits:
            value, last = self.value(edit.name)
            check_expectation(edit, value)
            made.append((edit, last + 1 if edit.new is not None or value is not None else 0))
        self.number = self.number + 1 if self.number else self.sqlite.next_number()
        self.add(self.number, made, note)
        return Applied(self.number)

    def adopt(self, operations: Iterable[tuple[int, Sequence[LogEntry]]], cuts: Mapping[str, Cut] = NO_CUTS) -> int:
        self.settle()
        return self.sqlite.adopt(operations, cuts)

    def settle(self) -> None:
        if self.number:
            self.connection.execute("BEGIN IMMEDIATE")
            self.sqlite.take_up_in(self.connection, self.logs(), self.number)
            self.connection.execute("COMMIT")
            self.clear()
            self.number = 0


def never() -> Iterator[bool]:
    while True:
        yield False


def now_and_then(seed: int = 1) -> Iterator[bool]:
    chance = random.Random(seed)
    while True:
        yield chance.random() < 0.3


class _OnDisk(RefStoreContract):
    @pytest.fixture(autouse=True)
    def _database(self, tmp_path: Path) -> Iterator[None]:
        self.database = Database(tmp_path / "refs.db")
        yield
        self.database.close()


class TestPendingForEver(_OnDisk):
    def make(self) -> RefStore:
        return Locked(Held(self.database.refs, self.database.connect(), never()))


class TestPendingNowAndThen(_OnDisk):
    def make(self) -> RefStore:
        return Locked(Held(self.database.refs, self.database.connect(), now_and_then()))


class Locked:
    """One writer at a time, as pending refs ask for; a conflict is decided under the lock."""

    def __init__(self, held: Held) -> None:
        import threading

        self._held = held
        self._lock = threading.Lock()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._held, name)

    def apply(self, edits: Sequence[RefEdit], note: Note) -> Applied:
        with self._lock:
            return self._held.apply(edits, note)


NAMES = ["a", "a/b", "ab", "b", "é"]
STEPS = st.lists(
    st.tuples(
        st.lists(
            st.tuples(st.sampled_from(NAMES), st.sampled_from([b"1", b"2", None]), st.booleans()),
            min_size=1,
            max_size=3,
            unique_by=lambda e: e[0],
        ),
        st.sampled_from([0, 1, 5, MAX_RUN_GAP + 1, -3]),
        st.sampled_from(["x", "y"]),
        st.sampled_from([None, "adopt", 0, 3]),
        st.booleans(),
    ),
    max_size=40,
)


def seen(store: Any, numbers: dict[int, int]) -> list[Any]:
    """All that a reader can ask, with transactions numbered by their rank."""

    def ranked(entry: Any) -> Any:
        return entry and entry._replace(transaction=numbers.get(entry.transaction, entry.transaction))

    found: list[Any] = [
        list(store.find()),
        list(store.find("a")),
        list(store.find("", "a", 2)),
        sorted(set(store.values())),
    ]
    for name in NAMES:
        store.verify(name)
        entries = [ranked(entry) for entry in store.log(name)]
        found += [store.get(name), store.cut(name), entries, [ranked(e) for e in store.log(name, 3)]]
        found += [ranked(store.entry_at(name, n)) for n in range(6)] + [
            ranked(store.entry_at_time(name, t)) for t in (-9, 0, 4, 1 << 40)
        ]
    operations = [(numbers.get(number, number), sorted(map(ranked, entries))) for number, entries in store.operations()]
    return [*found, operations]


@settings(deadline=None, max_examples=150)
@given(STEPS)
def test_readers_see_the_same_whether_pending_or_adopted_and_the_same_as_in_memory(steps: list[Any]) -> None:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    create_tables(connection)
    sqlite = SqliteRefs(lambda: connection)
    held, memory = Held(sqlite, connection, never()), MemoryRefs()
    numbers: dict[int, int] = {}
    when = 0
    for edits, pause, who, then, pinned in steps:
        when += pause
        made = [RefEdit(name, new, ABSENT if pinned else ANY, step) for name, new, step in edits]
        outcomes: list[Any] = []
        for store in (held, memory):
            try:
                outcomes.append(store.apply(made, Note(who, "why", when)).transaction)
            except RefConflict as conflict:
                outcomes.append(conflict.args)
        if isinstance(outcomes[0], int):
            numbers[outcomes[0]] = outcomes[1]
        else:
            assert outcomes[0] == outcomes[1]
        assert seen(held, numbers) == seen(memory, {})
        if then is not None:
            held.settle()
            if isinstance(then, int):  # Logs expire up to so long ago.
                assert sqlite.expire(when - then) == memory.expire(when - then)
            assert seen(held, numbers) == seen(memory, {})
    held.settle()
    assert seen(sqlite, numbers) == seen(memory, {})
    connection.close()


def test_a_step_that_the_ground_has_already_is_left_out() -> None:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    create_tables(connection)
    sqlite = SqliteRefs(lambda: connection)
    held = Held(sqlite, connection, never())
    note = Note("x", "y", 1)
    held.apply([RefEdit("a", b"1", ANY)], note)
    held.apply([RefEdit("b", b"1", ANY)], note)
    held.settle()
    late = PendingRefs(sqlite, lambda: None)  # as a reader that was overtaken by the adoption
    late.add(256, [(RefEdit("a", b"1", ANY), 1)], note)
    late.add(257, [(RefEdit("b", b"1", ANY), 1)], note)
    late.add(258, [(RefEdit("b", b"2", ANY), 2)], note)
    assert [(ref.name, ref.value, ref.sequence) for ref in late.find()] == [("a", b"1", 1), ("b", b"2", 2)]
    assert len(list(late.log("a"))) == 1
    connection.close()
