"""Objects on their way into a stage, but for those that the storage has: asked for in batches, because asking one by
one costs more than hashing does."""

from __future__ import annotations

from objstore.objects.kinds import Object, Oid
from objstore.storage.protocol import Stage, Storage

_BATCH_BYTES = 4 << 20
_BATCH_OBJECTS = 256


class BatchWriter:
    """Takes objects in order; what it holds is handed over by `flush`. For one thread."""

    def __init__(self, storage: Storage, stage: Stage) -> None:
        self._storage = storage
        self._stage = stage
        self._held: dict[Oid, Object] = {}
        self._bytes = 0

    def add(self, obj: Object) -> None:
        """Take an object; what it refers to has been taken before."""
        if obj.oid in self._held:
            return
        self._held[obj.oid] = obj
        self._bytes += len(obj.payload)
        if self._bytes >= _BATCH_BYTES or len(self._held) >= _BATCH_OBJECTS:
            self.flush()

    def flush(self) -> None:
        """Hand over what is held."""
        missing = self._storage.missing(self._held) if self._held else set[Oid]()
        for oid, obj in self._held.items():
            if oid in missing:
                self._stage.add(obj)
        self._held.clear()
        self._bytes = 0
