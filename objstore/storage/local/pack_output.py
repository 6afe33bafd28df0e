"""The file of a pack in the making: frames go in, and at the end it is sealed with its index, or gone.

Until `seal` the file has a name of its own that no store lists. `seal` makes the pack and its index durable; only then
may a transaction list it. An OS lock on the file, held until `discard`, tells it from what a dead process left: so a
sealed pack that is about to be listed is no orphan. Bytes: docs/format/pack.md.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from objstore.packs.pack import PackWriter
from objstore.packs.pack_index import encode_index
from objstore.storage.local.faults import from_os
from objstore.storage.local.folder import replacing, sync_folder, write_all
from objstore.storage.local.journal import PackRow


class PackOutput:
    """A pack that is being written, frame by frame. For one thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pack_id = os.urandom(16)
        self.name = self._pack_id.hex()
        self._path = folder / f"{self.name}.stage"
        try:
            self._handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise from_os(error, str(folder)) from error
        fcntl.flock(self._handle, fcntl.LOCK_EX)
        self._written = 0
        self._spans: list[tuple[int, int]] = []  # of the frames in the file: offset, length
        self._sealed: PackRow | None = None
        try:
            self._writer = PackWriter(self._write, self._pack_id)
        except BaseException:  # A full disk takes the name of a file and not its first byte.
            self.discard()
            raise

    @property
    def frames(self) -> int:
        """How many frames were added."""
        return len(self._spans)

    def add(self, frame: bytes) -> int:
        """Append a frame; its number. StoreFull, StorageFailure."""
        self._spans.append((self._written, len(frame)))
        return self._writer.add(frame)

    def frame(self, number: int) -> bytes:
        """The stored bytes of a frame."""
        offset, length = self._spans[number]
        return os.pread(self._handle, length, offset)

    def seal(self, entries: Iterable[tuple[bytes, int, int]], pause: Callable[[], object] = lambda: None) -> PackRow:
        """Make pack and index durable under their own names; arguments as for `encode_index`. Harmless when done twice.

        StoreFull, StorageFailure: nothing is kept.
        """
        if self._sealed is not None:
            return self._sealed
        try:
            size = self._writer.finish()
            os.fsync(self._handle)
            # The index first gets its name: a pack that is found without one is only slower to take up.
            index = encode_index(self._pack_id, entries, pause)
            with replacing(self._folder / f"{self.name}.index") as handle:
                write_all(handle, index)
            os.rename(self._path, self._folder / f"{self.name}.pack")
            sync_folder(self._folder)
        except OSError as error:
            self.discard()
            raise from_os(error, str(self._folder)) from error
        except BaseException:
            self.discard()
            raise
        self._sealed = PackRow(self.name, self._writer.objects, size + len(index))
        return self._sealed

    def discard(self) -> None:
        """Let go of the file, and remove it unless it is sealed: then the store may list it. Harmless when done twice."""
        if self._handle < 0:
            return
        if self._sealed is None:
            for name in (f"{self.name}.stage", f"{self.name}.index"):
                with suppress(OSError):
                    os.unlink(self._folder / name)
        os.close(self._handle)
        self._handle = -1

    def _write(self, data: bytes) -> None:
        try:
            write_all(self._handle, data)
        except OSError as error:
            raise from_os(error, str(self._folder)) from error
        self._written += len(data)
