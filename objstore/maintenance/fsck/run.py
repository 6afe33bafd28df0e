"""The check as a whole, and its report."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from typing import NamedTuple

from objstore.errors import CorruptObject, MissingObject, ObjstoreError
from objstore.maintenance.finding import Fault, Finding, Findings, fault_of
from objstore.maintenance.fsck.histories import Histories, Step
from objstore.maintenance.fsck.known import CheckedRepository, Objects
from objstore.maintenance.fsck.logs import Root, broken_logs, roots
from objstore.maintenance.fsck.places import Walked, short
from objstore.maintenance.fsck.stored import Stored, Tally
from objstore.maintenance.fsck.trees import CheckPath, Trees
from objstore.maintenance.progress import Progress, silent
from objstore.objects.boundaries import NAMESPACE as SQUASHED
from objstore.objects.boundaries import bounded_by_ref, jump_places
from objstore.objects.kinds import Oid
from objstore.objects.tombstones import NAMESPACE, redacted_by_ref
from objstore.repository.boundaries import read_boundary
from objstore.repository.history import is_on_chain
from objstore.repository.repository import Repository
from objstore.storage.local.soundness import lister
from objstore.storage.local.storage import LocalStorage

_UNREADABLE = (ObjstoreError, UnicodeDecodeError, TypeError)  # SQLite's columns may hold any type.
_MOST_SHARED = 100  # Findings for which it is looked up which other refs they touch.


class Fsck(NamedTuple):
    """The report: what was found, and how much was looked at.

    `size` is the bytes of the objects that were read, `stored` the bytes of the store that they were read from,
    `seconds` the time it took. `full`: every stored byte was read.
    """

    findings: tuple[Finding, ...]
    full: bool
    refs: int
    commits: int
    objects: int
    size: int
    stored: int
    seconds: float
    redacted: int = 0
    """Events that were redacted: absent on purpose, and no finding."""
    squashed: int = 0
    """Histories that were squashed: what was before is absent on purpose, and no finding."""

    @property
    def sound(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    def facts(self) -> dict[str, object]:
        """The report for programs, without its findings."""
        return {
            "damage": len(self.findings),
            "full": self.full,
            "refs": self.refs,
            "commits": self.commits,
            "objects": self.objects,
            "redacted": self.redacted,
            "squashed": self.squashed,
            "bytes": self.size,
            "stored": self.stored,
            "seconds": round(self.seconds, 3),
        }


def fsck(
    repo: Repository, *, full: bool = True, check_path: CheckPath | None = None, progress: Progress = silent
) -> Fsck:
    """Check everything; see the package. Raises nothing about damage: that is in the report."""
    began = time.monotonic()
    findings, tally = Findings(), Tally()
    storage = repo.storage
    listed = lister(storage) if isinstance(storage, LocalStorage) else None
    objects = Objects(storage, None if full else listed)
    stored = Stored(objects, findings, tally, progress)
    if full:
        stored.read_all(storage, _apart(repo))
    else:
        stored.look_at_files(storage)
    # A repository of its own: what the caller's has in its caches must not hide what the storage has lost since.
    check = _Check(CheckedRepository(repo, objects), objects, findings, check_path, progress)
    check.logs()
    check.tombstones()
    check.boundaries()
    check.histories()
    check.name_sharers()
    seconds = time.monotonic() - began
    counts = (check.refs, check.commits, tally.objects, tally.size, tally.stored)
    return Fsck(tuple(findings), full, *counts, seconds, check.redacted, check.squashed)


def _apart(repo: Repository) -> Collection[Oid]:
    """The events that were redacted, and the commits with which histories begin since they were squashed: no commit is
    proved by what came before them. None if the refs cannot be read; that is told later."""
    try:
        return repo.redactions.look() | repo.boundaries.look().keys()
    except _UNREADABLE:
        return frozenset()


def unopened(error: ObjstoreError) -> Fsck:
    """The report about a store that damage keeps from being opened."""
    reason = getattr(error, "reason", "") or str(error)
    return Fsck((Finding(Fault.STORE, str(reason)),), False, 0, 0, 0, 0, 0, 0.0)


class _Check:
    """One walk over the refs, their logs, and everything behind them."""

    def __init__(
        self,
        repo: Repository,
        objects: Objects,
        findings: Findings,
        check_path: CheckPath | None,
        progress: Progress,
    ) -> None:
        self._repo = repo
        self._objects = objects
        self._findings = findings
        self._check_path = check_path
        self._progress = progress
        self._histories = Histories(repo, objects, findings, self._known_redactions())
        self._trees = Trees(repo, objects, findings)
        self._met: dict[str, tuple[Oid, str]] = {}  # finding's object -> the commit at which it was met first
        self._noted = 0  # findings that were looked at for `_met`
        self.refs = 0
        self.commits = 0
        self.squashed = 0

    def logs(self) -> None:
        """The chains of all logs."""
        for name, reason in broken_logs(self._repo.storage.refs):
            self._findings.add(Fault.REF, reason, where=short(name))

    @property
    def redacted(self) -> int:
        """How many events of the histories were redacted."""
        return len(self._histories.redacted)

    def _known_redactions(self) -> Collection[Oid]:
        """The events that were redacted, as far as the refs can be read."""
        try:
            return self._repo.redactions.look()
        except _UNREADABLE as error:
            self._unreadable(error)
            return ()

    def _unreadable(self, error: Exception) -> None:
        self._findings.add(Fault.REF, f"the refs cannot be read on: {getattr(error, 'reason', '') or error}")

    def tombstones(self) -> None:
        """The refs that say which events were redacted, and that those are gone."""
        try:
            self._check_tombstones()
        except _UNREADABLE as error:
            self._unreadable(error)

    def _check_tombstones(self) -> None:
        for ref in self._repo.storage.refs.find(NAMESPACE):
            event = redacted_by_ref(ref.name)
            try:
                found = None if event is None else self._repo.redactions.find(event)
            except (MissingObject, CorruptObject) as error:
                self._findings.add(*fault_of(error), oid=error.oid, where=ref.name)
                continue
            if event is None or found is None:
                self._findings.add(Fault.REF, "it names no event that could have been redacted", where=ref.name)
            elif not self._repo.storage.missing([event]):
                reason = "it was redacted and is there all the same. Redact it again"
                self._findings.add(Fault.REDACTION, reason, oid=event, where=ref.name)

    def boundaries(self) -> None:
        """The refs that say where histories begin since they were squashed, and the commits that growing on needs.

        A boundary's commit is walked without its parents (`Repository.commit`), so what is behind it is not missed.
        """
        try:
            for ref in self._repo.storage.refs.find(SQUASHED):
                self._check_boundary(ref.name, Oid(ref.value))
        except _UNREADABLE as error:
            self._unreadable(error)

    def _check_boundary(self, name: str, record: Oid) -> None:
        try:
            boundary = read_boundary(self._repo.storage, record)
            if bounded_by_ref(name) != (boundary.commit, boundary.root):
                self._findings.add(Fault.REF, "it names the boundary of another history", oid=record, where=name)
                return
            for oid, place in zip(boundary.jumps, jump_places(boundary.place), strict=True):
                if self._repo.commit(oid).place != place:
                    self._findings.add(Fault.HISTORY, f"it is not at place {place}", oid=oid, where=name)
        except (MissingObject, CorruptObject) as error:
            self._findings.add(*fault_of(error), oid=error.oid, where=name)
            return
        self.squashed += 1

    def histories(self) -> None:
        """Everything behind the refs and the values in their logs."""
        try:
            for root in roots(self._repo.storage.refs):
                self.refs += root.is_head
                self._noted = len(self._findings)
                for step in self._histories.walk(root.ref, root.oid, root.suffix):
                    self._step(step, root)
        except _UNREADABLE as error:
            self._unreadable(error)

    def _step(self, step: Step, root: Root) -> None:
        before = self.commits
        self.commits += step.commits
        if self.commits >> 10 != before >> 10:
            self._progress("histories", self.commits, 0)
        commit = step.commit
        if commit.files is not None or commit.settings is not None:
            moment = step.walked.moment(step.oid, commit)
            if commit.files is not None:
                self._trees.check(commit.files, moment, self._check_path)
            if commit.settings is not None:
                self._trees.check(commit.settings, moment, None)
        for finding in self._findings.since(self._noted):
            self._met.setdefault(finding.oid, (step.oid, root.ref))
        self._noted = len(self._findings)

    def name_sharers(self) -> None:
        """Name the other refs whose history holds a commit at which damage was met."""
        for oid, (met, ref) in list(self._met.items())[:_MOST_SHARED]:
            if oid:
                for moment in self._sharers(met, ref):
                    self._findings.touch(oid, moment)

    def _sharers(self, met: Oid, ref: str) -> Iterator[str]:
        for root in roots(self._repo.storage.refs):
            if not root.is_head:
                return  # The heads come first.
            try:
                if root.ref != ref and is_on_chain(self._repo, met, root.oid):
                    top = self._repo.commit(root.oid).place
                    yield Walked(root.ref, root.suffix, top).moment(met, self._repo.commit(met))
            except ObjstoreError:
                continue
