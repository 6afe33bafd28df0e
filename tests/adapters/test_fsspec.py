"""`objstore://` beyond fsspec's own suite: moments, transactions, errors, and what others do with it."""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import numpy
import pandas
import pyarrow
import pyarrow.dataset
import pyarrow.parquet
import pytest
import zarr

import objstore
from objstore.adapters.fsspec import ObjstoreFileSystem
from objstore.errors import UnknownRevision


@pytest.fixture
def fs(tmp_path: Path) -> Iterator[ObjstoreFileSystem]:
    made = ObjstoreFileSystem(tmp_path / "store", create=True, skip_instance_cache=True)
    yield made
    made.store.close()


def commits(fs: ObjstoreFileSystem) -> int:
    """How many commits the workspace has."""
    return sum(1 for _ in fs.store.files.open("files", create=True).log())


TREE = {"a.txt": b"a", "b/c.txt": b"cc", "b/d/e.txt": b"eee", "b.txt": b"b"}


def test_the_protocol_is_registered() -> None:
    assert fsspec.get_filesystem_class("objstore") is ObjstoreFileSystem


def test_it_lists_finds_and_globs(fs: ObjstoreFileSystem) -> None:
    fs.pipe(TREE)
    assert sorted(fs.ls("", detail=False)) == ["a.txt", "b", "b.txt"]
    assert {info["name"]: info["type"] for info in fs.ls("objstore://b")} == {"b/c.txt": "file", "b/d": "directory"}
    assert fs.find("") == sorted(TREE)
    assert fs.find("b", maxdepth=1) == ["b/c.txt"]
    assert fs.find("b", withdirs=True) == ["b", "b/c.txt", "b/d", "b/d/e.txt"]
    assert fs.glob("**/*.txt") == sorted(TREE)
    assert fs.du("") == 7
    assert [(path, sorted(files)) for path, _, files in fs.walk("b")] == [("b", ["c.txt"]), ("b/d", ["e.txt"])]


def test_it_reads_parts_of_files(fs: ObjstoreFileSystem) -> None:
    data = bytes(range(256)) * 1000
    fs.pipe_file("large", data)
    assert fs.cat_file("large", 100, 70_000) == data[100:70_000]
    assert fs.cat_file("large", -3) == data[-3:]
    with fs.open("large", "rb") as file:
        file.seek(-10, 2)
        assert file.read() == data[-10:]
    assert fs.read_block("large", 10, 5) == data[10:15]


def test_files_are_read_as_they_were_at_any_moment(fs: ObjstoreFileSystem) -> None:
    fs.pipe_file("a", b"1")
    fs.pipe_file("a", b"2")
    past = fs.at("~1")
    assert past.cat_file("a") == b"1"
    for write in (
        lambda: past.pipe_file("a", b"3"),
        lambda: past.rm("a"),
        lambda: past.open("a", "wb"),
        lambda: past.cp_file("a", "b"),
        lambda: past.transaction.__enter__(),
    ):
        with pytest.raises(OSError, match="read-only"):
            write()
    assert fs.cat_file("a") == b"2"
    with pytest.raises(UnknownRevision):
        fs.at("~9").cat_file("a")


def test_the_files_of_a_conversation_are_there_too(fs: ObjstoreFileSystem) -> None:
    chat = fs.store.conversations.open("c1", create=True)
    chat.append({"role": "user", "content": "hi"})
    files = ObjstoreFileSystem(fs.store, conversation="c1")
    files.pipe_file("plan.md", b"one")
    chat.append({"role": "user", "content": "go on"})
    files.pipe_file("plan.md", b"two")
    assert ObjstoreFileSystem(fs.store, conversation="c1", at="#1").cat_file("plan.md") == b"one"
    assert len(chat) == 2


def test_a_write_is_a_commit_and_a_transaction_one_for_all(fs: ObjstoreFileSystem) -> None:
    fs.pipe(TREE)
    before = commits(fs)
    fs.pipe_file("a.txt", b"new")
    assert commits(fs) == before + 1
    with fs.transaction:
        with fs.open("x.txt", "wb") as file:
            file.write(b"x")
        with fs.open("a.txt", "ab") as file:
            file.write(b" and more")
        fs.rm("b", recursive=True)
        fs.mv("b.txt", "moved.txt")
        assert fs.cat_file("a.txt") == b"new"  # Nothing is seen before the end.
    assert commits(fs) == before + 2
    assert fs.cat(fs.find("")) == {"a.txt": b"new and more", "moved.txt": b"b", "x.txt": b"x"}


def test_a_transaction_that_fails_leaves_everything_as_it_was(fs: ObjstoreFileSystem) -> None:
    fs.pipe(TREE)
    before = commits(fs)

    def fail() -> None:
        with fs.transaction:
            fs.rm("a.txt")
            fs.pipe_file("x", b"x")
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        fail()
    assert commits(fs) == before
    assert fs.find("") == sorted(TREE)
    fs.pipe_file("y", b"y")  # It is over: this is a commit again.
    assert commits(fs) == before + 1


def test_a_file_whose_writing_fails_is_not_there(fs: ObjstoreFileSystem) -> None:
    def fail(mode: str) -> None:
        with fs.open("half", mode) as file:
            file.write(b"half")
            raise RuntimeError("stop")

    for mode in ("wb", "xb", "ab"):
        with pytest.raises(RuntimeError, match="stop"):
            fail(mode)
    assert not fs.exists("half")


def test_a_move_is_one_commit_and_copies_no_bytes(fs: ObjstoreFileSystem) -> None:
    fs.pipe(TREE)
    before, content = commits(fs), fs.ukey("b/d/e.txt")
    fs.mv("b", "z", recursive=True)
    assert commits(fs) == before + 1
    fs.cp_file("z/d/e.txt", "copy")
    assert fs.ukey("copy") == fs.ukey("z/d/e.txt") == content
    assert fs.find("") == ["a.txt", "b.txt", "copy", "z/c.txt", "z/d/e.txt"]


def test_what_is_not_there_or_is_a_folder_is_refused_as_files_do(fs: ObjstoreFileSystem) -> None:
    fs.pipe(TREE)
    for missing in (
        lambda: fs.info("nope"),
        lambda: fs.ls("nope"),
        lambda: fs.cat_file("nope"),
        lambda: fs.open("b/nope", "rb"),
        lambda: fs.rm("nope"),
        lambda: fs.rm_file("nope"),
    ):
        with pytest.raises(FileNotFoundError):
            missing()
    with pytest.raises(IsADirectoryError):
        fs.cat_file("b")
    with pytest.raises(IsADirectoryError):
        fs.rm("b")
    with pytest.raises(OSError, match="something in it"):
        fs.rmdir("b")
    with pytest.raises(FileExistsError):
        fs.makedirs("b")
    with pytest.raises(ValueError, match="opened with"):
        fs.open("a.txt", "r+b")
    assert sorted(fs.find("")) == sorted(TREE)


def test_it_travels_to_other_processes_by_the_path_of_its_store(fs: ObjstoreFileSystem) -> None:
    fs.pipe_file("a", b"1")
    again = pickle.loads(pickle.dumps(fs))
    assert again.cat_file("a") == b"1"
    again.store.close()


# What others do with it


@pytest.fixture
def options(fs: ObjstoreFileSystem, tmp_path: Path) -> Iterator[dict[str, Any]]:
    """Storage options for URLs."""
    chosen = {"store": str(tmp_path / "store"), "workspace": "data"}
    yield chosen
    fsspec.filesystem("objstore", **chosen).store.close()
    ObjstoreFileSystem.clear_instance_cache()


def test_pandas_reads_and_writes_tables_at_any_moment(options: dict[str, Any]) -> None:
    first = pandas.DataFrame({"city": ["Ulm", "Łódź"], "degrees": [3.5, -1.0]})
    first.to_csv("objstore://weather/today.csv", index=False, storage_options=options)
    second = first.assign(degrees=[4.0, 0.5])
    second.to_csv("objstore://weather/today.csv", index=False, storage_options=options)
    second.to_parquet("objstore://weather/today.parquet", storage_options=options)
    pandas.testing.assert_frame_equal(pandas.read_csv("objstore://weather/today.csv", storage_options=options), second)
    found = pandas.read_parquet("objstore://weather/today.parquet", storage_options=options)
    pandas.testing.assert_frame_equal(found, second)
    past = pandas.read_csv("objstore://weather/today.csv", storage_options={**options, "at": "~2"})
    pandas.testing.assert_frame_equal(past, first)
    fsspec.filesystem("objstore", **options, at="~2").store.close()


def test_pyarrow_reads_and_writes_datasets(fs: ObjstoreFileSystem) -> None:
    table = pyarrow.table({"year": [2025, 2025, 2026], "n": [1, 2, 3]})
    with fs.transaction:
        pyarrow.parquet.write_to_dataset(table, "numbers", partition_cols=["year"], filesystem=fs)
    assert len(fs.find("numbers")) == 2
    assert commits(fs) == 2
    found = pyarrow.dataset.dataset("numbers", filesystem=fs, partitioning="hive").to_table()
    assert sorted(found.column("n").to_pylist()) == [1, 2, 3]


def test_zarr_reads_and_writes_arrays(options: dict[str, Any]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zarr's own, of formats to come.
        array = zarr.create_array(
            "objstore://arrays/a", shape=(100, 100), chunks=(50, 50), dtype="i4", storage_options=options
        )
        array[:] = numpy.arange(10_000).reshape(100, 100)
        array[0, 0] = 42
        found = zarr.open_array("objstore://arrays/a", mode="r", storage_options=options)
        assert found[0, :2].tolist() == [42, 1]
        assert int(found[99, 99]) == 9999


def test_a_store_that_is_open_can_be_given(tmp_path: Path) -> None:
    with objstore.open(tmp_path / "store", create=True) as store:
        ObjstoreFileSystem(store, workspace="w").pipe_file("a", b"1")
        assert store.files.open("w").read("a") == b"1"
