"""Where the objects of a local store lie, numbered for marking: a source for each pack, and one for the journal.

A pack's records are numbered through its frames; a frame is a unit. The journal's rows are numbered by their ids; 256 of
them are a unit. A pack's index is checked whole before it is trusted with what may be deleted.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate

from objstore.errors import CorruptObject
from objstore.objects.hashing import Hasher
from objstore.objects.kinds import Oid
from objstore.objects.references import kept_by
from objstore.packs.frame import Frame
from objstore.packs.pack_index import PREFIX_SIZE
from objstore.storage.local.journal import Journal
from objstore.storage.local.open_pack import OpenPack
from objstore.storage.marking import EXPANDED, GONE, HELD, MARKED, UNMARKED, Cuts, Named, unreadable

_ROWS = 256  # of the journal in a unit


class PackSource:
    """The records of a pack. Implements `marking.Source`."""

    def __init__(self, pack: OpenPack, open_frame: Callable[[OpenPack, int], Frame]) -> None:
        """CorruptObject: the index is not what was written."""
        if pack.unknown is not None:
            raise pack.unknown
        if not pack.index.is_whole():
            raise CorruptObject(None, f"the index of {pack.place} does not fit its checksum")
        self.pack = pack
        self.place = pack.place
        self._open = open_frame
        counts = (pack.pack.frame_records(number) for number in range(pack.pack.frames))
        self.firsts = array("Q", accumulate(counts, initial=0))
        """The number of the first record of each frame, and the count of all."""

    def place_of(self, number: int) -> tuple[int, int]:
        """Frame and record of a number."""
        frame = self.unit_of(number)
        return frame, number - self.firsts[frame]

    def states(self) -> bytearray:
        """UNMARKED for each record, GONE where the journal says so."""
        states = bytearray(self.firsts[-1])
        for frame, record in self.pack.dead:
            states[self.firsts[frame] + record] = GONE
        return states

    def find(self, oid: Oid) -> Sequence[int]:
        """Records whose id begins as this one does."""
        return [self.firsts[frame] + record for frame, record in self.pack.index.find(oid)]

    def unit_of(self, number: int) -> int:
        """The frame of a record."""
        return bisect_right(self.firsts, number) - 1

    def expand(self, unit: int, states: bytearray, cuts: Cuts) -> Iterator[Named]:
        """Backwards through a frame: a record names only records before it, so once is enough."""
        first = self.firsts[unit]
        try:
            frame = self._open(self.pack, unit)
            for record in range(len(frame) - 1, -1, -1):
                if states[first + record] != MARKED:
                    continue
                states[first + record] = EXPANDED
                cut = cuts.get(first + record)
                for name in frame.names(record, kept_by):
                    if cut is not None and (frame.oid(name) if isinstance(name, int) else name) in cut:
                        continue  # The history before this commit was squashed.
                    if not isinstance(name, int):
                        yield Named(name, first + record)
                    elif states[first + name] in (UNMARKED, HELD):
                        states[first + name] = MARKED
                    elif states[first + name] == GONE:
                        yield Named(frame.oid(name), first + record)
        except CorruptObject as error:
            raise unreadable(self.place, unit, error) from error


class JournalSource:
    """The rows of the journal after a row, up to the newest one at the time. Implements `marking.Source`."""

    def __init__(self, journal: Journal, hasher: Hasher, after: int = -1) -> None:
        self.place = f"the journal of {journal.place}"
        self._journal = journal
        self._hasher = hasher
        self._prefixes, self._rows = array("Q"), array("Q")
        for prefix, row in journal.prefixes() if after < 0 else sorted(journal.prefixes_after(after)):
            if not isinstance(prefix, bytes) or len(prefix) != PREFIX_SIZE:
                raise CorruptObject(None, f"row {row} of {self.place} has no id")
            self._prefixes.append(int.from_bytes(prefix, "big"))
            self._rows.append(row)
        self.first = min(self._rows, default=0)
        self.last = max(self._rows, default=-1)

    def row_of(self, number: int) -> int:
        """The row of a number."""
        return self.first + number

    def states(self) -> bytearray:
        """UNMARKED for each id of a row, GONE for ids that no row has."""
        states = bytearray([GONE]) * (self.last + 1 - self.first)
        for row in self._rows:
            states[row - self.first] = UNMARKED
        return states

    def find(self, oid: Oid) -> Sequence[int]:
        """Rows whose id begins as this one does."""
        prefix = int.from_bytes(oid[:PREFIX_SIZE], "big")
        at = bisect_left(self._prefixes, prefix)
        found: list[int] = []
        while at < len(self._prefixes) and self._prefixes[at] == prefix:
            found.append(self._rows[at] - self.first)
            at += 1
        return found

    def unit_of(self, number: int) -> int:
        """The page of a row."""
        return number // _ROWS

    def expand(self, unit: int, states: bytearray, cuts: Cuts) -> Iterator[Named]:
        """What the marked rows of a page name; what they name in it is marked by the caller."""
        start = unit * _ROWS
        stop = min(start + _ROWS, len(states))
        wanted = {self.first + at for at in range(start, stop) if states[at] == MARKED}
        for row in wanted:
            states[row - self.first] = EXPANDED
        for row, obj in self._journal.rows(self.first + start, self.first + stop, wanted):
            # Leaves too: a row has no checksum, and one whose kind is damaged would seem to name nothing.
            if self._hasher.oid(obj.kind, obj.payload) != obj.oid:
                raise CorruptObject(obj.oid, "its journal row does not hash to its id")
            try:
                names = kept_by(obj.kind, obj.payload)
            except CorruptObject as error:
                raise CorruptObject(obj.oid, error.reason) from error
            cut = cuts.get(row - self.first, ())
            yield from (Named(oid, row) for oid in names if oid not in cut)
