"""What every storage promises. Implementations: memory, local. Wrappers: read-only, caching, faulty.

A storage keeps immutable objects under their ids and mutable refs under their names. It has one way to write, `apply`,
which makes objects durable and then moves refs, all or nothing. The contract suite is `storage.contract`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from objstore.objects.hashing import Hasher
from objstore.objects.kinds import Kind, Object, Oid
from refs.edits import Applied, Note, RefEdit
from refs.protocol import NO_CUTS, Cut, LogEntry, RefReader


class Stage(Protocol):
    """Objects on their way into a storage, streamed with bounded memory. Nobody sees them before `apply(stage=…)`.

    A context manager: leaving it without having been applied discards what was staged. For one thread.
    """

    def add(self, obj: Object) -> None:
        """Take an object. Adding one twice is harmless; one that the storage has is kept twice: ask `missing` first."""
        ...

    def __contains__(self, oid: Oid) -> bool:
        """Whether this stage holds the object (not whether the storage does)."""
        ...

    def read(self, oid: Oid) -> Object:
        """An object of this stage. MissingObject: the stage does not hold it."""
        ...

    def __enter__(self) -> Stage: ...

    def __exit__(self, *exc: object) -> None: ...


class Watch(Protocol):
    """Waits for what others apply. For one thread at a time; `close` may come from any."""

    def wait(self, timeout: float | None) -> bool:
        """Wait until refs may have changed since the last call, or since the watch was made; whether they may have.

        False after `timeout` seconds (None: never), or when it was closed. StoreClosed, StorageFailure.
        """
        ...

    def close(self) -> None:
        """Wake who waits, and let go; harmless when done twice."""
        ...


class Storage(Protocol):
    """A place that keeps objects and refs. Safe between threads; local ones also between processes."""

    @property
    def place(self) -> str:
        """Where it is, for messages: a path or URL without credentials."""
        ...

    @property
    def hasher(self) -> Hasher:
        """The hasher for new objects of this storage."""
        ...

    @property
    def refs(self) -> RefReader:
        """Reading of refs and their logs; refs are written by `apply` alone."""
        ...

    def read(self, oid: Oid) -> Object:
        """The object, verified against its id. MissingObject; CorruptObject (never damaged bytes)."""
        ...

    def read_many(self, oids: Iterable[Oid]) -> Iterator[Object]:
        """The objects in the order asked for, verified; neighbours are fetched together. Errors as `read`."""
        ...

    def missing(self, oids: Iterable[Oid]) -> set[Oid]:
        """Which of these the storage does not have durably. One that is damaged counts: writing it again heals it."""
        ...

    def objects(self) -> Iterator[tuple[Oid, Kind, int]]:
        """Every object once, in any order, as (oid, kind, payload size); what is added meanwhile may be left out.

        CorruptObject, when all others were given: something cannot be read, and may have been an object.
        """
        ...

    def find_ids(self, prefix: bytes, odd_nibble: bool, limit: int) -> list[Oid]:
        """Ids that begin with `prefix` (`odd_nibble`: only the high half of its last byte counts), sorted, at most `limit`."""
        ...

    def stage(self) -> Stage:
        """A stage for many or large objects, to be given to `apply`."""
        ...

    def apply(
        self, objects: Sequence[Object], edits: Sequence[RefEdit], note: Note, stage: Stage | None = None
    ) -> Applied:
        """Keep objects (the stage's too) durably, then make the ref edits: all or nothing, on one flush.

        Returns when durable. Repeating objects is harmless. RefConflict: an expectation failed, nothing was changed.
        StoreFull, ReadOnlyStore: nothing was changed. StorageFailure: the outcome is unknown; read before repeating.
        """
        ...

    def adopt(self, operations: Iterable[tuple[int, Sequence[LogEntry]]], cuts: Mapping[str, Cut] = NO_CUTS) -> int:
        """Write the logs of another storage's refs verbatim, where there are no refs yet; see `RefStore.adopt`.

        `cuts` as there. All or nothing, and durable. The objects that they name must be here already.
        """
        ...

    def turn(self) -> AbstractContextManager[None]:
        """This thread's turn among the writers, for read-build-apply without conflicts. For speed only: safety is
        the compare-and-swap of `apply`, and writers that take no turn are not held up by correctness."""
        ...

    def watch(self) -> Watch:
        """A watch over the refs, for following them without asking all the time."""
        ...

    def close(self) -> None:
        """Let go of files and memory. Using a closed storage raises StoreClosed; closing twice is harmless."""
        ...
