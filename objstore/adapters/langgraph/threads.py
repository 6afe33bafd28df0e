"""The threads of a store by their ids; those that were used last keep their index."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator

from objstore.adapters.langgraph.thread import Thread
from objstore.adapters.names import decode_name, encode_name
from objstore.store import Store

_KEPT = 64


class Threads:
    """Threads by id. Safe between threads of the process."""

    def __init__(self, store: Store, prefix: str) -> None:
        """`prefix` begins the names of the conversations."""
        self._store = store
        self._prefix = prefix
        self._kept: OrderedDict[str, Thread] = OrderedDict()
        self._lock = threading.Lock()

    def __getitem__(self, thread_id: object) -> Thread:
        """The thread of an id, which may be new."""
        return self._named(self.name(thread_id))

    def name(self, thread_id: object) -> str:
        """The conversation of a thread."""
        return f"{self._prefix}{encode_name(str(thread_id))}"

    def all(self) -> Iterator[tuple[str, Thread]]:
        """Every thread with its id, in the order of their names."""
        for name, _ in list(self._store.conversations.heads(self._prefix)):
            yield decode_name(name.removeprefix(self._prefix)), self._named(name)

    def _named(self, name: str) -> Thread:
        with self._lock:
            thread = self._kept.get(name)
            if thread is None:
                thread = self._kept[name] = Thread(self._store, name)
                if len(self._kept) > _KEPT:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(name)
            return thread
