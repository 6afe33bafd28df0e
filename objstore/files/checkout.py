"""Checkout: a tree to a directory. Only what differs is written, each file whole or not at all, nothing outside it.

The whole tree is checked before the first byte is written: paths that no tree may have, a file with something below
it, names that the file system takes for one another. A file in the way of one of the tree's folders is replaced, as
one at the very path of a file is (`dirty_paths` names both beforehand); a folder in the way of a file is left, and
reported, unless nothing was in it but files of the previous tree. Untracked files elsewhere are never touched.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from objstore.errors import CorruptObject
from objstore.files.checked import Item, checked_items, refuse_collisions, tree_reader
from objstore.files.content import look_if_same
from objstore.files.directory import Folders, Problem, Progress, Walk, identity
from objstore.files.placing import Placing, folds_names
from objstore.files.stat_cache import SMUDGED, Known, Seen, StatCache, record_of
from objstore.objects.blobs import blob_pieces
from objstore.objects.kinds import Kind, Object, Oid
from objstore.objects.trees import Entry, NodeReader, diff, scan
from objstore.storage.protocol import Storage

_BATCH_BYTES = 8 << 20
_BATCH_FILES = 512
_CHUNKS_AT_ONCE = 64
_FATAL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS})


class Checkout(NamedTuple):
    """What a checkout did, or would do: how many entries it wrote (with how many bytes), removed, and found right
    already; what it could not do; and the paths that it wrote and removed."""

    written: int
    bytes: int
    removed: int
    kept: int
    problems: tuple[Problem, ...]
    wrote: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()


def checkout(
    root: Oid | None,
    storage: Storage,
    directory: Path,
    cache: StatCache | None = None,
    *,
    previous: Oid | None = None,
    delete: bool = True,
    clean: bool = False,
    durable: bool = False,
    progress: Progress | None = None,
) -> Checkout:
    """Bring a directory (made if missing) to a tree; `root` None is a tree without entries.

    `previous` is the tree that it was at: what that had and this has not is removed, unless `delete` is false; with
    `clean` all else that a snapshot would take goes, too. With `durable`, what was written survives a power loss once this returns. InvalidPath: the tree cannot be written, and
    nothing was. CorruptObject, MissingObject, or OSError when the disk is full or failed: every file is whole, as it was
    or as it is in the tree.
    """
    reader = tree_reader(storage)
    items = checked_items(root, reader)
    directory.mkdir(parents=True, exist_ok=True)
    with Folders(directory) as folders:
        if folds_names(folders.make([])):
            refuse_collisions(items)
        run = _Run(
            storage, folders, Known(None, {}) if cache is None else cache.load(storage.hasher), durable, progress
        )
        if delete:
            run.remove(_gone(previous, root, reader))
        if clean:
            run.remove(_untracked(directory, items, storage))
        run.write(run.differing(items))
        run.placing.settle()
    if cache is not None:
        seen = {key: record_of(run.seen.get(key) or Seen(SMUDGED, entry)) for key, entry in items}
        cache.save(root, seen, cache.now(), storage.hasher)
    return run.report()


def preview(
    root: Oid | None,
    storage: Storage,
    directory: Path,
    cache: StatCache | None = None,
    *,
    previous: Oid | None = None,
    clean: bool = False,
) -> Checkout:
    """What `checkout` would do; nothing is touched. InvalidPath: the tree cannot be written."""
    reader = tree_reader(storage)
    items = checked_items(root, reader)
    if not directory.is_dir():
        paths = tuple(key.decode() for key, _ in items)
        return Checkout(len(items), sum(entry.size for _, entry in items), 0, 0, (), paths)
    known = Known(None, {}) if cache is None else cache.load(storage.hasher)
    with Folders(directory) as folders:
        run = _Run(storage, folders, known, durable=False, progress=None)
        doomed = _gone(previous, root, reader)
        doomed += _untracked(directory, items, storage) if clean else []
        dropped = sorted({key.decode() for key in doomed if run.placing.holds(key.decode())})
        different = run.differing(items)
    size = sum(entry.size for _, entry in different)
    wrote = tuple(key.decode() for key, _ in different)
    return Checkout(len(wrote), size, len(dropped), len(run.seen), (), wrote, tuple(dropped))


class _Run:
    """One checkout at work."""

    def __init__(
        self, storage: Storage, folders: Folders, known: Known, durable: bool, progress: Progress | None
    ) -> None:
        self.seen: dict[bytes, Seen] = {}
        self.placing = Placing(folders, durable)
        self._storage = storage
        self._folders = folders
        self._known = known
        self._progress = progress
        self._problems: list[Problem] = []
        self._wrote: list[str] = []
        self._dropped: list[str] = []
        self._bytes = 0

    def report(self) -> Checkout:
        """What was done."""
        wrote, dropped = tuple(self._wrote), tuple(self._dropped)
        kept = len(self.seen) - len(wrote)
        return Checkout(len(wrote), self._bytes, len(dropped), kept, tuple(self._problems), wrote, dropped)

    def differing(self, items: list[Item]) -> list[Item]:
        """Those that the directory does not have as they are."""
        different: list[Item] = []
        absent = ""
        for key, entry in items:
            above, _, name = key.decode().rpartition("/")
            if absent and (above == absent or above.startswith(f"{absent}/")):
                different.append((key, entry))
                continue
            folder = self._folders.find(above.split("/") if above else [])
            if folder is None:
                absent = above
                different.append((key, entry))
                continue
            look = look_if_same(folder, name, entry, self._known.seen(key), self._storage.hasher)
            if look is None:
                different.append((key, entry))
            else:
                self.seen[key] = Seen(look, entry)
        return different

    def remove(self, keys: list[bytes]) -> None:
        """Remove files, and the folders that are empty without them."""
        for key in reversed(keys):
            try:
                if self.placing.remove(key.decode()):
                    self._dropped.append(key.decode())
            except OSError as fault:
                self._fault(key, fault)

    def write(self, items: list[Item]) -> None:
        """Write entries, reading their blobs in batches, in the order of the tree, which is near that of packs."""
        batch: list[Item] = []
        size = 0
        for item in items:
            batch.append(item)
            size += min(item[1].size, _BATCH_BYTES)
            if size >= _BATCH_BYTES or len(batch) >= _BATCH_FILES:
                self._write_batch(batch)
                batch, size = [], 0
        self._write_batch(batch)

    def _write_batch(self, batch: list[Item]) -> None:
        blobs = self._storage.read_many([entry.oid for _, entry in batch])
        for (key, entry), blob in zip(batch, blobs, strict=True):
            try:
                look = self.placing.put(key.decode(), entry, self._content(entry, blob))
            except OSError as fault:
                self._fault(key, fault)
                continue
            self.seen[key] = Seen(look, entry)
            self._wrote.append(key.decode())
            self._bytes += entry.size
        if self._progress is not None and batch:
            self._progress(len(self._wrote), self._bytes)

    def _content(self, entry: Entry, blob: Object) -> Iterator[bytes]:
        if blob.kind is Kind.BLOB:
            if len(blob.payload) != entry.size:
                raise CorruptObject(blob.oid, f"it is not the blob of {entry.size} bytes that its tree says")
            return iter((blob.payload,))
        return self._chunks(entry, blob)

    def _chunks(self, entry: Entry, blob: Object) -> Iterator[bytes]:
        pieces = blob_pieces(blob, self._storage.read)
        left = entry.size
        while True:
            some = list(islice(pieces, _CHUNKS_AT_ONCE))
            for (_, size), chunk in zip(some, self._storage.read_many([oid for oid, _ in some]), strict=True):
                left -= size
                if chunk.kind is not Kind.BLOB or len(chunk.payload) != size or left < 0:
                    raise CorruptObject(chunk.oid, f"it is not the chunk of {size} bytes that its list says")
                yield chunk.payload
            if len(some) < _CHUNKS_AT_ONCE:
                break
        if left:
            raise CorruptObject(blob.oid, f"it is not the blob of {entry.size} bytes that its tree says")

    def _fault(self, key: bytes, fault: OSError) -> None:
        if fault.errno in _FATAL:
            raise fault
        reason = "a folder with other files is in the way" if fault.errno == errno.ENOTEMPTY else str(fault.strerror)
        self._problems.append(Problem(key.decode(), reason))


def _gone(previous: Oid | None, root: Oid | None, reader: NodeReader) -> list[bytes]:
    """The keys that the previous tree has and this one has not."""
    if previous is None or previous == root:
        return []
    if root is None:
        return [key for key, _ in scan(previous, reader)]
    return [change.key for change in diff(previous, root, reader) if change.new is None]


def _untracked(directory: Path, items: list[Item], storage: Storage) -> list[bytes]:
    """The keys of what a snapshot of the directory would take and the tree has not, nor needs as a folder."""
    wanted = {key for key, _ in items}
    for key in list(wanted):
        while key := key.rpartition(b"/")[0]:
            if key in wanted:
                break
            wanted.add(key)
    walk = Walk(directory, identity(storage.place))
    return [found.key for found in walk if found.key not in wanted]
