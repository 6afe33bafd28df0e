"""Forgetting: the text of a redacted event is gone from the file, and does not come back."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import objstore
from objstore.objects.kinds import Oid

CANARY = "zqxjcanarywordthatnobodyelsewrites"


@pytest.fixture
def store_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "store"
    with objstore.open(folder, create=True) as store:
        conv = store.conversations.create("c")
        conv.append_many({"content": f"alpha {number} " + "common words " * 20} for number in range(300))
        conv.append({"role": "tool", "name": "bash", "content": f"alpha {CANARY} beta"})
        conv.append_many({"content": f"alpha {number}"} for number in range(300, 600))
        store.conversations.catch_up()
    return folder


def canary_oid(store: objstore.Store) -> Oid:
    oid = store.view("c").event_info(300).event
    assert oid is not None
    return oid


def files_with(folder: Path, word: str) -> list[str]:
    """Files of the index that hold a word, or what the sorted list of words leaves of it."""
    ending = word[6:].encode()
    return [file.name for file in (folder / "cache").glob("search*") if ending in file.read_bytes()]


def test_the_text_is_in_the_file_before_and_in_none_after(store_folder: Path) -> None:
    with objstore.open(store_folder) as store:
        assert files_with(store_folder, CANARY), "the control: what is searched for can be seen"
        (before,) = (store_folder / "cache").glob("search-*.sqlite")
        store.index.forget([canary_oid(store)])
        assert files_with(store_folder, CANARY) == []
        assert list((store_folder / "cache").glob("search-*.sqlite")) == [before], "the index was not made anew"
        assert store.conversations.search(CANARY) == []
        assert len(store.conversations.search("alpha", limit=1000)) == 600
        store.conversations.open("c").fork("d").append({"content": "gamma"})
        assert store.conversations.catch_up().events == 1
        assert store.conversations.search(CANARY) == []
        store.index.forget([canary_oid(store)])  # once more is harmless
        assert len(store.conversations.search("common", limit=1000)) == 300


def test_an_event_that_cannot_be_read_any_more_is_forgotten_by_a_new_index(store_folder: Path) -> None:
    with objstore.open(store_folder) as store:
        oid = canary_oid(store)
        value = store.conversations.open("c")[300]
        remove_object(store, oid)
        store.index.forget([oid])
        assert files_with(store_folder, CANARY) == []
        assert store.conversations.search(CANARY) == []
        assert len(store.conversations.search("alpha", limit=1000)) == 600
        assert value not in [hit.excerpt.text for hit in store.conversations.search("beta")]


def test_a_value_at_hand_spares_the_new_index(store_folder: Path) -> None:
    with objstore.open(store_folder) as store:
        oid = canary_oid(store)
        value = store.conversations.open("c")[300]
        remove_object(store, oid)
        before = sorted(file.name for file in (store_folder / "cache").glob("search-*.sqlite"))
        store.index.forget([oid], {oid: value})
        assert sorted(file.name for file in (store_folder / "cache").glob("search-*.sqlite")) == before
        assert files_with(store_folder, CANARY) == []


def remove_object(store: objstore.Store, oid: Oid) -> None:
    """As a redaction does it: the event's object is gone from the storage."""
    storage = store.storage

    def work(connection: object) -> None:
        connection.execute("DELETE FROM objects WHERE oid = ?", (oid,))  # type: ignore[attr-defined]

    storage._writer.write(work)  # type: ignore[attr-defined]
    assert storage.missing([oid]) == {oid}


def test_an_event_may_be_forgotten_before_the_index_has_seen_it(store_folder: Path) -> None:
    with objstore.open(store_folder) as store:
        conv = store.conversations.open("c")
        conv.append({"content": "secretwordthatisverylong"})
        event = conv.head.event
        assert event is not None
        store.index.forget([event])
        assert store.conversations.search("secretwordthatisverylong") == []
        assert files_with(store_folder, "secretwordthatisverylong") == []


def test_files_that_other_versions_left_are_forgotten_too(store_folder: Path) -> None:
    with objstore.open(store_folder) as store:
        (file,) = (store_folder / "cache").glob("search-*.sqlite")
        other = file.with_name("search-999-1.sqlite")
        other.write_bytes(file.read_bytes())
        store.index.forget([canary_oid(store)])
        assert not other.exists()


def test_in_memory_an_event_is_forgotten_as_well() -> None:
    with objstore.open("memory:") as store:
        conv = store.conversations.create("c")
        event = conv.append({"content": "alpha secretwordthatisverylong"}).event
        assert event is not None
        assert len(store.conversations.search("secretwordthatisverylong")) == 1
        store.index.forget([event])
        assert store.conversations.search("alpha") == []


def test_another_process_that_has_the_index_open_does_not_keep_the_text(store_folder: Path) -> None:
    code = f"""
import sys, objstore
with objstore.open(sys.argv[1]) as store:
    assert len(store.conversations.search("{CANARY}")) == 1
    print("open", flush=True)
    sys.stdin.readline()
    assert store.conversations.search("{CANARY}") == []
    assert len(store.conversations.search("alpha", limit=1000)) == 600
"""
    root = Path(objstore.__file__).parent.parent
    command = [sys.executable, "-c", code, str(store_folder)]
    with subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        with objstore.open(store_folder) as store:
            store.index.forget([canary_oid(store)])
            assert files_with(store_folder, CANARY) == []
        other.communicate("go on\n", timeout=60)
    assert other.returncode == 0
