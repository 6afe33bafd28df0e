"""Files of a store as file objects, and single files from and to the disk."""

from __future__ import annotations

import gc
import io
import os
import random
import stat
import tracemalloc
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import objstore
from objstore.errors import InvalidPath, UnknownPath
from objstore.files.workspace import Workspace


@pytest.fixture
def files(tmp_path: Path) -> Iterator[Workspace]:
    with objstore.open(tmp_path / "store", create=True) as store:
        yield store.files.open("ws", create=True)


@settings(deadline=None, max_examples=30)
@given(
    size=st.one_of(st.integers(0, 300), st.integers(0, 500_000)),
    moves=st.lists(st.tuples(st.integers(0, 600_000), st.integers(0, 200_000)), max_size=8),
)
def test_reading_with_seeks_is_as_of_any_file(size: int, moves: list[tuple[int, int]]) -> None:
    data = random.Random(size).randbytes(size)
    model = io.BytesIO(data)
    with objstore.open("memory:") as store:
        files = store.files.open("ws", create=True)
        files.write("x", data)
        with files.open("x") as ours:
            for place, length in moves:
                assert ours.seek(place) == model.seek(place)
                assert ours.read(length) == model.read(length)
                assert ours.tell() == model.tell()
            assert ours.seek(-min(size, 5), os.SEEK_END) == model.seek(-min(size, 5), os.SEEK_END)
            assert ours.read() == model.read()
            with pytest.raises(OSError, match="before the beginning"):
                ours.seek(-1)


def test_a_file_is_set_when_it_is_closed(files: Workspace) -> None:
    with files.open("a", "wb", mode=0o755, message="streamed") as file:
        file.write(b"one")
        file.write(memoryview(b" two"))
        assert file.tell() == 7
        assert "a" not in files
    assert files.read("a") == b"one two"
    assert files.info("a").mode == stat.S_IFREG | 0o755
    assert next(files.log()).message == "streamed"
    file.close()
    with pytest.raises(ValueError, match="closed"):
        file.write(b"x")
    with io.TextIOWrapper(files.open("a"), encoding="utf-8") as text:
        assert text.read() == "one two"


def test_a_file_that_an_exception_leaves_or_nobody_closes_is_not_set(files: Workspace) -> None:
    head = files.root
    with suppress(RuntimeError), files.open("a", "wb") as file:
        file.write(b"x" * 3_000_000)
        raise RuntimeError
    lost = files.open("b", "wb")
    lost.write(b"x" * 3_000_000)
    del lost, file
    gc.collect()
    assert files.root == head
    assert not list(os.listdir(files._repo.storage.folder.packs))  # type: ignore[attr-defined]


def test_what_cannot_be_opened_says_so(files: Workspace) -> None:
    with pytest.raises(UnknownPath):
        files.open("nothing")
    for path in ("../a", ""):
        with pytest.raises(InvalidPath):
            files.open(path, "wb")
    with pytest.raises(ValueError, match="'rb' or 'wb'"):
        files.open("a", "ab")  # type: ignore[call-overload]
    files.write("a/b", b"")
    file = files.open("a", "wb")
    with pytest.raises(InvalidPath):
        file.close()
    assert file.closed


@pytest.mark.slow
def test_a_large_file_goes_in_and_out_in_bounded_memory(files: Workspace, tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    piece = random.Random(1).randbytes(1 << 20)
    with source.open("wb") as file:
        for number in range(300):
            file.write(number.to_bytes(4, "big") + piece)
        file.truncate(1 << 30)  # and 700 MB of a hole
    tracemalloc.start()
    files.write_from("big", source)
    files.read_to("big", target)
    with files.open("big") as reading:
        reading.seek(200 * ((1 << 20) + 4))
        assert reading.read(4) == (200).to_bytes(4, "big")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 60 << 20
    assert os.stat(target).st_size == 1 << 30
    with source.open("rb") as one, target.open("rb") as other:
        while piece := one.read(1 << 22):
            assert other.read(1 << 22) == piece


def test_local_files_go_in_and_out_with_their_mode(files: Workspace, tmp_path: Path) -> None:
    (tmp_path / "tool").write_bytes(b"#!/bin/sh\n")
    (tmp_path / "tool").chmod(0o750)
    files.write_from("bin/tool", tmp_path / "tool", message="in")
    assert files.info("bin/tool").mode == stat.S_IFREG | 0o750
    (tmp_path / "out").write_bytes(b"before")
    assert files.read_to("bin/tool", tmp_path / "out") == 10
    assert (tmp_path / "out").read_bytes() == b"#!/bin/sh\n"
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o750
    os.mkfifo(tmp_path / "pipe")
    for bad in ("nothing", "pipe", "."):
        with pytest.raises(OSError):
            files.write_from("x", tmp_path / bad)
    with pytest.raises(OSError):
        files.read_to("bin/tool", tmp_path / "no" / "folder")
    assert sorted(info.path for info in files) == ["bin/tool"]
    assert sorted(os.listdir(tmp_path)) == ["out", "pipe", "store", "tool"]
