"""Many processes and threads search, catch up, append and forget at once: nothing is missed, nothing fails."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

import objstore

PROCESSES = 4
ROUNDS = 12

WORKER = """
import random, sys, objstore
place, who, rounds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
draw = random.Random(who)
sys.stdin.readline()
with objstore.open(place, author=f"w{who}") as store:
    own = store.conversations.open(f"c{who}", create=True)
    shared = store.conversations.open("shared")
    for number in range(rounds):
        own.append({"content": f"own{who} mark{who}x{number}"})
        shared.append({"content": f"shared mark{who}y{number}"})
        assert len(store.conversations.search(f"mark{who}x{number}")) == 1, "one finds what one wrote"
        assert len(store.conversations.search(f"mark{who}y{number}", prefix="shared")) == 1
        assert len(store.conversations.search(f"own{who}", limit=100)) == number + 1
        if draw.random() < 0.2:
            store.conversations.catch_up()
        if draw.random() < 0.1:
            store.index.discard()
"""


def start(place: Path, who: int) -> subprocess.Popen[str]:
    root = Path(objstore.__file__).parent.parent
    command = [sys.executable, "-c", WORKER, str(place), str(who), str(ROUNDS)]
    return subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, text=True)


def test_processes_find_what_they_and_others_wrote(tmp_path: Path) -> None:
    place = tmp_path / "s"
    with objstore.open(place, create=True) as store:
        store.conversations.create("shared")
    workers = [start(place, who) for who in range(PROCESSES)]
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    for worker in workers:
        worker.communicate(timeout=120)
        assert worker.returncode == 0
    with objstore.open(place) as store:
        assert len(store.conversations.search("shared", limit=1000)) == PROCESSES * ROUNDS
        for who in range(PROCESSES):
            assert len(store.conversations.search(f"own{who}", limit=1000)) == ROUNDS
        indexed = store.index._database.connection().execute("SELECT count(*), count(DISTINCT oid) FROM events")
        assert indexed.fetchone() == (2 * PROCESSES * ROUNDS,) * 2


@pytest.mark.parametrize("place", ["memory:", "local"])
def test_threads_search_and_append_at_once(place: str, tmp_path: Path) -> None:
    failed: list[BaseException] = []
    with objstore.open("memory:" if place == "memory:" else tmp_path / "s", create=True) as store:

        def work(who: int) -> None:
            try:
                conv = store.conversations.create(f"c{who}")
                for number in range(15):
                    conv.append({"content": f"alpha mark{who}x{number}"})
                    assert len(store.conversations.search(f"mark{who}x{number}")) == 1
            except BaseException as error:
                failed.append(error)

        threads = [threading.Thread(target=work, args=(who,)) for who in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failed, failed
        assert len(store.conversations.search("alpha", limit=1000)) == 8 * 15


def test_an_append_never_waits_for_somebody_who_writes_to_the_index(tmp_path: Path) -> None:
    with objstore.open(tmp_path / "s", create=True) as store:
        conv = store.conversations.create("c")
        conv.append({"content": "alpha"})
        store.conversations.catch_up()
        with store.index._database.writing() as connection:
            connection.execute("BEGIN EXCLUSIVE")
            done = threading.Event()

            def append() -> None:
                conv.append({"content": "alpha"})
                done.set()

            thread = threading.Thread(target=append)
            thread.start()
            assert done.wait(30)
            thread.join()
            connection.execute("ROLLBACK")
        assert len(store.conversations.search("alpha")) == 2


def test_a_process_killed_while_it_takes_up_leaves_an_index_that_goes_on(tmp_path: Path) -> None:
    place = tmp_path / "s"
    with objstore.open(place, create=True) as store:
        store.conversations.create("c").append_many({"content": f"alpha {n} " + "word " * 200} for n in range(6000))
    code = f"import objstore; objstore.open({str(place)!r}).conversations.catch_up()"
    root = Path(objstore.__file__).parent.parent
    for wait in (0.4, 0.7, 1.0):
        process = subprocess.Popen([sys.executable, "-c", code], cwd=root)
        try:
            process.wait(wait)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    with objstore.open(place) as store:
        assert len(store.conversations.search("alpha", limit=10_000)) == 6000
        rows = store.index._database.connection().execute("SELECT count(*), count(DISTINCT oid) FROM events")
        assert rows.fetchone() == (6000, 6000)
