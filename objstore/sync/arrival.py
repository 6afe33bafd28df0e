"""Receiving objects from somebody who may lie: verified, kept a segment at a time, named by no public ref until the end.

What comes is in the order of `closure`. Every object is hashed, decoded and held to be canonical; every commit must
follow from its parents, and its event, its index and whatever its trees have beyond its parents' must have come: so
that a commit which is here has all that it reaches, whatever else lies in the storage, and nobody gets at content by
naming it. In place of an event that was redacted there its tombstone comes; it is put on record unless the event is
here, which a tombstone from elsewhere does not take away. What no commit accounts for is refused. Ids are remembered, about 150 bytes an object.

A segment is kept when it is checked; a mark (`incoming/…`) then names the commits that were reached, so that what
comes after an interruption builds on them and nothing is collected meanwhile. The last segment, the refs and the end of
the marks are one transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from objstore.errors import CorruptObject, MissingObject
from objstore.objects.commits import Commit, decode_commit
from objstore.objects.events import decode_event
from objstore.objects.kinds import Kind, Object, Oid
from objstore.objects.tags import decode_tag
from objstore.objects.tombstones import decode_tombstone, is_tombstone
from objstore.objects.trees import decode_node
from objstore.repository.repository import Repository
from objstore.sync.arrived import Arrived
from objstore.sync.commit_check import CommitCheck
from objstore.sync.marks import Marks
from objstore.sync.negotiation import is_under
from objstore.sync.redactions import sort_redactions
from refs.edits import ANY, Applied, Note, RefEdit

SEGMENT_BYTES = 16 << 20
SEGMENT_OBJECTS = 20_000


class Limits(NamedTuple):
    """How much one transfer may bring: payload bytes, objects, and objects that no commit has accounted for yet."""

    payload: int = 1 << 42
    objects: int = 1 << 28
    loose: int = 1 << 24


LIMITS: Final = Limits()
"""Four TiB and 268 million objects: what keeps a stream without end from filling the disk unnoticed, and no more."""


class TooMuch(Exception):
    """A transfer went beyond its limits. For `service` and `fetching`, which tell it their own way."""


class Arrival:
    """One transfer into a repository. For one thread."""

    def __init__(
        self,
        repo: Repository,
        bases: Iterable[Oid],
        marks: Marks,
        limits: Limits,
        check: CommitCheck,
        *,
        guarded: bool = False,
    ) -> None:
        """`bases`: commits that are here with all that they reach, on which the transfer may build. `guarded`: who sends
        may not read all that is here, and must not get at an event by sending its tombstone."""
        self._repo = repo
        self._marks = marks
        self._bases = {*bases, *marks.oids}
        self._limits = limits
        self._check = check
        self._guarded = guarded
        self._here = Arrived(repo)
        self._commits: set[Oid] = set()
        self._tips: set[Oid] = set()
        self._tags: dict[Oid, Oid] = {}
        self._loose: set[Oid] = set()
        self._fresh: list[Oid] = []  # commits of this segment, in order
        self._records: dict[Oid, Oid] = {}  # tombstones of this segment, by event
        self._bytes = 0
        self._payload = 0
        self.objects = 0
        """How many objects came."""
        self.added = 0
        """How many of them were new."""

    def take(self, obj: Object) -> None:
        """Take an object, hashed already; a segment that is full is checked and kept. CorruptObject, TooMuch."""
        self.objects += 1
        self._payload += len(obj.payload)
        if self._payload > self._limits.payload or self.objects > self._limits.objects:
            raise TooMuch
        self._look_at(obj)
        self._bytes += len(obj.payload)
        if self._bytes >= SEGMENT_BYTES or len(self._here.held) >= SEGMENT_OBJECTS:
            self.check_segment()
            self._keep(self._marks.moved(self._tips))

    def finish(self, heads: Sequence[Oid], edits: Sequence[RefEdit], note: Note) -> Applied:
        """Check what is left and that the heads are whole, then keep it and make the edits, all or nothing.

        CorruptObject: something is missing, or came unasked. RefConflict: no ref was moved.
        """
        self.check_segment()
        self._check_ends(heads)
        return self._keep([*edits, *self._marks.ended()], note)

    def commit(self, oid: Oid) -> Commit:
        """A commit that came or was here. MissingObject, CorruptObject."""
        return self._here.commit(oid)

    def commit_behind(self, head: Oid, is_tag: bool) -> Oid:
        """The commit that a head stands for. CorruptObject: it is no head for such a ref, or did not come."""
        target = self._tags.get(head) if is_tag else head
        if target is None or not self.is_closed(target):
            raise CorruptObject(head, "what a ref shall name did not come, or is something else")
        return target

    def is_closed(self, oid: Oid) -> bool:
        """Whether a commit is here with all that it reaches: it came, or the bases reach it along first parents."""
        if oid in self._commits or oid in self._bases:
            return True
        return any(is_under(self._repo, oid, base) for base in self._bases)

    def _look_at(self, obj: Object) -> None:
        """See that an object is canonical, and remember it. CorruptObject, TooMuch."""
        if obj.kind is Kind.EVENT:
            decode_event(obj.payload)
            if obj.oid in self._here.tombstones:
                raise CorruptObject(obj.oid, "an event came, and its tombstone too")
        elif obj.kind is Kind.TREE:
            decode_node(obj.payload)
        self._here.add(obj)
        if obj.kind is Kind.COMMIT:
            commit = decode_commit(obj.payload)
            if is_tombstone(commit):
                self._take_tombstone(obj)
            else:
                self._fresh.append(obj.oid)
                self._here.commits[obj.oid] = commit
        elif obj.kind is Kind.TAG:
            self._tags[obj.oid] = decode_tag(obj.payload).target
        else:
            self._loose.add(obj.oid)
            if len(self._loose) > self._limits.loose:
                raise TooMuch

    def _take_tombstone(self, obj: Object) -> None:
        """Remember what stands in for a redacted event. CorruptObject."""
        event = decode_tombstone(obj.payload).event
        if event in self._here.kinds:
            raise CorruptObject(event, "an event came, and its tombstone too")
        if self._guarded and event not in self._repo.redactions and not self._repo.storage.missing([event]):
            raise CorruptObject(event, "it was redacted there and is still here. Redact it here first")
        self._here.tombstones[event] = obj.oid
        self._records[event] = obj.oid
        self._loose.add(obj.oid)

    def check_segment(self) -> None:
        """Check what came since the last segment. CorruptObject."""
        for oid in self._fresh:
            commit = self._here.commits[oid]
            for parent in commit.parents:
                if not self.is_closed(parent):
                    raise CorruptObject(oid, "a commit came before its parent, or without it")
            try:
                self._loose.difference_update(self._check.parts(oid, commit, self._here))
            except MissingObject as error:
                raise CorruptObject(error.oid, "it is named by what was sent, and was not sent itself") from None
            self._commits.add(oid)
            self._tips.difference_update(commit.parents)
            self._tips.add(oid)
        self._fresh.clear()

    def _check_ends(self, heads: Sequence[Oid]) -> None:
        """Every head is closed, and whatever came belongs to one."""
        wanted = set(heads)
        if not self._tags.keys() <= wanted:
            raise CorruptObject(min(self._tags.keys() - wanted), "a tag that was not asked for")
        ends = {self._tags.get(head, head) for head in heads}
        for oid in ends:
            if not self.is_closed(oid):
                raise CorruptObject(oid, "what was asked for was not sent")
        if not self._tips <= ends:
            raise CorruptObject(min(self._tips - ends), "a history that was not asked for")
        if self._loose:
            raise CorruptObject(min(self._loose), "an object that belongs to nothing that was asked for")

    def _keep(self, edits: Sequence[RefEdit], note: Note | None = None) -> Applied:
        """Keep what came since the last time and make the edits, in one transaction."""
        repo, storage = self._repo, self._repo.storage
        with storage.stage() as stage:
            records = self._record_edits()
            fresh = storage.missing(self._here.held)
            for obj in repo.redactions.without(self._here.held[oid] for oid in self._here.held if oid in fresh):
                stage.add(obj)
            done = storage.apply((), [*edits, *records], note or Note(repo.author, "incoming", repo.now()), stage)
        if records:
            repo.redactions.look()
        self.added += len(fresh)
        self._here.forget_content()
        self._bytes = 0
        return done

    def _record_edits(self) -> list[RefEdit]:
        """The edits that put this segment's tombstones on record; those whose events are here, or on record, are dropped."""
        taken = sort_redactions(self._repo, self._records)
        for event in (*taken.known, *taken.offered):
            del self._here.held[self._records[event]]
        self._records.clear()
        # Somebody may put one on record meanwhile: that is no reason to lose a segment.
        return [edit._replace(expected=ANY) for edit in taken.edits]
