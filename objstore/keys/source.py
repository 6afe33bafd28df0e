"""Where keys come from: what seals now, and what sealed something earlier.

A store without a key of its own uses one that is made for it in the user's key folder (`FolderKeys`); a store in memory
one that ends with it (`MemoryKeys`).
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable
from functools import cached_property
from typing import NamedTuple, Protocol

from objstore.errors import MissingKey
from objstore.keys.domain_key import DOMAIN_BYTES, KEY_BYTES, DomainKey, KeyName
from objstore.keys.key_file import KeyFile
from objstore.keys.key_folder import KeyFolder
from objstore.objects.kinds import Domain

Random = Callable[[int], bytes]


class KeyWarning(UserWarning):
    """A key was made, and who loses it loses what it seals."""


class HeldKey(NamedTuple):
    """A key that is here: its name, where it lies, and when its recovery code was shown (as text), if ever."""

    name: KeyName
    place: str
    shown: str | None


class KeySource(Protocol):
    """The keys of one domain for sealing, and any that are here for opening. Safe between threads."""

    def current(self) -> DomainKey:
        """The key that seals now, made where there is none. Errors of the key folder."""
        ...

    def find(self, name: KeyName) -> DomainKey:
        """A key that sealed something. MissingKey, and other errors of the key folder."""
        ...

    def renew(self) -> DomainKey:
        """A new key of the next epoch, which seals from now on; the old ones stay."""
        ...

    def held(self) -> list[HeldKey]:
        """The domain's keys, the one that seals last. Errors of the key folder."""
        ...

    def keep(self, key: DomainKey) -> None:
        """Keep a key that comes from elsewhere, of any domain."""
        ...

    def note_shown(self, name: KeyName, when: str) -> None:
        """Note that a key's recovery code was shown."""
        ...

    def destroy(self, name: KeyName, when: str) -> None:
        """Forget a key for ever."""
        ...


class MemoryKeys:
    """Keys that nothing survives. Implements `KeySource`."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._lock = threading.RLock()
        self._domain: Domain | None = None
        self._keys: dict[KeyName, DomainKey] = {}
        self._shown: dict[KeyName, str] = {}
        self._destroyed: set[KeyName] = set()

    def current(self) -> DomainKey:
        """The newest key."""
        with self._lock:
            held = self.held()
            return self._keys[held[-1].name] if held else self.renew()

    def find(self, name: KeyName) -> DomainKey:
        """A key of this process."""
        key = self._keys.get(name)
        if key is None:
            raise MissingKey(name.short, "of another store in memory", name in self._destroyed)
        return key

    def renew(self) -> DomainKey:
        """A key of the next epoch."""
        with self._lock:
            if self._domain is None:
                self._domain = Domain(self._random(DOMAIN_BYTES))
            epoch = 1 + max((each.name.epoch for each in self.held()), default=0)
            key = DomainKey(self._domain, epoch, self._random(KEY_BYTES))
            self._keys[key.name] = key
            return key

    def held(self) -> list[HeldKey]:
        """The domain's keys."""
        names = sorted(name for name in self._keys if name.domain == self._domain)
        return [HeldKey(name, "memory", self._shown.get(name)) for name in names]

    def keep(self, key: DomainKey) -> None:
        """Keep a key."""
        self._keys[key.name] = key

    def note_shown(self, name: KeyName, when: str) -> None:
        """Note it."""
        self._shown[name] = when

    def destroy(self, name: KeyName, when: str) -> None:  # noqa: ARG002 - the protocol's signature
        """Forget a key."""
        self._keys.pop(name, None)
        self._destroyed.add(name)


class FolderKeys:
    """The keys of one store in the user's key folder. Implements `KeySource`.

    The domain is the store's id, which a copy of the store keeps. Keys of other domains open, but do not seal.
    """

    def __init__(self, folder: KeyFolder, domain: Callable[[], Domain], store: str, random: Random) -> None:
        """`domain` is asked when the first key is; `store` is where the store is, for who finds the key file."""
        self._folder = folder
        self._ask_domain = domain
        self._store = store
        self._random = random
        self._lock = threading.RLock()
        self._opened: dict[KeyName, DomainKey] = {}

    def current(self) -> DomainKey:
        """The key of the newest epoch; the folder is asked each time, since another process may have renewed it."""
        with self._lock:
            names = self._names()
            if not names:
                self.renew()
                names = self._names()  # another process may have made one too: all take the one that sorts last
            return self.find(names[-1])

    def find(self, name: KeyName) -> DomainKey:
        """The key of this name."""
        with self._lock:
            key = self._opened.get(name)
            if key is None:
                key = self._opened[name] = self._folder.read(name).key
            return key

    def renew(self) -> DomainKey:
        """A key of the next epoch. Warns (KeyWarning): who loses its file loses what it seals."""
        with self._lock:
            names = self._names()
            key = DomainKey(self._domain, names[-1].epoch + 1 if names else 1, self._random(KEY_BYTES))
            self.keep(key)
        warnings.warn(
            f"secrets of {self._store} are sealed with a new key, {self._folder.file(key.name)}. Who loses that file "
            "loses the secrets. For a recovery code to keep elsewhere: objstore keys recovery",
            KeyWarning,
            stacklevel=2,
        )
        return key

    def held(self) -> list[HeldKey]:
        """The store's keys."""
        folder = self._folder
        return [HeldKey(name, str(folder.file(name)), folder.mark(name, "shown")) for name in self._names()]

    def keep(self, key: DomainKey) -> None:
        """Keep a key in the folder."""
        self._folder.add(KeyFile(key, self._store))

    def note_shown(self, name: KeyName, when: str) -> None:
        """Note it beside the key."""
        self._folder.set_mark(name, "shown", when)

    def destroy(self, name: KeyName, when: str) -> None:
        """Destroy a key's file."""
        with self._lock:
            self._opened.pop(name, None)
            self._folder.destroy(name, when)

    @cached_property
    def _domain(self) -> Domain:
        return self._ask_domain()

    def _names(self) -> list[KeyName]:
        return self._folder.names(self._domain)
