"""Marking what is reachable, in memory that is bounded by a byte an object.

The objects of a storage are numbered within sources: a pack, the journal, a dict. A source is cut into units, which are
read at once and expanded as often as something new in them was marked; newest units come first, as histories point
backwards. Ids are looked up, never kept. What is marked stays marked, so one `Marks` may be fed again and again.
"""

from __future__ import annotations

import heapq
from collections.abc import Container, Iterable, Iterator, Sequence
from typing import Final, NamedTuple, Protocol, runtime_checkable

from objstore.errors import CorruptObject, MissingObject
from objstore.objects.kinds import Oid

UNMARKED: Final = 0
MARKED: Final = 1
"""Reached; what it names has not been looked at."""
EXPANDED: Final = 2
"""Reached, and all that it names is marked."""
GONE: Final = 3
"""Deleted, and still taking up room: counts as absent."""


class Named(NamedTuple):
    """An id that a record names: `by` is the record's number, for messages."""

    oid: Oid
    by: int


class Source(Protocol):
    """Some objects of a storage, numbered from 0. For one thread."""

    @property
    def place(self) -> str:
        """Where they lie, for messages."""
        ...

    def states(self) -> bytearray:
        """A fresh state for each number: UNMARKED, or GONE."""
        ...

    def find(self, oid: Oid) -> Sequence[int]:
        """Numbers under which an object of this id may be: all that are, and perhaps more."""
        ...

    def unit_of(self, number: int) -> int:
        """The unit that holds a number."""
        ...

    def expand(self, unit: int, states: bytearray) -> Iterator[Named]:
        """Make every MARKED number of a unit EXPANDED; names that lie in the same unit are marked and expanded too,
        the others are given. CorruptObject: a marked object cannot be read."""
        ...


@runtime_checkable
class Markable(Protocol):
    """A storage whose objects can be marked."""

    def sources(self) -> list[Source]:
        """Where the objects lie, as they are now, oldest first. CorruptObject: what finds them cannot be trusted."""
        ...


class Marks:
    """Which objects of some sources have been reached."""

    def __init__(self, sources: Sequence[Source], excused: Container[Oid] = frozenset()) -> None:
        """`sources`: oldest first. `excused`: what is named may be absent without being missed: it was redacted."""
        self.sources = sources
        self._excused = excused
        self.states = [source.states() for source in sources]
        self._queue: list[tuple[int, int]] = []
        self._queued: set[tuple[int, int]] = set()
        self.absent: dict[Oid, str] = {}
        """Named by something reached and not found, with where it is named."""

    def add_source(self, source: Source) -> None:
        """Take what was added since, all of it marked."""
        self.sources = [*self.sources, source]
        self.states.append(source.states())
        self.add_all(len(self.sources) - 1)

    def __contains__(self, oid: Oid) -> bool:
        """Whether an object has been reached. With odds of 1 in 2**64, one that shares its beginning counts."""
        return any(
            states[number] in (MARKED, EXPANDED)
            for source, states in zip(self.sources, self.states, strict=True)
            for number in source.find(oid)
        )

    def counts(self) -> tuple[int, int]:
        """How many entries are marked, and how many are not (an object that lies twice counts twice)."""
        marked = sum(states.count(MARKED) + states.count(EXPANDED) for states in self.states)
        return marked, sum(states.count(UNMARKED) for states in self.states)

    def add(self, oid: Oid) -> bool:
        """Mark an object, wherever it lies; False if it lies nowhere. What it names is marked by `run`."""
        found = False
        for number, source in enumerate(self.sources):
            states = self.states[number]
            for at in source.find(oid):
                state = states[at]
                if state == GONE:
                    continue
                found = True
                if state == UNMARKED:
                    states[at] = MARKED
                    self._put(number, source.unit_of(at))
        return found

    def add_all(self, number: int) -> None:
        """Mark all that a source holds."""
        states, source = self.states[number], self.sources[number]
        last = -1
        for at, state in enumerate(states):
            if state == UNMARKED:
                states[at] = MARKED
                unit = source.unit_of(at)
                if unit != last:
                    self._put(number, unit)
                    last = unit

    def run(self, roots: Iterable[Oid] = (), where: str = "a ref or its log") -> None:
        """Mark these and all that they reach. CorruptObject: something reached cannot be read.

        What is named and not there goes to `absent`.
        """
        for root in roots:
            if not self.add(root):
                self._miss(root, where)
        while self._queue:
            number, unit = heapq.heappop(self._queue)
            number, unit = -number, -unit
            self._queued.discard((number, unit))
            source = self.sources[number]
            for named in source.expand(unit, self.states[number]):
                if not self.add(named.oid):
                    self._miss(named.oid, f"{source.place}, record {named.by}")

    def check_whole(self) -> None:
        """MissingObject: something that was reached names what is not there."""
        for oid in list(self.absent):
            if self.add(oid):  # it came meanwhile
                del self.absent[oid]
        self.run()
        for oid in self.absent:
            raise MissingObject(oid)

    def _put(self, number: int, unit: int) -> None:
        if (number, unit) not in self._queued:
            self._queued.add((number, unit))
            heapq.heappush(self._queue, (-number, -unit))

    def _miss(self, oid: Oid, where: str) -> None:
        if oid not in self._excused:
            self.absent.setdefault(oid, where)


def unreadable(place: str, unit: int, error: CorruptObject) -> CorruptObject:
    """The error for a unit that something reached lies in."""
    return CorruptObject(error.oid, f"{place}, part {unit}: {error.reason}")
