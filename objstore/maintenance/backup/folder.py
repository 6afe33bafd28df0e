"""The folder of a backup, which holds versions of one store.

    format              what this is, which version of the format, and the id of the store; written first
    lock                held by who changes the backup
    packs/              as in the store, each file copied once for all versions
    journals/HASH.sqlite   the store's journal of a moment, named by the beginning of its hash
    versions/N.manifest    what belongs to a version; written last, so a version is there whole or not at all

Bytes: docs/format/backup.md.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Generator, Iterable
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from objstore.errors import CorruptObject, NotABackup, StoreExists, StoreLocked, UnknownVersion, UnsupportedFormat
from objstore.maintenance.backup.manifest import FileEntry, Manifest, decode_manifest, encode_manifest
from objstore.storage.local.faults import from_os
from objstore.storage.local.folder import make_folder, sync_folder, write_durably

FORMAT = 1
_MARKER = re.compile(r"objstore backup\nformat (\d{1,9})\nid ([0-9a-f]{32})\n(requires sealing\n)?", re.ASCII)
_MANIFEST = re.compile(r"(\d{6,18})\.manifest", re.ASCII)
_OURS = {"format", "format.new", "lock", "packs", "journals", "versions"}


class Version(NamedTuple):
    """A version of a backup: its number, when it was made (µs since 1970), why, how many refs, and its files' bytes."""

    number: int
    time: int
    note: str
    refs: int
    size: int


class BackupFolder:
    """The paths and manifests of a backup."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.packs = root / "packs"
        self.journals = root / "journals"
        self.versions = root / "versions"
        self._marker = root / "format"

    def store_id(self) -> bytes:
        """The id of the store that this is a backup of. NotABackup, UnsupportedFormat."""
        return self._read_marker()[0]

    def is_sealed(self) -> bool:
        """Whether it is of an encrypted store, whose key store it does not have. Errors as `store_id`."""
        return self._read_marker()[1]

    def _read_marker(self) -> tuple[bytes, bool]:
        try:
            text = self._marker.read_bytes()[:4096].decode("ascii", "replace")
        except (FileNotFoundError, NotADirectoryError):
            raise NotABackup(str(self.root), "there is no backup") from None
        except OSError as error:
            raise from_os(error, str(self.root)) from error
        match = _MARKER.fullmatch(text)
        if match is None:
            raise NotABackup(str(self.root), "its `format` file is not one of a backup")
        if int(match[1]) != FORMAT:
            raise UnsupportedFormat(str(self.root), f"backup format {match[1]}; this program knows {FORMAT}")
        return bytes.fromhex(match[2]), match[3] is not None

    def prepare(self, store_id: bytes, sealed: bool = False) -> None:
        """Make the folder a backup of this store, or see that it is one. StoreExists: it is something else's."""
        try:
            make_folder(self.root)
            if not self._marker.exists():
                strangers = sorted(set(os.listdir(self.root)) - _OURS)
                if strangers:
                    raise StoreExists(str(self.root), f"the folder holds other files ({', '.join(strangers[:3])})")
                requires = "requires sealing\n" if sealed else ""
                marker = f"objstore backup\nformat {FORMAT}\nid {store_id.hex()}\n{requires}"
                write_durably(self._marker, marker.encode())
            for folder in (self.packs, self.journals, self.versions):
                make_folder(folder)
        except (FileExistsError, NotADirectoryError):
            raise StoreExists(str(self.root), "it is a file") from None
        except OSError as error:
            raise from_os(error, str(self.root)) from error
        if self.store_id() != store_id:
            raise StoreExists(str(self.root), f"it is the backup of another store, {self.store_id().hex()}")

    @contextmanager
    def locked(self) -> Generator[None, None, None]:
        """Keep others from changing the backup; what a dead one left half made is removed. StoreLocked."""
        try:
            handle = os.open(self.root / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise from_os(error, str(self.root)) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for path in (*self.packs.glob("*.new"), *self.journals.glob("*.new*"), *self.versions.glob("*.new")):
                path.unlink(missing_ok=True)
            yield
        except BlockingIOError:
            raise StoreLocked(str(self.root), "another backup to it is running") from None
        finally:
            os.close(handle)

    def numbers(self) -> list[int]:
        """The numbers of all versions, oldest first."""
        try:
            found = (_MANIFEST.fullmatch(name) for name in os.listdir(self.versions))
        except OSError:
            return []
        return sorted(int(match[1]) for match in found if match)

    def read(self, number: int | None = None) -> Manifest:
        """The manifest of a version, the newest without a number. UnknownVersion, CorruptObject."""
        numbers = self.numbers()
        if not numbers or (number is not None and number not in numbers):
            raise UnknownVersion(str(self.root), number or 0)
        path = self._manifest(numbers[-1] if number is None else number)
        try:
            manifest = decode_manifest(path.read_bytes())
        except CorruptObject as error:
            raise CorruptObject(None, f"{path}: {error.reason}") from error
        except OSError as error:
            raise from_os(error, str(self.root)) from error
        if self._manifest(manifest.version) != path or manifest.store != self.store_id():
            raise CorruptObject(None, f"{path}: it is the manifest of another version or store")
        return manifest

    def write(self, manifest: Manifest) -> None:
        """Add a version: from now on it is there."""
        for folder in (self.packs, self.journals):
            sync_folder(folder)
        write_durably(self._manifest(manifest.version), encode_manifest(manifest))

    def known_files(self) -> dict[str, FileEntry]:
        """Every file that a readable version lists."""
        found: dict[str, FileEntry] = {}
        for number in self.numbers():
            with suppress(CorruptObject):
                found |= {file.name: file for file in self.read(number).files}
        return found

    def remove(self, numbers: Iterable[int]) -> int:
        """Take versions away, then the files that none of the others lists; the bytes that became free.

        CorruptObject: a version that stays cannot be read, so that nobody knows what it needs; nothing was removed.
        """
        gone = set(numbers)
        kept: set[str] = set()
        for number in self.numbers():
            if number not in gone:
                kept |= {file.name for file in self.read(number).files}
        freed = 0
        try:
            for number in sorted(gone):
                freed += self._unlink(self._manifest(number))
            sync_folder(self.versions)  # A manifest must not outlive its files.
            for folder in (self.packs, self.journals):
                for path in folder.iterdir():
                    if f"{folder.name}/{path.name}" not in kept:
                        freed += self._unlink(path)
        except OSError as error:
            raise from_os(error, str(self.root)) from error
        return freed

    @staticmethod
    def _unlink(path: Path) -> int:
        size = path.stat().st_size
        path.unlink()
        return size

    def _manifest(self, number: int) -> Path:
        return self.versions / f"{number:06}.manifest"
