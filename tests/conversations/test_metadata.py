"""Title, tags and free keys: versioned with the conversation, beside its settings and never among them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import objstore
from objstore.errors import InvalidValue, MergeConflict, UnknownSetting


@pytest.fixture(params=["memory", "local"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[objstore.Store]:
    place = "memory:" if request.param == "memory" else tmp_path / "store"
    with objstore.open(place, create=True) as opened:
        yield opened


def test_metadata_is_set_read_and_taken_back_without_adding_an_event(store: objstore.Store) -> None:
    conv = store.conversations.create("c")
    first = conv.append("one")
    conv.metadata.update({"title": "Ferry times", "tags": ["travel", "v1.2"], "owner.team": {"id": 7}})
    assert (conv.metadata.title, conv.metadata.tags, len(conv)) == ("Ferry times", {"travel", "v1.2"}, 1)
    assert conv.metadata.values() == {
        "title": "Ferry times",
        "tags": ["travel", "v1.2"],
        "created": list(conv.log())[-1].time,
        "changed": conv.head.time,
        "events": 1,
        "owner.team": {"id": 7},
    }
    assert conv.at(first).metadata.title == ""
    conv.undo()
    assert "owner.team" not in conv.metadata.now()
    assert conv.metadata.get("owner.team", None) is None
    with pytest.raises(UnknownSetting):
        conv.metadata.get("owner.team")


def test_setting_what_is_there_already_makes_no_commit(store: objstore.Store) -> None:
    conv = store.conversations.create("c")
    conv.metadata.set("title", "")
    conv.metadata.remove_tags("never there")
    head = conv.head
    assert head.settings is None
    conv.metadata.set("tags", ["a"])
    head = conv.head
    conv.metadata.set("tags", ["a"])
    conv.metadata.add_tags("a")
    assert conv.head == head


def test_metadata_and_settings_do_not_see_each_other(store: objstore.Store) -> None:
    conv = store.conversations.create("c")
    conv.settings.set("title", "a setting")
    conv.metadata.update({"title": "a title", "llm.model": "m"})
    assert conv.settings.values() == {"title": "a setting"}
    assert list(conv.settings) == ["title"]
    assert len(list(conv.settings.log())) == 2
    conv.settings.set("title", "another")
    conv.settings.revert("~1")
    assert (conv.settings.get("title"), conv.metadata.title) == ("a setting", "a title")
    conv.metadata.set("title", "new")
    conv.settings.revert("~5")
    assert (conv.settings.values(), conv.metadata.title, conv.metadata.get("llm.model")) == ({}, "new", "m")
    difference = conv.diff("~6", "~0")
    assert difference.settings == []
    assert difference.metadata == {"title": (None, "new"), "llm.model": (None, "m")}


def test_metadata_goes_into_the_commit_of_a_block(store: objstore.Store) -> None:
    conv = store.conversations.create("c")
    with conv.commit("both") as draft:
        draft.append("event")
        draft.metadata.set("title", "t")
        draft.metadata.add_tags("x")
    assert draft.made == conv.head
    assert (len(list(conv.log())), conv.metadata.title, conv.metadata.tags) == (2, "t", {"x"})
    with pytest.raises(UnknownSetting):
        fail(conv)
    assert len(conv) == 1


def fail(conv: objstore.Conversation) -> None:
    with conv.commit() as draft:
        draft.append("never")
        draft.metadata.unset("nothing")


def test_forks_share_metadata_and_merge_it_key_by_key(store: objstore.Store) -> None:
    conv = store.conversations.create("c")
    conv.metadata.update({"title": "t", "tags": ["a", "b"]})
    fork = conv.fork("d")
    fork.metadata.update({"tags": ["b", "c"], "k": 1})
    conv.metadata.add_tags("d")
    conv.merge(fork)
    assert (conv.metadata.tags, conv.metadata.get("k")) == ({"b", "c", "d"}, 1)
    fork.metadata.set("title", "theirs")
    conv.metadata.set("title", "ours")
    with pytest.raises(MergeConflict) as refused:
        conv.merge(fork)
    assert refused.value.keys == ("metadata:title",)
    conv.merge(fork, prefer="theirs")
    assert conv.metadata.title == "theirs"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("title", 7),
        ("title", "x" * 1001),
        ("tags", "text"),
        ("tags", [""]),
        ("tags", ["a\nb"]),
        ("tags", [" a"]),
        ("tags", [1]),
        ("tags", None),
        ("created", 1),
        ("events", 1),
        ("not a key", 1),
        ("@about", 1),
        ("k", b"bytes"),
    ],
)
def test_what_metadata_cannot_be_is_refused_and_nothing_is_changed(key: str, value: object) -> None:
    with objstore.open("memory:") as store:
        conv = store.conversations.create("c")
        head = conv.head
        with pytest.raises(InvalidValue):
            conv.metadata.update({"fine": 1, key: value})
        assert conv.head == head


def test_a_free_key_cannot_be_a_value_and_a_group(store: objstore.Store) -> None:
    conv = store.conversations.create("c")
    conv.metadata.set("a.b", 1)
    for key in ("a", "a.b.c"):
        with pytest.raises(InvalidValue):
            conv.metadata.set(key, 1)


@given(st.sets(st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), min_size=1, max_size=8)))
def test_every_set_of_printable_tags_comes_back_as_it_was(tags: set[str]) -> None:
    with objstore.open("memory:") as store:
        conv = store.conversations.create("c")
        conv.metadata.add_tags("a", "a.b", "%2E")
        conv.metadata.set("tags", tags)
        assert conv.metadata.tags == tags
        (info,) = store.conversations.find(newest=True)
        assert info.tags == tuple(sorted(tags))
