"""What a storage offers to whoever collects its garbage (maintenance/gc.py), and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import NamedTuple, Protocol, runtime_checkable

from objstore.objects.kinds import Oid
from objstore.storage.marking import Marks, Source


class Swept(NamedTuple):
    """What was deleted: `objects` (an object that lay twice counts twice), and `packs` that were written anew or went."""

    objects: int
    packs: int


class Overtaken(Exception):
    """Another collector or packer took something away meanwhile: what was marked says nothing any more. Begin anew."""


class Sweep(Protocol):
    """One collection. For one thread, beside any number of writers and of other collections."""

    @property
    def sources(self) -> list[Source]:
        """Where the objects lie, as it began."""
        ...

    def finish(self, marks: Marks, moved: Callable[[], Iterable[Oid]], *, thorough: bool = False) -> Swept:
        """Delete what `marks` (over `sources`) does not hold.

        In one step with that, all writers waiting: what was added since, what open stages rely on, and `moved()`, what
        refs were moved to, are marked with all that they reach. Nothing is deleted if it turns out that something
        reached is not there or cannot be read: MissingObject, CorruptObject. `thorough`: give back all room at once.
        Overtaken; StoreFull, StorageFailure.
        """
        ...


@runtime_checkable
class Collectable(Protocol):
    """A storage that can be collected."""

    def sweep(self) -> Sweep:
        """Begin a collection."""
        ...

    def erase(self, oids: Collection[Oid]) -> int:
        """Delete these objects wherever they lie, although others name them, and every trace of their bytes; how many
        copies there were (an object may lie twice, or nowhere).

        What named them goes on naming them: say first, durably, that they are gone on purpose, or fsck and gc take
        them for lost; and take care that no writer or pull brings them back. Other events' text stays, were it the
        same; dictionaries that the store trained may hold pieces of it, and backups and other stores are not touched.
        In a stage that is open it stays until that is applied: erase again then. StoreFull: nothing was done.
        """
        ...

    def expire_log(self, before: int, name: str | None = None) -> int:
        """Forget the old part of the refs' logs, or of one (`RefStore.expire`), durably; how many entries. Time in µs."""
        ...
