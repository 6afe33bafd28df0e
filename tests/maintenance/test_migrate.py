"""Moving a store: everything is there, logs verbatim, and an interrupted move goes on."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

import objstore
from objstore.errors import CorruptObject, StoreExists
from objstore.objects.kinds import Kind
from tests.maintenance import stores


def open_at(kind: str, place: Path) -> objstore.Store:
    return objstore.open("memory:" if kind == "memory" else place, create=True)


@pytest.mark.parametrize(("source", "target"), list(pairwise(["local", "memory", "memory", "local", "local"])))
def test_a_moved_store_is_the_same_store(tmp_path: Path, source: str, target: str) -> None:
    with open_at(source, tmp_path / "a") as store, open_at(target, tmp_path / "b") as moved:
        stores.fill(store, 60)
        done = store.migrate(moved)
        assert stores.content(moved) == stores.content(store)
        assert list(moved.refs.operations()) == list(store.refs.operations())
        assert set(moved.storage.objects()) == set(store.storage.objects())
        assert done.objects == len(set(store.storage.objects()))
        assert moved.fsck().findings == ()
        moved.conversations.open("c").undo()
        moved.conversations.open("c").append({"goes": "on"})
        assert moved.fsck().findings == ()
        assert next(moved.refs.operations())[0] > next(store.refs.operations())[0]


def test_a_move_into_a_store_with_refs_is_refused(tmp_path: Path) -> None:
    with open_at("local", tmp_path / "a") as store, open_at("memory", tmp_path) as other:
        store.conversations.create("c").append(1)
        other.conversations.create("mine").append(2)
        before = stores.content(other)
        with pytest.raises(StoreExists):
            store.migrate(other)
        assert stores.content(other) == before


def test_an_interrupted_move_goes_on_with_what_is_there(tmp_path: Path) -> None:
    with open_at("local", tmp_path / "a") as store, open_at("local", tmp_path / "b") as moved:
        stores.fill(store, 60)

        class Stopped(Exception):
            pass

        def stop(*_: object) -> None:
            raise Stopped

        with pytest.raises(Stopped):
            store.migrate(moved, progress=stop)
        assert list(moved.refs.operations()) == []
        held = len(list(moved.storage.objects()))
        assert held
        done = store.migrate(moved)
        assert done.objects == len(set(store.storage.objects())) - held
        assert stores.content(moved) == stores.content(store)


def test_a_damaged_object_is_named_and_no_ref_is_moved() -> None:
    with objstore.open("memory:") as store, objstore.open("memory:") as moved:
        stores.fill(store, 20)
        objects = store.storage._objects  # type: ignore[attr-defined]
        oid, obj = next((oid, obj) for oid, obj in objects.items() if obj.kind is Kind.EVENT)
        objects[oid] = obj._replace(payload=obj.payload + b"x")
        with pytest.raises(CorruptObject):
            store.migrate(moved)
        assert list(moved.refs.find()) == []
