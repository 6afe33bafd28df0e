"""Forks, several at once, and edits of a past event, against lists."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

import objstore
from objstore.errors import ConversationExists, InvalidRefName, InvalidValue, UnknownConversation


@pytest.fixture(params=["memory", "local"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[objstore.Store]:
    place = "memory:" if request.param == "memory" else tmp_path / "store"
    with objstore.open(place, create=True) as opened:
        yield opened


def test_many_forks_are_made_in_one_operation_or_not_at_all(store: objstore.Store) -> None:
    conv = store.conversations.create("c")
    conv.append_many([1, 2, 3])
    forks = conv.fork_many((f"f{number}" for number in range(5)), at=2)
    assert [list(fork) for fork in forks] == [[1, 2]] * 5
    operation = next(iter(store.operations()))
    assert {entry.name for entry in operation.entries} == {f"conversations/f{number}" for number in range(5)}
    with pytest.raises(ConversationExists) as refused:
        conv.fork_many(["new", "f3", "newer"])
    assert refused.value.name == "f3"
    assert "new" not in store.conversations
    for names, error in ((["a", "a"], ValueError), (["a", "b/../c", "d//e"], InvalidRefName)):
        with pytest.raises(error):
            conv.fork_many(names)
        assert "a" not in store.conversations
    assert conv.fork_many([]) == []
    store.undo(operation)
    assert "f0" not in store.conversations


def test_an_edit_is_a_fork_in_which_one_event_is_another(store: objstore.Store) -> None:
    conv = store.conversations.create("c")
    for number in range(4):
        with conv.commit(f"m{number}") as draft:
            draft.append(number)
            draft.files.write("f", b"%d" % number)
    conv.settings.set("k", 1)
    edited = conv.edit(1, "new", "d")
    assert (edited.name, list(edited), edited.files.read("f")) == ("d", [0, "new"], b"1")
    carried = conv.edit(1, "new", carry=True)
    assert list(carried) == [0, "new", 2, 3]
    assert [carried.at(count).files.read("f") for count in (2, 3, 4)] == [b"1", b"2", b"3"]
    assert [commit.message for commit in carried.log()][1:4] == ["m3", "m2", "edit of event 1"]
    assert (carried.settings.get("k"), carried.at(4).commit.events) == (1, 4)
    assert list(conv) == [0, 1, 2, 3]
    assert conv.diff("c", "d").events == (1, 3, 1)
    assert list(conv.edit(-1, "last", carry=True)) == [0, 1, 2, "last"]
    assert list(conv.edit(0, "first", "e", carry=True)) == ["first", 1, 2, 3]
    assert list(store.check()) == []


def test_an_edit_that_cannot_be_made_makes_nothing(store: objstore.Store) -> None:
    conv = store.conversations.create("c")
    conv.append(1)
    before = [info.name for info in store.conversations.find()]
    for number in (1, -2, 99):
        with pytest.raises(IndexError):
            conv.edit(number, "x", "d")
    with pytest.raises(InvalidValue):
        conv.edit(0, b"bytes", "d")
    with pytest.raises(ConversationExists):
        conv.edit(0, "x", "c")
    store.conversations.delete("c")
    with pytest.raises(UnknownConversation):
        conv.edit(0, "x", "d")
    assert [info.name for info in store.conversations.find()] == before[1:]


@pytest.mark.parametrize("seed", range(4))
def test_forks_and_edits_are_those_of_lists(seed: int) -> None:
    draw = random.Random(seed)
    with objstore.open("memory:") as store:
        model: dict[str, list[object]] = {"c0": []}
        store.conversations.create("c0")
        for step in range(60):
            name, fresh = draw.choice([*model]), f"c{step + 1}"
            conv, events = store.conversations.open(name), model[name]
            what = draw.randrange(3) if events else 0
            if what == 0:
                added: list[object] = [draw.random() for _ in range(draw.choice([1, 3, 1100]))]
                conv.append_many(added)
                model[name] = events + added
            elif what == 1:
                at = draw.randrange(len(events) + 1)
                conv.fork(fresh, at=at)
                model[fresh] = events[:at]
            else:
                at, carry = draw.randrange(len(events)), draw.random() < 0.5
                conv.edit(at, step, fresh, carry=carry)
                model[fresh] = [*events[:at], step, *(events[at + 1 :] if carry else ())]
        for name, events in model.items():
            conv = store.conversations.open(name)
            assert list(conv) == events, f"seed {seed}"
            assert all(conv[at] == events[at] for at in draw.sample(range(len(events)), min(5, len(events))))
        assert list(store.check()) == []
