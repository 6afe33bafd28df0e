from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import objstore
from objstore.errors import MergeConflict
from objstore.settings.settings import Settings
from tests.settings.models import clash, keys, same, settings_of, shaped

Changes = dict[str, Any]
_GONE = object()
changes_of = st.dictionaries(keys, st.just(_GONE) | st.integers(0, 2), max_size=5)


def changed(base: dict[str, Any], changes: Changes) -> dict[str, Any]:
    """A side: the base with some changes that can be made to it."""
    found = dict(base)
    for key, value in changes.items():
        if value is _GONE:
            found.pop(key, None)
        elif not any(clash(key, other) for other in found):
            found[key] = value
    return found


def put(to: Settings, wanted: dict[str, Any]) -> None:
    with to.commit() as draft:
        for key in to:
            if key not in wanted:
                draft.unset(key)
        draft.update(wanted)


def model(base: dict[str, Any], ours: dict[str, Any], theirs: dict[str, Any]) -> tuple[dict[str, Any], set[str]]:
    """Three-way merge of dicts, and the keys in conflict."""
    merged, conflicts = dict(ours), set[str]()
    for key in base.keys() | ours.keys() | theirs.keys():
        was, mine, other = (side.get(key, _GONE) for side in (base, ours, theirs))
        if other is was or (other is not _GONE and was is not _GONE and same(other, was)):
            continue
        if mine is was or (mine is not _GONE and was is not _GONE and same(mine, was)):
            if other is _GONE:
                merged.pop(key, None)
            else:
                merged[key] = other
        elif not (mine is other or (mine is not _GONE and other is not _GONE and same(mine, other))):
            conflicts.add(key)
    for key in theirs:
        for other in ours:
            if clash(key, other) and key in merged and other in merged:
                conflicts |= {key, other}
    return dict(sorted(merged.items())), conflicts


@settings(deadline=None, max_examples=200)
@given(settings_of, changes_of, changes_of, st.sampled_from(["settings", "conversations"]))
def test_a_merge_is_that_of_the_dicts_by_key(base: dict[str, Any], one: Changes, two: Changes, space: str) -> None:
    ours, theirs = changed(base, one), changed(base, two)
    expected, conflicts = model(base, ours, theirs)
    with objstore.open("memory:") as store:
        if space == "settings":
            left = store.settings.open("left", create=True)
            put(left, base)
            right = store.settings.open("right", create=True)
            right.merge(left)
        else:
            conv = store.conversations.open("left", create=True)
            left = conv.settings
            put(left, base)
            right = conv.fork("right").settings
        assert same(right.values(), dict(sorted(base.items())))
        put(left, ours)
        put(right, theirs)
        if conflicts:
            with pytest.raises(MergeConflict) as caught:
                left.merge(right)
            assert caught.value.keys == tuple(sorted(conflicts))
            assert same(left.values(), dict(sorted(ours.items())))
            for prefer, side in (("ours", ours), ("theirs", theirs)):
                left.merge(right, prefer=prefer)
                found = left.values()
                assert same(shaped(found), found)
                assert all(key not in side or same(found.get(key, _GONE), side[key]) for key in conflicts)
                left.undo()
        else:
            left.merge(right)
            assert same(left.values(), expected)


def test_a_second_merge_of_the_same_has_nothing_to_do(memory: objstore.Store) -> None:
    user, project = (memory.settings.open(name, create=True) for name in ("user", "project"))
    user.set("a", 1)
    project.set("b", 2)
    head = user.merge(project)
    assert user.merge(project) == head
    assert user.merge("settings/project") == head
    project.merge(user)
    assert next(project.log()).oid == head.oid  # our history is the beginning of theirs


def test_settings_taken_from_a_conversation_leave_its_events_where_they_are(memory: objstore.Store) -> None:
    user = memory.settings.open("user", create=True)
    conv = memory.conversations.open("c", create=True)
    conv.append("event")
    conv.settings.set("a", 1)
    merged = user.merge(conv.settings)
    assert (user.values(), merged.events, len(merged.parents)) == ({"a": 1}, 0, 1)
    other = memory.conversations.open("d", create=True)
    assert other.settings.merge(conv.settings).events == 0
    other.merge(conv)
    assert (list(other), other.settings.values()) == (["event"], {"a": 1})


def test_a_side_that_is_none_is_refused(memory: objstore.Store) -> None:
    user = memory.settings.open("user", create=True)
    side: Any = "mine"
    with pytest.raises(ValueError, match="prefer"):
        user.merge("~0", prefer=side)
