"""Following a conversation, awaited. A follower waits in a thread of its own, so that many of them hold up nobody."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType

from objstore.conversations.follow import Followed, Follower


class AsyncFollower:
    """`async for` over what happens to a conversation. For one task; ends when closed, or by its time-out.

    An item that was on its way when its awaiting was cancelled is the next one to come.
    """

    def __init__(self, sync: Follower) -> None:
        self.sync = sync
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="objstore-follow")
        self._pending: asyncio.Future[Followed | None] | None = None

    def __aiter__(self) -> AsyncFollower:
        return self

    async def __anext__(self) -> Followed:
        if self._pending is None:
            self._pending = asyncio.get_running_loop().run_in_executor(self._thread, next, self.sync, None)
        found = await asyncio.shield(self._pending)
        self._pending = None
        if found is None:
            await self.close()
            raise StopAsyncIteration
        return found

    async def close(self) -> None:
        """End the iteration; harmless when done twice."""
        self.sync.close()
        await asyncio.to_thread(self._thread.shutdown)

    async def __aenter__(self) -> AsyncFollower:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
