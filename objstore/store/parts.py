"""One open store: its parts, wired together. It decides nothing.

A process that appends once should not pay for fsck, search or settings files: what opening, appending and snapshots do
not need is imported inside the methods that use it, and for annotations under TYPE_CHECKING. `tests/test_lightness.py`
names what must not be loaded. Nothing is imported on the path of an append.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from objstore.conversations.conversations import Conversations
from objstore.errors import InvalidRevision, StaysSealed
from objstore.files.collection import Workspaces
from objstore.keys.key_folder import user_folder
from objstore.keys.keyring import Keyring
from objstore.keys.source import FolderKeys
from objstore.objects.kinds import Domain, Oid
from objstore.repository.commit import CommitInfo, commit_info
from objstore.repository.repository import Repository, Surroundings
from objstore.repository.revisions import parse_moment, resolve
from objstore.repository.tags import Tags
from objstore.settings.collection import SettingsCollection
from objstore.settings.secret_keys import SecretKeys
from objstore.signing.checkpoints import Checkpoints
from objstore.signing.signers import Signers
from objstore.storage.local.members import Members
from objstore.storage.local.storage import LocalStorage
from objstore.storage.protocol import Storage
from refs.protocol import RefReader

if TYPE_CHECKING:
    from objstore.access.access import Access
    from objstore.index.copies import Copies
    from objstore.index.search_index import SearchIndex
    from objstore.maintenance.repack.auto import AutoRepack
    from objstore.objects.values import JsonValue


class Parts:
    """What every part of a store's face stands on. Safe between threads; a context manager."""

    def __init__(
        self, storage: Storage, author: str, keys: str | Path | None = None, accept_older: bool = False
    ) -> None:
        """Made by `objstore.open`; `author` is who the new commits are by, `keys` the folder of the user's keys.

        RolledBack, BrokenSignature: the storage is not what was seen before, and that is not accepted.
        """
        self.storage = storage
        self._repo = Repository(storage, Surroundings(_now, os.urandom, author))
        if isinstance(storage, LocalStorage) and not storage.read_only and storage.vault is None:
            self._repo.cache = storage.folder.cache
        self._index: SearchIndex | None = None
        self._access: Access | None = None
        self._index_lock = threading.Lock()
        self.conversations = Conversations(self._repo, lambda: self.index)
        self.files = Workspaces(self._repo)
        self.settings = SettingsCollection(self._repo)
        self.tags = Tags(self._repo)
        folder = user_folder(keys)
        keyring = self._repo.keyring = Keyring(folder.files, os.urandom)
        self._checkpoints: Checkpoints | None = None
        self.members = Members(storage)
        if isinstance(storage, LocalStorage):
            marker = storage.folder.read_marker
            self._repo.keys = FolderKeys(folder, lambda: Domain(marker()), storage.place, os.urandom)
            self._checkpoints = Checkpoints(storage, keyring, _now)
            if not accept_older:
                self._checkpoints.check_not_older()
            if not storage.read_only:
                storage.moves.full = self._checkpoints.sign_if_possible
        self.keys = SecretKeys(self._repo)
        self._auto_repack: AutoRepack | None = None
        self._repo.forget = self._forget
        self._repo.lapsed = self._begin_index_anew
        self.signers = Signers(keyring)

    @property
    def place(self) -> str:
        """Where the store is."""
        return self.storage.place

    @property
    def index(self) -> SearchIndex:
        """The full text index, made when it is first asked for."""
        with self._index_lock:
            if self._index is None:
                self._index = search_index(self._repo)
            return self._index

    @property
    def copies(self) -> Copies:
        """Where derived content may be kept that is to be found again fast."""
        from objstore.index.copies import Copies

        storage = self.storage
        if isinstance(storage, LocalStorage) and not storage.hasher.domain:
            return Copies(self._repo, storage.folder.cache / "copies", writable=not storage.read_only)
        return Copies(self._repo, None)

    @property
    def access(self) -> Access:
        """Grants, tokens and the log of both: what counts when this store is served. Made when first asked for."""
        from objstore.access.access import Access

        with self._index_lock:
            if self._access is None:
                storage = self.storage
                path = storage.folder.root / "access.sqlite" if isinstance(storage, LocalStorage) else None
                self._access = Access(path, _now, os.urandom, self._repo.author)
            return self._access

    @property
    def refs(self) -> RefReader:
        """The refs and their logs, for reading."""
        return self.storage.refs

    def _commit(self, moment: str | CommitInfo) -> CommitInfo:
        return self.resolve(moment) if isinstance(moment, str) else moment

    def resolve(self, moment: str) -> CommitInfo:
        """The commit at a moment such as "c1#3", "c1~2", "c1@{2 hours ago}" or an id.

        InvalidRevision, UnknownRevision, AmbiguousId.
        """
        parsed = parse_moment(moment)
        if not parsed.name:
            raise InvalidRevision(moment, "it begins with no name")
        oid = resolve(self._repo, parsed)
        return commit_info(oid, self._repo.commit(oid))

    def _refuse_sealed(self, what: str) -> None:
        if self.storage.hasher.domain:
            raise StaysSealed(self.place, what)

    def _forget(self, values: Mapping[Oid, JsonValue]) -> None:
        """Let the search index forget events that were redacted."""
        if self.index.is_made():
            self.index.forget(values, values)
        self.copies.discard()

    def _keep_only(self, kept: Callable[[Oid], bool]) -> None:
        """Let go of derived content, as its events are collected."""
        self.index.keep_only(kept)
        self.copies.discard()

    def _begin_index_anew(self) -> None:
        """Have the next search make its index anew, without what was squashed."""
        if self.index.is_made():
            self.index.discard()

    def close(self) -> None:
        """Let go of files and memory; harmless when done twice."""
        self.conversations.close()
        with self._index_lock:
            for derived in (self._index, self._access):
                if derived is not None:
                    derived.close()
        if self._auto_repack is not None:
            self._auto_repack.close()
        if self._checkpoints is not None:
            self._checkpoints.sign_if_possible()
        self.storage.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def search_index(repo: Repository) -> SearchIndex:
    """The index of a store: in its cache folder, and in memory where there is none or where it would betray content."""
    from objstore.index.search_index import SearchIndex

    storage = repo.storage
    if isinstance(storage, LocalStorage) and not storage.hasher.domain:
        return SearchIndex(repo, storage.folder.cache, storage.read_only)
    return SearchIndex(repo, None)


def _now() -> int:
    return time.time_ns() // 1000
