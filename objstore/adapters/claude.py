"""`ObjstoreSessionStore`: sessions of the Claude Agent SDK in an objstore, given as `session_store=`.

    claude/PROJECT/SESSION                      the conversation of a session: an event for each entry
    claude/PROJECT/SESSION/subagents/agent-1    that of a subagent, by its subpath

A batch of entries becomes durable whole or not at all, together with the session's summary (the setting
`claude.summary`). An entry whose uuid is there already is left out, so a batch that is sent again adds nothing.
"""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, NamedTuple, TypeVar
from urllib.parse import quote, unquote

from objstore.conversations.conversation import Conversation
from objstore.conversations.conversations import ConversationInfo
from objstore.conversations.view import ConversationView
from objstore.errors import MovedHead, UnknownConversation
from objstore.objects.kinds import Oid
from objstore.store import Store

T = TypeVar("T")

Key = Mapping[str, Any]
"""The SDK's `SessionKey`: project_key, session_id, and for a subagent's transcript subpath."""
Entry = dict[str, Any]
"""The SDK's `SessionStoreEntry`: one line of a transcript, as it is."""
Fold = Callable[[Any, Any, Any], Any]

_SUMMARY: Final = "claude.summary"
_SESSIONS_KNOWN: Final = 64
_TRIES: Final = 64
_DOTS: Final = re.compile(r"^\.|\.(?=\.)|\.$|\.(?=lock$)")


class _Known(NamedTuple):
    """The uuids in a conversation as of a commit, and how many events it has."""

    head: Oid
    events: int
    uuids: set[str]


class ObjstoreSessionStore:
    """A `SessionStore` with all its optional parts. Safe between threads, event loops and processes.

    Appends run in a thread of their own, in the order of the calls.
    """

    def __init__(self, store: Store, *, prefix: str = "claude") -> None:
        """`store` stays the caller's to close; `prefix` begins the names of all its conversations."""
        self._store = store
        self._prefix = prefix
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="objstore-claude")
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._fold = _fold()

    def name_of(self, key: Key) -> str:
        """The name of the conversation of a session, or of a subagent's transcript. ValueError: an empty part."""
        parts = [key["project_key"], key["session_id"]]
        if "subpath" in key:
            parts += key["subpath"].split("/")
        if not all(parts):
            raise ValueError(f"an empty part in the key {dict(key)!r}")
        return "/".join([self._prefix, *map(_quoted, parts)])

    def conversation(self, key: Key) -> Conversation:
        """The conversation of a key, for its moments, forks and differences. UnknownConversation."""
        return self._store.conversations.open(self.name_of(key))

    # The interface

    async def append(self, key: Key, entries: Sequence[Mapping[str, Any]]) -> None:
        """Add entries in their order, durably, all or none. InvalidValue: an entry is not JSON; StoreFull and the like."""
        if entries:
            await self._written(lambda: self._append(key, list(entries)))

    async def load(self, key: Key) -> list[Entry] | None:
        """All entries of a key, or None where nothing was ever written. MissingObject, CorruptObject."""
        return await asyncio.to_thread(self._load, key)

    async def list_sessions(self, project_key: str) -> list[dict[str, Any]]:
        """The sessions of a project: `session_id`, and `mtime` in ms since 1970."""
        return await asyncio.to_thread(
            lambda: [_listed(session, info) for session, info in self._sessions(project_key)]
        )

    async def list_session_summaries(self, project_key: str) -> list[dict[str, Any]]:
        """The summaries of a project's sessions: `session_id`, `mtime` in ms since 1970, and the SDK's own `data`."""
        return await asyncio.to_thread(self._summaries, project_key)

    async def delete(self, key: Key) -> None:
        """Take a session away with its subagents, or one subagent; the store's undo brings it back."""
        await self._written(lambda: self._delete(key))

    async def list_subkeys(self, key: Key) -> list[str]:
        """The subpaths of a session."""
        return await asyncio.to_thread(self._subkeys, key)

    def close(self) -> None:
        """End the thread that writes; what was asked for is done first."""
        self._writer.shutdown()

    # In threads

    async def _written(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._writer, work)

    def _append(self, key: Key, entries: list[Mapping[str, Any]]) -> None:
        conversation = self._store.conversations.open(self.name_of(key), create=True)
        for attempt in range(_TRIES):
            view = conversation.at(conversation.head)
            known = self._uuids(conversation.name, view)
            fresh = _unseen(entries, known.uuids)
            if not fresh:
                return
            try:
                with conversation.commit(expected_head=view.commit) as draft:
                    for entry in fresh:
                        draft.append(entry)
                    if "subpath" not in key:
                        draft.settings.set(_SUMMARY, self._folded(key, view, fresh))
            except MovedHead:  # Another process was faster: what it wrote counts as well.
                if attempt == _TRIES - 1:
                    raise
                continue
            assert draft.made is not None
            known.uuids.update(entry["uuid"] for entry in fresh if isinstance(entry.get("uuid"), str))
            self._remember(conversation.name, _Known(draft.made.oid, draft.made.events, known.uuids))
            return

    def _folded(self, key: Key, view: ConversationView, entries: list[Mapping[str, Any]]) -> dict[str, Any]:
        data = view.settings.get(_SUMMARY, None)
        before = None if data is None else {"session_id": key["session_id"], "mtime": 0, "data": data}
        found: dict[str, Any] = self._fold(before, key, entries)["data"]
        return found

    def _uuids(self, name: str, view: ConversationView) -> _Known:
        head, events = view.commit.oid, len(view)
        known = self._known.get(name)
        if known is not None and known.head == head:
            return known
        start = 0
        if known is not None and known.events and known.events <= events:
            start = known.events if _ends_so(view, known) else 0
        uuids = set(known.uuids) if known is not None and start else set[str]()
        for entry in view.entries(start):
            uuid = entry.value.get("uuid") if isinstance(entry.value, dict) else None
            if isinstance(uuid, str):
                uuids.add(uuid)
        return _Known(head, events, uuids)

    def _remember(self, name: str, known: _Known) -> None:
        self._known[name] = known
        self._known.move_to_end(name)
        while len(self._known) > _SESSIONS_KNOWN:
            self._known.popitem(last=False)

    def _load(self, key: Key) -> list[Entry] | None:
        try:
            conversation = self._store.conversations.open(self.name_of(key))
            values: list[Any] = list(conversation)
        except UnknownConversation:
            return None
        return values or None

    def _sessions(self, project_key: str) -> Iterator[tuple[str, ConversationInfo]]:
        start = f"{self._prefix}/{_quoted(project_key)}/"
        for info in self._store.conversations.find(start):
            session = info.name.removeprefix(start)
            if "/" not in session and info.events:
                yield unquote(session), info

    def _summaries(self, project_key: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for session, info in self._sessions(project_key):
            try:
                data = self._store.conversations.open(info.name).settings.get(_SUMMARY, None)
            except UnknownConversation:  # Deleted meanwhile.
                continue
            if data is not None:
                found.append({**_listed(session, info), "data": data})
        return found

    def _subkeys(self, key: Key) -> list[str]:
        start = f"{self.name_of({'project_key': key['project_key'], 'session_id': key['session_id']})}/"
        names = [info.name for info in self._store.conversations.find(start) if info.events]
        return ["/".join(map(unquote, name.removeprefix(start).split("/"))) for name in names]

    def _delete(self, key: Key) -> None:
        name = self.name_of(key)
        names = [name]
        if "subpath" not in key:
            # The session goes last, so that whoever is interrupted can ask for it again.
            names = [*(info.name for info in self._store.conversations.find(f"{name}/")), name]
        for each in names:
            self._known.pop(each, None)
            try:
                self._store.conversations.delete(each)
            except UnknownConversation:
                continue


def _fold() -> Fold:
    """The SDK's own reading of entries into a summary."""
    from claude_agent_sdk import (  # pyright: ignore[reportMissingImports]
        fold_session_summary,  # pyright: ignore[reportUnknownVariableType]
    )

    return fold_session_summary  # pyright: ignore[reportUnknownVariableType]


def _listed(session: str, info: ConversationInfo) -> dict[str, Any]:
    return {"session_id": session, "mtime": info.changed // 1000}


def _ends_so(view: ConversationView, known: _Known) -> bool:
    """Whether a view has the commit that is known in its chain."""
    return view.event_info(known.events - 1).oid == known.head


def _unseen(entries: list[Mapping[str, Any]], uuids: set[str]) -> list[Mapping[str, Any]]:
    """The entries without a uuid, and of those with one the first, if it is not there yet."""
    fresh: list[Mapping[str, Any]] = []
    seen: set[str] = set()
    for entry in entries:
        uuid = entry.get("uuid")
        if isinstance(uuid, str):
            if uuid in uuids or uuid in seen:
                continue
            seen.add(uuid)
        fresh.append(entry)
    return fresh


def _quoted(part: str) -> str:
    """A part of a key as a part of a name: letters, digits, `-`, `_` and most dots as they are."""
    return _DOTS.sub("%2E", quote(part, safe=""))
