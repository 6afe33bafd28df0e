"""A backup, awaited."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

from objstore.aio.face import Awaited, Face, Streamed, Threads
from objstore.maintenance.backup.opened import Backup
from objstore.opening import open_backup as open_sync


class AsyncBackup(Face[Backup]):
    """The versions of one store in one folder. An async context manager."""

    versions = Streamed(Backup.versions)
    verify = Awaited(Backup.verify)
    restore = Awaited(Backup.restore)
    prune = Awaited(Backup.prune)

    def __init__(self, threads: Threads, sync: Backup) -> None:
        """Made by `objstore.aio.open_backup`."""
        super().__init__(threads, sync)
        self._threads = threads

    @property
    def path(self) -> Path:
        """Where the backup is."""
        return self.sync.path

    async def close(self) -> None:
        """Let calls under way come to their end; harmless when done twice."""
        await self._threads.close(lambda: None)

    async def __aenter__(self) -> AsyncBackup:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


def open_backup(path: str | Path, *, author: str = "agent", keys: str | Path | None = None) -> AsyncBackup:
    """As `objstore.open_backup`; only the folder's marker is read here."""
    return AsyncBackup(Threads(str(path)), open_sync(path, author=author, keys=keys))
