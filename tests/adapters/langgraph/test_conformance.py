"""LangGraph's own conformance suite on a store in a folder: everything that a saver can do."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.conformance import checkpointer_test, validate

import objstore
from objstore.adapters.langgraph import ObjstoreSaver


@checkpointer_test(name="ObjstoreSaver")
async def saver() -> AsyncGenerator[BaseCheckpointSaver[Any], None]:
    with tempfile.TemporaryDirectory() as folder, objstore.open(Path(folder) / "store", create=True) as store:
        yield ObjstoreSaver(store)


def test_all_of_the_conformance_suite_passes() -> None:
    report = asyncio.run(validate(saver))
    failures = {name: result.failures for name, result in report.results.items() if result.failures}
    assert not failures
    assert {name: result.tests_passed for name, result in report.results.items()} == {
        "put": 17,
        "put_writes": 10,
        "get_tuple": 10,
        "list": 16,
        "delete_thread": 5,
        "delete_for_runs": 7,
        "copy_thread": 8,
        "prune": 8,
    }
