"""What keeps an object: the ref, or the entry of a log, that reaches it, and a shortest way from there.

Marks, a byte an object, find the root quickly. They know nothing of what a reader cannot have taken up from the intake,
nor of what is moved meanwhile, so that nothing keeps an object is said only after a walk that reads every object.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple

from objstore.errors import CorruptObject, MissingObject
from objstore.maintenance.reachable import OID_SIZE
from objstore.objects.kinds import Kind, Oid
from objstore.objects.references import kept_by, references
from objstore.repository.repository import Repository
from objstore.storage.marking import Grafts, Markable, Marks
from objstore.storage.protocol import Storage

_BARE = "a history that was squashed: jump pointers lead to this commit"


class Step(NamedTuple):
    """An object on the way: its id in hex and its kind in words."""

    oid: str
    kind: str


class Kept(NamedTuple):
    """What keeps an object: `root` in words ("" if nothing does), and the objects from there to it, it included."""

    root: str
    path: list[Step]


def why(repo: Repository, oid: Oid) -> Kept:
    """What keeps an object: a ref rather than a log. MissingObject: it is not here; CorruptObject: what is reached
    cannot be read, so nothing can be said."""
    storage = repo.storage
    kind = storage.read(oid).kind
    grafts = repo.boundaries.grafts()
    walk = _Walk(storage, grafts)
    for name, root in chain(_marked(repo, oid, grafts), _named_roots(repo)):
        way = walk.way(root, oid)
        if way:
            return Kept(name, [Step(step.hex(), storage.read(step).kind.name.lower()) for step in way])
    if oid in grafts.held:
        return Kept(_BARE, [Step(oid.hex(), kind.name.lower())])
    return Kept("", [Step(oid.hex(), kind.name.lower())])


def _named_roots(repo: Repository) -> Iterator[tuple[str, Oid]]:
    refs = repo.storage.refs
    for ref in refs.find():
        if len(ref.value) == OID_SIZE:
            yield ref.name, Oid(ref.value)
    for number, entries in refs.operations():
        for entry in entries:
            kept = entry.first > refs.cut(entry.name).expired
            for value, when in ((entry.new, "after"), (entry.old if kept else None, "before")):
                if value is not None and len(value) == OID_SIZE:
                    yield f"the log of {entry.name}, {when} operation {number} ({entry.why})", Oid(value)


def _marked(repo: Repository, oid: Oid, grafts: Grafts) -> Iterator[tuple[str, Oid]]:
    """The first root that reaches an object, if marks can tell."""
    if not isinstance(repo.storage, Markable):
        return
    marks = Marks(repo.storage.sources(), grafts=Grafts(grafts.cuts))
    for name, root in _named_roots(repo):
        marks.run([root])
        if oid in marks:
            yield name, root
            return


class _Walk:
    """Ways through the objects of a storage. In memory: an entry for every object met."""

    def __init__(self, storage: Storage, grafts: Grafts) -> None:
        self._storage = storage
        self._grafts = grafts
        self._before: dict[Oid, Oid | None] = {}

    def way(self, root: Oid, wanted: Oid) -> list[Oid]:
        """A shortest way from a root to an object; empty if there is none. Not after one was found.

        What was met on the way from another root, in vain, is not looked at again.
        """
        before = self._before
        waiting: deque[Oid] = deque()
        if root not in before:
            before[root] = None
            waiting.append(root)
        while waiting and wanted not in before:
            oid = waiting.popleft()
            for name in self._names(oid, wanted):
                if name not in before:
                    before[name] = oid
                    waiting.append(name)
        way: list[Oid] = []
        at: Oid | None = wanted if wanted in before else None
        while at is not None:
            way.append(at)
            at = before[at]
        way.reverse()
        return way

    def _names(self, oid: Oid, wanted: Oid) -> list[Oid]:
        try:
            obj = self._storage.read(oid)
        except MissingObject:
            return []
        try:
            # Jump pointers make ways short, but where a history was squashed they lead behind the boundary.
            named = list((kept_by if self._grafts.cuts else references)(obj.kind, obj.payload))
        except CorruptObject as error:
            raise CorruptObject(oid, error.reason) from error
        if obj.kind is Kind.CHUNKS and not obj.payload[0]:  # It names pieces of files, which name nothing.
            return [name for name in named if name == wanted]
        cut = self._grafts.cuts.get(oid, ())
        return [name for name in named if name not in cut] if cut else named
