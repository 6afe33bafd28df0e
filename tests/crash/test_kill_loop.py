"""kill -9 at random moments, over and over on one store: everything acknowledged is there, in order, and it goes on."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path
from typing import Any

import pytest

import objstore
from tests.crash.commands import state
from tests.crash.tracing import Server


def _run_and_kill(server: Server, folder: Path, chance: random.Random) -> dict[str, Any]:
    """Let a child append until it has acknowledged a few things, kill it a moment later; what it said."""
    pid = server.ask(run="append_for_ever", store=folder / "store", work=folder, seed=chance.getrandbits(32))
    said: dict[str, Any] = {"holds": [0, 0]}
    for _ in range(chance.choice((0, 0, 1, 2, 5, 10, 20))):
        said |= server.reply()
    time.sleep(chance.uniform(0, 0.01))
    os.kill(pid, signal.SIGKILL)
    said |= server.replies()
    assert said["ended"] == -signal.SIGKILL, said
    return said


def _check(folder: Path, said: dict[str, Any], before: tuple[int, int]) -> tuple[int, int]:
    """The store holds what was acknowledged, and of what was being tried all or nothing; (events, snapshots)."""
    with objstore.open(folder / "store", create=True, keys=folder / "keys") as store:
        conversation = store.conversations.open("c", create=True)
        workspace = store.files.open("ws", create=True)
        events = len(conversation)
        snapshots = int(workspace.read("number")) if "number" in workspace else 0
        recent = conversation[max(0, before[0] - 20) :]
        if snapshots:
            assert len(workspace.read("large.bin")) == 1_500_000
    acknowledged = max(tuple(said["holds"]), before)
    assert (events, snapshots) in {acknowledged, tuple(said.get("trying", acknowledged))}, said
    assert [event["n"] for event in recent] == list(range(max(0, before[0] - 20), events))
    return events, snapshots


def _rounds(server: Server, folder: Path, rounds: int) -> None:
    chance = random.Random(rounds)
    held = (0, 0)
    for _ in range(rounds):
        held = _check(folder, _run_and_kill(server, folder, chance), held)
    assert held[0] > rounds
    assert held[1] > 0
    with objstore.open(folder / "store", keys=folder / "keys") as store:
        state(store)
        events = list(store.conversations.open("c"))
        assert events == [{"n": number, "text": "x" * (number % 700)} for number in range(held[0])]


def test_ten_kills_lose_nothing_acknowledged(server: Server, memory_path: Path) -> None:
    _rounds(server, memory_path, 10)


@pytest.mark.slow
def test_two_hundred_kills_lose_nothing_acknowledged(server: Server, memory_path: Path) -> None:
    _rounds(server, memory_path, 200)
