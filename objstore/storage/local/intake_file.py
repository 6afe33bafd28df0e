"""The file of the intake: written over from its start, again and again, within room that was made before.

A write into room that the file has changes no metadata of the file system, so that a flush costs one write to the disk
instead of two. Room is made by writing zeros, a power of two at a time.
"""

from __future__ import annotations

import os
from pathlib import Path

from objstore.storage.local.folder import sync_folder, write_at

_LEAST_ROOM = 64 << 10


class Unsynced(OSError):
    """A flush failed, or it could not be told: what counts is unknown, and the file must not be used any more."""


class IntakeFile:
    """The bytes of one intake. Raises OSError. Writing is for who holds the writers' lock."""

    def __init__(self, path: Path, read_only: bool = False) -> None:
        """Open the file; it is made, durably, where there is none. `read_only`: a missing one is an empty one."""
        self._handle = -1
        self._room = 0
        flags = os.O_RDONLY if read_only else os.O_RDWR | os.O_CREAT
        fresh = not read_only and not path.exists()
        try:
            self._handle = os.open(path, flags | os.O_CLOEXEC, 0o600)
        except FileNotFoundError:
            if not read_only:
                raise
        if fresh:
            sync_folder(path.parent)

    def read(self, start: int, size: int) -> bytes:
        """At most `size` bytes from `start`."""
        return os.pread(self._handle, size, start) if self._handle >= 0 else b""

    def read_all(self) -> bytes:
        """Every byte."""
        return b"" if self._handle < 0 else os.pread(self._handle, os.fstat(self._handle).st_size, 0)

    def write(self, start: int, data: bytes) -> None:
        """Write durably. OSError: nothing that counts was written. Unsynced."""
        end = start + len(data)
        if start == 0 or end > self._room:  # The room is given back only when the next record goes to the start.
            self._make_room(end)
        write_at(self._handle, data, start)
        self.sync()

    def _make_room(self, end: int) -> None:
        self._room = os.fstat(self._handle).st_size
        if end > self._room:
            more = max(_LEAST_ROOM, 1 << (end - 1).bit_length())
            write_at(self._handle, bytes(more - self._room), self._room)
            self._room = more

    def sync(self) -> None:
        """Make durable all that was written, by whomever. Unsynced."""
        try:
            os.fdatasync(self._handle)
        except OSError as error:
            raise Unsynced(error.errno, error.strerror) from error

    def empty(self) -> None:
        """Give the room back."""
        os.ftruncate(self._handle, 0)

    def close(self) -> None:
        """Close the file; harmless when done twice."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1
