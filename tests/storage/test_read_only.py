"""The read-only wrapper: everything can be read, nothing written, whatever it is put around."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import objstore
from objstore.errors import ReadOnlyStore, StoreClosed
from objstore.storage.contract.support import NOTE, ids, point, some_objects
from objstore.storage.local.open_local import open_local
from objstore.storage.memory import MemoryStorage
from objstore.storage.protocol import Storage
from objstore.storage.read_only import ReadOnly
from objstore.store import Store


@pytest.fixture(params=["memory", "local"])
def inner(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Storage]:
    storage = MemoryStorage() if request.param == "memory" else open_local(tmp_path / "store", create=True)
    yield storage
    storage.close()


def test_everything_can_be_read(inner: Storage) -> None:
    objects = some_objects(30)
    for number, obj in enumerate(objects):
        point(inner, f"files/{number}", obj)
    storage = ReadOnly(inner)
    assert storage.read(objects[3].oid) == objects[3]
    assert list(storage.read_many(ids(objects))) == objects
    assert storage.missing(ids(objects)) == set()
    assert sorted(storage.objects()) == sorted(inner.objects())
    assert storage.find_ids(objects[0].oid, False, 3) == [objects[0].oid]
    assert len(list(storage.refs.find())) == 30
    assert (storage.place, storage.hasher) == (inner.place, inner.hasher)


def test_nothing_can_be_written(inner: Storage) -> None:
    storage = ReadOnly(inner)
    obj = some_objects(1)[0]
    for write in (
        lambda: storage.apply([obj], (), NOTE),
        lambda: storage.apply((), (), NOTE),
        lambda: storage.stage(),
        lambda: storage.turn(),
        lambda: point(storage, "files/a", obj),
    ):
        with pytest.raises(ReadOnlyStore):
            write()
    assert list(inner.objects()) == []
    assert list(inner.refs.operations()) == []


def test_it_shows_what_others_write(inner: Storage) -> None:
    storage = ReadOnly(inner)
    obj = some_objects(1)[0]
    point(inner, "files/a", obj)
    assert storage.read(obj.oid) == obj


def test_closing_it_closes_what_it_wraps(inner: Storage) -> None:
    ReadOnly(inner).close()
    with pytest.raises(StoreClosed):
        inner.refs.get("files/a")


def test_a_store_on_it_reads_and_refuses(inner: Storage) -> None:
    Store(inner, "writer").conversations.create("c").append({"n": 1})
    store = Store(ReadOnly(inner), "reader")
    conversation = store.conversations.open("c")
    assert list(conversation) == [{"n": 1}]
    with pytest.raises(objstore.ReadOnlyStore):
        conversation.append({"n": 2})
    assert len(store.conversations.open("c")) == 1
