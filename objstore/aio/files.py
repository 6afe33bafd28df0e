"""Files, awaited."""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import AsyncIterator
from pathlib import Path
from types import TracebackType
from typing import Literal

from objstore.aio.face import Awaited, Block, Face, InTurn, Runner, Streamed, stream_of
from objstore.errors import LockHeld
from objstore.files.draft import FilesDraft
from objstore.files.lock import Lock
from objstore.files.patch import FileDiff
from objstore.files.streams import FileWriter
from objstore.files.view import FilesView
from objstore.files.workspace import Workspace
from objstore.repository.commit import CommitInfo
from objstore.repository.moments import When


class AsyncFile(Face[io.BufferedReader | FileWriter]):
    """An open file of a store: `async with await files.open(path) as file`."""

    async def read(self, size: int = -1) -> bytes:
        """At most so many bytes from here on, by default all."""
        return await self.runner.run(self.sync.read, size)

    async def write(self, data: bytes) -> int:
        """Write bytes; how many."""
        return await self.runner.run(self.sync.write, data)

    async def seek(self, offset: int, whence: int = 0) -> int:
        """Go to a place in a file that is read; where that is."""
        return await self.runner.run(self.sync.seek, offset, whence)

    async def close(self) -> None:
        """Close it: a file that is written is set then."""
        await self.runner.run(self.sync.close)

    async def __aenter__(self) -> AsyncFile:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.runner.run(lambda: self.sync.__exit__(kind, error, trace))


class AsyncFilesView(Face[FilesView]):
    """Files as they stood at one moment."""

    read = Awaited(FilesView.read)
    read_to = Awaited(FilesView.read_to)
    info = Awaited(FilesView.info)
    contains = Awaited(FilesView.__contains__)
    exists = Awaited(FilesView.exists)
    count = Awaited(FilesView.__len__)
    checkout = Awaited(FilesView.checkout)
    find = Streamed(FilesView.find)
    list = Streamed(FilesView.list)
    glob = Streamed(FilesView.glob)
    chunks = Streamed(FilesView.chunks)

    def patch(
        self, newer: AsyncFilesView, *, path: str = "", context: int = 3, renames: bool = True
    ) -> AsyncIterator[FileDiff]:
        """As `FilesView.patch`."""
        return stream_of(self.runner, lambda: self.sync.patch(newer.sync, path=path, context=context, renames=renames))

    async def open(self, path: str) -> AsyncFile:
        """As `FilesView.open`."""
        return AsyncFile(self.runner, await self.runner.run(self.sync.open, path))


class AsyncFilesDraft(Face[FilesDraft]):
    """What `async with files.commit(…) as w` gives."""

    write = Awaited(FilesDraft.write)
    append = Awaited(FilesDraft.append)
    write_from = Awaited(FilesDraft.write_from)
    delete = Awaited(FilesDraft.delete)
    move = Awaited(FilesDraft.move)
    copy = Awaited(FilesDraft.copy)
    snapshot = Awaited(FilesDraft.snapshot)
    replace = Awaited(FilesDraft.replace)

    async def open(self, path: str, *, mode: int = 0o644) -> AsyncFile:
        """As `FilesDraft.open`."""
        return AsyncFile(self.runner, await self.runner.run(self.sync.open, path, mode=mode))


class AsyncLock(Face[Lock]):
    """A lock that is held: `async with await files.lock("build") as lock`."""

    renew = Awaited(Lock.renew)
    release = Awaited(Lock.release)

    @property
    def name(self) -> str:
        """Its name."""
        return self.sync.name

    @property
    def owner(self) -> str:
        """Who holds it."""
        return self.sync.owner

    @property
    def token(self) -> int:
        """Higher than that of every earlier lock of this name."""
        return self.sync.token

    @property
    def expires(self) -> int:
        """When it runs out, in µs since 1970."""
        return self.sync.expires

    async def held(self) -> bool:
        """Whether it is still ours."""
        return await self.runner.run(lambda: self.sync.held)

    async def __aenter__(self) -> AsyncLock:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.runner.run(self.sync.__exit__, kind, error, trace)


class AsyncWorkspace(Face[Workspace]):
    """The files of a ref."""

    read = Awaited(Workspace.read)
    read_to = Awaited(Workspace.read_to)
    info = Awaited(Workspace.info)
    contains = Awaited(Workspace.__contains__)
    exists = Awaited(Workspace.exists)
    count = Awaited(Workspace.__len__)
    find = Streamed(Workspace.find)
    list = Streamed(Workspace.list)
    glob = Streamed(Workspace.glob)
    chunks = Streamed(Workspace.chunks)
    log = Streamed(Workspace.log)
    diff = Awaited(Workspace.diff)
    patch = Streamed(Workspace.patch)
    blame = Awaited(Workspace.blame)
    undo = Awaited(Workspace.undo)
    redo = Awaited(Workspace.redo)
    write = Awaited(Workspace.write)
    append = Awaited(Workspace.append)
    write_from = Awaited(Workspace.write_from)
    delete = Awaited(Workspace.delete)
    move = Awaited(Workspace.move)
    copy = Awaited(Workspace.copy)
    snapshot = Awaited(Workspace.snapshot)
    checkout = Awaited(Workspace.checkout)
    locks = Streamed(Workspace.locks)
    break_lock = Awaited(Workspace.break_lock)

    async def lock(self, name: str = "", *, owner: str | None = None, ttl: float = 60, wait: float = 0) -> AsyncLock:
        """As `Workspace.lock`; waiting for another's holds up neither the loop nor a thread of the store."""
        deadline = time.monotonic() + wait
        while True:
            try:
                held = await self.runner.run(self.sync.lock, name, owner=owner, ttl=ttl)
            except LockHeld:
                if time.monotonic() >= deadline:
                    raise
                await asyncio.sleep(0.05)
            else:
                return AsyncLock(self.runner, held)

    def under(self, lock: AsyncLock) -> AsyncWorkspace:
        """As `Workspace.under`."""
        return AsyncWorkspace(self.runner, self.sync.under(lock.sync))

    def temporary(self, *, at: When | None = None) -> Block[Path, Path]:
        """As `Workspace.temporary`, for `async with`."""
        return Block(self.runner, lambda: self.sync.temporary(at=at), _as_it_is)

    @property
    def name(self) -> str:
        """The name under which it was opened."""
        return self.sync.name

    async def open(
        self, path: str, how: Literal["rb", "wb"] = "rb", *, mode: int = 0o644, message: str = ""
    ) -> AsyncFile:
        """As `Workspace.open`."""
        if how == "rb":
            return AsyncFile(self.runner, await self.runner.run(self.sync.open, path))
        run = self.runner.run
        return AsyncFile(InTurn(self.runner), await run(self.sync.open, path, how, mode=mode, message=message))

    async def at(self, moment: When) -> AsyncFilesView:
        """As `Workspace.at`."""
        return AsyncFilesView(self.runner, await self.runner.run(self.sync.at, moment))

    async def replace(self, other: AsyncWorkspace | AsyncFilesView, *, message: str = "") -> CommitInfo:
        """As `Workspace.replace`."""
        return await self.runner.run(self.sync.replace, other.sync, message=message)

    def commit(self, message: str = "") -> Block[FilesDraft, AsyncFilesDraft]:
        """As `Workspace.commit`, for `async with`."""
        return Block(self.runner, lambda: self.sync.commit(message), AsyncFilesDraft)


def _as_it_is(_: Runner, folder: Path) -> Path:
    return folder
