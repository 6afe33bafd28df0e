"""A store to call commands on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.calls import Calls


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Calls:
    """Calls on a fresh store, from within a fresh folder."""
    monkeypatch.chdir(tmp_path)
    return Calls(tmp_path)
