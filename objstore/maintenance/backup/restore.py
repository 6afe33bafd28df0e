"""Bringing a store back from a backup, whole, at one of its versions or at a point in time; and the drill of it.

The store is built beside nothing: in a folder of its own, and its marker is written last, so that an interrupted
restore leaves no store and is begun again. A new epoch is recorded, so that who remembers newer heads knows that this
going back was meant. Going to a point in time moves the refs by ordinary steps that their logs show.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from objstore.errors import CorruptObject, KeyNeeded, ObjstoreError, StoreExists
from objstore.keys.keyring import Keyring
from objstore.maintenance.backup.folder import BackupFolder
from objstore.maintenance.backup.manifest import FileEntry, Manifest
from objstore.maintenance.finding import Fault, Finding
from objstore.maintenance.fsck import fsck
from objstore.maintenance.fsck.logs import names
from objstore.maintenance.progress import Progress, silent
from objstore.repository.repository import Repository, Surroundings
from objstore.repository.revisions import value_at_time
from objstore.signing.checkpoints import Checkpoints
from objstore.storage.local.copying import copy_file
from objstore.storage.local.epochs import begin_epoch
from objstore.storage.local.faults import from_os, from_sqlite
from objstore.storage.local.folder import Folder, sync_folder
from objstore.storage.local.lock import FileLock
from objstore.storage.local.open_local import open_journal, open_local
from objstore.storage.local.storage import LocalStorage
from refs.edits import ANY, Note, RefEdit


class Restored(NamedTuple):
    """A store that was brought back: from which version, of which epoch it is now, its refs, and how many of them were
    moved to a point in time."""

    version: int
    epoch: int
    refs: int
    moved: int
    size: int
    seconds: float


class Drill(NamedTuple):
    """A restore that was tried: what was wrong with it (nothing, one hopes), and how much was compared."""

    version: int
    findings: tuple[Finding, ...]
    refs: int
    objects: int
    seconds: float


def restore(
    source: Path,
    target: Path,
    surroundings: Surroundings,
    *,
    version: int | None = None,
    at: int | None = None,
    keyring: Keyring | None = None,
    progress: Progress = silent,
) -> Restored:
    """Bring a version back as a new store in `target`; the newest by default.

    `at` (µs since 1970): every ref as it was then, by the earliest version that reaches so far, or the newest.
    `keyring`: what was signed in the version is signed anew, as the newest state of the target, if a trusted key signed
    it. StoreExists: something is in the target. NotABackup, UnknownVersion, CorruptObject (a file of the backup is not
    what its manifest says; nothing was made).
    """
    began = time.monotonic()
    backup = BackupFolder(source)
    backup.store_id()
    manifest = _version_at(backup, at) if version is None and at is not None else backup.read(version)
    folder = Folder(target)
    if folder.is_store():
        raise StoreExists(str(target), "there is a store. Restore beside it, then move it")
    folder.make()
    _copy(backup, manifest, folder, progress)
    now = surroundings.now()
    epoch, moved = _finish(folder, manifest, surroundings, now, at)
    folder.write_marker(manifest.store, backup.is_sealed())
    if keyring is not None:
        _sign(folder, keyring, surroundings, moved)
    held = sum(ref.value is not None for ref in manifest.refs)
    return Restored(manifest.version, epoch, held, len(moved), manifest.size, time.monotonic() - began)


def drill(source: Path, *, version: int | None = None, progress: Progress = silent) -> Drill:
    """Restore a version into a temporary folder, compare every ref with the manifest, and check every object.

    NotABackup, UnknownVersion; damage is among the findings.
    """
    began = time.monotonic()
    backup = BackupFolder(source)
    if backup.is_sealed():
        raise KeyNeeded(str(source))
    manifest = backup.read(version)
    with tempfile.TemporaryDirectory(prefix="objstore-drill-", dir=_roomy()) as place:
        surroundings = Surroundings(lambda: manifest.time, os.urandom, "drill")
        try:
            restore(source, Path(place) / "store", surroundings, version=manifest.version, progress=progress)
        except CorruptObject as error:
            damage = (Finding(Fault.STORE, error.reason),)
            return Drill(manifest.version, damage, 0, 0, time.monotonic() - began)
        with closing(open_local(Path(place) / "store")) as storage:
            report = fsck(Repository(storage, surroundings), progress=progress)
            findings = (*_compared(storage, manifest), *report.findings)
    return Drill(manifest.version, findings, len(manifest.refs), report.objects, time.monotonic() - began)


def _roomy() -> str | None:
    """Where a drill may put a whole store: where the environment says, else the system's place for files that stay."""
    return os.environ.get("TMPDIR") or ("/var/tmp" if os.path.isdir("/var/tmp") else None)


def _version_at(backup: BackupFolder, at: int) -> Manifest:
    """The earliest version made at or after a time: its logs reach that far; else the newest."""
    for number in backup.numbers():
        manifest = backup.read(number)
        if manifest.time >= at:
            return manifest
    return backup.read()


def _copy(backup: BackupFolder, manifest: Manifest, folder: Folder, progress: Progress) -> None:
    """Copy a version's files to their places in a store. CorruptObject."""
    done = 0

    def tell(size: int) -> None:
        nonlocal done
        done += size
        progress("restoring", done, manifest.size)

    try:
        for file in manifest.files:
            target = _place(folder, file)
            try:
                copied = copy_file(backup.root / file.name, target, tell)
            except FileNotFoundError:
                raise CorruptObject(None, f"{file.name} is missing from the backup") from None
            if copied != (file.size, file.hash):
                target.unlink()
                raise CorruptObject(None, f"{file.name} of the backup is not what its manifest says")
        sync_folder(folder.packs)
        sync_folder(folder.root)
    except OSError as error:
        if isinstance(error, FileNotFoundError) or not isinstance(error, CorruptObject):
            raise from_os(error, str(folder.root)) from error
        raise


def _place(folder: Folder, file: FileEntry) -> Path:
    kind, _, name = file.name.partition("/")
    if kind == "packs" and "/" not in name:
        return folder.packs / name
    if kind == "journals" and "/" not in name:
        return folder.journal(1)
    raise CorruptObject(None, f"{file.name} has no place in a store of this format")


def _finish(
    folder: Folder, manifest: Manifest, surroundings: Surroundings, now: int, at: int | None
) -> tuple[int, list[str]]:
    """Make the copied files a store but for its marker: begin an epoch, move the refs; (epoch, names of those)."""
    with closing(_refs_of(folder)) as storage:
        why = f"restored from version {manifest.version} of a backup"
        moved: list[str] = []
        if at is not None:
            moved = _go_to(Repository(storage, surroundings), at, now)
            why += f", as of {_iso(at)}"
        try:
            with closing(storage.journal.open_connection()) as connection:
                connection.execute("BEGIN IMMEDIATE")
                epoch = begin_epoch(connection, now, why)
                connection.execute("COMMIT")
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.Error as error:
            raise from_sqlite(error, str(folder.root)) from error
    return epoch, moved


def _refs_of(folder: Folder) -> LocalStorage:
    """The storage of copied files, to move and sign refs: no keys, for what is sealed of an encrypted one is not read."""
    lock = FileLock(folder.lock, None)
    return LocalStorage(folder, open_journal(folder, lock, read_only=False), lock, read_only=False)


def _sign(folder: Folder, keyring: Keyring, surroundings: Surroundings, moved: list[str]) -> None:
    """Say that the store was put here on purpose. What cannot be signed stays as it was, and `verify` tells."""
    with suppress(ObjstoreError, OSError), closing(_refs_of(folder)) as storage:
        storage.moves.add(moved)
        Checkpoints(storage, keyring, surroundings.now).renew()


def _go_to(repo: Repository, at: int, now: int) -> list[str]:
    """Move every ref to what it was at a time, all in one transaction; the names of those that moved."""
    edits: list[RefEdit] = []
    for name in names(repo.storage.refs):
        ref = repo.storage.refs.get(name)
        then = value_at_time(repo, name, at)
        if then != (None if ref is None else ref.value):
            edits.append(RefEdit(name, then, ANY))
    if edits:
        repo.storage.apply((), edits, Note(repo.author, f"restore to {_iso(at)}", now))
    return [edit.name for edit in edits]


def _compared(storage: LocalStorage, manifest: Manifest) -> Iterator[Finding]:
    """How the refs of a restored store differ from the manifest."""
    listed = {ref.name for ref in manifest.refs}
    for name in names(storage.refs):
        if name not in listed:
            yield Finding(Fault.REF, "the restored store has it, the manifest does not", where=(name,))
    for ref in manifest.refs:
        newest = next(iter(storage.refs.log(ref.name)), None)
        found = None if newest is None else (newest.new, newest.last, newest.chain)
        if found != (ref.value, ref.sequence, ref.chain):
            yield Finding(Fault.REF, "it is not what the manifest says", where=(ref.name,))


def _iso(time_us: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time_us)).isoformat()
