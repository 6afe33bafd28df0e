"""Bringing a directory along with a history: from where it was last, tried first, and cleaned."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import assume, given, settings

import objstore
from objstore.errors import DirtyWorkspace
from objstore.files.workspace import Workspace
from objstore.objects.kinds import Oid
from objstore.storage.memory import MemoryStorage
from tests.files.folders import Content, describe, fill, take
from tests.files.test_checkout import checkout, description, prune


@pytest.fixture
def files(tmp_path: Path) -> Iterator[Workspace]:
    with objstore.open(tmp_path / "store", create=True) as store:
        yield store.files.open("ws", create=True)


def test_a_directory_goes_on_from_where_it_was_last(files: Workspace, tmp_path: Path) -> None:
    out = tmp_path / "out"
    files.write("a", b"1")
    files.write("gone", b"1")
    files.checkout(out)
    (out / "mine").write_text("untracked")
    files.write("a", b"two")
    files.delete("gone")
    done = files.checkout(out)
    assert (done.wrote, done.dropped, done.kept) == (("a",), ("gone",), 0)
    assert sorted(file.name for file in out.iterdir()) == ["a", "mine"]
    files.checkout(out, at="~1")
    assert sorted(file.name for file in out.iterdir()) == ["a", "gone", "mine"]
    (out / "a").write_text("unsaved")
    with pytest.raises(DirtyWorkspace) as caught:
        files.checkout(out)
    assert caught.value.paths == ("a",)
    files.checkout(out, discard=True)
    assert (out / "a").read_bytes() == b"two"


def test_a_snapshot_says_where_a_directory_is_but_only_in_its_own_history(files: Workspace, tmp_path: Path) -> None:
    work = tmp_path / "work"
    fill(work, {"a": b"1", "b": b"2"})
    files.snapshot(work)
    files.delete("b")
    with objstore.open(tmp_path / "store") as store:
        other = store.files.open("other", create=True)
        other.write("c", b"3")
        other.checkout(work)
    assert sorted(file.name for file in work.iterdir()) == ["a", "b", "c"], "another history deletes nothing of ours"


def test_trying_touches_nothing_and_says_what_would_be_done(files: Workspace, tmp_path: Path) -> None:
    out = tmp_path / "out"
    files.write("dir/a", b"1")
    plan = files.checkout(out, dry_run=True)
    assert (plan.wrote, plan.bytes, out.exists()) == (("dir/a",), 1, False)
    files.checkout(out)
    files.move("dir/a", "b")
    (out / "mine").write_text("x")
    (out / "ignored.log").write_text("x")
    (out / ".gitignore").write_text("*.log\n.gitignore\n")
    before = describe(out)
    plan = files.checkout(out, clean=True, dry_run=True)
    assert describe(out) == before
    done = files.checkout(out, clean=True)
    assert (done.wrote, set(done.dropped)) == (plan.wrote, set(plan.dropped))
    assert (plan.wrote, set(plan.dropped)) == (("b",), {"dir/a", "mine"})
    assert sorted(file.name for file in out.iterdir()) == [".gitignore", "b", "ignored.log"]


@settings(deadline=None, max_examples=40)
@given(description, description)
def test_a_clean_checkout_leaves_exactly_the_tree(
    there: dict[tuple[str, ...], Content | int], wanted: dict[tuple[str, ...], Content | int]
) -> None:
    with tempfile.TemporaryDirectory() as place:
        storage = MemoryStorage()
        source, target = Path(place, "source"), Path(place, "target")
        roots: list[Oid] = []
        for folder, files in ((source, wanted), (target, there)):
            folder.mkdir()
            fill(folder, prune(files))
            taken = take(folder, storage)
            assume(not taken.problems)  # A name that no tree may have is nobody's to remove.
            roots.append(taken.root)
        done = checkout(roots[0], storage, target, clean=True)
        assert done.problems == ()
        assert take(target, storage).root == roots[0]
