"""What is told of files: one file, and one name in a folder."""

from __future__ import annotations

import stat
from typing import NamedTuple

from objstore.objects.kinds import Oid


class FileInfo(NamedTuple):
    """One file: its path, mode (type and permission bits as in st_mode), size in bytes, and the oid of its content."""

    path: str
    mode: int
    size: int
    oid: Oid


class Listed(NamedTuple):
    """One name in a folder, with its path from the top. `info` is None for a folder with files in it."""

    name: str
    path: str
    info: FileInfo | None

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder, with files in it or empty."""
        return self.info is None or stat.S_ISDIR(self.info.mode)
