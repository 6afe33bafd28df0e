"""One thread of LangGraph as a conversation: an event for each checkpoint and for each call of `put_writes`.

The events are the truth, and what is here is an index over them: where each checkpoint and its writes stand, by
namespace and id. It follows the head, whoever moves it: a rewind takes checkpoints back, a fork copies them. Events
name other checkpoints by id, meaning the last one of that id before them, so that they stay right in every fork.

An event is `{"langgraph": "checkpoint", "ns", "id", "parent", "checkpoint", "metadata", "values": {channel: form}}` or
`{"langgraph": "writes", "ns", "id", "task", "path", "writes": [[index, channel, value]]}`. The forms are in channels.py.
"""

from __future__ import annotations

import contextlib
import threading
from bisect import bisect_left
from collections.abc import Hashable, Iterator, Mapping
from typing import NamedTuple, TypeAlias, cast

from objstore.adapters.langgraph.channels import Channels
from objstore.adapters.langgraph.raw import Raw
from objstore.adapters.langgraph.reading import Events
from objstore.adapters.langgraph.serializing import Memory
from objstore.adapters.langgraph.thread_copy import ThreadCopy, decode_copy, encode_copy
from objstore.conversations.conversation import Conversation
from objstore.conversations.view import ConversationView
from objstore.errors import MovedHead, UnknownConversation
from objstore.objects.values import JsonValue
from objstore.repository.commit import CommitInfo
from objstore.store import Store

Event: TypeAlias = dict[str, JsonValue]
Key: TypeAlias = tuple[str, str]
"""Namespace and id of a checkpoint."""

_COPY_AFTER = 128  # Events, or
_COPY_SHARE = 32  # one in so many of the thread's: a copy costs what the newest checkpoint has.
_PATIENCE = 100  # Times that another writer may be faster.


class Saved(NamedTuple):
    """A checkpoint as the index knows it: its event's number, its parent's id, the run that made it."""

    number: int
    parent: str | None
    run: str | None


class Thread:
    """The checkpoints of one thread. Safe between threads; other processes may write to the same."""

    def __init__(self, store: Store, name: str) -> None:
        """`name` is the conversation's; it is made with the first checkpoint."""
        self.name = name
        self.lock = threading.RLock()
        self.memory = Memory()
        self.store = store
        self._conversation: Conversation | None = None
        self._forget()

    def _forget(self) -> None:
        self.head: CommitInfo | None = None
        self.events = Events(self.store)
        self.channels = Channels(self.events, self.number_before)
        self._last = b""  # The commit of the last event that was taken in.
        self._copied = 0  # Events that the last copy covers.
        self._era: Hashable = None
        self._saved: dict[str, dict[str, list[Saved]]] = {}
        self._writes: dict[Key, list[int]] = {}

    # Following

    def refresh(self) -> None:
        """Take in what happened to the conversation since; forget what was, if it went elsewhere."""
        try:
            if self._conversation is None:
                self._conversation = self.store.conversations.open(self.name)
            head = self._conversation.head
        except UnknownConversation:
            self._conversation = None
            self._forget()
            return
        if self.head is not None and head.oid == self.head.oid:
            return
        view = self.store.view(head)
        known = self.events.count
        if known and (head.events < known or view.event_info(known - 1).oid != self._last):
            self._forget()
            known = 0
        known = known or self._begin(view)
        self.events.follow(head)
        for number, value in enumerate(view[known:], known):
            if self._take(number, value):
                self.channels.follow(number, cast("Event", value))
        self._last = view.event_info(head.events - 1).oid if head.events else b""
        self.head = head
        self._copy()

    def _begin(self, view: ConversationView) -> int:
        """Begin with the copy that another process left, if it is of this history; how many events it covers."""
        self._era = self.store.copies.era()
        data = self.store.copies.read(self.name) if len(view) >= _COPY_AFTER else None
        copy = None if data is None else decode_copy(data)
        if copy is None or not 0 < copy.events <= len(view) or view.event_info(copy.events - 1).oid != copy.last:
            return 0
        for ns, checkpoint_id, rows in copy.saved:
            self._saved.setdefault(ns, {})[checkpoint_id] = [Saved(*row) for row in rows]
        self._writes = {(ns, checkpoint_id): numbers for ns, checkpoint_id, numbers in copy.writes}
        self.channels.resume(copy.latest)
        self._copied = copy.events
        return copy.events

    def _copy(self) -> None:
        """Leave a copy for other processes, once in a while."""
        count = self.events.count
        if count - self._copied < max(_COPY_AFTER, count // _COPY_SHARE):
            return
        saved = [
            (ns, each, [(row.number, row.parent, row.run) for row in rows])
            for ns, ids in self._saved.items()
            for each, rows in ids.items()
        ]
        writes = [(ns, each, numbers) for (ns, each), numbers in self._writes.items()]
        copy = ThreadCopy(count, self._last, saved, writes, self.channels.newest())
        self.store.copies.write(self.name, encode_copy(copy), self._era)
        self._copied = count

    def _take(self, number: int, value: JsonValue) -> bool:
        """Take an event into the index; whether it is a checkpoint."""
        event = cast("Event", value) if isinstance(value, dict) else {}
        kind = event.get("langgraph")
        if kind not in ("checkpoint", "writes"):
            return False  # Somebody else's event; it may stand here.
        key = cast("Key", (event["ns"], event["id"]))
        if kind == "writes":
            self._writes.setdefault(key, []).append(number)
            return False
        metadata = event["metadata"]
        run = metadata.get("run_id") if isinstance(metadata, dict) else None
        saved = Saved(number, cast("str | None", event["parent"]), run if isinstance(run, str) else None)
        self._saved.setdefault(key[0], {}).setdefault(key[1], []).append(saved)
        return True

    # Asking

    def namespaces(self) -> list[str]:
        """The namespaces with a checkpoint, in order."""
        return sorted(self._saved)

    def ids(self, ns: str) -> list[str]:
        """The ids of a namespace, the newest (greatest) first."""
        return sorted(self._saved.get(ns, ()), reverse=True)

    def latest(self, ns: str) -> str | None:
        """The newest id of a namespace."""
        return max(self._saved.get(ns, ()), default=None)

    def saved(self, ns: str, checkpoint_id: str) -> Saved | None:
        """Where a checkpoint is, as it was put last."""
        found = self._saved.get(ns, {}).get(checkpoint_id)
        return None if found is None else found[-1]

    def all(self) -> Iterator[tuple[Key, Saved]]:
        """Every checkpoint, by namespace, in the order in which they were put first."""
        for ns, ids in self._saved.items():
            for checkpoint_id, saved in ids.items():
                yield (ns, checkpoint_id), saved[-1]

    def writes(self, ns: str, checkpoint_id: str) -> list[Event]:
        """The events with the writes of a checkpoint, oldest first."""
        return [self.events[number] for number in self._writes.get((ns, checkpoint_id), ())]

    def number_before(self, ns: str, checkpoint_id: str, number: int) -> int | None:
        """The event of the last checkpoint of this id before an event."""
        found = self._saved.get(ns, {}).get(checkpoint_id, [])
        at = bisect_left(found, number, key=lambda saved: saved.number)
        return found[at - 1].number if at else None

    # Writing

    def put(self, event: Event, values: Mapping[str, Raw]) -> None:
        """Append a checkpoint with the raw values of its channels. MovedHead: others kept being faster."""
        ns, parent = cast("str", event["ns"]), cast("str | None", event["parent"])
        checkpoint_id = cast("str", event["id"])
        with self.lock:
            for attempt in range(_PATIENCE):
                self.refresh()
                base = self._base(ns, parent)
                plan = self.channels.plan(ns, values, base)
                event["values"] = plan.forms
                try:
                    commit = self._append(event, plan.files)
                except MovedHead:
                    if attempt + 1 == _PATIENCE:
                        raise
                    continue  # What the forms name may be gone.
                self._settle(event, commit)
                self.channels.keep(ns, checkpoint_id, commit.events - 1, values, plan)
                self._copy()
                return

    def put_writes(self, event: Event) -> None:
        """Append the writes of a task."""
        with self.lock:
            self.refresh()
            commit = self._open().append(event)
            if self.head is not None and commit.parents[0] == self.head.oid:
                self._settle(event, commit)

    def replace(self, other: Thread) -> None:
        """Become what another thread is, in one step. MovedHead: this is not what it was at the last refresh."""
        assert self._conversation is not None
        assert other.head is not None
        self._conversation.rewind(other.head, expected_head=self.head)
        self._forget()

    def delete(self) -> None:
        """Take the name away; harmless where there is none."""
        with self.lock:
            with contextlib.suppress(UnknownConversation):
                self.store.conversations.delete(self.name)
            self.store.copies.remove(self.name)
            self._conversation = None
            self._forget()

    def _base(self, ns: str, parent: str | None) -> int | None:
        """The event of the checkpoint that a new one is likely to share most with."""
        saved = None if parent is None else self.saved(ns, parent)
        if saved is None:
            latest = self.latest(ns)
            saved = None if latest is None else self.saved(ns, latest)
        return None if saved is None else saved.number

    def _append(self, event: Event, files: Mapping[str, bytes]) -> CommitInfo:
        conversation = self._open()
        if self.head is None:
            self.refresh()
        if not files:
            return conversation.append(event, expected_head=self.head)
        with conversation.commit(expected_head=self.head) as draft:
            draft.append(event)
            for path, data in files.items():
                draft.files.write(path, data)
        assert draft.made is not None
        return draft.made

    def _open(self) -> Conversation:
        if self._conversation is None:
            self._conversation = self.store.conversations.open(self.name, create=True)
        return self._conversation

    def _settle(self, event: Event, commit: CommitInfo) -> None:
        """Take in an event of ours that was appended to the head that we know."""
        self.events.follow(commit)
        self._take(commit.events - 1, event)
        self._last = commit.oid
        self.head = commit
