"""The stores that a server serves, by name: `https://host/NAME`. A store is opened when first asked for."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from objstore.errors import InvalidToken, ObjstoreError
from objstore.opening import open_store
from objstore.server.changes import Changes
from objstore.store import Store

NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
_AUTHORS: Final = 64
_OPEN: Final = 200


class Tenant:
    """One store with what the server keeps beside it. Safe between threads."""

    def __init__(self, name: str, store: Store, keys: Path | None) -> None:
        self.name = name
        self.store = store
        self.changes = Changes(store.storage)
        self._keys = keys
        self._lock = threading.Lock()
        self._authors: OrderedDict[str, Store] = OrderedDict()

    def by(self, principal: str) -> Store:
        """The store for writing in a principal's name. It shares the tenant's storage and is never closed itself."""
        with self._lock:
            store = self._authors.get(principal)
            if store is None:
                store = self._authors[principal] = Store(self.store.storage, principal, self._keys)
            self._authors.move_to_end(principal)
            while len(self._authors) > _AUTHORS:
                self._authors.popitem(last=False)[1].conversations.close()
            return store

    def close(self) -> None:
        """Let go of the store; harmless when done twice."""
        self.changes.close()
        with self._lock:
            for store in self._authors.values():
                store.conversations.close()
            self._authors.clear()
        self.store.close()


class Tenants:
    """Tenants by name. Safe between threads."""

    def __init__(
        self, named: Mapping[str, Path], root: Path | None, lock_timeout: float, keys: Path | None = None
    ) -> None:
        """`named`: folders of stores by name; `root`: a folder of which each store right in it is one more."""
        self._named = dict(named)
        self._root = root
        self._timeout = lock_timeout
        self._keys = keys
        self._lock = threading.Lock()
        self._open: dict[str, Tenant] = {}

    def get(self, name: str) -> Tenant:
        """A tenant. InvalidToken: there is none; to a stranger, that is the same as a token that is unknown there."""
        found = self._open.get(name)
        if found is not None:
            return found
        with self._lock:
            found = self._open.get(name)
            if found is None:
                if len(self._open) >= _OPEN:
                    raise ObjstoreError(f"this server has {_OPEN} stores open, which is the most")
                store = open_store(self._folder(name), author="server", lock_timeout=self._timeout, keys=self._keys)
                found = self._open[name] = Tenant(name, store, self._keys)
            return found

    def wake(self) -> None:
        """Wake all who wait for news."""
        for tenant in list(self._open.values()):
            tenant.changes.close()

    def close(self) -> None:
        """Let go of all stores."""
        with self._lock:
            for tenant in self._open.values():
                tenant.close()
            self._open.clear()

    def _folder(self, name: str) -> Path:
        if name in self._named:
            return self._named[name]
        if self._root is not None and NAME.fullmatch(name):
            folder = self._root / name
            if (folder / "format").is_file() and not folder.is_symlink():
                return folder
        raise InvalidToken("it is unknown here")
