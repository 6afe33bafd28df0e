"""The key store: the one file by which an encrypted store is opened, and those who can do so.

It lies beside packs and journal and never in them, and no backup has it: a store whose key store is gone cannot be read,
and neither can any copy of it. It is replaced whole, one change at a time; each raises its sequence.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from objstore.errors import (
    CorruptObject,
    DamagedKeyStore,
    DowngradedKeyStore,
    KeyNeeded,
    MissingKeyStore,
    NotAMember,
    WrongPassphrase,
)
from objstore.keys.cipher import SALT_BYTES, cipher
from objstore.keys.domain_key import DomainKey
from objstore.keys.identity import Identity, public_text
from objstore.keys.key_store_file import (
    MAX_KEY_STORE_BYTES,
    KeyStoreFile,
    Member,
    PassphraseSlot,
    Wrap,
    decode_key_store,
    encode_key_store,
)
from objstore.keys.passphrase import FLOOR, MODERATE, Cost, stretched
from objstore.keys.private_folder import sync_folder, write_private
from objstore.keys.store_keys import Random, StoreKeys, make_keys, sign_file, unwrap
from objstore.objects.kinds import Domain


class MemberInfo(NamedTuple):
    """Who opens a store: a name, and the public key as text."""

    name: str
    key: str


class KeyStore:
    """The key store in a file. Safe between threads and processes."""

    def __init__(self, path: Path, random: Random, floor: Cost = FLOOR) -> None:
        """`floor`: the least cost of a passphrase that is accepted; a lower one than FLOOR is for tests alone."""
        self.path = path
        self._random = random
        self._floor = floor

    # Opening

    def make(
        self,
        domain: Domain,
        *,
        passphrase: str | None = None,
        member: Identity | None = None,
        name: str = "owner",
        cost: Cost = MODERATE,
    ) -> StoreKeys:
        """Make the file, with fresh keys that the passphrase, the member or both open. FileExistsError, InvalidValue."""
        stretch = None if passphrase is None else self._stretch(passphrase, cost)
        opener = member or (stretch and stretch[1])
        if opener is None:
            raise KeyNeeded(str(self.path.parent))
        keys = make_keys(domain, opener, self._random)
        slot = stretch and _slot(keys.root, *stretch, cost)
        members = () if member is None else (Member(member.public, cipher().box(keys.root, member.public), name),)
        blank = KeyStoreFile(domain, 1, slot, members, _NO_WRAP, (), b"")
        data = encode_key_store(self._written(blank, keys))
        write_private(self.path, data)
        sync_folder(self.path.parent)
        return keys

    def open(self, secret: str | Identity | None) -> StoreKeys:
        """The keys, by a passphrase or an identity.

        KeyNeeded: nothing was given. WrongPassphrase, NotAMember, MissingKeyStore, DamagedKeyStore, DowngradedKeyStore.
        """
        held = self._read()
        if secret is None:
            raise KeyNeeded(str(self.path.parent))
        identity = self._of_passphrase(held, secret) if isinstance(secret, str) else secret
        keys = self._unwrapped(held, identity)
        if keys is None and isinstance(secret, str):
            raise WrongPassphrase(str(self.path))
        if keys is None:
            raise NotAMember(str(self.path), public_text(identity.public))
        return keys

    def again(self, keys: StoreKeys) -> StoreKeys:
        """The keys as they are now, for who opened them before. Errors as `open`."""
        return self.open(keys.identity)

    def _of_passphrase(self, held: KeyStoreFile, passphrase: str) -> Identity:
        slot = held.passphrase
        if slot is None:
            raise WrongPassphrase(str(self.path))
        if not slot.cost.reaches(self._floor):
            raise DowngradedKeyStore(str(self.path), str(slot.cost), str(self._floor))
        return Identity(stretched(passphrase, slot.salt, slot.cost))

    # Members

    def members(self) -> list[MemberInfo]:
        """Who opens it by an identity, by name; the file's word is verified when it is opened. Errors as `open`."""
        return sorted(MemberInfo(each.name, public_text(each.public)) for each in self._read().members)

    def has_passphrase(self) -> bool:
        """Whether a passphrase opens it. Errors as `open`."""
        return self._read().passphrase is not None

    def set_passphrase(self, keys: StoreKeys, passphrase: str, cost: Cost = MODERATE) -> StoreKeys:
        """Let this passphrase open it from now on, and no other. InvalidValue; errors as `open`.

        Who has an old copy of the file and the old passphrase still opens that copy.
        """

        salt, identity = self._stretch(passphrase, cost)

        def change(held: KeyStoreFile, current: StoreKeys) -> tuple[KeyStoreFile, StoreKeys]:
            old = held.passphrase
            if old is not None and current.identity.public == old.public:
                current = current.opened_by(identity)
            return held._replace(passphrase=_slot(current.root, salt, identity, cost)), current

        return self._change(keys, change)

    def add_member(self, keys: StoreKeys, public: bytes, name: str) -> None:
        """Let an identity open it, by its public key. Harmless when it does already. InvalidValue; errors as `open`."""

        def change(held: KeyStoreFile, current: StoreKeys) -> tuple[KeyStoreFile, StoreKeys]:
            kept = [each for each in held.members if each.public != public]
            members = sorted([*kept, Member(public, cipher().box(current.root, public), name)])
            return held._replace(members=tuple(members)), current

        self._change(keys, change)

    def remove_member(self, keys: StoreKeys, who: str) -> StoreKeys:
        """Let a member (its name or public key) open it no more, and seal what is new with a key that it never had.

        What was written before, and what it read, it may have kept. NotAMember: there is none such, or it would be the
        last who can open it; errors as `open`.
        """

        def change(held: KeyStoreFile, current: StoreKeys) -> tuple[KeyStoreFile, StoreKeys]:
            left = tuple(each for each in held.members if who not in (each.name, public_text(each.public)))
            if len(left) == len(held.members) or not (left or held.passphrase):
                raise NotAMember(str(self.path), who)
            return self._renewed(held._replace(members=left), current)

        return self._change(keys, change)

    def renew(self, keys: StoreKeys) -> StoreKeys:
        """Seal what is new with a new key, of the next epoch. Errors as `open`."""
        return self._change(keys, self._renewed)

    def forget(self, keys: StoreKeys, epochs: frozenset[int]) -> StoreKeys:
        """Keep the data keys of these epochs no more; the newest always stays. What they sealed cannot be read then."""

        return self._change(keys, lambda held, current: (held, current.without(epochs)))

    def copy(self) -> bytes:
        """The file's bytes, to be kept elsewhere. Errors as `open`."""
        return encode_key_store(self._read())

    def put_back(self, data: bytes, domain: Domain) -> None:
        """Make the file of a copy. FileExistsError; DamagedKeyStore: it is none, or of another store."""
        try:
            held = decode_key_store(data)
        except CorruptObject as error:
            raise DamagedKeyStore("the copy", error.reason) from None
        if held.domain != domain:
            raise DamagedKeyStore("the copy", "it is of another store")
        write_private(self.path, data)
        sync_folder(self.path.parent)

    def _renewed(self, held: KeyStoreFile, current: StoreKeys) -> tuple[KeyStoreFile, StoreKeys]:
        key = DomainKey(held.domain, current.newest.name.epoch + 1, self._random(32))
        fresh = current.with_key(key, self._random(32))
        members = tuple(each._replace(box=cipher().box(fresh.root, each.public)) for each in held.members)
        slot = held.passphrase and held.passphrase._replace(box=cipher().box(fresh.root, held.passphrase.public))
        return held._replace(members=members, passphrase=slot), fresh

    def _stretch(self, passphrase: str, cost: Cost) -> tuple[bytes, Identity]:
        salt = self._random(SALT_BYTES)
        return salt, Identity(stretched(passphrase, salt, cost))

    # The file

    def _written(self, held: KeyStoreFile, keys: StoreKeys) -> KeyStoreFile:
        ids, wraps = keys.wrapped(self._random)
        return sign_file(held._replace(ids=ids, keys=wraps), keys.root)

    def _change(
        self, keys: StoreKeys, change: Callable[[KeyStoreFile, StoreKeys], tuple[KeyStoreFile, StoreKeys]]
    ) -> StoreKeys:
        """Replace the file, on the ground of what it holds now: others may have changed it since `keys` were read."""
        with self._alone():
            held = self._read()
            current = self._unwrapped(held, keys.identity)
            if current is None:
                raise NotAMember(str(self.path), public_text(keys.identity.public))
            changed, fresh = change(held, current)
            data = encode_key_store(self._written(changed._replace(sequence=held.sequence + 1), fresh))
            self._replace(data)
            return fresh

    def _unwrapped(self, held: KeyStoreFile, identity: Identity) -> StoreKeys | None:
        """The keys, if the root is wrapped for this identity. DamagedKeyStore."""
        root = _root_for(held, identity)
        try:
            return None if root is None else unwrap(held, root, identity)
        except CorruptObject as error:
            raise DamagedKeyStore(str(self.path), error.reason) from None

    def _read(self) -> KeyStoreFile:
        try:
            with open(self.path, "rb") as file:
                data = file.read(MAX_KEY_STORE_BYTES + 1)
        except FileNotFoundError:
            raise MissingKeyStore(str(self.path)) from None
        try:
            return decode_key_store(data)
        except CorruptObject as error:
            raise DamagedKeyStore(str(self.path), error.reason) from None

    def _replace(self, data: bytes) -> None:
        fresh = self.path.with_name(f"{self.path.name}.new")
        with suppress(FileNotFoundError):  # of who died; nobody else is here
            os.unlink(fresh)
        write_private(fresh, data)
        os.rename(fresh, self.path)
        sync_folder(self.path.parent)

    @contextmanager
    def _alone(self) -> Generator[None, None, None]:
        """Be the only one who changes the file. MissingKeyStore."""
        while True:
            try:
                handle = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
            except FileNotFoundError:
                raise MissingKeyStore(str(self.path)) from None
            try:
                fcntl.flock(handle, fcntl.LOCK_EX)
                if os.path.samestat(os.fstat(handle), os.stat(self.path)):  # else it was replaced while we waited
                    yield
                    return
            finally:
                os.close(handle)


_NO_WRAP = Wrap(b"", b"")


def _slot(root: bytes, salt: bytes, identity: Identity, cost: Cost) -> PassphraseSlot:
    return PassphraseSlot(cost, salt, identity.public, cipher().box(root, identity.public))


def _root_for(held: KeyStoreFile, identity: Identity) -> bytes | None:
    """The root, if it is wrapped for this identity."""
    boxes = [each.box for each in held.members if each.public == identity.public]
    if held.passphrase is not None and held.passphrase.public == identity.public:
        boxes.append(held.passphrase.box)
    roots = (identity.unbox(box) for box in boxes)
    return next((root for root in roots if root is not None and len(root) == 32), None)
