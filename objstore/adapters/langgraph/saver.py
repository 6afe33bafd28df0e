"""LangGraph's checkpoint saver on a store: each thread is a conversation, each checkpoint an event of it.

    saver = ObjstoreSaver(objstore.open("path", create=True))
    graph = builder.compile(checkpointer=saver)

Every value is serialized at each `put`, and shared with what is stored only where its bytes are equal. Conversations
are named `langgraph/<thread id>`; they can be forked, rewound, searched and pushed like any other.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any, cast

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    BaseCheckpointSaver,
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
    get_checkpoint_id,
)
from langgraph.checkpoint.serde.base import SerializerProtocol

from objstore.adapters.langgraph.events import (
    checkpoint_event,
    checkpoint_tuple,
    config_of,
    metadata_of,
    place_of,
    writes_event,
)
from objstore.adapters.langgraph.retention import newest, without_runs
from objstore.adapters.langgraph.rewriting import rewrite
from objstore.adapters.langgraph.thread import Thread
from objstore.adapters.langgraph.threads import Threads
from objstore.errors import UnknownConversation
from objstore.store import Store

Found = tuple[str, str, object, Thread]
"""A checkpoint in a list: its id, its namespace, the thread's id and the thread."""


class ObjstoreSaver(BaseCheckpointSaver[Any]):
    """Checkpoints in a store, which stays the caller's to close. Safe between threads, and between processes."""

    def __init__(self, store: Store, *, serde: SerializerProtocol | None = None, prefix: str = "langgraph/") -> None:
        """`prefix` begins the names of the conversations that the threads are."""
        super().__init__(serde=serde)
        self.store = store
        self.threads = Threads(store, prefix)

    # Writing

    def put(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,  # noqa: ARG002 - what is new is told by the bytes
    ) -> RunnableConfig:
        """Store a checkpoint, durably; the config that names it."""
        thread_id = place_of(config)["thread_id"]
        event = checkpoint_event(config, checkpoint, metadata, self.serde)
        ns = cast("str", event["ns"])
        thread = self.threads[thread_id]
        with thread.lock:
            thread.put(event, thread.memory.serialize_all(ns, checkpoint["channel_values"], self.serde))
        return config_of(thread_id, ns, checkpoint["id"])

    def put_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        """Store what a task wrote on top of a checkpoint, durably."""
        event = writes_event(config, writes, task_id, task_path, self.serde)
        self.threads[place_of(config)["thread_id"]].put_writes(event)

    def delete_thread(self, thread_id: str) -> None:
        """Take a thread away; the store's undo brings it back. Nothing happens where there is none."""
        self.threads[thread_id].delete()

    def delete_for_runs(self, run_ids: Sequence[str]) -> None:
        """Drop the checkpoints that these runs made, with their writes, from all threads."""
        runs = frozenset(run_ids)
        if runs:
            for _, thread in self.threads.all():
                rewrite(thread, without_runs(runs))

    def copy_thread(self, source_thread_id: str, target_thread_id: str) -> None:
        """Fork a thread: nothing is copied, whatever its length. Nothing happens where there is no source.

        ConversationExists: there is such a target.
        """
        try:
            source = self.store.conversations.open(self.threads.name(source_thread_id))
        except UnknownConversation:
            return
        source.fork(self.threads.name(target_thread_id))

    def prune(self, thread_ids: Sequence[str], *, strategy: str = "keep_latest", keep: int = 1) -> None:
        """Drop old checkpoints: "keep_latest" keeps the newest `keep` of each namespace, "delete" none.

        What the delta channels of the kept ones are rebuilt from stays, too. ValueError: another strategy, or a `keep`
        below 1.
        """
        if strategy not in ("keep_latest", "delete") or keep < 1:
            raise ValueError(f"the strategy is 'keep_latest' or 'delete', not {strategy!r}, and keep at least 1")
        for thread_id in thread_ids:
            if strategy == "delete":
                self.delete_thread(thread_id)
            else:
                rewrite(self.threads[thread_id], newest(keep, self.serde))

    # Reading

    def get_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """A checkpoint, by id or the newest of its namespace; None where there is none."""
        place = place_of(config)
        ns, wanted = place.get("checkpoint_ns", ""), get_checkpoint_id(config)
        thread = self.threads[place["thread_id"]]
        with thread.lock:
            thread.refresh()
            named = wanted or thread.latest(ns)
            saved = None if named is None else thread.saved(ns, named)
            if saved is None:
                return None
            found = checkpoint_tuple(thread, place["thread_id"], saved, self.serde)
        return found._replace(config=config) if wanted else found

    def list(
        self,
        config: RunnableConfig | None,
        *,
        filter: dict[str, Any] | None = None,  # noqa: A002 - the interface's name
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> Iterator[CheckpointTuple]:
        """Checkpoints of a thread, or without a config of all: the newest first, read as they are asked for."""
        place = {} if config is None else place_of(config)
        named = [(place["thread_id"], self.threads[place["thread_id"]])] if place else self.threads.all()
        bound = None if before is None else get_checkpoint_id(before)
        columns = [_ids(thread_id, thread, place, bound) for thread_id, thread in named]
        given = 0
        for checkpoint_id, ns, thread_id, thread in heapq.merge(*columns, key=itemgetter(0), reverse=True):
            if limit is not None and given >= limit:
                return
            with thread.lock:
                saved = thread.saved(ns, checkpoint_id)
                if saved is None:
                    continue  # It was dropped meanwhile.
                if filter and not _fits(metadata_of(thread, saved, self.serde), filter):
                    continue
                found = checkpoint_tuple(thread, thread_id, saved, self.serde)
            given += 1
            yield found

    def get_next_version(self, current: Any, channel: None) -> Any:
        """The next version of a channel: a number, or text where another saver's thread goes on here."""
        if isinstance(current, str):
            return f"{int(current.partition('.')[0]) + 1:032}"
        return super().get_next_version(current, channel)

    # The same, awaited: the store works in a thread, so that the event loop goes on.

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """As `get_tuple`."""
        return await asyncio.to_thread(self.get_tuple, config)

    async def alist(
        self,
        config: RunnableConfig | None,
        *,
        filter: dict[str, Any] | None = None,  # noqa: A002 - the interface's name
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[CheckpointTuple]:
        """As `list`."""
        found = self.list(config, filter=filter, before=before, limit=limit)
        while (each := await asyncio.to_thread(next, found, None)) is not None:
            yield each

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """As `put`."""
        return await asyncio.to_thread(self.put, config, checkpoint, metadata, new_versions)

    async def aput_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        """As `put_writes`."""
        await asyncio.to_thread(self.put_writes, config, writes, task_id, task_path)

    async def adelete_thread(self, thread_id: str) -> None:
        """As `delete_thread`."""
        await asyncio.to_thread(self.delete_thread, thread_id)

    async def adelete_for_runs(self, run_ids: Sequence[str]) -> None:
        """As `delete_for_runs`."""
        await asyncio.to_thread(self.delete_for_runs, run_ids)

    async def acopy_thread(self, source_thread_id: str, target_thread_id: str) -> None:
        """As `copy_thread`."""
        await asyncio.to_thread(self.copy_thread, source_thread_id, target_thread_id)

    async def aprune(self, thread_ids: Sequence[str], *, strategy: str = "keep_latest", keep: int = 1) -> None:
        """As `prune`."""
        await asyncio.to_thread(self.prune, thread_ids, strategy=strategy, keep=keep)


def _ids(thread_id: object, thread: Thread, place: Mapping[str, Any], bound: str | None) -> list[Found]:
    """The checkpoints of a thread that a place speaks of, older than a bound; the newest first."""
    wanted, ns = place.get("checkpoint_id"), place.get("checkpoint_ns")
    with thread.lock:
        thread.refresh()
        spaces = thread.namespaces() if ns is None else [ns]
        found = [(each, space, thread_id, thread) for space in spaces for each in thread.ids(space)]
    fitting = [each for each in found if (not wanted or each[0] == wanted) and (bound is None or each[0] < bound)]
    return sorted(fitting, key=itemgetter(0), reverse=True)


def _fits(metadata: CheckpointMetadata, wanted: Mapping[str, Any]) -> bool:
    return all(metadata.get(key) == value for key, value in wanted.items())
