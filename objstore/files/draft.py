"""Changes to files that become one commit.

They are made in their order: a move sees what was written before it. Overtaken by another writer, the same changes are
made to that writer's files, so an append lands behind what the other appended.
"""

from __future__ import annotations

import stat
from pathlib import Path

from objstore.errors import InvalidPath, UnknownPath
from objstore.files import moving
from objstore.files.batch_writer import BatchWriter
from objstore.files.local import read_local
from objstore.files.paths import check_path
from objstore.files.snapshot import Snapshot, snapshot
from objstore.files.stat_cache import StatCache
from objstore.files.streams import FileWriter
from objstore.objects.blob_writer import BlobWriter
from objstore.objects.kinds import Oid
from objstore.objects.trees import Entry
from objstore.repository.commit import CommitInfo
from objstore.repository.repository import Repository
from objstore.repository.tree_draft import TreeDraft
from objstore.storage.protocol import Stage


class FilesDraft:
    """What `with files.commit(…) as w` gives: writes that are seen together, or not at all. For one thread."""

    def __init__(self, repo: Repository, stage: Stage, previous: Oid | None) -> None:
        """`previous` is the tree of the head as the draft begins, for incremental snapshots."""
        self._repo = repo
        self._stage = stage
        self._previous = previous
        self.tree = TreeDraft(repo, b"/", UnknownPath, InvalidPath, stage)
        self.done: CommitInfo
        """Set when the block has ended well: the commit that holds it (the head where there was nothing to commit)."""

    def write(self, path: str, data: bytes, *, mode: int = 0o644) -> None:
        """Set a file's bytes and permission bits. InvalidPath."""
        with self.open(path, mode=mode) as file:
            file.write(data)

    def append(self, path: str, data: bytes, *, mode: int = 0o644) -> None:
        """Put bytes behind those of a file, made with these permission bits if it is not there.

        Costs what is appended, not what is there. InvalidPath.
        """
        self.tree.change(moving.append(check_path(path), bytes(data), mode & 0o777, self._repo.hasher))

    def open(self, path: str, *, mode: int = 0o644) -> FileWriter:
        """A file object to write a file with, in bounded memory; it is set when that is closed. InvalidPath."""
        key = check_path(path).encode()
        batch = BatchWriter(self._repo.storage, self._stage)

        def finish(oid: Oid, size: int) -> None:
            batch.flush()
            self.tree.put(key, Entry(stat.S_IFREG | (mode & 0o777), oid, size))

        return FileWriter(BlobWriter(self._repo.hasher, batch.add), finish)

    def write_from(self, path: str, source: str | Path, *, mode: int | None = None) -> None:
        """Set a file to a local file's content and, without `mode`, permission bits; in bounded memory.

        InvalidPath; OSError: it cannot be read, or is no regular file.
        """
        key = check_path(path).encode()
        batch = BatchWriter(self._repo.storage, self._stage)
        oid, size, found = read_local(Path(source), BlobWriter(self._repo.hasher, batch.add))
        batch.flush()
        self.tree.put(key, Entry(stat.S_IFREG | (found if mode is None else mode & 0o777), oid, size))

    def delete(self, path: str, *, recursive: bool = False) -> None:
        """Remove a file; with `recursive`, or a folder with all that is in it.

        InvalidPath; UnknownPath when the commit is made.
        """
        if recursive:
            self.tree.change(moving.remove_folder(check_path(path)))
        else:
            self.tree.remove(check_path(path).encode())

    def move(self, source: str, target: str, *, overwrite: bool = False) -> None:
        """Give a file, or a folder with all that is in it, another path.

        InvalidPath; when the commit is made UnknownPath, and PathExists unless `overwrite`: something is there.
        """
        self._transfer(source, target, keep=False, overwrite=overwrite)

    def copy(self, source: str, target: str, *, overwrite: bool = False) -> None:
        """As `move`, and what was there stays. No content is copied: equal content is stored once."""
        self._transfer(source, target, keep=True, overwrite=overwrite)

    def snapshot(self, directory: str | Path) -> Snapshot:
        """Take the files as a directory has them now; what was found, skipped and why. NotADirectoryError."""
        path = Path(directory)
        cache = StatCache.of(self._repo.cache, path)
        taken = snapshot(path, self._repo.storage, self._stage, self._previous, cache)
        self.tree.replace(taken.root)
        return taken

    def replace(self, root: Oid) -> None:
        """Take the files of another tree of this store, whatever its size, by its oid."""
        self.tree.replace(root)

    def _transfer(self, source: str, target: str, *, keep: bool, overwrite: bool) -> None:
        self.tree.change(moving.transfer(check_path(source), check_path(target), keep=keep, overwrite=overwrite))
