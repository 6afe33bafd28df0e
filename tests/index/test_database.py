"""The file of the index: lost, damaged, of another version, out of reach, or copied, no search notices."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

import objstore
from objstore.index.database import VERSION, IndexDatabase


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A store with three events about alpha, and an index of it."""
    folder = tmp_path / "store"
    with objstore.open(folder, create=True) as store:
        store.conversations.create("c").append_many({"content": f"alpha {number}"} for number in range(3))
        assert len(store.conversations.search("alpha")) == 3
    return folder


def index_files(place: Path) -> list[Path]:
    return sorted(place.glob("cache/search-*.sqlite"))


def count(place: Path, query: str = "alpha") -> int:
    with objstore.open(place) as store:
        return len(store.conversations.search(query))


def test_the_files_are_for_the_owner_alone(place: Path) -> None:
    with objstore.open(place) as store:
        store.conversations.open("c").append({"content": "alpha"})
        assert len(store.conversations.search("alpha")) == 4
        modes = {file.name: file.stat().st_mode & 0o777 for file in place.glob("cache/search*")}
    assert len(modes) == 4  # the file, its log and shared memory, the lock
    assert set(modes.values()) == {0o600}


def test_a_second_search_changes_no_file(place: Path) -> None:
    before = {file: file.stat().st_mtime_ns for file in place.glob("cache/search*")}
    assert count(place) == 3
    after = {file: file.stat().st_mtime_ns for file in place.glob("cache/search-*.sqlite")}
    assert after.items() <= before.items()


def test_a_lost_index_is_made_again_also_under_an_open_store(place: Path) -> None:
    with objstore.open(place) as store:
        assert len(store.conversations.search("alpha")) == 3
        shutil.rmtree(place / "cache")
        assert len(store.conversations.search("alpha")) == 3
        assert len(index_files(place)) == 1
        assert store.conversations.catch_up().events == 0


@pytest.mark.parametrize("damage", ["empty", "text", "cut", "zeros", "another program's", "older", "no tables"])
def test_a_damaged_or_foreign_file_is_replaced(place: Path, damage: str) -> None:
    (file,) = index_files(place)
    data = file.read_bytes()
    if damage == "another program's":
        change(file, "PRAGMA application_id = 7")
    elif damage == "older":
        change(file, f"PRAGMA user_version = {VERSION - 1}")
    elif damage == "no tables":
        change(file, "DROP TABLE places")
    else:
        new = {"empty": b"", "text": b"not a database\n" * 99, "cut": data[: len(data) // 2]}
        file.write_bytes(new.get(damage, data[:4096] + bytes(len(data) - 4096)))
    assert count(place) == 3
    (now,) = index_files(place)
    assert now != file
    assert count(place, "alpha NOT 1") == 2


def change(file: Path, statement: str) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(statement)
        connection.commit()


@pytest.mark.parametrize("seed", range(40))
def test_flipped_bytes_never_end_a_search_with_an_error(place: Path, seed: int) -> None:
    draw = random.Random(seed)
    (file,) = index_files(place)
    data = bytearray(file.read_bytes())
    for _ in range(draw.choice([1, 5, 50])):
        data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
    file.write_bytes(data)
    with objstore.open(place) as store:
        store.conversations.search("alpha")  # what it finds then cannot be promised
        store.conversations.open("c").append({"content": "alpha beta"})
        store.conversations.search("alp* OR beta", at="c#2", role="user")
        store.index.discard()
        assert len(store.conversations.search("alpha")) == 4


def test_damage_that_shows_while_a_store_is_open_is_made_good(place: Path) -> None:
    with objstore.open(place) as store:
        assert len(store.conversations.search("alpha")) == 3
        (file,) = index_files(place)
        change(file, "DELETE FROM events")
        assert len(store.conversations.search("alpha")) == 3
        change(index_files(place)[0], "DROP TABLE heads")
        assert len(store.conversations.search("alpha")) == 3


def test_indexes_of_older_versions_go_and_of_newer_ones_stay(place: Path) -> None:
    (file,) = index_files(place)
    old, new = file.with_name("search-0-7.sqlite"), file.with_name("search-999999-7.sqlite")
    shutil.copy(file, old)
    shutil.copy(file, new)
    file.unlink()
    assert count(place) == 3
    assert not old.exists()
    assert new.exists()


def test_a_store_that_is_only_read_is_searched_and_not_written_to(place: Path) -> None:
    with objstore.open(place) as store:
        store.conversations.open("c").append({"content": "alpha, which the index has not seen"})
    before = {file.name: file.stat().st_mtime_ns for file in (place / "cache").iterdir()}
    with objstore.open(place, read_only=True) as store:
        assert store.conversations.catch_up().events == 1  # the rest was copied
        assert len(store.conversations.search("alpha")) == 4
        store.index.discard()
        assert len(store.conversations.search("alpha")) == 4
    after = {file.name: file.stat().st_mtime_ns for file in (place / "cache").iterdir() if "-shm" not in file.name}
    assert after == {name: time for name, time in before.items() if name in after}
    shutil.rmtree(place / "cache")
    with objstore.open(place, read_only=True) as store:
        assert len(store.conversations.search("alpha")) == 4
    assert not (place / "cache").exists()


def test_where_no_file_can_be_made_the_index_is_in_memory(place: Path) -> None:
    shutil.rmtree(place / "cache")
    (place / "cache").write_text("in the way")
    with objstore.open(place) as store:
        assert len(store.conversations.search("alpha")) == 3
        store.conversations.open("c").append({"content": "alpha"})
        assert len(store.conversations.search("alpha")) == 4
    assert (place / "cache").read_text() == "in the way"


def test_a_full_disk_moves_the_index_into_memory(place: Path) -> None:
    with objstore.open(place) as store:
        assert len(store.conversations.search("alpha")) == 3
        store.conversations.open("c").append_many({"content": f"alpha {n} " * 200} for n in range(60))
        connection = store.index._database.connection()
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")  # "database or disk is full" from here on
        assert len(store.conversations.search("alpha", limit=100)) == 63
        assert store.index._database._in_memory


def test_a_fork_of_the_process_searches_by_itself(place: Path) -> None:
    code = """
import os, sys, objstore
with objstore.open(sys.argv[1]) as store:
    assert len(store.conversations.search("alpha")) == 3
    index = store.index._database
    parent = index.connection()
    child = os.fork()
    if child == 0:
        assert index.connection() is not parent
        assert index.connection().execute("SELECT count(*) FROM events").fetchone() == (3,)
        os._exit(7)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    assert index.connection() is parent
    assert len(store.conversations.search("alpha")) == 3
"""
    root = Path(objstore.__file__).parent.parent
    subprocess.run([sys.executable, "-c", code, str(place)], cwd=root, check=True, timeout=60)


def test_a_file_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    (tmp_path / f"search-{VERSION}-0.sqlite").write_bytes(b"left by a process that died making it")
    database = IndexDatabase(tmp_path)
    assert database.connection().execute("SELECT count(*) FROM texts").fetchone() == (0,)
    database.close()
    assert [file.name for file in tmp_path.glob("*.sqlite")] == [f"search-{VERSION}-1.sqlite"]


@pytest.fixture
def read_only_folder(place: Path) -> Iterator[Path]:
    cache = place / "cache"
    cache.chmod(0o500)
    yield place
    cache.chmod(0o700)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_cache_that_may_not_be_written_to_is_no_error(read_only_folder: Path) -> None:
    with objstore.open(read_only_folder) as store:
        store.conversations.open("c").append({"content": "alpha"})
        assert len(store.conversations.search("alpha")) == 4
