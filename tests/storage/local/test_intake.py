"""The intake of a local store: what is in it is durable, seen by everybody, and taken up once."""

from __future__ import annotations

import os
import random
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import objstore
from objstore.errors import CorruptObject, RefConflict, StorageFailure, StoreFull
from objstore.maintenance.repair.files import mend_files
from objstore.maintenance.repair.record import Record
from objstore.objects.hashing import PLAIN_HASHER
from objstore.objects.kinds import Kind, Object
from objstore.storage.local import intake_file
from objstore.storage.local.folder import Folder
from objstore.storage.local.intake import MOST_RECORDS, Intake
from objstore.storage.local.lock import FileLock, State
from objstore.storage.local.open_local import open_local
from objstore.storage.local.storage import LocalStorage
from objstore.storage.memory import MemoryStorage
from refs.edits import ABSENT, ANY, Note, RefEdit

NOTE = Note("ada", "why", 1)


def blob(text: str) -> Object:
    return PLAIN_HASHER.object(Kind.BLOB, text.encode())


def put(storage: Any, name: str, text: str, when: int = 1) -> Object:
    obj = blob(text)
    storage.apply([obj], [RefEdit(name, obj.oid, ANY, True)], Note("ada", "why", when))
    return obj


def rows_in_the_file(folder: Path) -> int:
    with closing(sqlite3.connect(next(folder.glob("journal-*.sqlite")))) as connection:
        return connection.execute("SELECT count(*) FROM objects").fetchone()[0]


def leave(storage: LocalStorage) -> None:
    """As a process that is killed: nothing is closed well."""
    storage.journal.intake.close()
    storage.lock.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    open_local(tmp_path / "s", create=True).close()
    return tmp_path / "s"


def test_small_transactions_stay_in_the_intake_until_the_store_is_closed(folder: Path) -> None:
    with closing(open_local(folder)) as storage:
        obj = put(storage, "a", "1")
        assert rows_in_the_file(folder) == 0
        assert storage.read(obj.oid) == obj
        assert [ref.value for ref in storage.refs.find()] == [obj.oid]
        assert obj.oid in {oid for oid, _, _ in storage.objects()}
        assert storage.find_ids(obj.oid[:4], False, 5) == [obj.oid]
    assert rows_in_the_file(folder) == 1
    assert os.stat(folder / "intake-1.log").st_size == 0


def test_everything_is_there_after_a_process_that_closed_nothing(folder: Path) -> None:
    storage = open_local(folder)
    made = [put(storage, "a", str(n), n) for n in range(10)]
    leave(storage)
    assert rows_in_the_file(folder) == 0
    for read_only in (True, False):
        with closing(open_local(folder, read_only=read_only)) as again:
            assert [again.read(obj.oid) for obj in made] == made
            assert again.refs.get("a").value == made[-1].oid
            assert [(e.first, e.last) for e in again.refs.log("a")] == [(1, 10)]
            again.refs.verify("a")


def test_a_full_intake_is_taken_up_and_begins_anew(folder: Path) -> None:
    with closing(open_local(folder)) as one, closing(open_local(folder)) as two:
        made = [put(one, f"r{n % 7}", str(n), n) for n in range(3 * MOST_RECORDS + 5)]
        assert rows_in_the_file(folder) >= 3 * MOST_RECORDS
        assert [two.read(obj.oid) for obj in made] == made
        assert {ref.name: ref.sequence for ref in two.refs.find()} == {
            ref.name: ref.sequence for ref in one.refs.find()
        }
        last = put(two, "r0", "last", 10**6)
        assert one.refs.get("r0").value == last.oid


def test_a_conflict_in_the_intake_changes_nothing(folder: Path) -> None:
    with closing(open_local(folder)) as one, closing(open_local(folder)) as two:
        put(one, "a", "1")
        lost = blob("lost")
        with pytest.raises(RefConflict):
            two.apply([lost], [RefEdit("b", lost.oid, ABSENT), RefEdit("a", lost.oid, ABSENT)], NOTE)
        assert two.missing([lost.oid]) == {lost.oid}
        assert two.refs.get("b") is None


def test_what_somebody_took_up_before_he_died_is_not_taken_up_twice(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = open_local(folder), open_local(folder)
    made = [put(one, "a", str(n), n) for n in range(5)]
    assert two.refs.get("a").sequence == 5
    monkeypatch.setattr(Intake, "taken_up", lambda self, sequence: None)  # dies between the commit and the word of it
    one.settle()
    monkeypatch.undo()
    leave(one)
    made.append(put(two, "a", "5", 5))
    with closing(open_local(folder)) as three:
        assert three.refs.get("a").sequence == 6
        made.append(put(two, "a", "6", 6))
        made.append(put(three, "a", "7", 7))
        two.settle()
        assert two.refs.get("a").sequence == three.refs.get("a").sequence == 8
        two.refs.verify("a")
        assert [two.read(obj.oid) for obj in made] == made
    two.close()
    with closing(open_local(folder)) as again:
        assert [(e.first, e.last) for e in again.refs.log("a")] == [(1, 8)]
        again.refs.verify("a")
        assert rows_in_the_file(folder) == 8


@pytest.mark.parametrize("keep", [0, 1, 30, 60, -1])
def test_a_torn_last_record_is_as_if_it_had_not_been_written(folder: Path, keep: int) -> None:
    storage = open_local(folder)
    first = put(storage, "a", "1")
    end = storage.journal.intake._end
    put(storage, "a", "2", 2)
    last = storage.journal.intake._end
    leave(storage)
    data = bytearray((folder / "intake-1.log").read_bytes())
    data[end + keep if keep >= 0 else last + keep : last] = bytes(last - end - keep if keep >= 0 else -keep)
    (folder / "intake-1.log").write_bytes(data)
    (folder / "lock").write_bytes(State(1, False, 0, 1).encoded())  # power was lost before the second was acknowledged
    with closing(open_local(folder)) as again:
        assert again.refs.get("a").value == first.oid
        third = put(again, "a", "3", 3)
        assert again.refs.get("a").sequence == 2
    with closing(open_local(folder)) as again:
        assert again.refs.get("a").value == third.oid


def test_damage_to_what_was_acknowledged_is_named_and_nothing_is_written(folder: Path) -> None:
    storage = open_local(folder)
    put(storage, "a", "1")
    middle = storage.journal.intake._end + 50
    put(storage, "a", "2", 2)
    put(storage, "a", "3", 3)
    leave(storage)
    data = bytearray((folder / "intake-1.log").read_bytes())
    data[middle] ^= 1
    (folder / "intake-1.log").write_bytes(data)
    with pytest.raises(CorruptObject, match="record 2"):
        open_local(folder)
    assert (folder / "intake-1.log").read_bytes() == data
    mend_files(Folder(folder), Record(Folder(folder), 0, "ada"))
    with closing(open_local(folder)) as again:
        assert again.read(again.refs.get("a").value).payload == b"3"
        assert again.refs.get("a").sequence == 2  # the step that the damaged record made is lost
        again.refs.verify("a")


def test_a_record_left_by_a_dead_writer_never_follows_on_another(folder: Path) -> None:
    """The dead one's second record stands behind the place of its first; a new first one of the same length must not
    bring it back to life."""
    storage = open_local(folder)
    put(storage, "a", "1")
    start = storage.journal.intake._end
    put(storage, "a", "2", 2)
    put(storage, "a", "3", 3)
    leave(storage)
    data = bytearray((folder / "intake-1.log").read_bytes())
    data[start] ^= 1  # the second was never durable, the third was, by chance
    (folder / "intake-1.log").write_bytes(data)
    (folder / "lock").write_bytes(State(1, False, 0, 1).encoded())
    again = open_local(folder)
    put(again, "a", "x", 2)
    leave(again)
    with closing(open_local(folder)) as last:
        assert last.refs.get("a").sequence == 2
        assert last.read(last.refs.get("a").value).payload == b"x"


def test_a_disk_that_is_full_is_said_so_and_nothing_is_lost(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(open_local(folder)) as storage:
        obj = put(storage, "a", "1")
        real = os.pwrite

        def full(handle: int, data: bytes, offset: int) -> int:
            if offset >= 64 << 10:
                raise OSError(28, "No space left on device")
            return real(handle, data, offset)

        monkeypatch.setattr(os, "pwrite", full)
        kept = [obj]

        def fill() -> None:
            kept.extend(put(storage, "a", f"{number} " * 2000, number) for number in range(100))

        with pytest.raises(StoreFull):
            fill()
        monkeypatch.undo()
        assert storage.refs.get("a").value == kept[-1].oid
        put(storage, "a", "after", 10**6)
    with closing(open_local(folder)) as again:
        assert again.read(again.refs.get("a").value).payload == b"after"
        again.refs.verify("a")


def test_after_a_failed_flush_the_journal_is_made_anew_with_all_that_was_in_the_intake(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage, other = open_local(folder), open_local(folder)
    made = [put(storage, "a", str(n), n) for n in range(3)]

    def failing(handle: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(intake_file.os, "fdatasync", failing)
    with pytest.raises(StorageFailure):
        put(storage, "a", "doubtful", 9)
    monkeypatch.undo()
    for used in (storage, other):
        with pytest.raises(StorageFailure):
            used.refs.get("a")
        with pytest.raises(StorageFailure):
            put(used, "a", "more")
    storage.close()
    other.close()
    with closing(open_local(folder)) as again:
        assert again.journal.path.name == "journal-2.sqlite"
        assert [again.read(obj.oid) for obj in made] == made
        assert again.refs.get("a").sequence in (3, 4)  # the doubtful one may have been written
        again.refs.verify("a")
    assert sorted(path.name for path in folder.glob("intake*")) == ["intake-2.log"]


def test_a_backup_by_a_reader_holds_what_is_in_the_intake(folder: Path, tmp_path: Path) -> None:
    with objstore.open(folder) as store:
        store.conversations.create("c").append({"n": 1})
        with objstore.open(folder, read_only=True) as reader:
            reader.backup(tmp_path / "backup")
        assert len(store.storage.journal.intake) == 2
    objstore.open_backup(tmp_path / "backup").restore(tmp_path / "restored")
    with objstore.open(tmp_path / "restored") as store:
        assert list(store.conversations.open("c")) == [{"n": 1}]


def test_a_large_transaction_takes_the_intake_along(folder: Path) -> None:
    with closing(open_local(folder)) as storage:
        put(storage, "a", "small")
        assert rows_in_the_file(folder) == 0
        put(storage, "b", "large " * 20_000)
        assert rows_in_the_file(folder) == 2


def test_the_lock_file_never_shows_half_a_number(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / "lock", None)
    state = State(3, True, 1 << 40, 5, 6)
    lock.set_state(state)
    assert lock.state() == state
    assert all(start % 8 == 0 for start in range(0, len(lock.stated()), 8))
    lock.close()


OPERATIONS = st.lists(
    st.tuples(
        st.sampled_from(["put", "put", "put", "delete", "both", "large", "settle", "reopen", "die", "read"]),
        st.integers(0, 1),
        st.sampled_from(["a", "b", "c"]),
    ),
    max_size=40,
)


@settings(deadline=None, max_examples=60)
@given(OPERATIONS)
def test_two_users_of_one_folder_see_what_one_user_of_memory_sees(
    tmp_path_factory: pytest.TempPathFactory, operations: list[tuple[str, int, str]]
) -> None:
    folder = tmp_path_factory.mktemp("s") / "s"
    model = MemoryStorage()
    users = [open_local(folder, create=True), open_local(folder)]
    for number, (what, which, name) in enumerate(operations):
        user = users[which]
        if what == "put":
            assert put(user, name, f"{number}", number) == put(model, name, f"{number}", number)
        elif what == "large":
            text = f"{number} {random.Random(number).randbytes(50_000).hex()}"
            assert put(user, name, text, number) == put(model, name, text, number)
        elif what == "delete":
            for storage in (user, model):
                storage.apply([], [RefEdit(name, None, ANY)], Note("x", "delete", number))
        elif what == "both":
            value = number.to_bytes(4, "big")
            for storage in (user, model):
                storage.apply([], [RefEdit(n, value, ANY) for n in ("c", name + "/x")], Note("x", "both", number))
        elif what == "settle":
            user.settle()
        elif what in ("reopen", "die"):
            user.close() if what == "reopen" else leave(user)
            users[which] = open_local(folder)
        for storage in users:
            assert list(storage.refs.find()) == list(model.refs.find())
            for ref in ("a", "b", "c"):
                got, wanted = ([e._replace(transaction=0) for e in s.refs.log(ref)] for s in (storage, model))
                assert got == wanted
            assert {oid for oid, _, _ in storage.objects()} == {oid for oid, _, _ in model.objects()}
        assert not users[0].missing([oid for oid, _, _ in model.objects()])
    for storage in users:
        storage.close()
    assert rows_in_the_file(folder) >= len(list(model.objects()))


def test_what_is_too_long_for_a_record_goes_into_the_journal_at_once(folder: Path) -> None:
    with closing(open_local(folder)) as storage:
        storage.apply((), (RefEdit("a", b"1", ANY),), Note("é" * (1 << 20), "é" * (1 << 20), 1))
        storage.apply((), [RefEdit(f"{'n' * 200}/{n}", b"1" * 255, ANY) for n in range(3000)], NOTE)
        assert len(storage.journal.intake) == 0
        storage.apply((), [RefEdit(f"{'n' * 200}/q{n}", b"1" * 255, ANY) for n in range(100)], NOTE)
        assert len(storage.journal.intake) == 1
        assert sum(1 for _ in storage.refs.find()) == 3101
