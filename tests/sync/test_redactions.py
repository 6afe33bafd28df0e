"""Redactions travel in bundles: they keep content away, and take it away only where that was asked for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import objstore
from objstore.errors import CorruptObject, RedactedEvent, RemoteRefused
from objstore.objects.kinds import Oid
from objstore.objects.tombstones import tombstone_ref
from objstore.opening import clone
from objstore.sync.redactions import take_redactions
from refs.edits import ANY, Note, RefEdit


@pytest.fixture(params=["memory", "local"])
def places(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[objstore.Store, objstore.Store]]:
    local = request.param == "local"
    with (
        objstore.open(tmp_path / "one" if local else "memory:", create=True) as one,
        objstore.open(tmp_path / "two" if local else "memory:", create=True) as two,
    ):
        conv = one.conversations.create("c")
        conv.append_many([{"content": f"event number{number}"} for number in range(1100)])
        one.conversations.create("else").append({"n": "else"})
        yield one, two


def is_redacted(store: objstore.Store, name: str, number: int) -> bool:
    try:
        store.conversations.open(name)[number]
    except RedactedEvent:
        return True
    return False


def test_what_was_redacted_before_the_bundle_is_redacted_where_it_arrives(
    places: tuple[objstore.Store, objstore.Store], tmp_path: Path
) -> None:
    one, two = places
    conv = one.conversations.open("c")
    (record,) = conv.redact(5, reason="why")
    one.conversations.open("else").redact(0, reason="not theirs")
    assert tombstone_ref(record.event) in one.export_bundle(tmp_path / "b", ["c"]).refs
    done = two.import_bundle(tmp_path / "b")
    assert [(ref.name, ref.outcome) for ref in done.refs] == [
        ("conversations/c", "made"),
        (tombstone_ref(record.event), "made"),
    ]
    assert list(two.redactions()) == [record]
    assert list(two.conversations.open("c")) == list(conv)
    assert is_redacted(two, "c", 5)
    assert list(two.check()) == []
    assert {ref.outcome for ref in two.import_bundle(tmp_path / "b").refs} == {"same"}


def test_no_bundle_brings_back_what_was_redacted_here(
    places: tuple[objstore.Store, objstore.Store], tmp_path: Path
) -> None:
    one, two = places
    one.export_bundle(tmp_path / "b", ["c"])
    two.import_bundle(tmp_path / "b")
    two.conversations.open("c").redact(5, reason="")
    two.import_bundle(tmp_path / "b", prefix="again/")
    assert is_redacted(two, "c", 5)
    assert is_redacted(two, "again/c", 5)
    assert list(two.check()) == []
    two.export_bundle(tmp_path / "back", ["again/c"])
    assert is_redacted(two, "c", 5)


def test_content_that_is_here_goes_only_if_that_is_asked_for(
    places: tuple[objstore.Store, objstore.Store], tmp_path: Path
) -> None:
    one, two = places
    one.export_bundle(tmp_path / "before", ["c"])
    two.import_bundle(tmp_path / "before")
    assert len(two.conversations.search("number1099")) == 1
    one.conversations.open("c").append({"n": "new"})
    (record,) = one.conversations.open("c").redact(1099, reason="why")
    one.export_bundle(tmp_path / "after", ["c"], since=["c~1"])  # the event is older than what goes along
    done = two.import_bundle(tmp_path / "after")
    assert [ref.outcome for ref in done.refs] == ["moved", "offered"]
    assert two.conversations.open("c")[1099] == {"content": "event number1099"}
    done = two.import_bundle(tmp_path / "after", redact=True)
    assert [ref.outcome for ref in done.refs] == ["same", "made"]
    assert is_redacted(two, "c", 1099)
    assert list(two.redactions()) == [record]
    assert two.conversations.search("number1099") == []
    assert list(two.check()) == []


def test_a_bundle_without_an_event_needs_its_tombstone(
    places: tuple[objstore.Store, objstore.Store], tmp_path: Path
) -> None:
    one, two = places
    conv = one.conversations.open("c")
    (record,) = conv.redact(5, reason="why")
    head = conv.head.oid
    with pytest.raises(CorruptObject, match="tombstone"):
        take_redactions(one._repo, {record.event: head})
    other = one.view("c#3").commit.event
    assert other is not None
    tombstone = one.refs.get(tombstone_ref(record.event))
    assert tombstone is not None
    with pytest.raises(CorruptObject, match="another event"):
        take_redactions(one._repo, {other: Oid(tombstone.value)})
    assert list(two.redactions()) == []


def test_an_edit_that_carried_the_event_takes_the_tombstone_along(
    places: tuple[objstore.Store, objstore.Store], tmp_path: Path
) -> None:
    one, two = places
    conv = one.conversations.open("c")
    conv.edit(3, {"n": "instead"}, "edited", carry=True)
    conv.redact(5, reason="why")
    one.export_bundle(tmp_path / "b", ["edited"])
    two.import_bundle(tmp_path / "b")
    assert is_redacted(two, "edited", 5)
    assert list(two.check()) == []


def test_no_pull_brings_back_what_was_redacted_here(tmp_path: Path) -> None:
    with objstore.open(tmp_path / "one", create=True) as one, objstore.open(tmp_path / "two", create=True) as two:
        conv = one.conversations.create("c")
        conv.append_many([{"n": number} for number in range(10)])
        two.remotes.add("origin", str(tmp_path / "one"))
        two.pull("origin", "conversations/c")
        two.conversations.open("c").redact(5, reason="")
        two.conversations.delete("c")
        for name in [ref.name for ref in two.refs.find("remotes/origin/conversations")]:
            two.storage.apply((), [RefEdit(name, None, ANY)], Note("x", "", 0))
        conv.append({"n": 10})
        one.conversations.open("c").edit(9, {"n": "other"}, "d", carry=True)
        conv.fork("e", at=8).append({"n": "e"})
        two.pull("origin", "conversations/c", "conversations/d", "conversations/e")
        for name in ("c", "d", "e"):
            assert is_redacted(two, name, 5)
        assert list(two.check()) == []


def test_a_clone_takes_redactions_along(tmp_path: Path) -> None:
    with objstore.open(tmp_path / "one", create=True) as one:
        conv = one.conversations.create("c")
        conv.append_many([{"n": number} for number in range(1100)])
        (record,) = conv.redact(5, reason="why")
        conv.fork("d", at=8).append({"n": "d"})
        one.conversations.create("else").append({"n": "else"})
        one.conversations.open("else").redact(0, reason="theirs")
        with clone(one.place, tmp_path / "two") as two:
            assert record in list(two.redactions())
            assert list(two.redactions()) == list(one.redactions())
            assert list(two.conversations.open("c")) == list(conv)
            assert is_redacted(two, "d", 5)
            assert list(two.check()) == []


def test_what_was_redacted_before_a_push_is_redacted_where_it_arrives_and_later_appends_follow(tmp_path: Path) -> None:
    with objstore.open(tmp_path / "one", create=True) as one, objstore.open(tmp_path / "two", create=True) as two:
        conv = one.conversations.create("c")
        conv.append_many([{"n": number} for number in range(10)])
        (record,) = conv.redact(5, reason="why")
        one.remotes.add("other", str(tmp_path / "two"))
        one.push("other", "conversations/c")
        assert list(two.redactions()) == [record]
        conv.append({"n": 10})
        one.push("other", "conversations/c")
        assert list(two.conversations.open("c")) == list(conv)
        two.remotes.add("origin", str(tmp_path / "one"))
        two.conversations.open("c").append({"n": 11})
        two.push("origin", "conversations/c")
        assert conv[-1] == {"n": 11}
        for store in (one, two):
            assert list(store.check()) == []


def test_a_pull_takes_nothing_away_and_a_push_gets_at_nothing_by_a_tombstone(tmp_path: Path) -> None:
    with objstore.open(tmp_path / "one", create=True) as one, objstore.open(tmp_path / "two", create=True) as two:
        one.conversations.create("c").append_many([{"n": number} for number in range(10)])
        one.export_bundle(tmp_path / "b", ["c"])
        two.import_bundle(tmp_path / "b", prefix="theirs/")
        one.conversations.open("c").redact(5, reason="why")
        one.remotes.add("other", str(tmp_path / "two"))
        with pytest.raises(RemoteRefused, match="is still here"):
            one.push("other", "conversations/c")
        assert [info.name for info in two.conversations.find()] == ["theirs/c"]
        two.remotes.add("origin", str(tmp_path / "one"))
        two.pull("origin", "conversations/c")
        assert two.conversations.open("c")[5] == {"n": 5}
        assert list(two.redactions()) == []
        for store in (one, two):
            assert list(store.check()) == []
