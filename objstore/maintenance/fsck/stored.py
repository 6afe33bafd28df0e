"""The stored bytes: every object of a storage read and checked by itself, in units of work.

Frames of large packs are checked by processes (`workers`), all else by threads. Both gain by large units.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

from objstore.errors import CorruptObject, MissingObject, ObjstoreError
from objstore.maintenance.finding import Fault, Findings, fault_of
from objstore.maintenance.fsck.frames import FrameReport
from objstore.maintenance.fsck.known import Objects
from objstore.maintenance.fsck.noted import NotedPack
from objstore.maintenance.fsck.workers import Workers
from objstore.maintenance.progress import Progress
from objstore.objects.kinds import Oid
from objstore.storage.local.soundness import (
    PackReader,
    Rows,
    Sound,
    Unsound,
    check_rows,
    journal_faults,
    journal_pages,
    open_packs,
)
from objstore.storage.local.storage import LocalStorage
from objstore.storage.protocol import Storage

_UNIT = 2 << 20  # Bytes of pack in a unit of work.

Taking = Callable[[], None]
"""Takes what a unit of work has found; for the thread that leads."""


class Tally:
    """How much was read."""

    def __init__(self) -> None:
        self.objects = 0
        self.size = 0
        self.stored = 0


class Stored:
    """The check of what a storage keeps, object by object."""

    def __init__(self, objects: Objects, findings: Findings, tally: Tally, progress: Progress) -> None:
        self._objects = objects
        self._findings = findings
        self._tally = tally
        self._progress = progress
        self._total = 0

    def read_all(self, storage: Storage, apart: Collection[Oid]) -> None:
        """Read everything; `apart`: redacted events, and commits that histories begin with."""
        if isinstance(storage, LocalStorage):
            self._total = sum(row.size for row in storage.journal.packs())
            with Workers(storage.folder.packs, storage.hasher, _dictionaries(storage), apart) as workers:
                if self._total < workers.worth:
                    workers.dismiss()
                self._run(self._units(storage, workers), workers.count)
            return
        for oid, _, _ in storage.objects():
            try:
                obj = self._objects.read(oid)
            except (MissingObject, CorruptObject) as error:
                self._findings.add(*fault_of(error), oid=oid)
                continue
            self._tally.objects += 1
            self._tally.size += len(obj.payload)

    def look_at_files(self, storage: Storage) -> None:
        """Only what a look at the files' ends, headers and indexes shows."""
        if isinstance(storage, LocalStorage):
            for _ in self._packs(storage, quick=True):
                pass

    def _packs(self, storage: LocalStorage, quick: bool) -> Iterator[PackReader]:
        """The packs of a local store; what is wrong with its files as such is noted on the way."""
        for fault in journal_faults(storage.journal, quick):
            self._note(fault)
        try:
            rows = storage.journal.packs()
        except ObjstoreError as error:
            self._findings.add(Fault.JOURNAL, f"its list of packs: {getattr(error, 'reason', '') or error}")
            rows = []
        dead = {pack.name: pack.dead for pack in storage.packs}
        for pack in open_packs(storage.folder.packs, rows, storage.hasher, storage.compression, dead):
            if isinstance(pack, PackReader):
                for fault in pack.ends():
                    self._note(fault)
                yield pack
            elif self._is_listed(storage, pack):
                self._note(pack)

    def _units(self, storage: LocalStorage, workers: Workers) -> Iterator[Callable[[], Taking]]:
        """The parts of a local store: each gives what is to be done with what it found."""
        for pack in self._packs(storage, quick=False):
            noted = None
            if pack.index is not None and pack.prefixes is not None:
                noted = NotedPack(pack.index, pack.firsts, pack.prefixes)
                self._objects.add_pack(noted)
            for frames in _portions(pack):
                yield partial(self._frames, workers, pack, frames, noted)
        for rows in journal_pages(storage.journal):
            if isinstance(rows, Unsound):
                self._note(rows)
            else:
                yield partial(self._rows, storage, rows)

    def _frames(self, workers: Workers, pack: PackReader, frames: range, noted: NotedPack | None) -> Taking:
        reports = workers.check(pack, frames)
        return lambda: self._take_frames(pack, noted, reports)

    def _rows(self, storage: LocalStorage, rows: Rows) -> Taking:
        sound, faults, stored = check_rows(storage.journal, storage.hasher, rows)
        return lambda: self._take_rows(sound, faults, stored)

    def _is_listed(self, storage: LocalStorage, fault: Unsound) -> bool:
        """Whether a pack that could not be opened still belongs to the store: others may repack meanwhile."""
        return any(fault.file == f"packs/{row.name}.pack" for row in storage.journal.packs())

    def _run(self, units: Iterable[Callable[[], Taking]], count: int) -> None:
        waiting: deque[Future[Taking]] = deque()
        with ThreadPoolExecutor(count, thread_name_prefix="objstore-fsck") as pool:
            for unit in units:
                waiting.append(pool.submit(unit))
                if len(waiting) > 2 * count:  # Bounds memory.
                    waiting.popleft().result()()
            while waiting:
                waiting.popleft().result()()

    def _take_frames(self, pack: PackReader, noted: NotedPack | None, reports: list[FrameReport]) -> None:
        for report in reports:
            self._objects.note_frame(noted, report)
            for fault in report.faults:
                self._note(fault)
            if noted is not None and not noted.fits(report):
                self._compare(pack, report)
            self._count(report.objects, report.size, report.stored)

    def _compare(self, pack: PackReader, report: FrameReport) -> None:
        """Name the records to which an index does not lead that is whole in itself."""
        first, size = pack.firsts[report.frame], 8
        for record in range(len(report.prefixes) // size):
            found = report.prefixes[size * record : size * (record + 1)]
            at = size * (first + record)
            if pack.prefixes is not None and bytes(pack.prefixes[at : at + size]) != found:
                oid = found + report.rests[24 * record : 24 * (record + 1)]
                reason = f"it does not lead to record {record} of frame {report.frame}"
                self._note(Unsound(pack.index_file, "index", reason, oid))

    def _take_rows(self, sound: list[Sound], faults: list[Unsound], stored: int) -> None:
        for oid, kind, length in sound:
            self._objects.note(oid, kind, length)
        for fault in faults:
            self._note(fault)
        self._count(len(sound), sum(found.size for found in sound), stored)

    def _count(self, objects: int, size: int, stored: int) -> None:
        self._tally.objects += objects
        self._tally.size += size
        self._tally.stored += stored
        self._progress("reading", self._tally.stored, max(self._total, self._tally.stored))

    def _note(self, fault: Unsound) -> None:
        kind = _FAULTS[fault.what]
        self._findings.add(kind, fault.reason, oid=fault.oid, file=fault.file)


def _portions(pack: PackReader) -> Iterator[range]:
    """The frames of a pack in portions of about a unit."""
    start = size = 0
    for number in range(pack.pack.frames):
        try:
            begin, end = pack.pack.frame_span(number)
        except CorruptObject:  # Who reads it tells.
            begin = end = 0
        size += end - begin
        if size >= _UNIT:
            yield range(start, number + 1)
            start, size = number + 1, 0
    if start < pack.pack.frames:
        yield range(start, pack.pack.frames)


def _dictionaries(storage: LocalStorage) -> list[bytes] | None:
    """The dictionaries of a store; None if they cannot be listed, or if it takes keys to use them."""
    if storage.vault is not None:
        return None  # Keys are handed to no other process.
    try:
        return storage.journal.dictionaries()
    except (ObjstoreError, sqlite3.Error):
        return None


_FAULTS = {"pack": Fault.PACK, "index": Fault.INDEX, "journal": Fault.JOURNAL, "object": Fault.CORRUPT}
"""Which fault a part of a file makes."""
