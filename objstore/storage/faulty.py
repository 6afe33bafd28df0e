"""A storage that fails or delays chosen calls: to test what is built on storages, the same faults on every run.

    Faulty(storage, script({("apply", 3): Fault(StorageFailure("test", "lost reply"), after=True)}))
    Faulty(storage, chance(seed=7, rate=0.05, fault=Fault(StorageFailure("test", "chance"))))

Calls are counted by name: "read", "read_many", "missing", "objects", "find_ids", "stage", "apply", "adopt", "turn", "watch", and
those of refs: "refs.get", "refs.find", "refs.log", … A plan decides by name and number, so for one thread everything repeats;
between threads, who makes a call of a number may differ, which calls fail does not.
"""

from __future__ import annotations

import copy
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple, TypeVar

from objstore.objects.kinds import Kind, Object, Oid
from objstore.storage.protocol import Stage, Storage, Watch
from objstore.storage.wrapper import Wrapper
from refs.edits import Applied, Note, RefEdit
from refs.protocol import NO_CUTS, Cut, LogEntry, Ref, RefReader

_T = TypeVar("_T")


class Fault(NamedTuple):
    """What happens to a call: it waits `delay` seconds, then `error` is raised (None: it goes on).

    `after`: the call takes effect first and then fails, as when a reply is lost: the outcome is unknown to the caller.
    """

    error: Exception | None = None
    after: bool = False
    delay: float = 0.0


Plan = Callable[[str, int], Fault | None]
"""Says what happens to the how-manieth call (from 1) of a name; None: nothing."""


def script(faults: Mapping[tuple[str, int], Fault]) -> Plan:
    """A plan that names each fault: by call and its number."""
    return lambda call, number: faults.get((call, number))


def chance(seed: int, rate: float, fault: Fault, calls: Iterable[str] = ("read", "apply")) -> Plan:
    """A plan in which a share `rate` (0 to 1) of these calls meets the fault; a seed gives the same ones every time."""
    named = frozenset(calls)

    def plan(call: str, number: int) -> Fault | None:
        if call not in named or random.Random(f"{seed} {call} {number}").random() >= rate:
            return None
        return fault

    return plan


class Faulty(Wrapper):
    """The wrapped storage, with the faults of a plan. Implements `Storage` but for what the plan breaks."""

    def __init__(self, inner: Storage, plan: Plan, sleep: Callable[[float], object] = time.sleep) -> None:
        """`sleep` takes the seconds of a delay."""
        super().__init__(inner)
        self._plan = plan
        self._sleep = sleep
        self._calls: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._refs = FaultyRefs(self)

    @property
    def calls(self) -> Mapping[str, int]:
        """How often each call was made so far."""
        with self._lock:
            return dict(self._calls)

    @property
    def refs(self) -> RefReader:
        """Reading of refs, with the faults of the plan."""
        return self._refs

    def read(self, oid: Oid) -> Object:
        """As `Storage`."""
        return self.run("read", lambda: self.inner.read(oid))

    def read_many(self, oids: Iterable[Oid]) -> Iterator[Object]:
        """As `Storage`; a fault comes before the first object."""
        return self.run("read_many", lambda: self.inner.read_many(oids))

    def missing(self, oids: Iterable[Oid]) -> set[Oid]:
        """As `Storage`."""
        return self.run("missing", lambda: self.inner.missing(oids))

    def objects(self) -> Iterator[tuple[Oid, Kind, int]]:
        """As `Storage`; a fault comes before the first object."""
        return self.run("objects", self.inner.objects)

    def find_ids(self, prefix: bytes, odd_nibble: bool, limit: int) -> list[Oid]:
        """As `Storage`."""
        return self.run("find_ids", lambda: self.inner.find_ids(prefix, odd_nibble, limit))

    def stage(self) -> Stage:
        """As `Storage`."""
        return self.run("stage", self.inner.stage)

    def apply(
        self, objects: Sequence[Object], edits: Sequence[RefEdit], note: Note, stage: Stage | None = None
    ) -> Applied:
        """As `Storage`."""
        return self.run("apply", lambda: self.inner.apply(objects, edits, note, stage))

    def adopt(self, operations: Iterable[tuple[int, Sequence[LogEntry]]], cuts: Mapping[str, Cut] = NO_CUTS) -> int:
        """As `Storage`."""
        return self.run("adopt", lambda: self.inner.adopt(operations, cuts))

    def turn(self) -> AbstractContextManager[None]:
        """As `Storage`; a fault comes before the turn is taken."""
        return self.run("turn", self.inner.turn)

    def watch(self) -> Watch:
        """As `Storage`."""
        return self.run("watch", self.inner.watch)

    def run(self, name: str, call: Callable[[], _T]) -> _T:
        """Make a call and let happen to it what the plan says."""
        with self._lock:
            self._calls[name] += 1
            number = self._calls[name]
        fault = self._plan(name, number)
        if fault is None:
            return call()
        if fault.delay:
            self._sleep(fault.delay)
        if fault.error is None:
            return call()
        if fault.after:
            call()
        raise copy.copy(fault.error)  # Each raising has a traceback of its own.


class FaultyRefs:
    """The refs of a `Faulty`. Implements `RefReader`."""

    def __init__(self, storage: Faulty) -> None:
        self._run = storage.run
        self._storage = storage

    @property
    def _inner(self) -> RefReader:
        return self._storage.inner.refs

    def get(self, name: str) -> Ref | None:
        """As `RefReader`."""
        return self._run("refs.get", lambda: self._inner.get(name))

    def find(self, prefix: str = "", after: str = "", limit: int | None = None) -> Iterator[Ref]:
        """As `RefReader`."""
        return self._run("refs.find", lambda: self._inner.find(prefix, after, limit))

    def log(self, name: str, before: int | None = None) -> Iterator[LogEntry]:
        """As `RefReader`."""
        return self._run("refs.log", lambda: self._inner.log(name, before))

    def entry_at(self, name: str, sequence: int) -> LogEntry | None:
        """As `RefReader`."""
        return self._run("refs.entry_at", lambda: self._inner.entry_at(name, sequence))

    def entry_at_time(self, name: str, when: int) -> LogEntry | None:
        """As `RefReader`."""
        return self._run("refs.entry_at_time", lambda: self._inner.entry_at_time(name, when))

    def operations(self, before: int | None = None) -> Iterator[tuple[int, list[LogEntry]]]:
        """As `RefReader`."""
        return self._run("refs.operations", lambda: self._inner.operations(before))

    def cut(self, name: str) -> Cut:
        """As `RefReader`."""
        return self._run("refs.cut", lambda: self._inner.cut(name))

    def values(self, after: int = 0, upto: int | None = None) -> Iterator[bytes]:
        """As `RefReader`."""
        return self._run("refs.values", lambda: self._inner.values(after, upto))

    def verify(self, name: str) -> None:
        """As `RefReader`."""
        self._run("refs.verify", lambda: self._inner.verify(name))
