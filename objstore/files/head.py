"""Reading the files of a ref as they are now: what a view does, on the view of the newest commit.

Each call looks at the head anew; what it gives goes on with that head even if the ref moves meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from objstore.files.info import FileInfo, Listed
from objstore.files.view import FilesView
from objstore.objects.kinds import Oid
from objstore.repository.branch import Branch


class HeadFiles:
    """The files of a branch's head, for reading."""

    def __init__(self, branch: Branch) -> None:
        self._branch = branch
        self._repo = branch.repo

    @property
    def name(self) -> str:
        """The name under which it was opened."""
        return self._branch.short_name

    @property
    def root(self) -> Oid | None:
        """The oid of the head's tree."""
        return self._now().root

    def __contains__(self, path: str) -> bool:
        return path in self._now()

    def __len__(self) -> int:
        return len(self._now())

    def __iter__(self) -> Iterator[FileInfo]:
        return self.find()

    def read(self, path: str, start: int = 0, length: int | None = None) -> bytes:
        """As `FilesView.read`, at the head."""
        return self._now().read(path, start, length)

    def chunks(self, path: str) -> Iterator[bytes]:
        """As `FilesView.chunks`, at the head."""
        return self._now().chunks(path)

    def read_to(self, path: str, target: str | Path) -> int:
        """As `FilesView.read_to`, at the head."""
        return self._now().read_to(path, target)

    def info(self, path: str) -> FileInfo:
        """As `FilesView.info`, at the head."""
        return self._now().info(path)

    def exists(self, path: str) -> bool:
        """As `FilesView.exists`, at the head."""
        return self._now().exists(path)

    def find(self, prefix: str = "") -> Iterator[FileInfo]:
        """As `FilesView.find`, at the head."""
        return self._now().find(prefix)

    def list(self, folder: str = "", *, after: str = "", limit: int | None = None) -> Iterator[Listed]:
        """As `FilesView.list`, at the head."""
        return self._now().list(folder, after=after, limit=limit)

    def glob(self, pattern: str) -> Iterator[FileInfo]:
        """As `FilesView.glob`, at the head."""
        return self._now().glob(pattern)

    def _now(self) -> FilesView:
        return FilesView(self._repo, self._repo.commit(self._branch.need_head()).files)
