"""A store in a local folder: journal, packs and refs behind the `Storage` protocol.

A write is one record of the journal's intake, or one SQLite transaction on the journal: object rows, the rows of packs
that are already durable, and refs. It has happened when its flush returned, whole or not at all, whatever dies when.
Where an object lies is `lookup`'s business.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from weakref import WeakSet

from objstore.errors import MissingObject, ReadOnlyStore
from objstore.keys.vault import Vault
from objstore.objects.hashing import PLAIN_HASHER
from objstore.objects.kinds import Kind, Object, Oid
from objstore.objects.tombstones import tombstone_ref
from objstore.storage.collection import Overtaken
from objstore.storage.local.folder import Folder
from objstore.storage.local.gate import locked
from objstore.storage.local.intake import is_small, quick_rows
from objstore.storage.local.journal import Journal, PackRow
from objstore.storage.local.lock import FileLock
from objstore.storage.local.lookup import Lookup
from objstore.storage.local.moves import Moves
from objstore.storage.local.pack_file import BULK_FRAME, BULK_LEVEL, FINE_FRAME, FINE_LEVEL, PackFile
from objstore.storage.local.pack_set import PackSet
from objstore.storage.local.reliance import Reliance
from objstore.storage.local.sources import JournalSource, PackSource
from objstore.storage.local.stage import LocalStage
from objstore.storage.local.sweeping import LocalSweep
from objstore.storage.local.watch import LocalWatch
from objstore.storage.local.writer import Work, Writer
from objstore.storage.marking import Source
from objstore.storage.protocol import Stage, Watch
from refs.adoption import in_order
from refs.edits import Applied, Note, RefEdit
from refs.protocol import NO_CUTS, Cut, LogEntry, RefReader
from refs.rules import check_edits
from refs.sqlite import expire_in

_RARELY_TWICE = frozenset({Kind.EVENT, Kind.COMMIT})  # Salted, or naming what is salted: looking for them is in vain.


class LocalStorage:
    """Objects and refs in a folder. Implements `Storage`; made by `local.open_local`."""

    def __init__(
        self, folder: Folder, journal: Journal, lock: FileLock, read_only: bool, vault: Vault | None = None
    ) -> None:
        """`vault`: what seals and opens an encrypted store."""
        self.place = str(folder.root)
        self.folder = folder
        self.vault = vault
        self.hasher = PLAIN_HASHER if vault is None else vault.keys.hasher()
        self.read_only = read_only
        self.journal = journal
        self.lock = lock
        journal.load_dictionaries(vault)
        self.compression = journal.compression
        self._writer = Writer(journal, lock)
        self.packs = PackSet(folder.packs, self.hasher, self.compression, read_only)
        self.lookup = Lookup(self.place, journal, self.packs, self.hasher)
        self.reliance = Reliance(folder, lock, journal, self.refresh, read_only)
        """What this process relies on; made before the packs are opened, which may be newer than it knows."""
        self.refresh()
        self._close_lock = threading.Lock()
        self._closed = False
        self._watches: WeakSet[LocalWatch] = WeakSet()
        self.moves = Moves()
        """What this process did to refs and nobody signed yet."""

    @property
    def refs(self) -> RefReader:
        """Reading of refs."""
        return self.journal.intake.pending

    def read(self, oid: Oid) -> Object:
        """The object, verified. MissingObject, CorruptObject."""
        return self.lookup.read(oid)

    def read_many(self, oids: Iterable[Oid]) -> Iterator[Object]:
        """The objects in the order asked for."""
        return self.lookup.read_many(oids)

    def missing(self, oids: Iterable[Oid]) -> set[Oid]:
        """Which of these are not here; a damaged object counts as missing, so that writing it again heals it.

        What is here stays for as long as a stage of this storage is open: it may come to rely on the answer.
        """
        self.lookup.check_open()
        return self.reliance.ask(list(dict.fromkeys(oids)), self.lookup.missing)

    def objects(self) -> Iterator[tuple[Oid, Kind, int]]:
        """Every object as (oid, kind, payload size). CorruptObject, when all others were given."""
        return self.lookup.objects()

    def find_ids(self, prefix: bytes, odd_nibble: bool, limit: int) -> list[Oid]:
        """Ids that begin with the prefix, sorted, at most `limit`."""
        return self.lookup.find_ids(prefix, odd_nibble, limit)

    def refresh(self) -> None:
        """Take up the packs that the journal lists now."""
        self.lookup.refresh()

    def stage(self) -> Stage:
        """A stage: in memory while it is small, a pack in the making beyond that."""
        self._check_writable()
        self.journal.check_sound()
        return LocalStage(self.bulk_pack, self.reliance.leases)

    def bulk_pack(self) -> PackFile:
        """A new pack for files: large frames."""
        self._check_writable()
        losses = self.reliance.catch_up()
        return PackFile(self.folder.packs, self.hasher, self.compression, BULK_FRAME, BULK_LEVEL, losses=losses)

    def fine_pack(self, threads: int = 2, losses: int | None = None) -> PackFile:
        """A new pack for what is read one by one: small frames, packed harder, on so many threads.

        `losses`: what `reliance.catch_up` said before the first of its objects was read, if that was before now.
        """
        self._check_writable()
        losses = self.reliance.catch_up() if losses is None else losses
        return PackFile(self.folder.packs, self.hasher, self.compression, FINE_FRAME, FINE_LEVEL, threads, losses)

    def apply(
        self, objects: Sequence[Object], edits: Sequence[RefEdit], note: Note, stage: Stage | None = None
    ) -> Applied:
        """Keep the objects and make the edits in one transaction: one flush."""
        self._check_writable()
        losses = self.reliance.catch_up()
        pack: PackRow | None = None
        staged = stage if isinstance(stage, LocalStage) else None
        if staged is not None:
            held, pack = staged.seal()
            objects = [*objects, *held]
        check_edits(edits, note)
        known = {obj.oid: obj for obj in objects if obj.kind not in _RARELY_TWICE and self.lookup.has(obj.oid)}
        fresh = [obj for obj in objects if obj.oid not in known] if known else objects
        self.reliance.check(losses, objects, edits, staged, self._rely_on)
        quick = pack is None and is_small(fresh, edits, note)
        small = (edits, note, quick_rows(fresh, self.compression)) if quick else None
        rows = None if small else self.journal.encode(fresh)

        def work(connection: sqlite3.Connection) -> Applied:
            # Nothing is deleted while this runs. What was deleted since `losses` was asked for has to be looked at.
            if self.lock.losses() != losses:
                self.reliance.check(self.reliance.catch_up(shut=True), objects, edits, staged, self._rely_on)
                gone = [obj for oid, obj in known.items() if not self.lookup.has(oid)]
                self.journal.insert(connection, self.journal.encode(gone))
            applied = self.journal.refs.apply_in(connection, edits, note) if edits else Applied(0)
            self.journal.insert(connection, self.journal.encode(fresh) if rows is None else rows)
            if pack is not None:
                self.journal.add_pack(connection, pack)
            return applied

        applied = self._writer.write(work, small, losses)
        self.reliance.wrote(losses, objects)
        if pack is not None:
            self.refresh()
        assert isinstance(applied, Applied)
        self.moves.add(edit.name for edit in edits)
        return applied

    def adopt(self, operations: Iterable[tuple[int, Sequence[LogEntry]]], cuts: Mapping[str, Cut] = NO_CUTS) -> int:
        """Write the logs of another storage's refs verbatim into the empty ones here, in one transaction."""
        self._check_writable()
        entries = in_order(operations, cuts)
        self._writer.write(lambda connection: self.journal.refs.adopt_in(connection, entries, cuts))
        for entry in entries:
            self.moves.add((entry.name,), entry.last)  # at least as many as were made: logs may have been shortened
        return len(entries)

    def transact(self, work: Work) -> object:
        """Run `work` on the journal in a write transaction of its own or shared with other threads'; its result, once
        that is durable. The journal's tables hold everything by then. What it raises undoes its own changes alone."""
        self._check_writable()
        self.journal.check_sound()
        return self._writer.write(work)

    def turn(self) -> AbstractContextManager[None]:
        """This thread's turn among the writers of all processes. What was written before may lie in the intake."""
        self._check_writable()
        self.journal.check_sound()
        return self._writer.turn()

    def watch(self) -> Watch:
        """A watch over the journal; it ends with this storage."""
        watch = LocalWatch(self.journal)
        with self._close_lock:
            self._watches.add(watch)
        return watch

    def list_pack(self, pack: PackFile, pause: Callable[[], object] = lambda: None) -> None:
        """Seal a pack and list it. The journal may forget afterwards what the pack holds.

        Overtaken: objects were deleted since the pack was begun (`fine_pack`), and it would bring them back. Begin anew.
        """
        sealed = pack.seal(pause)

        def work(connection: sqlite3.Connection) -> None:
            self._count_move(pack)
            self.journal.add_pack(connection, sealed)

        self._writer.write(work)
        self.refresh()

    def replace_packs(self, names: Sequence[str], pack: PackFile, pause: Callable[[], object] = lambda: None) -> None:
        """In one transaction, list a pack in place of others whose living objects it holds; then their files go.

        Overtaken: as `list_pack`; or one of them is no longer listed.
        """
        sealed = pack.seal(pause)

        def work(connection: sqlite3.Connection) -> None:
            self._count_move(pack)
            if not {name for (name,) in connection.execute("SELECT name FROM packs")}.issuperset(names):
                raise Overtaken
            self.journal.replace_packs(connection, names, sealed)

        self._writer.write(work)
        self.refresh()
        for name in names:  # Who dies before leaves them to the next collection.
            with suppress(OSError):
                (self.folder.packs / f"{name}.pack").unlink()
                (self.folder.packs / f"{name}.index").unlink()

    def replace_pack(self, name: str, pack: PackFile | None) -> None:
        """In one transaction, stop listing a pack and list a new one (None: there is nothing to put in its place).

        Overtaken: as `list_pack`.
        """
        sealed = None if pack is None else pack.seal()

        def work(connection: sqlite3.Connection) -> None:
            self._count_move(pack)
            self.journal.replace_packs(connection, [name], sealed)

        self._writer.write(work)
        self.refresh()

    def forget_rows(self, rows: Sequence[tuple[int, object]]) -> None:
        """Let the journal forget these rows, given as (number, what stands there as the oid): what cannot
        be read, or lies in a pack."""

        def work(connection: sqlite3.Connection) -> None:
            self.lock.count_move()
            self.journal.delete_rows(connection, rows)

        self._writer.write(work)

    def bring_back(self, objects: Sequence[Object]) -> None:
        """Write objects that damage took, whatever they name: that may be brought back after them."""
        rows = self.journal.encode(objects)
        self._writer.write(lambda connection: self.journal.insert(connection, rows))

    def _count_move(self, pack: PackFile | None) -> None:
        if pack is not None and pack.losses != self.lock.losses():
            raise Overtaken
        self.lock.count_move()

    def add_dictionary(self, data: bytes) -> None:
        """Keep a dictionary and use it for new data; other processes read with it at once and use it once reopened."""
        self._check_writable()
        self._writer.write(
            lambda connection: self.journal.add_dictionary(connection, self.compression.stored_dictionary(data))
        )
        self.compression.adopt(data)

    def tell(self, after: Callable[[], object]) -> None:
        """Have `after` called after each transaction on the journal of this storage. It must take no time."""
        self._writer.after = after

    def settle(self) -> None:
        """Have the journal's own file hold everything that is durable: rows, refs and logs."""
        self._check_writable()
        self._writer.settle()

    def shrink_journal(self) -> None:
        """Give the journal's free pages back to the file system once they are a quarter of it: writers wait meanwhile."""
        pages, free = self.journal.page_counts()
        if free and 4 * free >= pages:
            with self._writer.turn():
                self.journal.vacuum()

    @contextmanager
    def maintenance(self) -> Generator[None, None, None]:
        """This thread's turn among those who pack or collect. For speed only: it spares them vain work."""
        self._check_writable()
        with locked(self.folder.maintenance, alone=True):
            yield

    @property
    def version(self) -> object:
        """Another value after each change by anybody. StoreClosed."""
        return self.journal.stated()

    def sources(self) -> list[Source]:
        """Where the objects lie, oldest first; what the intake holds goes into the journal. CorruptObject: an index
        cannot be trusted."""
        if not self.read_only:
            self.settle()
        self.refresh()
        packs: list[Source] = [PackSource(pack, self.packs.open_frame) for pack in reversed(list(self.packs))]
        return [*packs, JournalSource(self.journal, self.hasher)]

    def sweep(self) -> LocalSweep:
        """Begin a collection. CorruptObject: an index cannot be trusted."""
        self._check_writable()
        return LocalSweep(self)

    def erase(self, oids: Collection[Oid]) -> int:
        """Delete these objects and every trace of their bytes, whatever names them. As `Collectable.erase`; packs that
        hold one are written anew. CorruptObject: one of those packs cannot be read; nothing was done."""
        from objstore.storage.local.erasing import erase

        self._check_writable()
        return erase(self, oids)

    def expire_log(self, before: int, name: str | None = None) -> int:
        """Forget the old part of the refs' logs, or of one."""
        self._check_writable()
        forgotten = self._writer.write(lambda connection: expire_in(connection, before, name))
        assert isinstance(forgotten, int)
        return forgotten

    def close(self) -> None:
        """Close all files; harmless when done twice."""
        with self._close_lock:
            if not self._closed:
                self._closed = True
                self.lookup.close()
                self._writer.close()
                self.journal.close()
                for watch in list(self._watches):
                    watch.close()
                self.lock.close()

    def _rely_on(self, oid: Oid) -> None:
        """MissingObject: an object is not here, and not because it was redacted. CorruptObject."""
        try:
            self.read(oid)
        except MissingObject:
            if self.refs.get(tombstone_ref(oid)) is None:
                raise

    def _check_writable(self) -> None:
        if self.read_only:
            raise ReadOnlyStore(self.place, "it was opened for reading")
