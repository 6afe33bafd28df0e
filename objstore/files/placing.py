"""Putting single files into a directory, whole or not at all: a temporary file in the same folder, then a rename."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator

from objstore.files.directory import Folders, stat_in
from objstore.files.stat_cache import Look, look_of
from objstore.objects.trees import Entry

_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_MAX_TARGET = 4095


class Placing:
    """Writes and removes entries by their paths. For one thread."""

    def __init__(self, folders: Folders, durable: bool) -> None:
        """With `durable`, `settle` returns only when everything is on the disk."""
        self._folders = folders
        self._durable = durable
        self._touched: set[str] = set()
        self._token = f".objstore-tmp-{os.urandom(4).hex()}"
        self._number = 0

    def put(self, path: str, entry: Entry, content: Iterator[bytes]) -> Look:
        """Write an entry in place of what is there; how it looks then. OSError: what was there is as it was."""
        above, _, name = path.rpartition("/")
        folder = self._folders.make(above.split("/") if above else [])
        if self._durable:
            self._touch(above)
        kind = stat.S_IFMT(entry.mode)
        if kind == stat.S_IFDIR:
            made = self._folders.make(path.split("/"))
            return look_of(os.fstat(made))
        if kind == stat.S_IFLNK:
            return self._put_symlink(folder, name, b"".join(content))
        return self._put_file(folder, name, entry.mode & 0o777, content)

    def remove(self, path: str) -> int:
        """Remove a file, symlink or empty folder, and the folders above that are empty then; how many entries went."""
        above, _, name = path.rpartition("/")
        parts = above.split("/") if above else []
        folder = self._folders.find(parts)
        if folder is None:
            return 0
        removed = _unlink(folder, name)
        while removed and parts:
            *rest, last = parts
            outer = self._folders.find(rest)
            try:
                if outer is not None:
                    os.rmdir(last, dir_fd=outer)
            except OSError:
                break
            parts = rest
        if self._durable and removed:
            self._touch("/".join(parts))
        return removed

    def holds(self, path: str) -> bool:
        """Whether there is something at a path."""
        above, _, name = path.rpartition("/")
        folder = self._folders.find(above.split("/") if above else [])
        return folder is not None and stat_in(folder, name) is not None

    def settle(self) -> None:
        """Make the names durable, too, if that was asked for: the files themselves already are."""
        for path in sorted(self._touched):
            folder = self._folders.find(path.split("/") if path else [])
            if folder is not None:
                os.fsync(folder)

    def _put_file(self, folder: int, name: str, permissions: int, content: Iterator[bytes]) -> Look:
        temporary = self._temporary()
        descriptor = os.open(temporary, _CREATE, permissions, dir_fd=folder)
        try:
            for part in content:
                _write_all(descriptor, part)
            if os.fstat(descriptor).st_mode & 0o7777 != permissions:  # The umask took some away.
                os.fchmod(descriptor, permissions)
            if self._durable:
                os.fsync(descriptor)
            _rename(folder, temporary, name)
            return look_of(os.fstat(descriptor))
        except BaseException:
            _forget(folder, temporary)
            raise
        finally:
            os.close(descriptor)

    def _put_symlink(self, folder: int, name: str, target: bytes) -> Look:
        if not 1 <= len(target) <= _MAX_TARGET or b"\0" in target:
            raise OSError(errno.EINVAL, "it is a symlink to nothing that a path can be")
        temporary = self._temporary()
        os.symlink(os.fsdecode(target), temporary, dir_fd=folder)
        try:
            _rename(folder, temporary, name)
            return look_of(os.stat(name, dir_fd=folder, follow_symlinks=False))
        except BaseException:
            _forget(folder, temporary)
            raise

    def _temporary(self) -> str:
        self._number += 1
        return f"{self._token}{self._number & 0xFFFFFFFF:08x}"

    def _touch(self, path: str) -> None:
        while path not in self._touched:
            self._touched.add(path)
            path = path.rpartition("/")[0]


def folds_names(folder: int) -> bool:
    """Whether the file system of a folder takes names for the same that differ in case; asked by making one."""
    lower = f".objstore-tmp-abcdef{os.urandom(5).hex()}"
    os.close(os.open(lower, _CREATE, 0o600, dir_fd=folder))
    try:
        os.stat(lower.upper(), dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    finally:
        os.unlink(lower, dir_fd=folder)
    return True


def _rename(folder: int, temporary: str, name: str) -> None:
    try:
        os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    except IsADirectoryError:
        os.rmdir(name, dir_fd=folder)
        os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)


def _unlink(folder: int, name: str) -> int:
    found = stat_in(folder, name)
    if found is None:
        return 0
    if not stat.S_ISDIR(found.st_mode):
        os.unlink(name, dir_fd=folder)
        return 1
    try:
        os.rmdir(name, dir_fd=folder)
    except OSError as fault:
        if fault.errno in (errno.ENOTEMPTY, errno.EEXIST):
            return 0  # It has untracked files in it.
        raise
    return 1


def _write_all(descriptor: int, data: bytes) -> None:
    written = os.write(descriptor, data)
    while written < len(data):
        written += os.write(descriptor, memoryview(data)[written:])


def _forget(folder: int, name: str) -> None:
    try:
        os.unlink(name, dir_fd=folder)
    except FileNotFoundError:
        pass
