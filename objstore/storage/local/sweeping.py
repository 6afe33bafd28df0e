"""Deleting from a local store what is not marked, beside its writers. Implements `collection.Sweep`.

Marks were made without a lock. The rest happens with the writers waiting and the gate shut: what they did since is
marked too, and in one transaction unmarked rows go, packs that would be mostly dead are replaced by what is left of
them, and of the others the dead records are noted down, so that nobody finds them. Whatever is not marked goes or is
hidden at once, so everything that can be found has all that it names. Replacements are durable before the transaction
lists them, and old packs are removed after it: whatever dies when, the store is whole.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from objstore.objects.kinds import Object, Oid
from objstore.storage.collection import Overtaken, Swept
from objstore.storage.local.folder import sync_folder
from objstore.storage.local.gate import locked
from objstore.storage.local.journal import PackRow
from objstore.storage.local.leases import leased
from objstore.storage.local.pack_copy import PackCopy
from objstore.storage.local.sources import JournalSource, PackSource
from objstore.storage.marking import GONE, LIVE, UNMARKED, Marks, Source

if TYPE_CHECKING:
    from objstore.storage.local.storage import LocalStorage

DEAD_SHARE = 0.25
"""A pack of which this share of bytes is dead is written anew without them."""


class LocalSweep:
    """One collection of a local store."""

    def __init__(self, storage: LocalStorage) -> None:
        self._storage = storage
        self._moves = storage.lock.moves()  # before the sources: who takes something away counts first
        self.sources: list[Source] = storage.sources()
        self._fresh: list[PackCopy] = []

    def finish(self, marks: Marks, moved: Callable[[], Iterable[Oid]], *, thorough: bool = False) -> Swept:
        """Delete what is not marked. As `Sweep.finish`."""
        storage = self._storage
        try:
            doomed = [
                (number, source)
                for number, source in self._packs()
                if _is_doomed(source, marks.states[number], thorough)
            ]
            copied = {number: self._copy(source, marks.states[number]) for number, source in doomed}
            with storage.turn(), locked(storage.folder.gate, alone=True):
                storage.settle()  # What a transaction takes up itself is not seen by those who read meanwhile.
                swept = storage.transact(lambda connection: self._delete(connection, marks, moved, copied))
                storage.reliance.catch_up(shut=True)
            assert isinstance(swept, Swept)
        finally:
            for copy in self._fresh:
                copy.discard()
        remove_orphans(storage)
        return swept

    def _packs(self) -> list[tuple[int, PackSource]]:
        return [(number, source) for number, source in enumerate(self.sources) if isinstance(source, PackSource)]

    def _copy(self, source: PackSource, states: bytearray) -> tuple[PackRow | None, bytes]:
        """What is marked of a pack in a new one (None: nothing is), and the states that this went by."""
        then = bytes(states)
        copy = PackCopy(self._storage.folder.packs, self._storage.packs)
        self._fresh.append(copy)
        firsts = source.firsts
        copy.take(source.pack, lambda frame, record: then[firsts[frame] + record] in LIVE)
        return (copy.seal() if len(copy) else None), then

    def _delete(
        self,
        connection: sqlite3.Connection,
        marks: Marks,
        moved: Callable[[], Iterable[Oid]],
        copied: dict[int, tuple[PackRow | None, bytes]],
    ) -> Swept:
        storage = self._storage
        if storage.lock.moves() != self._moves:
            raise Overtaken
        self._mark_news(marks, moved)
        storage.lock.count_move()
        storage.lock.count_loss()
        deleted = replaced = 0
        for number, source in enumerate(self.sources):
            states = marks.states[number]
            deleted += states.count(UNMARKED)
            if isinstance(source, JournalSource):
                dead = (source.row_of(at) for at, state in enumerate(states) if state == UNMARKED)
                storage.journal.delete_numbers(connection, dead)
            elif number in copied:
                assert isinstance(source, PackSource)
                row, then = copied[number]
                storage.journal.insert(connection, storage.journal.encode(self._revived(source, states, then)))
                storage.journal.replace_packs(connection, [source.pack.name], row)
                replaced += 1
            elif states.count(UNMARKED):
                assert isinstance(source, PackSource)
                dead_places = [source.place_of(at) for at, state in enumerate(states) if state in (UNMARKED, GONE)]
                storage.journal.set_dead(connection, source.pack.name, dead_places)
        return Swept(deleted, replaced)

    def _mark_news(self, marks: Marks, moved: Callable[[], Iterable[Oid]]) -> None:
        """Mark what came since, with all that it reaches. MissingObject, CorruptObject."""
        storage = self._storage
        known = {source.pack.name for _, source in self._packs()}
        journal = next(source for source in self.sources if isinstance(source, JournalSource))
        storage.reliance.catch_up(shut=True)
        storage.refresh()
        for pack in storage.packs:
            if pack.name not in known:
                marks.add_source(PackSource(pack, storage.packs.open_frame))
        marks.add_source(JournalSource(storage.journal, storage.hasher, journal.last))
        marks.run(leased(storage.folder.leases), "an open stage")
        marks.run(moved())
        marks.check_whole()

    def _revived(self, source: PackSource, states: bytearray, then: bytes) -> Iterable[Object]:
        """What was marked only after its pack was copied."""
        for at, state in enumerate(states):
            if state in LIVE and then[at] not in LIVE:
                frame, record = source.place_of(at)
                yield self._storage.packs.open_frame(source.pack, frame).object(record)


def _is_doomed(source: PackSource, states: bytearray, thorough: bool) -> bool:
    """Whether a pack is to be written anew: by the bytes of its frames, shared out among their records."""
    dead = states.count(UNMARKED) + states.count(GONE)
    if not dead or thorough or dead == len(states):
        return bool(dead)
    lost = total = 0.0
    for frame in range(source.pack.pack.frames):
        start, stop = source.firsts[frame], source.firsts[frame + 1]
        first, end = source.pack.pack.frame_span(frame)
        total += end - first
        if stop > start:
            gone = states.count(UNMARKED, start, stop) + states.count(GONE, start, stop)
            lost += (end - first) * gone / (stop - start)
    return lost >= DEAD_SHARE * total


def remove_orphans(storage: LocalStorage) -> None:
    """Remove files of packs that the store does not list and that no living process is about to list."""
    folder = storage.folder.packs
    with storage.turn():
        listed = {row.name for row in storage.journal.packs()}
        names = {path.name for path in folder.iterdir()}
        removed = False
        for name in sorted(names):
            stem, _, kind = name.partition(".")
            if stem in listed:
                continue
            if kind in ("pack", "stage"):
                removed |= _remove_if_free(folder / name)
            elif not {f"{stem}.pack", f"{stem}.stage"} & names:
                with suppress(OSError):
                    os.unlink(folder / name)
        if removed:
            with suppress(OSError):  # They may come back, and then are removed another time.
                sync_folder(folder)


def _remove_if_free(path: Path) -> bool:
    """Remove a pack whose lock can be had: its maker is gone, and so is whoever listed it."""
    with suppress(OSError):
        handle = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for doomed in (path.with_suffix(".index"), path):
                with suppress(FileNotFoundError):
                    os.unlink(doomed)
        finally:
            os.close(handle)
        return True
    return False
