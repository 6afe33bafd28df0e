"""Marking what is reachable, in memory that is bounded by a byte an object.

The objects of a storage are numbered within sources: a pack, the journal, a dict. A source is cut into units, which are
read at once and expanded as often as something new in them was marked; newest units come first, as histories point
backwards. Ids are looked up, never kept. What is marked stays marked, so one `Marks` may be fed again and again.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple, Protocol, TypeAlias, runtime_checkable

from objstore.errors import CorruptObject, MissingObject
from objstore.objects.kinds import Oid

UNMARKED: Final = 0
MARKED: Final = 1
"""Reached; what it names has not been looked at."""
EXPANDED: Final = 2
"""Reached, and all that it names is marked."""
GONE: Final = 3
"""Deleted, and still taking up room: counts as absent."""
HELD: Final = 4
"""Kept, and what it names is not for its sake."""
LIVE: Final = (MARKED, EXPANDED, HELD)

Cuts: TypeAlias = Mapping[int, Collection[Oid]]
"""By a record's number: ids that it names, and that are not followed from there."""


class Grafts(NamedTuple):
    """Where histories were squashed. A commit does not keep those of its parents that `cuts` has for it; the commits
    `held` are kept bare, without what they name: jump pointers lead to them that pass over such a commit."""

    cuts: Mapping[Oid, Collection[Oid]] = {}
    held: Collection[Oid] = ()


NO_GRAFTS: Final = Grafts()


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

    def expand(self, unit: int, states: bytearray, cuts: Cuts) -> Iterator[Named]:
        """Make every MARKED number of a unit EXPANDED; names that lie in the same unit are marked and expanded too,
        the others are given. What counts is what `references.kept_by` says, but for `cuts`. CorruptObject: a marked object cannot be read."""
        ...


@runtime_checkable
class Markable(Protocol):
    """A storage whose objects can be marked."""

    def sources(self) -> list[Source]:
        """Where the objects lie, as they are now, oldest first. CorruptObject: what finds them cannot be trusted."""
        ...


class Marks:
    """Which objects of some sources have been reached."""

    def __init__(
        self, sources: Sequence[Source], excused: Container[Oid] = frozenset(), grafts: Grafts = NO_GRAFTS
    ) -> None:
        """`sources`: oldest first. `excused`: what is named may be absent without being missed: it was redacted.
        `grafts`: where histories were squashed."""
        self.sources = sources
        self._excused = excused
        self._grafts = grafts
        self.states = [source.states() for source in sources]
        self._cuts = [self._cuts_in(source) for source in sources]
        self._queue: list[tuple[int, int]] = []
        self._queued: set[tuple[int, int]] = set()
        self.absent: dict[Oid, str] = {}
        """Named by something reached and not found, with where it is named."""
        for oid in grafts.held:
            self._hold(oid)

    def afresh(self, sources: Sequence[Source]) -> Marks:
        """Marks over other sources, by the same rules, with nothing marked."""
        return Marks(sources, self._excused, self._grafts)

    def add_source(self, source: Source) -> None:
        """Take what was added since, all of it marked."""
        self.sources = [*self.sources, source]
        self.states.append(source.states())
        self._cuts.append(self._cuts_in(source))
        self.add_all(len(self.sources) - 1)

    def __contains__(self, oid: Oid) -> bool:
        """Whether an object has been reached. With odds of 1 in 2**64, one that shares its beginning counts."""
        return any(
            states[number] in LIVE
            for source, states in zip(self.sources, self.states, strict=True)
            for number in source.find(oid)
        )

    def counts(self) -> tuple[int, int]:
        """How many entries are marked, and how many are not (an object that lies twice counts twice)."""
        marked = sum(states.count(state) for states in self.states for state in LIVE)
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
                if state in (UNMARKED, HELD):
                    states[at] = MARKED
                    self._put(number, source.unit_of(at))
        return found

    def _hold(self, oid: Oid) -> None:
        """Keep an object without what it names; whoever reaches it otherwise keeps that too."""
        for source, states in zip(self.sources, self.states, strict=True):
            for at in source.find(oid):
                if states[at] == UNMARKED:
                    states[at] = HELD

    def _cuts_in(self, source: Source) -> Cuts:
        # A record whose id only begins like a commit's names none of its parents, so that nothing is lost with it.
        return {number: names for commit, names in self._grafts.cuts.items() for number in source.find(commit)}

    def add_all(self, number: int) -> None:
        """Mark all that a source holds."""
        states, source = self.states[number], self.sources[number]
        last = -1
        for at, state in enumerate(states):
            if state in (UNMARKED, HELD):
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
            for named in source.expand(unit, self.states[number], self._cuts[number]):
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
