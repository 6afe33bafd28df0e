"""Packs and their indexes in every state of damage: what can be read is read, the rest is reported by its objects."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

import objstore
from objstore.errors import CorruptObject, MissingObject
from objstore.objects.hashing import PLAIN_HASHER
from objstore.objects.kinds import Kind, Object, Oid
from objstore.storage.local.open_local import open_local
from objstore.storage.local.storage import LocalStorage
from refs.edits import Note

NOTE = Note("tester", "test", 1)


def _objects(seed: int) -> list[Object]:
    chance = random.Random(seed)
    return [PLAIN_HASHER.object(Kind.BLOB, chance.randbytes(3000)) for _ in range(400)]


HEALTHY, HIT, FRESH = _objects(1), _objects(2), [PLAIN_HASHER.object(Kind.BLOB, b"fresh")]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A store of two packs and a journal."""
    with closing(open_local(tmp_path / "store", create=True)) as storage:
        for objects in (HEALTHY, HIT):
            with storage.stage() as stage:
                for obj in objects:
                    stage.add(obj)
                storage.apply((), (), NOTE, stage)
        storage.apply(FRESH, (), NOTE)
    return tmp_path / "store"


@pytest.fixture
def pack(place: Path) -> Path:
    """The pack that holds HIT, without its suffix."""
    with closing(open_local(place)) as storage:
        names = [pack.name for pack in storage.packs if pack.index.find(HIT[0].oid)]
    assert len(names) == 1
    return place / "packs" / names[0]


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _overwrite(path: Path) -> None:
    path.write_bytes(os.urandom(path.stat().st_size))


def _flip_fan_out(path: Path) -> None:
    _flip(path, 52)


def _flip_entries(path: Path) -> None:
    """The first byte of every entry's prefix: nothing is found where it was."""
    data = bytearray(path.read_bytes())
    for at in range(len(data) - 14 * 400, len(data), 14):
        data[at] ^= 0x80
    path.write_bytes(data)


def _flip_records(path: Path) -> None:
    """The record number of every entry: another object is found."""
    data = bytearray(path.read_bytes())
    for at in range(len(data) - 14 * 400, len(data), 14):
        data[at + 13] ^= 1
    path.write_bytes(data)


def _flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def _exchange(path: Path) -> None:
    """Another pack's index."""
    other = next(found for found in path.parent.glob(f"*{path.suffix}") if found != path)
    path.write_bytes(other.read_bytes())


DAMAGES: list[Callable[[Path], None]] = [
    Path.unlink,
    _empty,
    _cut,
    _overwrite,
    _exchange,
    _flip_fan_out,
    _flip_entries,
    _flip_records,
]


def _all_read(storage: LocalStorage) -> None:
    for objects in (HIT, HEALTHY, FRESH):
        for obj in objects:
            assert storage.read(obj.oid) == obj


@pytest.mark.parametrize("read_only", [False, True])
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_index_is_made_again(
    damage: Callable[[Path], None], read_only: bool, place: Path, pack: Path
) -> None:
    index = pack.with_suffix(".index")
    written = index.read_bytes()
    damage(index)
    damaged = index.read_bytes() if index.exists() else None
    assert damaged != written
    with closing(open_local(place, read_only=read_only)) as storage:
        _all_read(storage)
    if read_only:
        assert (index.read_bytes() if index.exists() else None) == damaged
    else:
        assert index.read_bytes() == written
    assert sorted(path.suffix for path in (place / "packs").iterdir() if path != index) == [".index", ".pack", ".pack"]


@pytest.mark.parametrize("damage", DAMAGES)
def test_ids_are_found_by_prefix_whatever_became_of_the_index(
    damage: Callable[[Path], None], place: Path, pack: Path
) -> None:
    damage(pack.with_suffix(".index"))
    with closing(open_local(place)) as storage:
        assert storage.find_ids(HIT[7].oid[:5], False, 9) == [HIT[7].oid]
        assert {oid for oid, _, _ in storage.objects()} == {obj.oid for obj in (*HIT, *HEALTHY, *FRESH)}


def test_an_index_is_made_again_by_several_at_once(place: Path, pack: Path) -> None:
    written = pack.with_suffix(".index").read_bytes()
    pack.with_suffix(".index").unlink()

    def read(number: int) -> bool:
        with closing(open_local(place, read_only=number == 0)) as storage:
            return [storage.read(obj.oid) for obj in HIT] == HIT

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(read, range(4)))
    assert pack.with_suffix(".index").read_bytes() == written
    assert not list(pack.parent.glob("*.stage"))


@pytest.mark.parametrize("damage", [Path.unlink, _empty, _cut, _overwrite, _exchange])
def test_a_lost_pack_is_reported_for_its_objects_alone(damage: Callable[[Path], None], place: Path, pack: Path) -> None:
    damage(pack.with_suffix(".pack"))
    absent = PLAIN_HASHER.object(Kind.BLOB, b"never written").oid
    with closing(open_local(place)) as storage:
        for obj in (*HEALTHY, *FRESH):
            assert storage.read(obj.oid) == obj
        for obj in HIT:
            with pytest.raises(CorruptObject, match=pack.name) as caught:
                storage.read(obj.oid)
            assert caught.value.oid == obj.oid
        with pytest.raises(MissingObject):
            storage.read(absent)
        assert storage.missing(obj.oid for obj in (*HIT, *HEALTHY)) == {obj.oid for obj in HIT}
        assert _listed(storage.objects()) == {obj.oid for obj in (*HEALTHY, *FRESH)}


def test_when_pack_and_index_are_lost_nothing_is_called_missing(place: Path, pack: Path) -> None:
    pack.with_suffix(".pack").unlink()
    pack.with_suffix(".index").unlink()
    with closing(open_local(place)) as storage:
        assert storage.read(HEALTHY[0].oid) == HEALTHY[0]
        with pytest.raises(CorruptObject, match=pack.name):
            storage.read(HIT[0].oid)
    assert not pack.with_suffix(".index").exists()


def test_what_is_written_again_is_healed(place: Path, pack: Path) -> None:
    pack.with_suffix(".pack").unlink()
    with closing(open_local(place)) as storage:
        storage.apply(HIT[:50], (), NOTE)
        for obj in HIT[:50]:
            assert storage.read(obj.oid) == obj
        with pytest.raises(CorruptObject):
            storage.read(HIT[50].oid)


def test_a_damaged_frame_is_reported_for_its_objects_and_keeps_no_index_that_lacks_them(
    place: Path, pack: Path
) -> None:
    pack.with_suffix(".index").unlink()
    _flip(pack.with_suffix(".pack"), 5_000)
    with closing(open_local(place)) as storage:
        read, damaged = [], []
        for obj in HIT:
            try:
                assert storage.read(obj.oid) == obj
                read.append(obj.oid)
            except CorruptObject:
                damaged.append(obj.oid)
        assert read
        assert damaged
        assert _listed(storage.objects()) == {*read, *(obj.oid for obj in (*HEALTHY, *FRESH))}
    assert not pack.with_suffix(".index").exists()


def _listed(objects: Iterator[tuple[Oid, Kind, int]]) -> set[Oid]:
    """The ids that are given before the damage is reported."""
    found: set[Oid] = set()
    try:
        for oid, _, _ in objects:
            found.add(oid)
    except CorruptObject:
        return found
    raise AssertionError("the damage was not reported")


def test_check_reports_what_a_lost_pack_held(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "large.bin").write_bytes(random.Random(3).randbytes(1_000_000))
    with objstore.open(tmp_path / "store", create=True) as store:
        store.conversations.create("c").append_many([{"n": number} for number in range(30)])
        store.files.create("ws").snapshot(tmp_path / "work")
    (pack,) = (tmp_path / "store" / "packs").glob("*.pack")
    pack.unlink()
    with objstore.open(tmp_path / "store") as store:
        assert list(store.conversations.open("c")) == [{"n": number} for number in range(30)]
        damages = list(store.check())
        assert damages
        assert all("ws" in place for damage in damages for place in damage.where)
