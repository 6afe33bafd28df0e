"""repair: what can be saved is, the rest comes from a source, nothing is deleted, and all of it is written down."""

from __future__ import annotations

import json
import random
import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

import objstore
from objstore.errors import CorruptObject, NotAStore
from objstore.objects.kinds import Kind
from objstore.opening import mend
from tests.cli.calls import Calls
from tests.maintenance import stores
from tests.maintenance.test_damage import damage, files_of, spots


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return stores.make(tmp_path / "store", 50)


@pytest.fixture
def backup(place: Path, tmp_path: Path) -> Path:
    with objstore.open(place) as store:
        store.backup(tmp_path / "b")
    return tmp_path / "b"


def contents(place: Path) -> stores.Content:
    with objstore.open(place) as store:
        return stores.content(store)


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def pack_of(place: Path) -> Path:
    return max(place.glob("packs/*.pack"), key=lambda path: path.stat().st_size)


def records(place: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (place / "repairs.jsonl").read_text().splitlines()]


def test_a_sound_store_is_left_as_it_is(place: Path) -> None:
    with objstore.open(place) as store:
        done = store.repair()
        assert (done.actions, done.findings, done.recovered) == ((), (), 0)
        assert done.sound
    assert not (place / "repairs.jsonl").exists()
    assert not (place / "quarantine").exists()


@pytest.mark.parametrize("where", [3, -3, 0.5])
def test_a_damaged_pack_is_salvaged_and_the_rest_comes_from_a_backup(place: Path, backup: Path, where: float) -> None:
    before = contents(place)
    pack = pack_of(place)
    size = pack.stat().st_size
    flip(pack, int(size * where) if isinstance(where, float) else where % size)
    damaged = pack.read_bytes()
    with objstore.open(place) as store:
        done = store.repair(backup)
        assert done.findings == ()
        assert stores.content(store) == before
    assert (place / "quarantine" / pack.name).read_bytes() == damaged
    assert any(pack.name == line["file"] for line in records(place))
    assert contents(place) == before


def test_without_a_source_what_is_lost_is_named_and_the_rest_saved(place: Path) -> None:
    before = contents(place)
    pack = pack_of(place)
    flip(pack, pack.stat().st_size // 2)
    with objstore.open(place) as store:
        done = store.repair()
        assert done.findings
        assert all(finding.oid for finding in done.findings)
        after = stores.content(store)
    touched = " ".join(" ".join(finding.where) for finding in done.findings)
    for name, value in before.items():
        if after[name] != value:
            assert name.removeprefix("conversations/") in touched


def test_a_lost_pack_comes_back_from_another_store(place: Path, tmp_path: Path) -> None:
    shutil.copytree(place, tmp_path / "twin")
    before = contents(place)
    for pack in place.glob("packs/*"):
        pack.unlink()
    with objstore.open(place) as store, objstore.open(tmp_path / "twin") as twin:
        done = store.repair(twin)
        assert done.recovered > 100
        assert done.findings == ()
        assert stores.content(store) == before


def test_objects_of_a_store_in_memory_come_back_too() -> None:
    with objstore.open("memory:") as store, objstore.open("memory:") as twin:
        stores.fill(store, 20)
        store.migrate(twin)
        before = stores.content(store)
        objects = store.storage._objects  # type: ignore[attr-defined]
        for oid in [oid for oid, obj in objects.items() if obj.kind in (Kind.COMMIT, Kind.TREE)]:
            del objects[oid]
        done = store.repair(twin)
        assert done.findings == ()
        assert done.recovered
        assert stores.content(store) == before


def test_a_damaged_row_is_kept_aside_and_brought_back(tmp_path: Path) -> None:
    place = tmp_path / "s"
    with objstore.open(place, create=True) as store:
        store.conversations.create("c").append_many([{"text": "a needle here"}, {"text": "other"}])
        store.backup(tmp_path / "b")
    journal = place / "journal-1.sqlite"
    flip(journal, journal.read_bytes().index(b"needle"))
    with objstore.open(place) as store:
        done = store.repair(tmp_path / "b")
        assert done.recovered == 1
        assert done.findings == ()
        assert store.conversations.open("c")[0] == {"text": "a needle here"}
    kept = list((place / "quarantine").iterdir())
    assert len(kept) == 1
    assert b"oeedle" in kept[0].read_bytes()


def test_a_journal_with_a_broken_page_is_copied_row_by_row(place: Path) -> None:
    before = contents(place)
    journal = next(place.glob("journal-*.sqlite"))
    with closing(sqlite3.connect(journal)) as connection:
        query = "SELECT rootpage FROM sqlite_master WHERE name = 'reflog_by_step'"
        page = connection.execute(query).fetchone()[0] - 1
    data = bytearray(journal.read_bytes())
    data[page * 4096 : page * 4096 + 8] = b"\xff" * 8
    journal.write_bytes(data)
    assert mend(place)
    with objstore.open(place) as store:
        assert store.fsck().findings == ()
        assert stores.content(store) == before
    assert list((place / "quarantine").glob("journal-*"))


def test_a_journal_that_is_no_database_comes_from_the_backup(place: Path, backup: Path) -> None:
    before = contents(place)
    journal = next(place.glob("journal-*.sqlite"))
    journal.write_bytes(b"nothing of it is left" * 100)
    with pytest.raises(CorruptObject):
        mend(place)
    mend(place, backup)
    with objstore.open(place) as store:
        done = store.repair(backup)
        assert done.findings == ()
        assert stores.content(store) == before


def test_a_damaged_marker_is_written_anew_with_its_id(place: Path) -> None:
    marker = place / "format"
    text = marker.read_text()
    marker.write_text(text.replace("objstore", "objst0re"))
    assert mend(place)
    assert marker.read_text() == text
    marker.write_text(re.sub(r"format \d+", "format 999", text))
    with pytest.raises(objstore.ObjstoreError, match="newer"):
        mend(place)
    with pytest.raises(NotAStore):
        mend(place.parent / "nothing")


def test_the_command_mends_and_says_what_it_did(place: Path, backup: Path) -> None:
    call = Calls(place.parent)
    pack = pack_of(place)
    flip(pack, pack.stat().st_size // 2)
    found = call("fsck", code=5)
    assert "objstore repair" in found
    assert "put a damaged pack aside" in call("repair", code=5)
    last = call.json("repair", "--from", str(backup))[-1]
    assert last["recovered"]
    assert last["damage"] == 0
    assert "Everything is sound" in call("fsck")
    assert "nothing to mend" in call("repair")


def repaired(sound: Path, backup: Path, place: Path, spot: tuple[Path, slice], chance: random.Random) -> None:
    """Damage one spot of a copy and mend it with a backup: it is what it was."""
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(sound, place)
    file = place / spot[0].relative_to(sound)
    file.write_bytes(damage(file.read_bytes(), spot[1], chance))
    try:
        mend(place, backup)
        with objstore.open(place) as store:
            findings = store.repair(backup).findings
            after = stores.content(store)
    except Exception as error:
        raise AssertionError(f"{spot}: {error!r}") from error
    if not findings:
        before = contents(sound)
        different = [name for name in before if after.get(name) != before[name]]
        assert not different, f"{spot}: {different}"


def test_damage_at_some_bytes_is_mended_with_a_backup(tmp_path: Path) -> None:
    sound = stores.make_small(tmp_path / "sound")
    with objstore.open(sound) as store:
        store.backup(tmp_path / "b")
    chance = random.Random(3)
    for file in files_of(sound):
        data = file.read_bytes()
        for spot in chance.sample(list(spots(data)), 6):
            repaired(sound, tmp_path / "b", tmp_path / "copy", (file, spot), chance)
