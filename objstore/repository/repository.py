"""Objects with meaning: commits, events and trees of one storage, read through bounded caches.

A repository adds to a storage what a history needs: a clock, randomness and an author for new commits. It decides
nothing about names; `branch.Branch` moves refs.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from objstore.errors import CorruptObject, MissingObject, RedactedEvent
from objstore.keys.keyring import Keyring
from objstore.keys.source import KeySource, MemoryKeys
from objstore.objects.commits import Commit, decode_commit
from objstore.objects.events import event_value
from objstore.objects.kinds import Kind, Object, Oid
from objstore.objects.trees import NodeReader
from objstore.objects.values import JsonValue
from objstore.repository.boundaries import Boundaries
from objstore.repository.redactions import Redactions
from objstore.storage.protocol import Storage

_COMMITS = 8192


class Surroundings(NamedTuple):
    """What the outside world supplies: the time in µs since 1970, random bytes, and who is at work."""

    now: Callable[[], int]
    random: Callable[[int], bytes]
    author: str


class Repository:
    """Typed reading of one storage. Safe between threads."""

    def __init__(self, storage: Storage, surroundings: Surroundings) -> None:
        self.storage = storage
        self.hasher = storage.hasher
        self.now = surroundings.now
        self.random = surroundings.random
        self.author = surroundings.author
        self.cache: Path | None = None  # where derived files may be kept
        self.keys: KeySource = MemoryKeys(surroundings.random)  # what seals secrets
        self.keyring: Keyring | None = None  # what signs tags
        self.nodes = NodeReader(self.read_tree)
        self.redactions = Redactions(storage)
        self.boundaries = Boundaries(storage, self.forget_commits)
        self.forget: Callable[[Mapping[Oid, JsonValue]], None] = _nowhere  # called when events were redacted
        self.lapsed: Callable[[], object] = _nothing  # called when histories were squashed
        self._commits: OrderedDict[Oid, Commit] = OrderedDict()
        self._lock = threading.Lock()

    def commit(self, oid: Oid) -> Commit:
        """The commit of this id; without its parents where the history before it was squashed.

        MissingObject, CorruptObject (also when it is no commit).
        """
        commit = self._commits.get(oid)
        if commit is None:
            commit = self._begun(oid, self.payload(oid, Kind.COMMIT))
            self.remember({oid: commit})
        return commit

    def _begun(self, oid: Oid, payload: bytes) -> Commit:
        """A commit out of its payload; it has no parents where a history begins since it was squashed."""
        commit = decode_commit(payload)
        return commit._replace(parents=()) if commit.parents and oid in self.boundaries else commit

    def forget_commits(self, oids: Iterable[Oid]) -> None:
        """Read these commits anew: histories were found to begin there now."""
        with self._lock:
            for oid in oids:
                self._commits.pop(oid, None)

    def remember(self, commits: Mapping[Oid, Commit]) -> None:
        """Keep decoded commits at hand."""
        with self._lock:
            self._commits.update(commits)
            while len(self._commits) > _COMMITS:
                self._commits.popitem(last=False)

    def event(self, oid: Oid) -> JsonValue:
        """The value of the event of this id, made afresh. RedactedEvent, MissingObject, CorruptObject."""
        if oid in self.redactions:
            self.redactions.refuse(oid)
        try:
            payload = self.payload(oid, Kind.EVENT)
        except MissingObject:
            self.redactions.refuse(oid)
            raise
        return event_value(payload)

    def commits(self, oids: Sequence[Oid]) -> Iterator[Commit]:
        """The commits of these ids in order, read together and not kept: a long walk would push out all others.

        Errors as `commit`.
        """
        known = [self._commits.get(oid) for oid in oids]
        reading = self.storage.read_many([oid for oid, commit in zip(oids, known, strict=True) if commit is None])
        for oid, commit in zip(oids, known, strict=True):
            yield self._begun(oid, expect(next(reading), Kind.COMMIT)) if commit is None else commit

    def events(self, oids: Sequence[Oid]) -> Iterator[JsonValue | RedactedEvent]:
        """The values of these events in order, read together; in place of one that was redacted, the error of `event`.

        What was redacted until its turn comes is not given. MissingObject, CorruptObject.
        """
        at = 0
        while at < len(oids):
            try:
                for obj in self.storage.read_many(oids[at:]):
                    if oids[at] in self.redactions:
                        break
                    value = event_value(expect(obj, Kind.EVENT))
                    at += 1
                    yield value
            except (MissingObject, CorruptObject):
                pass  # It is said below what of.
            if at < len(oids):
                try:
                    found: JsonValue | RedactedEvent = self.event(oids[at])
                except RedactedEvent as error:
                    found = error
                at += 1
                yield found

    def payload(self, oid: Oid, kind: Kind) -> bytes:
        """The payload of an object that must be of this kind."""
        return expect(self.storage.read(oid), kind)

    def read_tree(self, oid: Oid) -> bytes:
        """The payload of a tree node."""
        return expect(self.storage.read(oid), Kind.TREE)

    def read_index(self, oid: Oid) -> bytes:
        """The payload of a node of an event index."""
        return expect(self.storage.read(oid), Kind.INDEX)


def _nowhere(_: Mapping[Oid, JsonValue]) -> None:
    """There is nothing derived from events that would have to forget them."""


def _nothing() -> None:
    """There is nothing derived from histories."""


def expect(obj: Object, kind: Kind) -> bytes:
    """The payload of an object, provided that it is of this kind. CorruptObject."""
    if obj.kind is not kind:
        raise CorruptObject(obj.oid, f"it is a {obj.kind.name.lower()} where a {kind.name.lower()} should be")
    return obj.payload
