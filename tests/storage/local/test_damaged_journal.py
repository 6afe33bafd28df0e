"""A journal with damaged bytes: whatever is read then raises an error of ours, or gives what was written."""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path

import pytest

import objstore
from objstore.errors import CorruptObject, ObjstoreError, StoreClosed
from objstore.storage.local.open_local import open_local
from tests.storage.local.stores import copy_store, fill, read_all


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that is not damaged, with its journal in one file."""
    folder = tmp_path_factory.mktemp("sound")
    with objstore.open(folder / "store", create=True) as store:
        fill(store, folder / "work")
    with sqlite3.connect(folder / "store" / "journal-1.sqlite") as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return folder / "store"


def test_a_sound_store_is_read_without_an_error(sound: Path, tmp_path: Path) -> None:
    assert read_all(copy_store(sound, tmp_path / "copy")) == []


def _flips(sound: Path, tmp_path: Path, count: int, seed: int) -> int:
    """Read the store with one byte of the journal different, `count` times; how often that was noticed."""
    chance = random.Random(seed)
    journal = copy_store(sound, tmp_path / "copy") / "journal-1.sqlite"
    whole = journal.read_bytes()
    noticed = 0
    for _ in range(count):
        at = chance.randrange(len(whole))
        damaged = bytearray(whole)
        damaged[at] ^= 1 << chance.randrange(8)
        copy_store(sound, tmp_path / "copy")
        journal.write_bytes(damaged)
        try:
            noticed += bool(read_all(tmp_path / "copy"))
        except Exception as error:
            raise AssertionError(f"seed {seed}, byte {at}: {damaged[at]:02x} for {whole[at]:02x}") from error
    return noticed


def test_flipped_bits_of_the_journal_raise_nothing_but_our_errors(sound: Path, tmp_path: Path) -> None:
    assert _flips(sound, tmp_path, 120, seed=1) > 40


@pytest.mark.slow
def test_many_flipped_bits_of_the_journal_raise_nothing_but_our_errors(sound: Path, tmp_path: Path) -> None:
    assert _flips(sound, tmp_path, 1700, seed=2) > 500


def test_a_journal_cut_short_raises_nothing_but_our_errors(sound: Path, tmp_path: Path) -> None:
    size = (sound / "journal-1.sqlite").stat().st_size
    for length in {0, 1, 15, 16, 99, 100, 4095, 4096, 4097, *range(8192, size, size // 20)}:
        copy = copy_store(sound, tmp_path / "copy")
        with (copy / "journal-1.sqlite").open("r+b") as file:
            file.truncate(length)
        assert read_all(copy), length


def test_a_table_that_is_gone_is_damage_for_whoever_reads_it(sound: Path, tmp_path: Path) -> None:
    storage = open_local(copy_store(sound, tmp_path / "copy"))
    with sqlite3.connect(storage.journal.path) as connection:
        connection.execute("DROP TABLE reflog")
    connection.close()
    for read in (lambda: storage.refs.get("conversations/c"), lambda: list(storage.refs.log("conversations/c"))):
        with pytest.raises(CorruptObject, match="reflog"):
            read()
    storage.close()


def _lead_in_a_circle(journal: Path) -> int:
    """Let the second child of the table of objects be its first one again; how many rows that has."""
    with sqlite3.connect(journal) as connection:
        size = connection.execute("PRAGMA page_size").fetchone()[0]
        root = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'objects'").fetchone()[0]
    connection.close()
    data = bytearray(journal.read_bytes())
    start = (root - 1) * size
    assert data[start] == 5, "the table has an inner page"
    first, second = (start + int.from_bytes(data[at : at + 2], "big") for at in (start + 12, start + 14))
    data[second : second + 4] = data[first : first + 4]
    journal.write_bytes(data)
    child = (int.from_bytes(data[first : first + 4], "big") - 1) * size
    return int.from_bytes(data[child + 3 : child + 5], "big")


def test_pages_of_rows_end_on_a_table_that_leads_in_a_circle(sound: Path, tmp_path: Path) -> None:
    place = copy_store(sound, tmp_path / "copy")
    rows = _lead_in_a_circle(place / "journal-1.sqlite")
    assert rows > 2
    storage = open_local(place)
    pages = storage.journal.pages("oid", 0, rows)
    assert [number for number, _ in next(pages)] == [*range(1, rows + 1)]
    # Behind the first child comes the first child again, for ever.
    with pytest.raises(CorruptObject, match="are not in order"):
        list(pages)
    storage.close()
    with objstore.open(place) as store:
        assert store.fsck().findings


@pytest.mark.parametrize("mark", [-1, "text", 1.5])
def test_a_mark_of_the_intake_that_is_no_count_is_damage(sound: Path, tmp_path: Path, mark: object) -> None:
    place = copy_store(sound, tmp_path / "copy")
    with sqlite3.connect(place / "journal-1.sqlite") as connection:
        connection.execute("UPDATE intake_mark SET taken = ?", (mark,))
    connection.close()
    with pytest.raises(CorruptObject, match="no mark of its intake"):
        open_local(place)


def test_a_storage_closed_under_an_iteration_says_so(sound: Path, tmp_path: Path) -> None:
    storage = open_local(copy_store(sound, tmp_path / "copy"))
    objects, log = storage.objects(), storage.refs.operations()
    next(objects), next(log)
    storage.close()
    for iterator in (objects, log):
        with pytest.raises(StoreClosed):
            list(iterator)
    with pytest.raises(ObjstoreError):
        storage.refs.get("conversations/c")
