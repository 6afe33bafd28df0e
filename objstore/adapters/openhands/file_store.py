"""`ObjstoreFileStore`: what OpenHands' SDK calls a file store, in an objstore. Its errors are those of the interface."""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import objstore
from objstore.adapters.openhands.conversation_files import ConversationFiles
from objstore.adapters.openhands.path_lock import path_lock
from objstore.adapters.openhands.paths import EVENTS, STATE, is_marker, key_of, marked_length
from objstore.adapters.openhands.state_parts import encode_text
from objstore.adapters.openhands.text_cache import TextCache
from objstore.conversations.conversation import Conversation
from objstore.repository.moments import When

_logger = logging.getLogger(__name__)
_MEMORY = "memory:"


class ObjstoreFileStore:
    """The files of one OpenHands conversation, kept as a conversation of objstore. Safe between threads and processes.

    Give it as `file_store=`. Lock files and the event log's length markers are not kept: a marker is there exactly if
    the log has that length, so it is never stale.
    """

    def __init__(
        self,
        root: str | Path,
        conversation: str = "main",
        *,
        store: objstore.Store | None = None,
        cache_limit_size: int = 500,
        cache_memory_size: int = 20 * 1024 * 1024,
    ) -> None:
        """The store is `root/.objstore`, made if it is not there, unless another one is given.

        `conversation`: its name in the store. The cache holds texts, so many entries and characters at most. Errors:
        NotAStore, StoreExists, UnsupportedFormat, StoreLocked, InvalidRefName.
        """
        self.root = os.path.abspath(os.path.expanduser(root))
        self._owned = store is None
        self.store = objstore.open(Path(self.root, ".objstore"), create=True) if store is None else store
        self.cache = TextCache(cache_limit_size, cache_memory_size)
        self._beside = None if self.store.place == _MEMORY else Path(self.store.place, "cache", "openhands")
        self._name = conversation
        name = hashlib.sha256(conversation.encode()).hexdigest()[:32]
        ids = None if self._beside is None else self._beside / f"{name}.ids"
        self._files = ConversationFiles(self.store, conversation, ids, self.cache)

    @property
    def conversation(self) -> Conversation:
        """The conversation of objstore: its events, moments, settings and files."""
        return self._files.conversation

    # The interface

    def write(self, path: str, contents: str | bytes) -> None:
        """Set a file, durably. ValueError: the path leads out of the root, or cannot be one; OSError."""
        key = key_of(path)
        if is_marker(key):
            return
        self._refuse_clash(key, path)
        self._files.write(key, contents)

    def read(self, path: str) -> str:
        """The text of a file. FileNotFoundError, IsADirectoryError; ValueError: it leads out of the root, or no UTF-8."""
        key = key_of(path)
        if is_marker(key) and self.exists(path):
            return ""
        text = self._files.read(key) if key else None
        if text is None:
            raise IsADirectoryError(path) if self._files.is_folder(key) else FileNotFoundError(path)
        return text

    def list(self, path: str) -> list[str]:
        """What is in a folder, each as the path given and the name, with "/" behind folders; of a file, its path."""
        key = key_of(path)
        if self._files.is_folder(key):
            names = [os.path.join(path, name) for name in self._files.names(key)]
            length = self._files.length() if key == EVENTS else 0
            return [*names, os.path.join(path, f".eventlog-len-{length}.marker")] if length else names
        return [path] if self.exists(path) else []

    def delete(self, path: str) -> None:
        """Remove a file or a folder with all that is in it; what is not there, or out of the root, is only logged."""
        try:
            key = key_of(path)
        except ValueError as error:
            _logger.error("Error clearing file store: %s", error)
            return
        if not is_marker(key):
            self._files.delete(key)

    def exists(self, path: str) -> bool:
        """Whether there is a file or a folder. ValueError: it leads out of the root."""
        key = key_of(path)
        length = marked_length(key)
        if length is not None:
            return length > 0 and length == self._files.length()
        return not is_marker(key) and (self._files.is_file(key) or self._files.is_folder(key))

    def get_absolute_path(self, path: str) -> str:
        """Where the file would be below the root; nothing is there. ValueError: it leads out of the root."""
        return os.path.join(self.root, key_of(path)).rstrip("/")

    get_full_path = get_absolute_path

    @contextmanager
    def lock(self, path: str, timeout: float = 30.0) -> Generator[None, None, None]:
        """Hold the lock of a path, between threads and processes. TimeoutError: also for who holds it already."""
        owner = f"{self._name}" if self._beside is not None else f"{id(self.store)}/{self._name}"
        folder = None if self._beside is None else self._beside / "locks"
        with path_lock(folder, owner, key_of(path), timeout):
            yield

    # Beyond it

    def fork(self, name: str, *, at: When | None = None, id: str | None = None) -> ObjstoreFileStore:  # noqa: A002
        """A fork of this conversation, from a moment on (the head by default), to go on with under the name: O(1).

        `id`: the id that the SDK shall know it by, if another than that of this conversation. ConversationExists;
        IndexError, InvalidRevision, UnknownRevision; ValueError: there is no state at that moment to put the id in.
        """
        self.conversation.fork(name, at=at)
        made = ObjstoreFileStore(self.root, name, store=self.store)
        if id is not None:
            made.set_id(id)
        return made

    def set_id(self, id: str) -> None:  # noqa: A002 - the SDK's word
        """Have the state say another id, which the SDK asks for when it goes on. ValueError: there is no state."""
        state = json.loads(self._files.read(STATE) or "null")
        if not isinstance(state, dict):
            raise ValueError("there is no state to put the id in")
        self.write(STATE, encode_text({**state, "id": id}))

    def close(self) -> None:
        """Let go of files, and of the store unless it was given."""
        self._files.close()
        if self._owned:
            self.store.close()

    def __enter__(self) -> ObjstoreFileStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _refuse_clash(self, key: str, path: str) -> None:
        """What a file system says to a file where a folder is, or below a file."""
        if self._files.is_folder(key):
            raise IsADirectoryError(path)
        at = key.rfind("/")
        while at > 0:
            if self._files.is_file(key[:at]):
                raise NotADirectoryError(path)
            at = key.rfind("/", 0, at)
