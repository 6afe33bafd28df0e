"""Everything that the refs and their logs reach: as marks in bounded memory, or history by history."""

from __future__ import annotations

from collections.abc import Iterator

from objstore.objects.event_index import node_children
from objstore.objects.kinds import Kind, Oid
from objstore.objects.tags import decode_tag
from objstore.repository.repository import Repository
from objstore.storage.marking import Markable, Marks
from refs.protocol import LogEntry

OID_SIZE = 32


def mark(repo: Repository) -> Marks:
    """Mark everything that refs and logs reach, in a byte an object. Beside writers: what they add meanwhile may be
    left out.

    CorruptObject: something reached cannot be read. `Marks.absent` has what is named and not there.
    """
    storage = repo.storage
    if not isinstance(storage, Markable):
        raise TypeError(f"{type(storage).__name__} does not say where its objects lie")
    # What the refs name now is there now: the sources must not be older than what is looked up in them.
    newest = newest_transaction(repo)
    marks = Marks(storage.sources(), repo.redactions.look(), repo.boundaries.grafts())
    marks.run(roots(repo, upto=newest))
    return marks


def newest_transaction(repo: Repository) -> int:
    """The number of the newest change of refs, or 0."""
    return next((number for number, _ in repo.storage.refs.operations()), 0)


def roots(repo: Repository, after: int = 0, upto: int | None = None) -> Iterator[Oid]:
    """The ids that refs and logs hold, by the transactions that wrote them. Values that are no ids keep nothing."""
    for value in repo.storage.refs.values(after, upto):
        if len(value) == OID_SIZE:
            yield Oid(value)


def roots_if_expired(repo: Repository, before: int) -> tuple[list[Oid], int]:
    """What `roots` would give once logs have expired up to a time (microseconds), and how many entries that would take.
    In memory: every log."""
    refs = repo.storage.refs
    logs: dict[str, list[LogEntry]] = {}
    for _, entries in refs.operations():
        for entry in entries:
            logs.setdefault(entry.name, []).append(entry)
    values: list[bytes | None] = []
    gone = 0
    for name, log in logs.items():
        log.sort(key=lambda entry: entry.first)
        young = next((number for number, entry in enumerate(log) if entry.ended >= before), len(log))
        values.append(log[-1].new)
        values += (entry.new for entry in log[young:])
        expired = refs.cut(name).expired
        values += (entry.old for entry in log[young:] if entry.first > expired)
        gone += min(young, len(log) - 1)
    return [Oid(value) for value in values if value is not None and len(value) == OID_SIZE], gone


def heads(repo: Repository) -> Iterator[tuple[str, Oid]]:
    """The refs with what they point to."""
    for ref in repo.storage.refs.find():
        yield ref.name, Oid(ref.value)


def chain(repo: Repository, head: Oid, known: set[Oid]) -> list[Oid]:
    """The commits (and tags) reachable from a head that are not in `known`, oldest first; they are added to it."""
    found: list[Oid] = []
    waiting = [head]
    while waiting:
        oid = waiting.pop()
        if oid in known:
            continue
        known.add(oid)
        found.append(oid)
        obj = repo.storage.read(oid)
        if obj.kind is Kind.TAG:
            waiting.append(decode_tag(obj.payload).target)
        else:
            waiting.extend(repo.commit(oid).parents)
    found.reverse()
    return found


def index_nodes(repo: Repository, root: Oid, known: set[Oid]) -> Iterator[Oid]:
    """The nodes of an event index that are not in `known`, leaves first; they are added to it."""
    if root in known:
        return
    known.add(root)
    level, children = node_children(repo.read_index(root))
    if level:
        for child in children:
            yield from index_nodes(repo, child, known)
    yield root
