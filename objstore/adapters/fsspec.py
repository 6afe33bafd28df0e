"""A store's files as an fsspec file system, `objstore://`: what pandas, pyarrow, zarr, dask and others read and write with.

    fs = ObjstoreFileSystem("path/to/store", workspace="data")
    pandas.read_csv("objstore://a.csv", storage_options={"store": "path/to/store", "workspace": "data", "at": "~1"})

Paths are those of one workspace, or of one conversation's files. Every write is a commit; a transaction is one commit for
all that is done in it, deletes and moves too. At a moment (`at`) it is read-only. As in a bucket, folders are there as long
as something is in them; times are told by the history, not by files. Needs the extra `fsspec`.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportIncompatibleMethodOverride=false
# pyright: reportIncompatibleVariableOverride=false, reportPrivateUsage=false
# (fsspec has no types, and asks for overrides that have more arguments than they use)

from __future__ import annotations

import errno
import io
import shutil
import threading
import weakref
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import Any, ClassVar, Literal, cast

from fsspec import AbstractFileSystem
from fsspec.transaction import Transaction

import objstore
from objstore.errors import UnknownWorkspace
from objstore.files.draft import FilesDraft
from objstore.files.info import FileInfo
from objstore.files.view import FilesView
from objstore.files.workspace import Workspace
from objstore.repository.moments import When
from objstore.store import Store

Info = dict[str, Any]
"""As fsspec has it: name, size, type ("file", "directory", "other"); here also `oid` and `mode`."""

_HELD = 1 << 20  # Bytes of a file in a transaction that stay in memory.


class CommitTransaction(Transaction):
    """Everything that is written, deleted, copied and moved until it ends, as one commit or not at all."""

    def start(self) -> None:
        """Begin the commit."""
        super().start()
        cast("ObjstoreFileSystem", self.fs).begin()

    def complete(self, commit: bool = True) -> None:
        """Make the commit, or forget what was to be in it. Errors as `Workspace.commit`."""
        file_system = cast("ObjstoreFileSystem", self.fs)
        self.files.clear()  # They are in the commit's draft already.
        file_system._intrans = False
        file_system.end(keep=commit)


class ObjstoreFileSystem(AbstractFileSystem):
    """Files of a workspace. Safe between threads, but for one transaction at a time."""

    protocol: ClassVar[str] = "objstore"
    root_marker = ""
    transaction_type = CommitTransaction

    def __init__(
        self,
        store: str | Path | Store,
        *,
        workspace: str = "files",
        conversation: str | None = None,
        at: When | None = None,
        create: bool = False,
        message: str = "",
        **options: Any,
    ) -> None:
        """`store`: a store, or where one is; `create` makes a folder's. `workspace` is made when it is first written to.

        `conversation`: that one's files instead of a workspace's. `at`: a moment of it ("~1", "#3", "@{2 hours ago}").
        `message` is that of the commits. Errors as `objstore.open`.
        """
        super().__init__(**options)
        self.store = store if isinstance(store, Store) else objstore.open(store, create=create)
        if self.store is not store:
            weakref.finalize(self, self.store.close)
        self._name, self._conversation, self._at, self._message = workspace, conversation, at, message
        self._draft: FilesDraft | None = None
        self._block = ExitStack()
        self._lock = threading.RLock()

    # Reading

    def ls(self, path: str, detail: bool = True, **options: Any) -> list[Any]:  # noqa: ARG002
        """What is in a folder, or the file itself. FileNotFoundError."""
        found = self._list(self._path(path))
        return found if detail else [info["name"] for info in found]

    def info(self, path: str, **options: Any) -> Info:  # noqa: ARG002
        """What is known of a file or folder. FileNotFoundError."""
        name = self._path(path)
        view = self._view()
        if name and name in view:
            return _info(view.info(name))
        if name and not view.exists(name):
            raise _missing(name)
        return _folder(name)

    def find(
        self, path: str, maxdepth: int | None = None, withdirs: bool = False, detail: bool = False, **options: Any
    ) -> Any:
        """All files below a folder."""
        if maxdepth is not None or withdirs:
            above = cast("Any", super())
            return above.find(path, maxdepth=maxdepth, withdirs=withdirs, detail=detail, **options)
        name, view = self._path(path), self._view()
        there = [view.info(name)] if name and name in view else view.find(f"{name}/" if name else "")
        found = {info["name"]: info for info in map(_info, there) if info["type"] != "directory"}
        return found if detail else list(found)

    def cat_file(self, path: str, start: int | None = None, end: int | None = None, **options: Any) -> bytes:  # noqa: ARG002
        """The bytes of a file, or of a range of it; negative places count from its end. FileNotFoundError."""
        info = self._file(path)
        first, last, _ = slice(start, end).indices(info["size"])
        return self._view().read(info["name"], first, max(last - first, 0))

    def ukey(self, path: str) -> str:
        """The id of a file's content: equal for equal bytes, whenever they were written."""
        return self._file(path)["oid"]

    def checksum(self, path: str) -> int:
        """The same as a number."""
        return int(self.ukey(path), 16)

    def at(self, moment: When) -> ObjstoreFileSystem:
        """The same files at a moment; read-only."""
        return ObjstoreFileSystem(self.store, workspace=self._name, conversation=self._conversation, at=moment)

    # Writing

    def _open(self, path: str, mode: str = "rb", **options: Any) -> Any:  # noqa: ARG002
        name = self._path(path)
        if mode == "rb":
            info = self._file(name)
            file = cast("Any", self._view().open(name))
            file.size = info["size"]  # Asked for by fsspec's own readers of blocks.
            return file
        if mode not in ("wb", "xb", "ab"):
            raise ValueError(f"a file is opened with 'rb', 'wb', 'xb' or 'ab', not {mode!r}")
        self._refuse_read_only(name)
        if mode == "xb" and self.exists(name):
            raise FileExistsError(errno.EEXIST, "there is such a file", name)
        if mode == "wb" and self._draft is None:
            return self._workspace().open(name, "wb", message=self._message)
        return HeldFile(lambda file: self._keep(name, file, append=mode == "ab"))

    def _keep(self, name: str, file: io.IOBase, *, append: bool) -> None:
        with self._edit(name) as draft:
            if append:
                draft.append(name, cast("bytes", cast("Any", file).read()))
                return
            with draft.open(name) as target:
                shutil.copyfileobj(cast("Any", file), target)

    def pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **options: Any) -> None:  # noqa: ARG002
        """Set the bytes of a file. FileExistsError: `mode` is "create", and it is there."""
        name = self._path(path)
        with self._edit(name) as draft:
            if mode == "create" and self.exists(name):
                raise FileExistsError(errno.EEXIST, "there is such a file", name)
            draft.write(name, bytes(value))

    def cp_file(self, path1: str, path2: str, **options: Any) -> None:  # noqa: ARG002
        """Put a file at a second path; no byte is copied. Of a folder nothing: it is there when its files are."""
        source, target = self._path(path1), self._path(path2)
        if not self.isdir(source):
            with self._edit(target) as draft:
                draft.copy(source, target, overwrite=True)

    def mv(self, path1: Any, path2: Any, recursive: bool = False, maxdepth: int | None = None, **options: Any) -> None:
        """Move files. One to a new path, or with `recursive` a folder, is one step; otherwise as copies and deletes."""
        if isinstance(path1, str) and isinstance(path2, str) and maxdepth is None and not path2.endswith("/"):
            source, target = self._path(path1), self._path(path2)
            whole = self.isfile(source) or (recursive and self.isdir(source) and not path1.endswith("/"))
            if whole and not self.exists(target):
                with self._edit(target) as draft:
                    draft.move(source, target)
                return
        cast("Any", super()).mv(path1, path2, recursive=recursive, maxdepth=maxdepth, **options)

    def rm(self, path: Any, recursive: bool = False, maxdepth: int | None = None) -> None:
        """Delete files, and with `recursive` folders, in one commit. FileNotFoundError; IsADirectoryError."""
        expand = cast("Callable[..., list[str]]", self.expand_path)
        names = [
            name.rstrip("/") for name in expand(path, recursive=maxdepth is not None and recursive, maxdepth=maxdepth)
        ]
        with self._edit(names[0] if names else "") as draft:
            for name in names:
                if self.isfile(name):
                    draft.delete(name)
                elif not self.exists(name):
                    raise _missing(name)
                elif maxdepth is None:
                    if not recursive:
                        raise IsADirectoryError(errno.EISDIR, "it is a folder. Use recursive=True", name)
                    for each in [name] if name else self.ls("", detail=False):
                        draft.delete(each, recursive=True)

    def _rm(self, path: str) -> None:
        name = self._path(path)
        with self._edit(name) as draft:
            draft.delete(name)

    def rm_file(self, path: str) -> None:
        """Delete one file. FileNotFoundError."""
        self._rm(path)

    def mkdir(self, path: str, create_parents: bool = True, **options: Any) -> None:
        """Nothing: a folder is there when something is in it."""

    def makedirs(self, path: str, exist_ok: bool = False) -> None:
        """As `mkdir`. FileExistsError: it is there and need not be."""
        if not exist_ok and self.exists(path):
            raise FileExistsError(errno.EEXIST, "there is such a folder", path)

    def rmdir(self, path: str) -> None:
        """Nothing but a look: a folder with nothing in it is not there. OSError: there is something in it."""
        if self.ls(path):
            raise OSError(errno.ENOTEMPTY, "there is something in it. Use rm with recursive=True", path)

    # Transactions

    def begin(self) -> None:
        """Begin one commit for all that is done from now on. OSError: this is a moment of the past, read-only."""
        with self._lock:
            self._refuse_read_only("")
            self._draft = self._block.enter_context(self._workspace().commit(self._message, why="transaction"))

    def end(self, *, keep: bool) -> None:
        """Make the commit that was begun, or forget it; harmless if none was."""
        with self._lock:
            self._draft, block, self._block = None, self._block, ExitStack()
            if keep:
                block.close()
            else:
                block.__exit__(_Forgotten, _Forgotten(), None)

    @contextmanager
    def _edit(self, name: str) -> Generator[FilesDraft, None, None]:
        """A draft to change: the transaction's, or one that is a commit by itself."""
        self._refuse_read_only(name)
        with self._lock:
            if self._draft is not None:
                yield self._draft
                return
        with self._workspace().commit(self._message, why="write") as draft:
            yield draft

    # Places

    def _path(self, path: str) -> str:
        return cast("str", cast("Any", self)._strip_protocol(path)).strip("/")

    def _workspace(self, *, create: bool = True) -> Workspace:
        if self._conversation is not None:
            return self.store.conversations.open(self._conversation).files
        return self.store.files.open(self._name, create=create)

    def _view(self) -> FilesView:
        try:
            return self._workspace(create=False).at("~0" if self._at is None else self._at)
        except UnknownWorkspace:
            if self._at is not None:
                raise
            return self._workspace().at("~0")

    def _file(self, path: str) -> Info:
        info = self.info(path)
        if info["type"] == "directory":
            raise IsADirectoryError(errno.EISDIR, "it is a folder", info["name"])
        return info

    def _list(self, name: str) -> list[Info]:
        view = self._view()
        if name and name in view:
            return [_info(view.info(name))]
        if name and not view.exists(name):
            raise _missing(name)
        return [_folder(each.path.rstrip("/")) if each.info is None else _info(each.info) for each in view.list(name)]

    def _refuse_read_only(self, name: str) -> None:
        if self._at is not None:
            raise OSError(errno.EROFS, f"this is the moment {self._at} of the past, which is read-only", name)


class _Forgotten(Exception):
    """Ends the block of a transaction that is given up."""


class HeldFile(SpooledTemporaryFile[bytes]):
    """A file that is written aside, and handed over when it is closed; left by an exception it is not."""

    def __init__(self, keep: Callable[[io.IOBase], None]) -> None:
        """`keep` is given the whole file, at its beginning."""
        super().__init__(max_size=_HELD)
        self._keep = keep

    def close(self) -> None:
        """Hand it over. What the writing raises."""
        if not self.closed:
            try:
                self.seek(0)
                self._keep(cast("io.IOBase", self))
            finally:
                super().close()

    def discard(self) -> None:
        """Forget it."""
        super().close()

    def __exit__(self, kind: Any, error: Any, trace: Any) -> Literal[False] | None:
        if kind is None:
            self.close()
        else:
            self.discard()
        return None


def _info(info: FileInfo) -> Info:
    mode = info.mode & 0o170000
    kind = {0o100000: "file", 0o040000: "directory"}.get(mode, "other")
    return {"name": info.path, "size": info.size, "type": kind, "mode": info.mode, "oid": info.oid.hex()}


def _folder(name: str) -> Info:
    return {"name": name, "size": 0, "type": "directory"}


def _missing(name: str) -> FileNotFoundError:
    return FileNotFoundError(errno.ENOENT, "there is no such file or folder", name)
