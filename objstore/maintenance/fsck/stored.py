"""The stored bytes: every object of a storage read and checked by itself, units of work on several threads.

The threads gain by large units: reading, decompressing and hashing release the interpreter's lock.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from objstore.errors import CorruptObject, MissingObject, ObjstoreError
from objstore.maintenance.finding import Fault, Findings, fault_of
from objstore.maintenance.fsck.known import Objects
from objstore.maintenance.progress import Progress
from objstore.storage.local.soundness import (
    PackReader,
    Sound,
    Unit,
    Unsound,
    journal_faults,
    journal_units,
    open_packs,
)
from objstore.storage.local.storage import LocalStorage
from objstore.storage.protocol import Storage

_AHEAD = 8  # Units that wait or are at work: bounds memory.


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

    def read_all(self, storage: Storage) -> None:
        """Read everything."""
        if isinstance(storage, LocalStorage):
            total = sum(row.size for row in storage.journal.packs())
            self._run(self._local_units(storage, quick=False), total)
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
            for _ in self._local_units(storage, quick=True):
                pass

    def _local_units(self, storage: LocalStorage, quick: bool) -> Iterator[Unit]:
        """The parts of a local store; what is wrong with its files as such is noted on the way."""
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
                if not quick:
                    yield from pack.units()
            elif self._is_listed(storage, pack):
                self._note(pack)
        if not quick:
            for unit in journal_units(storage.journal, storage.hasher):
                if isinstance(unit, Unsound):
                    self._note(unit)
                else:
                    yield unit

    def _is_listed(self, storage: LocalStorage, fault: Unsound) -> bool:
        """Whether a pack that could not be opened still belongs to the store: others may repack meanwhile."""
        return any(fault.file == f"packs/{row.name}.pack" for row in storage.journal.packs())

    def _run(self, units: Iterable[Unit], total: int) -> None:
        waiting: deque[Future[tuple[list[Sound], list[Unsound], int]]] = deque()
        with ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="objstore-fsck") as pool:
            for unit in units:
                waiting.append(pool.submit(unit))
                if len(waiting) > _AHEAD:
                    self._take(waiting.popleft().result(), total)
            while waiting:
                self._take(waiting.popleft().result(), total)

    def _take(self, done: tuple[list[Sound], list[Unsound], int], total: int) -> None:
        sound, faults, size = done
        note = self._objects.note
        for oid, kind, length, commit in sound:
            note(oid, kind, length)
            if commit is not None:
                self._objects.keep(oid, commit)
            self._tally.size += length
        self._tally.objects += len(sound)
        self._tally.stored += size
        for fault in faults:
            self._note(fault)
        self._progress("reading", self._tally.stored, max(total, self._tally.stored))

    def _note(self, fault: Unsound) -> None:
        kind = _FAULTS[fault.what]
        self._findings.add(kind, fault.reason, oid=fault.oid, file=fault.file)


_FAULTS = {"pack": Fault.PACK, "index": Fault.INDEX, "journal": Fault.JOURNAL, "object": Fault.CORRUPT}
