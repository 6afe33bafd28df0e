"""What a check keeps of a pack whose index it found sound: flat tables in the order of the records.

An object is found through the index and compared by its whole id, so nothing has to be put into a table one by one:
40 bytes an object, and the payloads of commits as far as they have room.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from itertools import accumulate
from typing import Final

from objstore.maintenance.fsck.frames import SIZE_AT, FrameReport
from objstore.objects.kinds import Kind, Oid
from objstore.packs.pack_index import PREFIX_SIZE, PackIndex

KIND: Final = 15
_PROVED: Final = 1 << 6  # Instead of its size, a proved commit has the number of its run.
_REST = 32 - PREFIX_SIZE


class Run:
    """Proved commits in a row. Who comes to one of them has been to all below it."""

    __slots__ = ("_records", "_seen", "below")

    def __init__(self, records: bytes, below: Oid) -> None:
        """`records`: of the commits, oldest first. `below`: the parent of the oldest."""
        self._records = array("H", records)
        self._seen = 0
        self.below = below

    def visit(self, record: int) -> int:
        """Come to the commit at a record; how many commits that were not visited before this takes in."""
        reached = bisect_left(self._records, record) + 1
        fresh = max(0, reached - self._seen)
        self._seen += fresh
        return fresh


class NotedPack:
    """The records of a pack, as far as they were read."""

    def __init__(self, index: PackIndex, firsts: list[int], prefixes: bytearray) -> None:
        """`firsts`: the number of the first record of each frame, and of all; `prefixes`: the index by records."""
        self._index = index
        self._firsts = firsts
        self._prefixes = prefixes
        self._rests = bytearray(_REST * firsts[-1])
        self.facts = array("Q", bytes(8 * firsts[-1]))
        """Kind and size of each record, and what the walk remembers of it; 0: not sound."""
        self._commits: dict[int, tuple[array[int], list[int], bytes]] = {}
        self._runs: list[Run] = []

    def fits(self, report: FrameReport) -> bool:
        """Whether the index leads to every record of a frame, and to no other."""
        first, stop = self._firsts[report.frame : report.frame + 2]
        return bytes(self._prefixes[PREFIX_SIZE * first : PREFIX_SIZE * stop]) == report.prefixes

    def take(self, report: FrameReport, room: int) -> int:
        """Note a frame that `fits`. Its commits are kept if there is room; the bytes that this takes."""
        first = self._firsts[report.frame]
        facts = array("Q", report.facts)
        self._rests[_REST * first : _REST * (first + len(facts))] = report.rests
        self.facts[first : first + len(facts)] = facts
        for run in report.runs:
            fact = len(self._runs) << SIZE_AT | _PROVED | Kind.COMMIT
            for record in array("H", run.records):
                self.facts[first + record] = fact
            self._runs.append(Run(run.records, run.below))
        records, lengths, payloads = report.commits
        if not payloads or len(payloads) > room:
            return 0
        ends = list(accumulate(array("I", lengths), initial=0))
        self._commits[report.frame] = (array("H", records), ends, payloads)
        return len(payloads)

    def find(self, oid: Oid) -> int:
        """The number of a sound record with this id, or -1."""
        for frame, record in self._index.find(oid):
            at = self._firsts[frame] + record
            if self.facts[at] and self._rests.startswith(oid[PREFIX_SIZE:], _REST * at):
                return at
        return -1

    def run(self, at: int) -> tuple[Run, int] | None:
        """The run of proved commits that a record is in, and the record's number in its frame."""
        fact = self.facts[at]
        if not fact & _PROVED:
            return None
        return self._runs[fact >> SIZE_AT], at - self._firsts[self._frame(at)]

    def commit(self, at: int) -> bytes | None:
        """The payload of a commit, if it was kept."""
        frame = self._frame(at)
        kept = self._commits.get(frame)
        if kept is None:
            return None
        records, ends, payloads = kept
        record = at - self._firsts[frame]
        place = bisect_left(records, record)
        if place == len(records) or records[place] != record:  # It is no commit, or one that a run proves.
            return None
        return payloads[ends[place] : ends[place + 1]]

    def known(self, at: int) -> tuple[Kind, int | None]:
        """Kind of a record, and the size of its payload; no size for a proved commit."""
        fact = self.facts[at]
        return Kind(fact & KIND), None if fact & _PROVED else fact >> SIZE_AT

    def _frame(self, at: int) -> int:
        return bisect_right(self._firsts, at) - 1
