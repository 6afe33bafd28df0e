"""Blobs: there, and of the size that their tree says; large ones through their chunk lists, without their bytes."""

from __future__ import annotations

from objstore.errors import CorruptObject, MissingObject
from objstore.maintenance.finding import Findings, fault_of
from objstore.maintenance.fsck.known import Objects
from objstore.objects.blobs import WHOLE_LIMIT
from objstore.objects.chunk_list import decode_chunk_list
from objstore.objects.kinds import Kind, Oid


class Blobs:
    """The walk over the blobs that trees name; a chunk list is read once."""

    def __init__(self, objects: Objects, findings: Findings) -> None:
        self._objects = objects
        self._findings = findings
        self._totals: dict[Oid, int] = {}  # of chunk lists: rare, one for at least 64 KiB

    def check(self, oid: Oid, size: int, where: str, key: bytes) -> None:
        """Check the blob that a tree names under a key, of which `size` bytes are expected."""
        try:
            self._piece(oid, size, None)
        except (MissingObject, CorruptObject) as error:
            place = f"{where}:{key.decode('utf-8', 'backslashreplace')}"
            self._findings.add(*fault_of(error), oid=error.oid or oid, where=place)

    def _piece(self, oid: Oid, size: int, above: int | None) -> None:
        """A piece of a list of level `above`, or a whole blob. MissingObject, CorruptObject: the first fault."""
        found = self._objects.find(oid)
        kind = found.kind
        if kind is None:
            # A quick check takes the index's word, but what is too large to be one object has a list to look into.
            if above == 0 or (above is None and size <= WHOLE_LIMIT):
                return
            obj = self._objects.read(oid)
            kind, length = obj.kind, len(obj.payload)
        else:
            length = found.size
        if kind is Kind.CHUNKS and above != 0:
            length = self._total(oid, above)
        elif kind is not Kind.BLOB or above:
            raise CorruptObject(oid, f"it is a {kind.name.lower()} where a piece of a file should be")
        if length != size:
            raise CorruptObject(oid, f"it stands for {length} bytes, where {size} should be")

    def _total(self, oid: Oid, above: int | None) -> int:
        """The bytes that a chunk list stands for, once all below it was checked."""
        total = self._totals.get(oid)
        if total is None:
            chunks = decode_chunk_list(self._objects.read(oid).payload)
            if above is not None and chunks.level != above - 1:
                raise CorruptObject(oid, f"a chunk list of level {chunks.level} under one of level {above}")
            for piece, length in chunks.pieces():
                self._piece(piece, length, chunks.level)
            total = self._totals[oid] = chunks.total
        return total
