"""Whoever goes away at whatever message: both stores stay sound, and the same again goes on where it ended."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

import objstore
from objstore.errors import RemoteFailed, RemoteRefused
from objstore.sync.fetching import fetch
from objstore.sync.peer import Peer
from objstore.sync.pulling import pull
from objstore.sync.pushing import push
from tests.sync.worlds import Cut, assert_sound, heads, near_of, repo_of, service_of, told

Transfer = Callable[[objstore.Store, objstore.Store, int | None, int | None], Cut]


def pulled(far: objstore.Store, near: objstore.Store, request: int | None, response: int | None) -> Cut:
    cut = Cut(service_of(repo_of(far.storage)), request, response)
    pull(near_of(repo_of(near.storage)), Peer(cut, near.storage.hasher), ["*"])
    return cut


def pushed(far: objstore.Store, near: objstore.Store, request: int | None, response: int | None) -> Cut:
    cut = Cut(service_of(repo_of(near.storage)), request, response)
    push(near_of(repo_of(far.storage)), Peer(cut, near.storage.hasher), ["*"])
    return cut


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Frames and segments so small that a short history takes many."""
    monkeypatch.setattr("objstore.sync.wire._TARGET", 6_000)
    monkeypatch.setattr("objstore.sync.arrival.SEGMENT_OBJECTS", 40)


def some_history(store: objstore.Store) -> None:
    """Two conversations that share a beginning, files in several chunks, settings and a tag."""
    conv = store.conversations.create("x")
    conv.append_many({"n": number, "text": "word " * (number % 60)} for number in range(60))
    conv.files.write("big", random.Random(1).randbytes(200_000))
    conv.settings.set("k", 1)
    fork = conv.fork("y", at=30)
    fork.append_many(range(20))
    fork.files.write("small", b"1")
    store.tags.create("v1", "x")


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("transfer", [pulled, pushed])
@pytest.mark.parametrize("side", ["request", "response"])
def test_a_cut_at_every_message_loses_nothing_and_the_transfer_can_be_repeated(transfer: Transfer, side: str) -> None:
    with objstore.open("memory:") as source:
        some_history(source)
        for at in count():
            with objstore.open("memory:") as target:
                request, response = (at, None) if side == "request" else (None, at)
                try:
                    cut = transfer(source, target, request, response)
                except (RemoteFailed, RemoteRefused, ConnectionError):
                    assert list(target.check()) == []
                    assert list(source.check()) == []
                    transfer(source, target, None, None)
                    cut = None
                assert heads(target) == heads(source)
                assert told(target, "y") == told(source, "y")
                assert_sound(source, target)
                if cut is not None:
                    assert at >= 4, "nothing was cut"
                    break


@pytest.mark.usefixtures("small")
def test_a_fetch_that_was_cut_goes_on_behind_what_it_kept() -> None:
    with objstore.open("memory:") as source, objstore.open("memory:") as target:
        source.conversations.create("x").append_many(range(600))
        source.conversations.create("y").append_many(range(100))
        far, near = service_of(repo_of(source.storage)), near_of(repo_of(target.storage))
        whole = Cut(far)
        objects = fetch(near_of(repo_of()), Peer(whole, source.storage.hasher), ["*"]).objects
        with pytest.raises(RemoteFailed):
            fetch(near, Peer(Cut(far, response=whole.pieces[1] * 3 // 4), source.storage.hasher), ["*"])
        assert list(target.refs.find("remotes/")) == []
        assert list(target.refs.find("incoming/")) != []
        source.conversations.open("x").append("meanwhile")
        done = fetch(near, Peer(Cut(far), source.storage.hasher), ["*"])
        assert 0 < done.objects < objects * 2 // 5
        assert_sound(source, target)


@pytest.mark.usefixtures("small")
def test_a_push_that_was_cut_goes_on_behind_what_was_kept() -> None:
    with objstore.open("memory:") as source, objstore.open("memory:") as target:
        source.conversations.create("x").append_many(range(600))
        far, near = service_of(repo_of(target.storage)), near_of(repo_of(source.storage))
        whole = Cut(service_of(repo_of()))
        objects = push(near, Peer(whole, source.storage.hasher), ["*"]).objects
        for name in list(source.refs.find("remotes/")):
            source.undo(next(op for op in source.operations() if op.entries[0].name == name.name))
        with pytest.raises(ConnectionError):
            push(near, Peer(Cut(far, request=whole.pieces[0] * 3 // 4), source.storage.hasher), ["*"])
        done = push(near, Peer(Cut(far), source.storage.hasher), ["*"])
        assert 0 < done.objects < objects * 2 // 5
        assert told(target, "x") == told(source, "x")
        assert_sound(source, target)


@pytest.mark.usefixtures("small")
def test_marks_that_nobody_came_back_to_are_swept_after_a_week() -> None:
    with objstore.open("memory:") as source, objstore.open("memory:") as target:
        source.conversations.create("x").append_many(range(600))
        far, repo = service_of(repo_of(source.storage)), repo_of(target.storage)
        with pytest.raises(RemoteFailed):
            fetch(near_of(repo), Peer(Cut(far, response=12), repo.hasher), ["*"])
        assert list(target.refs.find("incoming/")) != []
        later = repo.now() + 8 * 86400 * 1_000_000
        repo.now = lambda: later
        source.conversations.create("y").append(1)
        fetch(near_of(repo), Peer(Cut(far), repo.hasher), ["y"])
        assert list(target.refs.find("incoming/")) == []


def test_a_clone_that_was_cut_is_taken_up_by_the_same_clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("objstore.sync.arrival.SEGMENT_OBJECTS", 200)
    counts: list[int] = []

    def stop_at(end: int) -> Callable[[str, int, int], None]:
        def told_so_far(what: str, done: int, _: int) -> None:
            if what == "Receiving":
                counts.append(done)
                if done == end:
                    raise KeyboardInterrupt

        return told_so_far

    with objstore.open(tmp_path / "a", create=True) as a:
        a.conversations.create("x").append_many(range(1200))
        with pytest.raises(KeyboardInterrupt):
            objstore.clone(a.place, tmp_path / "b", progress=stop_at(2000))
        counts.clear()
        with objstore.clone(a.place, tmp_path / "b", progress=stop_at(10**9)) as b:
            assert 0 < counts[-1] < 1000
            assert told(b, "x") == told(a, "x")
            assert_sound(a, b)
