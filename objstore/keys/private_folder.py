"""A folder that is its user's alone: 0700, its files 0600.

Nothing is used that somebody else could have read or put there. A file appears whole or not at all; several processes
may work on one folder at once.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from objstore.errors import UnsafeKeyFolder

MAX_FILE_BYTES: Final = 1 << 16
_OTHERS: Final = 0o077


class PrivateFolder:
    """Small files in a folder, which is made when the first is written."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def exists(self) -> bool:
        """Whether there is a folder. UnsafeKeyFolder: it is open to others."""
        try:
            found = os.stat(self.path)
        except (FileNotFoundError, NotADirectoryError):
            return False
        except PermissionError:
            reason = "this user cannot look into the folder around it"
            raise UnsafeKeyFolder(str(self.path), reason, "Name another with OBJSTORE_KEYS") from None
        if not stat.S_ISDIR(found.st_mode):
            raise UnsafeKeyFolder(str(self.path), "it is no folder", "Name another with OBJSTORE_KEYS")
        _refuse_open(self.path, found, "700")
        return True

    def make(self) -> None:
        """See that there is a folder. UnsafeKeyFolder; OSError: it cannot be made."""
        if not self.exists():
            if not self.path.is_absolute():
                raise UnsafeKeyFolder(str(self.path), "no home folder is known", "Name a folder with OBJSTORE_KEYS")
            for folder in reversed(list(_absent(self.path))):
                with suppress(FileExistsError):
                    folder.mkdir(mode=0o700)
            sync_folder(self.path.parent)
            self.exists()

    @contextmanager
    def turn(self) -> Generator[None, None, None]:
        """Make the folder, and let one process or thread at a time read a file and replace it."""
        self.make()
        handle = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def read(self, name: str) -> bytes:
        """A file. FileNotFoundError, also where there is no folder; UnsafeKeyFolder."""
        if not self.exists():
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(self.path / name))
        return read_private(self.path / name)

    def add(self, name: str, data: bytes) -> None:
        """Write a file, durably, unless there is one of that name: it may be the only copy of a key."""
        self.make()
        fresh = self._fresh(data)
        try:
            with suppress(FileExistsError):
                os.link(fresh, self.path / name)
        finally:
            with suppress(FileNotFoundError):
                os.unlink(fresh)
        sync_folder(self.path)

    def replace(self, name: str, data: bytes) -> None:
        """Write a file in place of the one of that name; the old or the new one is there, whatever happens.

        Who makes the new one from the old one does it within `turn`.
        """
        self.make()
        fresh = self._fresh(data)
        try:
            os.rename(fresh, self.path / name)
        except BaseException:
            with suppress(FileNotFoundError):
                os.unlink(fresh)
            raise

    def _fresh(self, data: bytes) -> Path:
        fresh = self.path / f".{os.urandom(8).hex()}.new"
        try:
            write_private(fresh, data)
        except BaseException:
            with suppress(FileNotFoundError):
                os.unlink(fresh)
            raise
        return fresh


def _absent(path: Path) -> Iterator[Path]:
    """The folders that are not there, from this one upward."""
    while not path.is_dir():
        yield path
        path = path.parent


def read_private(path: Path) -> bytes:
    """A small file that is ours alone. FileNotFoundError, UnsafeKeyFolder."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise UnsafeKeyFolder(str(path), "it is a symbolic link", "Put the file itself there") from None
        raise
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise UnsafeKeyFolder(str(path), "it is no file", "Move it away")
        _refuse_open(path, found, "600")
        return os.read(handle, MAX_FILE_BYTES + 1)
    finally:
        os.close(handle)


def _refuse_open(path: Path, found: os.stat_result, mode: str) -> None:
    if found.st_uid not in (os.geteuid(), 0):
        raise UnsafeKeyFolder(str(path), f"it belongs to user {found.st_uid}", "It must be yours")
    if found.st_mode & _OTHERS:
        reason = f"others can use it (mode {stat.S_IMODE(found.st_mode):03o})"
        raise UnsafeKeyFolder(str(path), reason, f"Run: chmod {mode} '{path}'")


def write_private(path: Path, data: bytes) -> None:
    """A new file, durable but for its name."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        os.fchmod(handle, 0o600)  # whatever the umask took away
        view = memoryview(data)
        while view:
            view = view[os.write(handle, view) :]
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
