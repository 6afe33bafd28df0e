"""Exclusive locks by path, between threads and processes, with a time-out; not to be taken twice by one holder.

They keep writers in turn. What is written is safe without them: heads move by compare-and-swap.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from weakref import WeakValueDictionary

_PATIENCE = 0.001
_MOST_PATIENCE = 0.02


class _Mutex:
    """A lock between the threads of this process, kept for as long as somebody uses it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()


_mutexes: WeakValueDictionary[str, _Mutex] = WeakValueDictionary()
_guard = threading.Lock()


@contextmanager
def path_lock(folder: Path | None, owner: str, path: str, timeout: float) -> Generator[None, None, None]:
    """Hold the lock of a path of an owner. Without a folder it is one between threads alone. TimeoutError, OSError."""
    name = hashlib.sha256(f"{owner}\0{path}".encode()).hexdigest()[:32]
    with _guard:
        mutex = _mutexes.setdefault(f"{folder}/{name}", _Mutex())
    deadline = time.monotonic() + timeout
    if not mutex.lock.acquire(timeout=max(0.0, timeout)):
        raise TimeoutError(f"Lock acquisition timed out: {path}")
    try:
        if folder is None:
            yield
        else:
            with _between_processes(folder / f"{name}.lock", deadline, path):
                yield
    finally:
        mutex.lock.release()


@contextmanager
def _between_processes(file: Path, deadline: float, path: str) -> Generator[None, None, None]:
    handle = _opened(file)
    try:
        patience = _PATIENCE
        while not _taken(handle):
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"Lock acquisition timed out: {path}")
            time.sleep(min(patience, left))
            patience = min(2 * patience, _MOST_PATIENCE)
        yield
    finally:
        os.close(handle)  # And with it the lock.


def _opened(file: Path) -> int:
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
    try:
        return os.open(file, flags, 0o600)
    except FileNotFoundError:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return os.open(file, flags, 0o600)


def _taken(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
