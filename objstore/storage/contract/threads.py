# ruff: noqa: D102 - the names of the tests are the sentences
"""Promises about threads: one winner, nothing lost, and readers who see whole commits only."""

from __future__ import annotations

import threading
from itertools import pairwise

from objstore.errors import RefConflict
from objstore.objects.kinds import Object, Oid
from objstore.storage.contract.support import NOTE, Contract, blob, ids, point, put, race, some_objects
from objstore.storage.protocol import Storage
from refs.edits import ABSENT, RefEdit


class ThreadsContract(Contract):
    """Everything, from several threads at once."""

    def test_of_racing_writers_one_wins_and_the_others_leave_nothing(self) -> None:
        with self.storage() as storage:
            for turn in range(5):
                objects = [blob(f"{turn} {me}") for me in range(6)]
                won = race(6, lambda me, turn=turn, objects=objects: _try(storage, f"race/{turn}", objects[me]))
                assert sorted(won) == [False] * 5 + [True]
                ref = storage.refs.get(f"race/{turn}")
                assert ref is not None
                assert ref.value == objects[won.index(True)].oid
                assert storage.missing(ids(objects)) == set(ids(objects)) - {ref.value}

    def test_writers_who_retry_lose_no_step(self) -> None:
        with self.storage() as storage:
            point(storage, "files/count", blob("0"))

            def count(_: int) -> None:
                done = 0
                while done < 15:
                    done += _step(storage)

            race(4, count)
            ref = storage.refs.get("files/count")
            assert ref is not None
            assert storage.read(Oid(ref.value)) == blob("60")

    def test_in_their_turns_writers_meet_no_conflict(self) -> None:
        with self.storage() as storage:
            point(storage, "files/count", blob("0"))

            def count(_: int) -> list[bool]:
                stepped: list[bool] = []
                for _ in range(15):
                    with storage.turn():
                        stepped.append(_step(storage))
                return stepped

            assert all(all(stepped) for stepped in race(4, count))

    def test_a_turn_within_a_turn_and_an_error_in_one_hold_up_nobody(self) -> None:
        with self.storage() as storage:
            with storage.turn(), storage.turn():
                put(storage, [blob("inner")])
            try:
                with storage.turn():
                    raise KeyError("left early")
            except KeyError:
                pass
            race(2, lambda me: put(storage, [blob(f"after {me}")]))
            assert not storage.missing(ids([blob("inner"), blob("after 0"), blob("after 1")]))

    def test_who_sees_a_ref_can_read_what_it_names(self) -> None:
        with self.storage() as storage:
            objects = some_objects(200)
            point(storage, "files/a", objects[0])
            done = threading.Event()

            def work(me: int) -> int:
                if me == 0:
                    for before, after in pairwise(objects):
                        point(storage, "files/a", after, before.oid)
                    done.set()
                    return 0
                reads = 0
                while not done.is_set():
                    ref = storage.refs.get("files/a")
                    assert ref is not None
                    assert storage.read(Oid(ref.value)).oid == ref.value
                    reads += 1
                return reads

            race(3, work)

    def test_objects_of_many_threads_are_all_there(self) -> None:
        with self.storage() as storage:
            groups = [some_objects(60, seed=me) for me in range(6)]

            def work(me: int) -> None:
                for start in range(0, 40, 4):
                    put(storage, groups[me][start : start + 4])
                with storage.stage() as stage:
                    for obj in groups[me][40:]:
                        stage.add(obj)
                    storage.apply((), [RefEdit(f"files/{me}", groups[me][0].oid, ABSENT)], NOTE, stage)

            race(6, work)
            every = [obj for group in groups for obj in group]
            assert list(storage.read_many(ids(every))) == every


def _try(storage: Storage, name: str, obj: Object) -> bool:
    try:
        point(storage, name, obj)
    except RefConflict:
        return False
    return True


def _step(storage: Storage) -> bool:
    """Count one further; False if somebody else did."""
    ref = storage.refs.get("files/count")
    assert ref is not None
    number = int(storage.read(Oid(ref.value)).payload)
    try:
        point(storage, "files/count", blob(f"{number + 1}"), ref.value)
    except RefConflict:
        return False
    return True
