"""A lost or damaged pack index, made again from its pack: by reading and hashing every record, at 200 MB/s or so.

The bytes are the ones that were lost. They get their place in the folder unless frames of the pack are damaged: then an
index would look whole and not be, so it is kept in memory only, beside the knowledge that it does not know everything.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from objstore.errors import CorruptObject
from objstore.objects.kinds import Oid
from objstore.packs.pack import Pack
from objstore.packs.pack_index import encode_index
from objstore.storage.local.folder import sync_folder, write_all
from objstore.storage.local.frames import FrameCodec, open_frame


class Rebuilt(NamedTuple):
    """The bytes of an index, and the first of the frames that it leaves out because they are damaged, or None."""

    data: bytes
    damage: CorruptObject | None


def rebuild_index(pack: Pack, codec: FrameCodec) -> Rebuilt:
    """The index of a pack; damaged frames are left out."""
    entries: list[tuple[Oid, int, int]] = []
    damage: CorruptObject | None = None
    bases: dict[int, bytes] = {}

    def read(number: int) -> bytes:
        return bytes(pack.frame_data(number))

    def base_text(number: int) -> bytes:
        if number not in bases:
            bases.clear()  # A pack is read front to back: the frames of a base come before the next one.
            bases[number] = codec.base_text(read(number))
        return bases[number]

    for number in range(pack.frames):
        if not pack.frame_records(number):  # a base
            continue
        try:
            frame = open_frame(number, read, base_text, codec)
            entries += [(frame.oid(record), number, record) for record in range(len(frame))]
        except CorruptObject as error:
            damage = damage or CorruptObject(error.oid, f"frame {number} of {pack.place}: {error.reason}")
    return Rebuilt(encode_index(pack.pack_id, entries), damage)


def keep_index(path: Path, data: bytes) -> bool:
    """Put a rebuilt index into its place, durably; False if that cannot be (a full disk, no permission).

    Several processes may do it at once: each writes a file of its own, and they hold the same. A stage (`*.stage`) that
    a dying process leaves is swept like any other.
    """
    fresh = path.with_name(f"{path.stem}.{os.urandom(8).hex()}.stage")
    try:
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            write_all(handle, data)
            os.fsync(handle)
            os.rename(fresh, path)
            sync_folder(path.parent)
        finally:
            os.close(handle)
    except OSError:
        with suppress(OSError):
            os.unlink(fresh)
        return False
    return True
