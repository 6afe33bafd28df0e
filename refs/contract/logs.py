# ruff: noqa: D102 — the names of the tests are the sentences
"""Promises about reading the past: logs, look-ups by step and by time, operations."""

from __future__ import annotations

from refs.contract.support import (
    SECOND,
    Contract,
    grow,
    put,
)


class LogsContract(Contract):
    """The log by order, by step, by time, by transaction."""

    def test_the_log_is_newest_first_and_pages_by_before(self) -> None:
        store = self.make()
        for number in range(1, 701):
            put(store, "a", b"%d" % number)
        put(store, "ab", b"other")
        assert [entry.first for entry in store.log("a")] == list(range(700, 0, -1))
        assert [entry.first for entry in store.log("a", before=4)] == [3, 2, 1]
        assert list(store.log("a", before=1)) == []
        assert list(store.log("a", before=-(10**30))) == []
        assert len(list(store.log("a", before=10**30))) == 700
        store.verify("a")

    def test_before_leaves_out_a_run_that_begins_at_or_after_it(self) -> None:
        store = self.make()
        put(store, "a", b"0")
        grow(store, "a", 4)
        assert [(e.first, e.last) for e in store.log("a", before=3)] == [(2, 5), (1, 1)]
        assert [(e.first, e.last) for e in store.log("a", before=2)] == [(1, 1)]

    def test_every_step_is_found_in_its_entry(self) -> None:
        store = self.make()
        put(store, "a", b"x", when=SECOND)
        grow(store, "a", 5)
        put(store, "a", None)
        found = {n: store.entry_at("a", n) for n in range(-1, 10)}
        places = {n: entry and (entry.first, entry.last) for n, entry in found.items()}
        expected = {1: (1, 1), **dict.fromkeys(range(2, 7), (2, 6)), 7: (7, 7)}
        assert places == {n: expected.get(n) for n in range(-1, 10)}
        assert store.entry_at("a", 10**30) is None
        assert store.entry_at("a", -(10**30)) is None

    def test_a_time_finds_the_last_entry_begun_by_then(self) -> None:
        store = self.make()
        for number, when in enumerate((10, 20, 20, 30), 1):
            put(store, "a", b"%d" % number, when=when)
        at = {when: store.entry_at_time("a", when) for when in (-(10**30), 9, 10, 19, 20, 29, 30, 10**30)}
        firsts = [entry.first if entry else None for entry in at.values()]
        assert firsts == [None, None, 1, 1, 3, 3, 4, 4]

    def test_a_time_inside_a_run_finds_the_run(self) -> None:
        store = self.make()
        grow(store, "a", 5)
        entry = store.entry_at_time("a", 3 * SECOND)
        assert entry is not None
        assert (entry.first, entry.last, entry.began, entry.ended) == (1, 5, SECOND, 5 * SECOND)

    def test_after_a_clock_jump_the_entry_latest_in_the_log_counts(self) -> None:
        store = self.make()
        for number, when in enumerate((100, 300, 50, 200, -7), 1):
            put(store, "a", b"%d" % number, when=when)
        for when, first in ((-8, None), (-7, 5), (60, 5), (250, 5), (1000, 5)):
            entry = store.entry_at_time("a", when)
            assert (entry.first if entry else None) == first
        put(store, "a", b"6", when=500)
        latest = store.entry_at_time("a", 400)
        assert latest is not None
        assert latest.first == 5

    def test_operations_page_by_before_and_skip_what_was_extended(self) -> None:
        store = self.make()
        numbers = [put(store, f"n/{turn % 7}", b"%d" % turn).transaction for turn in range(700)]
        runs = grow(store, "run", 3)
        listed = [number for number, _ in store.operations()]
        assert listed == [runs[-1], *reversed(numbers)]
        assert [number for number, _ in store.operations(before=numbers[5])] == list(reversed(numbers[:5]))
        assert list(store.operations(before=numbers[0])) == []
        assert list(store.operations(before=-(10**30))) == []
        assert len(list(store.operations(before=10**30))) == 701

    def test_chains_differ_with_the_history_that_led_there(self) -> None:
        store = self.make()
        for name in ("a", "b"):
            put(store, name, b"1", when=5)
        put(store, "c", b"0", when=5)
        put(store, "c", b"1", when=5)
        chains = [entry.chain for name in "abc" for entry in store.log(name)]
        assert len(set(chains)) == len(chains) == 4
        assert {len(chain) for chain in chains} == {32}

    def test_values_are_all_that_refs_have_and_had(self) -> None:
        store = self.make()
        first = put(store, "a", b"1").transaction
        second = put(store, "a", b"2").transaction
        put(store, "b", b"3")
        newest = grow(store, "run", 3)[-1]
        run = next(iter(store.log("run"))).new
        assert set(store.values()) == {b"1", b"2", b"3", run}
        assert set(store.values(after=first)) == {b"1", b"2", b"3", run}
        assert set(store.values(after=second)) == {b"3", run}
        assert set(store.values(upto=first)) == {b"1"}
        assert set(store.values(after=newest)) == set()

    def test_values_are_read_in_pages(self) -> None:
        store = self.make()
        numbers = [put(store, f"n/{turn}", b"%d" % turn).transaction for turn in range(5000)]
        assert len(set(store.values())) == 5000
        assert len(set(store.values(after=numbers[99]))) == 4900
