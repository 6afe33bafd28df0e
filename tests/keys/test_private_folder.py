from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from objstore.errors import UnsafeKeyFolder
from objstore.keys.private_folder import PrivateFolder


@pytest.fixture
def folder(tmp_path: Path) -> PrivateFolder:
    made = PrivateFolder(tmp_path / "config" / "private")
    made.add("a", b"first")
    return made


def test_a_file_that_is_there_is_never_written_over_by_add_and_always_by_replace(folder: PrivateFolder) -> None:
    folder.add("a", b"second")
    assert folder.read("a") == b"first"
    folder.replace("a", b"third")
    folder.replace("b", b"new")
    assert (folder.read("a"), folder.read("b")) == (b"third", b"new")
    assert sorted(os.listdir(folder.path)) == ["a", "b"]  # nothing is left of the writing


def test_folder_and_files_are_the_users_alone_whatever_the_umask(tmp_path: Path) -> None:
    folder = PrivateFolder(tmp_path / "outer" / "private")
    before = os.umask(0)
    try:
        folder.add("a", b"1")
        folder.replace("b", b"2")
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
    assert {stat.S_IMODE((folder.path / name).stat().st_mode) for name in "ab"} == {0o600}


def test_reading_makes_nothing(tmp_path: Path) -> None:
    folder = PrivateFolder(tmp_path / "none")
    assert not folder.exists()
    with pytest.raises(FileNotFoundError):
        folder.read("a")
    assert os.listdir(tmp_path) == []


def test_of_many_who_add_one_file_at_once_all_find_the_same(folder: PrivateFolder) -> None:
    def add(number: int) -> bytes:
        folder.add("key", b"%d" % number)
        return folder.read("key")

    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(add, range(64)))
    assert len(found) == 1
    assert sorted(os.listdir(folder.path)) == ["a", "key"]


@pytest.mark.parametrize(("path", "mode"), [(".", 0o750), ("a", 0o640), ("a", 0o602)])
def test_what_others_can_use_is_refused_with_the_command_that_closes_it(
    folder: PrivateFolder, path: str, mode: int
) -> None:
    (folder.path / path).chmod(mode)
    with pytest.raises(UnsafeKeyFolder, match=f"mode {mode:03o}.*chmod"):
        folder.read("a")


def test_no_link_pipe_or_directory_passes_for_a_file(folder: PrivateFolder) -> None:
    os.symlink(folder.path / "a", folder.path / "link")
    os.mkfifo(folder.path / "pipe", 0o600)
    os.mkdir(folder.path / "directory", 0o700)
    for name in "link", "pipe", "directory":
        with pytest.raises(UnsafeKeyFolder):
            folder.read(name)


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "private").write_text("no folder")
    with pytest.raises(UnsafeKeyFolder, match="it is no folder"):
        PrivateFolder(tmp_path / "private").add("a", b"1")


def test_without_a_home_no_folder_is_made_where_the_process_happens_to_be() -> None:
    with pytest.raises(UnsafeKeyFolder, match="OBJSTORE_KEYS"):
        PrivateFolder(Path("~/nowhere")).add("a", b"1")
