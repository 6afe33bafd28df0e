"""Where the bytes are: what each ref alone keeps, what several share, what only logs keep, and what nothing does.

Each object has at most one owner, or is shared; a number beside its size in a flat table is all that is remembered of
it. A walk from each ref claims what is free and shares what is another's; what is shared is not entered again, so every
object is looked at twice at most, however many forks there are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple

from objstore.maintenance.oid_table import OidTable
from objstore.objects.chunk_list import decode_chunk_list
from objstore.objects.event_index import node_children
from objstore.objects.kinds import Kind, Oid
from objstore.objects.tags import decode_tag
from objstore.objects.trees import count
from objstore.repository.repository import Repository

_OWNER_BITS: Final = 24
_OWNERS: Final = (1 << _OWNER_BITS) - 1
_SHARED: Final = _OWNERS
_KIND_BITS: Final = 4
_SIZE_AT: Final = _OWNER_BITS + _KIND_BITS


class RefUsage(NamedTuple):
    """What one ref takes. Bytes are those of objects before compression.

    `exclusive`: what would become free if nothing but this ref (and its log) were gone. `content`: what its events and
    the files and settings of its head hold, shared or not.
    """

    ref: str
    events: int
    exclusive: int
    content: int


class Usage(NamedTuple):
    """Where the bytes of a store are, before compression: `shared` by several refs, `logs`: kept by logs alone, `free`:
    kept by nothing."""

    refs: tuple[RefUsage, ...]
    kinds: dict[str, tuple[int, int]]
    """For each kind of object how many there are, and their bytes."""
    shared: int
    logs: int
    free: int
    payload: int


def usage(repo: Repository) -> Usage:
    """Look at every object once and at every history; in about 60 bytes of memory an object. MissingObject,
    CorruptObject."""
    ledger = _Ledger(repo)
    heads = [(ref.name, Oid(ref.value)) for ref in repo.storage.refs.find()]
    if len(heads) + 2 >= _SHARED:
        raise ValueError(f"{len(heads)} refs are more than can be told apart")
    for owner, (_, head) in enumerate(heads, 1):
        ledger.claim(owner, [head])
    logged = (Oid(value) for value in repo.storage.refs.values() if len(value) == 32)
    ledger.claim(len(heads) + 1, logged, only_free=True)
    contents = _Contents(repo, ledger.size)
    refs: list[RefUsage] = []
    for owner, (name, head) in enumerate(heads, 1):
        events, content = contents.of(head)
        refs.append(RefUsage(name, events, ledger.exclusive[owner], content))
    logs = ledger.exclusive[len(heads) + 1]
    payload = sum(size for _, size in ledger.kinds.values())
    free = payload - ledger.shared - logs - sum(ref.exclusive for ref in refs)
    return Usage(tuple(refs), ledger.kinds, ledger.shared, logs, free, payload)


class _Ledger:
    """Who keeps what."""

    def __init__(self, repo: Repository) -> None:
        self._repo = repo
        self._table = OidTable()
        self.exclusive: Counter[int] = Counter()
        self.shared = 0
        counts: Counter[Kind] = Counter()
        sizes: Counter[Kind] = Counter()
        for oid, kind, size in repo.storage.objects():
            self._table.put(oid, size << _SIZE_AT | kind << _OWNER_BITS)
            counts[kind] += 1
            sizes[kind] += size
        self.kinds = {kind.name.lower(): (counts[kind], sizes[kind]) for kind in sorted(counts)}

    def size(self, oid: Oid) -> int:
        """Bytes of an object's payload, 0 for one that came later."""
        return self._table.get(oid) >> _SIZE_AT

    def claim(self, owner: int, roots: Iterable[Oid], *, only_free: bool = False) -> None:
        """Note that an owner keeps these objects and all that they name; `only_free`: those that nobody else keeps."""
        waiting = list(roots)
        while waiting:
            oid = waiting.pop()
            value = self._table.get(oid)
            before = value & _OWNERS
            if not value or before in (owner, _SHARED) or (before and only_free):
                continue  # Came meanwhile, or is known.
            size = value >> _SIZE_AT
            if before:
                self.exclusive[before] -= size
                self.shared += size
                self._table.put(oid, value | _SHARED)
            else:
                self.exclusive[owner] += size
                self._table.put(oid, value | owner)
            waiting.extend(self._named(oid, Kind(value >> _OWNER_BITS & 15)))

    def _named(self, oid: Oid, kind: Kind) -> Iterator[Oid]:
        """What an object names."""
        repo = self._repo
        if kind is Kind.COMMIT:
            commit = repo.commit(oid)
            yield from commit.parents
            yield from (part for part in (commit.event, commit.index, commit.files, commit.settings) if part)
        elif kind is Kind.TREE:
            yield from repo.nodes.node(oid).oids
        elif kind is Kind.INDEX:
            level, children = node_children(repo.read_index(oid))
            yield from children if level else ()  # The commits of a leaf are on the chain.
        elif kind is Kind.CHUNKS:
            yield from (piece for piece, _ in decode_chunk_list(repo.storage.read(oid).payload).pieces())
        elif kind is Kind.TAG:
            yield decode_tag(repo.storage.read(oid).payload).target


class _Contents:
    """The bytes that a commit's chain of events and its trees hold; sums of what forks share are made once."""

    def __init__(self, repo: Repository, size: Callable[[Oid], int]) -> None:
        self._repo = repo
        self._size = size
        self._sums = OidTable()

    def of(self, head: Oid) -> tuple[int, int]:
        """(events, bytes) of the commit that a ref's value leads to."""
        repo = self._repo
        obj = repo.storage.read(head)
        while obj.kind is Kind.TAG:
            obj = repo.storage.read(decode_tag(obj.payload).target)
        commit = repo.commit(obj.oid)
        taken = self._events(obj.oid)
        for root in (commit.files, commit.settings):
            if root is not None:
                taken += count(root, repo.nodes)[1]
        return commit.events, taken

    def _events(self, head: Oid) -> int:
        chain: list[Oid] = []
        oid: Oid | None = head
        while oid is not None and oid not in self._sums:
            chain.append(oid)
            parents = self._repo.commit(oid).parents
            oid = parents[0] if parents else None
        total = 0 if oid is None else self._sums.get(oid) - 1
        for oid in reversed(chain):
            event = self._repo.commit(oid).event
            total += 0 if event is None else self._size(event)
            self._sums.put(oid, total + 1)  # 0 stands for "not there".
        return total
