"""`remote`, `fetch`, `pull`, `push` and `clone`: what they print, and how they end."""

from __future__ import annotations

from pathlib import Path

import pytest

import objstore
from tests.cli.calls import Calls


@pytest.fixture
def far(call: Calls) -> Path:
    """Another store, which the first one calls `far`."""
    place = call.folder / "far"
    objstore.open(place, create=True).close()
    assert "far is" in call("remote", "add", "far", "far")
    return place


def test_remotes_are_added_listed_renamed_and_removed(call: Calls, far: Path) -> None:
    assert call.json("remote") == [{"name": "far", "url": str(far)}]
    call("remote", "add", "far", "elsewhere", code=4)
    call("remote", "add", "x", "https://user:secret@host/y", code=2)
    call("remote", "rename", "far", "near")
    assert call("remote").split() == ["near", str(far)]
    call("remote", "remove", "far", code=3)
    call("remote", "remove", "near")
    assert call("remote") == ""


def test_what_is_pushed_is_cloned_and_pulled(call: Calls, far: Path) -> None:
    call.chat("c1", "hi", "there")
    assert call.json("push", "far") == [
        {"ref": "conversations/c1", "result": "made", "id": call.json("log", "c1")[0]["id"]},
        {"objects": 5, "round_trips": 2},
    ]
    assert call("push", "far") == "nothing was missing there\n"
    assert "1 refs in copy" in call("clone", str(far), "copy")
    with objstore.open("copy/.objstore") as copy:
        assert copy.conversations.open("c1")[0] == {"role": "user", "content": "hi"}
        copy.conversations.open("c1").append("more")
        copy.push("origin")
    fetched = call.json("fetch", "far")
    assert (fetched[0]["result"], fetched[1]) == ("moved", {"objects": 2, "added": 2, "round_trips": 2})
    assert call.json("log", "remotes/far/conversations/c1")[0]["events"] == 3
    pulled = call.json("pull", "far", "c1")
    assert (pulled[0]["result"], pulled[1]["round_trips"]) == ("moved", 1)
    assert call("pull", "far") == "nothing came\n"
    assert len(call.json("log", "c1")) == 4


def test_a_divergence_ends_with_the_code_of_a_conflict_and_says_what_to_do(call: Calls, far: Path) -> None:
    call.chat("c1", "hi")
    call("push", "far")
    with objstore.open(far) as store:
        store.conversations.open("c1").append("theirs")
    call.chat("c1", "ours")
    said = call("pull", "far", code=4)
    assert "conversations/c1 went on here (1 events) and there (1)" in said
    assert "on_diverged" not in said
    assert "--on-diverged" in said
    assert "--force" in call("push", "far", code=4)
    lines = call.json("pull", "far", "--on-diverged", "fork")
    assert (lines[0]["result"], lines[0]["divergence"]["kind"]) == ("forked", "diverged")
    call("push", "far", "c1", "--force")
    call("push", "far", "--mirror")
    call("pull", "far", "nothing", code=3)
    call("pull", "nobody", code=3)
    call("pull", "far", "a*b", code=2)
