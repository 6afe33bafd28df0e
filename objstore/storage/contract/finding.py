# ruff: noqa: D102 - the names of the tests are the sentences
"""Promises about listing: every object once, and ids by their beginnings."""

from __future__ import annotations

from objstore.storage.contract.support import NOTE, Contract, ids, put, some_objects


class FindingContract(Contract):
    """`objects`, `find_ids`."""

    def test_every_object_is_listed_once_with_kind_and_size(self) -> None:
        with self.storage() as storage:
            assert list(storage.objects()) == []
            objects = some_objects(500)
            put(storage, objects[:300])
            with storage.stage() as stage:
                for obj in objects[200:]:
                    stage.add(obj)
                storage.apply(objects[:10], (), NOTE, stage)
            listed = sorted(storage.objects())
            assert listed == sorted((obj.oid, obj.kind, len(obj.payload)) for obj in objects)

    def test_ids_are_found_by_any_number_of_digits(self) -> None:
        with self.storage() as storage:
            objects = some_objects(400)
            put(storage, objects[:200])
            with storage.stage() as stage:
                for obj in objects[200:]:
                    stage.add(obj)
                storage.apply((), (), NOTE, stage)
            hexes = sorted(obj.oid.hex() for obj in objects)
            for obj in objects[::13]:
                for digits in (1, 2, 3, 4, 15, 16, 17, 18, 63, 64):
                    text = obj.oid.hex()[:digits]
                    odd = digits % 2 == 1
                    found = storage.find_ids(bytes.fromhex(text + "0" * odd), odd, 1_000)
                    assert [oid.hex() for oid in found] == [name for name in hexes if name.startswith(text)]

    def test_every_digit_of_a_long_prefix_counts(self) -> None:
        with self.storage() as storage:
            objects = some_objects(10)
            put(storage, objects)
            for oid in ids(objects):
                for at in (8, 9, 20, 31):
                    other = oid[:at] + bytes([oid[at] ^ 0x10])
                    assert storage.find_ids(other, False, 5) == []
                    assert storage.find_ids(other, True, 5) == []

    def test_the_low_half_of_an_odd_prefix_does_not_count(self) -> None:
        with self.storage() as storage:
            objects = some_objects(100)
            put(storage, objects)
            first = objects[0].oid[0]
            wanted = sorted(oid for oid in ids(objects) if oid[0] >> 4 == first >> 4)
            for low in (0x0, 0x7, 0xF):
                assert storage.find_ids(bytes([first & 0xF0 | low]), True, 1_000) == wanted

    def test_no_more_ids_are_found_than_asked_for_and_none_where_there_is_none(self) -> None:
        with self.storage() as storage:
            objects = some_objects(100)
            put(storage, objects)
            every = sorted(ids(objects))
            assert storage.find_ids(b"", False, 1_000) == every
            few = storage.find_ids(b"", False, 5)
            assert len(few) == 5
            assert set(few) <= set(every)
            absent = next(bytes([byte]) * 3 for byte in range(256) if bytes([byte]) * 3 not in {o[:3] for o in every})
            assert storage.find_ids(absent, False, 5) == []
