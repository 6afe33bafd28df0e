"""Iteration reads many events together, and gives what asking for each would at the moment when its turn comes."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import objstore
from objstore.conversations.conversation import Conversation
from objstore.errors import CorruptObject, RedactedEvent
from objstore.objects.values import JsonValue
from objstore.storage.memory import MemoryStorage
from objstore.store import Store

COUNT = 1_200  # A sealed leaf of the event index, and a tail that is walked.


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with objstore.open(tmp_path / "store", create=True) as store:
        yield store


def _events(count: int) -> list[JsonValue]:
    chance = random.Random(count)
    return [{"n": n, "text": chance.randbytes(chance.choice((10, 300))).hex()} for n in range(count)]


def _one(conversation: Conversation, number: int) -> object:
    try:
        return conversation[number]
    except RedactedEvent:
        return "redacted"


def _is_marker(value: JsonValue) -> bool:
    return isinstance(value, dict) and value.keys() == {"redacted"}


@pytest.mark.parametrize("packed", [False, True])
def test_iteration_and_every_slice_are_what_each_event_is(packed: bool, store: Store) -> None:
    values = _events(COUNT)
    conversation = store.conversations.create("c")
    conversation.append_many(values)
    if packed:
        store.repack()
    conversation.redact(0, 63, 64, 200, COUNT - 1, reason="private")
    each = [_one(conversation, number) for number in range(COUNT)]
    assert ["redacted" if _is_marker(value) else value for value in conversation] == each
    chance = random.Random(7)
    for _ in range(20):
        start, stop = sorted(chance.choices(range(COUNT + 1), k=2))
        assert ["redacted" if _is_marker(value) else value for value in conversation[start:stop]] == each[start:stop]


@pytest.mark.parametrize("settle", [lambda _: None, Store.repack], ids=["fresh", "packed"])
def test_an_event_that_is_redacted_before_its_turn_comes_is_not_given(
    settle: Callable[[Store], object], store: Store
) -> None:
    values = _events(150)
    conversation = store.conversations.create("c")
    conversation.append_many(values)
    settle(store)
    reading = iter(conversation)
    seen = [next(reading) for _ in range(10)]
    conversation.redact(5, 11, 149, reason="private")  # One that was given, one read ahead, one far away.
    seen += list(reading)
    assert [number for number, value in enumerate(seen) if _is_marker(value)] == [11, 149]
    assert [value for value in seen if not _is_marker(value)] == [*values[:11], *values[12:149]]


def test_an_event_that_is_lost_ends_the_iteration_where_it_stood() -> None:
    with objstore.open("memory:") as store:
        values = _events(80)
        conversation = store.conversations.create("c")
        conversation.append_many(values)
        lost = conversation.at(71).event_info(70)
        assert isinstance(store.storage, MemoryStorage)
        objects = store.storage._objects
        commit = conversation._repo.commit(lost.oid)
        assert commit.event is not None
        objects[commit.event] = objects[lost.oid]._replace(oid=commit.event)
        seen: list[JsonValue] = []
        with pytest.raises(CorruptObject) as caught:
            seen.extend(conversation)
        assert caught.value.oid == commit.event
        reading = iter(conversation)
        assert [next(reading) for _ in range(70)] == values[:70]
