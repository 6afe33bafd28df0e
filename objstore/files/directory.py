"""Directories of the operating system, walked by open folders: no name is ever looked up through a symlink.

Every folder is opened below its parent with O_NOFOLLOW, and what is in it is read and written relative to it. So a
folder that somebody replaces by a symlink meanwhile leads nowhere else. The top itself may be a symlink.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

from objstore.files.ignore import IgnoreRules, rules_in
from objstore.files.paths import MAX_PATH, is_plain_name, is_temporary, name_fault, readable

SKIPPED = frozenset({".git", ".objstore"})
"""Names that a walk passes over in silence, whatever they are."""

MAX_DEPTH = 400
"""Folders within folders: each one on the way down is an open file."""

OPEN_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
OPEN_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK

_KINDS = frozenset({stat.S_IFREG, stat.S_IFLNK, stat.S_IFDIR})
_first = itemgetter(0)


class Problem(NamedTuple):
    """Something in a directory that could not be taken or written, and why. The rest was."""

    path: str
    reason: str


class Found(NamedTuple):
    """A file, symlink or empty folder of a walk. `folder` is open until the next step of the walk."""

    key: bytes
    folder: int
    name: str
    stat: os.stat_result


class _Level(NamedTuple):
    folder: int
    prefix: str
    rules: IgnoreRules | None
    entries: Iterator[tuple[str, os.DirEntry[str], bool]]
    """As they sort, by a text that does; and whether each is a folder."""
    found: list[Found]
    """The folder itself, if it was the first thing found; emptied by what is found in it."""


class Walk:
    """A walk over everything below a directory that a snapshot takes: no ignored files, no store, no `.git`.

    Folders appear only if nothing was taken from them. Order is that of full paths, but for empty folders.
    """

    def __init__(self, directory: Path, avoid: frozenset[tuple[int, int]] = frozenset()) -> None:
        """`avoid`: folders, as (st_dev, st_ino), that are passed over in silence. NotADirectoryError and the like."""
        self.problems: list[Problem] = []
        self._avoid = avoid
        self._top = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._levels: list[_Level] = []

    def __iter__(self) -> Iterator[Found]:
        self._enter(self._top, "", None, [])
        try:
            while self._levels:
                level = self._levels[-1]
                for _, entry, is_folder in level.entries:
                    found = self._look(level, entry, is_folder)
                    if found is not None:
                        level.found.clear()
                        yield found
                    elif is_folder and self._levels[-1] is not level:
                        break
                else:
                    yield from self._leave()
        finally:
            for level in self._levels:
                os.close(level.folder)

    def _enter(self, folder: int, prefix: str, above: IgnoreRules | None, found: list[Found]) -> None:
        try:
            with os.scandir(folder) as listing:
                entries = {entry.name: entry for entry in listing}
            rules = rules_in(prefix, entries, above, lambda name: read_start(folder, name))
        except OSError as fault:
            self.problems.append(Problem(readable(prefix) or ".", f"cannot be read: {fault.strerror}"))
            entries, rules = {}, above
            found = []
        # What is in a folder sorts as its name with a slash: "a.b" comes before "a/b", though "a" before "a.b". Texts
        # sort as their UTF-8 does, but for names that are none, which no tree may have.
        ordered = [
            (f"{name}/", entry, True) if entry.is_dir(follow_symlinks=False) else (name, entry, False)
            for name, entry in entries.items()
        ]
        ordered.sort(key=_first)
        self._levels.append(_Level(folder, prefix, rules, iter(ordered), found))

    def _leave(self) -> Iterator[Found]:
        level = self._levels.pop()
        os.close(level.folder)
        if not self._levels:
            return
        self._levels[-1].found.clear()
        yield from level.found

    def _look(self, level: _Level, entry: os.DirEntry[str], folder: bool) -> Found | None:
        name = entry.name
        if name in SKIPPED or is_temporary(name):
            return None
        path = level.prefix + name
        if level.rules is not None and level.rules.ignored(path, folder):
            return None
        try:
            status = entry.stat(follow_symlinks=False)
        except FileNotFoundError:
            return None
        except OSError as error:
            return self._refuse(path, f"cannot be read: {error.strerror}")
        if stat.S_IFMT(status.st_mode) not in _KINDS or not is_plain_name(name):
            fault = name_fault(name, top=not level.prefix) or _kind_fault(status.st_mode)
            if fault:
                return self._refuse(path, fault)
        found = Found(path.encode(), level.folder, name, status)
        if len(found.key) > MAX_PATH:
            return self._refuse(path, f"its path has more than {MAX_PATH} bytes")
        if not folder:
            return found
        if (status.st_dev, status.st_ino) not in self._avoid:
            self._descend(level, found, path)
        return None

    def _descend(self, level: _Level, found: Found, path: str) -> None:
        if len(self._levels) >= MAX_DEPTH:
            self._refuse(path, f"it is nested in more than {MAX_DEPTH} folders")
            return
        try:
            below = os.open(found.name, OPEN_FOLDER, dir_fd=level.folder)
        except FileNotFoundError:
            return
        except OSError as error:
            self._refuse(path, f"cannot be read: {error.strerror}")
            return
        self._enter(below, f"{path}/", level.rules, [found])

    def _refuse(self, path: str, reason: str) -> None:
        self.problems.append(Problem(readable(path), reason))


class Folders:
    """The folders of one directory by path, for reading and writing what is in them. For one thread.

    Keeps the folders on the way to the last one asked for open, so that sorted paths open each folder once.
    """

    def __init__(self, directory: Path) -> None:
        self._path: list[str] = []
        self._open = [os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)]

    def find(self, path: list[str]) -> int | None:
        """The open folder at a path, or None if there is none: it is missing, no folder, or behind a symlink."""
        self._back_to(path)
        try:
            while len(self._path) < len(path):
                self._down(path[len(self._path)])
        except OSError as fault:
            if fault.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
                return None
            raise
        return self._open[-1]

    def make(self, path: list[str]) -> int:
        """The open folder at a path, made if it is missing. A file or symlink in the way is removed; OSError."""
        self._back_to(path)
        while len(self._path) < len(path):
            name = path[len(self._path)]
            try:
                self._down(name)
            except OSError as fault:
                if fault.errno not in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
                    raise
                if fault.errno != errno.ENOENT:
                    os.unlink(name, dir_fd=self._open[-1])
                os.mkdir(name, dir_fd=self._open[-1])
                self._down(name)
        return self._open[-1]

    def close(self) -> None:
        """Close every folder."""
        while self._open:
            os.close(self._open.pop())

    def __enter__(self) -> Folders:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _back_to(self, path: list[str]) -> None:
        if self._path == path:
            return
        shared = 0
        for ours, asked in zip(self._path, path, strict=False):
            if ours != asked:
                break
            shared += 1
        while len(self._path) > shared:
            self._path.pop()
            os.close(self._open.pop())

    def _down(self, name: str) -> None:
        self._open.append(os.open(name, OPEN_FOLDER, dir_fd=self._open[-1]))
        self._path.append(name)


def read_start(folder: int, name: str, limit: int = 1 << 20) -> bytes:
    """The first bytes of a regular file; b"" if it is anything else."""
    try:
        descriptor = os.open(name, OPEN_FILE, dir_fd=folder)
    except OSError:
        return b""
    try:
        return os.read(descriptor, limit) if stat.S_ISREG(os.fstat(descriptor).st_mode) else b""
    finally:
        os.close(descriptor)


def stat_in(folder: int, name: str) -> os.stat_result | None:
    """What a name in a folder is, a symlink itself; None if there is nothing."""
    try:
        return os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None


def identity(path: str) -> frozenset[tuple[int, int]]:
    """(st_dev, st_ino) of a path, if there is something: for `Walk`."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return frozenset()
    return frozenset({(found.st_dev, found.st_ino)})


Progress = Callable[[int, int], None]
"""Called now and then with the entries and the bytes that were dealt with so far."""


def _kind_fault(mode: int) -> str:
    if stat.S_ISREG(mode) or stat.S_ISLNK(mode) or stat.S_ISDIR(mode):
        return ""
    kind = "a named pipe" if stat.S_ISFIFO(mode) else "a socket" if stat.S_ISSOCK(mode) else "a device"
    return f"it is {kind}, not a file"
