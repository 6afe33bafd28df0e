"""Commits and tags: each is reached, read and held against its parents.

By induction from the root: a generation is one more than the highest parent's, a place one more than the first
parent's, events one more where there is one; a jump is what the parent's jump leads to; and an event index is what
sealing the last 1,024 event commits onto the parent's index makes. Where a parent cannot be read, the walk goes on at
the jump, and names what lies between.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import NamedTuple

from objstore.errors import CorruptObject, MissingObject
from objstore.maintenance.finding import Fault, Findings, fault_of
from objstore.maintenance.fsck.known import Objects
from objstore.maintenance.fsck.places import Walked
from objstore.objects.commits import Commit
from objstore.objects.event_index import LEAF, append_leaf, leaves_covered
from objstore.objects.jumps import jump_place
from objstore.objects.kinds import Kind, Oid
from objstore.objects.tags import decode_tag
from objstore.repository.history import last_events
from objstore.repository.repository import Repository


class Step(NamedTuple):
    """A commit of the walk, and how it was reached."""

    oid: Oid
    commit: Commit
    walked: Walked
    commits: int
    """How many commits this stands for: a run of proved ones comes as its newest."""


class Histories:
    """The walk over all histories, each commit once."""

    def __init__(self, repo: Repository, objects: Objects, findings: Findings, redacted: Collection[Oid]) -> None:
        """`redacted`: events that may be absent."""
        self._repo = repo
        self._objects = objects
        self._findings = findings
        self._redacted = redacted
        self.redacted = set[Oid]()
        """Events that commits name and that are absent on purpose."""

    def walk(self, ref: str, head: Oid, suffix: str = "") -> Iterator[Step]:
        """The commits behind a head that were not walked yet, newest first along each chain.

        Of commits that the first pass proved only the newest of each run is looked at.
        """
        waiting: list[tuple[Oid, Walked | None, Kind | None, str]] = [(head, None, None, ref)]
        while waiting:
            oid, walked, expected, needed_by = waiting.pop()
            run = self._objects.run(oid)
            count = run[0].visit(run[1]) if run else int(self._objects.visit(oid))
            if not count:
                continue
            try:
                # Only what a ref names may be a tag; a parent was read already when its child was checked.
                obj = None if expected or self._objects.kept(oid) is not None else self._objects.read(oid)
                if obj is not None and obj.kind is Kind.TAG:
                    waiting.append((decode_tag(obj.payload).target, walked, None, needed_by))
                    continue
                commit = self._repo.commit(oid)
            except (MissingObject, CorruptObject) as error:
                self._findings.add(*fault_of(error), oid=oid, where=needed_by)
                continue
            walked = walked or Walked(ref, suffix, commit.place)
            if run:
                waiting.append((run[0].below, walked, Kind.COMMIT, f"the history of {walked.name}"))
            else:
                self._check(oid, commit, walked)
                waiting.extend(reversed(list(self._behind(commit, walked))))
            yield Step(oid, commit, walked, count)

    def _behind(self, commit: Commit, walked: Walked) -> Iterator[tuple[Oid, Walked, Kind, str]]:
        """What to walk from a commit: its parents, and its jump where the first parent cannot be read."""
        aside = walked._replace(top=None)
        needed_by = walked.before(commit)
        for number, parent in enumerate(commit.parents):
            yield parent, aside if number else walked, Kind.COMMIT, needed_by
        if commit.parents and commit.jump is not None and commit.jump != commit.parents[0]:
            try:
                self._repo.commit(commit.parents[0])
            except (MissingObject, CorruptObject):
                yield commit.jump, walked, Kind.COMMIT, needed_by

    def _check(self, oid: Oid, commit: Commit, walked: Walked) -> None:
        """Hold a commit against its parents. What cannot be read is told when the walk comes to it."""
        where = walked.moment
        if commit.event is not None and not self._is_redacted(commit.event):
            self.need(commit.event, Kind.EVENT, lambda: where(oid, commit))
        if not commit.parents:
            return  # Alone, or the first that was left of a squashed history, it was checked by its codec.
        try:
            parents = [self._repo.commit(parent) for parent in commit.parents]
            fault = self._relation(commit, parents)
        except (MissingObject, CorruptObject):
            return
        if fault:
            self._findings.add(Fault.HISTORY, fault, oid=oid, where=where(oid, commit))

    def _is_redacted(self, event: Oid) -> bool:
        if event in self._redacted:
            self.redacted.add(event)
        return event in self._redacted

    def _relation(self, commit: Commit, parents: list[Commit]) -> str:
        first = parents[0]
        if commit.generation != 1 + max(parent.generation for parent in parents):
            return f"its generation {commit.generation} is not one more than its parents'"
        if commit.place != first.place + 1:
            return f"its place {commit.place} is not the one after its first parent's, {first.place}"
        if commit.events != first.events + (commit.event is not None):
            return f"it counts {commit.events} events, its first parent {first.events}"
        if commit.jump != self._jump(commit, first):
            return "its jump pointer leads elsewhere than its place demands"
        return self._index_fault(commit, first)

    def _jump(self, commit: Commit, first: Commit) -> Oid | None:
        parent = commit.parents[0]
        if first.jump is None or jump_place(commit.place) == first.place:
            return parent
        return self._repo.commit(first.jump).jump

    def _index_fault(self, commit: Commit, first: Commit) -> str:
        """What is wrong with the event index of a commit, given its first parent, whose own is right."""
        leaves = leaves_covered(commit.events)
        if leaves == leaves_covered(first.events):
            return "" if commit.index == first.index else "its event index is not its first parent's"
        sealed = self._last_events(commit.parents[0])
        try:
            root, new = append_leaf(first.index, leaves - 1, sealed, self._repo.read_index, self._repo.hasher)
            for node in new:
                self._objects.read(node.oid)
        except (MissingObject, CorruptObject) as error:
            return f"its event index cannot be read: {error}"
        return "" if commit.index == root else "its event index does not hold the events before it"

    def _last_events(self, oid: Oid) -> list[Oid]:
        """The last 1,024 event commits up to a commit, oldest first."""
        found = last_events(self._repo.commit, self._repo.boundaries.find, oid, LEAF)
        if len(found) < LEAF:
            raise CorruptObject(oid, "its chain has fewer events than it counts")
        return found

    def need(self, oid: Oid, kind: Kind, where: Callable[[], str]) -> int | None:
        """An object must be there, sound and of a kind; its payload's size, if that is known."""
        try:
            found = self._objects.find(oid)
        except (MissingObject, CorruptObject) as error:
            self._findings.add(*fault_of(error), oid=oid, where=where())
            return None
        if found.kind not in (kind, None):
            self._findings.add(Fault.CORRUPT, _mistaken(found.kind, kind), oid=oid, where=where())
        return found.size


def _mistaken(found: Kind | None, expected: Kind) -> str:
    return f"it is a {found.name.lower() if found else 'thing'} where a {expected.name.lower()} should be"
