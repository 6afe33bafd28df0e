"""Checkpoints as a graph would put them."""

from __future__ import annotations

from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver

Config = Any


def place(thread: str = "t", ns: str = "", checkpoint: str | None = None) -> Config:
    """The config of a thread, a namespace, a checkpoint."""
    named = {} if checkpoint is None else {"checkpoint_id": checkpoint}
    return {"configurable": {"thread_id": thread, "checkpoint_ns": ns, **named}}


def put(
    saver: BaseCheckpointSaver[Any], config: Config, number: int, values: dict[str, Any], **metadata: Any
) -> Config:
    """Put checkpoint `number` on top of that of `config`, every channel with a new version; its config."""
    versions: dict[str, Any] = dict.fromkeys(values, number)
    checkpoint: Any = {
        "v": 1,
        "id": f"{number:08}",
        "ts": f"2026-01-01T00:00:{number % 60:02}+00:00",
        "channel_values": values,
        "channel_versions": versions,
        "versions_seen": {},
        "updated_channels": None,
    }
    about: Any = {"source": "loop", "step": number, "parents": {}, **metadata}
    return saver.put(config, checkpoint, about, versions)


def values_of(saver: BaseCheckpointSaver[Any], config: Config) -> dict[str, Any]:
    """The channels of a checkpoint that must be there."""
    found = saver.get_tuple(config)
    assert found is not None
    return found.checkpoint["channel_values"]
