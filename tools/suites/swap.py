"""A pytest plugin: in the tests of OpenHands' SDK, every file store is ours, the one on disk and the one in memory."""

from __future__ import annotations

import openhands.sdk.conversation.state as state
import openhands.sdk.io as face
import openhands.sdk.io.local as local
import openhands.sdk.io.memory as memory

import objstore
from objstore.adapters.openhands import ObjstoreFileStore


class MemoryFileStore(ObjstoreFileStore):
    """Ours over a store in memory, made as theirs is."""

    def __init__(
        self, files: dict[str, str] | None = None, *, max_size: int = 100_000, max_memory: int = 20 * 1024 * 1024
    ) -> None:
        store = objstore.open("memory:")
        super().__init__("/memory", store=store, cache_limit_size=max_size, cache_memory_size=max_memory)
        for path, contents in (files or {}).items():
            self.write(path, contents)


for module in (face, local, state):
    module.LocalFileStore = ObjstoreFileStore
for module in (face, memory, state):
    module.InMemoryFileStore = MemoryFileStore
