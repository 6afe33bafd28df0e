"""Temporary folders beside the files of a store: real directories that any program can work in, in no history.

A folder lives as long as the block that asked for it. The process holds a lock of the operating system on a file beside
the folder; where the process died, whoever makes the next folder finds that lock free and removes what was left.

    ID.owner    held by flock while ID/ is in use; made first and removed last
    ID/         the folder, for its owner alone (0700)
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

_OWNER = ".owner"


@contextmanager
def scratch_folder(cache: Path | None) -> Generator[Path, None, None]:
    """An empty folder below `cache` (or with the system's temporary files), gone when the block ends. OSError."""
    base = _base(cache)
    sweep(base)
    name, lock = _own(base)
    folder = base / name
    try:
        folder.mkdir(mode=0o700)
        yield folder
    finally:
        _remove(folder)
        with suppress(OSError):
            os.unlink(base / f"{name}{_OWNER}")
        os.close(lock)


def sweep(base: Path) -> int:
    """Remove the folders whose owners are dead; how many."""
    removed = 0
    for place in base.glob(f"*{_OWNER}"):
        try:
            lock = os.open(place, os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            continue  # its owner lives
        else:
            _remove(base / place.name.removesuffix(_OWNER))
            with suppress(OSError):
                place.unlink()
            removed += 1
        finally:
            os.close(lock)
    return removed


def _base(cache: Path | None) -> Path:
    base = Path(tempfile.gettempdir()) / f"objstore-{os.getuid()}" if cache is None else cache / "scratch"
    base.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = os.lstat(base)
    if found.st_uid != os.getuid() or not os.path.isdir(base) or os.path.islink(base):
        raise PermissionError(1, "it belongs to somebody else", str(base))
    return base


def _own(base: Path) -> tuple[str, int]:
    """A new name, and the open file that says that it is in use."""
    while True:
        name = os.urandom(8).hex()
        place = base / f"{name}{_OWNER}"
        lock = os.open(place, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
        # Between the two calls somebody who sweeps may have taken it for one left behind.
        with suppress(FileNotFoundError):
            if os.stat(place).st_ino == os.fstat(lock).st_ino:
                return name, lock
        os.close(lock)


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():  # Something in it may not be entered or changed: it is ours, so let us.
        for place, _, _ in os.walk(folder):
            with suppress(OSError):
                os.chmod(place, 0o700)
        shutil.rmtree(folder, ignore_errors=True)
