"""The faulty storage: the faults of its plan, the same ones every time, and what the product makes of them."""

from __future__ import annotations

import pytest

from objstore.errors import RefConflict, StorageFailure
from objstore.storage.contract.support import blob, point, put, some_objects
from objstore.storage.faulty import Fault, Faulty, chance, script
from objstore.storage.memory import MemoryStorage
from objstore.store import Store

LOST = StorageFailure("test", "lost reply")


def test_a_script_hits_the_named_call_and_no_other() -> None:
    storage = Faulty(MemoryStorage(), script({("apply", 2): Fault(LOST), ("refs.get", 1): Fault(LOST)}))
    put(storage, [blob("1")])
    with pytest.raises(StorageFailure, match="lost reply"):
        put(storage, [blob("2")])
    put(storage, [blob("3")])
    assert storage.missing(blob(text).oid for text in "123") == {blob("2").oid}
    with pytest.raises(StorageFailure):
        storage.refs.get("files/a")
    assert storage.refs.get("files/a") is None
    assert storage.calls == {"apply": 3, "missing": 1, "refs.get": 2}


def test_a_fault_after_the_effect_leaves_the_outcome_unknown_to_the_caller_alone() -> None:
    storage = Faulty(MemoryStorage(), script({("apply", 1): Fault(LOST, after=True)}))
    with pytest.raises(StorageFailure):
        point(storage, "files/a", blob("1"))
    ref = storage.refs.get("files/a")
    assert ref is not None
    assert ref.value == blob("1").oid
    with pytest.raises(RefConflict):
        point(storage, "files/a", blob("1"))


def test_each_raising_is_an_error_of_its_own() -> None:
    storage = Faulty(MemoryStorage(), chance(1, 1.0, Fault(LOST)))
    caught = []
    for _ in range(2):
        with pytest.raises(StorageFailure) as error:
            storage.read(blob("x").oid)
        caught.append(error.value)
    assert caught[0] is not caught[1]
    assert (caught[0].args, caught[0].__traceback__ is caught[1].__traceback__) == (LOST.args, False)


def test_a_delay_delays_and_does_nothing_else() -> None:
    slept: list[float] = []
    storage = Faulty(MemoryStorage(), script({("apply", 1): Fault(delay=1.5)}), slept.append)
    put(storage, [blob("1")])
    put(storage, [blob("2")])
    assert slept == [1.5]
    assert storage.read(blob("1").oid) == blob("1")


def _hit(seed: int) -> list[int]:
    storage = Faulty(MemoryStorage(), chance(seed, 0.2, Fault(LOST)))
    hit = []
    for number, obj in enumerate(some_objects(300)):
        try:
            put(storage, [obj])
        except StorageFailure:
            hit.append(number)
    return hit


def test_a_seed_hits_the_same_calls_every_time() -> None:
    assert _hit(7) == _hit(7) != _hit(8)
    assert 30 < len(_hit(7)) < 100


def test_appends_over_a_storage_that_fails_lose_and_repeat_nothing() -> None:
    """What a caller does with an unknown outcome: look, and append again only what is not there."""
    for seed in range(5):
        inner = MemoryStorage()
        Store(inner, "a").conversations.create("c")
        plans = [chance(seed, 0.2, Fault(LOST, after=after), ["apply"]) for after in (False, True)]
        for plan in plans:
            start = len(Store(inner, "a").conversations.open("c"))
            store = Store(Faulty(inner, plan), "a")
            for number in range(start, start + 40):
                while len(store.conversations.open("c")) == number:
                    try:
                        store.conversations.open("c").append({"n": number})
                    except StorageFailure:
                        continue
        assert list(Store(inner, "a").conversations.open("c")) == [{"n": number} for number in range(80)], seed
