"""Reading a bundle into a storage: verified object by object, in bounded batches, the refs at the very end.

An import that was interrupted leaves objects that nothing names; run again, it passes over those that are there. While
it runs, an open stage keeps them from being collected.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence
from typing import Literal, NamedTuple

from objstore.errors import CorruptObject, HistoryDiverged, MissingHistory, MovedHead, RefConflict
from objstore.objects.commits import Commit, decode_commit
from objstore.objects.events import decode_event
from objstore.objects.kinds import Kind, Object, Oid
from objstore.objects.references import references
from objstore.objects.tags import decode_tag
from objstore.objects.tombstones import redacted_by_ref, tombstone_ref
from objstore.objects.trees import decode_node
from objstore.packs.bundle import BundleReader
from objstore.repository.history import is_ancestor
from objstore.repository.repository import Repository
from objstore.repository.revisions import NAMESPACES, peel
from objstore.sync.redactions import erase_redacted, take_redactions
from refs.edits import ABSENT, Note, RefEdit
from refs.name import check_name

_BATCH_BYTES = 16 << 20
_BATCH_OBJECTS = 20_000
_COMMITS = 10_000

OnDiverged = Literal["refuse", "fork"]


class ImportedRef(NamedTuple):
    """What became of a ref of the bundle: it was "made", "moved" on, "forked" under another name, the "same", or "older"
    than what is here. `name` is its full name here. A redaction ("redacted/…") is "offered" if its event is here and was
    not to be erased."""

    name: str
    outcome: Literal["made", "moved", "forked", "same", "older", "offered"]


class Unbundled(NamedTuple):
    """What an import did: the refs, how many objects the bundle held, and how many of them were new."""

    refs: tuple[ImportedRef, ...]
    objects: int
    added: int


def import_bundle(
    repo: Repository,
    read: Callable[[int], bytes],
    prefix: str = "",
    on_diverged: OnDiverged = "refuse",
    *,
    redact: bool = False,
) -> Unbundled:
    """Bring in a bundle; importing it again changes nothing. `prefix` is put in front of every name.

    Refs move forward only, all or none. What was redacted here stays away, and what was redacted there and is not here
    will stay away, too; events that are here are erased only if `redact` says so. MissingHistory: it builds on commits
    that are not here. HistoryDiverged: a name has another history here (with "fork" it becomes another name).
    CorruptObject: it is damaged or not sound; InvalidRefName.
    """
    reader = BundleReader(read, repo.hasher)
    absent = repo.storage.missing(reader.header.needs)
    if absent:
        raise MissingHistory(tuple(sorted(oid.hex() for oid in absent)))
    refs: list[tuple[str, Oid]] = []
    tombstones: dict[Oid, Oid] = {}
    for name, oid in reader.header.refs:
        check_name(name)
        event = redacted_by_ref(name)
        if event is not None:
            tombstones[event] = oid
            continue
        refs.append((name, oid))
        if name.partition("/")[0] not in NAMESPACES:
            raise CorruptObject(None, f"a bundle with a ref {name!r} of no known kind")
    with repo.storage.stage() as hold:
        arrival = _Arrival(repo, tombstones)
        for batch in _batches(reader):
            arrival.take(batch)
        arrival.check_ends(reader.header.refs)
        edits, outcomes = _edits(repo, refs, prefix, on_diverged)
        taken = take_redactions(repo, tombstones)
        edits += taken.edits
        try:
            repo.storage.apply((), edits, Note(repo.author, "import of a bundle", repo.now()), hold)
        except RefConflict as conflict:
            raise MovedHead(conflict.name.partition("/")[2], _oid(conflict.expected), _oid(conflict.actual)) from None
    erased = erase_redacted(repo, taken.offered) if redact else ()
    redactions = [
        *(ImportedRef(edit.name, "made") for edit in taken.edits),
        *(ImportedRef(tombstone_ref(event), "same") for event in taken.known),
        *(ImportedRef(tombstone_ref(event), "made" if event in erased else "offered") for event in taken.offered),
    ]
    repo.redactions.look()
    return Unbundled((*outcomes, *sorted(redactions)), arrival.objects, arrival.added)


def _batches(reader: BundleReader) -> Iterator[list[Object]]:
    batch: list[Object] = []
    size = 0
    for frame in reader.frames():
        for number in range(len(frame)):
            obj = frame.object(number)
            batch.append(obj)
            size += len(obj.payload)
        if size >= _BATCH_BYTES or len(batch) >= _BATCH_OBJECTS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


class _Arrival:
    """Checks that what arrives is sound and whole, and keeps it."""

    def __init__(self, repo: Repository, tombstones: Container[Oid]) -> None:
        self._repo = repo
        self._tombstones = tombstones
        self._redacted = repo.redactions.look()
        self._here: set[Oid] = set()  # came with the bundle, or was found in the storage
        self._commits: dict[Oid, Commit] = {}
        self.objects = 0
        self.added = 0

    def take(self, batch: list[Object]) -> None:
        """Check a batch and keep what is not here, but for events that are redacted here or there. CorruptObject."""
        wanted: set[Oid] = set()
        own = {obj.oid for obj in batch}
        for obj in batch:
            wanted.update(self._named(obj))
        unknown = wanted - own - self._here
        absent = [oid for oid in self._repo.storage.missing(unknown) if not self._is_redacted(oid)]
        if absent:
            raise CorruptObject(min(absent), "a bundle names it, and it is neither in it nor here")
        self._here |= unknown | own
        self._check_order(batch, own)
        self._keep([obj for obj in batch if obj.kind is not Kind.EVENT or not self._is_redacted(obj.oid)])

    def _is_redacted(self, oid: Oid) -> bool:
        return oid in self._redacted or oid in self._tombstones

    def _check_order(self, batch: list[Object], own: set[Oid]) -> None:
        """CorruptObject: a commit does not follow from its parents."""
        for obj in batch:
            if obj.kind is Kind.COMMIT:
                commit = decode_commit(obj.payload)
                self._check_commit(obj.oid, commit, own)
                self._commits[obj.oid] = commit
        while len(self._commits) > _COMMITS:
            del self._commits[next(iter(self._commits))]

    def _check_commit(self, oid: Oid, commit: Commit, own: set[Oid]) -> None:
        if not commit.parents:
            return
        parents = [self._commits.get(parent) for parent in commit.parents]
        if None in parents and any(parent in own and parent not in self._commits for parent in commit.parents):
            raise CorruptObject(oid, "a commit in a bundle comes before its parent")
        known = [found or self._repo.commit(parent) for found, parent in zip(parents, commit.parents, strict=True)]
        first = known[0]
        if (
            commit.place != first.place + 1
            or commit.events != first.events + (commit.event is not None)
            or commit.generation != 1 + max(parent.generation for parent in known)
        ):
            raise CorruptObject(oid, "a commit in a bundle does not follow from its parents")

    def _named(self, obj: Object) -> list[Oid]:
        """What an object names, once it is known to be sound."""
        self.objects += 1
        if obj.kind is Kind.COMMIT:
            decode_commit(obj.payload)
        elif obj.kind is Kind.EVENT:
            decode_event(obj.payload)
        elif obj.kind is Kind.TREE:
            decode_node(obj.payload)
        elif obj.kind is Kind.TAG:
            decode_tag(obj.payload)
        return references(obj.kind, obj.payload)

    def _keep(self, batch: list[Object]) -> None:
        storage = self._repo.storage
        byid = {obj.oid: obj for obj in batch}
        fresh = storage.missing(byid)
        self.added += len(fresh)
        while fresh:
            with storage.stage() as stage:
                for oid, obj in byid.items():
                    if oid in fresh:
                        stage.add(obj)
                storage.apply((), (), Note(self._repo.author, "import of a bundle", self._repo.now()), stage)
            fresh = storage.missing(fresh)  # asked again: the answer keeps them while the import's own stage is open

    def check_ends(self, refs: tuple[tuple[str, Oid], ...]) -> None:
        """CorruptObject: a ref of the bundle points to something that is neither in it nor here."""
        absent = self._repo.storage.missing({oid for _, oid in refs} - self._here)
        if absent:
            raise CorruptObject(min(absent), "a ref of a bundle points to it, and it is neither in it nor here")


def _edits(
    repo: Repository, refs: Sequence[tuple[str, Oid]], prefix: str, on_diverged: OnDiverged
) -> tuple[list[RefEdit], tuple[ImportedRef, ...]]:
    """How the refs move, and what becomes of each. HistoryDiverged."""
    edits: list[RefEdit] = []
    outcomes: list[ImportedRef] = []
    for name, oid in refs:
        space, _, short = name.partition("/")
        target = f"{space}/{prefix}{short}"
        edit, outcome = _edit(repo, target, oid)
        if outcome == "diverged":
            if on_diverged == "refuse":
                ref = repo.storage.refs.get(target)
                raise HistoryDiverged(target.partition("/")[2], None if ref is None else ref.value.hex(), oid.hex())
            target = f"{target}-{oid.hex()[:8]}"
            edit, made = _edit(repo, target, oid)
            if made == "diverged":
                raise HistoryDiverged(target.partition("/")[2], None, oid.hex())
            outcome = "forked" if made == "made" else made
        if edit is not None:
            edits.append(edit)
        outcomes.append(ImportedRef(target, outcome))
    return edits, tuple(outcomes)


def _edit(
    repo: Repository, name: str, oid: Oid
) -> tuple[RefEdit | None, Literal["made", "moved", "same", "older", "diverged"]]:
    """How one ref moves, if it does."""
    ref = repo.storage.refs.get(name)
    if ref is None:
        return RefEdit(name, oid, ABSENT), "made"
    here = Oid(ref.value)
    if here == oid:
        return None, "same"
    if name.startswith("tags/"):
        return None, "diverged"
    ours, theirs = peel(repo, here), peel(repo, oid)
    if is_ancestor(repo, ours, theirs):
        return RefEdit(name, oid, ref.value), "moved"
    return None, "older" if is_ancestor(repo, theirs, ours) else "diverged"


def _oid(value: bytes | None) -> Oid | None:
    return None if value is None else Oid(value)
