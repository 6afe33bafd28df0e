"""Files of a store as file objects: reading with seeks, and writing that counts when it is closed.

Both hold a few chunks, whatever the size of the file.
"""

from __future__ import annotations

import io
import os
from collections import OrderedDict
from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType
from typing import Any

from objstore.objects.blob_writer import BlobWriter
from objstore.objects.blobs import read_range
from objstore.objects.kinds import Object, Oid

_KEPT = 8  # Objects: the lists on the way to a chunk, and the chunks around the place where one reads.
_BUFFER = 64 << 10


def open_blob(oid: Oid, size: int, read_object: Callable[[Oid], Object]) -> io.BufferedReader:
    """A file object that reads a blob. Its reads raise MissingObject and CorruptObject beside what files do."""
    return io.BufferedReader(_BlobReader(oid, size, read_object), _BUFFER)


class _BlobReader(io.RawIOBase):
    """A blob as an unbuffered file."""

    def __init__(self, oid: Oid, size: int, read_object: Callable[[Oid], Object]) -> None:
        super().__init__()
        self._oid = oid
        self._size = size
        self._read_object = read_object
        self._kept: OrderedDict[Oid, Object] = OrderedDict()
        self._at = 0

    def readable(self) -> bool:
        """True."""
        return True

    def seekable(self) -> bool:
        """True."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Go to a place; where that is. OSError: before the beginning."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise OSError(22, "a place before the beginning of the file")
        self._at = base + offset
        return self._at

    def readinto(self, buffer: Any, /) -> int:
        """Fill a buffer from here on; how many bytes went into it."""
        with memoryview(buffer) as view, view.cast("B") as target:
            data = read_range(self._oid, self._at, len(target), self._object)
            target[: len(data)] = data
        self._at += len(data)
        return len(data)

    def _object(self, oid: Oid) -> Object:
        obj = self._kept.get(oid)
        if obj is None:
            obj = self._kept[oid] = self._read_object(oid)
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(oid)
        return obj


class _Abandoned(Exception):
    """Ends the block of a file that is not to be kept."""


class FileWriter(io.BufferedIOBase):
    """A file that is being written. It is set when this is closed; left by an exception, or never closed, it is not."""

    def __init__(self, blob: BlobWriter, finish: Callable[[Oid, int], None]) -> None:
        """`finish` is given the blob when all of it is written."""
        super().__init__()
        self._blob = blob
        self._finish = finish
        self._block = ExitStack()
        self._size = 0
        self._over = False

    def within(self, block: ExitStack) -> FileWriter:
        """This file, with a block that ends with it: well, or by an exception."""
        self._block = block
        return self

    def writable(self) -> bool:
        """True."""
        return True

    def tell(self) -> int:
        """How many bytes were written."""
        return self._size

    def write(self, data: Any, /) -> int:
        """Write bytes; how many."""
        if self._over:
            raise ValueError("write to a closed file")
        with memoryview(data) as view:
            self._blob.write(view)
            self._size += view.nbytes
            return view.nbytes

    def close(self) -> None:
        """Set the file. InvalidPath, and what a commit raises; the file is as it was then."""
        if not self._over:
            self._over = True
            with self._block:
                super().close()
                self._finish(*self._blob.finish())

    def abandon(self) -> None:
        """Forget what was written; harmless when it is closed."""
        if not self._over:
            self._over = True
            super().close()
            error = _Abandoned()
            self._block.__exit__(_Abandoned, error, None)

    def __enter__(self) -> FileWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.abandon()

    def __del__(self) -> None:
        # Whoever lost it on the way did not say that it is whole.
        if not getattr(self, "_over", True):
            self.abandon()
