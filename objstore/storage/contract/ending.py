# ruff: noqa: D102 - the names of the tests are the sentences
"""Promises about the end: a closed storage says so, from every method, and closing twice is harmless."""

from __future__ import annotations

from objstore.errors import StoreClosed
from objstore.storage.contract.support import NOTE, Contract, blob, point, put, raises, some_objects


class EndingContract(Contract):
    """`close`."""

    def test_a_closed_storage_says_so_whatever_is_asked(self) -> None:
        storage = self.make()
        obj, staged = blob("x"), some_objects(1_000)
        point(storage, "files/a", obj)
        with storage.stage() as stage:
            for other in staged:
                stage.add(other)
            storage.apply((), (), NOTE, stage)
        assert storage.read(obj.oid) == obj
        assert storage.read(staged[0].oid) == staged[0]
        storage.close()
        storage.close()
        calls = (
            lambda: storage.read(obj.oid),
            lambda: storage.read(staged[0].oid),
            lambda: list(storage.read_many([staged[0].oid])),
            lambda: list(storage.read_many([obj.oid])),
            lambda: storage.missing([obj.oid]),
            lambda: storage.missing([staged[0].oid]),
            lambda: list(storage.objects()),
            lambda: storage.find_ids(obj.oid[:2], False, 1),
            lambda: storage.stage().__enter__(),
            lambda: storage.apply([obj], (), NOTE),
            lambda: storage.turn().__enter__(),
            lambda: storage.watch().wait(0),
            lambda: storage.refs.get("files/a"),
            lambda: list(storage.refs.find()),
            lambda: list(storage.refs.log("files/a")),
            lambda: list(storage.refs.operations()),
        )
        for number, call in enumerate(calls):
            try:
                with raises(StoreClosed):
                    call()
            except AssertionError as error:
                raise AssertionError(f"call {number}: {error}") from error

    def test_an_iteration_that_is_under_way_ends_with_the_storage(self) -> None:
        storage = self.make()
        objects = some_objects(2_000)
        put(storage, objects)
        reading = storage.read_many([obj.oid for obj in objects])
        assert next(reading) == objects[0]
        storage.close()
        with raises(StoreClosed):
            list(reading)

    def test_it_has_a_place_without_credentials(self) -> None:
        with self.storage() as storage:
            assert storage.place
            assert "@" not in storage.place
