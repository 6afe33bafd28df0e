"""A workspace: files with a history. `store.files.open(…)` gives one, and `conv.files` is one on a conversation's ref.

Every write is a commit. A commit on a conversation's ref leaves its events and settings as they were.
"""

from __future__ import annotations

import io
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Literal, overload

from objstore.errors import DirtyWorkspace
from objstore.files.checkout import Checkout
from objstore.files.dirty import dirty_paths
from objstore.files.draft import FilesDraft
from objstore.files.head import HeadFiles
from objstore.files.lock import Lock, LockInfo, break_lock, locks_at, take
from objstore.files.patch import FileDiff
from objstore.files.paths import check_path
from objstore.files.snapshot import Snapshot
from objstore.files.stat_cache import StatCache
from objstore.files.streams import FileWriter
from objstore.files.view import FilesView
from objstore.objects.kinds import Oid
from objstore.objects.trees import Change
from objstore.repository.branch import Branch
from objstore.repository.commit import CommitInfo, commit_info
from objstore.repository.diff import diff_trees
from objstore.repository.growth import Growth
from objstore.repository.guard import Guard
from objstore.repository.history import first_parents
from objstore.repository.moments import When, locate

if TYPE_CHECKING:
    from objstore.files.blame import BlamedLine

_LOOKED_BACK = 10_000  # Commits in which a directory's last tree is looked for.


class Workspace(HeadFiles):
    """The files of a ref, at its head and at any moment before. Safe between threads."""

    def __init__(self, branch: Branch, guard: Guard | None = None) -> None:
        """`guard` is what every write demands to be still ours."""
        super().__init__(branch)
        self._guard = guard

    # Moments

    def at(self, moment: When) -> FilesView:
        """The files at a moment: a commit, "~2", "@{2 hours ago}", a time. InvalidRevision, UnknownRevision."""
        return FilesView(self._repo, self._repo.commit(locate(self._branch, moment)).files)

    def log(self) -> Iterator[CommitInfo]:
        """The commits that changed the files, newest first."""
        head = self._branch.need_head()
        walk = first_parents(self._repo, head)
        newer = next(walk)
        for older in walk:
            if newer[1].files != older[1].files:
                yield commit_info(*newer)
            newer = older
        yield commit_info(*newer)

    def diff(self, a: When, b: When) -> list[Change]:
        """What changed from moment `a` to moment `b`: keys (paths in UTF-8) with their old and new entries."""
        old = self._repo.commit(locate(self._branch, a)).files
        return list(diff_trees(self._repo, old, self._repo.commit(locate(self._branch, b)).files))

    def patch(self, a: When, b: When, *, path: str = "", context: int = 3, renames: bool = True) -> Iterator[FileDiff]:
        """What changed from moment `a` to moment `b`, to read: as `FilesView.patch`."""
        return self.at(a).patch(self.at(b), path=path, context=context, renames=renames)

    def blame(self, path: str, *, at: When | None = None) -> list[BlamedLine]:
        """The lines of a file with the commits, and so the events, that wrote them; through renames and merges.

        UnknownPath; InvalidPath: it is a binary.
        """
        from objstore.files.blame import blame

        return blame(self._repo, self._branch.need_head() if at is None else locate(self._branch, at), check_path(path))

    def undo(self) -> None:
        """Take back the last step of this ref. NothingToUndo, MovedHead."""
        self._branch.undo()

    def redo(self) -> None:
        """Make the step again that was undone last. NothingToUndo, MovedHead."""
        self._branch.redo()

    # Writing

    @overload
    def open(self, path: str, how: Literal["rb"] = "rb") -> io.BufferedReader: ...
    @overload
    def open(self, path: str, how: Literal["wb"], *, mode: int = 0o644, message: str = "") -> FileWriter: ...
    def open(
        self, path: str, how: Literal["rb", "wb"] = "rb", *, mode: int = 0o644, message: str = ""
    ) -> io.BufferedReader | FileWriter:
        """A file object in bounded memory. To read ("rb") it is of the head as it is now, and can seek.

        What is written ("wb") becomes a commit when the file is closed; left by an exception, it does not. UnknownPath,
        InvalidPath.
        """
        if how == "rb":
            return self._now().open(path)
        if how != "wb":
            raise ValueError(f"a file of a store is opened with 'rb' or 'wb', not {how!r}")
        with ExitStack() as block:
            file = block.enter_context(self.commit(message, why="write")).open(path, mode=mode)
            return file.within(block.pop_all())

    def write(self, path: str, data: bytes, *, mode: int = 0o644, message: str = "") -> CommitInfo:
        """Set one file, durably. InvalidPath."""
        with self.commit(message, why="write") as draft:
            draft.write(path, data, mode=mode)
        return draft.done

    def append(self, path: str, data: bytes, *, mode: int = 0o644, message: str = "") -> CommitInfo:
        """Put bytes behind those of a file, durably; it is made if it is not there. InvalidPath.

        Appends of several writers at once all land, one behind the other.
        """
        with self.commit(message, why="append") as draft:
            draft.append(path, data, mode=mode)
        return draft.done

    def write_from(self, path: str, source: str | Path, *, mode: int | None = None, message: str = "") -> CommitInfo:
        """Set a file to a local file's content and permission bits, in bounded memory. InvalidPath, OSError."""
        with self.commit(message, why="write") as draft:
            draft.write_from(path, source, mode=mode)
        return draft.done

    def delete(self, path: str, *, recursive: bool = False, message: str = "") -> CommitInfo:
        """Remove one file, durably; with `recursive`, or a folder with all in it. UnknownPath, InvalidPath."""
        with self.commit(message, why="delete") as draft:
            draft.delete(path, recursive=recursive)
        return draft.done

    def move(self, source: str, target: str, *, overwrite: bool = False, message: str = "") -> CommitInfo:
        """Give a file, or a folder with all in it, another path, durably. UnknownPath, PathExists, InvalidPath."""
        with self.commit(message, why="move") as draft:
            draft.move(source, target, overwrite=overwrite)
        return draft.done

    def copy(self, source: str, target: str, *, overwrite: bool = False, message: str = "") -> CommitInfo:
        """Put a file, or a folder with all in it, at a second path, durably. Errors as `move`."""
        with self.commit(message, why="copy") as draft:
            draft.copy(source, target, overwrite=overwrite)
        return draft.done

    def snapshot(self, directory: str | Path, *, message: str = "") -> Snapshot:
        """Take the files as a directory has them now, in one commit; none is made if nothing changed."""
        with self.commit(message, why="snapshot") as draft:
            return draft.snapshot(directory)

    def replace(self, other: Workspace | FilesView, *, message: str = "") -> CommitInfo:
        """Take over the files of another workspace or view of this store: O(1), whatever their size."""
        root = other.root
        with self.commit(message, why="replace") as draft:
            if root is not None:
                draft.replace(root)
        return draft.done

    @contextmanager
    def commit(self, message: str = "", *, why: str = "commit") -> Generator[FilesDraft, None, None]:
        """Several changes as one commit: made when the block ends well, all or nothing, with one flush."""
        head = self._branch.need_head()
        with self._repo.storage.stage() as stage:
            draft = FilesDraft(self._repo, stage, self._repo.commit(head).files)
            yield draft

            def build(growth: Growth) -> None:
                files = draft.tree.apply_to(growth.files, growth.objects.append)
                if files != growth.files:
                    growth.add(files=files, settings=growth.settings, time=self._repo.now(), message=message)

            growth = self._branch.grow(build, why, stage=stage, guard=self._guard)
            assert growth.oid is not None
            assert growth.commit is not None
            draft.done = commit_info(growth.oid, growth.commit)

    # Locks

    def lock(self, name: str = "", *, owner: str | None = None, ttl: float = 60, wait: float = 0) -> Lock:
        """Take the lock of a name (a path, say; "" for all) for `ttl` seconds: `with ws.lock("src/app.py") as lock: …`.

        Every process sees it; `owner` is the store's author by default. It waits up to `wait` seconds for another's.
        LockHeld. What a lock protects is agreed on, not enforced, but for writes `under` it.
        """
        return take(self._repo, self._branch.name, name, self._repo.author if owner is None else owner, ttl, wait)

    def locks(self) -> Iterator[LockInfo]:
        """The locks that are held."""
        return locks_at(self._repo, self._branch.name)

    def break_lock(self, name: str = "") -> LockInfo | None:
        """Take a lock away from whoever has it; whose it was. Its owner's writes under it fail from then on."""
        return break_lock(self._repo, self._branch.name, name)

    def under(self, lock: Lock) -> Workspace:
        """The same files for writing under a lock: each write renews it, and is refused if it is not ours any more.

        Writes raise LockLost beside what they raise otherwise; nothing was changed then.
        """
        return Workspace(self._branch, lock)

    # Directories

    def checkout(
        self,
        directory: str | Path,
        *,
        at: When | None = None,
        discard: bool = False,
        clean: bool = False,
        dry_run: bool = False,
    ) -> Checkout:
        """Bring a directory to a moment (the head by default), from the moment of this history that it was last at.

        DirtyWorkspace: it has changes that would be overwritten, and `discard` does not give them up. Files in it that
        were never part of this are left alone, unless `clean` says that all goes that a snapshot would take. With
        `dry_run` nothing is done but saying what would be.
        """
        target = self._branch.need_head() if at is None else locate(self._branch, at)
        path = Path(directory)
        before = self._last_seen(path)
        root = self._repo.commit(target).files
        if not discard and not dry_run:
            refuse_dirty(self._branch, path, before, root)
        return FilesView(self._repo, root).checkout(path, previous=before, clean=clean, dry_run=dry_run)

    def _last_seen(self, directory: Path) -> Oid | None:
        """The tree that a directory was last brought to or taken at, if it is one of this history."""
        cache = StatCache.of(self._repo.cache, directory)
        root = None if cache is None else cache.load(self._repo.hasher).root
        if root is None:
            return None
        walk = islice(first_parents(self._repo, self._branch.need_head()), _LOOKED_BACK)
        return root if any(commit.files == root for _, commit in walk) else None

    @contextmanager
    def temporary(self, *, at: When | None = None) -> Generator[Path, None, None]:
        """A folder of the operating system to work in, empty or with the files of a moment; it is in no history.

        It is gone when the block ends, or, if this process dies before, when the next one is asked for. What is to
        stay is taken by `write_from` or `snapshot`.
        """
        from objstore.files.scratch import scratch_folder

        with scratch_folder(self._repo.cache) as folder:
            if at is not None:
                self.at(at).checkout(folder)
            yield folder


def bring(branch: Branch, directory: Path, target: Oid, previous: Oid, *, discard: bool) -> Checkout:
    """Bring a directory to the files of a commit; `previous` is the commit that it was at.

    DirtyWorkspace: it differs from `previous` in ways that would be lost, and `discard` is not set.
    """
    repo = branch.repo
    root, before = repo.commit(target).files, repo.commit(previous).files
    if not discard:
        refuse_dirty(branch, directory, before, root)
    return FilesView(repo, root).checkout(directory, previous=before)


def refuse_dirty(branch: Branch, directory: Path, before: Oid | None, after: Oid | None) -> None:
    """DirtyWorkspace: bringing a directory from one tree to another would overwrite what no commit holds."""
    repo = branch.repo
    cache = StatCache.of(repo.cache, directory)
    dirty = dirty_paths(directory, before, repo.storage, cache, target=after)
    if dirty:
        raise DirtyWorkspace(str(directory), tuple(dirty[:20]))
