"""Files by path in a workspace, with the methods and errors of the app server's file stores.

As in a bucket there are no empty folders: a folder that is not there lists nothing.
"""

from __future__ import annotations

import os

from objstore.adapters.openhands.paths import key_of
from objstore.errors import UnknownPath
from objstore.files.view import FilesView
from objstore.files.workspace import Workspace
from objstore.store import Store


class WorkspaceFiles:
    """The files of one workspace. Safe between threads and processes; each change is a commit."""

    def __init__(self, store: Store, workspace: str) -> None:
        """`workspace` is made if it is not there. InvalidRefName."""
        self._workspace: Workspace = store.files.open(workspace, create=True)

    def write(self, path: str, contents: str | bytes) -> None:
        """Set a file, durably. ValueError: the path leads out of the root, or cannot be one; OSError: a clash."""
        key = self._free(path)
        self._workspace.write(key, contents.encode() if isinstance(contents, str) else bytes(contents))

    def write_from(self, path: str, source: str) -> None:
        """Set a file to a local one's content, durably, in bounded memory. Errors as `write`; OSError of the source."""
        self._workspace.write_from(self._free(path), source)

    def read(self, path: str) -> str:
        """The text of a file. FileNotFoundError, IsADirectoryError; ValueError: it leads out of the root, or no UTF-8."""
        key, view = key_of(path), self._now()
        if not key or (key not in view and view.exists(key)):
            raise IsADirectoryError(path)
        try:
            return view.read(key).decode()
        except UnknownPath:
            raise FileNotFoundError(path) from None

    def list(self, path: str) -> list[str]:
        """What is in a folder, each as the path given and the name, with "/" behind folders; [] where there is none."""
        key, view = key_of(path), self._now()
        if key and (key in view or not view.exists(key)):
            return []
        return [os.path.join(path, f"{each.name}/" if each.is_folder else each.name) for each in view.list(key)]

    def delete(self, path: str) -> None:
        """Remove a file or a folder with all that is in it; nothing happens where there is neither. ValueError."""
        key, view = key_of(path), self._now()
        if key:
            if view.exists(key):
                self._remove(key, recursive=key not in view)
            return
        for each in list(view.list("")):
            self._remove(each.name, recursive=each.is_folder)

    def _remove(self, key: str, *, recursive: bool) -> None:
        try:
            self._workspace.delete(key, recursive=recursive)
        except UnknownPath:  # Another writer was faster.
            return

    def _now(self) -> FilesView:
        return self._workspace.at("~0")

    def _free(self, path: str) -> str:
        """The key of a path where a file can be. IsADirectoryError, NotADirectoryError, ValueError."""
        key, view = key_of(path), self._now()
        if not key or (key not in view and view.exists(key)):
            raise IsADirectoryError(path)
        at = key.find("/")
        while at > 0:
            if key[:at] in view:
                raise NotADirectoryError(path)
            at = key.find("/", at + 1)
        return key
