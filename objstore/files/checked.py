"""Trees before they are written out: whether every path in them can be, and the reading of their nodes."""

from __future__ import annotations

import os
import stat

from objstore.errors import CorruptObject, InvalidPath
from objstore.files.paths import check_path, fold, readable
from objstore.objects.kinds import Kind, Oid
from objstore.objects.trees import Entry, NodeReader, scan
from objstore.storage.protocol import Storage

_KINDS = frozenset({stat.S_IFREG, stat.S_IFLNK, stat.S_IFDIR})

Item = tuple[bytes, Entry]
"""A path, in UTF-8, and what is there."""


def tree_reader(storage: Storage) -> NodeReader:
    """A reader of the trees of a storage."""

    def read(oid: Oid) -> bytes:
        obj = storage.read(oid)
        if obj.kind is not Kind.TREE:
            raise CorruptObject(oid, f"a tree was expected, and it is of kind {obj.kind!s}")
        return obj.payload

    return NodeReader(read)


def checked_items(root: Oid | None, reader: NodeReader) -> list[Item]:
    """All entries of a tree that can be written out. InvalidPath, CorruptObject."""
    items = [] if root is None else list(scan(root, reader))
    leaves = {key for key, _ in items}
    above = b""
    for key, entry in items:
        try:
            path = check_path(key.decode())
        except UnicodeDecodeError:
            raise InvalidPath(readable(os.fsdecode(key)), "it is not valid UTF-8") from None
        if stat.S_IFMT(entry.mode) not in _KINDS:
            raise InvalidPath(path, f"it is of no kind that is known here: mode {entry.mode:o}")
        folder = key.rpartition(b"/")[0]
        if folder and folder != above:
            above = folder
            while folder:
                if folder in leaves:
                    raise InvalidPath(path, f"{folder.decode()!r} is a file and a folder at once")
                folder = folder.rpartition(b"/")[0]
    return items


def refuse_collisions(items: list[Item]) -> None:
    """Refuse a tree with paths that are one where case and Unicode normalisation are folded. InvalidPath."""
    first: dict[str, str] = {}
    parent = ""
    for key, _ in items:
        path = key.decode()
        names = [path]
        above = path.rpartition("/")[0]
        if above != parent:
            parent = above
            while above:
                names.append(above)
                above = above.rpartition("/")[0]
        for name in names:
            other = first.setdefault(fold(name), name)
            if other != name:
                raise InvalidPath(name, f"it is the same as {other!r} for this file system")
