"""Merging settings three-way by key, and finding the commit that a value comes from.

Two histories of settings alone merge as histories do: the other's head becomes a second parent. Where a conversation is
on either side only its settings are taken over, in a commit of one parent: as a parent the conversation would count as
merged, with events that were never appended.
"""

from __future__ import annotations

from objstore.errors import MergeConflict
from objstore.objects.commits import Commit
from objstore.objects.kinds import Oid
from objstore.objects.trees import Entry, NodeReader, edit, get, scan_prefix
from objstore.repository.about import ABOUT, is_about
from objstore.repository.branch import Branch
from objstore.repository.growth import Growth
from objstore.repository.history import first_parents, merge_bases
from objstore.repository.merge import merge_into
from objstore.repository.merge_trees import Side, merge_part
from objstore.repository.repository import Repository

_PART = "settings:"


def merge_settings(branch: Branch, other: Oid, name: str, prefer: Side | None) -> Oid:
    """Merge the settings of the commit `other`, called `name`, into a branch; its head then.

    MergeConflict: both sides changed the keys that it names, and `prefer` is not given; nothing was changed.
    """
    if prefer not in (None, "ours", "theirs"):
        raise ValueError(f"prefer is 'ours', 'theirs' or None, not {prefer!r}")
    repo = branch.repo
    try:
        if branch.name.startswith("settings/") and _is_settings_alone(repo, repo.commit(other)):
            return merge_into(branch, other, name, prefer)
    except MergeConflict as conflict:
        raise MergeConflict(tuple(key.removeprefix(_PART) for key in conflict.keys)) from None

    def build(growth: Growth) -> None:
        assert growth.oid is not None, "a branch that grows has a head"
        bases = merge_bases(repo, growth.oid, other)
        base = max((repo.commit(oid) for oid in bases), key=lambda commit: commit.generation, default=None)
        roots = (None if base is None else base.settings, growth.settings, repo.commit(other).settings)
        merged = merge_part(repo, roots, b".", prefer, growth.objects)
        conflicts = [conflict.key.decode() for conflict in merged.conflicts if not is_about(conflict.key)]
        if conflicts:
            raise MergeConflict(tuple(conflicts))
        root = _with_our_words(repo, growth, merged.root)
        if root != growth.settings:
            growth.add(files=growth.files, settings=root, time=repo.now(), message=f"merge settings of {name}")

    oid = branch.grow(build, f"merge settings of {name}").oid
    assert oid is not None
    return oid


def _with_our_words(repo: Repository, growth: Growth, root: Oid | None) -> Oid | None:
    """A merged tree with what our history says about itself (title, tags) as it was: those are no settings."""
    if root is None or root == growth.settings:
        return root
    fresh = {obj.oid: obj.payload for obj in growth.objects}
    nodes = NodeReader(lambda oid: fresh[oid] if oid in fresh else repo.read_tree(oid))
    changes: dict[bytes, Entry | None] = {key: None for key, _ in scan_prefix(root, nodes, ABOUT)}
    if growth.settings is not None:
        changes.update(scan_prefix(growth.settings, repo.nodes, ABOUT))
    return edit(root, changes, nodes, growth.objects.append, repo.hasher)


def _is_settings_alone(repo: Repository, commit: Commit) -> bool:
    """Whether a commit has nothing but settings: a conversation's has events or files, or says something about itself."""
    if commit.files is not None or commit.events:
        return False
    return commit.settings is None or not any(scan_prefix(commit.settings, repo.nodes, ABOUT))


def origin_of(repo: Repository, head: Oid, key: str) -> tuple[Oid, Commit] | None:
    """The commit that gave a key the value that it has at `head`, or took it away; None: it never had one.

    Costs a read for each commit since then.
    """
    name = key.encode()
    newer: tuple[Oid, Commit] | None = None
    root: Oid | None = None
    entry = None
    for oid, commit in first_parents(repo, head):
        if newer is None or commit.settings != root:
            there = None if commit.settings is None else get(commit.settings, name, repo.nodes)
            if newer is not None and there != entry:
                return newer
            root, entry = commit.settings, there
        newer = oid, commit
    return newer if entry is not None else None
