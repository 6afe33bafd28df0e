"""The store: what `objstore.open` gives (`opening`). It wires the house together and decides nothing.

A process that appends once should not pay for fsck, search or settings files: what opening, appending and snapshots do
not need is imported inside the methods that use it, and for annotations under TYPE_CHECKING. `tests/test_lightness.py`
names what must not be loaded. Nothing is imported on the path of an append.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from objstore.conversations.conversation import Difference, difference
from objstore.conversations.conversations import Conversations
from objstore.conversations.view import ConversationView
from objstore.errors import BrokenSignature, InvalidRevision, StaysSealed
from objstore.files.collection import Workspaces
from objstore.files.paths import check_path
from objstore.keys.key_folder import user_folder
from objstore.keys.keyring import Keyring
from objstore.keys.source import FolderKeys
from objstore.maintenance.progress import Progress, silent
from objstore.objects.kinds import Domain, Oid
from objstore.repository.commit import CommitInfo, commit_info
from objstore.repository.history import ancestors
from objstore.repository.repository import Repository, Surroundings
from objstore.repository.revisions import find_id, parse_moment, resolve
from objstore.repository.tags import Tags
from objstore.settings.collection import SettingsCollection
from objstore.settings.secret_keys import SecretKeys
from objstore.signing.checkpoints import Checkpoints
from objstore.signing.signers import Signers
from objstore.storage.local.members import Members
from objstore.storage.local.open_local import open_local
from objstore.storage.local.storage import LocalStorage
from objstore.storage.protocol import Storage
from refs.protocol import RefReader

if TYPE_CHECKING:
    from objstore.access.access import Access
    from objstore.files.blame import BlamedLine
    from objstore.importers import History
    from objstore.importers.fill import Imported
    from objstore.index.copies import Copies
    from objstore.index.search_index import SearchIndex
    from objstore.maintenance.backup import BackedUp
    from objstore.maintenance.dictionary import Trained
    from objstore.maintenance.finding import Finding
    from objstore.maintenance.fsck import Fsck
    from objstore.maintenance.gc import Collected
    from objstore.maintenance.migrate import Migrated
    from objstore.maintenance.repack import Repacked
    from objstore.maintenance.repack.auto import AutoRepack
    from objstore.maintenance.repair import Repaired
    from objstore.maintenance.stats import Stats
    from objstore.maintenance.usage import Usage
    from objstore.maintenance.why import Kept
    from objstore.objects.tombstones import Tombstone
    from objstore.objects.values import JsonValue
    from objstore.repository.operations import Operation
    from objstore.signing.anchor import Anchored
    from objstore.signing.checkpoints import Signed
    from objstore.signing.verify import Verified
    from objstore.sync.access import Access as SyncAccess
    from objstore.sync.arrival import Limits
    from objstore.sync.bundle_export import Bundled
    from objstore.sync.bundle_file import BundleContents
    from objstore.sync.bundle_import import OnDiverged, Unbundled
    from objstore.sync.fetching import Fetched
    from objstore.sync.pulling import OnDiverged as OnPullDiverged
    from objstore.sync.pulling import Pulled
    from objstore.sync.pushing import Pushed
    from objstore.sync.remotes import Remotes
    from objstore.sync.service import Service
    from objstore.sync.session import Session


class Store:
    """Conversations, files and settings in one place. Safe between threads; a context manager."""

    def __init__(
        self, storage: Storage, author: str, keys: str | Path | None = None, accept_older: bool = False
    ) -> None:
        """Made by `objstore.open`; `author` is who the new commits are by, `keys` the folder of the user's keys.

        RolledBack, BrokenSignature: the storage is not what was seen before, and that is not accepted.
        """
        self.storage = storage
        self._repo = Repository(storage, Surroundings(_now, os.urandom, author))
        if isinstance(storage, LocalStorage) and not storage.read_only and storage.vault is None:
            self._repo.cache = storage.folder.cache
        self._index: SearchIndex | None = None
        self._access: Access | None = None
        self._index_lock = threading.Lock()
        self.conversations = Conversations(self._repo, lambda: self.index)
        self.files = Workspaces(self._repo)
        self.settings = SettingsCollection(self._repo)
        self.tags = Tags(self._repo)
        folder = user_folder(keys)
        keyring = self._repo.keyring = Keyring(folder.files, os.urandom)
        self._checkpoints: Checkpoints | None = None
        self.members = Members(storage)
        if isinstance(storage, LocalStorage):
            marker = storage.folder.read_marker
            self._repo.keys = FolderKeys(folder, lambda: Domain(marker()), storage.place, os.urandom)
            self._checkpoints = Checkpoints(storage, keyring, _now)
            if not accept_older:
                self._checkpoints.check_not_older()
            if not storage.read_only:
                storage.moves.full = self._checkpoints.sign_if_possible
        self.keys = SecretKeys(self._repo)
        self._auto_repack: AutoRepack | None = None
        self._repo.forget = self._forget
        self._repo.lapsed = self._begin_index_anew
        self.signers = Signers(keyring)

    @property
    def place(self) -> str:
        """Where the store is."""
        return self.storage.place

    @property
    def index(self) -> SearchIndex:
        """The full text index, made when it is first asked for."""
        with self._index_lock:
            if self._index is None:
                self._index = search_index(self._repo)
            return self._index

    @property
    def copies(self) -> Copies:
        """Where derived content may be kept that is to be found again fast."""
        from objstore.index.copies import Copies

        storage = self.storage
        if isinstance(storage, LocalStorage) and not storage.hasher.domain:
            return Copies(self._repo, storage.folder.cache / "copies", writable=not storage.read_only)
        return Copies(self._repo, None)

    @property
    def access(self) -> Access:
        """Grants, tokens and the log of both: what counts when this store is served. Made when first asked for."""
        from objstore.access.access import Access

        with self._index_lock:
            if self._access is None:
                storage = self.storage
                path = storage.folder.root / "access.sqlite" if isinstance(storage, LocalStorage) else None
                self._access = Access(path, _now, os.urandom, self._repo.author)
            return self._access

    @property
    def refs(self) -> RefReader:
        """The refs and their logs, for reading."""
        return self.storage.refs

    def resolve(self, moment: str) -> CommitInfo:
        """The commit at a moment such as "c1#3", "c1~2", "c1@{2 hours ago}" or an id.

        InvalidRevision, UnknownRevision, AmbiguousId.
        """
        parsed = parse_moment(moment)
        if not parsed.name:
            raise InvalidRevision(moment, "it begins with no name")
        oid = resolve(self._repo, parsed)
        return commit_info(oid, self._repo.commit(oid))

    def view(self, moment: str | CommitInfo) -> ConversationView:
        """Events, files and settings at a moment such as "c1#3", or of a commit. Errors as `resolve`."""
        return ConversationView(self._repo, self._commit(moment).oid)

    def diff(self, a: str | CommitInfo, b: str | CommitInfo) -> Difference:
        """What changed from moment `a` to moment `b`, whatever refs they are of. Errors as `resolve`."""
        return difference(self._repo, self._commit(a), self._commit(b))

    def blame(self, moment: str | CommitInfo, path: str) -> list[BlamedLine]:
        """The lines of a file at a moment with the commits, and so the events, that wrote them. Errors as `resolve`;
        UnknownPath; InvalidPath: it is a binary."""
        from objstore.files.blame import blame

        return blame(self._repo, self._commit(moment).oid, check_path(path))

    def ancestors(self, moments: Iterable[str | CommitInfo]) -> Iterator[CommitInfo]:
        """Every commit that led to these moments, merges included, children before parents. Errors as `resolve`."""
        for oid, commit in ancestors(self._repo, [self._commit(moment).oid for moment in moments]):
            yield commit_info(oid, commit)

    def operations(self) -> Iterator[Operation]:
        """Every change of refs, newest first."""
        from objstore.repository.operations import operations

        return operations(self._repo)

    def undo(self, operation: Operation | int) -> Operation:
        """Take an operation back, deletes included. UnknownRevision; MovedHead: a ref has moved since."""
        from objstore.repository.operations import undo_operation

        number = operation if isinstance(operation, int) else operation.number
        return undo_operation(self._repo, number)

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

    def redact(self, moment: str | CommitInfo, *, reason: str) -> list[Tombstone]:
        """Redact the event of a moment ("c1#3": the third of c1, or a commit that brought one). As
        `Conversation.redact`; errors as `resolve`; IndexError: the moment has no event."""
        from objstore.conversations.redacting import redact

        return redact(self._repo, self._commit(moment).oid, (-1,), reason)

    def redactions(self) -> Iterator[Tombstone]:
        """What is on record of the redacted events, by the events' ids. `conv.redact` redacts."""
        return iter(self._repo.redactions)

    def _forget(self, values: Mapping[Oid, JsonValue]) -> None:
        """Let the search index forget events that were redacted."""
        if self.index.is_made():
            self.index.forget(values, values)
        self.copies.discard()

    def _keep_only(self, kept: Callable[[Oid], bool]) -> None:
        """Let go of derived content, as its events are collected."""
        self.index.keep_only(kept)
        self.copies.discard()

    def _begin_index_anew(self) -> None:
        """Have the next search make its index anew, without what was squashed."""
        if self.index.is_made():
            self.index.discard()

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

        if isinstance(source, Store) or source is None:
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

    def import_history(self, history: History, prefix: str = "") -> Imported:
        """Bring an agent's history in as a conversation of `prefix` and its name; nothing is added twice."""
        from objstore.importers.fill import import_history

        return import_history(self.conversations, history, prefix)

    def export_bundle(self, path: str | Path, names: Iterable[str], *, since: Iterable[str] = ()) -> Bundled:
        """Write conversations and other refs ("files/ws") with all that they reach, and the tags on them, to one file.

        What the moments `since` reach is left out. `settings/*` go along only if named. UnknownRevision, OSError.
        """
        from objstore.sync.bundle_file import write_bundle

        self._refuse_sealed("export a bundle")
        return write_bundle(self._repo, Path(path), names, since)

    def import_bundle(
        self, path: str | Path, *, prefix: str = "", on_diverged: OnDiverged = "refuse", redact: bool = False
    ) -> Unbundled:
        """Bring in a file that `export_bundle` wrote; again is harmless, and goes on where an interrupted one ended.

        What was redacted here stays away. What was redacted where the file comes from and is here is erased only if
        `redact` says so.

        MissingHistory, HistoryDiverged, CorruptObject, InvalidRefName, OSError: no ref was moved.
        """
        from objstore.sync.bundle_file import read_bundle

        self._refuse_sealed("import a bundle")
        return read_bundle(self._repo, Path(path), prefix, on_diverged, redact=redact)

    def check_bundle(self, path: str | Path) -> BundleContents:
        """Read a bundle from end to end and keep nothing. CorruptObject, OSError."""
        from objstore.sync.bundle_file import check_bundle

        return check_bundle(self._repo, Path(path))

    @property
    def remotes(self) -> Remotes:
        """Names for other stores: add, list, get, rename, remove."""
        from objstore.sync.remotes import Remotes

        return Remotes(self._repo)

    def fetch(
        self,
        remote: str,
        *names: str,
        prune: bool = False,
        token: str | None = None,
        limit_rate: int | None = None,
        progress: Progress = silent,
    ) -> Fetched:
        """Bring over what a remote has, and track its refs under `remotes/NAME/`; no ref of your own moves.

        `names`: refs ("c1", "files/ws") or patterns ("conversations/*"); none mean everything but settings. `prune`
        forgets tracked refs that are gone there. `limit_rate`: bytes a second. Over HTTP it is tried again a few times
        if it breaks off; called again after an interruption it goes on. UnknownRemote,
        UnknownRevision, InvalidRemote, RemoteFailed, RemoteRefused; CorruptObject: what came is not sound.
        """
        return self._session(token, limit_rate, progress).fetch(remote, names, prune=prune)

    def pull(
        self,
        remote: str,
        *names: str,
        on_diverged: OnPullDiverged = "refuse",
        prune: bool = False,
        token: str | None = None,
        limit_rate: int | None = None,
        progress: Progress = silent,
    ) -> Pulled:
        """Fetch, and move your refs forward to what the remote has, all or none. Arguments and errors as `fetch`.

        A ref that diverged, or was rewound on either side: "refuse" raises Diverged or Rewound, "fork" keeps theirs
        under another name, "theirs" takes it (`undo` brings yours back), "ours" leaves yours.
        """
        return self._session(token, limit_rate, progress).pull(remote, names, on_diverged, prune=prune)

    def push(
        self,
        remote: str,
        *names: str,
        force: bool = False,
        prune: bool = False,
        token: str | None = None,
        limit_rate: int | None = None,
        progress: Progress = silent,
    ) -> Pushed:
        """Move a remote's refs forward to yours, all or none, with what it lacks. Arguments and errors as `fetch`.

        Diverged, Rewound: nothing was moved. `force` replaces what is there, provided that it is what you saw last.
        `prune` deletes refs there that match and are not here.
        """
        return self._session(token, limit_rate, progress).push(remote, names, force=force, prune=prune)

    def mirror(
        self,
        remote: str,
        *names: str,
        token: str | None = None,
        limit_rate: int | None = None,
        progress: Progress = silent,
    ) -> Pushed:
        """Make a remote's refs equal to yours, whatever they are: a push with force, prune and a look before.

        Arguments and errors as `push`.
        """
        session = self._session(token, limit_rate, progress)
        session.fetch(remote, names, prune=True)
        return session.push(remote, names, force=True, prune=True)

    def serve_stdio(self, read: Callable[[int], bytes], write: Callable[[bytes], object]) -> None:
        """Answer the sync protocol over two streams until `read` gives nothing more: what `ssh://` runs over there."""
        from objstore.sync.access import Owner
        from objstore.sync.stdio import serve

        serve(self.sync_service(Owner()), read, write)

    def sync_service(self, access: SyncAccess, limits: Limits | None = None, why: str = "push") -> Service:
        """The far side of the sync protocol on this store, for somebody with these rights. `limits`: what a push may
        bring; `why`: what the logs of the refs say of it."""
        from objstore.sync.arrival import LIMITS
        from objstore.sync.service import Service

        self._refuse_sealed("serve")
        return Service(self._repo, access, check_path, limits or LIMITS, why)

    def _session(self, token: str | None, rate: int | None, progress: Progress) -> Session:
        from objstore.sync.opening import Opener
        from objstore.sync.session import Session

        self._refuse_sealed("fetch, pull or push")
        repo = self._repo
        opener = Opener(_open_folder, Surroundings(repo.now, repo.random, repo.author), check_path, token, rate)
        return Session(repo, opener, progress)

    def _refuse_sealed(self, what: str) -> None:
        if self.storage.hasher.domain:
            raise StaysSealed(self.place, what)

    def _commit(self, moment: str | CommitInfo) -> CommitInfo:
        return self.resolve(moment) if isinstance(moment, str) else moment

    def close(self) -> None:
        """Let go of files and memory; harmless when done twice."""
        self.conversations.close()
        with self._index_lock:
            for derived in (self._index, self._access):
                if derived is not None:
                    derived.close()
        if self._auto_repack is not None:
            self._auto_repack.close()
        if self._checkpoints is not None:
            self._checkpoints.sign_if_possible()
        self.storage.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _open_folder(path: str) -> Storage:
    """The storage in the folder of a remote."""
    return open_local(Path(path))


def search_index(repo: Repository) -> SearchIndex:
    """The index of a store: in its cache folder, and in memory where there is none or where it would betray content."""
    from objstore.index.search_index import SearchIndex

    storage = repo.storage
    if isinstance(storage, LocalStorage) and not storage.hasher.domain:
        return SearchIndex(repo, storage.folder.cache, storage.read_only)
    return SearchIndex(repo, None)


def _now() -> int:
    return time.time_ns() // 1000
