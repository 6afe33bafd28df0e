"""A user's key folder: a file for each key, 0600 in a folder of 0700.

    DOMAIN-EPOCH-FINGERPRINT.key        a key (key_file)
    DOMAIN-EPOCH-FINGERPRINT.shown      its recovery code was shown, and when
    DOMAIN-EPOCH-FINGERPRINT.destroyed  it was destroyed on purpose, and when

Nothing is used that somebody else could have read or put there. A key file appears whole or not at all and is never
changed; several processes may make keys at once.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final, Literal

from objstore.errors import CorruptObject, DamagedKey, MissingKey, UnsafeKeyFolder
from objstore.keys.domain_key import KeyName
from objstore.keys.key_file import MAX_FILE_BYTES, KeyFile, decode_key_file, encode_key_file
from objstore.objects.kinds import Domain

Mark = Literal["shown", "destroyed"]
"""What else is noted of a key beside its file."""

_NAME: Final = re.compile(r"([0-9a-f]{32})-([1-9][0-9]{0,9})-([0-9a-f]{32})\.key", re.ASCII)
_OTHERS: Final = 0o077


def default_folder(environ: Mapping[str, str]) -> Path:
    """Where a user's keys are: OBJSTORE_KEYS, or objstore/keys below XDG_CONFIG_HOME or ~/.config."""
    named = environ.get("OBJSTORE_KEYS")
    if named:
        return Path(os.path.abspath(named))
    config = environ.get("XDG_CONFIG_HOME", "")
    if not os.path.isabs(config):  # the specification: a relative one is to be ignored
        config = os.path.join(environ.get("HOME") or os.path.expanduser("~"), ".config")
    return Path(config, "objstore", "keys")


class KeyFolder:
    """The keys in one folder, which is made when the first key is. Safe between processes."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def file(self, name: KeyName) -> Path:
        """Where a key lies, if it is here."""
        return self.path / f"{name}.key"

    def names(self, domain: Domain | None = None) -> list[KeyName]:
        """The keys that are here, of one domain or of all, oldest epoch first. UnsafeKeyFolder."""
        if not self._check():
            return []
        found = (_NAME.fullmatch(entry) for entry in os.listdir(self.path))
        names = [KeyName(Domain(bytes.fromhex(m[1])), int(m[2]), bytes.fromhex(m[3])) for m in found if m]
        return sorted(name for name in names if domain is None or name.domain == domain)

    def read(self, name: KeyName) -> KeyFile:
        """A key. MissingKey, DamagedKey, UnsafeKeyFolder."""
        path = self.file(name)
        if not self._check():
            raise MissingKey(name.short, str(path))
        try:
            data = _read_private(path)
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
        self._make()
        path = self.file(held.key.name)
        fresh = path.with_name(f".{secrets.token_hex(8)}.new")
        try:
            _write_private(fresh, encode_key_file(held))
            with suppress(FileExistsError):
                os.link(fresh, path)  # never over a file that is there: it may be the only copy of a key
        finally:
            with suppress(FileNotFoundError):
                os.unlink(fresh)
        _sync(self.path)

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
        _sync(self.path)

    def mark(self, name: KeyName, mark: Mark) -> str | None:
        """When something was noted of a key, or None."""
        try:
            return _read_private(self._mark(name, mark)).decode("ascii", "replace").strip()
        except FileNotFoundError:
            return None

    def set_mark(self, name: KeyName, mark: Mark, when: str) -> None:
        """Note something of a key, durably."""
        path = self._mark(name, mark)
        with suppress(FileNotFoundError):
            os.unlink(path)
        _write_private(path, f"{when}\n".encode("ascii"))
        _sync(self.path)

    def _mark(self, name: KeyName, mark: Mark) -> Path:
        return self.file(name).with_suffix(f".{mark}")

    def _make(self) -> None:
        if not self._check():
            if not self.path.is_absolute():
                raise UnsafeKeyFolder(str(self.path), "no home folder is known", "Name a folder with OBJSTORE_KEYS")
            for folder in reversed(list(_absent(self.path))):
                with suppress(FileExistsError):
                    folder.mkdir(mode=0o700)
            _sync(self.path.parent)
            self._check()

    def _check(self) -> bool:
        """Whether there is a folder. UnsafeKeyFolder: it is open to others."""
        try:
            found = os.stat(self.path)
        except FileNotFoundError:
            return False
        if not stat.S_ISDIR(found.st_mode):
            raise UnsafeKeyFolder(str(self.path), "it is no folder", "Name another with OBJSTORE_KEYS")
        _refuse_open(self.path, found, "700")
        return True


def _absent(path: Path) -> Iterator[Path]:
    """The folders that are not there, from this one upward."""
    while not path.is_dir():
        yield path
        path = path.parent


def _read_private(path: Path) -> bytes:
    """A small file that is ours alone. FileNotFoundError, UnsafeKeyFolder."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise UnsafeKeyFolder(str(path), "it is a symbolic link", "Put the file itself there") from None
        raise
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise UnsafeKeyFolder(str(path), "it is no file", "Move it away")
        _refuse_open(path, found, "600")
        return os.read(handle, MAX_FILE_BYTES + 1)
    finally:
        os.close(handle)


def _refuse_open(path: Path, found: os.stat_result, mode: str) -> None:
    if found.st_uid not in (os.geteuid(), 0):
        raise UnsafeKeyFolder(str(path), f"it belongs to user {found.st_uid}", "It must be yours")
    if found.st_mode & _OTHERS:
        reason = f"others can use it (mode {stat.S_IMODE(found.st_mode):03o})"
        raise UnsafeKeyFolder(str(path), reason, f"Run: chmod {mode} '{path}'")


def _write_private(path: Path, data: bytes) -> None:
    """A new file, durable but for its name."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        os.fchmod(handle, 0o600)  # whatever the umask took away
        view = memoryview(data)
        while view:
            view = view[os.write(handle, view) :]
        os.fsync(handle)
    finally:
        os.close(handle)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
