"""Merging a history into a branch, so that iteration stays one chain.

The other's events that ours does not have are appended to ours: the same event objects in new commits, in the other's
order, with its authors and messages but the time of the merge, so that "as of" keeps telling what stood here then. The
last of these commits (one without an event where there is none to append) has the other's head as its second parent.
Files and settings are merged three-way by key and go with it. Whether ours has an event is asked by its id: it may
have come here before, by way of a third history.

With several best common ancestors (both sides merged the other at once) the one of the highest generation is the base.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from objstore.errors import MergeConflict, MovedHead
from objstore.objects.commits import Commit
from objstore.objects.kinds import Object, Oid
from objstore.objects.trees import Change, Entry, NodeReader, diff, edit, empty_tree, get, merge, scan_prefix
from objstore.repository.about import ABOUT, is_about
from objstore.repository.branch import Branch
from objstore.repository.diff import common_chain
from objstore.repository.growth import Growth
from objstore.repository.history import first_parents, is_ancestor, merge_bases
from objstore.repository.repository import Repository
from objstore.repository.tree_draft import folders_above, is_folder

Side = Literal["ours", "theirs"]
"""Whose entry counts where both sides changed a key: the branch's that is merged into, or the other's."""

_PARTS = (("files", b"/"), ("settings", b"."))


class MergedPart(NamedTuple):
    """The root of a merged tree (None: neither side has one), and the keys that are in conflict."""

    root: Oid | None
    conflicts: set[bytes]


def merge_into(branch: Branch, other: Oid, name: str, prefer: Side | None = None) -> Oid:
    """Merge the history of the commit `other`, called `name` in log and message, into a branch; its head then.

    Nothing is made where the branch has the other's history already; where it is the beginning of the other, its head
    moves there. MergeConflict: both sides changed the same files or settings and `prefer` is not given; nothing was
    changed. Overtaken by another writer it is made anew on the new head.
    """
    if prefer not in (None, "ours", "theirs"):
        raise ValueError(f"prefer is 'ours', 'theirs' or None, not {prefer!r}")
    repo, why = branch.repo, f"merge of {name}"
    head = branch.need_head()
    while is_ancestor(repo, head, other) and head != other:
        try:
            branch.move(other, why, head)
        except MovedHead:
            head = branch.need_head()
        else:
            return other

    def build(growth: Growth) -> None:
        _build(repo, growth, other, why, prefer)

    oid = branch.grow(build, why).oid
    assert oid is not None
    return oid


def _build(repo: Repository, growth: Growth, other: Oid, message: str, prefer: Side | None) -> None:
    ours = growth.oid
    assert ours is not None, "a branch that grows has a head"
    if is_ancestor(repo, other, ours):
        return
    bases = merge_bases(repo, ours, other)
    base = repo.commit(max(bases, key=lambda oid: (repo.commit(oid).generation, oid))) if bases else None
    one, two = repo.commit(ours), repo.commit(other)
    roots: list[Oid | None] = []
    conflicts: list[str] = []
    for part, separator in _PARTS:
        start: Oid | None = None if base is None else getattr(base, part)
        merged = merge_part(repo, (start, getattr(one, part), getattr(two, part)), separator, prefer, growth.objects)
        roots.append(merged.root)
        conflicts += [_named(part, key) for key in sorted(merged.conflicts)]
    if conflicts:
        raise MergeConflict(tuple(conflicts))
    files, settings = roots
    time = repo.now()
    fresh = _fresh_events(repo, ours, other)
    for commit in fresh[:-1]:
        growth.add(
            event_oid=commit.event,
            files=growth.files,
            settings=growth.settings,
            time=time,
            author=commit.author,
            message=commit.message,
            metadata=commit.metadata,
        )
    if fresh:
        last = fresh[-1]
        author, message, metadata = last.author, last.message or message, last.metadata
        growth.add(
            event_oid=last.event,
            files=files,
            settings=settings,
            time=time,
            author=author,
            message=message,
            metadata=metadata,
            others=(other,),
        )
    else:
        growth.add(files=files, settings=settings, time=time, message=message, others=(other,))


def _named(part: str, key: bytes) -> str:
    """How a key is called in a conflict: "files:src/app.py", "settings:llm.model", "metadata:title"."""
    return f"metadata:{key[len(ABOUT) :].decode()}" if is_about(key) else f"{part}:{key.decode()}"


def _fresh_events(repo: Repository, ours: Oid, other: Oid) -> list[Commit]:
    """The commits of the other chain with events that ours does not have, oldest first."""
    fork = common_chain(repo, ours, other)
    floor = -1 if fork is None else repo.commit(fork).place
    have = {commit.event for commit in _above(repo, ours, floor)}
    fresh = [commit for commit in _above(repo, other, floor) if commit.event not in have and commit.event is not None]
    fresh.reverse()
    return fresh


def _above(repo: Repository, head: Oid, place: int) -> Iterator[Commit]:
    for _, commit in first_parents(repo, head):
        if commit.place <= place:
            return
        yield commit


def merge_part(
    repo: Repository,
    roots: tuple[Oid | None, Oid | None, Oid | None],
    separator: bytes,
    prefer: Side | None,
    objects: list[Object],
) -> MergedPart:
    """Merge one tree of base, ours and theirs (None: a side without that tree); new nodes are added to `objects`.

    Keys nest by `separator`, and no key may be both a leaf and a folder: where one side made it the one and the other
    the other, that is a conflict as well.
    """
    base, ours, theirs = roots
    if theirs in (base, ours):
        return MergedPart(ours, set())
    if ours == base:
        return MergedPart(theirs, set())
    fresh: dict[Oid, Object] = {}

    def write(obj: Object) -> None:
        fresh[obj.oid] = obj

    def read(oid: Oid) -> bytes:
        obj = fresh.get(oid)
        return repo.read_tree(oid) if obj is None else obj.payload

    nodes = NodeReader(read)
    empty = empty_tree(repo.hasher)
    write(empty)
    start = ours or empty.oid
    merged = merge(base or empty.oid, start, theirs or empty.oid, nodes, write, repo.hasher)
    root, conflicts = merged.root, {conflict.key for conflict in merged.conflicts}
    if prefer == "theirs":
        root = edit(root, [(conflict.key, conflict.theirs) for conflict in merged.conflicts], nodes, write, repo.hasher)
    changes: dict[bytes, Entry | None] = {}
    for change in diff(start, root, nodes):
        if change.new is not None:
            conflicts |= _make_room(root, change, separator, prefer, nodes, changes)
    root = edit(root, changes, nodes, write, repo.hasher)
    objects.extend(fresh.values())
    return MergedPart(root, set() if prefer else conflicts)


def _make_room(
    root: Oid,
    change: Change,
    separator: bytes,
    prefer: Side | None,
    nodes: NodeReader,
    changes: dict[bytes, Entry | None],
) -> set[bytes]:
    """The keys of ours that cannot stand beside one that the other brings, with it; adds to `changes` what gives way."""
    assert change.new is not None
    in_the_way: list[bytes] = []
    for above in folders_above(change.key, separator):
        there = get(root, above, nodes)
        if there is not None and is_folder(there):
            changes[above] = None  # an entry for an empty folder, which is none any more
        elif there is not None:
            in_the_way.append(above)
    for below, _ in scan_prefix(root, nodes, change.key + separator):
        if is_folder(change.new):
            changes[change.key] = None
            break
        in_the_way.append(below)
    if not in_the_way:
        return set()
    for key in in_the_way if prefer == "theirs" else [change.key]:
        changes[key] = None
    return {change.key, *in_the_way}
