"""Opening: a store, a clone of another, the backup in a folder, and a store that is too damaged to be opened."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from objstore.errors import InvalidValue, NotEncrypted
from objstore.keys.key_folder import user_folder
from objstore.keys.keyring import Keyring
from objstore.maintenance.progress import Progress, silent
from objstore.storage.local.open_local import open_local
from objstore.store import Store

if TYPE_CHECKING:
    from objstore.keys.identity import Identity
    from objstore.maintenance.backup import Backup


def open_store(
    url: str | Path,
    *,
    create: bool = False,
    read_only: bool = False,
    author: str = "agent",
    lock_timeout: float | None = None,
    keys: str | Path | None = None,
    auto_repack: bool = False,
    accept_older: bool = False,
    passphrase: str | None = None,
    key: str | Path | None = None,
) -> Store:
    """Open a store: a folder, or "memory:" for one that nothing survives. `create` makes a folder's where there is none.

    `lock_timeout`: seconds that a write waits for other processes before StoreLocked. `keys`: the folder with the keys
    that seal secrets and sign (by default OBJSTORE_KEYS, else ~/.config/objstore/keys). `auto_repack`: repack in the
    background, gently, once 16,384 objects or 16 MiB are in the journal; for processes that live long. `accept_older`:
    open a store even if an older copy was put in its place, to look at it. `passphrase`, or `key`, the file of a member's
    identity: what opens an encrypted store; with `create`, a new one is encrypted. Errors: NotAStore, StoreExists,
    UnsupportedFormat, ReadOnlyStore, StoreLocked, StoreFull; RolledBack, BrokenSignature: it is not what was seen here
    before; KeyNeeded, WrongPassphrase, NotAMember, MissingKeyStore, DamagedKeyStore, DowngradedKeyStore, NotEncrypted.
    """
    secret = _secret(passphrase, key)
    if str(url) == "memory:":
        if secret is not None:
            raise NotEncrypted("memory:")
        from objstore.storage.memory import MemoryStorage

        return Store(MemoryStorage(), author, keys)
    storage = open_local(Path(url), create=create, read_only=read_only, lock_timeout=lock_timeout, secret=secret)
    try:
        store = Store(storage, author, keys, accept_older)
    except BaseException:
        storage.close()
        raise
    if auto_repack and not storage.read_only:
        store.repack_by_itself()
    return store


def _secret(passphrase: str | None, key: str | Path | None) -> str | Identity | None:
    """What opens an encrypted store. InvalidValue: two things; DamagedKey: no identity file; OSError."""
    if key is None:
        return passphrase
    from objstore.keys.identity import read_identity

    if passphrase is not None:
        raise InvalidValue("passphrase", "is given beside a key: one of them opens the store")
    return read_identity(Path(key))


def clone(
    url: str | Path,
    path: str | Path,
    *names: str,
    remote: str = "origin",
    author: str = "agent",
    keys: str | Path | None = None,
    token: str | None = None,
    limit_rate: int | None = None,
    progress: Progress = silent,
) -> Store:
    """Make a store in a folder with what another one has: the conversations, files and tags, or what `names` name.

    `settings/*` come only if named. The other store becomes the remote `remote`. A clone that was interrupted goes on
    when it is made again. StoreExists: there is another store; errors as `Store.fetch`.
    """
    from objstore.errors import StoreExists
    from objstore.sync.remotes import check_url

    where = check_url(str(url))
    fresh = not (Path(path) / "format").exists()
    store = open_store(path, create=True, author=author, keys=keys)
    try:
        known = {info.name: info.url for info in store.remotes.list()}
        if fresh or not any(True for _ in store.refs.find()):
            store.remotes.add(remote, where)
        elif known != {remote: where} or any(
            not ref.name.startswith(("remotes/", "incoming/")) for ref in store.refs.find()
        ):
            raise StoreExists(str(path), "there is another store")
        store.pull(remote, *names, token=token, limit_rate=limit_rate, progress=progress)
    except BaseException:
        store.close()
        raise
    return store


def open_backup(path: str | Path, *, author: str = "agent", keys: str | Path | None = None) -> Backup:
    """Open the backup in a folder, to list, verify, restore and prune its versions; `keys` as for `open`.

    NotABackup, UnsupportedFormat.
    """
    from objstore.maintenance.backup import Backup

    return Backup(Path(path), author, Keyring(user_folder(keys).files, os.urandom))


def mend(path: str | Path, source: str | Path | None = None, *, author: str = "agent") -> list[str]:
    """Make a damaged store in a folder one that can be opened again; what was done, in words. Nobody may have it open.

    `source`: a store or backup whose journal is taken where the store's own cannot be read at all. NotAStore: there is
    nothing to mend. CorruptObject: the journal cannot be read, and there is no source.
    """
    from objstore.maintenance.repair import Record, mend_files, words
    from objstore.maintenance.repair.sources import fallback_journal
    from objstore.storage.local.folder import Folder

    folder = Folder(Path(path))
    record = Record(folder, time.time_ns() // 1000, author)
    mend_files(folder, record, None if source is None else fallback_journal(Path(source)))
    return [words(action) for action in record.actions]
