"""Keeping a store small, sound and recoverable over years: repack, gc, fsck, repair, signatures, backup, migrate."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from objstore.errors import BrokenSignature
from objstore.files.paths import check_path
from objstore.maintenance.progress import Progress, silent
from objstore.repository.revisions import find_id
from objstore.storage.local.storage import LocalStorage
from objstore.store.parts import Parts

if TYPE_CHECKING:
    from objstore.maintenance.backup import BackedUp
    from objstore.maintenance.dictionary import Trained
    from objstore.maintenance.finding import Finding
    from objstore.maintenance.fsck import Fsck
    from objstore.maintenance.gc import Collected
    from objstore.maintenance.migrate import Migrated
    from objstore.maintenance.repack import Repacked
    from objstore.maintenance.repair import Repaired
    from objstore.maintenance.stats import Stats
    from objstore.maintenance.usage import Usage
    from objstore.maintenance.why import Kept
    from objstore.signing.anchor import Anchored
    from objstore.signing.checkpoints import Signed
    from objstore.signing.verify import Verified
    from objstore.store.store import Store


class Upkeep(Parts):
    """The part of `Store` that maintains it."""

    def repack(self) -> Repacked:
        """Move fresh objects from the journal into packs, and merge small packs: it costs what is new.

        Beside readers and writers; safe to interrupt. While another one is at work it waits for that.
        """
        from objstore.maintenance.repack import repack

        return repack(self._repo)

    def repack_by_itself(self) -> None:
        """From now on repack in the background, as `auto_repack` of `objstore.open` does. Once is enough."""
        from objstore.maintenance.repack.auto import AutoRepack

        if isinstance(self.storage, LocalStorage) and self._auto_repack is None:
            self._auto_repack = AutoRepack(self.storage)
            self.storage.tell(self._auto_repack.look)

    def train_dictionary(self) -> Trained:
        """Train a compression dictionary on the store's own events, and use it from now on if it saves 5 % or more.

        Old data stays readable; `repack` afterwards packs with it. Nothing comes of fewer than some 125 events or 300
        KB of them. ReadOnlyStore, StoreFull.
        """
        from objstore.maintenance.dictionary import train

        return train(self._repo)

    def gc(self, *, expire_reflog: timedelta | None = None, dry_run: bool = False, thorough: bool = False) -> Collected:
        """Delete what no ref, log, tag or open stage reaches. Beside readers and writers; safe to interrupt.

        `expire_reflog` first forgets what refs were longer ago than that. `dry_run` only counts. `thorough` gives back
        all room at once. MissingObject, CorruptObject: something that is reached is gone or damaged; nothing was
        deleted. StoreLocked: other collections always came first. ReadOnlyStore, StoreFull.
        """
        from objstore.maintenance.gc import gc

        return gc(
            self._repo,
            expire_reflog=expire_reflog,
            dry_run=dry_run,
            thorough=thorough,
            told=self._keep_only,
        )

    def why(self, oid: str) -> Kept:
        """What keeps the object of this id (64 hex digits, or as many as tell it): a ref or its log, and the way there.

        UnknownRevision, AmbiguousId, MissingObject; ValueError: these are no hex digits. CorruptObject: something on the
        way cannot be read.
        """
        from objstore.maintenance.why import why

        return why(self._repo, find_id(self._repo, oid))

    def stats(self) -> Stats:
        """How much there is, and what compression and sharing saved."""
        from objstore.maintenance.stats import stats

        return stats(self._repo)

    def usage(self) -> Usage:
        """Where the bytes are: by ref and by kind, shared, kept by logs alone, and by nothing."""
        from objstore.maintenance.usage import usage

        return usage(self._repo)

    def fsck(self, *, full: bool = True, progress: Progress = silent) -> Fsck:
        """Check everything and report what is missing, damaged or not as it must be, with all that it touches.

        `full` reads every stored byte; without it the payloads of events and files are left alone. Beside readers and
        writers. Damage is in the report, never an exception.
        """
        from objstore.maintenance.fsck import fsck

        return fsck(self._repo, full=full, check_path=check_path, progress=progress)

    def check(self) -> Iterator[Finding]:
        """The findings of a full `fsck`."""
        yield from self.fsck().findings

    def repair(self, source: Store | str | Path | None = None, *, progress: Progress = silent) -> Repaired:
        """Mend what is damaged: packs and rows from what is whole of them, lost objects from a source that has them.

        `source`: another store, or the folder of a store or backup. Damaged files go to the folder `quarantine`,
        nothing is deleted, and `repairs.jsonl` says what was done; what is left is in the result. A store that cannot
        even be opened: `objstore.opening.mend` first, as the command does. NotAStore: the source is none.
        """
        from objstore.maintenance.repair import repair
        from objstore.maintenance.repair.sources import opened_source

        if isinstance(source, Upkeep) or source is None:
            storage = None if source is None else source.storage
            return repair(self._repo, storage, check_path=check_path, progress=progress)
        with opened_source(Path(source)) as storage:
            return repair(self._repo, storage, check_path=check_path, progress=progress)

    def sign(self, *, accept: bool = False) -> Signed:
        """Sign every change of refs that this process made; closing the store does it too.

        Changes of others that nobody signed are left out, unless `accept`: then all is signed as it stands, whoever did
        it, and an older copy that was put back becomes the newest state. Look at `verify` first. A store in memory has
        no signatures. RolledBack, BrokenSignature: what was signed is not what is here; nothing was signed.
        UnsafeKeyFolder, DamagedKey, ReadOnlyStore, StoreLocked, OSError.
        """
        from objstore.signing.checkpoints import Signed

        return Signed(0, 0, ()) if self._checkpoints is None else self._checkpoints.sign(accept=accept)

    def verify(self, anchors: Iterable[str | Path] = ()) -> Verified:
        """Whether refs and logs are what was signed and nothing is altered, cut off, put back or slipped in.

        `anchors`: files that `anchor` wrote earlier, to compare with as well. Objects are verified by their ids when
        they are read, and all of them by `fsck`. Doubts are in the result, never an exception. CorruptObject, OSError:
        an anchor cannot be read.
        """
        from objstore.signing.anchor import read_anchor
        from objstore.signing.verify import verify, verify_logs

        given = [read_anchor(Path(path)) for path in anchors]
        if self._checkpoints is None:
            return verify_logs(self._repo)
        return verify(self._repo, self._checkpoints, given)

    def anchor(self, path: str | Path) -> Anchored:
        """Write the newest checkpoint with all it covers to a file, to be kept where nobody who writes here can.

        What is not signed yet is signed first. BrokenSignature: nothing is signed, or what is here is not what was;
        errors as `sign`.
        """
        from objstore.signing.anchor import write_anchor

        if self._checkpoints is None:
            raise BrokenSignature(self.place, "a store in memory is not signed")
        return write_anchor(Path(path), self._checkpoints.anchor())

    def backup(self, path: str | Path, *, note: str = "", progress: Progress = silent) -> BackedUp:
        """Add a version of this store, as of now, to the backup in a folder, which is made if it is not there.

        Beside readers and writers. Packs that the backup has are not copied again; what is copied is verified. A store
        in memory is written out anew each time. `objstore.open_backup` lists, verifies, restores and prunes.
        StoreExists: the folder is something else. StoreLocked: a backup to it is running. CorruptObject: a pack is
        damaged (repair first); no version was added.
        """
        from objstore.maintenance.backup import back_up

        if self._checkpoints is not None:
            self._checkpoints.sign_if_possible()  # so that the copy can be verified
        return back_up(self.storage, Path(path), self._repo.now(), note, progress)

    def migrate(self, target: Store, *, progress: Progress = silent) -> Migrated:
        """Copy everything into another store that has no refs: every object, every ref, every log verbatim.

        Others may write to this one meanwhile, but for the last moment. StoreExists: the target has refs.
        CorruptObject: an object is damaged (repair first).
        """
        from objstore.maintenance.migrate import migrate

        self._refuse_sealed("migrate")
        target._refuse_sealed("migrate into")
        return migrate(self.storage, target.storage, progress)
