"""All conversations, workspaces, settings and tags of a store, awaited."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from objstore.aio.conversations import AsyncConversation
from objstore.aio.face import Awaited, Face, Runner, Streamed
from objstore.aio.files import AsyncWorkspace
from objstore.aio.settings import AsyncChain, AsyncSettings
from objstore.conversations.conversation import Conversation
from objstore.conversations.conversations import Conversations
from objstore.files.collection import Workspaces
from objstore.files.workspace import Workspace
from objstore.repository.collection import Collection
from objstore.repository.tags import Tags
from objstore.settings.collection import SettingsCollection
from objstore.settings.settings import Settings
from objstore.sync.remotes import Remotes

S = TypeVar("S")
A = TypeVar("A")


class AsyncCollection(Face[Collection[S]], Generic[S, A]):
    """What they have in common: opening, making and deleting by name."""

    def __init__(self, runner: Runner, sync: Collection[S], wrap: Callable[[Runner, S], A]) -> None:
        super().__init__(runner, sync)
        self._wrap = wrap

    async def open(self, name: str, *, create: bool = False) -> A:
        """As `Collection.open`."""
        return self._wrap(self.runner, await self.runner.run(self.sync.open, name, create=create))

    async def create(self, name: str | None = None) -> A:
        """As `Collection.create`."""
        return self._wrap(self.runner, await self.runner.run(self.sync.create, name))

    async def delete(self, name: str) -> None:
        """As `Collection.delete`."""
        await self.runner.run(self.sync.delete, name)

    async def contains(self, name: str) -> bool:
        """Whether there is one of this name."""
        return await self.runner.run(self.sync.__contains__, name)


class AsyncConversations(AsyncCollection[Conversation, AsyncConversation]):
    """Conversations by name."""

    find = Streamed(Conversations.find)
    expire = Awaited(Conversations.expire)
    search = Awaited(Conversations.search)
    catch_up = Awaited(Conversations.catch_up)

    def __init__(self, runner: Runner, sync: Conversations) -> None:
        super().__init__(runner, sync, AsyncConversation)


class AsyncWorkspaces(AsyncCollection[Workspace, AsyncWorkspace]):
    """Workspaces by name."""

    find = Streamed(Workspaces.find)

    def __init__(self, runner: Runner, sync: Workspaces) -> None:
        super().__init__(runner, sync, AsyncWorkspace)


class AsyncSettingsCollection(AsyncCollection[Settings, AsyncSettings]):
    """Settings by name."""

    find = Streamed(SettingsCollection.find)

    def __init__(self, runner: Runner, sync: SettingsCollection) -> None:
        super().__init__(runner, sync, AsyncSettings)
        self._settings = sync

    async def open(self, name: str, *, create: bool = False, schema: type[Any] | None = None) -> AsyncSettings:
        """As `SettingsCollection.open`."""
        return AsyncSettings(
            self.runner, await self.runner.run(self._settings.open, name, create=create, schema=schema)
        )

    async def chain(self, *scopes: str | AsyncSettings, schema: type[Any] | None = None) -> AsyncChain:
        """As `SettingsCollection.chain`."""
        plain = [scope.sync if isinstance(scope, AsyncSettings) else scope for scope in scopes]
        return AsyncChain(self.runner, await self.runner.run(self._settings.chain, *plain, schema=schema))


class AsyncRemotes(Face[Remotes]):
    """Names for other stores."""

    add = Awaited(Remotes.add)
    get = Awaited(Remotes.get)
    list = Streamed(Remotes.list)
    remove = Awaited(Remotes.remove)
    rename = Awaited(Remotes.rename)


class AsyncTags(Face[Tags]):
    """The tags of a store."""

    create = Awaited(Tags.create)
    verify = Awaited(Tags.verify)
    find = Streamed(Tags.find)
    delete = Awaited(Tags.delete)
