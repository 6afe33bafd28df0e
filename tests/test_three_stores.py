"""Sixteen threads and eight processes on conversations, files and settings of one store at once: nothing is lost."""

from __future__ import annotations

import threading
from pathlib import Path

import objstore
from tests.processes import start

WORKER = """
import sys, threading, objstore

place, process, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])

def work(store, who):
    conv = store.conversations.open("shared")
    mine = store.conversations.open(f"own/{who}", create=True)
    files = store.files.open("ws")
    settings = store.settings.open("user")
    for number in range(rounds):
        with conv.commit() as draft:
            draft.append([who, number])
            draft.files.write(f"{who}/{number}", who.encode())
            draft.settings.set(f"k{who}", number)
        mine.append(number)
        mine.metadata.add_tags(f"t{number}")
        files.write(f"{who}", b"%d" % number)
        settings.set(f"w{who}", number)
        mine.fork(f"fork/{who}-{number}")
        assert len(conv) > number and mine[-1] == number
        assert f"own/{who}" in {info.name for info in store.conversations.find("own/", newest=True)}

with objstore.open(place) as store:
    failed = []
    def run(who):
        try:
            work(store, who)
        except BaseException as error:
            failed.append(error)
    threads = [threading.Thread(target=run, args=(f"{process}-{number}",)) for number in range(int(sys.argv[4]))]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    if failed:
        raise failed[0]
"""
ROUNDS = 3


def check(place: Path, workers: list[str]) -> None:
    with objstore.open(place) as store:
        shared = store.conversations.open("shared")
        events = list(shared)
        assert len(events) == len(workers) * ROUNDS
        assert len(shared.files) == len(workers) * ROUNDS
        assert shared.settings.values() == {f"k{who}": ROUNDS - 1 for who in sorted(workers)}
        assert store.settings.open("user").values() == {f"w{who}": ROUNDS - 1 for who in sorted(workers)}
        assert {info.path for info in store.files.open("ws").find()} == {*workers}
        for who in workers:
            assert [event for event in events if event[0] == who] == [[who, number] for number in range(ROUNDS)]
            own = store.conversations.open(f"own/{who}")
            assert (list(own), own.metadata.tags) == (list(range(ROUNDS)), {f"t{number}" for number in range(ROUNDS)})
        names = {info.name for info in store.conversations.find(newest=True)}
        assert names == {info.name for info in store.conversations.find()}
        assert len(names) == 1 + len(workers) * (1 + ROUNDS)
        assert list(store.check()) == []


def make(place: Path) -> None:
    with objstore.open(place, create=True) as store:
        store.conversations.create("shared")
        store.files.create("ws")
        store.settings.create("user")


def run(place: Path, processes: int, threads: int) -> list[str]:
    started = [start(WORKER, str(place), str(number), str(ROUNDS), str(threads)) for number in range(processes)]
    for process in started:
        process.communicate(timeout=300)
        assert process.returncode == 0
    return [f"{number}-{thread}" for number in range(processes) for thread in range(threads)]


def test_sixteen_threads_of_one_process_lose_nothing(tmp_path: Path) -> None:
    make(tmp_path / "s")
    check(tmp_path / "s", run(tmp_path / "s", 1, 16))


def test_eight_processes_of_two_threads_lose_nothing_while_it_is_repacked_and_followed(tmp_path: Path) -> None:
    make(tmp_path / "s")
    with objstore.open(tmp_path / "s") as store:
        stop = threading.Event()

        def repack() -> None:
            while not stop.wait(0.2):
                store.repack()

        packer = threading.Thread(target=repack)
        packer.start()
        with store.conversations.open("shared").follow(after=0, timeout=60) as news:
            workers = run(tmp_path / "s", 8, 2)
            stop.set()
            packer.join()
            told = [next(news) for _ in range(len(workers) * ROUNDS)]
        assert [item.value for item in told] == list(store.conversations.open("shared"))  # type: ignore[union-attr]
    check(tmp_path / "s", workers)
