"""The folder of a local store: its names, its `format` marker, and files that become durable whole or not at all.

    format              the marker: what this is, which version, which id; written last when a store is made
    lock                writers queue on it; its bytes carry the journal's generation (see lock.py)
    journal-N.sqlite    fresh objects, refs, logs, and the list of packs; the highest N counts
    intake-N.log        what the journal will take up with its next transaction (see intake.py)
    packs/NAME.pack     sealed objects, and NAME.index beside each
    keystore            of an encrypted store: its wrapped keys, which lie nowhere else (keys/key_store.py)
    gate                locked shared by who asks what there is, alone by who deletes (gate.py)
    maintenance         locked by who packs or collects, so that they do not spoil each other's work
    leases/             what open stages of living processes rely on (leases.py)
    cache/              derived, may be deleted at any time

Bytes: docs/format/store.md.
"""

from __future__ import annotations

import os
import re
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from objstore.errors import NotAStore, OldFormat, StoreExists, UnsupportedFormat
from objstore.storage.local.faults import from_os

FORMAT = 2
SEALING = "sealing"
"""What an encrypted store requires of who opens it."""
_MARKER = re.compile(r"objstore store\nformat (\d{1,9})\nid ([0-9a-f]{32})\n(?:requires ([a-z0-9 -]+)\n)?", re.ASCII)
_JOURNAL = re.compile(r"journal-(\d{1,9})\.sqlite", re.ASCII)
_OURS = re.compile(
    r"format(\.new)?|keystore(\.new)?|lock|gate|maintenance|leases|packs|cache|intake-\d+\.log"
    r"|journal-\d+\.sqlite(-wal|-shm|-journal|\.new.*)?",
    re.ASCII,
)


class Folder:
    """The paths of a store below `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.packs = root / "packs"
        self.cache = root / "cache"
        self.lock = root / "lock"
        self.gate = root / "gate"
        self.maintenance = root / "maintenance"
        self.leases = root / "leases"
        self.marker = root / "format"
        self.key_store = root / "keystore"

    def journal(self, generation: int) -> Path:
        """The journal file of a generation."""
        return self.root / f"journal-{generation}.sqlite"

    def intake(self, generation: int) -> Path:
        """The intake of a journal file."""
        return self.root / f"intake-{generation}.log"

    def generation(self) -> int:
        """The highest generation of which there is a journal file, or 0."""
        found = (_JOURNAL.fullmatch(name) for name in os.listdir(self.root))
        return max((int(match[1]) for match in found if match), default=0)

    def is_store(self) -> bool:
        """Whether the marker is there."""
        return self.marker.exists()

    def read_marker(self) -> bytes:
        """The store's id (16 bytes). NotAStore, OldFormat, UnsupportedFormat."""
        return self._read_marker()[0]

    def is_sealed(self) -> bool:
        """Whether the store is encrypted. Errors as `read_marker`."""
        return self._read_marker()[1]

    def _read_marker(self) -> tuple[bytes, bool]:
        try:
            text = self.marker.read_bytes()[:4096].decode("ascii", "replace")
        except (FileNotFoundError, NotADirectoryError):
            raise NotAStore(str(self.root)) from None
        except OSError as error:
            raise from_os(error, str(self.root)) from error
        match = _MARKER.fullmatch(text)
        if match is None:
            version = re.match(r"objstore store\nformat (\d{1,9})\n", text)
            if version is None:
                raise UnsupportedFormat(str(self.root), "its `format` file is not one of objstore")
            raise UnsupportedFormat(
                str(self.root), f"format {version[1]} is newer than {FORMAT}, the newest known here"
            )
        if int(match[1]) < FORMAT:
            raise OldFormat(str(self.root), f"it is of format {match[1]}; this program works on {FORMAT}")
        if int(match[1]) > FORMAT:
            raise UnsupportedFormat(str(self.root), f"format {match[1]} is newer than {FORMAT}, the newest known here")
        if match[3] not in (None, SEALING):
            raise UnsupportedFormat(str(self.root), f"it requires {match[3]}, which is unknown here")
        return bytes.fromhex(match[2]), match[3] == SEALING

    def write_marker(self, store_id: bytes, sealed: bool = False) -> None:
        """Declare the folder a store, `sealed`: an encrypted one. The last step of making it."""
        requires = f"requires {SEALING}\n" if sealed else ""
        write_durably(self.marker, f"objstore store\nformat {FORMAT}\nid {store_id.hex()}\n{requires}".encode())

    def make(self) -> None:
        """Make the folders. StoreExists: something else is in the way."""
        try:
            make_folder(self.root)
            strangers = sorted(name for name in os.listdir(self.root) if not _OURS.fullmatch(name))
            if strangers:
                raise StoreExists(str(self.root), f"the folder holds other files ({', '.join(strangers[:3])})")
            make_folder(self.packs)
        except (FileExistsError, NotADirectoryError):
            raise StoreExists(str(self.root), "it is a file") from None
        except OSError as error:
            raise from_os(error, str(self.root)) from error


def make_folder(path: Path) -> None:
    """Make a folder (0700) and those above it, each durable in its parent."""
    if path.is_dir():
        return
    if not path.parent.is_dir():
        make_folder(path.parent)
    with suppress(FileExistsError):
        path.mkdir(mode=0o700)
    if not path.is_dir():
        raise FileExistsError(path)
    sync_folder(path.parent)


def make_private(path: Path) -> None:
    """Make an empty file (0600) if there is none. For SQLite's: it would make it with the mode that the umask leaves, and
    gives its write-ahead log the mode of the file."""
    os.close(os.open(path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))


def sync_folder(path: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_durably(path: Path, data: bytes) -> None:
    """Write a file whole or not at all, and durably."""
    with replacing(path) as handle:
        write_all(handle, data)


@contextmanager
def replacing(path: Path) -> Generator[int, None, None]:
    """A descriptor for a new file that takes the place of `path`, durably, when the block ends well."""
    fresh = path.with_name(path.name + ".new")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        try:
            yield handle
            os.fsync(handle)
        finally:
            os.close(handle)
        os.rename(fresh, path)
        sync_folder(path.parent)
    except BaseException:
        with suppress(OSError):
            os.unlink(fresh)
        raise


def write_at(handle: int, data: bytes, start: int) -> None:
    """Write every byte at an offset."""
    written = os.pwrite(handle, data, start)
    while written < len(data):
        written += os.pwrite(handle, memoryview(data)[written:], start + written)


def write_all(handle: int, data: bytes | memoryview) -> None:
    """Write every byte, however few the system takes at a time."""
    view = memoryview(data)
    while view:
        view = view[os.write(handle, view) :]
