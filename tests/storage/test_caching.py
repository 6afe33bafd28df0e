"""The cache: what it spares the storage, within its bound, and never a ref."""

from __future__ import annotations

import random

from objstore.storage.caching import OVERHEAD, Caching
from objstore.storage.contract.support import blob, ids, point, put, race, some_objects
from objstore.storage.faulty import Faulty, script
from objstore.storage.memory import MemoryStorage


def _slow() -> Faulty:
    """A storage that counts its calls."""
    return Faulty(MemoryStorage(), script({}))


def test_what_was_read_is_not_read_again() -> None:
    slow = _slow()
    storage = Caching(slow, 1 << 20)
    obj = blob("x")
    put(storage, [obj])
    for _ in range(5):
        assert storage.read(obj.oid) == obj
    assert slow.calls["read"] == 1
    assert storage.statistics() == (4, 1, 1, 1 + OVERHEAD)


def test_many_are_fetched_together_but_for_those_held() -> None:
    slow = _slow()
    storage = Caching(slow, 1 << 20)
    objects = some_objects(200)
    put(storage, objects)
    assert list(storage.read_many(ids(objects[:100]))) == objects[:100]
    assert list(storage.read_many(ids(objects))) == objects
    assert list(storage.read_many(ids(objects))) == objects
    assert slow.calls.get("read", 0) == 0
    assert storage.statistics()[:2] == (300, 200)


def test_the_bound_holds_and_the_least_lately_used_go_first() -> None:
    limit = 20_000
    storage = Caching(_slow(), limit)
    objects = [blob(bytes([number]) * (1_000 - OVERHEAD)) for number in range(60)]
    put(storage, objects)
    chance = random.Random(5)
    for _ in range(500):
        storage.read(chance.choice(objects).oid)
        assert storage.statistics().bytes <= limit
    assert storage.statistics().objects == 20
    for obj in objects[:19]:
        storage.read(obj.oid)
        storage.read(objects[0].oid)
    for obj in objects[30:49]:
        storage.read(obj.oid)
    hits = storage.statistics().hits
    storage.read(objects[0].oid)
    assert storage.statistics().hits == hits + 1


def test_an_object_that_would_push_out_the_rest_is_not_kept() -> None:
    storage = Caching(_slow(), 10_000)
    small, large = blob("small"), blob(b"x" * 3_000)
    put(storage, [small, large])
    for obj in (small, large, large):
        assert storage.read(obj.oid) == obj
    assert storage.statistics().objects == 1


def test_refs_and_what_is_missing_are_always_asked_for() -> None:
    inner = MemoryStorage()
    storage = Caching(inner, 1 << 20)
    first, second = blob("1"), blob("2")
    point(storage, "files/a", first)
    storage.read(first.oid)
    point(inner, "files/a", second, first.oid)
    ref = storage.refs.get("files/a")
    assert ref is not None
    assert ref.value == second.oid
    del inner._objects[first.oid]
    assert storage.missing([first.oid, second.oid]) == {first.oid}


def test_threads_share_it_without_harm() -> None:
    storage = Caching(_slow(), 30_000)
    objects = some_objects(150)
    put(storage, objects)

    def read(me: int) -> None:
        chance = random.Random(me)
        for _ in range(400):
            obj = chance.choice(objects)
            assert storage.read(obj.oid) == obj

    race(4, read)
    held = [obj for obj in objects if obj.oid in storage._held]
    assert storage.statistics().bytes == sum(len(obj.payload) + OVERHEAD for obj in held) <= 30_000
