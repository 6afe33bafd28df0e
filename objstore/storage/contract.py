"""The contract suite of `Storage`: subclass it in your tests, say how to make one, and every promise is tried.

class TestMine(StorageContract):
    def make(self) -> Storage: ...
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from objstore.errors import MissingObject, RefConflict, StoreClosed
from objstore.objects.hashing import PLAIN_HASHER
from objstore.objects.kinds import Kind, Object, Oid
from objstore.storage.protocol import Storage
from refs.edits import ABSENT, Note, RefEdit

_NOTE = Note("tester", "test", 1_000_000)


def blob(text: str) -> Object:
    """A blob of this text."""
    return PLAIN_HASHER.object(Kind.BLOB, text.encode())


class StorageContract:
    """What every storage of the plain domain must do."""

    def make(self) -> Storage:
        """A fresh, empty storage."""
        raise NotImplementedError

    def test_what_was_applied_is_read_back(self) -> None:
        """Objects come back with kind and payload."""
        storage = self.make()
        objects = [blob(f"text {number}" * number) for number in range(40)]
        storage.apply(objects, (), _NOTE)
        assert list(storage.read_many([obj.oid for obj in objects])) == objects
        assert {oid for oid, _, _ in storage.objects()} == {obj.oid for obj in objects}
        storage.close()

    def test_an_absent_object_is_missing(self) -> None:
        """MissingObject, and `missing` says so."""
        storage = self.make()
        held, absent = blob("here"), blob("not here")
        storage.apply([held], (), _NOTE)
        assert storage.missing([held.oid, absent.oid]) == {absent.oid}
        _must_raise(MissingObject, lambda: storage.read(absent.oid))
        storage.close()

    def test_a_failed_expectation_changes_nothing(self) -> None:
        """Neither refs nor objects of a refused apply are there."""
        storage = self.make()
        first, second = blob("first"), blob("second")
        storage.apply([first], [RefEdit("conversations/a", first.oid, ABSENT)], _NOTE)
        edits = [RefEdit("conversations/b", second.oid, ABSENT), RefEdit("conversations/a", second.oid, ABSENT)]
        _must_raise(RefConflict, lambda: storage.apply([second], edits, _NOTE))
        assert storage.refs.get("conversations/b") is None
        assert storage.missing([second.oid]) == {second.oid}
        ref = storage.refs.get("conversations/a")
        assert ref is not None
        assert ref.value == first.oid
        storage.close()

    def test_applying_twice_is_harmless(self) -> None:
        """Objects are there once."""
        storage = self.make()
        obj = blob("twice")
        storage.apply([obj], (), _NOTE)
        storage.apply([obj], (), _NOTE)
        assert [oid for oid, _, _ in storage.objects()] == [obj.oid]
        storage.close()

    def test_a_stage_is_seen_only_after_apply(self) -> None:
        """Large stages and small ones alike."""
        for size in (10, 2_000):
            storage = self.make()
            objects = [blob(f"{number} " * 300) for number in range(size)]
            with storage.stage() as stage:
                for obj in objects:
                    stage.add(obj)
                assert objects[0].oid in stage
                assert stage.read(objects[-1].oid) == objects[-1]
                assert storage.missing([objects[0].oid]) == {objects[0].oid}
                storage.apply((), [RefEdit("files/x", objects[0].oid, ABSENT)], _NOTE, stage)
            assert not storage.missing([obj.oid for obj in objects])
            assert list(storage.read_many([obj.oid for obj in objects])) == objects
            storage.close()

    def test_a_stage_that_is_left_keeps_nothing(self) -> None:
        """Leaving without apply discards."""
        storage = self.make()
        obj = blob("never")
        with storage.stage() as stage:
            stage.add(obj)
        assert storage.missing([obj.oid]) == {obj.oid}
        storage.close()

    def test_ids_are_found_by_prefix(self) -> None:
        """Whole bytes and odd digits."""
        storage = self.make()
        objects = [blob(str(number)) for number in range(300)]
        storage.apply(objects, (), _NOTE)
        for obj in objects[:20]:
            digits = obj.oid.hex()[:3]
            found = storage.find_ids(bytes.fromhex(digits + "0"), True, 1_000)
            assert found == sorted(o.oid for o in objects if o.oid.hex().startswith(digits))
        storage.close()

    def test_of_racing_writers_one_wins(self) -> None:
        """Compare-and-swap between threads."""
        storage = self.make()
        won: list[Oid] = []

        def race(number: int) -> None:
            obj = blob(str(number))
            try:
                storage.apply([obj], [RefEdit("conversations/race", obj.oid, ABSENT)], _NOTE)
            except RefConflict:
                return
            won.append(obj.oid)

        threads = [threading.Thread(target=race, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        ref = storage.refs.get("conversations/race")
        assert ref is not None
        assert won == [ref.value]
        storage.close()

    def test_a_watch_tells_of_every_change_of_refs_and_of_nothing_else(self) -> None:
        """Also of one made between two waits; closing wakes who waits."""
        storage = self.make()
        obj = blob("x")
        watch = storage.watch()
        assert not watch.wait(0)
        assert not watch.wait(0.01)
        storage.apply([obj], [RefEdit("files/x", obj.oid, ABSENT)], _NOTE)
        assert watch.wait(10)
        assert not watch.wait(0)
        later = threading.Timer(0.05, lambda: storage.apply((), [RefEdit("files/x", None, obj.oid)], _NOTE))
        later.start()
        assert watch.wait(10)
        later.join()
        closer = threading.Timer(0.05, watch.close)
        closer.start()
        assert not watch.wait(10)
        closer.join()
        watch.close()
        assert not watch.wait(10)
        other = storage.watch()
        closer = threading.Timer(0.05, storage.close)
        closer.start()
        other.wait(10)
        closer.join()
        other.close()

    def test_a_closed_storage_says_so(self) -> None:
        """StoreClosed; closing twice is harmless."""
        storage = self.make()
        storage.close()
        storage.close()
        _must_raise(StoreClosed, lambda: storage.apply([blob("x")], (), _NOTE))
        _must_raise(StoreClosed, lambda: storage.refs.get("conversations/a"))


def _must_raise(error: type[Exception], call: Callable[[], object]) -> None:
    try:
        call()
    except error:
        return
    raise AssertionError(f"{error.__name__} was not raised")
