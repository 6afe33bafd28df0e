# ruff: noqa: D102 - the names of the tests are the sentences
"""Promises about reading: what was written, in the order asked for, verified, and an error for all else."""

from __future__ import annotations

from objstore.errors import CorruptObject, MissingObject
from objstore.objects.kinds import Kind, Object
from objstore.storage.contract.support import NOTE, Contract, blob, ids, put, raises, some_objects
from objstore.storage.protocol import Storage


class ReadingContract(Contract):
    """`read`, `read_many`, `missing`."""

    def test_every_kind_and_size_comes_back_as_it_was(self) -> None:
        with self.storage() as storage:
            payloads = (b"", b"x", b"\0" * 70_000, bytes(range(256)) * 300)
            objects = [storage.hasher.object(kind, payload) for kind in Kind for payload in payloads]
            put(storage, objects)
            for obj in objects:
                assert storage.read(obj.oid) == obj

    def test_equal_payloads_of_two_kinds_are_two_objects(self) -> None:
        with self.storage() as storage:
            a, b = storage.hasher.object(Kind.BLOB, b"same"), storage.hasher.object(Kind.EVENT, b"same")
            put(storage, [a])
            assert storage.missing([a.oid, b.oid]) == {b.oid}
            put(storage, [b])
            assert (storage.read(a.oid), storage.read(b.oid)) == (a, b)

    def test_an_absent_object_is_missing_and_named_by_the_error(self) -> None:
        with self.storage() as storage:
            held, absent = blob("here"), blob("not here")
            put(storage, [held])
            with raises(MissingObject) as caught:
                storage.read(absent.oid)
            assert caught[0].oid == absent.oid

    def test_many_are_read_in_the_order_asked_for_repetitions_too(self) -> None:
        with self.storage() as storage:
            objects = _spread(storage, 700)
            wanted = [objects[number * 389 % 700] for number in range(1500)]
            assert list(storage.read_many(ids(wanted))) == wanted
            assert list(storage.read_many(iter(ids(wanted[:3])))) == wanted[:3]
            assert list(storage.read_many([])) == []

    def test_reading_many_gives_what_comes_before_the_absent_one(self) -> None:
        with self.storage() as storage:
            objects = some_objects(30)
            put(storage, objects)
            wanted = [*ids(objects[:20]), blob("absent").oid, *ids(objects[20:])]
            read: list[Object] = []
            with raises(MissingObject) as caught:
                for obj in storage.read_many(wanted):
                    read.append(obj)  # noqa: PERF402 - what was given before the error counts
            assert caught[0].oid == blob("absent").oid
            assert read == objects[:20]

    def test_missing_is_what_is_not_there_whatever_it_is_given(self) -> None:
        with self.storage() as storage:
            assert storage.missing([]) == set()
            held, absent = _spread(storage, 300), some_objects(300, seed=2)
            mixed = [obj.oid for pair in zip(held, absent, strict=True) for obj in pair]
            assert storage.missing(iter(mixed * 2)) == set(ids(absent))

    def test_damaged_bytes_are_never_given_and_hold_up_no_others(self) -> None:
        with self.storage() as storage:
            objects = some_objects(20)
            put(storage, objects)
            hit = objects[7]
            if not self.damage(storage, hit.oid):
                return
            with raises(CorruptObject) as caught:
                storage.read(hit.oid)
            assert caught[0].oid == hit.oid
            others = [obj for obj in objects if obj != hit]
            assert list(storage.read_many(ids(others))) == others

    def test_a_damaged_object_is_healed_by_writing_it_again(self) -> None:
        with self.storage() as storage:
            obj = blob("heal me " * 50)
            put(storage, [obj])
            if not self.damage(storage, obj.oid):
                return
            with raises(CorruptObject):
                storage.read(obj.oid)
            assert storage.missing([obj.oid]) == {obj.oid}
            put(storage, [obj])
            assert storage.read(obj.oid) == obj


def _spread(storage: Storage, count: int) -> list[Object]:
    """Objects of which some were staged and some applied directly."""
    objects = some_objects(count)
    with storage.stage() as stage:
        for obj in objects[::2]:
            stage.add(obj)
        storage.apply((), (), NOTE, stage)
    put(storage, objects[1::2])
    return objects
