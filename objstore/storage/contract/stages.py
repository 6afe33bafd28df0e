# ruff: noqa: D102 - the names of the tests are the sentences
"""Promises about stages: invisible until applied, gone when left, and no more memory than a part of what they hold."""

from __future__ import annotations

import random
import tracemalloc

from objstore.errors import MissingObject
from objstore.storage.contract.support import NOTE, Contract, blob, ids, raises, some_objects
from refs.edits import ABSENT, RefEdit

_MANY = 48 << 20


class StagesContract(Contract):
    """`stage`."""

    stages_in_memory = False
    """Set it for a storage that is memory itself: then what is staged may stay there."""

    def test_a_stage_is_seen_only_after_apply(self) -> None:
        for count in (1, 10, 2_000):
            with self.storage() as storage:
                objects = some_objects(count)
                with storage.stage() as stage:
                    for obj in objects:
                        stage.add(obj)
                        assert obj.oid in stage
                    assert storage.missing(ids(objects)) == set(ids(objects))
                    assert list(storage.objects()) == []
                    storage.apply((), [RefEdit("files/x", objects[0].oid, ABSENT)], NOTE, stage)
                assert storage.missing(ids(objects)) == set()
                assert list(storage.read_many(ids(objects))) == objects

    def test_a_stage_gives_back_what_it_holds(self) -> None:
        for count in (10, 2_000):
            with self.storage() as storage, storage.stage() as stage:
                objects = some_objects(count)
                for obj in objects:
                    stage.add(obj)
                for obj in objects[:: count // 10]:
                    assert stage.read(obj.oid) == obj
                assert blob("absent").oid not in stage
                with raises(MissingObject):
                    stage.read(blob("absent").oid)

    def test_a_stage_that_is_left_keeps_nothing(self) -> None:
        for count in (1, 2_000):
            with self.storage() as storage:
                objects = some_objects(count)
                with storage.stage() as stage:
                    for obj in objects:
                        stage.add(obj)
                assert storage.missing(ids(objects)) == set(ids(objects))
                assert list(storage.objects()) == []

    def test_adding_an_object_twice_is_harmless(self) -> None:
        for count in (5, 1_000):
            with self.storage() as storage:
                objects = some_objects(count)
                with storage.stage() as stage:
                    for obj in [*objects, *objects]:
                        stage.add(obj)
                    storage.apply(objects[:3], (), NOTE, stage)
                assert sorted(oid for oid, _, _ in storage.objects()) == sorted(ids(objects))

    def test_two_stages_do_not_see_each_other(self) -> None:
        with self.storage() as storage:
            mine, others = some_objects(600), some_objects(600, seed=2)
            with storage.stage() as first, storage.stage() as second:
                for a, b in zip(mine, others, strict=True):
                    first.add(a)
                    second.add(b)
                assert others[0].oid not in first
                storage.apply((), (), NOTE, second)
                assert storage.missing(ids(mine)) == set(ids(mine))
            assert storage.missing([*ids(mine), *ids(others)]) == set(ids(mine))

    def test_staging_takes_a_part_of_the_memory_of_what_is_staged(self) -> None:
        if self.stages_in_memory:
            return
        chance = random.Random(1)
        with self.storage() as storage:
            tracemalloc.start()
            try:
                with storage.stage() as stage:
                    for _ in range(_MANY >> 16):
                        stage.add(blob(chance.randbytes(1 << 16)))
                    storage.apply((), (), NOTE, stage)
                peak = tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()
        assert peak < _MANY // 3, f"{peak >> 20} MiB for {_MANY >> 20} MiB staged"
