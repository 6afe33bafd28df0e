"""kill -9 as the process enters each system call that changes something: the store is as before or as after."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crash.commands import COMMANDS
from tests.crash.tracing import Experiment, Server, sample


@pytest.mark.parametrize("name", ["append", "repack", "gc"])
def test_a_kill_at_some_system_call_leaves_the_store_as_before_or_after(
    tracing_server: Server, name: str, memory_path: Path
) -> None:
    experiment = Experiment(tracing_server, name, memory_path)
    for call in sample(experiment.calls, 3):
        experiment.kill_at(call)


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_a_kill_at_every_system_call_leaves_the_store_as_before_or_after(
    tracing_server: Server, name: str, memory_path: Path
) -> None:
    experiment = Experiment(tracing_server, name, memory_path)
    assert len(experiment.calls) >= 3
    for call in experiment.calls:
        experiment.kill_at(call)
