"""Conversations, awaited."""

from __future__ import annotations

from collections.abc import AsyncIterator, Coroutine, Iterable, Mapping
from typing import Any, overload

from objstore.aio.face import Awaited, Block, Face, Runner, Streamed, stream_of
from objstore.aio.files import AsyncFilesDraft, AsyncFilesView, AsyncWorkspace
from objstore.aio.follow import AsyncFollower
from objstore.aio.metadata import AsyncMetadata, AsyncMetadataDraft
from objstore.aio.settings import AsyncSettings, AsyncSettingsDraft, AsyncSettingsView
from objstore.conversations.conversation import Conversation
from objstore.conversations.draft import ConversationDraft
from objstore.conversations.merging import Choice, Disputed
from objstore.conversations.metadata import MetadataView
from objstore.conversations.view import ConversationView
from objstore.objects.kinds import Oid
from objstore.objects.values import JsonValue
from objstore.repository.commit import CommitInfo
from objstore.repository.merge_trees import Side
from objstore.repository.moments import When


class AsyncConversationView(Face[ConversationView]):
    """A conversation as it stood at one moment."""

    count = Awaited(ConversationView.__len__)
    event_info = Awaited(ConversationView.event_info)
    entries = Streamed(ConversationView.entries)
    export = Streamed(ConversationView.export)
    log = Streamed(ConversationView.log)

    @property
    def commit(self) -> CommitInfo:
        """The commit that this is the view of."""
        return self.sync.commit

    @property
    def files(self) -> AsyncFilesView:
        """The files of this moment."""
        return AsyncFilesView(self.runner, self.sync.files)

    @property
    def settings(self) -> AsyncSettingsView:
        """The settings of this moment."""
        return AsyncSettingsView(self.runner, self.sync.settings)

    async def metadata(self) -> MetadataView:
        """Title, tags and the like as they stood at this moment."""
        return await self.runner.run(lambda: self.sync.metadata)

    async def first(self) -> int:
        """The number (from 0) of the first event that is there: 0, or how many were squashed."""
        return await self.runner.run(lambda: self.sync.first)

    @overload
    def __getitem__(self, index: int) -> Coroutine[Any, Any, JsonValue]: ...
    @overload
    def __getitem__(self, index: slice) -> Coroutine[Any, Any, list[JsonValue]]: ...
    def __getitem__(self, index: int | slice) -> Coroutine[Any, Any, JsonValue]:
        return self.runner.run(lambda: self.sync[index])

    def __aiter__(self) -> AsyncIterator[JsonValue]:
        return stream_of(self.runner, lambda: iter(self.sync))


class AsyncConversationDraft(Face[ConversationDraft]):
    """What `async with conv.commit(…) as c` gives."""

    append = Awaited(ConversationDraft.append)

    def __init__(self, runner: Runner, sync: ConversationDraft) -> None:
        super().__init__(runner, sync)
        self.files = AsyncFilesDraft(runner, sync.files)
        self.settings = AsyncSettingsDraft(runner, sync.settings)
        self.metadata = AsyncMetadataDraft(runner, sync.metadata)

    @property
    def made(self) -> CommitInfo | None:
        """Once the block has ended: the commit that holds it."""
        return self.sync.made


class AsyncConversation(Face[Conversation]):
    """One conversation, live."""

    append = Awaited(Conversation.append)
    append_many = Awaited(Conversation.append_many)
    count = Awaited(Conversation.__len__)
    export = Streamed(Conversation.export)
    log = Streamed(Conversation.log)
    bisect = Awaited(Conversation.bisect)
    diff = Awaited(Conversation.diff)
    redact = Awaited(Conversation.redact)
    squash = Awaited(Conversation.squash)
    rewind = Awaited(Conversation.rewind)
    undo = Awaited(Conversation.undo)
    redo = Awaited(Conversation.redo)

    def __init__(self, runner: Runner, sync: Conversation) -> None:
        super().__init__(runner, sync)
        self.files = AsyncWorkspace(runner, sync.files)
        self.settings = AsyncSettings(runner, sync.settings)
        self.metadata = AsyncMetadata(runner, sync.metadata)

    @property
    def name(self) -> str:
        """The conversation's name."""
        return self.sync.name

    async def head(self) -> CommitInfo:
        """As `Conversation.head`."""
        return await self.runner.run(lambda: self.sync.head)

    async def at(self, moment: When) -> AsyncConversationView:
        """As `Conversation.at`."""
        return AsyncConversationView(self.runner, await self.runner.run(self.sync.at, moment))

    async def follow(self, *, after: When | None = None, timeout: float | None = None) -> AsyncFollower:
        """As `Conversation.follow`: `async with await conv.follow() as news: async for item in news`."""
        return AsyncFollower(await self.runner.run(self.sync.follow, after=after, timeout=timeout))

    async def fork(self, name: str, *, at: When | None = None) -> AsyncConversation:
        """As `Conversation.fork`."""
        return AsyncConversation(self.runner, await self.runner.run(self.sync.fork, name, at=at))

    async def fork_many(self, names: Iterable[str], *, at: When | None = None) -> list[AsyncConversation]:
        """As `Conversation.fork_many`."""
        made = await self.runner.run(self.sync.fork_many, names, at=at)
        return [AsyncConversation(self.runner, fork) for fork in made]

    async def edit(
        self, number: int, event: object, name: str | None = None, *, carry: bool = False
    ) -> AsyncConversation:
        """As `Conversation.edit`."""
        return AsyncConversation(self.runner, await self.runner.run(self.sync.edit, number, event, name, carry=carry))

    async def merge(
        self,
        other: AsyncConversation | When,
        *,
        prefer: Side | None = None,
        settle: Mapping[str, Choice] | None = None,
    ) -> CommitInfo:
        """As `Conversation.merge`."""
        source = other.sync if isinstance(other, AsyncConversation) else other
        return await self.runner.run(self.sync.merge, source, prefer=prefer, settle=settle)

    async def conflicts(self, other: AsyncConversation | When) -> list[Disputed]:
        """As `Conversation.conflicts`."""
        source = other.sync if isinstance(other, AsyncConversation) else other
        return await self.runner.run(self.sync.conflicts, source)

    def commit(
        self, message: str = "", *, expected_head: CommitInfo | Oid | None = None
    ) -> Block[ConversationDraft, AsyncConversationDraft]:
        """As `Conversation.commit`, for `async with`."""
        return Block(
            self.runner, lambda: self.sync.commit(message, expected_head=expected_head), AsyncConversationDraft
        )

    @overload
    def __getitem__(self, index: int) -> Coroutine[Any, Any, JsonValue]: ...
    @overload
    def __getitem__(self, index: slice) -> Coroutine[Any, Any, list[JsonValue]]: ...
    def __getitem__(self, index: int | slice) -> Coroutine[Any, Any, JsonValue]:
        return self.runner.run(lambda: self.sync[index])

    def __aiter__(self) -> AsyncIterator[JsonValue]:
        return stream_of(self.runner, lambda: iter(self.sync))
