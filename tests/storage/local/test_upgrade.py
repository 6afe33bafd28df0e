"""Upgrades: an older layout becomes today's, a crash at any point does no harm, and old stores are still read."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tarfile
from contextlib import closing
from pathlib import Path

import pytest

import objstore
from objstore.errors import CorruptObject, OldFormat, UnsupportedFormat
from objstore.storage.local.upgrade import STEPS, upgrade

GOLDEN = Path(__file__).parents[2] / "golden" / "stores"


def unpack(name: str, to: Path) -> Path:
    with tarfile.open(GOLDEN / name) as archive:
        archive.extractall(to, filter="data")
    return to


def test_a_store_that_the_first_version_made_is_read_and_goes_on(tmp_path: Path) -> None:
    place = unpack("format-1.tar.xz", tmp_path / "s")
    assert upgrade(place).kept == "before-format-2"
    with objstore.open(place) as store:
        assert store.fsck().findings == ()
        conv = store.conversations.open("c")
        assert [event["n"] for event in conv if isinstance(event, dict)] == list(range(13))
        assert list(store.conversations.open("fork"))[5:] == [{"n": "fork"}]
        assert store.files.open("ws").read("a/b.txt") == b"one file\n"
        assert store.settings.open("user").get("llm.model") == "y"
        assert store.refs.get("conversations/gone") is None
        conv.append({"n": 13})
        store.repack()
        assert store.fsck().findings == ()
    assert upgrade(place).before == 2


def to_format_0(place: Path) -> Path:
    """Make a store one of a format that never was: packs without their sizes, and the ids of objects in hex."""
    with closing(sqlite3.connect(place / "journal-1.sqlite", isolation_level=None)) as connection:
        for statement in (
            "ALTER TABLE packs DROP COLUMN bytes",
            "ALTER TABLE packs DROP COLUMN objects",
            "DROP INDEX objects_by_prefix",
            "UPDATE objects SET oid = lower(hex(oid))",
        ):
            connection.execute(statement)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    marker = place / "format"
    marker.write_text(marker.read_text().replace("format 1", "format 0"))
    return place


def step_0(connection: sqlite3.Connection, root: Path) -> None:
    """Format 0 to 1."""
    connection.execute("ALTER TABLE packs ADD COLUMN objects INTEGER NOT NULL DEFAULT 0")
    connection.execute("ALTER TABLE packs ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0")
    for name, data in [
        (row[0], (root / "packs" / f"{row[0]}.pack").read_bytes())
        for row in connection.execute("SELECT name FROM packs").fetchall()
    ]:
        index = (root / "packs" / f"{name}.index").stat().st_size
        objects = int.from_bytes(data[-36:-28], "little")
        connection.execute("UPDATE packs SET objects = ?, bytes = ? WHERE name = ?", (objects, len(data) + index, name))
    rows = connection.execute("SELECT id, oid FROM objects").fetchall()
    connection.executemany("UPDATE objects SET oid = ? WHERE id = ?", [(bytes.fromhex(o), i) for i, o in rows])
    connection.execute("CREATE INDEX objects_by_prefix ON objects (substr(oid, 1, 8))")


WITH_0 = {**STEPS, 0: step_0}


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return to_format_0(unpack("format-1.tar.xz", tmp_path / "old"))


def check_upgraded(place: Path) -> None:
    with objstore.open(place) as store:
        assert store.fsck().findings == ()
        assert len(store.conversations.open("c")) == 13
        store.conversations.open("c").append({"n": "after"})


def test_an_old_store_is_refused_until_it_is_upgraded(old: Path, tmp_path: Path) -> None:
    with pytest.raises(OldFormat, match="objstore upgrade"):
        objstore.open(old)
    before = {path.relative_to(old): path.read_bytes() for path in old.rglob("*") if path.is_file()}
    done = upgrade(old, tmp_path / "copy", WITH_0)
    assert (done.before, done.after, done.kept) == (0, 2, "before-format-2")
    check_upgraded(old)
    copied = {
        path.relative_to(tmp_path / "copy"): path.read_bytes()
        for path in (tmp_path / "copy").rglob("*")
        if path.is_file()
    }
    lock = Path("lock")  # Opening it makes room for what it says today.
    assert copied.pop(lock).startswith(before.pop(lock))
    assert copied == before
    assert (old / "before-format-2" / "journal-1.sqlite").exists()
    assert upgrade(old, steps=WITH_0).before == 2


def test_a_step_that_fails_changes_nothing(old: Path) -> None:
    def fails(connection: sqlite3.Connection, root: Path) -> None:
        step_0(connection, root)
        raise CorruptObject(None, "half way")

    with pytest.raises(CorruptObject):
        upgrade(old, steps={**STEPS, 0: fails})
    with pytest.raises(OldFormat):
        objstore.open(old)
    upgrade(old, steps=WITH_0)
    check_upgraded(old)


def test_without_a_step_or_of_a_newer_format_a_store_is_refused(old: Path) -> None:
    with pytest.raises(UnsupportedFormat):
        upgrade(old)
    marker = old / "format"
    marker.write_text(marker.read_text().replace("format 0", "format 7"))
    with pytest.raises(UnsupportedFormat):
        upgrade(old, steps=WITH_0)


KILLED = """
import os, sys
from pathlib import Path
from objstore.storage.local.upgrade import upgrade
from tests.storage.local.test_upgrade import WITH_0
calls, limit = 0, int(sys.argv[2])

def watch(event, args):
    global calls
    if event in ("open", "os.rename", "os.remove", "os.mkdir", "sqlite3.connect"):
        calls += 1
        if calls == limit:
            os.kill(os.getpid(), 9)

sys.addaudithook(watch)
upgrade(Path(sys.argv[1]), steps=WITH_0)
"""


def test_a_kill_at_any_point_of_an_upgrade_does_no_harm(old: Path, tmp_path: Path) -> None:
    place = tmp_path / "copy"
    for at in range(1, 100):
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(old, place)
        words = [sys.executable, "-c", KILLED, str(place), str(at)]
        done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[3])
        assert done.returncode in (0, -9), done.stderr
        upgrade(place, steps=WITH_0)
        check_upgraded(place)
        if done.returncode == 0:
            break
    assert 5 < at < 99
    assert os.listdir(place)
