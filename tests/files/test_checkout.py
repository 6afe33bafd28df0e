"""Checkouts: exact, atomic per file, never outside the directory, never at the cost of what nobody tracks."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from objstore.errors import CorruptObject, InvalidPath, MissingObject
from objstore.files.checked import refuse_collisions
from objstore.files.checkout import checkout
from objstore.files.directory import Problem
from objstore.files.dirty import dirty_paths
from objstore.files.snapshot import snapshot
from objstore.files.stat_cache import StatCache
from objstore.objects.kinds import Kind, Object, Oid
from objstore.objects.trees import Entry, NodeReader, build_tree, empty_tree, scan
from objstore.storage.memory import MemoryStorage
from tests.files.folders import NOTE, Content, describe, fill, take

FILE = stat.S_IFREG | 0o644


@pytest.fixture
def storage() -> MemoryStorage:
    return MemoryStorage()


@pytest.fixture
def top(tmp_path: Path) -> Path:
    folder = tmp_path / "top"
    folder.mkdir()
    return folder


def tree(storage: MemoryStorage, files: dict[str, Content], mode: int = FILE) -> Oid:
    """A tree made of objects, past every check of paths."""
    objects: list[Object] = [empty_tree(storage.hasher)]
    items: list[tuple[bytes, Entry]] = []
    for path, content in files.items():
        kind = stat.S_IFDIR if content is None else stat.S_IFLNK if isinstance(content, str) else mode
        data = content.encode() if isinstance(content, str) else content or b""
        blob = storage.hasher.object(Kind.BLOB, data)
        objects.append(blob)
        items.append((path.encode("utf-8", "surrogateescape"), Entry(kind, blob.oid, len(data))))
    root = build_tree(sorted(items), storage.hasher, objects.append)
    storage.apply(objects, [], NOTE)
    return root


name = st.one_of(
    st.sampled_from(["a", "b", "a.b", "a-", ".x", "ü", "sp ace", "日本"]),
    st.text(
        st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="/\\. :"),
        min_size=1,
        max_size=8,
    ),
)
content: st.SearchStrategy[Content | int] = st.one_of(
    st.binary(max_size=40),
    st.integers(60_000, 200_000),
    st.text("abc/.ü", min_size=1, max_size=10),
    st.none(),
)
description = st.dictionaries(st.lists(name, min_size=1, max_size=3).map(tuple), content, max_size=10)


def prune(files: dict[tuple[str, ...], Content | int]) -> dict[str, Content]:
    """A description in which nothing is both a file and a folder; numbers become that many bytes."""
    kept: dict[str, Content] = {}
    for path, what in sorted(files.items()):
        if not any(path[:n] in files for n in range(1, len(path))):
            kept["/".join(path)] = bytes(range(256)) * (what // 256) if isinstance(what, int) else what
    return kept


@settings(deadline=None, max_examples=40)
@given(description, st.sampled_from([0o644, 0o755, 0o600, 0o444, 0o777]))
def test_a_checkout_of_a_snapshot_is_the_directory(files: dict[tuple[str, ...], Content | int], mode: int) -> None:
    with tempfile.TemporaryDirectory() as place:
        top, copy = Path(place, "top"), Path(place, "copy")
        top.mkdir()
        fill(top, prune(files), mode)
        storage = MemoryStorage()
        taken = take(top, storage)
        done = checkout(taken.root, storage, copy)
        if not taken.problems:
            assert describe(copy) == describe(top)
            assert (done.written, done.removed, done.kept, done.problems) == (taken.entries, 0, 0, ())
        assert take(copy, storage).root == taken.root
        assert checkout(taken.root, storage, copy)[:4] == (0, 0, 0, taken.entries)


@settings(deadline=None, max_examples=40)
@given(description, description)
def test_going_from_one_tree_to_another_leaves_exactly_the_other(
    before: dict[tuple[str, ...], Content | int], after: dict[tuple[str, ...], Content | int]
) -> None:
    with tempfile.TemporaryDirectory() as place:
        storage = MemoryStorage()
        roots: list[Oid] = []
        for number, files in enumerate((before, after)):
            made = Path(place, str(number))
            made.mkdir()
            fill(made, prune(files))
            roots.append(take(made, storage).root)
        target = Path(place, "target")
        cache = StatCache.of(Path(place, "cache"), target)
        checkout(roots[0], storage, target, cache)
        assert dirty_paths(target, roots[0], storage, cache, target=roots[1]) == []
        done = checkout(roots[1], storage, target, cache, previous=roots[0])
        assert done.problems == ()
        assert take(target, storage).root == roots[1]
        assert snapshot(target, storage, storage.stage(), roots[1], cache).root == roots[1]
        assert dirty_paths(target, roots[1], storage, cache) == []


HOSTILE: list[dict[str, Content]] = [
    {"../x": b"out"},
    {"a/../../x": b"out"},
    {"/etc/x": b"out"},
    {"a//x": b"out"},
    {".git/hooks/post-checkout": b"#!/bin/sh"},
    {".objstore/journal": b""},
    {"a\\..\\x": b""},
    {"nul": b""},
    {"a\nb": b""},
    {"a": "../outside", "a/x": b"through a symlink"},
    {"a": b"file", "a/b/x": b"and folder"},
    {"bad\udce9": b"no UTF-8"},
    {"ok": b"1", "z/..": "x"},
]


@pytest.mark.parametrize("files", HOSTILE, ids=repr)
def test_a_tree_with_a_path_that_none_may_have_is_refused_before_anything_is_written(
    files: dict[str, Content], storage: MemoryStorage, top: Path, tmp_path: Path
) -> None:
    root = tree(storage, files)
    with pytest.raises(InvalidPath):
        checkout(root, storage, top / "w")
    assert describe(tmp_path) in ({"top": (stat.S_IFDIR, b"")}, {"top/w": (stat.S_IFDIR, b"")})


def test_an_entry_of_an_unknown_kind_is_refused(storage: MemoryStorage, top: Path) -> None:
    for mode in (stat.S_IFIFO | 0o644, stat.S_IFCHR, 0o644, 0):
        with pytest.raises(InvalidPath):
            checkout(tree(storage, {"x": b"1"}, mode), storage, top)


def test_a_set_user_id_bit_is_never_written(storage: MemoryStorage, top: Path) -> None:
    checkout(tree(storage, {"x": b"1"}, stat.S_IFREG | 0o4755), storage, top)
    assert stat.S_IMODE((top / "x").stat().st_mode) == 0o755


def test_nothing_is_written_or_removed_through_a_symlink(storage: MemoryStorage, top: Path, tmp_path: Path) -> None:
    fill(tmp_path, {"outside/keep": b"theirs", "outside/a": b"theirs"})
    before = tree(storage, {"d/keep": b"1", "d/a": b"1"})
    after = tree(storage, {"d/a": b"2", "e/a": "../outside"})
    (top / "d").symlink_to("../outside")
    checkout(after, storage, top, previous=before)
    assert describe(tmp_path / "outside") == {"keep": (FILE, b"theirs"), "a": (FILE, b"theirs")}
    assert not (top / "d").is_symlink()
    assert (top / "d/a").read_bytes() == b"2"


def test_a_file_is_replaced_and_not_written_into(storage: MemoryStorage, top: Path, tmp_path: Path) -> None:
    fill(tmp_path, {"outside": b"theirs"})
    os.link(tmp_path / "outside", top / "x")
    (top / "y").symlink_to("../outside")
    checkout(tree(storage, {"x": b"ours", "y": b"ours"}), storage, top)
    assert (tmp_path / "outside").read_bytes() == b"theirs"
    assert describe(top) == {"x": (FILE, b"ours"), "y": (FILE, b"ours")}


def test_untracked_files_are_kept(storage: MemoryStorage, top: Path) -> None:
    before = tree(storage, {"a/x": b"1", "b": b"1", "c/d/e": b"1", "empty": None})
    checkout(before, storage, top)
    fill(top, {"a/mine": b"m", "empty/mine": b"m", "mine": b"m"})
    done = checkout(tree(storage, {"b": b"2"}), storage, top, previous=before)
    assert describe(top) == dict.fromkeys(("a/mine", "empty/mine", "mine"), (FILE, b"m")) | {"b": (FILE, b"2")}
    assert (done.written, done.removed, done.kept) == (1, 2, 0)


def test_without_a_previous_tree_or_without_delete_nothing_is_removed(storage: MemoryStorage, top: Path) -> None:
    before, after = tree(storage, {"a": b"1", "b": b"1"}), tree(storage, {"a": b"1"})
    checkout(before, storage, top)
    assert checkout(after, storage, top).kept == 1
    checkout(after, storage, top, previous=before, delete=False)
    assert set(describe(top)) == {"a", "b"}
    assert checkout(None, storage, top, previous=before).removed == 2
    assert describe(top) == {}


def test_a_folder_with_untracked_files_in_the_way_of_a_file_is_left_and_reported(
    storage: MemoryStorage, top: Path
) -> None:
    before, after = tree(storage, {"a/x": b"1"}), tree(storage, {"a": b"2", "b": b"2"})
    checkout(before, storage, top)
    fill(top, {"a/mine": b"m"})
    assert dirty_paths(top, before, storage, target=after) == ["a/mine"]
    done = checkout(after, storage, top, previous=before)
    assert done.problems == (Problem("a", "a folder with other files is in the way"),)
    assert describe(top) == {"a/mine": (FILE, b"m"), "b": (FILE, b"2")}


def test_a_file_in_the_way_of_a_folder_is_named_as_dirty_and_replaced(storage: MemoryStorage, top: Path) -> None:
    after = tree(storage, {"a/b/x": b"2"})
    fill(top, {"a": b"mine"})
    assert dirty_paths(top, None, storage, target=after) == ["a"]
    checkout(after, storage, top)
    assert describe(top) == {"a/b/x": (FILE, b"2")}


def test_dirty_paths_are_those_that_differ(storage: MemoryStorage, top: Path) -> None:
    files: dict[str, Content] = {
        "same": b"1",
        "changed": b"1",
        "gone": b"1",
        "mode": b"1",
        "link": "x",
        "kind": b"x",
        "e": None,
    }
    root = tree(storage, files)
    checkout(root, storage, top)
    assert dirty_paths(top, root, storage) == []
    fill(top, {"changed": b"2", "untracked": b"1", "e/inside": b"1"})
    (top / "gone").unlink()
    (top / "mode").chmod(0o755)
    (top / "link").unlink()
    (top / "link").symlink_to("y")
    (top / "kind").unlink()
    (top / "kind").symlink_to("x")
    assert dirty_paths(top, root, storage) == ["changed", "gone", "kind", "link", "mode"]
    target = tree(storage, {"untracked": b"2", "fresh": b"1"})
    assert dirty_paths(top, None, storage, target=target) == ["untracked"]
    assert dirty_paths(top, None, storage, target=tree(storage, {"untracked": b"1"})) == []
    assert dirty_paths(top / "nowhere", root, storage) == []


def test_only_what_differs_is_written(storage: MemoryStorage, top: Path) -> None:
    checkout(tree(storage, {"a": b"1", "b": b"1"}), storage, top)
    inodes = {name: (top / name).stat().st_ino for name in "ab"}
    done = checkout(tree(storage, {"a": b"1", "b": b"2"}), storage, top)
    assert (done.written, done.kept) == (1, 1)
    assert (top / "a").stat().st_ino == inodes["a"]
    assert (top / "b").stat().st_ino != inodes["b"]


def test_a_large_file_comes_back_whole(storage: MemoryStorage, top: Path, tmp_path: Path) -> None:
    data = os.urandom(5_000_000)
    fill(top, {"large": data})
    taken = take(top, storage)
    checkout(taken.root, storage, tmp_path / "copy", durable=True)
    assert (tmp_path / "copy/large").read_bytes() == data


def test_a_size_that_a_tree_lies_about_leaves_no_file(storage: MemoryStorage, top: Path) -> None:
    fill(top, {"large": os.urandom(300_000), "small": b"123"})
    taken = take(top, storage)
    for path, lie in (("large", 299_999), ("large", 300_001), ("small", 4)):
        stage: list[Object] = []
        entry = dict(items(storage, taken.root))[path.encode()]
        root = build_tree([(b"x", Entry(entry.mode, entry.oid, lie))], storage.hasher, stage.append)
        storage.apply(stage, [], NOTE)
        with pytest.raises(CorruptObject):
            checkout(root, storage, top / "copy")
        assert describe(top / "copy") == {}


def items(storage: MemoryStorage, root: Oid) -> list[tuple[bytes, Entry]]:
    return list(scan(root, NodeReader(lambda oid: storage.read(oid).payload)))


def test_a_missing_blob_leaves_what_was_there(storage: MemoryStorage, top: Path) -> None:
    fill(top, {"x": b"old"})
    stage: list[Object] = []
    root = build_tree([(b"x", Entry(FILE, Oid(bytes(32)), 3))], storage.hasher, stage.append)
    storage.apply(stage, [], NOTE)
    with pytest.raises(MissingObject):
        checkout(root, storage, top)
    assert describe(top) == {"x": (FILE, b"old")}


def test_a_symlink_to_nothing_that_a_path_can_be_is_reported(storage: MemoryStorage, top: Path) -> None:
    root = tree(storage, {"a": b"1", "l": "x\0y", "m": ""})
    done = checkout(root, storage, top)
    assert [problem.path for problem in done.problems] == ["l", "m"]
    assert set(describe(top)) == {"a"}


def test_the_umask_does_not_change_what_is_written(storage: MemoryStorage, top: Path) -> None:
    before = os.umask(0o077)
    try:
        checkout(tree(storage, {"x": b"1"}, stat.S_IFREG | 0o664), storage, top)
    finally:
        os.umask(before)
    assert stat.S_IMODE((top / "x").stat().st_mode) == 0o664


@pytest.mark.parametrize(
    "paths", [["a", "A"], ["d/x", "D/y"], ["e\u0301", "\xe9"], ["a/b/c/x", "a/B/d/y"], ["straße", "strasse"]]
)
def test_paths_that_a_folding_file_system_takes_for_one_are_refused_there(paths: list[str]) -> None:
    entry = Entry(FILE, Oid(bytes(32)), 0)
    with pytest.raises(InvalidPath):
        refuse_collisions(sorted((path.encode(), entry) for path in paths))
    refuse_collisions([(path.encode(), entry) for path in paths[:1]])
    refuse_collisions(sorted((path.encode(), entry) for path in ("a/x", "a/y", "b/x", "a.x", "a/b/c", "a/b/d")))


def test_a_snapshot_after_a_checkout_reads_nothing_of_what_is_old(
    storage: MemoryStorage, top: Path, tmp_path: Path
) -> None:
    fill(top, {str(number): b"x" * number for number in range(1, 50)})
    taken = take(top, storage)
    copy = tmp_path / "copy"
    cache = StatCache.of(tmp_path / "cache", copy)
    assert cache is not None
    checkout(taken.root, storage, copy, cache)
    known = cache.load(storage.hasher)
    assert known.root == taken.root
    assert {key.decode() for key in known.paths} == set(describe(copy))
    (copy / "7").write_bytes(b"y" * 7)
    assert dirty_paths(copy, taken.root, storage, cache) == ["7"]
    again = snapshot(copy, storage, storage.stage(), taken.root, cache)
    assert (again.changed, again.unchanged) == (1, 48)


def test_no_temporary_file_is_left(storage: MemoryStorage, top: Path) -> None:
    fill(top, {"d/mine": b"m"})
    checkout(tree(storage, {"d": b"in the way", "l": "x\0", "ok": b"1"}), storage, top)
    assert sorted(os.listdir(top)) == ["d", "ok"]
    shutil.rmtree(top)
