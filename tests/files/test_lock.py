"""Locks: one holder at a time, tokens that rise, writes that a lost lock refuses, and owners that die."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

import objstore
from objstore.errors import LockHeld, LockLost
from objstore.files.workspace import Workspace

ROOT = Path(objstore.__file__).parent.parent


@pytest.fixture(params=["memory", "local"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Workspace]:
    place = "memory:" if request.param == "memory" else tmp_path / "store"
    with objstore.open(place, create=True) as store:
        yield store.files.open("ws", create=True)


def test_a_lock_is_held_by_one_and_its_tokens_rise(files: Workspace) -> None:
    with files.lock("a", owner="one", ttl=60) as lock:
        with pytest.raises(LockHeld) as caught:
            files.lock("a", owner="two")
        assert (caught.value.name, caught.value.owner, caught.value.expires) == ("a", "one", lock.expires)
        with files.lock("b", owner="two") as other:
            assert sorted((info.name, info.owner, info.token) for info in files.locks()) == [
                ("a", "one", lock.token),
                ("b", "two", other.token),
            ]
        assert lock.held
        before = lock.expires
        lock.renew(120)
        assert lock.expires > before
        assert [info.token for info in files.locks()] == [lock.token]
    assert not lock.held
    assert list(files.locks()) == []
    with files.lock("a") as later:
        assert later.token > lock.token
    lock.release()


def test_a_lock_that_ran_out_is_taken_and_its_owner_learns_it(files: Workspace) -> None:
    first = files.lock("a", owner="slow", ttl=0.02)
    with pytest.raises(LockHeld):
        files.lock("a", owner="quick")
    second = files.lock("a", owner="quick", wait=5)
    assert second.token > first.token
    assert not first.held
    for call in (first.renew, first.release):
        with pytest.raises(LockLost) as caught:
            call()
        assert caught.value.token == first.token
    assert second.held
    second.release()


def test_a_write_under_a_lock_renews_it_and_one_under_a_lost_lock_is_refused(files: Workspace) -> None:
    lock = files.lock("a", owner="slow", ttl=0.05)
    guarded = files.under(lock)
    guarded.write("f", b"1")
    assert lock.held
    time.sleep(0.06)
    guarded.append("f", b"2")  # it ran out, but nobody took it
    time.sleep(0.06)
    with files.lock("a", owner="quick") as taken:
        head = files.root
        for write in (
            lambda: guarded.write("f", b"late"),
            lambda: guarded.delete("f"),
            lambda: guarded.move("f", "g"),
        ):
            with pytest.raises(LockLost):
                write()
        with pytest.raises(LockLost), guarded.open("f", "wb") as file:
            file.write(b"late")
        assert files.root == head
        files.under(taken).write("g", b"in time")
    with pytest.raises(LockLost):
        files.under(taken).write("g", b"after its release")
    assert files.read("f") + files.read("g") == b"12in time"


def test_a_lock_that_is_lost_within_its_block_is_told_at_its_end(files: Workspace) -> None:
    with pytest.raises(LockLost), files.lock("a"):
        assert files.break_lock("a") is not None
    with suppress(KeyError), files.lock("a"):  # the block's own exception comes first
        files.break_lock("a")
        raise KeyError
    assert files.break_lock("a") is None


def test_writes_of_many_threads_under_one_lock_all_land(files: Workspace) -> None:
    with files.lock() as lock:
        guarded = files.under(lock)
        faults: list[BaseException] = []

        def work(number: int) -> None:
            try:
                for turn in range(4):
                    guarded.write(f"{number}/{turn}", b"x")
            except BaseException as fault:
                faults.append(fault)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert faults == []
    assert len(files) == 24


def test_what_is_no_time_is_refused_and_undo_is_not_in_the_way(files: Workspace) -> None:
    for ttl in (0, -1, 1e12, float("nan")):
        with pytest.raises(ValueError, match="a lock lasts"):
            files.lock("a", ttl=ttl)
    with files.lock("a"):
        files.write("f", b"1")
    files.undo()
    assert len(files) == 0


HOLD = """
import sys, time, objstore
store = objstore.open(sys.argv[1])
lock = store.files.open("ws").lock("build", owner="doomed", ttl=float(sys.argv[2]))
print(lock.token, flush=True)
time.sleep(60)
"""

COUNT = """
import sys, objstore
store = objstore.open(sys.argv[1], author=sys.argv[2])
files = store.files.open("ws")
for turn in range(int(sys.argv[3])):
    with files.lock("counter", ttl=30, wait=60) as lock:
        number = int(files.read("n"))
        files.under(lock).write("n", b"%d" % (number + 1))
"""


def child(code: str, *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", code, *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)})


def test_the_lock_of_a_process_that_was_killed_runs_out(tmp_path: Path) -> None:
    place = str(tmp_path / "store")
    with objstore.open(place, create=True) as store:
        files = store.files.open("ws", create=True)
        with child(HOLD, place, "1.5") as process:
            assert process.stdout is not None
            token = int(process.stdout.readline())
            process.send_signal(signal.SIGKILL)
        with pytest.raises(LockHeld) as caught:
            files.lock("build")
        assert caught.value.owner == "doomed"
        with files.lock("build", wait=20) as lock:
            assert lock.token > token
            files.under(lock).write("f", b"mine")


def test_processes_that_count_under_a_lock_lose_no_count(tmp_path: Path) -> None:
    place = str(tmp_path / "store")
    with objstore.open(place, create=True) as store:
        files = store.files.open("ws", create=True)
        files.write("n", b"0")
        processes = [child(COUNT, place, str(number), "10") for number in range(4)]
        assert [process.wait(120) for process in processes] == [0] * 4
        for process in processes:
            assert process.stdout is not None
            process.stdout.close()
        assert files.read("n") == b"40"
        assert list(files.locks()) == []
