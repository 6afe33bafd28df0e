"""Erasing objects from a local store although something names them: every copy of their bytes in its files.

Rows of the journal go, and its free pages and its log with them; the intake is emptied; every pack that holds one is
written anew without it, its frames' base as well, which repeats text that several events share. In one transaction, the
writers waiting, the store stops having them; then the old files go. Interrupted before that it was not done, after it
the rest is done by erasing again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from contextlib import closing
from time import sleep
from typing import TYPE_CHECKING

from objstore.objects.kinds import Oid
from objstore.packs.frame_header import decode_header
from objstore.storage.collection import Overtaken
from objstore.storage.local.faults import from_os, from_sqlite
from objstore.storage.local.gate import locked
from objstore.storage.local.journal import PackRow
from objstore.storage.local.open_pack import OpenPack
from objstore.storage.local.pack_copy import PackCopy
from objstore.storage.local.sweeping import remove_orphans

if TYPE_CHECKING:
    from objstore.storage.local.storage import LocalStorage

_PATIENCE = 50


def erase(storage: LocalStorage, oids: Collection[Oid]) -> int:
    """As `LocalStorage.erase`."""
    with storage.maintenance():
        while True:
            erasing = _Erasing(storage, frozenset(oids))
            try:
                erasing.run()
            except Overtaken:
                continue
            finally:
                erasing.discard()
            break
    remove_orphans(storage)
    _scrub(storage)
    return erasing.erased


class _Erasing:
    """One attempt. `erased` counts rows and records."""

    def __init__(self, storage: LocalStorage, oids: frozenset[Oid]) -> None:
        self._storage = storage
        self._oids = oids
        self._moves = storage.lock.moves()
        self._copies: list[PackCopy] = []
        self._fresh: dict[str, PackRow | None] = {}  # by the name of the pack that it takes the place of
        self._seen: set[str] = set()
        self.erased = 0

    def run(self) -> None:
        """Copy without the lock, then do it. Overtaken."""
        storage = self._storage
        self._copy_new()
        with storage.turn(), locked(storage.folder.gate, alone=True):
            storage.settle()  # So that all rows are in the journal's table.
            if storage.lock.moves() != self._moves:
                raise Overtaken
            self._copy_new()
            storage.transact(self._replace)
            storage.reliance.catch_up(shut=True)

    def discard(self) -> None:
        """Let go of the copies' files."""
        for copy in self._copies:
            copy.discard()

    def _copy_new(self) -> None:
        self._storage.refresh()
        for pack in self._storage.packs:
            if pack.name not in self._seen:
                self._seen.add(pack.name)
                places = self._places(pack)
                if places:
                    self._fresh[pack.name] = self._copy(pack, places)

    def _places(self, pack: OpenPack) -> set[tuple[int, int]]:
        """Where they lie in a pack, those that count as deleted too. CorruptObject: it cannot be read."""
        found: set[tuple[int, int]] = set()
        for oid in self._oids:
            for number, record in pack.find(oid):
                if self._storage.packs.open_frame(pack, number).oid(record) == oid:
                    found.add((number, record))
        return found

    def _copy(self, pack: OpenPack, places: set[tuple[int, int]]) -> PackRow | None:
        frames = {frame for frame, _ in places}
        bases = {frame - decode_header(pack.frame_bytes(frame)).base for frame in frames}
        copy = PackCopy(self._storage.folder.packs, self._storage.packs)
        self._copies.append(copy)
        gone = places | pack.dead
        copy.take(pack, lambda frame, record: (frame, record) not in gone, bases - frames)
        self.erased += len(places)
        return copy.seal() if len(copy) else None

    def _replace(self, connection: sqlite3.Connection) -> None:
        lock, journal = self._storage.lock, self._storage.journal
        lock.count_move()
        lock.count_loss()
        for oid in self._oids:
            self.erased += connection.execute(
                "DELETE FROM objects WHERE substr(oid, 1, 8) = ? AND oid = ?", (oid[:8], oid)
            ).rowcount
        for name, fresh in self._fresh.items():
            journal.replace_packs(connection, [name], fresh)


def _scrub(storage: LocalStorage) -> None:
    """Leave nothing of deleted rows: neither in free pages, nor in the write-ahead log, nor in the intake."""
    journal = storage.journal
    with storage.turn():
        storage.settle()
        journal.vacuum()
        try:
            journal.intake.give_back()
            with closing(journal.open_connection()) as connection:
                for _ in range(_PATIENCE):  # Somebody may be reading the log just now.
                    busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
                    if not busy:
                        return
                    sleep(0.02)
        except sqlite3.Error as error:
            raise from_sqlite(error, journal.place) from error
        except OSError as error:
            raise from_os(error, journal.place) from error
