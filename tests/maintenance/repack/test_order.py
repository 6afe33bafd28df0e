from __future__ import annotations

import random
from itertools import pairwise
from pathlib import Path

import objstore
from objstore.maintenance.repack.order import GROUP, groups, runs
from objstore.objects.commits import decode_commit
from objstore.objects.hashing import PLAIN_HASHER
from objstore.objects.kinds import Kind, Object, Oid


def _objects(folder: Path) -> list[Object]:
    """What two conversations that were written in turns, a fork and a workspace leave in the journal, in its order."""
    with objstore.open(folder / "store", create=True) as store:
        one, two = store.conversations.create("one"), store.conversations.create("two")
        for number in range(20):
            one.append({"n": number})
            two.append({"n": number})
        fork = one.fork("fork", at=10)
        fork.append({"n": "fork"})
        one.append({"n": "last"})
        store.files.create("ws").write("a/b.txt", b"text")
        storage = store.storage
        return [storage.read(oid) for oid, _, _ in storage.objects()]


def test_conversations_that_were_written_in_turns_stand_apart_each_event_before_its_commit(tmp_path: Path) -> None:
    chains = [run for run in runs(_objects(tmp_path)) if run[-1].kind is Kind.COMMIT]
    assert sorted(sum(obj.kind is Kind.EVENT for obj in chain) for chain in chains)[-3:] == [1, 20, 21]
    for chain in chains:
        commits = [decode_commit(obj.payload) for obj in chain if obj.kind is Kind.COMMIT]
        events = [obj.oid for obj in chain if obj.kind is Kind.EVENT]
        assert [commit.event for commit in commits if commit.event is not None] == events
        assert [commit.place for commit in commits] == [*range(commits[0].place, commits[0].place + len(commits))]
        for obj, follower in pairwise(chain):
            if obj.kind is Kind.EVENT:
                assert decode_commit(follower.payload).event == obj.oid


def test_every_object_comes_once_whatever_the_order_and_however_often_it_was_given(tmp_path: Path) -> None:
    objects = _objects(tmp_path)
    for seed in range(5):
        draw = random.Random(seed)
        mixed = draw.sample(objects, len(objects)) + draw.sample(objects, 10)
        given: list[Oid] = [obj.oid for run in runs(mixed) for obj in run]
        assert len(given) == len(set(given)), f"seed {seed}"
        assert set(given) == {obj.oid for obj in objects}, f"seed {seed}"


def test_what_should_be_a_commit_and_is_none_is_packed_like_anything_else() -> None:
    odd = PLAIN_HASHER.object(Kind.COMMIT, b"no commit")
    assert list(runs([odd])) == [[odd]]


def test_runs_are_joined_until_they_are_worth_a_base_and_cut_where_they_are_too_long() -> None:
    def blob(size: int) -> Object:
        return PLAIN_HASHER.object(Kind.BLOB, bytes(size))

    small, half, large = blob(10), blob(GROUP // 2), blob(GROUP)
    assert list(groups([[small], [half], [half], [small]], 10 * GROUP)) == [[small, half, half], [small]]
    assert list(groups([[large] * 5], 2 * GROUP)) == [[large, large], [large, large], [large]]
    assert list(groups([], GROUP)) == []
