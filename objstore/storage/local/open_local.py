"""Making and opening the folder of a local store."""

from __future__ import annotations

import errno
import fcntl
import os
from contextlib import suppress
from pathlib import Path

from objstore.errors import (
    CorruptObject,
    DamagedKeyStore,
    NotAStore,
    NotEncrypted,
    ObjstoreError,
    StoreLocked,
)
from objstore.keys.identity import Identity
from objstore.keys.vault import Vault
from objstore.objects.kinds import Domain
from objstore.storage.local.faults import from_os
from objstore.storage.local.folder import Folder
from objstore.storage.local.journal import Journal, create_journal
from objstore.storage.local.lock import FileLock, State
from objstore.storage.local.rebuild import rebuild_journal
from objstore.storage.local.storage import LocalStorage


def open_local(
    path: Path,
    *,
    create: bool = False,
    read_only: bool = False,
    lock_timeout: float | None = None,
    secret: str | Identity | None = None,
) -> LocalStorage:
    """The storage in a folder; `create` makes one where there is none, an encrypted one if there is a `secret`.

    `secret`: the passphrase or the identity that opens an encrypted store.

    `lock_timeout`: seconds that a writer waits for other processes before StoreLocked (None: as long as it takes).
    Errors: NotAStore, StoreExists (the folder holds something else), OldFormat, UnsupportedFormat, ReadOnlyStore,
    StoreFull. KeyNeeded, WrongPassphrase, NotAMember, MissingKeyStore, DamagedKeyStore, DowngradedKeyStore: it is
    encrypted, and not opened so. NotEncrypted.
    """
    folder = Folder(path)
    if not folder.is_store():
        if not create or read_only:
            raise NotAStore(str(path))
        _create(folder, secret)
    vault = _unlock(folder, secret)
    if not read_only:
        read_only = _is_read_only(folder)
    lock = FileLock(folder.lock, lock_timeout, read_only)
    try:
        journal = open_journal(folder, lock, read_only)
        _sweep(folder, read_only)
        return LocalStorage(folder, journal, lock, read_only, vault)
    except BaseException:
        lock.close()
        raise


def _unlock(folder: Folder, secret: str | Identity | None) -> Vault | None:
    """What opens the store, if it is encrypted. Errors as `open_local`."""
    if not folder.is_sealed():
        if secret is not None:
            raise NotEncrypted(str(folder.root))
        return None
    from objstore.keys.key_store import KeyStore

    store = KeyStore(folder.key_store, os.urandom)
    keys = store.open(secret)
    if keys.domain != folder.read_marker():
        raise DamagedKeyStore(str(folder.key_store), "it is of another store")
    vault = Vault(keys, lambda: store.open(vault.keys.identity), os.urandom)
    return vault


def _create(folder: Folder, secret: str | Identity | None) -> None:
    folder.make()
    lock = FileLock(folder.lock, None)
    try:
        lock.acquire()
        if folder.is_store():  # another process was faster
            return
        lock.set_state(State(1, damaged=False))
        create_journal(folder.journal(1), str(folder.root))
        store_id = os.urandom(16)
        if secret is not None:
            _make_key_store(folder, Domain(store_id), secret)
        folder.write_marker(store_id, secret is not None)
    except OSError as error:
        if isinstance(error, ObjstoreError):
            raise
        raise from_os(error, str(folder.root)) from error
    finally:
        lock.close()


def _make_key_store(folder: Folder, domain: Domain, secret: str | Identity) -> None:
    from objstore.keys.key_store import KeyStore

    with suppress(FileNotFoundError):  # of a making that was interrupted before there was a store
        folder.key_store.unlink()
    store = KeyStore(folder.key_store, os.urandom)
    if isinstance(secret, str):
        store.make(domain, passphrase=secret)
    else:
        store.make(domain, member=secret)


def _is_read_only(folder: Folder) -> bool:
    if not os.access(folder.root, os.W_OK):
        return True
    try:
        handle = os.open(folder.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
            return True
        raise from_os(error, str(folder.root)) from error
    os.close(handle)
    return False


def open_journal(folder: Folder, lock: FileLock, read_only: bool) -> Journal:
    """The journal of a folder with all that is durable; what others left undone is finished. Errors as `open_local`."""
    generation = folder.generation()
    if generation == 0:
        raise NotAStore(str(folder.root), "its journal is gone")
    state = lock.state()
    if read_only and state.generation != generation:
        raise StoreLocked(str(folder.root), "its journal is being replaced")
    if read_only or (state.generation == generation and not state.damaged):
        journal = _load(folder, generation, lock, read_only)
        if read_only or lock.stated() == journal.intake.stated:
            return journal
        journal.close()
    lock.acquire()
    try:
        return _take_over(folder, lock)
    finally:
        lock.release()


def _take_over(folder: Folder, lock: FileLock) -> Journal:
    """Under the lock: make the lock file tell the truth, after a fault by means of a new journal."""
    generation, state = folder.generation(), lock.state()
    if state.damaged:
        generation = rebuild_journal(folder, generation, lock)
    journal = _load(folder, generation, lock, read_only=False)
    if state.generation == generation and journal.intake.state.durable < state.durable:
        journal.close()
        lost = journal.intake.state.durable + 1
        raise CorruptObject(None, f"the intake of {folder.root}: its record {lost} cannot be read")
    try:
        journal.intake.sync()
    except OSError as error:
        journal.close()
        lock.set_state(state._replace(damaged=True))
        raise from_os(error, str(folder.root)) from error
    return journal


def _load(folder: Folder, generation: int, lock: FileLock, read_only: bool) -> Journal:
    journal = Journal(folder, generation, lock, read_only)
    try:
        journal.load()
    except BaseException:
        journal.close()
        raise
    return journal


def _sweep(folder: Folder, read_only: bool) -> None:
    """Remove what dead processes left half made."""
    if read_only:
        return
    for entry in list(folder.packs.iterdir()):
        if entry.suffix == ".stage":
            _remove_orphan(entry)


def _remove_orphan(path: Path) -> None:
    """Remove a stage whose writer is gone: its lock can be had."""
    with suppress(OSError):
        handle = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.unlink(path)
        finally:
            os.close(handle)
