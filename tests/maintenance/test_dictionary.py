"""A store's own dictionary: worth having, kept, used, known to other processes, and refused where it gains nothing."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

import objstore
from objstore.importers import SAMPLES, histories
from objstore.maintenance.dictionary import LEAST_GAIN, train
from objstore.storage.local.storage import LocalStorage


@pytest.fixture
def store(tmp_path: Path) -> objstore.Store:
    """A store with the trajectories that ship with the package, and some more events of their kind."""
    store = objstore.open(tmp_path / "store", create=True)
    for history in histories(SAMPLES):
        store.import_history(history)
    chance = random.Random(1)
    store.conversations.create("c").append_many([_event(chance) for _ in range(400)])
    return store


def _event(chance: random.Random) -> dict[str, object]:
    ticket = chance.getrandbits(64)
    observation = f"ticket {ticket}: escalated to the night desk because the courier's manifest was not countersigned"
    return {"kind": "DeskObservation", "desk_observation_ticket": ticket, "observation": observation, "retries": 0}


def _size(store: objstore.Store) -> int:
    assert isinstance(store.storage, LocalStorage)
    return store.storage.journal.size()[1]


def test_new_events_take_less_room_and_old_ones_stay_readable(store: objstore.Store, tmp_path: Path) -> None:
    everything = {name: list(store.conversations.open(name)) for name, _ in store.conversations.heads()}
    more = [_event(random.Random(2 + number)) for number in range(200)]
    start = _size(store)
    store.conversations.create("before").append_many(more)
    middle = _size(store)
    made = train(store._repo, random.Random(7))
    assert made.adopted
    assert made.after <= made.before * (1 - LEAST_GAIN)
    store.conversations.create("after").append_many(more)
    end = _size(store)
    assert end - middle < 0.8 * (middle - start)
    store.repack()
    store.close()
    with objstore.open(tmp_path / "store") as again:
        assert list(again.conversations.open("before")) == list(again.conversations.open("after")) == more
        assert {name: list(again.conversations.open(name)) for name in everything} == everything
        assert list(again.check()) == []


def test_the_trajectories_are_a_third_smaller_with_it(store: objstore.Store) -> None:
    store.conversations.delete("c")
    made = train(store._repo, random.Random(7))
    assert made.adopted
    assert made.after < 0.67 * made.before


def test_another_process_reads_what_was_written_with_it_while_it_has_the_store_open(
    store: objstore.Store, tmp_path: Path
) -> None:
    with objstore.open(tmp_path / "store") as other:
        events = list(other.conversations.open("c"))
        assert train(store._repo, random.Random(7)).adopted
        event = _event(random.Random(99))
        store.conversations.open("c").append(event)
        assert list(other.conversations.open("c")) == [*events, event]
        store.repack()
        assert list(other.conversations.open("c")) == [*events, event]


def test_a_second_training_keeps_the_first_dictionary(store: objstore.Store, tmp_path: Path) -> None:
    first = train(store._repo, random.Random(7))
    store.conversations.create("new").append_many(
        [{"other": f"matter {n} of quite different words"} for n in range(900)]
    )
    assert isinstance(store.storage, LocalStorage)
    before = list(store.conversations.open("new"))
    second = train(store._repo, random.Random(8))
    assert first.id != second.id
    assert len(store.storage.journal.dictionaries()) == 1 + second.adopted
    store.close()
    with objstore.open(tmp_path / "store") as again:
        assert list(again.conversations.open("new")) == before
        assert list(again.check()) == []


def test_nothing_is_adopted_that_gains_nothing(tmp_path: Path) -> None:
    with objstore.open(tmp_path / "store", create=True) as store:
        store.conversations.create("c").append_many([{"n": number} for number in range(50)])
        made = store.train_dictionary()
        assert (made.adopted, made.id, made.samples) == (False, 0, 50)
        store.conversations.create("noise").append_many([os.urandom(1500).hex() for _ in range(400)])
        noise = store.train_dictionary()
        assert not noise.adopted
        assert isinstance(store.storage, LocalStorage)
        assert store.storage.journal.dictionaries() == []


def test_a_store_in_memory_has_no_dictionary() -> None:
    with objstore.open("memory:") as store:
        assert not store.train_dictionary().adopted


def test_a_store_opened_for_reading_is_not_trained(store: objstore.Store, tmp_path: Path) -> None:
    store.close()
    with objstore.open(tmp_path / "store", read_only=True) as reader, pytest.raises(objstore.ReadOnlyStore):
        train(reader._repo, random.Random(7))
