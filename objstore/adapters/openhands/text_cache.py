"""Texts read or written lately, by path: within a number of entries and of characters, the least used go first."""

from __future__ import annotations

from collections import OrderedDict


class TextCache:
    """A bounded mapping from paths to texts. Its owner guards it."""

    def __init__(self, limit: int, memory: int) -> None:
        """`limit` entries and `memory` characters at most; a longer text is not kept."""
        self._limit = limit
        self._memory = memory
        self._texts: OrderedDict[str, str] = OrderedDict()
        self.current_memory = 0

    def __len__(self) -> int:
        return len(self._texts)

    def __contains__(self, path: str) -> bool:
        return path in self._texts

    def get(self, path: str) -> str | None:
        """The text of a path, if it is at hand."""
        text = self._texts.get(path)
        if text is not None:
            self._texts.move_to_end(path)
        return text

    def put(self, path: str, text: str) -> None:
        """Keep a text, and let go of others for it."""
        self.drop(path)
        if len(text) > self._memory or self._limit <= 0:
            return
        self._texts[path] = text
        self.current_memory += len(text)
        while len(self._texts) > self._limit or self.current_memory > self._memory:
            self.current_memory -= len(self._texts.popitem(last=False)[1])

    def drop(self, path: str) -> None:
        """Forget a path, if it is there."""
        text = self._texts.pop(path, None)
        if text is not None:
            self.current_memory -= len(text)

    def clear(self) -> None:
        """Forget everything."""
        self._texts.clear()
        self.current_memory = 0
