"""Blame: against a naive one that compares every commit with its parent, through renames and merges, and cheaply."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import objstore
from objstore.errors import InvalidPath, UnknownPath
from objstore.files.blame import BlamedLine
from objstore.files.lines import common_runs
from objstore.files.workspace import Workspace
from objstore.repository.commit import CommitInfo


@pytest.fixture
def store() -> Iterator[objstore.Store]:
    with objstore.open("memory:") as opened:
        yield opened


def naive(files: Workspace, path: str) -> list[CommitInfo]:
    """Who wrote each line, told from the first commit to the last, looking at every one."""
    lines: list[bytes] = []
    writers: list[CommitInfo] = []
    for commit in reversed(list(files.log())):
        view = files.at(commit)
        now = view.read(path).splitlines(keepends=True) if path in view else []
        told = [commit] * len(now)
        for run in common_runs(lines, now):
            told[run.new : run.new + run.length] = writers[run.old : run.old + run.length]
        lines, writers = now, told
    return writers


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("line"), st.integers(0, 9), st.sampled_from("abcdef")),
        st.tuples(st.just("cut"), st.integers(0, 9), st.just("")),
        st.tuples(st.just("other"), st.integers(0, 9), st.just("")),
        st.tuples(st.just("back"), st.integers(1, 3), st.just("")),
        st.tuples(st.just("gone"), st.just(0), st.just("")),
    ),
    min_size=1,
    max_size=15,
)


@settings(deadline=None, max_examples=60)
@given(STEPS)
def test_blame_is_what_comparing_every_commit_says(steps: list[tuple[str, int, str]]) -> None:
    with objstore.open("memory:") as opened:
        files = opened.files.open("ws", create=True)
        files.write("f", b"first\n")
        for number, (what, at, text) in enumerate(steps):
            lines = files.read("f").splitlines(keepends=True) if "f" in files else []
            if what == "line":
                files.write("f", b"".join([*lines[:at], f"{text}\n".encode(), *lines[at:]]))
            elif what == "cut":
                files.write("f", b"".join(lines[:at] + lines[at + 1 :]))
            elif what == "other":
                files.write("g", str(number).encode())
            elif what == "back":
                history = list(files.log())
                files.replace(files.at(history[min(at, len(history) - 1)]))
            elif "f" in files:
                files.delete("f")
        if "f" not in files:
            with pytest.raises(UnknownPath):
                files.blame("f")
            return
        told = files.blame("f")
        assert [line.commit.id for line in told] == [commit.id for commit in naive(files, "f")]
        assert "".join(f"{line.text}\n" for line in told).encode() == files.read("f")


def authors(lines: list[BlamedLine]) -> list[tuple[str, str]]:
    return [(line.text, line.commit.message) for line in lines]


def test_lines_are_followed_through_a_rename(store: objstore.Store) -> None:
    files = store.files.open("ws", create=True)
    files.write("old", b"".join(b"line %d\n" % number for number in range(10)), message="wrote")
    with files.commit("moved and edited") as draft:
        draft.delete("old")
        draft.write("dir/new", b"".join(b"line %d\n" % number for number in range(9)) + b"last\n")
    told = files.blame("dir/new")
    assert [line.commit.message for line in told] == ["wrote"] * 9 + ["moved and edited"]
    assert [line.path for line in told] == ["old"] * 9 + ["dir/new"]
    assert [line.number for line in told] == list(range(1, 11))


def test_lines_that_a_merge_brought_are_their_writers(store: objstore.Store) -> None:
    conv = store.conversations.create("c")
    with conv.commit("base") as draft:
        draft.append("one")
        draft.files.write("f", b"top\nmiddle\nbottom\n")
        draft.files.write("g", b"g\n")
    fork = conv.fork("d")
    with fork.commit("theirs") as draft:
        draft.append("two")
        draft.files.write("f", b"top\nmiddle\nbottom\ntheirs\n")
    with conv.commit("ours") as draft:
        draft.append("three")
        draft.files.write("g", b"ours\n")
    conv.merge(fork)
    assert authors(conv.files.blame("f")) == [
        ("top", "base"),
        ("middle", "base"),
        ("bottom", "base"),
        ("theirs", "theirs"),
    ]
    assert authors(conv.files.blame("g")) == [("ours", "ours")]


def test_blame_names_the_event_and_the_moment_may_be_chosen(store: objstore.Store) -> None:
    conv = store.conversations.create("c")
    for number in range(3):
        with conv.commit() as draft:
            draft.append({"n": number})
            draft.files.append("log", f"{number}\n".encode())
    told = conv.files.blame("log")
    assert [(line.commit.events, conv[line.commit.events - 1]) for line in told] == [
        (n + 1, {"n": n}) for n in range(3)
    ]
    assert len(conv.files.blame("log", at=2)) == 2
    assert store.blame("c#2", "log") == conv.files.blame("log", at=2)


def test_what_has_no_lines_is_refused(store: objstore.Store) -> None:
    files = store.files.open("ws", create=True)
    files.write("binary", b"\0")
    files.write("empty", b"")
    with pytest.raises(InvalidPath, match="binary"):
        files.blame("binary")
    with pytest.raises(UnknownPath):
        files.blame("nothing")
    assert files.blame("empty") == []


def test_commits_that_changed_no_files_cost_no_more_than_their_reading(store: objstore.Store) -> None:
    conv = store.conversations.create("c")
    conv.files.write("f", b"one\n", message="first")
    conv.append_many([{"n": number} for number in range(3000)])
    conv.files.append("f", b"two\n", message="second")
    conv.append_many([{"n": number} for number in range(3000)])
    reads = 0
    read = store.storage.read

    def counted(oid: object) -> object:
        nonlocal reads
        reads += 1
        return read(oid)  # type: ignore[arg-type]

    store.storage.read = counted  # type: ignore[method-assign]
    told = conv.files.blame("f")
    assert [(line.text, line.commit.message) for line in told] == [("one", "first"), ("two", "second")]
    assert reads < 6100
