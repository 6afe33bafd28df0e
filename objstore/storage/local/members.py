"""Who opens an encrypted store: `store.members`."""

from __future__ import annotations

import os
from pathlib import Path

from objstore.errors import NotEncrypted
from objstore.keys.identity import parse_public
from objstore.keys.key_store import KeyStore, MemberInfo
from objstore.keys.private_folder import write_private
from objstore.keys.vault import Vault
from objstore.storage.local.storage import LocalStorage
from objstore.storage.protocol import Storage


class Members:
    """The members and the passphrase of a store. Safe between threads and processes.

    Methods raise NotEncrypted where the store is not, and MissingKeyStore, DamagedKeyStore, or NotAMember, where who
    opened it was removed meanwhile.
    """

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def list(self) -> list[MemberInfo]:
        """The members, each with name and public key; a passphrase is none of them."""
        store, _ = self._held()
        return store.members()

    def has_passphrase(self) -> bool:
        """Whether a passphrase opens the store too."""
        store, _ = self._held()
        return store.has_passphrase()

    def add(self, name: str, key: str) -> None:
        """Let an identity open the store, by its public key ("x25519-…"). InvalidValue: no key, or no name."""
        store, vault = self._held()
        store.add_member(vault.keys, parse_public(key), name)

    def remove(self, who: str) -> None:
        """Let a member (its name or public key) open the store no more; what is written from now on has a new key.

        What was written before it may have kept, with a copy of the key store. Processes that have the store open seal
        with the old key until they open it again. NotAMember: there is none such, or nobody would be left.
        """
        store, vault = self._held()
        vault.adopt(store.remove_member(vault.keys, who))

    def set_passphrase(self, passphrase: str) -> None:
        """Let this passphrase open the store, and no other. A copy of the old key store keeps the old one.

        InvalidValue: it is empty.
        """
        store, vault = self._held()
        vault.adopt(store.set_passphrase(vault.keys, passphrase))

    def save(self, path: str | Path) -> None:
        """Copy the key store into a new file: no backup of the store has it. FileExistsError and other OSErrors."""
        store, _ = self._held()
        write_private(Path(path), store.copy())

    def _held(self) -> tuple[KeyStore, Vault]:
        storage = self._storage
        if not isinstance(storage, LocalStorage) or storage.vault is None:
            raise NotEncrypted(storage.place)
        return KeyStore(storage.folder.key_store, os.urandom), storage.vault
