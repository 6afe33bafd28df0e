"""Leases: what open stages of living processes rely on, written down where a collector of any process sees it.

A stage asks what the store has and leaves it out. Nothing but the stage knows of that until it is applied, so the
answers go into a file of ids (32 bytes each, joined) that its process holds locked. A file whose lock can be had
belongs to nobody any more. Written and read behind the gate (gate.py); they need not survive anything.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from io import FileIO
from pathlib import Path

from objstore.objects.kinds import Oid
from objstore.storage.local.faults import from_os
from objstore.storage.local.folder import write_all

_OID = 32


class Leases:
    """The leases that one open storage takes, in one file while any stage is open. Safe between threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._open = 0
        self._handle = -1
        self._path: Path | None = None

    @property
    def wanted(self) -> bool:
        """Whether any stage is open."""
        return self._open > 0

    def begin(self) -> None:
        """A stage opens."""
        with self._lock:
            self._open += 1

    def end(self) -> None:
        """A stage ends; with the last one, all leases do."""
        with self._lock:
            self._open -= 1
            if not self._open and self._path is not None:
                with suppress(OSError):
                    os.unlink(self._path)
                os.close(self._handle)
                self._path, self._handle = None, -1

    def keep(self, oids: Iterable[Oid]) -> None:
        """Note down what is relied on. The caller holds the gate. StoreFull, StorageFailure."""
        data = b"".join(oids)
        if not data:
            return
        with self._lock:
            try:
                if self._path is None:
                    self._begin_file()
                write_all(self._handle, data)
            except OSError as error:
                raise from_os(error, str(self._folder)) from error

    def _begin_file(self) -> None:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        path = self._folder / f"{os.getpid():x}-{os.urandom(8).hex()}"
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._handle, fcntl.LOCK_EX)
        self._path = path


def leased(folder: Path) -> Iterator[Oid]:
    """What living processes rely on; files of dead ones are removed. The caller holds the gate alone. StorageFailure."""
    if not folder.is_dir():
        return
    try:
        for path in sorted(folder.iterdir()):
            with closing(_opened(path)) as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    while data := file.read(_OID * 4096):
                        yield from (Oid(data[at : at + _OID]) for at in range(0, len(data) - _OID + 1, _OID))
                else:
                    with suppress(OSError):  # Another time, then.
                        path.unlink()
    except OSError as error:
        raise from_os(error, str(folder)) from error


def _opened(path: Path) -> FileIO:
    return FileIO(os.open(path, os.O_RDWR | os.O_CLOEXEC), "r+")
