"""Files of the app server in a workspace: what its own file stores promise."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import objstore
from objstore.adapters.openhands.workspace_files import WorkspaceFiles


@pytest.fixture
def store() -> Iterator[objstore.Store]:
    with objstore.open("memory:") as opened:
        yield opened


@pytest.fixture
def files(store: objstore.Store) -> WorkspaceFiles:
    return WorkspaceFiles(store, "openhands")


def test_a_file_is_written_read_listed_and_deleted(files: WorkspaceFiles) -> None:
    files.write("test.txt", "Hello, world!\r\n")
    assert files.read("test.txt") == "Hello, world!\r\n"
    assert files.list("") == ["test.txt"]
    files.delete("test.txt")
    files.delete("test.txt")
    with pytest.raises(FileNotFoundError):
        files.read("test.txt")


@pytest.mark.parametrize("path", ["foo.bar.baz", "./foo/bar/baz", "foo/bar/baz", "/foo/bar/baz"])
def test_every_way_to_write_a_path_works(files: WorkspaceFiles, path: str) -> None:
    files.write(path, b"x")
    assert files.read(path) == "x"
    files.delete(path)
    assert files.list("") == []


def test_folders_are_listed_with_the_path_that_was_asked_for(files: WorkspaceFiles) -> None:
    for name in ("foo/bar/baz", "foo/bar/sub/x", "foo/other", "top"):
        files.write(name, name)
    assert sorted(files.list("")) == ["foo/", "top"]
    assert sorted(files.list("foo")) == ["foo/bar/", "foo/other"]
    assert sorted(files.list("foo/")) == ["foo/bar/", "foo/other"]
    assert files.list("nothing") == files.list("top") == []
    files.delete("foo/bar")
    assert files.list("foo") == ["foo/other"]
    files.delete("")
    assert files.list("") == []


def test_clashes_and_ways_out_are_refused_as_a_file_system_does(files: WorkspaceFiles) -> None:
    files.write("a/b", "x")
    for path in ("a", "", "/"):
        with pytest.raises(IsADirectoryError):
            files.write(path, "y")
        with pytest.raises(IsADirectoryError):
            files.read(path)
    with pytest.raises(NotADirectoryError):
        files.write("a/b/c", "y")
    for path in ("../x", "a/../../x"):
        with pytest.raises(ValueError, match="escapes"):
            files.write(path, "y")
    files.write("bytes", b"\xff")
    with pytest.raises(UnicodeDecodeError):
        files.read("bytes")


def test_a_large_file_comes_from_a_path_and_every_change_can_be_undone(
    files: WorkspaceFiles, store: objstore.Store, tmp_path: Path
) -> None:
    source = tmp_path / "archive"
    source.write_bytes(b"archive" * 100_000)
    files.write_from("a/archive", str(source))
    assert files.read("a/archive") == "archive" * 100_000
    files.delete("")
    store.files.open("openhands").undo()
    assert files.list("a") == ["a/archive"]
    with pytest.raises(FileNotFoundError):
        files.write_from("b", str(tmp_path / "none"))
