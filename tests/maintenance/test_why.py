"""What keeps an object is told truly: every step names the next, and the first is what the root holds."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

import objstore
from objstore.errors import UnknownRevision
from objstore.maintenance.why import Kept
from objstore.objects.kinds import Kind, Oid
from objstore.store import Store
from refs.edits import Note
from tests.maintenance.histories import everything, history, log_values, names_of, reach


def check(store: Store, oid: Oid, kept: Kept) -> None:
    way = [Oid(bytes.fromhex(step.oid)) for step in kept.path]
    assert way[-1] == oid
    assert way[0] in log_values(store)
    for one, other in pairwise(way):
        assert other in names_of(store.storage.read(one))
    assert [step.kind for step in kept.path] == [store.storage.read(step).kind.name.lower() for step in way]


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("place", ["memory:", "store"])
def test_every_object_is_kept_by_what_is_said(tmp_path: Path, place: str, seed: int) -> None:
    with history(place if place == "memory:" else str(tmp_path / place), seed, 15) as store:
        wanted = reach(store.storage, log_values(store))
        for oid in sorted(wanted)[::9]:
            kept = store.why(oid.hex())
            assert kept.root
            check(store, oid, kept)
        for oid in sorted(everything(store) - wanted)[:3]:
            assert store.why(oid.hex()).root == ""


def test_a_log_keeps_what_no_ref_does() -> None:
    with objstore.open("memory:", create=True) as store:
        conversation = store.conversations.create("c")
        conversation.append("kept")
        lost = conversation.append("lost").oid
        assert store.why(lost.hex()).root == "conversations/c"
        conversation.rewind(1)
        kept = store.why(lost.hex()[:12])
        assert kept.root.startswith("the log of conversations/c, before operation")
        check(store, lost, kept)
        with pytest.raises(UnknownRevision):
            store.why("0" * 64)


def test_garbage_is_kept_by_nothing() -> None:
    with objstore.open("memory:", create=True) as store:
        obj = store.storage.hasher.object(Kind.BLOB, b"garbage")
        store.storage.apply([obj], (), Note("t", "t", 1))
        assert store.why(obj.oid.hex()) == Kept("", [(obj.oid.hex(), "blob")])


def test_a_reader_sees_what_keeps_an_object_that_lies_in_the_intake(tmp_path: Path) -> None:
    with objstore.open(tmp_path / "store", create=True) as store:
        moment = store.conversations.create("c").append("fresh")
        with objstore.open(tmp_path / "store", read_only=True) as reader:
            kept = reader.why(moment.oid.hex())
            assert kept.root == "conversations/c"
            check(reader, moment.oid, kept)
