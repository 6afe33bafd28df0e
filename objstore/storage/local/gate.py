"""The gate between those who ask what the store has and those who delete from it.

Whoever will rely on the answer holds the gate shared while it asks and notes down what it relies on; who deletes holds
it alone from reading such notes until its transaction is committed. It is an OS lock on a file of its own, so it dies
with its process, and every use opens the file anew, because threads that share a descriptor would share the lock.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from objstore.storage.local.faults import from_os


@contextmanager
def locked(path: Path, *, alone: bool, wait: bool = True) -> Generator[bool, None, None]:
    """Hold the lock on a file, shared or alone, while the block runs; False if it is taken and `wait` is not set."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise from_os(error, str(path.parent)) from error
    try:
        try:
            fcntl.flock(handle, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(handle)
