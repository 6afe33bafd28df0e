"""What a checkout would overwrite: the paths of a directory that differ from the tree it should be at."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

from objstore.files.checked import Item, tree_reader
from objstore.files.content import look_if_same
from objstore.files.directory import Folders, Walk, identity, stat_in
from objstore.files.stat_cache import Known, StatCache
from objstore.objects.kinds import Oid
from objstore.objects.trees import Entry, NodeReader, diff, scan
from objstore.storage.protocol import Storage


def dirty_paths(
    directory: Path, root: Oid | None, storage: Storage, cache: StatCache | None = None, *, target: Oid | None = None
) -> list[str]:
    """Paths of a directory that differ from the tree `root`: changed and missing ones, and, with `target`, untracked
    ones that a checkout of that tree would overwrite or be stopped by. `root` None: nothing in it is tracked."""
    if not directory.is_dir():
        return []
    reader = tree_reader(storage)
    known = Known(None, {}) if cache is None else cache.load(storage.hasher)
    found: dict[str, None] = {}
    with Folders(directory) as folders:
        tracked = list(scan(root, reader)) if root is not None else []
        for key, entry in tracked:
            *path, name = key.decode().split("/")
            folder = folders.find(path)
            if folder is None or look_if_same(folder, name, entry, known.seen(key), storage.hasher) is None:
                found[key.decode()] = None
        ours = {key for key, _ in tracked}
        for key, entry in _added(root, target, reader):
            for path in _in_the_way(directory, folders, key, entry, ours, known, storage):
                found[path] = None
    return sorted(found)


def _added(root: Oid | None, target: Oid | None, reader: NodeReader) -> Iterator[Item]:
    if target is None:
        return
    if root is None:
        yield from scan(target, reader)
        return
    for change in diff(root, target, reader):
        if change.old is None and change.new is not None:
            yield change.key, change.new


def _in_the_way(
    directory: Path,
    folders: Folders,
    key: bytes,
    entry: Entry,
    ours: set[bytes],
    known: Known,
    storage: Storage,
) -> Iterator[str]:
    """The untracked paths that writing a new entry would replace or be stopped by."""
    *path, name = key.decode().split("/")
    for depth in range(1, len(path) + 1):
        folder = folders.find(path[: depth - 1])
        found = None if folder is None else stat_in(folder, path[depth - 1])
        if found is None:
            return
        if not stat.S_ISDIR(found.st_mode):
            above = "/".join(path[:depth])
            if above.encode() not in ours:
                yield above
            return
    folder = folders.find(path)
    found = None if folder is None else stat_in(folder, name)
    if folder is None or found is None:
        return
    if stat.S_ISDIR(found.st_mode):
        if not stat.S_ISDIR(entry.mode):
            for below in Walk(directory / key.decode(), identity(storage.place)):
                inner = key + b"/" + below.key
                if inner not in ours and not stat.S_ISDIR(below.stat.st_mode):
                    yield inner.decode()
    elif look_if_same(folder, name, entry, known.seen(key), storage.hasher) is None:
        yield key.decode()
