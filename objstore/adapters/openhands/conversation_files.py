"""The files of an OpenHands conversation as a conversation of objstore.

    events/event-00003-ID.json   event 3 of the conversation, if it is the next one and its text is written as usual
    base_state.json              the settings `openhands.state.…`
    anything else                a file of the conversation

So each event is a commit, and every moment has the state and the files that belong to it. Whatever does not fit (an
event out of turn, one written again, a text that is no JSON) is kept as a file of its own, to the letter: reading gives
what was written. Every change is made on the head that it was worked out for, or worked out again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from objstore.adapters.openhands.event_ids import EventIds
from objstore.adapters.openhands.paths import EVENTS, STATE, EventPath, event_key, event_path
from objstore.adapters.openhands.state_parts import decode_exactly, encode_text
from objstore.adapters.openhands.stored_state import StoredState
from objstore.adapters.openhands.text_cache import TextCache
from objstore.conversations.conversation import Conversation
from objstore.conversations.draft import ConversationDraft
from objstore.conversations.view import ConversationView
from objstore.errors import InvalidValue, MovedHead, UnknownConversation
from objstore.objects.kinds import Oid
from objstore.objects.values import JsonValue
from objstore.store import Store

_GONE: Final = "openhands.gone"
_AHEAD: Final = 32
_TRIES: Final = 64


class ConversationFiles:
    """Files by key ("" is the root) of one conversation. Safe between threads and processes."""

    def __init__(self, store: Store, name: str, ids: Path | None, cache: TextCache) -> None:
        """The conversation is made if it is not there. `ids`: where to keep what makes opening fast."""
        self._store = store
        self._name = name
        self._lock = threading.RLock()
        self._ids = EventIds(ids)
        self._state = StoredState()
        self._cache = cache
        self._last_read = -1
        self._gone_root: Oid | None = None
        self._gone_then: frozenset[int] = frozenset()
        self.conversation: Conversation = store.conversations.open(name, create=True)
        self._view = self.conversation.at(self.conversation.head)

    # Reading

    def read(self, key: str) -> str | None:
        """The text of a file; None: there is no such file. UnicodeDecodeError; CorruptObject, MissingObject."""
        with self._lock:
            view = self.now()
            text = self._cache.get(key)
            if text is None:
                text = self._read(view, key)
                if text is not None:
                    self._cache.put(key, text)
            return text

    def is_file(self, key: str) -> bool:
        """Whether there is a file."""
        if not key:
            return False
        with self._lock:
            view = self.now()
            if key in self._cache or key in view.files:
                return True
            event = event_path(key)
            return self._is_event(view, event) if event is not None else key == STATE and self._state.is_there(view)

    def is_folder(self, key: str) -> bool:
        """Whether there is a folder. The root is one."""
        if not key:
            return True
        with self._lock:
            view = self.now()
            if key == EVENTS and self.event_names():
                return True
            return view.files.root is not None and key not in view.files and view.files.exists(key)

    def names(self, key: str) -> list[str]:
        """The names in a folder, those of folders with "/" behind."""
        with self._lock:
            view = self.now()
            names: dict[str, None] = {}
            if key == EVENTS:
                names.update(dict.fromkeys(self.event_names()))
            elif not key:
                if self.event_names():
                    names[f"{EVENTS}/"] = None
                if self._state.is_there(view):
                    names[STATE] = None
            if view.files.root is not None and (not key or view.files.exists(key)):
                listed = view.files.list(key)
                names.update(dict.fromkeys(f"{each.name}/" if each.is_folder else each.name for each in listed))
            return list(names)

    def event_names(self) -> list[str]:
        """The names of the files of events that are events of the conversation."""
        with self._lock:
            view = self.now()
            cut = len(EVENTS) + 1
            gone = self._gone(view)
            ids = enumerate(self._ids.of(view))
            return [event_key(number, each)[cut:] for number, each in ids if number not in gone]

    def length(self) -> int:
        """How many files of events there are."""
        with self._lock:
            view = self.now()
            if view.files.root is not None and view.files.exists(EVENTS):
                return sum(event_path(f"{EVENTS}/{name}") is not None for name in self.names(EVENTS))
            return len(view) - len(self._gone(view))

    # Writing

    def write(self, key: str, contents: str | bytes) -> None:
        """Set a file, durably. InvalidPath: it cannot be one, or there is a folder; StoreFull and the like."""
        text = contents if isinstance(contents, str) else _decoded(contents)
        with self._lock:
            self._settle(lambda view: self._write(view, key, contents, text))
            self._cache.drop(key)
            if isinstance(contents, str):
                self._cache.put(key, contents)

    def delete(self, key: str) -> None:
        """Remove a file, or a folder with all that is in it; nothing happens where there is neither."""
        with self._lock:
            self._cache.clear()
            if not key:
                self._begin_anew(keep=False)
            elif key == EVENTS and len(self.now()):
                self._begin_anew(keep=True)
            else:
                self._settle(lambda view: self._delete(view, key))

    def close(self) -> None:
        """Let go of files."""
        self._ids.close()

    def now(self) -> ConversationView:
        """The conversation as it is."""
        try:
            head = self.conversation.head
        except UnknownConversation:
            self.conversation = self._store.conversations.open(self._name, create=True)
            head = self.conversation.head
        if head.oid != self._view.commit.oid:
            self._view = self.conversation.at(head)
            self._cache.clear()
        return self._view

    # What becomes of a write

    def _settle(self, change: Callable[[ConversationView], None]) -> None:
        for _ in range(_TRIES):
            try:
                change(self.now())
            except MovedHead:  # Another writer was faster: the same on what it made.
                continue
            return
        change(self.now())

    def _write(self, view: ConversationView, key: str, contents: str | bytes, text: str | None) -> None:
        event = event_path(key)
        if text is not None and event is not None:
            if self._is_next(view, event) and self._append(view, event, text):
                return
            if key not in view.files and self._is_event(view, event) and self._event_text(view, event.number) == text:
                return
        if text is not None and key == STATE and self._write_state(view, text):
            return
        data = contents.encode() if isinstance(contents, str) else contents

        def change(draft: ConversationDraft) -> None:
            if key == STATE:
                self._state.change(view, None, draft)
            draft.files.write(key, data)

        self._commit(view, change, f"write {key}")

    def _is_next(self, view: ConversationView, event: EventPath) -> bool:
        return event.number == len(view) and event_key(*event) not in view.files

    def _append(self, view: ConversationView, event: EventPath, text: str) -> bool:
        try:
            value = decode_exactly(text)
            if not isinstance(value, dict) or value.get("id") != event.id:
                return False
            made = self.conversation.append(value, expected_head=view.commit)
        except (InvalidValue, RecursionError, ValueError):
            return False
        self._ids.of(view)
        self._ids.add(event.number, event.id, made.oid)
        self._view = self.conversation.at(made)
        return True

    def _write_state(self, view: ConversationView, text: str) -> bool:
        parts = None

        def change(draft: ConversationDraft) -> None:
            nonlocal parts
            parts = self._state.change(view, text, draft)
            if STATE in view.files:
                draft.files.delete(STATE)
            if parts is None:
                raise _NotInParts

        try:
            self._commit(view, change, "state")
        except (_NotInParts, InvalidValue):
            return False
        self._state.made(self._view, text, parts)
        return True

    def _delete(self, view: ConversationView, key: str) -> None:
        event = event_path(key)
        gone = self._gone(view)
        known = self._ids.of(view) if event is not None else []
        hide = event is not None and event.number < len(known) and known[event.number] == event.id

        def change(draft: ConversationDraft) -> None:
            if key in view.files or view.files.exists(key):
                draft.files.delete(key, recursive=True)
            if key == STATE:
                self._state.change(view, None, draft)
            if hide and event is not None and event.number not in gone:
                draft.settings.set(_GONE, sorted({*gone, event.number}))

        self._commit(view, change, f"delete {key}")

    def _begin_anew(self, *, keep: bool) -> None:
        """A history cannot lose its first events, so another begins; what was is in the log of the ref, for undo."""
        view = self.now()
        files = view.files.root
        settings = {key: value for key, value in view.settings.values().items() if key != _GONE} if keep else {}
        self._store.conversations.delete(self._name)
        self.conversation = self._store.conversations.open(self._name, create=True)
        with self.conversation.commit("what is kept of the files before") as draft:
            if keep and files is not None:
                draft.files.replace(files)
                if view.files.exists(EVENTS):
                    draft.files.delete(EVENTS, recursive=True)
            draft.settings.update(settings)
        self.now()

    def _commit(self, view: ConversationView, change: Callable[[ConversationDraft], None], message: str) -> None:
        with self.conversation.commit(message, expected_head=view.commit) as draft:
            change(draft)
        made = draft.made
        assert made is not None
        self._ids.no_news(view.commit.oid, made.oid)
        self._view = self.conversation.at(made)

    # What is read

    def _read(self, view: ConversationView, key: str) -> str | None:
        if view.files.root is not None and key in view.files:
            return view.files.read(key).decode()
        if key == STATE:
            return self._state.read(view)
        event = event_path(key)
        return None if event is None or not self._is_event(view, event) else self._event_text(view, event.number)

    def _is_event(self, view: ConversationView, event: EventPath) -> bool:
        ids = self._ids.of(view)
        return event.number < len(ids) and ids[event.number] == event.id and event.number not in self._gone(view)

    def _event_text(self, view: ConversationView, number: int) -> str:
        """An event as it was written. Who reads one after the other gets the next ones as well."""
        ids = self._ids.of(view)
        stop = number + (_AHEAD if number == self._last_read + 1 else 1)
        texts = [encode_text(value) for value in view[number:stop]]
        self._last_read = number + len(texts) - 1
        gone = self._gone(view)
        for at, text in enumerate(texts[1:], number + 1):
            if at not in gone:
                self._cache.put(event_key(at, ids[at]), text)
        return texts[0]

    def _gone(self, view: ConversationView) -> frozenset[int]:
        """The numbers of events whose files were deleted."""
        root = view.settings.root
        if root != self._gone_root:
            found: JsonValue = view.settings.get(_GONE, None)
            numbers = found if isinstance(found, list) else []
            self._gone_then = frozenset(each for each in numbers if isinstance(each, int) and each < len(view))
            self._gone_root = root
        return self._gone_then


class _NotInParts(Exception):
    """A state that is kept as a file."""


def _decoded(data: bytes) -> str | None:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None
