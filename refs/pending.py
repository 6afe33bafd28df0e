"""Refs with transactions that their store has not taken up yet: a reader over another, the ground.

Whoever makes transactions durable elsewhere first adds them here, where readers see them at once, and later has the
ground take them all up. The entries are made by the rules that every store keeps, so that neither reading nor taking up
shows a difference. A reader takes what is pending first and what lies below from the ground after that: taking up in
between changes nothing for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from operator import itemgetter
from threading import Lock
from typing import NamedTuple, Protocol

from refs.chain import START, link
from refs.edits import Note, RefEdit
from refs.protocol import Cut, LogEntry, Ref, RefReader
from refs.rules import extends_run, is_step

_BATCH = 256


class Newest(NamedTuple):
    """The newest entry of a log, whether a step may extend it, and the chain of the entry before it."""

    entry: LogEntry
    step: bool
    before: bytes


class Ground(RefReader, Protocol):
    """What pending transactions need of the store below them."""

    def newest(self, name: str) -> Newest | None:
        """The newest entry of a log, or None if the name was never used."""
        ...


class PendingLog:
    """The log of one name with what the ground has to take up. `replaces`: its first own entry is the ground's, extended.

    `value` is what the ref is (None: absent), `last` the number of steps ever made on it.
    """

    __slots__ = ("_newest", "_own", "_run", "last", "name", "ranks", "replaces", "value")

    def __init__(self, name: str, newest: Newest | None) -> None:
        """`newest` is the ground's newest entry of this name."""
        self.name = name
        self.replaces = False
        self.last = 0 if newest is None else newest.entry.last
        self.value = None if newest is None else newest.entry.new
        self._newest = newest
        self._own: list[Newest] = []
        self.ranks: list[int] = []
        """When each own entry was begun, as numbers that rise over all names."""
        # What a run has become: transaction, value, time. Its entry is worked out when somebody asks.
        self._run: tuple[int, bytes | None, int] | None = None

    def own(self) -> list[Newest]:
        """The entries that the ground has not got yet, oldest first. For one thread at a time."""
        if self._run is not None and self._newest is not None:
            run, step, before = self._newest
            number, new, ended = self._run
            chain = link(before, self.name, run.first, self.last, run.old, new, run.began, ended, run.who, run.why)
            entry = run._replace(transaction=number, last=self.last, new=new, ended=ended, chain=chain)
            self._newest = Newest(entry, step, before)
            if self._own:
                self._own[-1] = self._newest
            else:
                self.replaces = True
                self._own.append(self._newest)
                self.ranks.append(0)  # It is older than all others.
            self._run = None
        return self._own

    def step(self, edit: RefEdit, note: Note, number: int, single: bool, rank: int) -> None:
        """Make the next step. `single`: it may begin or extend a run. For one thread at a time."""
        who, why, when = note
        newest = self._newest
        if newest is not None and single and newest.step:
            ended = newest.entry.ended if self._run is None else self._run[2]
            if extends_run(newest.entry.who, newest.entry.why, ended, note):
                self.last, self.value, self._run = self.last + 1, edit.new, (number, edit.new, when)
                return
        self.own()
        newest = self._newest
        before = START if newest is None else newest.entry.chain
        last, old = self.last + 1, self.value
        chain = link(before, self.name, last, last, old, edit.new, when, when, who, why)
        entry = LogEntry(self.name, number, last, last, old, edit.new, when, when, who, why, chain)
        self._newest = Newest(entry, single, before)
        self._own.append(self._newest)
        self.ranks.append(rank)
        self.last, self.value = last, edit.new


class PendingRefs:
    """A RefReader over `ground` and what was added since. `refresh` is called before each reading."""

    def __init__(self, ground: Ground, refresh: Callable[[], object]) -> None:
        self._ground = ground
        self._refresh = refresh
        self._logs: dict[str, PendingLog] = {}  # Replaced as a whole by an empty one.
        self._rank = 0
        self._lock = Lock()

    # Writing: for one thread at a time

    def value(self, name: str) -> tuple[bytes | None, int]:
        """What a ref is now (None: absent), and the number of steps ever made on it."""
        log = self._logs.get(name)
        if log is not None:
            return log.value, log.last
        newest = self._ground.newest(name)
        return (None, 0) if newest is None else (newest.entry.new, newest.entry.last)

    def add(self, number: int, edits: Sequence[tuple[RefEdit, int]], note: Note) -> None:
        """Add a transaction that is durable. Each edit goes with the step that it makes on its ref (0: none); one
        whose step the ground has already is left out."""
        single = len(edits) == 1 and is_step((edits[0][0],))
        with self._lock:  # All of it at once, for those who look at several refs.
            for edit, sequence in edits:
                log = self._logs.get(edit.name)
                if log is None:
                    log = PendingLog(edit.name, self._ground.newest(edit.name))
                if sequence == log.last + 1:
                    self._rank += 1
                    log.step(edit, note, number, single, self._rank)
                    self._logs[edit.name] = log

    def logs(self) -> list[PendingLog]:
        """What the ground has to take up."""
        return list(self._logs.values())

    def clear(self) -> None:
        """Forget what is pending: the ground has taken it up."""
        self._logs = {}

    # Reading

    def get(self, name: str) -> Ref | None:
        """The ref, or None if it is absent."""
        self._refresh()
        log = self._logs.get(name)
        if log is None:
            return self._ground.get(name)
        with self._lock:
            return _ref(log)

    def find(self, prefix: str = "", after: str = "", limit: int | None = None) -> Iterator[Ref]:
        """Refs whose names begin with `prefix` and sort after `after`, by name. Each batch sees one state."""
        left = limit
        while left is None or left > 0:
            size = _BATCH if left is None else min(left, _BATCH)
            page, end = self._page(prefix, after, size)
            yield from page
            if end is None:
                return
            after = end
            left = None if left is None else left - len(page)

    def log(self, name: str, before: int | None = None) -> Iterator[LogEntry]:
        """The entries of a ref, newest first; `before`: only those with `first` < before."""
        for entry in self._own(name):
            if before is None or entry.first < before:
                yield entry
            before = entry.first if before is None else min(before, entry.first)
        yield from self._ground.log(name, before)

    def entry_at(self, name: str, sequence: int) -> LogEntry | None:
        """The entry that holds the step `sequence`, or None."""
        for entry in self._own(name):
            if entry.first <= sequence:
                return entry if sequence <= entry.last else None
        return self._ground.entry_at(name, sequence)

    def entry_at_time(self, name: str, when: int) -> LogEntry | None:
        """The last entry in the log that began at or before `when`, or None."""
        found = next((entry for entry in self._own(name) if entry.began <= when), None)
        return found or self._ground.entry_at_time(name, when)

    def operations(self, before: int | None = None) -> Iterator[tuple[int, list[LogEntry]]]:
        """Transactions newest first, each with the entries that it last extended."""
        pending, own = self._operations()
        for number in sorted(pending, reverse=True):
            if before is None or number < before:
                yield number, pending[number]
                before = number
        for number, entries in self._ground.operations(before):
            left = [entry for entry in entries if (entry.name, entry.first) not in own]
            if left:
                yield number, left

    def values(self, after: int = 0, upto: int | None = None) -> Iterator[bytes]:
        """Every value that a ref has or that the log can still bring one back to, some more than once."""
        pending, _ = self._operations()
        for number, entries in pending.items():
            if number > after and (upto is None or number <= upto):
                for entry in entries:
                    # Only a run that the ground began can have an expired step in front of it.
                    kept = entry.first > self._ground.cut(entry.name).expired
                    yield from (value for value in (entry.old if kept else None, entry.new) if value is not None)
        yield from self._ground.values(after, upto)

    def cut(self, name: str) -> Cut:
        """Where the log of a ref begins."""
        self._refresh()
        return self._ground.cut(name)

    def verify(self, name: str) -> None:
        """Check the chain of a ref's log. BrokenLog: an entry is not what was written."""
        self._refresh()
        self._ground.verify(name)

    def _own(self, name: str) -> list[LogEntry]:
        """The pending entries of a name, newest first."""
        self._refresh()
        with self._lock:
            log = self._logs.get(name)
            return [] if log is None else [newest.entry for newest in reversed(log.own())]

    def _operations(self) -> tuple[dict[int, list[LogEntry]], set[tuple[str, int]]]:
        """The pending entries by transaction, and (name, first step) of each."""
        self._refresh()
        with self._lock:
            own = [newest.entry for _, newest in by_age(self._logs.values())]
        found: dict[int, list[LogEntry]] = {}
        for entry in own:
            found.setdefault(entry.transaction, []).append(entry)
        return found, {(entry.name, entry.first) for entry in own}

    def _page(self, prefix: str, after: str, size: int) -> tuple[list[Ref], str | None]:
        """Some refs in order, at most `size`, and the name after which to go on (None: these are the last)."""
        while True:
            self._refresh()
            with self._lock:
                logs = self._logs
                pending = {name: _ref(log) for name, log in logs.items()}
            # As many more as may fall out, so that a page without an end is never taken for the last one.
            wanted = size + sum(ref is None for ref in pending.values())
            below = list(islice(self._ground.find(prefix, after, wanted), wanted))
            self._refresh()
            if logs is self._logs:
                break
        end = below[-1].name if len(below) == wanted else None
        found: dict[str, Ref | None] = {ref.name: ref for ref in below}
        found.update(_within(pending.items(), prefix, after, end))
        refs = sorted((ref for ref in found.values() if ref is not None), key=lambda ref: ref.name)
        if len(refs) > size:
            return refs[:size], refs[size - 1].name
        return refs, end


def by_age(logs: Iterable[PendingLog]) -> list[tuple[PendingLog, Newest]]:
    """The entries that the ground has to take up, in the order in which they were begun."""
    found = [(rank, log, own) for log in logs for own, rank in zip(log.own(), log.ranks, strict=True)]
    return [(log, own) for _, log, own in sorted(found, key=itemgetter(0))]


def _within(
    pending: Iterable[tuple[str, Ref | None]], prefix: str, after: str, end: str | None
) -> Iterator[tuple[str, Ref | None]]:
    for name, ref in pending:
        if name.startswith(prefix) and name > after and (end is None or name <= end):
            yield name, ref


def _ref(log: PendingLog) -> Ref | None:
    return None if log.value is None else Ref(log.name, log.value, log.last)
