"""Squashing: the beginning goes, and everything that stays is what it was."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import objstore
from objstore.errors import NothingToUndo, RemoteRefused, SharedHistory, SquashedHistory
from objstore.objects.event_index import LEAF


@pytest.fixture(params=["memory", "local", "packed"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[objstore.Store]:
    place = "memory:" if request.param == "memory" else tmp_path / "store"
    with objstore.open(place, create=True, author="ada") as opened:
        conv = opened.conversations.create("c")
        conv.append_many([{"n": number} for number in range(1500)])
        conv.files.write("a.txt", b"one\n")
        conv.append({"n": 1500})
        conv.append_many([{"n": number} for number in range(1501, 1600)])
        if request.param == "packed":
            opened.repack()
        yield opened


def test_what_stays_keeps_its_ids_and_numbers_and_what_went_is_told(store: objstore.Store) -> None:
    conv = store.conversations.open("c")
    ids = [commit.id for commit in conv.log()]
    planned = conv.squash("#1500", reason="old")
    assert planned is not None
    assert (planned.first, planned.events, planned.shared) == (0, 1499, ())
    assert conv[0] == {"n": 0}
    assert conv.squash("#1500", reason="old", dry_run=False) == planned
    deleted = store.gc().deleted
    assert deleted > 2 * 1400, "commits and events of the old part"
    assert len(conv) == 1600
    assert list(conv) == conv[1499:] == [{"n": number} for number in range(1499, 1600)]
    assert conv[:] == list(conv)
    assert [entry.number for entry in conv.at("#1600").entries()] == list(range(1499, 1600))
    assert [commit.id for commit in conv.log()] == ids[:102]
    assert conv.at(1500).commit.events == 1500
    assert conv.at(1500).first == 1499
    assert conv.files.read("a.txt") == b"one\n"
    for ask in (
        lambda: conv[0],
        lambda: conv[1498],
        lambda: conv[3:1550],
        lambda: conv.at(1499),
        lambda: conv.at("~102"),
        lambda: conv.at("2001-01-01"),
        lambda: conv.rewind("#7"),
        lambda: conv.fork("f", at=12),
        lambda: conv.edit(1499, {"n": "x"}),
        lambda: conv.redact(5, reason="x"),
    ):
        with pytest.raises(SquashedHistory) as caught:
            ask()
        assert caught.value.events == 1499
        assert caught.value.commit == planned.commit
    report = store.fsck()
    assert (report.findings, report.squashed) == ((), 1)
    assert conv.squash("#1500", dry_run=False) is None


def test_it_goes_on_growing_over_the_ends_of_leaves(store: objstore.Store) -> None:
    conv = store.conversations.open("c")
    conv.squash(1500, dry_run=False)
    store.gc(thorough=True)
    conv.append_many([{"n": number} for number in range(1600, 3 * LEAF)])
    for number in range(3 * LEAF, 3 * LEAF + 40):
        conv.append({"n": number})
    again = store.conversations.open("c")
    assert [again[number] for number in range(1499, len(again), 97)] == [
        {"n": number} for number in range(1499, len(again), 97)
    ]
    assert list(again) == [{"n": number} for number in range(1499, 3 * LEAF + 40)]
    assert store.fsck().sound
    done = again.squash(3000, dry_run=False)
    assert done is not None
    assert (done.first, done.events) == (1499, 2999)
    store.gc(thorough=True)
    assert again.at("#3050").first == 2999
    assert next(iter(again)) == {"n": 2999}
    assert store.fsck().sound


def test_the_log_of_the_ref_does_not_keep_what_went(store: objstore.Store) -> None:
    conv = store.conversations.open("c")
    conv.rewind(1550)
    conv.squash(1520, dry_run=False)
    store.gc(thorough=True)
    with pytest.raises(NothingToUndo):
        conv.undo()
    conv.append({"n": "new"})
    conv.undo()
    assert len(conv) == 1550
    number = next(op.number for op in store.operations() if op.entries[0].name.startswith("squashed/"))
    with pytest.raises(NothingToUndo):
        store.undo(number)


def test_a_fork_from_before_keeps_its_beginning_and_one_from_after_has_to_agree(store: objstore.Store) -> None:
    conv = store.conversations.open("c")
    early, late = conv.fork("early", at=1200), conv.fork("late", at=1560)
    early.append({"n": "early"})
    with pytest.raises(SharedHistory) as caught:
        conv.squash(1500, dry_run=False)
    assert caught.value.names == ("late",)
    assert conv[0] == {"n": 0}
    done = conv.squash(1500, dry_run=False, with_forks=True)
    assert done is not None
    assert done.shared == ("late",)
    store.gc(thorough=True)
    assert list(early) == [*({"n": number} for number in range(1200)), {"n": "early"}]
    assert list(late) == [{"n": number} for number in range(1499, 1560)]
    assert late.diff(1550, 1560).events.added == 10
    late.append({"n": "late"})
    conv.merge(late)
    assert conv[-1] == {"n": "late"}
    for ask in (lambda: conv.merge(early), lambda: store.diff("c", "early"), lambda: early.merge(conv)):
        with pytest.raises(SquashedHistory):
            ask()
    assert store.fsck().sound
    store.conversations.delete("early")
    store.gc(thorough=True, expire_reflog=timedelta(0))
    assert [len(list(conv)), len(list(late))] == [102, 62]
    assert store.fsck().sound


def test_search_bisect_and_exports_begin_where_the_history_does(store: objstore.Store) -> None:
    conv = store.conversations.open("c")
    conv.append_many([{"role": "user", "content": f"word{number % 10}"} for number in range(100)])
    assert store.conversations.search("word3")
    conv.squash(1650, dry_run=False)
    left = [("c#1654",), ("c#1664",), ("c#1674",), ("c#1684",), ("c#1694",)]
    assert sorted(hit.places for hit in store.conversations.search("word3")) == left
    store.gc()
    assert sorted(hit.places for hit in store.conversations.search("word3")) == left
    assert conv.bisect(lambda view: len(view) < 1670).first_bad.events == 1670
    assert len("".join(conv.export("jsonl")).splitlines()) == 51


def test_another_process_sees_it(tmp_path: Path) -> None:
    place = tmp_path / "store"
    with objstore.open(place, create=True) as one, objstore.open(place) as two:
        conv = one.conversations.create("c")
        conv.append_many([{"n": number} for number in range(50)])
        other = two.conversations.open("c")
        assert next(iter(other)) == {"n": 0}
        conv.squash(40, dry_run=False)
        one.gc(thorough=True)
        assert next(iter(other)) == {"n": 39}
        assert len(list(other.log())) == 11
        with pytest.raises(SquashedHistory):
            other[3]
        other.append({"n": 50})
        assert conv[-1] == {"n": 50}
        assert two.fsck().sound


def test_it_is_not_sent_without_its_beginning_and_goes_on_where_that_is(tmp_path: Path) -> None:
    with objstore.open(tmp_path / "a", create=True) as one, objstore.open(tmp_path / "b", create=True) as two:
        conv = one.conversations.create("c")
        conv.append_many([{"n": number} for number in range(50)])
        one.remotes.add("whole", str(tmp_path / "b"))
        one.push("whole", "c")
        conv.squash(30, dry_run=False)
        one.gc(thorough=True)
        conv.append({"n": 50})
        one.push("whole", "c")
        assert list(two.conversations.open("c")) == [{"n": number} for number in range(51)]
        objstore.open(tmp_path / "c", create=True).close()
        one.remotes.add("empty", str(tmp_path / "c"))
        with pytest.raises(RemoteRefused, match="was squashed here"):
            one.push("empty", "c")
        with pytest.raises(SquashedHistory):
            one.export_bundle(tmp_path / "c.bundle", ["c"])
        with objstore.open("memory:") as moved:
            one.migrate(moved)
            assert list(moved.conversations.open("c")) == list(conv)
            assert moved.fsck().sound
        one.backup(tmp_path / "backup")
        objstore.open_backup(tmp_path / "backup").restore(tmp_path / "restored")
        with objstore.open(tmp_path / "restored") as restored:
            assert list(restored.conversations.open("c")) == list(conv)
            assert restored.fsck().sound


steps = st.lists(
    st.tuples(st.sampled_from(["append", "fork", "rewind", "squash", "gc", "repack"]), st.integers(0, 1 << 16)),
    min_size=4,
    max_size=14,
)


@settings(deadline=None, max_examples=30)
@given(steps)
def test_histories_squashed_at_random_are_what_the_model_says(moves: list[tuple[str, int]]) -> None:
    with objstore.open("memory:") as store:
        # For each conversation its events, each a number that is never used twice, and the number of those squashed.
        model: dict[str, tuple[list[int], int]] = {"c0": ([], 0)}
        store.conversations.create("c0")
        fresh = 0
        for kind, number in moves:
            name = sorted(model)[number % len(model)]
            conv, (events, first) = store.conversations.open(name), model[name]
            if kind == "append":
                more = [fresh + extra for extra in range(1 + number % 700)]
                fresh += len(more)
                conv.append_many(more)
                model[name] = ([*events, *more], first)
            elif kind in ("fork", "rewind") and len(events) > first:
                at = first + 1 + number % (len(events) - first)
                if kind == "fork":
                    name = f"c{len(model)}"
                    conv.fork(name, at=at)
                else:
                    conv.rewind(at)
                model[name] = (events[:at], first)
            elif kind == "squash" and len(events) > first:
                at = first + 1 + number % (len(events) - first)
                done = conv.squash(at, dry_run=False, with_forks=True)
                assert (done is None) == (at == first + 1)
                for other, (theirs, was) in model.items():
                    if theirs[:at] == events[:at]:
                        model[other] = (theirs, max(was, at - 1))
            elif kind == "gc":
                store.gc()
            for other, (theirs, was) in model.items():
                view = store.conversations.open(other).at(len(theirs)) if theirs else None
                if view is not None:
                    assert len(view) == len(theirs)
                    assert view.first == was
                    assert list(view) == theirs[was:]
        report = store.fsck()
        assert report.findings == ()
