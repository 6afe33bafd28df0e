# ruff: noqa: D102 - the names of the tests are the sentences
"""Promises about `apply`: objects and refs together, all or nothing, repeatable, durable."""

from __future__ import annotations

from objstore.errors import InvalidRefName, RefConflict
from objstore.storage.contract.support import NOTE, Contract, blob, ids, point, put, raises, some_objects
from refs.edits import ABSENT, ANY, RefEdit


class WritingContract(Contract):
    """`apply` and `refs`."""

    def test_objects_and_refs_are_there_when_apply_returns(self) -> None:
        with self.storage() as storage:
            objects = some_objects(5)
            edits = [RefEdit(f"files/{number}", obj.oid, ABSENT) for number, obj in enumerate(objects)]
            applied = storage.apply(objects, edits, NOTE)
            assert applied.transaction > 0
            assert [(ref.name, ref.value) for ref in storage.refs.find()] == [(edit.name, edit.new) for edit in edits]
            assert not storage.missing(ids(objects))

    def test_nothing_at_all_may_be_applied(self) -> None:
        with self.storage() as storage:
            assert storage.apply((), (), NOTE).transaction == 0
            with storage.stage() as stage:
                assert storage.apply((), (), NOTE, stage).transaction == 0
            assert list(storage.objects()) == []

    def test_applying_twice_is_harmless(self) -> None:
        with self.storage() as storage:
            objects = some_objects(20)
            put(storage, objects)
            put(storage, [*objects, *objects])
            assert sorted(oid for oid, _, _ in storage.objects()) == sorted(ids(objects))
            assert list(storage.read_many(ids(objects))) == objects

    def test_a_conflict_in_any_edit_changes_nothing(self) -> None:
        with self.storage() as storage:
            first, second = blob("first"), blob("second")
            point(storage, "files/a", first)
            before = (list(storage.refs.find()), list(storage.refs.operations()), list(storage.objects()))
            edits = [
                RefEdit("files/b", second.oid, ABSENT),
                RefEdit("files/a", second.oid, first.oid),
                RefEdit("files/c", None, second.oid),
            ]
            for order in (edits, edits[::-1]):
                with raises(RefConflict) as caught:
                    storage.apply([second], order, NOTE)
                assert (caught[0].name, caught[0].actual) == ("files/c", None)
            assert (list(storage.refs.find()), list(storage.refs.operations()), list(storage.objects())) == before
            assert storage.missing([second.oid]) == {second.oid}

    def test_a_conflict_leaves_what_was_there_before_alone(self) -> None:
        with self.storage() as storage:
            shared = blob("shared")
            point(storage, "files/a", shared)
            with raises(RefConflict):
                point(storage, "files/a", shared, ABSENT)
            assert storage.read(shared.oid) == shared

    def test_a_conflict_leaves_nothing_of_a_stage(self) -> None:
        with self.storage() as storage:
            for count in (3, 900):
                objects = some_objects(count, seed=count)
                with storage.stage() as stage:
                    for obj in objects:
                        stage.add(obj)
                    with raises(RefConflict):
                        storage.apply((), [RefEdit("files/a", objects[0].oid, blob("other").oid)], NOTE, stage)
                assert storage.missing(ids(objects)) == set(ids(objects))
            assert list(storage.objects()) == []

    def test_a_refused_name_changes_nothing(self) -> None:
        with self.storage() as storage:
            obj = blob("x")
            edits = [RefEdit("files/a", obj.oid, ANY), RefEdit("files//b", obj.oid, ANY)]
            with raises(InvalidRefName):
                storage.apply([obj], edits, NOTE)
            assert storage.missing([obj.oid]) == {obj.oid}
            assert list(storage.refs.find()) == []

    def test_a_storage_goes_on_after_a_conflict(self) -> None:
        with self.storage() as storage:
            point(storage, "files/a", blob("0"))
            for number in range(1, 20):
                with raises(RefConflict):
                    point(storage, "files/a", blob("late"), blob("absent").oid)
                point(storage, "files/a", blob(f"{number}"), blob(f"{number - 1}").oid)
            ref = storage.refs.get("files/a")
            assert ref is not None
            assert (ref.value, ref.sequence) == (blob("19").oid, 20)

    def test_what_was_acknowledged_is_there_after_reopening(self) -> None:
        storage = self.make()
        objects, staged = some_objects(50), some_objects(900, seed=2)
        put(storage, objects)
        with storage.stage() as stage:
            for obj in staged:
                stage.add(obj)
            storage.apply((), [RefEdit("files/a", staged[0].oid, ABSENT)], NOTE, stage)
        log = list(storage.refs.log("files/a"))
        storage.close()
        again = self.reopen(storage)
        if again is None:
            return
        assert list(again.read_many(ids([*objects, *staged]))) == [*objects, *staged]
        assert list(again.refs.log("files/a")) == log
        point(again, "files/a", objects[0], staged[0].oid)
        again.close()
