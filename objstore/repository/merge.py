"""Merging a history into a branch, so that iteration stays one chain.

The other's events that ours does not have are appended to ours: the same event objects in new commits, in the other's
order, with its authors and messages but the time of the merge, so that "as of" keeps telling what stood here then. The
last of these commits (one without an event where there is none to append) has the other's head as its second parent.
Files and settings are merged three-way by key (`merge_trees`) and go with it. Whether ours has an event is asked by its
id: it may have come here before, by way of a third history.

With several best common ancestors (both sides merged the other at once) the one of the highest generation is the base.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from objstore.errors import MergeConflict, MovedHead
from objstore.objects.commits import Commit
from objstore.objects.kinds import Object, Oid
from objstore.objects.trees import Conflict
from objstore.repository.about import ABOUT, is_about
from objstore.repository.branch import Branch
from objstore.repository.diff import common_chain
from objstore.repository.growth import Growth
from objstore.repository.history import first_parents, is_ancestor, merge_bases
from objstore.repository.merge_trees import Settle, Settled, Side, Write, merge_part
from objstore.repository.repository import Repository

_PARTS = (("files", b"/"), ("settings", b"."))


SettleAny = Callable[[str, Conflict, Write], Settled | None]
"""As `Settle`, with what the key is called in front: "files:src/app.py", "settings:llm.model"."""


class MergedTrees(NamedTuple):
    """The roots of merged files and settings, and the conflicts that nothing settles, by their names."""

    files: Oid | None
    settings: Oid | None
    conflicts: dict[str, Conflict]


def merge_into(
    branch: Branch, other: Oid, name: str, prefer: Side | None = None, settle: SettleAny | None = None
) -> Oid:
    """Merge the history of the commit `other`, called `name` in log and message, into a branch; its head then.

    Nothing is made where the branch has the other's history already; where it is the beginning of the other, its head
    moves there. MergeConflict: both sides changed the same files or settings, `settle` does not settle them, and `prefer`
    is not given; nothing was changed. Overtaken by another writer it is made anew on the new head.
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
        _build(repo, growth, other, why, prefer, settle)

    oid = branch.grow(build, why).oid
    assert oid is not None
    return oid


def merge_trees(
    repo: Repository,
    ours: Oid,
    other: Oid,
    prefer: Side | None,
    objects: list[Object],
    settle: SettleAny | None = None,
) -> MergedTrees:
    """Merge files and settings of the commit `other` into those of `ours`; new objects are added to `objects`."""
    bases = merge_bases(repo, ours, other)
    if not bases:
        common_chain(repo, ours, other)  # Parted where one was squashed they are no strangers: SquashedHistory.
    base = repo.commit(max(bases, key=lambda oid: (repo.commit(oid).generation, oid))) if bases else None
    one, two = repo.commit(ours), repo.commit(other)
    roots: list[Oid | None] = []
    conflicts: dict[str, Conflict] = {}
    for part, separator in _PARTS:
        start: Oid | None = None if base is None else getattr(base, part)
        sides = start, getattr(one, part), getattr(two, part)
        merged = merge_part(repo, sides, separator, prefer, objects, _settling(part, settle))
        roots.append(merged.root)
        conflicts |= {_named(part, conflict.key): conflict for conflict in merged.conflicts}
    files, settings = roots
    return MergedTrees(files, settings, conflicts)


def _settling(part: str, settle: SettleAny | None) -> Settle | None:
    return None if settle is None else lambda conflict, write: settle(_named(part, conflict.key), conflict, write)


def _build(
    repo: Repository, growth: Growth, other: Oid, message: str, prefer: Side | None, settle: SettleAny | None
) -> None:
    ours = growth.oid
    assert ours is not None, "a branch that grows has a head"
    if is_ancestor(repo, other, ours):
        return
    files, settings, conflicts = merge_trees(repo, ours, other, prefer, growth.objects, settle)
    if conflicts:
        raise MergeConflict(tuple(conflicts))
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
