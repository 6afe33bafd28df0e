"""Beside the SDK itself: its event log and its state on our file store, and what they make on their own."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import pytest

from objstore.adapters.openhands import ObjstoreFileStore

pytest.importorskip("openhands.sdk", reason="python3 tools/dev.py suites has it, with Python 3.12")

from openhands.sdk import LLM, Agent
from openhands.sdk.conversation.event_store import EventLog
from openhands.sdk.conversation.state import ConversationExecutionStatus, ConversationState
from openhands.sdk.event import MessageEvent
from openhands.sdk.io import FileStore, LocalFileStore
from openhands.sdk.llm import Message, TextContent
from openhands.sdk.workspace import LocalWorkspace
from pydantic import SecretStr


def message(number: int) -> Any:
    content = [TextContent(text=f"message {number}: grün, 日本語, \u2028 and 1e-07")]
    spoken = Message(role="user", content=content)
    name = str(uuid.UUID(int=number))
    return MessageEvent(id=name, timestamp="2026-11-01T10:00:00", source="user", llm_message=spoken)


def started(files: Any, tmp_path: Path, name: uuid.UUID) -> Any:
    agent = Agent(llm=LLM(model="gpt-4o-mini", api_key=SecretStr("key"), usage_id="test"), tools=[])
    workspace = LocalWorkspace(working_dir=str(tmp_path))
    return ConversationState.create(id=name, agent=agent, workspace=workspace, file_store=files)


def test_it_is_a_file_store_to_the_sdk(tmp_path: Path) -> None:
    with ObjstoreFileStore(tmp_path) as files:
        assert isinstance(files, FileStore)
        missing = {name for name in FileStore.__abstractmethods__ if not hasattr(files, name)}
        assert not missing


def test_the_event_log_leaves_the_files_that_it_leaves_on_disk(tmp_path: Path) -> None:
    theirs = LocalFileStore(str(tmp_path / "theirs"))
    with ObjstoreFileStore(tmp_path / "ours") as ours:
        for number in range(40):
            for files in (theirs, ours):
                EventLog(files).append(message(number))
        listed = [
            sorted(path for path in files.list("events") if not path.endswith(".lock")) for files in (theirs, ours)
        ]
        assert listed[0] == listed[1]
        assert [theirs.read(path) for path in listed[0]] == [ours.read(path) for path in listed[0]]
        assert list(EventLog(ours)) == list(EventLog(theirs))
        assert len(ours.conversation) == 40


def test_two_logs_on_one_store_see_each_other(tmp_path: Path) -> None:
    with ObjstoreFileStore(tmp_path) as first, ObjstoreFileStore(tmp_path) as second:
        logs = EventLog(first), EventLog(second)
        for number in range(20):
            assert logs[number % 2].append(message(number)) == number
        assert [each.id for each in EventLog(first)] == [message(number).id for number in range(20)]
        with pytest.raises(ValueError, match="already exists"):
            logs[0].append(message(19))


def test_a_conversation_goes_on_from_a_moment_with_the_state_of_that_moment(tmp_path: Path) -> None:
    name, other = uuid.uuid4(), uuid.uuid4()
    with ObjstoreFileStore(tmp_path / "root") as files:
        state = started(files, tmp_path, name)
        for number in range(6):
            with state:
                state.append_event(message(number))
                state.execution_status = (
                    ConversationExecutionStatus.RUNNING if number >= 3 else ConversationExecutionStatus.IDLE
                )
        fork = files.fork("other", at=3, id=str(other))
        resumed = started(fork, tmp_path, other)
        assert [each.id for each in resumed.events] == [message(number).id for number in range(3)]
        assert resumed.execution_status == ConversationExecutionStatus.IDLE
        assert resumed.leaf_event_id == message(2).id
        with ObjstoreFileStore(tmp_path / "root") as again:
            whole = started(again, tmp_path, name)
            assert len(whole.events) == 6
            assert whole.execution_status == ConversationExecutionStatus.RUNNING
        kept = files.conversation.at(3).settings
        assert kept.get("openhands.state.execution_status") == "idle"
        assert files.conversation.files.root is None
