"""Checkpoints and writes of LangGraph as events of a thread, and back.

What is JSON by itself (metadata, versions) stands in the event as it is, so that people can read it; what is not is
serialized. A dict is the former, a text or a pair the latter.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any, cast

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    WRITES_IDX_MAP,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
    PendingWrite,
    get_checkpoint_metadata,
    writes_sort_key,
)
from langgraph.checkpoint.serde.base import SerializerProtocol
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

from objstore.adapters.langgraph.raw import Raw, Typed, deserialize, from_json, is_plain, joined, to_json
from objstore.adapters.langgraph.thread import Event, Saved, Thread
from objstore.objects.values import JsonValue

Writes = Sequence[tuple[str, Any]]


def place_of(config: RunnableConfig) -> dict[str, Any]:
    """What a config says of thread, namespace and checkpoint. KeyError: nothing."""
    return config["configurable"]  # pyright: ignore[reportTypedDictNotRequiredAccess]  (savers may rely on it)


def config_of(thread_id: object, ns: str, checkpoint_id: str) -> RunnableConfig:
    """The config that names a checkpoint."""
    return {"configurable": {"thread_id": thread_id, "checkpoint_ns": ns, "checkpoint_id": checkpoint_id}}


def checkpoint_event(
    config: RunnableConfig, checkpoint: Checkpoint, metadata: CheckpointMetadata, serde: SerializerProtocol
) -> Event:
    """The event of a checkpoint, without the values of its channels."""
    place = place_of(config)
    return {
        "langgraph": "checkpoint",
        "ns": place.get("checkpoint_ns", ""),
        "id": checkpoint["id"],
        "parent": place.get("checkpoint_id"),
        "metadata": _form(get_checkpoint_metadata(config, metadata), serde),
        "checkpoint": _form({key: value for key, value in checkpoint.items() if key != "channel_values"}, serde),
    }


def writes_event(config: RunnableConfig, writes: Writes, task: str, path: str, serde: SerializerProtocol) -> Event:
    """The event of what a task wrote. Special writes (errors, interrupts) have an index below 0, one of each kind."""
    place = place_of(config)
    return {
        "langgraph": "writes",
        "ns": place.get("checkpoint_ns", ""),
        "id": place["checkpoint_id"],
        "task": task,
        "path": path,
        "writes": [
            [WRITES_IDX_MAP.get(channel, index), channel, to_json(serde.dumps_typed(value))]
            for index, (channel, value) in enumerate(writes)
        ],
    }


def checkpoint_tuple(thread: Thread, thread_id: object, saved: Saved, serde: SerializerProtocol) -> CheckpointTuple:
    """A checkpoint with the values of its channels and the writes that are pending on it, made afresh."""
    event = thread.events[saved.number]
    ns, checkpoint_id = cast("str", event["ns"]), cast("str", event["id"])
    values = {channel: _loaded(raw, serde) for channel, raw in thread.channels.values(saved.number).items()}
    return CheckpointTuple(
        config=config_of(thread_id, ns, checkpoint_id),
        checkpoint=cast("Checkpoint", {**_value(event["checkpoint"], serde), "channel_values": values}),
        metadata=metadata_of(thread, saved, serde),
        parent_config=config_of(thread_id, ns, saved.parent) if saved.parent else None,
        pending_writes=_pending(thread.writes(ns, checkpoint_id), serde),
    )


def metadata_of(thread: Thread, saved: Saved, serde: SerializerProtocol) -> CheckpointMetadata:
    """The metadata of a checkpoint, made afresh."""
    return cast("CheckpointMetadata", _value(thread.events[saved.number]["metadata"], serde))


def _pending(events: Sequence[Event], serde: SerializerProtocol) -> list[PendingWrite]:
    """The writes of events, as replay needs them: of two with one index the first counts, of special ones the last."""
    rows: dict[tuple[str, int], tuple[tuple[str, str, int], str, JsonValue]] = {}
    for event in events:
        task, path = cast("str", event["task"]), cast("str", event["path"])
        for index, channel, form in cast("list[tuple[int, str, JsonValue]]", event["writes"]):
            if index < 0 or (task, index) not in rows:
                rows[task, index] = (writes_sort_key(path, task, index), channel, form)
    found = sorted(rows.values(), key=lambda row: row[0])
    return [(key[1], channel, serde.loads_typed(from_json(form))) for key, channel, form in found]


def _loaded(raw: Raw, serde: SerializerProtocol) -> object:
    """The value of a channel, made afresh."""
    loads = cast("Callable[[Typed], object]", serde.loads_typed)
    # LangGraph's own serializer is known to read msgpack as such; another may do anything with the bytes.
    whole = joined(raw) if type(serde) is JsonPlusSerializer else None
    return deserialize(raw, loads) if whole is None else loads(whole)


def _form(value: object, serde: SerializerProtocol) -> JsonValue:
    return cast("JsonValue", value) if is_plain(value) else to_json(serde.dumps_typed(value))


def _value(form: JsonValue, serde: SerializerProtocol) -> dict[str, Any]:
    # A copy: the event stays at hand for others, and a dict that is handed out is the caller's to change.
    return copy.deepcopy(form) if isinstance(form, dict) else serde.loads_typed(from_json(form))
