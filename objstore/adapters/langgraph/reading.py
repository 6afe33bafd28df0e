"""The events of a conversation by number, with those at hand that were read last.

Whoever goes back through a history asks for one number after the other, downwards: then ever larger blocks are read.
"""

from __future__ import annotations

from typing import cast

from objstore.errors import UnknownPath
from objstore.objects.values import JsonValue
from objstore.repository.commit import CommitInfo
from objstore.store import Store

_LARGEST_BLOCK = 512


class Events:
    """Events up to a head, read when they are asked for. For one thread at a time."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._head: CommitInfo | None = None
        self._start = 0
        self._block: list[JsonValue] = []
        self._size = 1

    @property
    def count(self) -> int:
        """How many events there are."""
        return 0 if self._head is None else self._head.events

    def follow(self, head: CommitInfo) -> None:
        """Go on to another head with the same events and more; what was read stays right."""
        self._head = head

    def __getitem__(self, number: int) -> dict[str, JsonValue]:
        """An event that is a dict. IndexError, MissingObject, CorruptObject."""
        at = number - self._start
        if not 0 <= at < len(self._block):
            if self._head is None:
                raise IndexError(f"event {number} of none")
            self._size = min(2 * self._size, _LARGEST_BLOCK) if at == -1 else 1
            self._start = max(0, number + 1 - self._size)
            self._block = self._store.view(self._head)[self._start : number + 1]
            at = number - self._start
        return cast("dict[str, JsonValue]", self._block[at])

    def file(self, number: int, path: str) -> bytes:
        """A file as it stood with an event. UnknownPath, MissingObject, CorruptObject."""
        if self._head is None:
            raise UnknownPath(path)
        return self._store.view(self._store.view(self._head).event_info(number)).files.read(path)
