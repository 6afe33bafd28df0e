"""The file on which the writers of all processes queue, and which tells them which journal is in use.

Writers wait in the kernel (`flock`), which serves them roughly in the order they came; SQLite's own polling starves.
The lock is for speed: safety is SQLite's own and, for the intake, the lock's. The bytes of the file are `State`; every
reader compares them with those it knows, so whoever changes something that others must notice changes them. They need
not survive a power loss: who opens the store reads the truth from the disk.

Behind the state stand two counters, raised under the lock inside the write transactions that they are about, whether
these are committed in the end or not: `losses`, when objects are deleted for good, and `moves`, when rows or packs are
taken away, their objects being gone or elsewhere. Who compares one under the lock with what it was before knows whether
anything was taken away since. They serve processes that are alive and are of no meaning to others.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
import time
from pathlib import Path
from typing import NamedTuple

from objstore.errors import StoreClosed, StoreLocked
from objstore.storage.local.faults import from_os

_PATIENCE = 0.005


_STATE = struct.Struct(">QQQQQ")  # Aligned, so that a reader never sees half of a number.
_LOSSES, _MOVES = _STATE.size, _STATE.size + 8  # Where the counters stand.
_SIZE = _STATE.size + 16


class State(NamedTuple):
    """What the lock file says: which journal is in use, and how far its intake is written and taken up."""

    generation: int
    damaged: bool
    """A process has seen an I/O error on this journal or its intake: nobody uses these files any more."""
    taken: int = 0
    """The highest sequence of an intake record that the journal has taken up."""
    durable: int = 0
    """The highest sequence of a record that is durable."""
    changes: int = 0
    """Rises with each transaction on the journal itself, so that followers notice."""

    def encoded(self) -> bytes:
        """The bytes of the lock file."""
        return _STATE.pack(*self)


def decode_state(data: bytes) -> State:
    """The reverse of `State.encoded`; of other bytes, a state of generation 0, which no journal has."""
    if len(data) != _STATE.size:
        return State(0, damaged=False)
    generation, damaged, taken, durable, changes = _STATE.unpack(data)
    return State(generation, damaged != 0, taken, durable, changes)


class FileLock:
    """An exclusive lock between processes. Not between threads: its owner guards it with a mutex."""

    def __init__(self, path: Path, timeout: float | None, read_only: bool = False) -> None:
        """`timeout`: seconds to wait before StoreLocked; None waits for as long as it takes."""
        self._path = path
        self._timeout = timeout
        try:
            flags = os.O_RDONLY if read_only else os.O_RDWR | os.O_CREAT
            self._handle = os.open(path, flags | os.O_CLOEXEC, 0o600)
            try:
                self._map = self._mapped(read_only)
            except BaseException:
                os.close(self._handle)
                raise
        except OSError as error:
            raise from_os(error, str(path.parent)) from error

    def _mapped(self, read_only: bool) -> mmap.mmap | None:
        """The file's bytes for reading, without a system call each time. Writing goes by system call: on a full disk
        that is an error, where a map would be a signal."""
        size = os.fstat(self._handle).st_size
        if size < _SIZE and not read_only:
            os.pwrite(self._handle, bytes(_SIZE - size), size)
            size = _SIZE
        return mmap.mmap(self._handle, min(size, _SIZE), access=mmap.ACCESS_READ) if size >= _STATE.size else None

    def acquire(self) -> None:
        """Wait for the lock. StoreLocked after the time-out; StoreClosed."""
        if self._handle < 0:
            raise StoreClosed(str(self._path.parent), "it was closed")
        if self._timeout is None:
            fcntl.flock(self._handle, fcntl.LOCK_EX)
            return
        deadline = time.monotonic() + self._timeout
        while True:
            try:
                fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise StoreLocked(
                        str(self._path.parent), f"another process has been writing for {self._timeout:g} s"
                    ) from None
                time.sleep(_PATIENCE)
            else:
                return

    def try_acquire(self) -> bool:
        """Take the lock if it is free."""
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def release(self) -> None:
        """Let the next one in."""
        fcntl.flock(self._handle, fcntl.LOCK_UN)

    def stated(self) -> bytes:
        """The file's bytes, to be compared with those known: the check that every read and write makes.

        ValueError: the file was closed.
        """
        return b"" if self._map is None else self._map[: _STATE.size]

    def state(self) -> State:
        """What the file says; an empty one says generation 0."""
        return decode_state(self.stated())

    def set_state(self, state: State) -> None:
        """Tell all processes."""
        self.state_it(state.encoded())

    def state_it(self, stated: bytes) -> None:
        """Tell all processes, in bytes (`State.encoded`)."""
        os.pwrite(self._handle, stated, 0)

    def losses(self) -> int:
        """How often objects have been deleted for good. ValueError: the file was closed."""
        return self._counter(_LOSSES)

    def moves(self) -> int:
        """How often rows or packs have been taken away."""
        return self._counter(_MOVES)

    def count_loss(self) -> None:
        """Announce that objects are deleted. The caller holds the lock. StoreFull, StorageFailure: it was not told."""
        self._count(_LOSSES)

    def count_move(self) -> None:
        """Announce that rows or packs are taken away. As `count_loss`."""
        self._count(_MOVES)

    def _count(self, at: int) -> None:
        try:
            os.pwrite(self._handle, (self._counter(at) + 1).to_bytes(8, "big"), at)
        except OSError as error:
            raise from_os(error, str(self._path.parent)) from error

    def _counter(self, at: int) -> int:
        return 0 if self._map is None else int.from_bytes(self._map[at : at + 8], "big")

    def close(self) -> None:
        """Close the file; a lock that is held is released by it."""
        if self._handle >= 0:
            if self._map is not None:
                self._map.close()  # It has the file open as well.
            os.close(self._handle)
            self._handle = -1
