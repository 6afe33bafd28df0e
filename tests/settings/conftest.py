"""Stores whose keys lie in a folder of the test's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import objstore


@pytest.fixture(autouse=True)
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The key folder that stores use in this test."""
    folder = tmp_path / "keys"
    monkeypatch.setenv("OBJSTORE_KEYS", str(folder))
    return folder


@pytest.fixture
def store(tmp_path: Path) -> Iterator[objstore.Store]:
    """A local store."""
    with objstore.open(tmp_path / "store", create=True) as opened:
        yield opened


@pytest.fixture
def memory() -> Iterator[objstore.Store]:
    """A store in memory."""
    with objstore.open("memory:") as opened:
        yield opened
