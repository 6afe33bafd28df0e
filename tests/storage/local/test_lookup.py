"""Reading many objects gives what reading each would, whatever lies where and moves meanwhile."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import objstore
from objstore.errors import CorruptObject, MissingObject
from objstore.objects.commits import decode_commit
from objstore.objects.kinds import Kind, Object, Oid
from objstore.storage.local.open_local import open_local
from objstore.storage.local.storage import LocalStorage
from objstore.store import Store

SEED = 20


def _events(store: Store) -> list[Oid]:
    """The ids of the events of "c", oldest first."""
    storage = store.storage
    found = [decode_commit(storage.read(commit.oid).payload).event for commit in store.conversations.open("c").log()]
    return [oid for oid in reversed(found) if oid is not None]


def _event(chance: random.Random, number: int) -> object:
    return {"n": number, "text": chance.randbytes(chance.choice((20, 900, 20_000))).hex()}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with events in two packs, in the journal's table and in its intake."""
    place, chance = tmp_path_factory.mktemp("lookup") / "store", random.Random(SEED)
    with objstore.open(place, create=True) as store:
        conversation = store.conversations.create("c")
        for part in range(3):
            conversation.append_many([_event(chance, 100 * part + n) for n in range(100)])
            if part < 2:
                store.repack()
        for number in range(20):
            conversation.append(_event(chance, 300 + number))
    return place


@pytest.fixture(scope="module")
def opened(place: Path) -> Iterator[tuple[LocalStorage, list[Oid]]]:
    """The store, and the ids of its objects and of some that it has not."""
    with closing(open_local(place)) as storage:
        yield storage, [*(oid for oid, _, _ in storage.objects()), *(Oid(bytes([n]) * 32) for n in range(3))]


def _one_by_one(storage: LocalStorage, oids: Sequence[Oid]) -> list[object]:
    """What reading each of these gives, up to the first that cannot be read: its error is the last."""
    seen: list[object] = []
    for oid in oids:
        try:
            seen.append(storage.read(oid))
        except (MissingObject, CorruptObject) as error:
            return [*seen, (type(error), error.oid)]
    return seen


def _together(storage: LocalStorage, oids: Sequence[Oid]) -> list[object]:
    seen: list[object] = []
    try:
        for obj in storage.read_many(oids):
            seen.append(obj)  # noqa: PERF402 - what came before an error counts
    except (MissingObject, CorruptObject) as error:
        return [*seen, (type(error), error.oid)]
    return seen


@settings(max_examples=60, deadline=None)
@given(draw=st.data())
def test_reading_many_gives_what_reading_each_gives(
    opened: tuple[LocalStorage, list[Oid]], draw: st.DataObject
) -> None:
    storage, ids = opened
    runs = draw.draw(st.lists(st.tuples(st.integers(0, len(ids) - 1), st.integers(1, 90)), max_size=6))
    wanted = [oid for start, length in runs for oid in ids[start : start + length]]
    assert _together(storage, wanted) == _one_by_one(storage, wanted)


@pytest.mark.parametrize("seed", range(6))
def test_reading_in_sequence_goes_on_while_others_append_pack_and_collect(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    with objstore.open(tmp_path / "store", create=True) as store, objstore.open(tmp_path / "store") as other:
        conversation = store.conversations.create("c")
        values = [_event(chance, n) for n in range(150)]
        conversation.append_many(values[:80])
        if seed % 2:
            store.repack()
        for value in values[80:]:
            conversation.append(value)
        theirs = other.conversations.open("c")
        deeds = [lambda: theirs.append("x"), other.repack, other.gc, lambda: theirs.append_many(range(40))]
        expected, seen = _events(store), list[Oid]()
        for obj in store.storage.read_many(expected):
            assert obj.kind is Kind.EVENT
            seen.append(obj.oid)
            if chance.random() < 0.1:
                chance.choice(deeds)()
        assert seen == expected
        read = list[object]()
        for value in conversation:
            read.append(value)
            if chance.random() < 0.1:
                chance.choice(deeds)()
            if len(read) == len(values):
                break
        assert read == values


def test_a_packed_event_that_is_erased_meanwhile_is_not_given(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    with objstore.open(tmp_path / "store", create=True) as store:
        store.conversations.create("c").append_many([_event(chance, n) for n in range(60)])
        store.repack()
        ids = _events(store)
        storage = store.storage
        assert isinstance(storage, LocalStorage)
        for gone in (20, 30):  # The first one in a run of neighbours, the second after packs have changed.
            reading = storage.read_many(ids[:20] + ids[21 : gone + 1] if gone > 20 else ids[: gone + 1])
            for _ in range(15):
                next(reading)
            storage.erase([ids[gone]])
            with pytest.raises(MissingObject) as caught:
                list(reading)
            assert caught.value.oid == ids[gone]


def test_a_damaged_frame_in_the_middle_is_reported_at_its_first_object_and_nothing_behind_it_is_lost(
    tmp_path: Path,
) -> None:
    chance, place = random.Random(SEED), tmp_path / "store"
    with objstore.open(place, create=True) as store:
        store.conversations.create("c").append_many([_event(chance, n) for n in range(200)])
        store.repack()
        ids = _events(store)
        whole = [store.storage.read(oid) for oid in ids]
    (path,) = (place / "packs").glob("*.pack")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.chmod(0o600)
    path.write_bytes(data)
    with closing(open_local(place)) as storage:
        each = [_one_by_one(storage, [oid])[0] for oid in ids]
        damaged = [number for number, found in enumerate(each) if found == (CorruptObject, ids[number])]
        assert 0 < len(damaged) < len(ids)
        assert [found for found in each if isinstance(found, Object)] == [
            obj for number, obj in enumerate(whole) if number not in damaged
        ]
        first, last = damaged[0], damaged[-1]
        assert _together(storage, ids) == [*whole[:first], (CorruptObject, ids[first])]
        assert _together(storage, ids[last + 1 :]) == whole[last + 1 :]
