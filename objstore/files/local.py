"""Single files between a tree and the operating system, in bounded memory."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from objstore.objects.blob_writer import BlobWriter
from objstore.objects.kinds import Oid

_PIECE = 1 << 20
_OPEN = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK  # Opening a pipe must not wait for its other end.


def read_local(source: Path, blob: BlobWriter) -> tuple[Oid, int, int]:
    """Put a regular file's content into a blob; its oid, its size, and the file's permission bits. OSError."""
    descriptor = os.open(source, _OPEN)
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise OSError(22, "it is no regular file", str(source))
        while data := os.read(descriptor, _PIECE):
            blob.write(data)
        oid, size = blob.finish()
        return oid, size, found.st_mode & 0o777
    finally:
        os.close(descriptor)


def write_local(target: Path, chunks: Iterator[bytes], permissions: int) -> int:
    """Write a file whole or not at all, in place of one that is there; how many bytes. OSError."""
    temporary = target.with_name(f".objstore-tmp-{os.urandom(8).hex()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, permissions)
    try:
        size = 0
        with open(descriptor, "wb", buffering=0) as file:
            for chunk in chunks:
                view = memoryview(chunk)
                while view:
                    view = view[file.write(view) :]
                size += len(chunk)
            os.fchmod(file.fileno(), permissions)
        os.replace(temporary, target)
        return size
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
