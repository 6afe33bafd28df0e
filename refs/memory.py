"""Refs in memory: for tests, for stores that need not last, and as the model that other ref stores are compared with.

One lock guards all; a reader takes it for each batch, never while its caller thinks.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import takewhile
from threading import Lock

from refs.adoption import in_order
from refs.chain import WHOLE, check_chain, link
from refs.edits import Applied, Note, RefEdit
from refs.errors import RefConflict
from refs.protocol import NO_CUTS, Cut, LogEntry, Ref
from refs.rules import check_edits, check_expectation, extends_run, is_step

_BATCH = 256


class _Log:
    """The log of one name. `step`: the newest entry may be extended."""

    __slots__ = ("cut", "entries", "step")

    def __init__(self) -> None:
        self.cut = WHOLE
        self.entries: list[LogEntry] = []
        self.step = False

    def value(self) -> bytes | None:
        return self.entries[-1].new if self.entries else None


class MemoryRefs:
    """A RefStore whose refs live as long as it does."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._logs: dict[str, _Log] = {}
        self._names: list[str] = []  # sorted; str compares by code point
        self._transaction = 0
        self._operations: dict[int, list[tuple[str, int]]] = {}  # number -> (name, place in its log)

    def get(self, name: str) -> Ref | None:
        """The ref, or None if it is absent."""
        with self._lock:
            return self._ref(name)

    def find(self, prefix: str = "", after: str = "", limit: int | None = None) -> Iterator[Ref]:
        """Refs whose names begin with `prefix` and sort after `after`, by name. Each batch sees one state."""
        left = limit
        while left is None or left > 0:
            batch, after, more = self._page(prefix, after, _BATCH if left is None else min(left, _BATCH))
            yield from batch
            if not more:
                return
            left = None if left is None else left - len(batch)

    def log(self, name: str, before: int | None = None) -> Iterator[LogEntry]:
        """The entries of a ref, newest first; `before`: only those with `first` < before."""
        for entry in reversed(self._entries(name)):
            if before is None or entry.first < before:
                yield entry

    def entry_at(self, name: str, sequence: int) -> LogEntry | None:
        """The entry that holds the step `sequence`, or None."""
        entries = self._entries(name)
        place = bisect_left(entries, sequence, key=lambda entry: entry.last)
        return entries[place] if place < len(entries) and entries[place].first <= sequence else None

    def entry_at_time(self, name: str, when: int) -> LogEntry | None:
        """The last entry in the log that began at or before `when`, or None."""
        return next((entry for entry in reversed(self._entries(name)) if entry.began <= when), None)

    def operations(self, before: int | None = None) -> Iterator[tuple[int, list[LogEntry]]]:
        """Transactions newest first, each with the entries that it last extended."""
        with self._lock:
            numbers = list(reversed(self._operations))
        for number in numbers:
            if before is None or number < before:
                with self._lock:
                    places = self._operations.get(number, ())
                    entries = [self._logs[name].entries[place] for name, place in places]
                if entries:  # none: a run in it was extended meanwhile
                    yield number, entries

    def values(self, after: int = 0, upto: int | None = None) -> Iterator[bytes]:
        """Every value that a ref has or that the log can bring one back to."""
        with self._lock:
            found = [
                (entry.old if entry.first > log.cut.expired else None, entry.new)
                for log in self._logs.values()
                for entry in log.entries
                if entry.transaction > after and (upto is None or entry.transaction <= upto)
            ]
        for pair in found:
            yield from (value for value in pair if value is not None)

    def cut(self, name: str) -> Cut:
        """Where the log of a ref begins."""
        with self._lock:
            log = self._logs.get(name)
            return log.cut if log else WHOLE

    def verify(self, name: str) -> None:
        """Check the chain of a ref's log. BrokenLog: an entry is not what was written."""
        with self._lock:
            log = self._logs.get(name) or _Log()
            entries, cut = log.entries[:], log.cut
        check_chain(name, entries, cut)

    def apply(self, edits: Sequence[RefEdit], note: Note) -> Applied:
        """Make all edits or none. RefConflict, InvalidRefName, ValueError: nothing was changed."""
        if not edits:
            return Applied(0)
        check_edits(edits, note)
        step = is_step(edits)
        with self._lock:
            for edit in edits:
                log = self._logs.get(edit.name)
                check_expectation(edit, log.value() if log else None)
            self._transaction += 1
            for edit in edits:
                self._write(edit, note, step)
            return Applied(self._transaction)

    def adopt(self, operations: Iterable[tuple[int, Sequence[LogEntry]]], cuts: Mapping[str, Cut] = NO_CUTS) -> int:
        """Write the logs of another store verbatim into this empty one. RefConflict, BrokenLog, ValueError."""
        entries = in_order(operations, cuts)
        with self._lock:
            for name in self._names:
                raise RefConflict(name, None, self._logs[name].value())
            for entry in entries:
                log = self._logs.setdefault(entry.name, _Log())
                insort(log.entries, entry, key=lambda entry: entry.first)
            for name, cut in cuts.items():
                self._logs[name].cut = cut
            self._names = sorted(self._logs)
            for entry in entries:
                log = self._logs[entry.name]
                place = bisect_left(log.entries, entry.first, key=lambda entry: entry.first)
                self._operations.setdefault(entry.transaction, []).append((entry.name, place))
            self._transaction = max((entry.transaction for entry in entries), default=self._transaction)
        return len(entries)

    def expire(self, before: int, name: str | None = None) -> int:
        """Forget entries that ended before a time, of one ref or of all; how many."""
        forgotten = 0
        with self._lock:
            logs = self._logs if name is None else {name: self._logs[name]} if name in self._logs else {}
            for ref, log in logs.items():
                old = list(takewhile(lambda entry: entry.ended < before, log.entries))
                if not old:
                    continue
                gone = old[: len(log.entries) - 1]
                expired = old[-1].last
                if gone:
                    log.cut = Cut(expired, gone[-1].last, gone[-1].new, gone[-1].chain)
                    del log.entries[: len(gone)]
                    self._shift_operations(ref, len(gone))
                    forgotten += len(gone)
                else:
                    log.cut = log.cut._replace(expired=expired)
        return forgotten

    def _shift_operations(self, name: str, count: int) -> None:
        """The first entries of a log are gone: operations find the others further in front."""
        for number, places in list(self._operations.items()):
            kept = [
                (other, place - count if other == name else place)
                for other, place in places
                if other != name or place >= count
            ]
            if kept:
                self._operations[number] = kept
            else:
                del self._operations[number]

    def _write(self, edit: RefEdit, note: Note, step: bool) -> None:
        log = self._logs.get(edit.name)
        if edit.new is None and (log is None or log.value() is None):
            return
        if log is None:
            log = self._logs[edit.name] = _Log()
            insort(self._names, edit.name)
        last = log.entries[-1] if log.entries else None
        if step and last and log.step and extends_run(last.who, last.why, last.ended, note):
            log.entries.pop()
            self._forget_operation(last.transaction)
            self._append(log, edit, note, last.first, last.last + 1, last.old, last.began)
        else:
            sequence, old = (last.last + 1, last.new) if last else (1, None)
            self._append(log, edit, note, sequence, sequence, old, note.when)
        log.step = step

    def _append(
        self, log: _Log, edit: RefEdit, note: Note, first: int, last: int, old: bytes | None, began: int
    ) -> None:
        name, new = edit.name, edit.new
        who, why, when = note
        before = log.entries[-1].chain if log.entries else log.cut.chain
        chain = link(before, name, first, last, old, new, began, when, who, why)
        self._operations.setdefault(self._transaction, []).append((name, len(log.entries)))
        log.entries.append(LogEntry(name, self._transaction, first, last, old, new, began, when, who, why, chain))

    def _forget_operation(self, number: int) -> None:
        # Only an entry that was alone in its transaction can be extended (rules.is_step).
        del self._operations[number]

    def _ref(self, name: str) -> Ref | None:
        log = self._logs.get(name)
        value = log.value() if log else None
        return None if log is None or value is None else Ref(name, value, log.entries[-1].last)

    def _entries(self, name: str) -> list[LogEntry]:
        with self._lock:
            log = self._logs.get(name)
            return log.entries[:] if log else []

    def _page(self, prefix: str, after: str, limit: int) -> tuple[list[Ref], str, bool]:
        """Refs of the next stretch of names, where that stretch ends, and whether there may be more beyond."""
        page: list[Ref] = []
        with self._lock:
            place = max(bisect_left(self._names, prefix), bisect_right(self._names, after))
            names = self._names[place : place + _BATCH]
            for name in names:
                if not name.startswith(prefix):
                    return page, after, False
                after = name
                ref = self._ref(name)
                if ref is not None:
                    page.append(ref)
                    if len(page) == limit:
                        return page, after, True
        return page, after, len(names) == _BATCH
