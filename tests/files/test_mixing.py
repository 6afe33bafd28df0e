"""Threads and processes that work on files, chat and settings of one store at once: nothing is lost, nothing torn."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

import objstore
from tests.processes import start

WORK = """
import sys, objstore
me = int(sys.argv[2])
with objstore.open(sys.argv[1], author=f"process-{me}") as store:
    conv, files = store.conversations.open("c"), store.files.open("ws")
    settings = store.settings.open("s")
    for turn in range(6):
        files.append("log", f"p{me}.{turn}\\n".encode())
        files.write(f"p{me}/{turn}", b"x" * 1000)
        if turn % 2:
            files.move(f"p{me}/{turn - 1}", f"moved/p{me}.{turn - 1}")
        with conv.commit() as draft:
            draft.append({"who": f"p{me}", "turn": turn})
            draft.files.write(f"p{me}", str(turn).encode())
        settings.set(f"p{me}.turn", turn)
print("done")
"""


@pytest.mark.slow
def test_sixteen_threads_and_eight_processes_lose_nothing(tmp_path: Path) -> None:
    place = str(tmp_path / "store")
    with objstore.open(place, create=True) as store:
        conv, files = store.conversations.create("c"), store.files.open("ws", create=True)
        settings = store.settings.open("s", create=True)
        processes = [start(WORK, place, str(number)) for number in range(8)]
        faults: list[BaseException] = []

        def work(me: int) -> None:
            try:
                for turn in range(6):
                    store.files.open("ws").append("log", f"t{me}.{turn}\n".encode())
                    store.files.open("ws").copy("log", f"t{me}/{turn}")
                    conv.append({"who": f"t{me}", "turn": turn})
                    settings.set(f"t{me}.turn", turn)
                    text = files.read("log").decode()
                    assert text.endswith("\n"), "a reader sees whole appends"
            except BaseException as fault:
                faults.append(fault)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        outputs = [process.communicate(timeout=300) for process in processes]
        assert faults == []
        assert [out for out, _ in outputs] == ["done\n"] * 8
        who = [f"t{number}" for number in range(16)] + [f"p{number}" for number in range(8)]
        lines = files.read("log").decode().split()
        assert sorted(lines) == sorted(f"{name}.{turn}" for name in who for turn in range(6))
        for name in who:
            assert [line for line in lines if line.startswith(f"{name}.")] == [f"{name}.{turn}" for turn in range(6)]
            assert settings.get(f"{name}.turn") == 5
        assert sorted((event["who"], event["turn"]) for event in conv) == sorted(  # type: ignore[index,call-overload]
            (name, turn) for name in who for turn in range(6)
        )
        for number in range(8):
            assert files.exists(f"moved/p{number}.0")
            assert conv.files.read(f"p{number}") == b"5"
        assert list(store.check()) == []
