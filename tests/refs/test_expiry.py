"""Logs are shortened at their beginning, keep what refs are, and can be verified and go on."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from refs.contract.support import put
from refs.memory import MemoryRefs
from refs.protocol import ExpiringRefs
from refs.sqlite import SqliteRefs, create_tables


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ExpiringRefs]:
    if request.param == "memory":
        yield MemoryRefs()
        return
    connection = sqlite3.connect(tmp_path / "refs.sqlite", isolation_level=None)
    create_tables(connection)
    yield SqliteRefs(lambda: connection)
    connection.close()


def test_expiry_forgets_the_old_part_of_each_log_and_what_it_named(store: ExpiringRefs) -> None:
    for when in range(1, 6):
        put(store, "a", b"a%d" % when, when=10 * when)
        put(store, "b", b"b%d" % when, when=when)
    assert store.expire(30) == 2 + 4
    assert [entry.first for entry in store.log("a")] == [5, 4, 3]
    assert [entry.first for entry in store.log("b")] == [5]
    # Before step 3 of `a` it was a2, which an undo can bring back; all of `b` is old, so only its value stays.
    assert set(store.values()) == {b"a2", b"a3", b"a4", b"a5", b"b5"}
    for name in ("a", "b"):
        store.verify(name)
        ref = store.get(name)
        assert ref is not None
        assert ref.sequence == 5
    assert [store.cut(name).expired for name in ("a", "b", "nothing")] == [2, 5, 0]
    assert store.expire(30) == 0
    numbers = [entry.first for _, entries in store.operations() for entry in entries]
    assert sorted(numbers) == [3, 4, 5, 5]


def test_the_log_of_one_ref_alone_can_expire(store: ExpiringRefs) -> None:
    for when in range(1, 4):
        put(store, "a", b"a%d" % when, when=when)
        put(store, "b", b"b%d" % when, when=when)
    assert store.expire(100, "a") == 2
    assert set(store.values()) == {b"a3", b"b1", b"b2", b"b3"}
    assert store.expire(100, "nothing") == 0
    for name in ("a", "b"):
        store.verify(name)


def test_a_log_goes_on_after_expiry(store: ExpiringRefs) -> None:
    for when in range(1, 4):
        put(store, "a", b"%d" % when, when=when)
    store.expire(100)
    put(store, "a", b"4", when=200)
    store.verify("a")
    assert [entry.first for entry in store.log("a")] == [4, 3]
    assert set(store.values()) == {b"3", b"4"}
    assert store.expire(150) == 1
    store.verify("a")
    assert set(store.values()) == {b"3", b"4"}
    assert store.expire(1000) == 0
    assert set(store.values()) == {b"4"}


def test_a_clock_that_was_set_back_does_not_cut_a_log_in_its_middle(store: ExpiringRefs) -> None:
    for number, when in enumerate((10, 500, 20, 30), 1):
        put(store, "a", b"%d" % number, when=when)
    assert store.expire(100) == 1
    assert [entry.first for entry in store.log("a")] == [4, 3, 2]
    store.verify("a")


def test_the_only_entry_that_is_left_can_grow_on(store: ExpiringRefs) -> None:
    put(store, "a", b"a1", when=1)
    put(store, "a", b"a2", when=10, step=True)
    assert store.expire(5) == 1
    put(store, "a", b"a3", expected=b"a2", when=11, step=True)  # it joins the run of the entry before it
    assert [(entry.first, entry.last) for entry in store.log("a")] == [(2, 3)]
    store.verify("a")
