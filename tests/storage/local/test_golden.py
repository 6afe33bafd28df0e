"""Stores of every version as they were written: they are read, checked, and gone on with. Golden files never change."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest

import objstore
from objstore.storage.local.folder import FORMAT
from objstore.storage.local.frames import FrameCodec
from objstore.storage.local.index_rebuild import rebuild_index
from objstore.storage.local.open_local import open_local
from objstore.storage.local.upgrade import upgrade
from tests.storage.local.stores import copy_store

GOLDEN = Path(__file__).parents[2] / "golden" / "stores"
VERSIONS = sorted(int(path.name.removeprefix("format-")) for path in GOLDEN.glob("format-*") if path.is_dir())


def _contents(store: objstore.Store) -> dict[str, Any]:
    workspace = store.files.open("ws")
    return {
        "conversations": {name: list(store.conversations.open(name)) for name, _ in store.conversations.heads()},
        "files": {name: workspace.read(name).decode() for name in ("000.txt", "123.txt", "279.txt")},
        "root": workspace.root.hex(),
        "settings": dict(store.settings.open("user").values()),
        "tag": next(iter(store.tags.find())).target.hex(),
        "objects": sorted(oid.hex() for oid, _, _ in store.storage.objects()),
        "operations": sum(1 for _ in store.operations()),
    }


def _expected(version: int) -> dict[str, Any]:
    return json.loads((GOLDEN / f"format-{version}.json").read_text(encoding="utf-8"))


def _current(version: int, to: Path) -> Path:
    """A copy of the store of a version, upgraded where that takes it."""
    place = copy_store(GOLDEN / f"format-{version}", to)
    assert upgrade(place).before == version
    return place


def test_there_is_a_golden_store_of_each_version() -> None:
    assert list(range(1, FORMAT + 1)) == VERSIONS


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("read_only", [False, True])
def test_a_store_of_each_version_is_read_whole(version: int, read_only: bool, tmp_path: Path) -> None:
    place = _current(version, tmp_path / "store")
    with objstore.open(place, read_only=read_only) as store:
        assert _contents(store) == _expected(version)
        assert list(store.check()) == []


@pytest.mark.parametrize("version", VERSIONS)
def test_a_store_of_each_version_can_be_gone_on_with(version: int, tmp_path: Path) -> None:
    place = _current(version, tmp_path / "store")
    expected = _expected(version)
    with objstore.open(place) as store:
        store.conversations.open("fresh").append({"later": True})
        store.repack()
    expected["conversations"]["fresh"].append({"later": True})
    with objstore.open(place) as store:
        assert _contents(store)["conversations"] == expected["conversations"]
        assert list(store.check()) == []


@pytest.mark.parametrize("version", VERSIONS)
def test_its_indexes_are_made_again_byte_for_byte(version: int, tmp_path: Path) -> None:
    place = _current(version, tmp_path / "store")
    storage = open_local(place, read_only=True)
    packs = list(storage.packs)
    assert len(packs) == 2
    for pack in packs:
        rebuilt = rebuild_index(pack.pack, FrameCodec(storage.hasher, storage.compression))
        assert rebuilt == ((place / "packs" / f"{pack.name}.index").read_bytes(), None)
    storage.close()


def test_a_new_journal_has_the_pinned_schema(tmp_path: Path) -> None:
    newest = max(int(path.stem.removeprefix("schema-")) for path in GOLDEN.glob("schema-*.sql"))
    storage = open_local(tmp_path / "store", create=True)
    storage.close()
    connection = sqlite3.connect(tmp_path / "store" / "journal-1.sqlite")
    try:
        rows = connection.execute("SELECT sql FROM sqlite_master WHERE sql NOT NULL ORDER BY name").fetchall()
        assert "".join(f"{sql};\n" for (sql,) in rows) == (GOLDEN / f"schema-{newest}.sql").read_text(encoding="utf-8")
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA encoding").fetchone() == ("UTF-8",)
    finally:
        connection.close()


def test_a_store_without_its_cache_is_whole(tmp_path: Path) -> None:
    place = _current(FORMAT, tmp_path / "store")
    with objstore.open(place) as store:
        store.files.open("ws").write("new.txt", b"new")
    shutil.rmtree(place / "cache", ignore_errors=True)
    with objstore.open(place) as store:
        assert store.files.open("ws").read("new.txt") == b"new"
        assert list(store.check()) == []
