"""Copies: what others made of events and want to find again fast, in files that may be deleted at any time.

They hold content, so no copy outlives an event that it was made from: all of them go whenever an event is redacted or
collected, and none is kept that was made before a redaction. In an encrypted store and in memory there are none.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import zlib
from collections.abc import Hashable
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from objstore.repository.repository import Repository
from objstore.storage.local.faults import from_os

_MAGIC = b"objstore copy 1\n"
_SUM = 4  # bytes


class Copies:
    """Bytes by name. Safe between threads and processes; whatever goes wrong, there is no copy."""

    def __init__(self, repo: Repository, folder: Path | None, *, writable: bool = True) -> None:
        """`folder`: where they are, made with the first one; None: nowhere."""
        self._repo = repo
        self._folder = folder
        self._writable = writable

    def era(self) -> Hashable:
        """What was redacted until now. Ask before reading the events that a copy is made of."""
        return self._repo.redactions.look()

    def read(self, name: str) -> bytes | None:
        """A copy, or None where there is none or a damaged one."""
        if self._folder is None:
            return None
        try:
            data = self._file(self._folder, name).read_bytes()
        except OSError:
            return None
        start = len(_MAGIC) + _SUM
        payload = data[start:]
        if data[: len(_MAGIC)] != _MAGIC or zlib.crc32(payload).to_bytes(_SUM) != data[len(_MAGIC) : start]:
            return None
        return payload

    def write(self, name: str, payload: bytes, era: Hashable) -> bool:
        """Keep a copy of what was read in an era; whether it was kept."""
        if self._folder is None or not self._writable or self.era() != era:
            return False
        file = self._file(self._folder, name)
        fresh = file.with_suffix(f".{uuid4().hex}")
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with open(handle, "wb") as output:
                output.writelines((_MAGIC, zlib.crc32(payload).to_bytes(_SUM), payload))
            fresh.replace(file)
        except OSError:
            with suppress(OSError):
                fresh.unlink()
            return False
        if self.era() != era:  # Somebody redacted meanwhile, and may have removed the copies before this one came.
            self.remove(name)
            return False
        return True

    def remove(self, name: str) -> None:
        """Remove a copy; harmless where there is none."""
        if self._folder is not None and self._writable:
            with suppress(OSError):
                self._file(self._folder, name).unlink()

    def discard(self) -> None:
        """Remove all of them, and what an interrupted call left. StoreFull, StorageFailure: one cannot be removed."""
        folder = self._folder
        if folder is None or not self._writable:
            return
        try:
            with suppress(FileNotFoundError):
                # Whoever writes one now finds its folder gone, and has none.
                folder.rename(folder.with_name(f"{folder.name}-{uuid4().hex}"))
            for aside in folder.parent.glob(f"{folder.name}-*"):
                with suppress(FileNotFoundError):  # Another one removes them too.
                    shutil.rmtree(aside)
        except OSError as error:
            raise from_os(error, self._repo.storage.place) from error

    def _file(self, folder: Path, name: str) -> Path:
        return folder / hashlib.sha256(name.encode()).hexdigest()[:32]
