"""Two stores keep each other's histories: what is pushed and pulled is equal, whole, and never more than was named."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

import objstore
from objstore.errors import (
    Diverged,
    InvalidRemote,
    NotAStore,
    RemoteExists,
    Rewound,
    StoreExists,
    UnknownRemote,
    UnknownRevision,
)
from objstore.opening import clone
from tests.sync.worlds import assert_sound, fill, heads, results, told


@pytest.fixture
def a(tmp_path: Path) -> Iterator[objstore.Store]:
    with objstore.open(tmp_path / "a", create=True, author="ada") as store:
        yield store


@pytest.fixture
def b(a: objstore.Store, tmp_path: Path) -> Iterator[objstore.Store]:
    """A store with the remote `a`, empty as yet."""
    with objstore.open(tmp_path / "b", create=True, author="bob") as store:
        store.remotes.add("a", a.place)
        yield store


@pytest.mark.parametrize("seed", range(3))
def test_a_clone_is_equal_and_follows_in_both_directions(a: objstore.Store, tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    fill(a, "x", draw)
    a.conversations.open("x").fork("y", at=len(a.conversations.open("x")) // 2)
    fill(a, "y", draw)
    a.conversations.open("x").merge("y", prefer="theirs")
    a.files.open("ws", create=True).write("f", b"data")
    a.tags.create("v1", "y~3")
    a.settings.open("user", create=True).set("key", "stays at home")
    with clone(a.place, tmp_path / "b") as b:
        assert heads(b) == {name: oid for name, oid in heads(a).items() if name != "settings/user"}
        for _ in range(3):
            for name in ("x", "y"):
                assert told(a, name) == told(b, name), f"seed {seed}"
            assert_sound(a, b)
            fill(a, "x", draw, 5)
            fill(b, "y", draw, 5)
            b.conversations.open("y").fork(f"z{draw.random()}")
            assert results(b.pull("origin").refs)["conversations/x"] == "moved"
            assert results(b.push("origin").refs)["conversations/y"] == "moved"
            assert results(b.pull("origin").refs) == dict.fromkeys(results(b.pull("origin").refs), "same")


def test_a_push_of_one_event_sends_two_objects_in_two_round_trips(a: objstore.Store, tmp_path: Path) -> None:
    a.conversations.create("c1").append_many(range(3000))
    with clone(a.place, tmp_path / "b") as b:
        b.conversations.open("c1").append("one more")
        pushed = b.push("origin", "c1")
        assert (results(pushed.refs), pushed.objects, pushed.round_trips) == ({"conversations/c1": "moved"}, 2, 2)
        again = b.push("origin", "c1")
        assert (results(again.refs), again.objects, again.round_trips) == ({"conversations/c1": "same"}, 0, 1)
        pulled = b.pull("origin", "c1")
        assert (results(pulled.refs), pulled.fetched.round_trips) == ({"conversations/c1": "same"}, 1)
        a.conversations.open("c1").append("and one")
        pulled = b.pull("origin", "c1")
        assert (pulled.fetched.objects, pulled.fetched.added, pulled.fetched.round_trips) == (2, 2, 2)


def test_nothing_is_written_when_nothing_is_new(a: objstore.Store, b: objstore.Store) -> None:
    a.conversations.create("c1").append(1)
    b.pull("a")
    before = next(iter(b.operations())).number, next(iter(a.operations())).number
    b.pull("a")
    b.fetch("a")
    b.push("a")
    assert (next(iter(b.operations())).number, next(iter(a.operations())).number) == before


def test_a_fork_is_pushed_without_the_history_that_is_there(a: objstore.Store, b: objstore.Store) -> None:
    a.conversations.create("c1").append_many(range(500))
    b.pull("a")
    fork = b.conversations.open("c1").fork("c2", at=250)
    fork.append("elsewhere")
    assert b.push("a", "c2").objects == 2
    assert b.push("a", "c2").objects == 0
    a.conversations.open("c1").fork("c3", at=300).append("there")
    assert b.pull("a", "c3").fetched.objects == 2
    assert_sound(a, b)


def test_a_small_change_in_many_files_sends_what_changed(a: objstore.Store, b: objstore.Store) -> None:
    ws = a.files.open("ws", create=True)
    with ws.commit() as draft:
        for number in range(3000):
            draft.write(f"d{number % 50}/{number}", b"%d" % number)
    big = random.Random(1).randbytes(4 << 20)
    ws.write("big", big)
    b.pull("a")
    ws.write("d7/2957", b"changed")
    ws.move("d8/2958", "elsewhere/2958")
    assert b.pull("a").fetched.objects < 20
    ws.write("big", big[: 2 << 20] + b"in between" + big[2 << 20 :])
    assert b.pull("a").fetched.objects < 12
    assert b.files.open("ws").read("big")[2 << 20 :][:10] == b"in between"
    assert_sound(a, b)


def test_a_conversation_that_went_on_on_both_sides_is_refused_and_says_what_moved(
    a: objstore.Store, b: objstore.Store
) -> None:
    ours = a.conversations.create("c1")
    ours.append("both")
    b.pull("a")
    ours.append_many(["a1", "a2"])
    mine = b.conversations.open("c1")
    base = mine.head
    mine.append("b1")
    a.conversations.create("other").append("x")
    for attempt in (lambda: b.pull("a"), lambda: b.push("a", "c1"), lambda: b.push("a", "c1", force=False)):
        with pytest.raises(Diverged) as refused:
            attempt()
        (parted,) = refused.value.divergences
        assert parted == ("conversations/c1", "diverged", mine.head.id, ours.head.id, base.id, 1, 2)
        assert not isinstance(refused.value, Rewound)
    assert "other" not in b.conversations
    assert list(mine) == ["both", "b1"]


@pytest.mark.parametrize("choice", ["fork", "theirs", "ours"])
def test_a_divergence_ends_as_the_user_chooses(a: objstore.Store, b: objstore.Store, choice: str) -> None:
    ours = a.conversations.create("c1")
    ours.append("both")
    b.pull("a")
    ours.append("theirs")
    mine = b.conversations.open("c1")
    mine.append("mine")
    pulled = b.pull("a", on_diverged=choice)  # pyright: ignore[reportArgumentType]
    fork = f"c1-{ours.head.id[:8]}"
    expected = {
        "fork": ("forked", ["both", "mine"]),
        "theirs": ("taken", ["both", "theirs"]),
        "ours": ("kept", ["both", "mine"]),
    }
    (ref,) = pulled.refs
    assert (ref.result, list(b.conversations.open("c1"))) == expected[choice]
    assert ref.divergence is not None
    assert (fork in b.conversations) == (choice == "fork")
    if choice == "fork":
        assert list(b.conversations.open(fork)) == ["both", "theirs"]
        assert [ref.name for ref in b.pull("a", on_diverged="fork").refs] == [f"conversations/{fork}"]
    if choice == "theirs":
        taken = b.conversations.open("c1")
        assert len(taken) == 2
        taken.undo()
        assert list(taken) == ["both", "mine"]
    assert_sound(a, b)


def test_force_replaces_what_was_seen_and_nothing_else(a: objstore.Store, b: objstore.Store) -> None:
    ours = a.conversations.create("c1")
    ours.append("both")
    b.pull("a")
    mine = b.conversations.open("c1")
    mine.append("mine")
    ours.append("seen")
    b.fetch("a")
    ours.append("not seen")
    with pytest.raises(Diverged):
        b.push("a", "c1", force=True)
    assert list(ours) == ["both", "seen", "not seen"]
    assert results(b.push("a", "c1", force=True).refs) == {"conversations/c1": "replaced"}  # the refusal has shown it
    assert list(a.conversations.open("c1")) == ["both", "mine"]
    a.conversations.open("c1").undo()
    assert list(a.conversations.open("c1")) == ["both", "seen", "not seen"]


def test_a_pull_never_undoes_a_rewind_of_ours(a: objstore.Store, b: objstore.Store) -> None:
    a.conversations.create("c1").append_many(range(10))
    b.pull("a")
    mine = b.conversations.open("c1")
    mine.rewind(4)
    for _ in range(2):
        with pytest.raises(Rewound) as refused:
            b.pull("a")
        assert refused.value.divergences[0].kind == "rewound here"
        assert refused.value.divergences[0].their_events == 6
    a.conversations.open("c1").append("later")
    with pytest.raises(Rewound):
        b.pull("a")
    with pytest.raises(Rewound):
        b.push("a", "c1")
    assert len(mine) == 4
    b.push("a", "c1", force=True)
    assert len(a.conversations.open("c1")) == 4
    a.conversations.open("c1").append("on")
    assert results(b.pull("a").refs) == {"conversations/c1": "moved"}


def test_a_push_never_undoes_a_rewind_of_theirs(a: objstore.Store, b: objstore.Store, tmp_path: Path) -> None:
    ours = a.conversations.create("c1")
    ours.append_many(range(10))
    b.pull("a")
    with clone(b.place, tmp_path / "c") as c:  # has never seen a's ref
        c.remotes.add("a", a.place)
        ours.rewind(4)
        b.conversations.open("c1").append("b")
        for store in (b, c):
            for _ in range(2):
                with pytest.raises(Rewound) as refused:
                    store.push("a", "c1")
                assert refused.value.divergences[0].kind == "rewound there"
        with pytest.raises(Rewound):
            b.pull("a")
        assert len(a.conversations.open("c1")) == 4
        assert results(b.pull("a", on_diverged="theirs").refs) == {"conversations/c1": "taken"}
        assert len(b.conversations.open("c1")) == 4


def test_settings_travel_only_where_they_are_named(a: objstore.Store, b: objstore.Store) -> None:
    a.settings.open("user", create=True).set("k", 1)
    a.conversations.create("c1").append(1)
    b.settings.open("mine", create=True).set("k", 2)
    b.pull("a")
    b.push("a")
    b.pull("a", "*")
    assert "settings/user" not in heads(b)
    assert "settings/mine" not in heads(a)
    b.pull("a", "settings/user")
    b.push("a", "settings/*")
    assert b.settings.open("user").get("k") == 1
    assert a.settings.open("mine").get("k") == 2


def test_patterns_bring_one_conversation_or_those_of_a_prefix(a: objstore.Store, b: objstore.Store) -> None:
    for name in ("team/one", "team/two", "solo"):
        a.conversations.create(name).append(name)
    b.pull("a", "conversations/team/*")
    assert set(heads(b)) == {"conversations/team/one", "conversations/team/two"}
    b.pull("a", "solo")
    assert "solo" in b.conversations
    with pytest.raises(UnknownRevision):
        b.pull("a", "nothing")
    with pytest.raises(UnknownRevision):
        b.push("a", "nothing")
    for wrong in ("locks/*", "remotes/a/*", "a*b", "conversations/../x", "*x"):
        with pytest.raises(InvalidRemote):
            b.pull("a", wrong)


def test_what_was_deleted_here_comes_back_only_when_it_is_named(a: objstore.Store, b: objstore.Store) -> None:
    a.conversations.create("c1").append(1)
    b.pull("a")
    b.conversations.delete("c1")
    assert results(b.pull("a").refs) == {"conversations/c1": "deleted"}
    assert "c1" not in b.conversations
    assert results(b.pull("a", "c1").refs) == {"conversations/c1": "made"}


def test_a_mirror_equals_whatever_was_there(a: objstore.Store, b: objstore.Store) -> None:
    a.conversations.create("gone").append("x")
    a.conversations.create("c1").append("theirs")
    b.conversations.create("c1").append("mine")
    b.tags.create("v1", "c1")
    assert results(b.mirror("a").refs) == {
        "conversations/c1": "replaced",
        "conversations/gone": "deleted",
        "tags/v1": "made",
    }
    assert heads(a) == heads(b)
    b.tags.delete("v1")
    b.tags.create("v1", "c1~1")
    with pytest.raises(Diverged):
        b.push("a", "tags/*")
    b.mirror("a")
    assert heads(a) == heads(b)
    assert_sound(a, b)


def test_tracking_refs_show_what_the_far_side_had_and_are_pruned_when_asked(
    a: objstore.Store, b: objstore.Store
) -> None:
    a.conversations.create("c1").append(1)
    a.conversations.create("c2").append(2)
    b.fetch("a")
    assert heads(b) == {}
    assert b.resolve("remotes/a/conversations/c1").events == 1
    a.conversations.delete("c2")
    assert b.fetch("a").gone == ("conversations/c2",)
    assert b.refs.get("remotes/a/conversations/c2") is not None
    b.fetch("a", prune=True)
    assert b.refs.get("remotes/a/conversations/c2") is None


def test_remotes_are_named_renamed_and_forgotten_with_what_is_tracked(a: objstore.Store, b: objstore.Store) -> None:
    a.conversations.create("c1").append(1)
    b.fetch("a")
    with pytest.raises(RemoteExists):
        b.remotes.add("a", "elsewhere")
    b.remotes.add("z", "elsewhere")
    with pytest.raises(RemoteExists):
        b.remotes.rename("a", "z")
    b.remotes.rename("a", "origin")
    assert [info.name for info in b.remotes.list()] == ["origin", "z"]
    assert b.refs.get("remotes/origin/conversations/c1") is not None
    b.remotes.remove("origin")
    assert [ref.name for ref in b.refs.find("remotes/")] == ["remotes/z/config"]
    for call in (lambda: b.remotes.remove("a"), lambda: b.pull("a"), lambda: b.remotes.rename("a", "y")):
        with pytest.raises(UnknownRemote):
            call()
    with pytest.raises(NotAStore):
        b.pull("z")
    b.undo(next(iter(b.operations())))
    assert b.refs.get("remotes/origin/conversations/c1") is not None


@pytest.mark.parametrize(
    "url", ["", "memory:", "ftp://host/x", "https://user:secret@host/x", "https:///x", "ssh://-oProxyCommand=x/y"]
)
def test_a_url_that_no_remote_can_have_is_refused_without_showing_a_password(b: objstore.Store, url: str) -> None:
    with pytest.raises(InvalidRemote) as refused:
        b.remotes.add("x", url)
    assert "secret" not in str(refused.value)


def test_a_clone_into_another_store_is_refused_and_one_of_one_name_brings_that(
    a: objstore.Store, b: objstore.Store, tmp_path: Path
) -> None:
    a.conversations.create("c1").append(1)
    a.conversations.create("c2").append(2)
    b.conversations.create("mine").append(1)
    with pytest.raises(StoreExists):
        clone(a.place, b.place)
    with clone(a.place, tmp_path / "c", "c1", remote="upstream") as c:
        assert set(heads(c)) == {"conversations/c1"}
        assert [info.name for info in c.remotes.list()] == ["upstream"]
