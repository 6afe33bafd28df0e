"""Files as they stood at one moment: reading, listing, and writing them out to a directory."""

from __future__ import annotations

import io
import stat
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from objstore.errors import InvalidPath, UnknownPath
from objstore.files.checkout import Checkout, checkout, preview
from objstore.files.info import FileInfo, Listed
from objstore.files.listing import glob, info_of, is_folder_path, list_folder
from objstore.files.local import write_local
from objstore.files.patch import FileDiff, patch
from objstore.files.paths import check_path
from objstore.files.pattern import compile_pattern
from objstore.files.stat_cache import StatCache
from objstore.files.streams import open_blob
from objstore.objects.blobs import blob_chunks, read_blob, read_range
from objstore.objects.kinds import Oid
from objstore.objects.trees import Entry, count, get, scan_prefix
from objstore.repository.repository import Repository


class FilesView:
    """The files of one commit. Read-only."""

    def __init__(self, repo: Repository, root: Oid | None) -> None:
        """`root` is the tree, or None for a moment without files."""
        self._repo = repo
        self._root = root

    @property
    def root(self) -> Oid | None:
        """The oid of the tree, equal for equal files; None where there were never any."""
        return self._root

    def __len__(self) -> int:
        """How many entries there are: files, symlinks and empty folders."""
        return 0 if self._root is None else count(self._root, self._repo.nodes)[0]

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return 0 if self._root is None else count(self._root, self._repo.nodes)[1]

    def __contains__(self, path: str) -> bool:
        return self._entry(path) is not None

    def __iter__(self) -> Iterator[FileInfo]:
        return self.find()

    def info(self, path: str) -> FileInfo:
        """What is known of a file. UnknownPath, InvalidPath."""
        entry = self._entry(path)
        if entry is None:
            raise UnknownPath(path)
        return FileInfo(path, entry.mode, entry.size, entry.oid)

    def read(self, path: str, start: int = 0, length: int | None = None) -> bytes:
        """The bytes of a file (of a symlink: its target), or of a range of it. UnknownPath, InvalidPath."""
        info = self.info(path)
        if start or length is not None:
            rest = info.size - start if length is None else length
            return read_range(info.oid, start, max(rest, 0), self._repo.storage.read)
        return read_blob(info.oid, self._repo.storage.read)

    def chunks(self, path: str) -> Iterator[bytes]:
        """The bytes of a file piece by piece, in bounded memory. UnknownPath, InvalidPath."""
        return blob_chunks(self.info(path).oid, self._repo.storage.read)

    def open(self, path: str) -> io.BufferedReader:
        """A file object to read a file with, in bounded memory; it can seek. UnknownPath, InvalidPath."""
        info = self.info(path)
        return open_blob(info.oid, info.size, self._repo.storage.read)

    def read_to(self, path: str, target: str | Path) -> int:
        """Write a file's bytes and permission bits to a local file, whole or not at all; how many bytes.

        UnknownPath, InvalidPath, OSError.
        """
        info = self.info(path)
        if not stat.S_ISREG(info.mode):
            raise InvalidPath(path, "it is a symlink or a folder here. Use checkout")
        return write_local(Path(target), self.chunks(path), info.mode & 0o777)

    def exists(self, path: str) -> bool:
        """Whether there is a file, or a folder with something in it. InvalidPath."""
        there = path in self
        return there or (self._root is not None and is_folder_path(self._root, self._repo.nodes, path.encode() + b"/"))

    def find(self, prefix: str = "") -> Iterator[FileInfo]:
        """The files whose paths begin with `prefix`, by path; "src/" lists a folder with all below it."""
        if self._root is None:
            return
        for key, entry in scan_prefix(self._root, self._repo.nodes, prefix.encode()):
            yield info_of(key, entry)

    def list(self, folder: str = "", *, after: str = "", limit: int | None = None) -> Iterator[Listed]:
        """What is in one folder ("" is the top) and not in folders below it, at most `limit`, after the name `after`.

        In the order of paths: "a.txt" comes before what is in "a/". UnknownPath: there is no such folder; InvalidPath.
        """
        prefix = f"{check_path(folder.removesuffix('/'))}/" if folder else ""
        root = self._root
        if prefix and (root is None or not is_folder_path(root, self._repo.nodes, prefix.encode())):
            entry = self._entry(prefix[:-1])
            if entry is None or not stat.S_ISDIR(entry.mode):
                raise UnknownPath(prefix)
        return iter(()) if root is None else islice(list_folder(root, self._repo.nodes, prefix, after), limit)

    def glob(self, pattern: str) -> Iterator[FileInfo]:
        """The files whose whole paths match a pattern, by path: `*`, `?`, `[a-z]`, `{a,b}`, `**` for any folders.

        "*.py" is what lies at the top, "**/*.py" what lies anywhere. InvalidPattern.
        """
        compile_pattern(pattern)
        return iter(()) if self._root is None else glob(self._root, self._repo.nodes, pattern)

    def patch(self, newer: FilesView, *, path: str = "", context: int = 3, renames: bool = True) -> Iterator[FileDiff]:
        """What changed from these files to others of the store, by path: texts as unified diffs, renames, and a word
        about binaries. `path` is a file or a folder ("src/"), `context` the equal lines shown around what differs."""
        return patch(self._repo, self._root, newer._root, path=path, context=context, renames=renames)

    def checkout(
        self, directory: str | Path, *, previous: Oid | None = None, clean: bool = False, dry_run: bool = False
    ) -> Checkout:
        """Write the files into a directory: only what differs, each file whole or not at all, nothing outside it.

        `previous` is the tree that the directory was at: its files that are not in this one are removed. Files that
        neither has are left alone, unless `clean` says that all goes that a snapshot would take. What was done is
        returned; with `dry_run`, what would be.
        """
        path = Path(directory)
        cache = StatCache.of(self._repo.cache, path)
        if dry_run:
            return preview(self._root, self._repo.storage, path, cache, previous=previous, clean=clean)
        return checkout(self._root, self._repo.storage, path, cache, previous=previous, clean=clean)

    def _entry(self, path: str) -> Entry | None:
        key = check_path(path).encode()
        return None if self._root is None else get(self._root, key, self._repo.nodes)
