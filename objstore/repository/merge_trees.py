"""Merging one tree of two commits, files or settings, against that of a common ancestor, key by key.

Keys nest by a separator, and no key may be both a leaf and a folder: where one side made it the one and the other the
other, all keys concerned are in conflict. What cannot be taken from one side alone may be settled by the caller: this
module knows nothing of what is in a file.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

from objstore.objects.kinds import Object, Oid
from objstore.objects.trees import Change, Conflict, Entry, NodeReader, diff, edit, empty_tree, get, merge, scan_prefix
from objstore.repository.repository import Repository
from objstore.repository.tree_draft import folders_above, is_folder

Side = Literal["ours", "theirs"]
"""Whose entry counts where both sides changed a key: the branch's that is merged into, or the other's."""

Write = Callable[[Object], None]


class Settled(NamedTuple):
    """What a key is to have where both sides changed it; None: it goes."""

    entry: Entry | None


Settle = Callable[[Conflict, Write], Settled | None]
"""Settles a conflict, with its new objects given to the `Write`, or leaves it (None) to the preferred side."""


class MergedPart(NamedTuple):
    """The root of a merged tree (None: neither side has one), and the conflicts that nothing settles, by key."""

    root: Oid | None
    conflicts: list[Conflict]


def merge_part(
    repo: Repository,
    roots: tuple[Oid | None, Oid | None, Oid | None],
    separator: bytes,
    prefer: Side | None,
    objects: list[Object],
    settle: Settle | None = None,
) -> MergedPart:
    """Merge one tree of base, ours and theirs (None: a side without that tree); new nodes are added to `objects`."""
    base, ours, theirs = roots
    if theirs in (base, ours):
        return MergedPart(ours, [])
    if ours == base:
        return MergedPart(theirs, [])
    fresh: dict[Oid, Object] = {}

    def write(obj: Object) -> None:
        fresh[obj.oid] = obj

    def read(oid: Oid) -> bytes:
        obj = fresh.get(oid)
        return repo.read_tree(oid) if obj is None else obj.payload

    nodes = NodeReader(read)
    empty = empty_tree(repo.hasher)
    write(empty)
    starts = (base or empty.oid, ours or empty.oid, theirs or empty.oid)
    merged = merge(*starts, nodes, write, repo.hasher)
    settled = [(conflict, settle(conflict, write) if settle else None) for conflict in merged.conflicts]
    keys = {conflict.key for conflict, found in settled if found is None}
    wanted = [(conflict.key, found.entry) for conflict, found in settled if found is not None]
    if prefer == "theirs":
        wanted += [(conflict.key, conflict.theirs) for conflict in merged.conflicts if conflict.key in keys]
    root = edit(merged.root, sorted(wanted), nodes, write, repo.hasher)
    changes: dict[bytes, Entry | None] = {}
    for change in diff(starts[1], root, nodes):
        if change.new is not None:
            keys |= _make_room(root, change, separator, prefer, nodes, changes)
    root = edit(root, changes, nodes, write, repo.hasher)
    objects.extend(fresh.values())
    if prefer:
        return MergedPart(root, [])
    return MergedPart(root, [Conflict(key, *(get(start, key, nodes) for start in starts)) for key in sorted(keys)])


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
