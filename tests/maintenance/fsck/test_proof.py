"""Commits proved within a frame: all plain ones are, and nothing that differs in any way."""

from __future__ import annotations

from array import array
from pathlib import Path
from typing import Any

import pytest

import objstore
from objstore.maintenance.finding import Fault
from objstore.maintenance.fsck.proof import Prover
from objstore.objects.codec import decode_fields, encode_fields
from objstore.objects.commits import MAX_COMMIT_BYTES, Commit, encode_commit
from objstore.objects.kinds import Kind, Object, Oid
from objstore.storage.local.storage import LocalStorage
from refs.edits import ANY, RefEdit
from tests.repository.worlds import NOTE, World

EVENTS = 300


def chain(events: int = EVENTS) -> list[Object]:
    """Events and commits of a conversation, oldest first."""
    world = World()
    growth = world.growth(None)
    for number in range(events):
        growth.add(world.event(number), files=None, settings=None, time=world.time)
    return list(growth.objects)


def proved(objects: list[Object], redacted: set[Oid] | None = None) -> set[int]:
    """The places in a frame of these objects whose commits are proved."""
    prover = Prover(redacted or set())
    for record, obj in enumerate(objects):
        if obj.kind is Kind.EVENT:
            prover.add_event(obj.oid)
        else:
            prover.add_commit(record, obj.oid, obj.payload)
    return {record for run in prover.runs() for record in array("H", run.records)}


def test_all_commits_but_the_first_of_a_plain_chain_are_one_run() -> None:
    objects = chain()
    commits = [record for record, obj in enumerate(objects) if obj.kind is Kind.COMMIT]
    assert proved(objects) == set(commits[1:])


def test_a_chain_that_begins_in_another_frame_is_proved_from_its_second_commit_as_far_as_jumps_stay_inside() -> None:
    objects = chain()
    half = objects[len(objects) // 2 :]
    found = proved(half)
    commits = [record for record, obj in enumerate(half) if obj.kind is Kind.COMMIT]
    assert commits[0] not in found
    assert len(found) > len(commits) // 2


def test_a_commit_whose_event_is_elsewhere_or_redacted_is_left_to_the_walk() -> None:
    objects = chain(10)
    event = objects[-2]
    assert event.kind is Kind.EVENT
    last = len(objects) - 1
    assert last in proved(objects)
    assert last not in proved(objects, {event.oid})
    assert last - 1 not in proved([*objects[:-2], objects[-1]])


OTHER = b"\x07" * 32


@pytest.mark.parametrize(
    ("at", "value"),
    [
        (0, True),
        (1, []),
        (1, [OTHER]),
        (2, 12),
        (3, 12),
        (4, OTHER),
        (4, None),
        (5, "another"),
        (6, 1 << 63),
        (6, True),
        (6, "now"),
        (7, "a message"),
        (8, {"key": 1}),
        (9, OTHER),
        (9, None),
        (9, [1]),
        (10, 12),
        (11, OTHER),
        (12, OTHER),
        (13, OTHER),
        (14, b"\x07" * 16),
        (15, b"\x07" * 16),
    ],
)
def test_a_commit_that_differs_in_any_other_field_is_left_to_the_walk(at: int, value: Any) -> None:
    objects = chain(10)
    last = len(objects) - 1
    assert last in proved(objects)
    fields = decode_fields(objects[-1].payload, MAX_COMMIT_BYTES)
    assert fields[at] != value or type(fields[at]) is not type(value)
    fields[at] = value
    assert last not in proved([*objects[:-1], objects[-1]._replace(payload=encode_fields(fields))])


def test_a_commit_without_a_jump_is_never_proved_where_its_jump_would_lead_out_of_the_frame() -> None:
    objects = chain()
    half = objects[len(objects) // 2 :]
    found = proved(half)
    commits = [record for record, obj in enumerate(half) if obj.kind is Kind.COMMIT]
    left = [record for record in commits[1:] if record not in found]
    assert left
    for record in left:
        fields = decode_fields(half[record].payload, MAX_COMMIT_BYTES)
        fields[4] = None
        bare = half[record]._replace(payload=encode_fields(fields))
        assert record not in proved([*half[:record], bare])


def test_what_follows_a_commit_that_is_not_in_order_is_left_to_the_walk() -> None:
    objects = chain(10)
    fields = decode_fields(objects[-3].payload, MAX_COMMIT_BYTES)
    fields[6] = "now"
    found = proved([*objects[:-3], objects[-3]._replace(payload=encode_fields(fields)), *objects[-2:]])
    assert len(objects) - 3 not in found
    assert len(objects) - 1 not in found


@pytest.mark.parametrize("field", ["generation", "place", "events", "jump"])
def test_a_crooked_commit_in_a_pack_is_found_among_proved_ones(tmp_path: Path, field: str) -> None:
    with objstore.open(tmp_path / "s", create=True) as store:
        store.conversations.create("c").append_many([{"n": n} for n in range(40)])
        world = World(store.storage)
        head = world.branch("c").need_head()
        growth = world.growth(head)
        for number in range(3):
            growth.add(world.event(number), files=None, settings=None, time=world.time)
        commits = [obj for obj in growth.objects if obj.kind is Kind.COMMIT]
        commit = world_commit(commits[-1])
        crooked = {
            "generation": commit._replace(generation=commit.generation + 1),
            "place": commit._replace(place=commit.place + 1, generation=commit.generation + 1),
            "events": commit._replace(events=commit.events - 1),
            "jump": commit._replace(jump=commits[0].oid if commit.jump != commits[0].oid else head),
        }[field]
        obj = world.repo.hasher.object(Kind.COMMIT, encode_commit(crooked))
        store.storage.apply([*growth.objects, obj], [RefEdit("conversations/c", obj.oid, ANY)], NOTE)
        store.repack()
        findings = store.fsck().findings
        assert [(finding.fault, finding.oid) for finding in findings] == [(Fault.HISTORY, obj.oid.hex())]


def test_commits_that_lie_in_a_pack_and_in_the_journal_are_sound(tmp_path: Path) -> None:
    with objstore.open(tmp_path / "s", create=True) as store:
        store.conversations.create("c").append_many([{"n": n} for n in range(40)])
        held = [store.storage.read(oid) for oid, _, _ in store.storage.objects()]
        store.repack()
        storage = store.storage
        assert isinstance(storage, LocalStorage)
        storage.transact(lambda connection: storage.journal.insert(connection, storage.journal.encode(held)))
        report = store.fsck()
        assert report.findings == ()
        assert report.objects == 2 * len(held)
        assert report.commits == 41


def world_commit(obj: Object) -> Commit:
    """The commit of an object."""
    from objstore.objects.commits import decode_commit

    return decode_commit(obj.payload)
