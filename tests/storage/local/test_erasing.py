"""Erasing leaves nothing of an object in any file of the store, and everything else as it was."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

import objstore
from objstore.errors import MissingObject
from objstore.objects.kinds import Kind, Oid
from objstore.storage.local.storage import LocalStorage
from objstore.store import Store

SECRET = "hunter2-" * 12


def events(store: Store) -> dict[Oid, bytes]:
    """The events that hold the secret."""
    held = (store.storage.read(oid) for oid, kind, _ in store.storage.objects() if kind is Kind.EVENT)
    return {obj.oid: obj.payload for obj in held if SECRET.encode() in obj.payload}


def stored_text(store: Store) -> bytes:
    """Every byte of the folder, and all that its frames, bases and rows hold once they are unpacked."""
    storage = store.storage
    assert isinstance(storage, LocalStorage)
    found = [path.read_bytes() for path in storage.folder.root.rglob("*") if path.is_file()]
    for pack in storage.packs:
        for number in range(pack.pack.frames):
            if pack.pack.frame_records(number):
                frame = storage.packs.open_frame(pack, number)
                found += (frame.payload(record) for record in range(len(frame)))
            else:
                found.append(storage.packs.codec.base_text(pack.frame_bytes(number)))
    found += (obj.payload for _, obj in storage.journal.scan())
    return b"".join(found)


def filled(path: Path) -> Store:
    draw = random.Random(5)
    store = objstore.open(path, create=True)
    conversation = store.conversations.create("c")
    conversation.append_many([{"n": number, "text": draw.randbytes(300).hex()} for number in range(200)])
    conversation.append_many([{"n": number, "text": SECRET} for number in range(3)])
    conversation.append_many([{"n": number, "text": draw.randbytes(300).hex()} for number in range(50)])
    return store


@pytest.mark.parametrize("where", ["intake", "journal", "pack", "pack twice"])
def test_erased_events_are_nowhere_and_all_others_are_there(tmp_path: Path, where: str) -> None:
    with filled(tmp_path / "store") as store:
        storage = store.storage
        assert isinstance(storage, LocalStorage)
        if where == "intake":
            store.conversations.open("c").append({"text": SECRET})
            assert len(storage.journal.intake)
        else:
            storage.settle()
        if where.startswith("pack"):
            store.repack()
            assert SECRET.encode() in stored_text(store)
        if where == "pack twice":
            storage.transact(
                lambda connection: storage.journal.insert(
                    connection, storage.journal.encode([storage.read(oid) for oid in events(store)])
                )
            )
        doomed = events(store)
        before = {oid: storage.read(oid) for oid, _, _ in storage.objects()}
        assert len(doomed) >= 3
        assert storage.erase(list(doomed)) == len(doomed) * (2 if where == "pack twice" else 1)
        assert SECRET.encode() not in stored_text(store)
        assert storage.missing(doomed) == set(doomed)
        for oid in doomed:
            with pytest.raises(MissingObject):
                storage.read(oid)
        left = {oid: storage.read(oid) for oid, _, _ in storage.objects()}
        assert left == {oid: obj for oid, obj in before.items() if oid not in doomed}
        assert storage.erase(list(doomed)) == 0
        store.conversations.open("c").append("it goes on")
    with objstore.open(tmp_path / "store") as store:
        assert SECRET.encode() not in stored_text(store)
        assert store.storage.missing(doomed) == set(doomed)


def test_another_process_that_has_the_store_open_finds_it_gone(tmp_path: Path) -> None:
    with filled(tmp_path / "store") as store, objstore.open(tmp_path / "store") as other:
        store.repack()
        doomed = events(store)
        assert not other.storage.missing(doomed)
        storage = store.storage
        assert isinstance(storage, LocalStorage)
        storage.erase(doomed)
        assert other.storage.missing(doomed) == set(doomed)
