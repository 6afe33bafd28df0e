"""The SDK's own contracts for session stores, and what is ours: moments, processes, one summary with its entries."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import objstore
from objstore.errors import InvalidValue

pytest.importorskip("claude_agent_sdk", reason="python3 tools/dev.py suites has it")

from claude_agent_sdk import SessionStore
from claude_agent_sdk.testing import run_session_store_conformance

from objstore.adapters.claude import ObjstoreSessionStore

KEY = {"project_key": "-home-ada-shop", "session_id": "3c0f7a52-8f0e-4c1b-9d55-2b6f1f0a7e11"}
AGENT = {**KEY, "subpath": "subagents/agent-1"}


def entry(number: int, **more: object) -> dict[str, Any]:
    text = f"question {number}"
    return {"type": "user", "uuid": f"u{number}", "message": {"role": "user", "content": text}, **more}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[objstore.Store]:
    with objstore.open(tmp_path / "store", create=True) as opened:
        yield opened


@pytest.mark.parametrize("place", ["memory", "folder"])
def test_the_contracts_of_the_sdk_hold_with_all_optional_parts(place: str, tmp_path: Path) -> None:
    stores: list[objstore.Store] = []
    made: list[ObjstoreSessionStore] = []

    def fresh() -> ObjstoreSessionStore:
        url = "memory:" if place == "memory" else str(tmp_path / f"store{len(stores)}")
        stores.append(objstore.open(url, create=True))
        made.append(ObjstoreSessionStore(stores[-1]))
        return made[-1]

    for name in ("list_sessions", "list_session_summaries", "delete", "list_subkeys"):
        assert getattr(ObjstoreSessionStore, name) is not getattr(SessionStore, name)
    asyncio.run(run_session_store_conformance(fresh))  # type: ignore[arg-type]
    assert len(made) == 15  # One to look at and one for each contract.
    for each in made:
        each.close()
    for opened in stores:
        opened.close()


def test_entries_are_events_with_the_summary_of_their_moment(store: objstore.Store) -> None:
    sessions = ObjstoreSessionStore(store)
    asyncio.run(sessions.append(KEY, [entry(0), entry(1)]))
    asyncio.run(sessions.append(KEY, [{"type": "custom-title", "customTitle": "shop"}]))
    conversation = sessions.conversation(KEY)
    assert conversation.name == f"claude/{KEY['project_key']}/{KEY['session_id']}"
    assert list(conversation) == [entry(0), entry(1), {"type": "custom-title", "customTitle": "shop"}]
    (summary,) = asyncio.run(sessions.list_session_summaries(KEY["project_key"]))
    assert summary["data"]["custom_title"] == "shop"
    assert "custom_title" not in conversation.at(2).settings.get("claude.summary")
    conversation.rewind(2)
    assert asyncio.run(sessions.load(KEY)) == [entry(0), entry(1)]
    (summary,) = asyncio.run(sessions.list_session_summaries(KEY["project_key"]))
    assert "custom_title" not in summary["data"]
    sessions.close()


def test_an_entry_that_is_there_already_is_not_added_again_by_anyone(store: objstore.Store) -> None:
    first, second = ObjstoreSessionStore(store), ObjstoreSessionStore(store)
    untagged = {"type": "mode", "mode": "plan"}
    asyncio.run(first.append(KEY, [entry(0), entry(1), entry(1), untagged]))
    asyncio.run(second.append(KEY, [entry(1), entry(2), untagged]))
    asyncio.run(first.append(KEY, [entry(0), entry(2), entry(3)]))
    assert asyncio.run(first.load(KEY)) == [entry(0), entry(1), untagged, entry(2), untagged, entry(3)]
    first.conversation(KEY).rewind(1)
    asyncio.run(first.append(KEY, [entry(3)]))
    asyncio.run(second.append(KEY, [entry(2)]))
    assert asyncio.run(second.load(KEY)) == [entry(0), entry(3), entry(2)]
    first.close()
    second.close()


def test_a_batch_with_an_entry_that_is_no_json_adds_nothing(store: objstore.Store) -> None:
    sessions = ObjstoreSessionStore(store)
    with pytest.raises(InvalidValue):
        asyncio.run(sessions.append(KEY, [entry(0), entry(1, data=b"bytes")]))
    assert asyncio.run(sessions.load(KEY)) is None
    assert asyncio.run(sessions.list_sessions(KEY["project_key"])) == []
    sessions.close()


@pytest.mark.parametrize("part", ["..", ".", "a/b", "C:\\x y", "日本語", "x.lock", "a..b", "@", "%2F", "café", "@{1}"])
def test_any_text_can_be_part_of_a_key(store: objstore.Store, part: str) -> None:
    sessions = ObjstoreSessionStore(store)
    key = {"project_key": part, "session_id": part}
    agent = {**key, "subpath": f"subagents/{part}"}
    asyncio.run(sessions.append(key, [entry(0)]))
    asyncio.run(sessions.append(agent, [entry(1)]))
    assert asyncio.run(sessions.load(key)) == [entry(0)]
    assert [each["session_id"] for each in asyncio.run(sessions.list_sessions(part))] == [part]
    assert asyncio.run(sessions.list_sessions(part + "x")) == []
    assert asyncio.run(sessions.list_subkeys(key)) == [f"subagents/{part}"]
    sessions.close()


@pytest.mark.parametrize("key", [{**KEY, "subpath": ""}, {**KEY, "session_id": ""}])
def test_an_empty_part_of_a_key_is_refused(store: objstore.Store, key: dict[str, str]) -> None:
    sessions = ObjstoreSessionStore(store)
    with pytest.raises(ValueError, match="an empty part"):
        asyncio.run(sessions.append(key, [entry(0)]))
    sessions.close()


def test_appends_that_are_under_way_together_keep_the_order_of_their_calls(store: objstore.Store) -> None:
    sessions = ObjstoreSessionStore(store)

    async def all_at_once() -> None:
        await asyncio.gather(*(sessions.append(KEY, [entry(number)]) for number in range(50)))

    asyncio.run(all_at_once())
    assert asyncio.run(sessions.load(KEY)) == [entry(number) for number in range(50)]
    sessions.close()


def _append_some(place: str, first: int) -> None:
    with objstore.open(place) as store:
        sessions = ObjstoreSessionStore(store)
        for number in range(20):
            asyncio.run(sessions.append(KEY, [entry(first + number), entry(1000 + number)]))
        sessions.close()


def test_processes_that_append_at_once_add_each_entry_once(store: objstore.Store) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_append_some, args=(store.place, first)) for first in (0, 100)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0]
    sessions = ObjstoreSessionStore(store)
    found = asyncio.run(sessions.load(KEY)) or []
    numbers = sorted(int(each["uuid"][1:]) for each in found)
    assert numbers == [*range(20), *range(100, 120), *range(1000, 1020)]
    sessions.close()


def test_undo_brings_a_deleted_session_back_with_its_subagents(store: objstore.Store) -> None:
    sessions = ObjstoreSessionStore(store)
    asyncio.run(sessions.append(KEY, [entry(0)]))
    asyncio.run(sessions.append(AGENT, [entry(1)]))
    asyncio.run(sessions.delete(KEY))
    assert asyncio.run(sessions.load(AGENT)) is None
    for operation in list(store.operations())[:2]:
        store.undo(operation)
    assert asyncio.run(sessions.load(KEY)) == [entry(0)]
    assert asyncio.run(sessions.load(AGENT)) == [entry(1)]
    sessions.close()
