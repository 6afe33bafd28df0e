"""What a directory looked like when its tree was last known: so that files that did not change are not read again.

A derived file: without it, or if it is damaged, everything is read once more. An entry holds a file's mtime, ctime,
inode, mode and size together with what the tree says of it. As in git's index, an entry that changed in or after the
moment in which the cache was begun is smudged: a later change in the same tick of the clock would not show.

    magic 8 | checksum 16 | root oid 32 (zeros: none) | count u64 | length of paths u64 | paths joined by NUL
    | records of 80 bytes: mtime i64, ctime i64, inode u64, st_mode u32, size u64, entry's mode u32, size u64, oid 32

Numbers are little-endian, times in ns. The checksum covers what follows it and the place it is about.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from objstore.objects.hashing import Hasher, checksum
from objstore.objects.kinds import Oid
from objstore.objects.trees import Entry

_MAGIC = b"objstat\x01"
_HEAD = struct.Struct("<8s16s32sQQ")
_RECORD = struct.Struct("<qqQIQIQ32s")
_NO_ROOT = bytes(32)
_COARSE = 2_000_000_000  # ns; the tick of the coarsest file systems, whose times are whole seconds.

Look = tuple[int, int, int, int, int]
"""mtime and ctime in ns, inode, st_mode, size: how a file looked."""

SMUDGED: Look = (0, 0, 0, 0, 0)
"""A look that no file has."""


class Seen(NamedTuple):
    """A path that the cache knows: how it looked, and what the tree says of it."""

    look: Look
    entry: Entry


Record = tuple[int, int, int, int, int, int, int, bytes]
"""What `Seen` says as it is kept: the look, then mode, size and oid of the entry. Of a large directory there are many,
and a plain tuple is made several times faster than three with names."""


class Known(NamedTuple):
    """The tree that a directory was last known to be at (None: of no whole tree), and every path of it."""

    root: Oid | None
    paths: dict[bytes, Record]

    def seen(self, key: bytes) -> Seen | None:
        """What is known of a path."""
        record = self.paths.get(key)
        return None if record is None else seen_of(record)


def seen_of(record: Record) -> Seen:
    """A record, with names."""
    mtime, ctime, inode, st_mode, st_size, mode, size, oid = record
    return Seen((mtime, ctime, inode, st_mode, st_size), Entry(mode, Oid(oid), size))


def record_of(seen: Seen) -> Record:
    """What is seen, as it is kept."""
    look, (mode, oid, size) = seen
    return (*look, mode, size, oid)


def look_of(found: os.stat_result) -> Look:
    """How a file looks."""
    return found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_mode, found.st_size


class StatCache:
    """The cache of one directory: `load` it, or `begin`, and `save` what was learnt since."""

    def __init__(self, file: Path, salt: bytes = b"") -> None:
        """`file` is where it is kept; `salt` is anything else that entries depend on, such as the key domain."""
        self._file = file
        self._salt = salt

    @classmethod
    def of(cls, folder: Path | None, directory: Path) -> StatCache | None:
        """The cache of a directory among others in `folder`, or None if there is no folder to keep it in."""
        if folder is None:
            return None
        place = os.fsencode(os.path.realpath(directory))
        return cls(folder / f"{checksum(place).hex()}.stat", place)

    def load(self, hasher: Hasher) -> Known:
        """What is known; nothing if there is no cache, if it is damaged, or of another key domain."""
        try:
            data = self._file.read_bytes()
            return self._decode(data, hasher)
        except (OSError, ValueError, struct.error):
            return Known(None, {})

    def now(self) -> int:
        """The time in ns as the file system tells it that keeps the cache, or 0 if it cannot be written to."""
        probe = self._temporary()
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            probe.touch()
            return probe.stat().st_mtime_ns
        except OSError:
            return 0
        finally:
            with suppress(OSError):
                probe.unlink()

    def save(self, root: Oid | None, paths: Mapping[bytes, Record], since: int, hasher: Hasher) -> None:
        """Keep what is known in place of what was: whole or not at all. Entries that changed at `since` (`now` as the
        looking began) or later are smudged. A cache that cannot be written is not an error: it is not there."""
        records = bytearray()
        for record in paths.values():
            if _unsettled(record[0], record[1], since):
                record = (*SMUDGED, *record[5:])
            records += _RECORD.pack(*record)
        names = b"\0".join(paths)
        body = _HEAD.pack(_MAGIC, bytes(16), root or _NO_ROOT, len(paths), len(names))[24:] + names + records
        temporary = self._temporary()
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_bytes(_MAGIC + self._sum(body, hasher) + body)
            temporary.replace(self._file)
        except OSError:
            with suppress(OSError):
                temporary.unlink()

    def _decode(self, data: bytes, hasher: Hasher) -> Known:
        magic, expected, root, count, length = _HEAD.unpack_from(data)
        body = memoryview(data)[24:]
        if magic != _MAGIC or self._sum(body, hasher) != expected:
            raise ValueError("damaged, or not about this directory")
        names = data[_HEAD.size : _HEAD.size + length].split(b"\0") if count else []
        records = _RECORD.iter_unpack(memoryview(data)[_HEAD.size + length :])
        paths: dict[bytes, Record] = dict(zip(names, records, strict=True))
        return Known(None if root == _NO_ROOT else Oid(root), paths)

    def _sum(self, body: bytes | memoryview, hasher: Hasher) -> bytes:
        return checksum(self._salt, b"\0", hasher.domain, b"\0", body)

    def _temporary(self) -> Path:
        return self._file.with_name(f"{self._file.name}.{os.getpid():x}-{os.urandom(6).hex()}.tmp")


def _unsettled(mtime: int, ctime: int, since: int) -> bool:
    newest = max(mtime, ctime)
    if newest < since - _COARSE:
        return False
    return newest >= since or newest % 1_000_000_000 == 0 or mtime % 1_000_000_000 == 0
