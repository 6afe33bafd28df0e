"""A user's key folder: a file for each key, 0600 in a folder of 0700.

    DOMAIN-EPOCH-FINGERPRINT.key        a key (key_file)
    DOMAIN-EPOCH-FINGERPRINT.shown      its recovery code was shown, and when
    DOMAIN-EPOCH-FINGERPRINT.destroyed  it was destroyed on purpose, and when

Nothing is used that somebody else could have read or put there. A key file appears whole or not at all and is never
changed; several processes may make keys at once.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final, Literal

from objstore.errors import CorruptObject, DamagedKey, MissingKey
from objstore.keys.domain_key import KeyName
from objstore.keys.key_file import KeyFile, decode_key_file, encode_key_file
from objstore.keys.private_folder import PrivateFolder, read_private, sync_folder, write_private
from objstore.objects.kinds import Domain

Mark = Literal["shown", "destroyed"]
"""What else is noted of a key beside its file."""

_NAME: Final = re.compile(r"([0-9a-f]{32})-([1-9][0-9]{0,9})-([0-9a-f]{32})\.key", re.ASCII)


def default_folder(environ: Mapping[str, str]) -> Path:
    """Where a user's keys are: OBJSTORE_KEYS, or objstore/keys below XDG_CONFIG_HOME or ~/.config."""
    named = environ.get("OBJSTORE_KEYS")
    if named:
        return Path(os.path.abspath(named))
    config = environ.get("XDG_CONFIG_HOME", "")
    if not os.path.isabs(config):  # the specification: a relative one is to be ignored
        config = os.path.join(environ.get("HOME") or os.path.expanduser("~"), ".config")
    return Path(config, "objstore", "keys")


def user_folder(path: str | Path | None) -> KeyFolder:
    """The key folder at a path, or, where none is given, the one that the environment names (`default_folder`)."""
    return KeyFolder(default_folder(os.environ) if path is None else Path(path).absolute())


class KeyFolder:
    """The keys in one folder, which is made when the first key is. Safe between processes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.files = PrivateFolder(path)

    def file(self, name: KeyName) -> Path:
        """Where a key lies, if it is here."""
        return self.path / f"{name}.key"

    def names(self, domain: Domain | None = None) -> list[KeyName]:
        """The keys that are here, of one domain or of all, oldest epoch first. UnsafeKeyFolder."""
        if not self.files.exists():
            return []
        found = (_NAME.fullmatch(entry) for entry in os.listdir(self.path))
        names = [KeyName(Domain(bytes.fromhex(m[1])), int(m[2]), bytes.fromhex(m[3])) for m in found if m]
        return sorted(name for name in names if domain is None or name.domain == domain)

    def read(self, name: KeyName) -> KeyFile:
        """A key. MissingKey, DamagedKey, UnsafeKeyFolder."""
        path = self.file(name)
        if not self.files.exists():
            raise MissingKey(name.short, str(path))
        try:
            data = read_private(path)
        except FileNotFoundError:
            raise MissingKey(name.short, str(path), self.mark(name, "destroyed") is not None) from None
        try:
            held = decode_key_file(data)
        except CorruptObject as error:
            raise DamagedKey(str(path), error.reason) from None
        if held.key.name != name:
            raise DamagedKey(str(path), f"it holds key {held.key.name.short}")
        return held

    def add(self, held: KeyFile) -> None:
        """Keep a key, durably. Harmless where it is kept already. UnsafeKeyFolder; OSError: it cannot be written."""
        self.files.add(self.file(held.key.name).name, encode_key_file(held))

    def destroy(self, name: KeyName, when: str) -> None:
        """Overwrite a key and take its file away; what it sealed is lost, wherever no copy of the key is left."""
        self.set_mark(name, "destroyed", when)
        path = self.file(name)
        handle = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            os.pwrite(handle, bytes(os.fstat(handle).st_size), 0)
            os.fsync(handle)
        finally:
            os.close(handle)
        os.unlink(path)
        sync_folder(self.path)

    def mark(self, name: KeyName, mark: Mark) -> str | None:
        """When something was noted of a key, or None."""
        try:
            return read_private(self._mark(name, mark)).decode("ascii", "replace").strip()
        except FileNotFoundError:
            return None

    def set_mark(self, name: KeyName, mark: Mark, when: str) -> None:
        """Note something of a key, durably."""
        path = self._mark(name, mark)
        with suppress(FileNotFoundError):
            os.unlink(path)
        write_private(path, f"{when}\n".encode("ascii"))
        sync_folder(self.path)

    def _mark(self, name: KeyName, mark: Mark) -> Path:
        return self.file(name).with_suffix(f".{mark}")
