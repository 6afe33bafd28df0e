# ruff: noqa: D102 — the names of the tests are the sentences
"""Promises about taking over the logs of another store."""

from __future__ import annotations

from refs.adoption import cuts_of
from refs.contract.support import Contract, grow, note, put, raises, spans, state
from refs.edits import ABSENT, ANY, RefEdit
from refs.errors import BrokenLog, RefConflict
from refs.memory import MemoryRefs
from refs.protocol import RefStore


def _lived_in(store: RefStore) -> RefStore:
    """A store with runs, deletions, transactions of several refs, and clocks that jumped."""
    put(store, "a", b"x", when=5)
    grow(store, "run", 4)
    put(store, "a", b"y", when=3)
    store.apply([RefEdit("b", b"1", ABSENT), RefEdit("a", b"z", ANY), RefEdit("c/d", b"2", ABSENT)], note(9))
    put(store, "run", b"aside", when=8)
    grow(store, "run", 3)
    put(store, "c/d", None)
    put(store, "again", b"1")
    put(store, "again", None)
    put(store, "again", b"2")
    return store


class AdoptionContract(Contract):
    """`adopt`: everything verbatim, all or nothing."""

    def test_adopted_logs_are_what_they_were(self) -> None:
        source, store = _lived_in(MemoryRefs()), self.make()
        count = store.adopt(source.operations())
        assert count == sum(len(entries) for _, entries in source.operations())
        assert state(store) == state(source)
        assert list(store.log("c/d")) == list(source.log("c/d"))
        assert store.get("c/d") is None
        for name in ("a", "b", "c/d", "run", "again"):
            store.verify(name)

    def test_logs_go_there_and_back(self) -> None:
        store, back = self.make(), MemoryRefs()
        _lived_in(store)
        back.adopt(store.operations())
        assert state(back) == state(store)

    def test_an_adopted_ref_goes_on_in_a_new_entry_with_the_next_number(self) -> None:
        source, store = _lived_in(MemoryRefs()), self.make()
        store.adopt(source.operations())
        newest = next(number for number, _ in source.operations())
        grown = grow(store, "run", 2)
        assert grown[0] > newest
        assert spans(store, "run")[: len(spans(source, "run"))] == spans(source, "run")
        assert put(store, "new", b"1").transaction > grown[-1]
        for name in ("run", "new"):
            store.verify(name)

    def test_logs_that_were_shortened_are_adopted_as_they_are_and_go_on(self) -> None:
        source, store = MemoryRefs(), self.make()
        _lived_in(source)
        assert source.expire(6) > 0
        cuts = cuts_of(source)
        assert cuts
        store.adopt(source.operations(), cuts)
        assert state(store) == state(source)
        assert sorted(set(store.values())) == sorted(set(source.values()))
        assert cuts_of(store) == cuts
        grow(store, "run", 2)
        for name in ("a", "b", "c/d", "run", "again"):
            store.verify(name)

    def test_shortened_logs_without_their_cuts_are_refused(self) -> None:
        source, store = MemoryRefs(), self.make()
        _lived_in(source)
        source.expire(6)
        with raises(BrokenLog):
            store.adopt(source.operations())
        with raises(ValueError):
            store.adopt((), cuts_of(source))
        assert list(store.operations()) == []

    def test_a_store_that_is_not_empty_adopts_nothing(self) -> None:
        source, store = _lived_in(MemoryRefs()), self.make()
        put(store, "mine", b"1")
        before = state(store)
        with raises(RefConflict):
            store.adopt(source.operations())
        assert state(store) == before

    def test_a_broken_chain_is_refused_whole(self) -> None:
        source, store = _lived_in(MemoryRefs()), self.make()
        operations = list(source.operations())
        number, entries = operations[-1]
        operations[-1] = (number, [entries[0]._replace(who="somebody else")])
        with raises(BrokenLog):
            store.adopt(operations)
        with raises(BrokenLog):
            store.adopt(operations[:-1])
        with raises(ValueError):
            store.adopt(list(source.operations())[::-1])
        assert list(store.find()) == []
        assert list(store.operations()) == []

    def test_adopting_nothing_leaves_an_empty_store_that_can_be_used(self) -> None:
        store = self.make()
        assert store.adopt(()) == 0
        put(store, "a", b"1")
        store.verify("a")
