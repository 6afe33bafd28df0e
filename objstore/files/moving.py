"""Steps of a draft that depend on the tree that they meet: moving, copying, deleting folders, appending.

Each works on the entries that it names, and on no others: moving a folder costs what is in it.
"""

from __future__ import annotations

import stat
from collections.abc import Callable

from objstore.errors import InvalidPath, PathExists, UnknownPath
from objstore.objects.blob_writer import append_to_blob
from objstore.objects.blobs import write_blob
from objstore.objects.hashing import Hasher
from objstore.objects.trees import Entry
from objstore.repository.tree_edits import TreeEdits

Step = Callable[[TreeEdits], None]


def transfer(source: str, target: str, *, keep: bool, overwrite: bool) -> Step:
    """Put a file, or a folder with all that is in it, at another path; `keep` leaves it at its own as well.

    InvalidPath: a folder into itself. The step raises UnknownPath; PathExists unless `overwrite`: something is there.
    """
    if target.startswith(f"{source}/"):
        raise InvalidPath(target, f"{source!r} cannot be put into itself")

    def step(edits: TreeEdits) -> None:
        old, new = source.encode(), target.encode()
        entry = edits.get(old)
        moved = list(edits.below(old + b"/")) if entry is None or stat.S_ISDIR(entry.mode) else []
        if entry is not None and not moved:
            moved = [(old, entry)]
        if not moved:
            raise UnknownPath(source)
        if old == new:
            return
        if not keep:
            for key, _ in moved:
                edits.remove(key)
        there = taken(edits, new)
        if there and not overwrite:
            raise PathExists(target)
        for key in there:
            edits.remove(key)
        for key, each in moved:
            edits.put(new + key[len(old) :], each)

    return step


def taken(edits: TreeEdits, key: bytes) -> list[bytes]:
    """The keys of what is at a path and below it; an empty folder is not in the way of anything."""
    entry = edits.get(key)
    found = [below for below, _ in edits.below(key + b"/")]
    return found if entry is None or stat.S_ISDIR(entry.mode) else [key, *found]


def remove_folder(path: str) -> Step:
    """Remove a file, or a folder with all that is in it. The step raises UnknownPath."""

    def step(edits: TreeEdits) -> None:
        key = path.encode()
        doomed = [below for below, _ in edits.below(key + b"/")]
        if edits.get(key) is not None:
            doomed.append(key)
        if not doomed:
            raise UnknownPath(path)
        for each in doomed:
            edits.remove(each)

    return step


def append(path: str, data: bytes, permissions: int, hasher: Hasher) -> Step:
    """Put bytes behind those of a file; where there is none it is made with these permission bits.

    The step raises InvalidPath: a symlink is there.
    """

    def step(edits: TreeEdits) -> None:
        key = path.encode()
        entry = edits.get(key)
        if entry is None or stat.S_ISDIR(entry.mode):
            oid, size = write_blob(data, hasher, edits.write_object)
            edits.put(key, Entry(stat.S_IFREG | permissions, oid, size))
            return
        if not stat.S_ISREG(entry.mode):
            raise InvalidPath(path, "it is a symlink, to which nothing can be appended")
        oid, size = append_to_blob(entry.oid, data, hasher, edits.read_object, edits.write_object)
        edits.put(key, Entry(entry.mode, oid, size))

    return step
