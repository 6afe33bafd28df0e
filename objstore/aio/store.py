"""The store, awaited."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path
from types import TracebackType
from typing import Any

from objstore.aio.access import AsyncAccess
from objstore.aio.collections import (
    AsyncConversations,
    AsyncRemotes,
    AsyncSettingsCollection,
    AsyncTags,
    AsyncWorkspaces,
)
from objstore.aio.conversations import AsyncConversationView
from objstore.aio.face import Awaited, Face, Streamed, Threads
from objstore.aio.settings import AsyncSecretKeys
from objstore.maintenance.migrate import Migrated
from objstore.maintenance.progress import Progress, silent
from objstore.maintenance.repair import Repaired
from objstore.opening import clone as clone_sync
from objstore.opening import open_store as open_sync
from objstore.signing.signers import Signers
from objstore.storage.local.members import Members
from objstore.store import Store
from refs.protocol import RefReader


class AsyncRefs(Face[RefReader]):
    """The refs and their logs, for reading."""

    get = Awaited(RefReader.get)
    find = Streamed(RefReader.find)
    log = Streamed(RefReader.log)


class AsyncSigners(Face[Signers]):
    """The user's own signing key and those that the user trusts."""

    own = Awaited(Signers.own)
    find = Awaited(Signers.find)
    trust = Awaited(Signers.trust)
    distrust = Awaited(Signers.distrust)


class AsyncMembers(Face[Members]):
    """Who opens an encrypted store."""

    list = Awaited(Members.list)
    has_passphrase = Awaited(Members.has_passphrase)
    add = Awaited(Members.add)
    remove = Awaited(Members.remove)
    set_passphrase = Awaited(Members.set_passphrase)
    save = Awaited(Members.save)


class AsyncStore(Face[Store]):
    """Conversations, files and settings in one place. For one event loop; an async context manager."""

    resolve = Awaited(Store.resolve)
    operations = Streamed(Store.operations)
    diff = Awaited(Store.diff)
    blame = Awaited(Store.blame)
    ancestors = Streamed(Store.ancestors)
    undo = Awaited(Store.undo)
    repack = Awaited(Store.repack)
    repack_by_itself = Awaited(Store.repack_by_itself)
    gc = Awaited(Store.gc)
    why = Awaited(Store.why)
    train_dictionary = Awaited(Store.train_dictionary)
    redact = Awaited(Store.redact)
    redactions = Streamed(Store.redactions)
    stats = Awaited(Store.stats)
    usage = Awaited(Store.usage)
    fsck = Awaited(Store.fsck)
    check = Streamed(Store.check)
    backup = Awaited(Store.backup)
    sign = Awaited(Store.sign)
    verify = Awaited(Store.verify)
    anchor = Awaited(Store.anchor)
    import_history = Awaited(Store.import_history)
    export_bundle = Awaited(Store.export_bundle)
    import_bundle = Awaited(Store.import_bundle)
    check_bundle = Awaited(Store.check_bundle)
    fetch = Awaited(Store.fetch)
    pull = Awaited(Store.pull)
    push = Awaited(Store.push)
    mirror = Awaited(Store.mirror)
    serve_stdio = Awaited(Store.serve_stdio)
    sync_service = Awaited(Store.sync_service)

    def __init__(self, threads: Threads, sync: Store) -> None:
        """Made by `objstore.aio.open`."""
        super().__init__(threads, sync)
        self._threads = threads
        self.conversations = AsyncConversations(threads, sync.conversations)
        self.files = AsyncWorkspaces(threads, sync.files)
        self.settings = AsyncSettingsCollection(threads, sync.settings)
        self.keys = AsyncSecretKeys(threads, sync.keys)
        self.signers = AsyncSigners(threads, sync.signers)
        self.members = AsyncMembers(threads, sync.members)
        self.tags = AsyncTags(threads, sync.tags)
        self.refs = AsyncRefs(threads, sync.refs)
        self.remotes = AsyncRemotes(threads, sync.remotes)

    @property
    def place(self) -> str:
        """Where the store is."""
        return self.sync.place

    @property
    def access(self) -> AsyncAccess:
        """As `Store.access`."""
        return AsyncAccess(self.runner, self.sync.access)

    async def view(self, moment: str) -> AsyncConversationView:
        """As `Store.view`."""
        return AsyncConversationView(self.runner, await self.runner.run(self.sync.view, moment))

    async def repair(self, source: AsyncStore | str | Path | None = None, *, progress: Progress = silent) -> Repaired:
        """As `Store.repair`."""
        given = source.sync if isinstance(source, AsyncStore) else source
        return await self.runner.run(self.sync.repair, given, progress=progress)

    async def migrate(self, target: AsyncStore, *, progress: Progress = silent) -> Migrated:
        """As `Store.migrate`."""
        return await self.runner.run(self.sync.migrate, target.sync, progress=progress)

    async def close(self) -> None:
        """Let calls under way come to their end, then let go of files and memory; harmless when done twice."""
        await self._threads.close(self.sync.close)

    async def __aenter__(self) -> AsyncStore:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


class Opening:
    """A store that is about to be opened: `store = await opening`, or `async with opening as store`."""

    def __init__(self, place: str, open_it: Callable[[], Store]) -> None:
        self._place = place
        self._open = open_it
        self._store: AsyncStore | None = None

    def __await__(self) -> Generator[Any, None, AsyncStore]:
        return self._begin().__await__()

    async def __aenter__(self) -> AsyncStore:
        self._store = await self._begin()
        return self._store

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._store is not None, "a block is left after it was entered"
        await self._store.close()

    async def _begin(self) -> AsyncStore:
        threads = Threads(self._place)
        opened: list[Store] = []
        try:
            await threads.run(lambda: opened.append(self._open()))
        except BaseException:

            def let_go() -> None:  # who was cancelled gets no store that could be closed
                for store in opened:
                    store.close()

            await threads.close(let_go)
            raise
        return AsyncStore(threads, opened[0])


def open_store(
    url: str | Path,
    *,
    create: bool = False,
    read_only: bool = False,
    author: str = "agent",
    lock_timeout: float | None = None,
    keys: str | Path | None = None,
    auto_repack: bool = False,
    accept_older: bool = False,
    passphrase: str | None = None,
    key: str | Path | None = None,
) -> Opening:
    """As `objstore.open`, to be awaited or used in `async with`."""

    def open_it() -> Store:
        return open_sync(
            url,
            create=create,
            read_only=read_only,
            author=author,
            lock_timeout=lock_timeout,
            keys=keys,
            auto_repack=auto_repack,
            accept_older=accept_older,
            passphrase=passphrase,
            key=key,
        )

    return Opening(str(url), open_it)


def clone(
    url: str | Path,
    path: str | Path,
    *names: str,
    remote: str = "origin",
    author: str = "agent",
    keys: str | Path | None = None,
    token: str | None = None,
    limit_rate: int | None = None,
    progress: Progress = silent,
) -> Opening:
    """As `objstore.clone`, to be awaited or used in `async with`."""

    def clone_it() -> Store:
        return clone_sync(
            url,
            path,
            *names,
            remote=remote,
            author=author,
            keys=keys,
            token=token,
            limit_rate=limit_rate,
            progress=progress,
        )

    return Opening(str(path), clone_it)
