"""Marks hold what refs and logs reach: no object less, and none more, wherever it lies."""

from __future__ import annotations

from pathlib import Path

import pytest

import objstore
from objstore.errors import CorruptObject
from objstore.maintenance.reachable import mark
from objstore.objects.kinds import Kind
from objstore.objects.references import references
from objstore.repository.repository import Repository
from objstore.storage.local.storage import LocalStorage
from objstore.store import Store
from refs.edits import Note
from tests.maintenance.histories import everything, history, log_values, names_of, reach

SEEDS = range(4)
NOTE = Note("tester", "test", 1)


def repo_of(store: Store) -> Repository:
    return store.conversations._repo


@pytest.mark.parametrize("seed", SEEDS)
def test_marks_are_what_a_plain_walk_reaches(tmp_path: Path, seed: int) -> None:
    with history(str(tmp_path / "store"), seed, 25) as store:
        garbage = [repo_of(store).hasher.object(Kind.BLOB, b"garbage %d" % number) for number in range(50)]
        store.storage.apply(garbage[:25], (), NOTE)
        store.repack()
        store.storage.apply(garbage[25:], (), NOTE)
        for _ in range(3):
            store.conversations.open("later", create=True).append("fresh")
        wanted = reach(store.storage, log_values(store))
        marks = mark(repo_of(store))
        assert {oid for oid in everything(store) if oid in marks} == wanted
        assert not marks.absent
        assert marks.counts() == (len(wanted), len(everything(store) - wanted))
        assert not any(obj.oid in marks for obj in garbage)


def test_marks_in_memory_are_the_same() -> None:
    with history("memory:", 7, 30) as store:
        wanted = reach(store.storage, log_values(store))
        marks = mark(repo_of(store))
        assert {oid for oid in everything(store) if oid in marks} == wanted


@pytest.mark.parametrize("seed", SEEDS)
def test_an_object_names_what_its_decoder_says(seed: int) -> None:
    with history("memory:", seed, 30) as store:
        kinds: set[Kind] = set()
        for oid in everything(store):
            obj = store.storage.read(oid)
            kinds.add(obj.kind)
            assert sorted(references(obj.kind, obj.payload)) == sorted(names_of(obj))
        assert kinds >= {Kind.COMMIT, Kind.EVENT, Kind.TREE, Kind.BLOB, Kind.CHUNKS}


def test_a_record_of_a_frame_names_what_its_object_names(tmp_path: Path) -> None:
    with history(str(tmp_path / "store"), 3, 40) as store:
        store.repack()
        assert isinstance(store.storage, LocalStorage)
        looked = 0
        for pack in store.storage.packs:
            for number in range(pack.pack.frames):
                if not pack.pack.frame_records(number):
                    continue
                frame = store.storage.packs.open_frame(pack, number)
                for record in range(len(frame)):
                    names = [frame.oid(name) if isinstance(name, int) else name for name in frame.names(record)]
                    assert sorted(names) == sorted(names_of(frame.object(record)))
                    looked += 1
        assert looked == len(everything(store))


def test_what_is_named_and_not_there_is_told(tmp_path: Path) -> None:
    with objstore.open(tmp_path / "store", create=True) as store:
        conversation = store.conversations.create("c")
        conversation.append("one")
        conversation.append("two")
        storage = store.storage
        assert isinstance(storage, LocalStorage)
        lost = repo_of(store).commit(conversation.head.oid).event
        assert lost is not None
        storage.settle()
        connection = storage.journal.open_connection()
        connection.execute("DELETE FROM objects WHERE oid = ?", (lost,))
        connection.close()
        assert set(mark(repo_of(store)).absent) == {lost}


def test_a_row_that_is_not_its_object_is_refused(tmp_path: Path) -> None:
    with objstore.open(tmp_path / "store", create=True) as store:
        conversation = store.conversations.create("c")
        head = conversation.append("one").oid
        storage = store.storage
        assert isinstance(storage, LocalStorage)
        other = conversation.append("two").oid
        storage.settle()
        connection = storage.journal.open_connection()
        connection.execute(
            "UPDATE objects SET data = (SELECT data FROM objects WHERE oid = ?) WHERE oid = ?", (head, other)
        )
        connection.close()
        with pytest.raises(CorruptObject):
            mark(repo_of(store))


def test_a_damaged_index_of_a_pack_is_refused(tmp_path: Path) -> None:
    with history(str(tmp_path / "store"), 1, 10) as store:
        store.repack()
    index = next((tmp_path / "store" / "packs").glob("*.index"))
    data = bytearray(index.read_bytes())
    data[-20] ^= 1
    index.write_bytes(data)
    with objstore.open(tmp_path / "store") as store, pytest.raises(CorruptObject):
        mark(repo_of(store))
