"""Moving a store to another storage: every object, every ref, and every log verbatim.

Objects first, while others go on writing to the source; then, in the writers' turn, what they added, and the logs in
one transaction. Until then the target has objects and no refs: an interrupted move is begun again and goes on with
what is there.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from objstore.errors import StoreExists
from objstore.maintenance.progress import Progress, silent
from objstore.objects.kinds import Oid
from objstore.storage.protocol import Storage
from refs.adoption import cuts_of
from refs.edits import Note

_BATCH = 4096
_LARGE = 64 << 20
_NOTE = Note("", "", 0)  # Without edits nothing is noted.


class Migrated(NamedTuple):
    """What was moved: objects that were copied now, their bytes, refs, and entries of logs."""

    objects: int
    size: int
    refs: int
    entries: int
    seconds: float


def migrate(source: Storage, target: Storage, progress: Progress = silent) -> Migrated:
    """Copy everything into a storage that has no refs. The source stays as it is.

    StoreExists: the target has refs. CorruptObject: an object of the source is damaged (repair it first); nothing but
    objects was written. ValueError: the two have different keys.
    """
    began = time.monotonic()
    if source.hasher != target.hasher:
        raise ValueError("the two storages give different ids to equal content")
    if next(iter(target.refs.operations()), None) is not None:
        raise StoreExists(target.place, "it has refs. Move into an empty store")
    move = _Move(source, target, progress)
    move.objects()
    with source.turn():
        move.objects()
        entries = target.adopt(source.refs.operations(), cuts_of(source.refs))
    refs = sum(1 for _ in target.refs.find())
    return Migrated(move.copied, move.size, refs, entries, time.monotonic() - began)


class _Move:
    """The copying of objects. `copied` and `size` count what was written."""

    def __init__(self, source: Storage, target: Storage, progress: Progress) -> None:
        self._source = source
        self._target = target
        self._progress = progress
        self.copied = 0
        self.size = 0

    def objects(self) -> None:
        """Copy what the target lacks."""
        held = self._source.objects()
        while batch := list(islice(held, _BATCH)):
            missing = self._target.missing(oid for oid, _, _ in batch)
            for part in _parts([(oid, size) for oid, _, size in batch if oid in missing]):
                self._copy(part)

    def _copy(self, oids: list[Oid]) -> None:
        with self._target.stage() as stage:
            for obj in self._source.read_many(oids):
                stage.add(obj)
                self.copied += 1
                self.size += len(obj.payload)
            self._target.apply((), (), _NOTE, stage)
        self._progress("moving objects", self.copied, 0)


def _parts(objects: list[tuple[Oid, int]]) -> Iterator[list[Oid]]:
    """Runs of objects of bounded size: a stage may be kept in memory."""
    part: list[Oid] = []
    size = 0
    for oid, length in objects:
        part.append(oid)
        size += length
        if size >= _LARGE:
            yield part
            part, size = [], 0
    if part:
        yield part
