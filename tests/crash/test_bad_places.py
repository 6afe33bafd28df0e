"""A full disk, a read-only or locked folder, a newer format, a log cut short: the documented error, nothing changed."""

from __future__ import annotations

import fcntl
import os
import random
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import objstore
from objstore.errors import ReadOnlyStore, StoreFull, StoreLocked, UnsupportedFormat
from objstore.storage.local.intake_record import decode_record
from tests.crash.commands import COMMANDS, prepare, state

WRITING = {name: command for name, command in COMMANDS.items() if name != "create"}


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder; SQLite's shared memory, which is no data, left out."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.name.endswith("-shm"))
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


class Disk:
    """A file system in memory, of a size that can be changed while it is used."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def mount(self, options: str) -> None:
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "objstore-test", str(self.path)],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            pytest.skip(f"no file system can be mounted: {done.stderr.strip()}")

    def change(self, options: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{options}", str(self.path)], check=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """A disk of 12 MB."""
    if os.geteuid() != 0:
        pytest.skip("mounting a file system needs root")
    path = tmp_path / "disk"
    path.mkdir()
    disk = Disk(path)
    disk.mount("size=12m")
    yield disk
    subprocess.run(["umount", "-l", str(path)], check=True)


def _fill(folder: Path) -> None:
    """Take all room but a few kilobytes."""
    with (folder / "ballast").open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 16, 1 << 12):
            try:
                while True:
                    file.write(b"\1" * size)
            except OSError:
                continue


@pytest.mark.root
def test_a_full_disk_stops_appends_loses_nothing_and_lets_them_go_on_later(disk: Disk) -> None:
    chance = random.Random(1)
    with objstore.open(disk.path / "store", create=True) as store:
        conversation = store.conversations.create("c")
        written: list[dict[str, object]] = []

        def append_for_ever() -> None:
            while True:
                event = {"n": len(written), "text": chance.randbytes(50_000).hex()}
                conversation.append(event)
                written.append(event)

        with pytest.raises(StoreFull, match="Free some"):
            append_for_ever()
        assert len(written) > 20
        assert list(conversation) == written
        assert list(store.check()) == []
    with objstore.open(disk.path / "store") as store:
        assert list(store.conversations.open("c")) == written
    disk.change("size=40m")
    with objstore.open(disk.path / "store") as store:
        store.conversations.open("c").append({"n": "later"})
        assert list(store.conversations.open("c")) == [*written, {"n": "later"}]
        state(store)


@pytest.mark.root
@pytest.mark.parametrize("name", [*WRITING, "snapshot of much"])
def test_on_a_full_disk_a_command_changes_nothing(disk: Disk, name: str, tmp_path: Path) -> None:
    prepare(disk.path)
    if name == "snapshot of much":
        (disk.path / "work" / "large.bin").write_bytes(random.Random(2).randbytes(4_000_000))
        name = "snapshot"
    with objstore.open(disk.path / "store") as store:
        before = state(store)
        _fill(disk.path)
        try:
            WRITING[name](store, disk.path / "work")
        except StoreFull:
            assert state(store) == before
        else:
            assert name not in ("snapshot", "repack", "together")
        stages = [path.name for path in (disk.path / "store" / "packs").iterdir() if path.suffix == ".stage"]
        assert stages == []
    (disk.path / "ballast").unlink()
    with objstore.open(disk.path / "store") as store:
        state(store)
        WRITING[name](store, disk.path / "work")
        state(store)


@pytest.mark.root
def test_a_folder_on_a_read_only_disk_can_be_read_and_not_written(disk: Disk) -> None:
    prepare(disk.path)
    with objstore.open(disk.path / "store") as store:
        before = state(store)
    disk.change("ro")
    files = contents(disk.path / "store")
    with objstore.open(disk.path / "store") as store:
        assert state(store) == before
        for command in WRITING.values():
            with pytest.raises(ReadOnlyStore):
                command(store, disk.path / "work")
        assert state(store) == before
    assert contents(disk.path / "store") == files


def test_a_folder_opened_for_reading_is_not_written(tmp_path: Path) -> None:
    prepare(tmp_path)
    with objstore.open(tmp_path / "store") as store:
        before = state(store)
    files = contents(tmp_path / "store")
    with objstore.open(tmp_path / "store", read_only=True) as store:
        for command in WRITING.values():
            with pytest.raises(ReadOnlyStore):
                command(store, tmp_path / "work")
        assert state(store) == before
    assert contents(tmp_path / "store") == files


def test_a_locked_store_says_so_after_the_time_out_and_can_be_read_meanwhile(tmp_path: Path) -> None:
    prepare(tmp_path)
    with objstore.open(tmp_path / "store", lock_timeout=0.05) as store, (tmp_path / "store" / "lock").open() as lock:
        before = state(store)
        fcntl.flock(lock, fcntl.LOCK_EX)
        for name, command in WRITING.items():
            with pytest.raises(StoreLocked) as caught:
                command(store, tmp_path / "work")
            assert "Try again" in str(caught.value), name
        assert state(store) == before
        fcntl.flock(lock, fcntl.LOCK_UN)
        store.conversations.open("c").append({"n": "later"})
    assert not list((tmp_path / "store" / "packs").glob("*.stage"))


@pytest.mark.parametrize(
    "marker",
    [
        "objstore store\nformat 99\nid {id}\n",
        "objstore store\nformat {now}\nid {id}\nrequires colours\n",
        "hello\n",
        "",
    ],
)
@pytest.mark.parametrize("read_only", [False, True])
def test_a_format_that_is_newer_or_none_is_refused_and_left_alone(tmp_path: Path, marker: str, read_only: bool) -> None:
    prepare(tmp_path)
    path = tmp_path / "store" / "format"
    words = path.read_text().split()
    path.write_text(marker.format(now=words[3], id=words[5]))
    files = contents(tmp_path / "store")
    for create in (False, not read_only):
        with pytest.raises(UnsupportedFormat):
            objstore.open(tmp_path / "store", read_only=read_only, create=create)
    assert contents(tmp_path / "store") == files


def _used(intake: Path) -> int:
    """How many bytes of an intake its records take."""
    data, at = intake.read_bytes(), 0
    while (record := decode_record(data, at)) is not None:
        at += record.size
    return at


def test_a_log_cut_short_is_a_shorter_history_and_no_damage(tmp_path: Path) -> None:
    """What a power loss leaves of writes that nobody acknowledged: any beginning of the file."""
    with objstore.open(tmp_path / "store", create=True) as store:
        store.conversations.create("c")
        store.conversations.open("c").append({"n": 0})
        shutil.copytree(tmp_path / "store", tmp_path / "first")
        for number in range(1, 12):
            store.conversations.open("c").append({"n": number, "text": "x" * 300})
        shutil.copytree(tmp_path / "store", tmp_path / "live")
    log = next((tmp_path / "live").glob("intake-*.log"))
    begin, end = _used(tmp_path / "first" / log.name), _used(log)
    assert begin < end
    shutil.copyfile(tmp_path / "first" / "lock", tmp_path / "live" / "lock")  # It tells of what was acknowledged.
    lengths: list[int] = []
    for cut in sorted({begin, end, end - 1, *range(begin, end, max(1, (end - begin) // 40))}):
        shutil.rmtree(tmp_path / "cut", ignore_errors=True)
        shutil.copytree(tmp_path / "live", tmp_path / "cut")
        os.truncate(tmp_path / "cut" / log.name, cut)
        with objstore.open(tmp_path / "cut") as store:
            events = list(store.conversations.open("c"))
            assert [event["n"] for event in events] == list(range(len(events)))  # type: ignore[index]
            lengths.append(len(events))
            state(store)
            store.conversations.open("c").append({"n": "later"})
        with objstore.open(tmp_path / "cut") as store:
            assert list(store.conversations.open("c")) == [*events, {"n": "later"}]
    assert lengths == sorted(lengths)
    assert (lengths[0], lengths[-1]) == (1, 12)
