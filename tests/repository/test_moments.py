"""Moments for callers who may see one branch alone."""

from __future__ import annotations

import pytest

import objstore
from objstore.errors import InvalidRevision, UnknownRevision
from objstore.repository.moments import Within


def test_a_moment_within_a_branch_is_found_in_every_form() -> None:
    with objstore.open("memory:") as store:
        conv = store.conversations.create("c")
        conv.append_many({"n": number} for number in range(5))
        conv.rewind(4)
        third = conv.at(3).commit
        for text in ("3", "#3", "~1", third.id, f"@{{{1}}}~2"):
            assert conv.at(Within(text)).commit.id == third.id
        assert len(conv.at(Within("@{1}"))) == 5  # what the ref was before is its own too
        assert len(conv.at(Within("now"))) == 4
        assert conv.fork("d", at=Within("2")).head.events == 2
        with pytest.raises(IndexError):
            conv.at(Within("9"))


def test_other_names_and_other_histories_ids_are_unknown_within_a_branch() -> None:
    with objstore.open("memory:") as store:
        conv, other = store.conversations.create("c"), store.conversations.create("other")
        conv.append(1)
        foreign = other.append(2).id
        assert conv.at(foreign).commit.id == foreign  # the control: without `Within` it is found
        event = other.head.event
        assert event is not None
        for text in (foreign, event.hex(), "0" * 64, "zz" * 32):
            with pytest.raises(UnknownRevision, match="no commit of this history"):
                conv.at(Within(text))
        for text in ("other", "other#1", foreign[:12], f"{foreign}~0", "c#1:x", "#1:x", "c"):
            with pytest.raises(InvalidRevision):
                conv.at(Within(text))


def test_a_tracker_tells_what_is_new_and_never_waits() -> None:
    with objstore.open("memory:") as store:
        conv = store.conversations.create("c")
        tracker = conv.track()
        assert (tracker.next(), tracker.told) == (None, 0)
        conv.append_many([1, 2])
        told = [tracker.next(), tracker.next()]
        assert [getattr(each, "value", None) for each in told] == [1, 2]
        conv.rewind(1)
        moved = tracker.next()
        assert moved is not None
        assert (getattr(moved, "how", ""), tracker.told, tracker.next()) == ("rewound", 1, None)
