"""A system call that fails with EIO or ENOSPC: an error of ours, nothing acknowledged is lost, the store opens again."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crash.commands import COMMANDS
from tests.crash.tracing import Experiment, Server, sample

ERRORS = ("EIO", "ENOSPC")


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("name", ["append"])
def test_some_failing_call_loses_nothing(tracing_server: Server, name: str, error: str, memory_path: Path) -> None:
    experiment = Experiment(tracing_server, name, memory_path)
    for call in sample(experiment.calls, 4):
        experiment.fail_at(call, error)


@pytest.mark.slow
@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("name", COMMANDS)
def test_no_failing_call_loses_anything(tracing_server: Server, name: str, error: str, memory_path: Path) -> None:
    experiment = Experiment(tracing_server, name, memory_path)
    assert len(experiment.calls) >= 3
    for call in experiment.calls:
        experiment.fail_at(call, error)
