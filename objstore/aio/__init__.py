"""The same API, awaited: `objstore.aio.open()`.

    async with objstore.aio.open("path", create=True) as store:
        conv = await store.conversations.open("c1", create=True)
        await conv.append({"role": "user", "content": "hi"})
        async with conv.commit("both") as c:
            await c.append("event")
            await c.files.snapshot("work/")
        async for event in conv: ...

Every call runs in one of a few threads of the store, so the event loop never waits for a disk; what cannot be awaited
in Python's own syntax has a name (`count()` for len, `contains(x)` for in, `await conv[3]` stays). Streams are read in
batches. A call that is cancelled before a thread took it up does nothing; after that it runs to its end unseen, so
that a cancelled write may have happened. Arguments, results and errors are those of the methods of the same names.
"""

from __future__ import annotations

from objstore.aio.backup import AsyncBackup, open_backup
from objstore.aio.conversations import AsyncConversation, AsyncConversationDraft, AsyncConversationView
from objstore.aio.files import AsyncFilesView, AsyncWorkspace
from objstore.aio.settings import AsyncSettings, AsyncSettingsView
from objstore.aio.store import AsyncStore, clone
from objstore.aio.store import open_store as open  # noqa: A004 - the public name is fixed

__all__ = [
    "AsyncBackup",
    "AsyncConversation",
    "AsyncConversationDraft",
    "AsyncConversationView",
    "AsyncFilesView",
    "AsyncSettings",
    "AsyncSettingsView",
    "AsyncStore",
    "AsyncWorkspace",
    "clone",
    "open",
    "open_backup",
]
