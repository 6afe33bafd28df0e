"""Making a version: the journal of one moment, then the packs that it lists, then the manifest.

Packs never change under their names, so one that the backup has is not copied again. A pack that a collector removed
between the journal's copy and its own makes the journal be copied anew. The manifest comes last: an interrupted run
leaves the versions before as they were, and the next one goes on with the packs that were copied whole.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple

from objstore.errors import CorruptObject, StoreLocked
from objstore.maintenance.backup.folder import BackupFolder
from objstore.maintenance.backup.manifest import FileEntry, Manifest, RefEntry
from objstore.maintenance.migrate import migrate
from objstore.maintenance.progress import Progress, silent
from objstore.objects.kinds import Oid
from objstore.packs.pack import Pack
from objstore.packs.pack_index import PackIndex
from objstore.storage.local.copying import copy_file, copy_journal, hash_file, reading_copy
from objstore.storage.local.epochs import epochs
from objstore.storage.local.faults import from_os
from objstore.storage.local.folder import Folder, write_durably
from objstore.storage.local.frames import FrameCodec
from objstore.storage.local.index_rebuild import rebuild_index
from objstore.storage.local.open_local import open_local
from objstore.storage.local.open_pack import FileBuffer
from objstore.storage.local.storage import LocalStorage
from objstore.storage.protocol import Storage
from refs.sqlite import SqliteRefs

Check = Callable[[Path], None]
"""Raises CorruptObject for a file that is not whole."""

_PATIENCE = 8
_NO_ID = bytes(16)  # The id of what is no local store.


class BackedUp(NamedTuple):
    """A version that was made: its number, its files and their bytes, and how many of them were copied now."""

    version: int
    files: int
    size: int
    copied: int
    copied_size: int
    refs: int
    seconds: float


class _PackGone(Exception):
    """A pack of the journal's copy is not in the store any more."""


def back_up(storage: Storage, target: Path, now: int, note: str = "", progress: Progress = silent) -> BackedUp:
    """Add a version of a store to a backup folder, which is made if it is not there.

    StoreExists: the folder is something else, or another store's backup. StoreLocked: a backup to it is running.
    CorruptObject: a pack of the store is damaged; no version was added. StoreFull, StorageFailure.
    """
    if not isinstance(storage, LocalStorage):
        return _written_out(storage, target, now, note, progress)
    began = time.monotonic()
    folder = BackupFolder(target)
    store_id = storage.folder.read_marker()
    folder.prepare(store_id, storage.vault is not None)
    with folder.locked():
        run = _Run(storage, folder, progress)
        for _ in range(_PATIENCE):
            try:
                manifest = run.take(store_id, now, note)
            except _PackGone:
                continue
            folder.write(manifest)
            counts = (len(manifest.files), manifest.size, run.copied, run.copied_size, len(manifest.refs))
            return BackedUp(manifest.version, *counts, time.monotonic() - began)
    raise StoreLocked(storage.place, "its packs were replaced faster than they could be copied")


def _written_out(storage: Storage, target: Path, now: int, note: str, progress: Progress) -> BackedUp:
    """Back a storage up that has no files: it is moved to a local one first, whose id is always the same one."""
    with tempfile.TemporaryDirectory(prefix="objstore-backup-") as place:
        folder = Folder(Path(place) / "store")
        with closing(open_local(folder.root, create=True)) as local:
            folder.write_marker(_NO_ID)
            migrate(storage, local, progress)
            return back_up(local, target, now, note, progress)


class _Run:
    """One run. `copied` and `copied_size` count what it wrote."""

    def __init__(self, storage: LocalStorage, folder: BackupFolder, progress: Progress) -> None:
        self._storage = storage
        self._folder = folder
        self._progress = progress
        self._known = folder.known_files()
        self._codec = FrameCodec(storage.hasher, storage.compression)
        self._done = 0
        self._total = 0
        self.copied = 0
        self.copied_size = 0

    def take(self, store_id: bytes, now: int, note: str) -> Manifest:
        """Copy what is needed; the manifest. _PackGone."""
        fresh = self._folder.journals / f"{os.getpid()}.new"
        with suppress(FileNotFoundError):
            fresh.unlink()
        if not self._storage.read_only:
            self._storage.settle()
        copy_journal(self._storage.journal, fresh)
        with reading_copy(fresh) as connection:
            rows = connection.execute("SELECT name, bytes FROM packs ORDER BY id").fetchall()
            refs = tuple(_refs(SqliteRefs(lambda: connection)))
            past = epochs(connection)
        self._done, self._total = 0, sum(size for _, size in rows)
        files = [self._keep_journal(fresh)]
        for name, _ in rows:
            files += self._keep_pack(name)
        version = max(self._folder.numbers(), default=0) + 1
        files.sort(key=lambda file: file.name)
        return Manifest(store_id, version, now, note, past[-1].number if past else 0, tuple(files), refs)

    def _keep_journal(self, fresh: Path) -> FileEntry:
        size, digest = hash_file(fresh)
        path = self._folder.journals / f"{digest.hex()[:32]}.sqlite"
        name = f"journals/{path.name}"
        known = self._known.get(name)
        try:
            if known is not None and known.hash == digest and path.exists() and path.stat().st_size == size:
                fresh.unlink()
            else:
                fresh.rename(path)
                self._count(size)
        except OSError as error:
            raise from_os(error, str(self._folder.root)) from error
        return FileEntry(name, size, digest)

    def _keep_pack(self, name: str) -> Iterator[FileEntry]:
        """A pack and its index."""
        source = self._storage.folder.packs / f"{name}.pack"
        pack = self._keep(source, self._check_pack)
        yield pack
        index = source.with_suffix(".index")
        if not index.exists():
            self._make_index(self._folder.packs / source.name)
        yield self._keep(index, self._check_index)
        self._progress("copying", self._done, max(self._done, self._total))

    def _keep(self, source: Path, check: Check) -> FileEntry:
        target = self._folder.packs / source.name
        name = f"packs/{source.name}"
        known = self._known.get(name)
        if known is not None and target.exists() and target.stat().st_size == known.size:
            self._done += known.size
            return known
        if target.exists():  # Copied whole by a run that was interrupted: its name says so.
            size, digest = hash_file(target)
        else:
            try:
                size, digest = copy_file(source, target, self._tell)
            except FileNotFoundError:
                raise _PackGone from None
            self._count(size)
        try:
            check(target)
        except CorruptObject as error:
            target.unlink(missing_ok=True)
            raise CorruptObject(None, f"{source}: {error.reason}; no version was added. Repair the store") from error
        return FileEntry(name, size, digest)

    @staticmethod
    def _check_pack(path: Path) -> None:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            Pack(FileBuffer(handle, str(path)), str(path)).check()
        finally:
            os.close(handle)

    @staticmethod
    def _check_index(path: Path) -> None:
        if not PackIndex(path.read_bytes(), bytes.fromhex(path.stem)).is_whole():
            raise CorruptObject(None, "its checksum does not fit its bytes")

    def _make_index(self, path: Path) -> None:
        """The index of a copied pack whose own is missing in the store."""
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            data, damage = rebuild_index(Pack(FileBuffer(handle, str(path)), str(path)), self._codec)
        finally:
            os.close(handle)
        if damage is not None:
            raise damage
        write_durably(path.with_suffix(".index"), data)

    def _tell(self, size: int) -> None:
        self._done += size
        self._progress("copying", self._done, max(self._done, self._total))

    def _count(self, size: int) -> None:
        self.copied += 1
        self.copied_size += size


def _refs(refs: SqliteRefs) -> Iterator[RefEntry]:
    """Every name that there is or was, with the newest entry of its log, by name."""
    names = {ref.name for ref in refs.find()} | {entry.name for _, entries in refs.operations() for entry in entries}
    for name in sorted(names):
        newest = next(iter(refs.log(name)))
        value = None if newest.new is None else Oid(newest.new)
        yield RefEntry(name, value, newest.last, newest.chain)
