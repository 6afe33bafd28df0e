"""Stores of tests sign with keys of the test run, never with those of whoever runs it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(autouse=True, scope="session")
def keys_of_this_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The key folder of every store that names no other, in child processes too."""
    folder = tmp_path_factory.mktemp("user") / "keys"
    before = os.environ.get("OBJSTORE_KEYS")
    os.environ["OBJSTORE_KEYS"] = str(folder)
    yield folder
    if before is None:
        del os.environ["OBJSTORE_KEYS"]
    else:
        os.environ["OBJSTORE_KEYS"] = before
