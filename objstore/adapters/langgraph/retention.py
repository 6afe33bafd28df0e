"""Which checkpoints stay when a thread is pruned, and which when runs are deleted.

A delta channel has no value in most checkpoints: it is rebuilt from the writes of its ancestors, back to the last one
with a value. Whatever a kept checkpoint is rebuilt from is kept with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import cast

from langgraph.checkpoint.serde.base import SerializerProtocol

from objstore.adapters.langgraph.events import metadata_of
from objstore.adapters.langgraph.thread import Key, Saved, Thread

_COUNTERS = "counters_since_delta_snapshot"  # Of the metadata: by the name of each delta channel.

Keep = Callable[[Thread], set[Key]]


def newest(count: int, serde: SerializerProtocol) -> Keep:
    """The newest `count` checkpoints of each namespace, with what their delta channels are rebuilt from."""

    def keep(thread: Thread) -> set[Key]:
        kept: set[Key] = set()
        for ns in thread.namespaces():
            for checkpoint_id in thread.ids(ns)[:count]:
                kept.add((ns, checkpoint_id))
                kept.update((ns, each) for each in _needed(thread, ns, checkpoint_id, serde))
        return kept

    return keep


def without_runs(runs: frozenset[str]) -> Keep:
    """All checkpoints but those that these runs made."""
    return lambda thread: {key for key, saved in thread.all() if saved.run not in runs}


def _needed(thread: Thread, ns: str, checkpoint_id: str, serde: SerializerProtocol) -> Iterator[str]:
    """The ancestors that the delta channels of a checkpoint are rebuilt from."""
    saved = thread.saved(ns, checkpoint_id)
    assert saved is not None
    open_channels = set(metadata_of(thread, saved, serde).get(_COUNTERS, {})) - _valued(thread, saved)
    while open_channels and saved.parent is not None:
        parent = thread.saved(ns, saved.parent)
        if parent is None:
            return
        yield saved.parent
        open_channels -= _valued(thread, parent)
        saved = parent


def _valued(thread: Thread, saved: Saved) -> set[str]:
    return set(cast("dict[str, object]", thread.events[saved.number]["values"]))
