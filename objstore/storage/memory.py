"""A storage in memory: for tests, for throw-away agents, and as the plainest statement of what a storage does.

Nothing survives the process. Payloads are kept as they are, uncompressed, and are verified on reading like anybody's.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager

from objstore.errors import CollectedObject, CorruptObject, MissingObject, StoreClosed
from objstore.objects.hashing import PLAIN_HASHER, Hasher
from objstore.objects.kinds import Kind, Object, Oid
from objstore.objects.references import kept_by
from objstore.objects.tombstones import tombstone_ref
from objstore.storage.collection import Swept
from objstore.storage.marking import EXPANDED, UNMARKED, Cuts, Marks, Named, Source
from objstore.storage.protocol import Stage, Watch
from objstore.storage.relying import relied_on
from refs.edits import Applied, Note, RefEdit
from refs.memory import MemoryRefs
from refs.protocol import NO_CUTS, Cut, LogEntry, RefReader


class MemoryStorage:
    """Objects in a dict, refs in a `MemoryRefs`. Implements `Storage`."""

    def __init__(self, hasher: Hasher = PLAIN_HASHER) -> None:
        self.place = "memory:"
        self.hasher = hasher
        self._objects: dict[Oid, Object] = {}
        self._refs = MemoryRefs()
        self._lock = threading.RLock()
        self.changed = threading.Condition(self._lock)
        self.version = 0
        """How often refs were changed; who waits for more is told through `changed`."""
        self._closed = False
        self._losses = 0  # how often anything was deleted
        self._stages = 0
        self._leased: set[Oid] = set()  # what open stages rely on

    @property
    def refs(self) -> RefReader:
        """Reading of refs."""
        self._check_open()
        return self._refs

    def read(self, oid: Oid) -> Object:
        """The object, verified. MissingObject, CorruptObject."""
        self._check_open()
        obj = self._objects.get(oid)
        if obj is None:
            raise MissingObject(oid)
        if not self._is_sound(obj):
            raise CorruptObject(oid, "its bytes do not hash to its id")
        return obj

    def read_many(self, oids: Iterable[Oid]) -> Iterator[Object]:
        """The objects in the order asked for."""
        for oid in oids:
            yield self.read(oid)

    def missing(self, oids: Iterable[Oid]) -> set[Oid]:
        """Which of these are not here, or damaged. What is here is kept while a stage is open: it may rely on that."""
        asked = set(oids)
        with self._lock:
            self._check_open()
            gone = {oid for oid in asked if not self._is_sound(self._objects.get(oid))}
            if self._stages:
                self._leased |= asked - gone
        return gone

    def objects(self) -> Iterator[tuple[Oid, Kind, int]]:
        """Every object as (oid, kind, payload size)."""
        self._check_open()
        with self._lock:
            held = list(self._objects.values())
        for obj in held:
            yield obj.oid, obj.kind, len(obj.payload)

    def find_ids(self, prefix: bytes, odd_nibble: bool, limit: int) -> list[Oid]:
        """Ids that begin with the prefix, sorted, at most `limit`."""
        digits = prefix.hex()[: 2 * len(prefix) - odd_nibble]
        self._check_open()
        with self._lock:
            return sorted(oid for oid in self._objects if oid.hex().startswith(digits))[:limit]

    def stage(self) -> Stage:
        """A stage that keeps its objects in memory."""
        with self._lock:
            self._check_open()
            self._stages += 1
        return MemoryStage(self._end_stage)

    def _end_stage(self) -> None:
        with self._lock:
            self._stages -= 1
            if not self._stages:
                self._leased.clear()

    def apply(
        self, objects: Sequence[Object], edits: Sequence[RefEdit], note: Note, stage: Stage | None = None
    ) -> Applied:
        """Keep the objects, then make the edits; a RefConflict changes nothing."""
        staged = stage.objects if isinstance(stage, MemoryStage) else []
        with self._lock:
            self._check_open()
            fresh = {obj.oid: obj for obj in (*objects, *staged) if not self._is_sound(self._objects.get(obj.oid))}
            if self._losses:
                for oid in relied_on((*objects, *staged), edits, fresh):
                    if oid not in self._objects and self._refs.get(tombstone_ref(oid)) is None:
                        raise CollectedObject(oid)
            before = {oid: self._objects[oid] for oid in fresh if oid in self._objects}
            # Objects first: readers take no lock, and who sees the ref must find what it names.
            self._objects.update(fresh)
            try:
                if not edits:
                    return Applied(0)
                applied = self._refs.apply(edits, note)
                self.version += 1
                self.changed.notify_all()
                return applied
            except BaseException:
                for oid in fresh:
                    del self._objects[oid]
                self._objects.update(before)
                raise

    def adopt(self, operations: Iterable[tuple[int, Sequence[LogEntry]]], cuts: Mapping[str, Cut] = NO_CUTS) -> int:
        """Write the logs of another storage's refs verbatim into the empty ones here."""
        self._check_open()
        return self._refs.adopt(operations, cuts)

    def turn(self) -> AbstractContextManager[None]:
        """This thread's turn among the writers."""
        self._check_open()
        return self._turn()

    @contextmanager
    def _turn(self) -> Generator[None, None, None]:
        with self._lock:
            yield

    def sources(self) -> list[Source]:
        """Where the objects lie: in one dict."""
        with self._lock:
            self._check_open()
            return [MemorySource(self._objects.values())]

    def watch(self) -> Watch:
        """A watch over the refs."""
        self._check_open()
        return MemoryWatch(self)

    def sweep(self) -> MemorySweep:
        """Begin a collection."""
        return MemorySweep(self)

    def erase(self, oids: Collection[Oid]) -> int:
        """Delete these objects, whatever names them."""
        with self._lock:
            self._check_open()
            self._losses += 1
            return sum(self._objects.pop(oid, None) is not None for oid in set(oids))

    def expire_log(self, before: int, name: str | None = None) -> int:
        """Forget the old part of the refs' logs, or of one."""
        with self._lock:
            self._check_open()
            return self._refs.expire(before, name)

    def keep_only(self, mark: Callable[[list[Source], Iterable[Oid]], Marks]) -> int:
        """Delete what is not marked, nobody writing meanwhile; how many objects that were.

        `mark` is given the sources and what open stages rely on.
        """
        with self._lock:
            self._check_open()
            source = MemorySource(self._objects.values())
            marks = mark([source], self._leased)
            dead = [obj.oid for obj, state in zip(source.objects, marks.states[0], strict=True) if state == UNMARKED]
            for oid in dead:
                del self._objects[oid]
            self._losses += 1
            return len(dead)

    def close(self) -> None:
        """Forget everything."""
        with self._lock:
            self._closed = True
            self.version += 1
            self.changed.notify_all()
        self._objects.clear()

    def _is_sound(self, obj: Object | None) -> bool:
        return obj is not None and self.hasher.oid(obj.kind, obj.payload) == obj.oid

    def _check_open(self) -> None:
        if self._closed:
            raise StoreClosed(self.place, "it was closed")


class MemorySweep:
    """A collection in memory. Implements `collection.Sweep`: what was marked before only served to be counted."""

    def __init__(self, storage: MemoryStorage) -> None:
        self._storage = storage
        self.sources = storage.sources()

    def finish(self, marks: Marks, moved: Callable[[], Iterable[Oid]], *, thorough: bool = False) -> Swept:
        """Mark anew with all writers waiting, and delete the rest. As `Sweep.finish`."""
        del moved, thorough  # made for storages whose writers must not wait that long

        def mark(sources: list[Source], leased: Iterable[Oid]) -> Marks:
            again = marks.afresh(sources)
            again.run(leased)
            again.run(value for value in map(Oid, self._storage.refs.values()) if len(value) == 32)
            again.check_whole()
            return again

        return Swept(self._storage.keep_only(mark), 0)


class MemorySource:
    """The objects of a `MemoryStorage` at one time. Implements `marking.Source`; a unit is an object."""

    place = "memory"

    def __init__(self, objects: Iterable[Object]) -> None:
        self.objects = list(objects)
        self._numbers = {obj.oid: number for number, obj in enumerate(self.objects)}

    def states(self) -> bytearray:
        """UNMARKED for each."""
        return bytearray(len(self.objects))

    def find(self, oid: Oid) -> Sequence[int]:
        """The number of an object."""
        number = self._numbers.get(oid)
        return () if number is None else (number,)

    def unit_of(self, number: int) -> int:
        """The number itself."""
        return number

    def expand(self, unit: int, states: bytearray, cuts: Cuts) -> Iterator[Named]:
        """What an object names."""
        states[unit] = EXPANDED
        obj = self.objects[unit]
        cut = cuts.get(unit, ())
        yield from (Named(oid, unit) for oid in kept_by(obj.kind, obj.payload) if oid not in cut)


class MemoryWatch:
    """Waits for changes of a `MemoryStorage`. Implements `Watch`."""

    def __init__(self, storage: MemoryStorage) -> None:
        self._storage = storage
        self._seen = storage.version
        self._closed = False

    def wait(self, timeout: float | None) -> bool:
        """As `Watch.wait`."""
        storage = self._storage
        with storage.changed:
            storage.changed.wait_for(lambda: self._closed or storage.version != self._seen, timeout)
            news = storage.version != self._seen and not self._closed
            self._seen = storage.version
        return news

    def close(self) -> None:
        """As `Watch.close`."""
        with self._storage.changed:
            self._closed = True
            self._storage.changed.notify_all()


class MemoryStage:
    """The stage of a `MemoryStorage`: a dict of what was added. Implements `Stage`."""

    def __init__(self, end: Callable[[], None]) -> None:
        self._held: dict[Oid, Object] = {}
        self._end = end
        self._ended = False

    @property
    def objects(self) -> list[Object]:
        """What was added, in order."""
        return list(self._held.values())

    def add(self, obj: Object) -> None:
        """Take an object."""
        self._held.setdefault(obj.oid, obj)

    def __contains__(self, oid: Oid) -> bool:
        return oid in self._held

    def read(self, oid: Oid) -> Object:
        """An object of this stage; MissingObject."""
        try:
            return self._held[oid]
        except KeyError:
            raise MissingObject(oid) from None

    def __enter__(self) -> MemoryStage:
        return self

    def __exit__(self, *exc: object) -> None:
        self._held.clear()
        if not self._ended:
            self._ended = True
            self._end()
