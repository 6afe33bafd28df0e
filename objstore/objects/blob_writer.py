"""A blob written piece by piece by whoever has its bytes, in bounded memory: the same oid as of all of them at once.

Also how bytes are put behind a blob that is there: its chunks up to the last stand as they are, because where a chunk
ends depends on nothing before its beginning.
"""

from __future__ import annotations

from objstore.objects.blobs import WHOLE_LIMIT, ReadObject, Write, blob_pieces, read_blob, write_blob
from objstore.objects.chunk_list import ChunkListBuilder
from objstore.objects.chunking import MAX_CHUNK, cut
from objstore.objects.hashing import Hasher
from objstore.objects.kinds import Kind, Oid

_HELD = 1 << 20  # Bytes gathered before they are cut.


class BlobWriter:
    """Takes the bytes of one blob in order, hands its objects to `write`, chunks before lists. For one thread."""

    def __init__(self, hasher: Hasher, write: Write) -> None:
        self._hasher = hasher
        self._write = write
        self._held = bytearray()
        self._builder = ChunkListBuilder(hasher, write)
        self._chunked = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Take the next bytes."""
        with memoryview(data) as view, view.cast("B") as octets:
            for start in range(0, len(octets), _HELD):
                self._held += octets[start : start + _HELD]
                if len(self._held) >= _HELD:
                    self._cut()

    def keep(self, oid: Oid, size: int) -> None:
        """Take a chunk that is stored already, as it stands in the blob that this one begins like."""
        self._builder.add(oid, size)
        self._chunked = True

    def finish(self) -> tuple[Oid, int]:
        """Write the rest; (oid, size) of the blob. Not to be used afterwards."""
        if not self._chunked and len(self._held) <= WHOLE_LIMIT:
            return write_blob(bytes(self._held), self._hasher, self._write)
        for chunk in cut(bytes(self._held), self._hasher) if self._held else ():
            self._add(chunk)
        return self._builder.finish()

    def _cut(self) -> None:
        done = 0
        for chunk in cut(bytes(self._held), self._hasher):
            # A chunk that begins nearer to the end might be cut elsewhere once more bytes are there.
            if done + MAX_CHUNK > len(self._held):
                break
            self._add(chunk)
            done += len(chunk)
        del self._held[:done]

    def _add(self, chunk: bytes) -> None:
        obj = self._hasher.object(Kind.BLOB, chunk)
        self._write(obj)
        self._builder.add(obj.oid, len(chunk))
        self._chunked = True


def append_to_blob(oid: Oid, data: bytes, hasher: Hasher, read_object: ReadObject, write: Write) -> tuple[Oid, int]:
    """Write the blob that has `data` behind the bytes of another; reads its lists and its last chunk alone."""
    root = read_object(oid)
    if root.kind is Kind.BLOB and len(root.payload) + len(data) <= WHOLE_LIMIT:
        return write_blob(root.payload + data, hasher, write)
    writer = BlobWriter(hasher, write)
    last: Oid | None = None
    size = 0
    for piece, length in blob_pieces(root, read_object):
        if last is not None:
            writer.keep(last, size)
        last, size = piece, length
    if last is not None:
        writer.write(read_blob(last, read_object))
    writer.write(data)
    return writer.finish()
