"""Temporary folders: gone with the block, and after the death of their owner."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import objstore
from objstore.files.scratch import scratch_folder, sweep

ROOT = Path(objstore.__file__).parent.parent
HOLD = """
import sys, time, objstore
store = objstore.open(sys.argv[1])
with store.files.open("ws").temporary() as folder:
    (folder / "deep").mkdir()
    (folder / "deep" / "file").write_text("x")
    (folder / "deep").chmod(0)
    print(folder, flush=True)
    time.sleep(60)
"""


def test_a_folder_is_gone_when_its_block_ends(tmp_path: Path) -> None:
    with objstore.open(tmp_path / "store", create=True) as store:
        files = store.files.open("ws", create=True)
        files.write("a/b", b"1")
        head = files.root
        with files.temporary() as one, files.temporary(at="~0") as other:
            assert (list(one.iterdir()), (other / "a" / "b").read_bytes()) == ([], b"1")
            (one / "note").write_text("kept by hand")
            files.write_from("note", one / "note")
        assert not one.exists()
        assert not other.exists()
        with pytest.raises(KeyError), files.temporary() as third:
            raise KeyError
        assert not third.exists()
        assert files.root != head
        assert not list((tmp_path / "store" / "cache" / "scratch").iterdir())


def test_a_store_in_memory_has_temporary_folders_too() -> None:
    with objstore.open("memory:") as store, store.files.open("ws", create=True).temporary() as folder:
        (folder / "f").write_text("x")
    assert not folder.exists()


def test_what_a_killed_process_left_is_removed_and_what_lives_is_not(tmp_path: Path) -> None:
    with objstore.open(tmp_path / "store", create=True) as store:
        files = store.files.open("ws", create=True)
        command = [sys.executable, "-c", HOLD, str(tmp_path / "store")]
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env) as process:
            assert process.stdout is not None
            left = Path(process.stdout.readline().strip())
            with files.temporary():
                assert left.exists()
            process.send_signal(signal.SIGKILL)
        assert left.exists()
        with files.temporary():
            assert not left.exists()


def test_many_at_once_do_not_sweep_each_other(tmp_path: Path) -> None:
    blocks = [scratch_folder(tmp_path) for _ in range(20)]
    folders = [block.__enter__() for block in blocks]
    assert sweep(tmp_path / "scratch") == 0
    assert all(folder.is_dir() for folder in folders)
    for block in blocks:
        block.__exit__(None, None, None)
    assert list((tmp_path / "scratch").iterdir()) == []


def test_a_place_of_somebody_else_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "scratch").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PermissionError), scratch_folder(tmp_path):
        raise AssertionError("a folder behind a symlink")
