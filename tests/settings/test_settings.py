from __future__ import annotations

from typing import Any

import pytest

import objstore
from objstore.errors import InvalidSetting, InvalidValue, UnknownSetting, UnknownSettings
from objstore.settings.changes import UNSET
from objstore.settings.secret import Secret


@pytest.mark.parametrize("key", ["", ".", "a.", ".a", "a..b", "a b", "é", "a" * 65, ".".join("a" * 17), "@about.title"])
def test_what_is_no_key_is_refused_wherever_one_is_given(memory: objstore.Store, key: str) -> None:
    found = memory.settings.open("s", create=True)
    for use in (
        lambda: found.set(key, 1),
        lambda: found.set_secret(key, "x"),
        lambda: found.unset(key),
        lambda: found.get(key),
        lambda: found.origin(key),
        lambda: key in found,
        lambda: found.update({"good": 1, key: 1}),
    ):
        with pytest.raises(InvalidValue, match="settings key"):
            use()
    assert found.values() == {}


def test_a_key_that_is_no_text_is_refused(memory: objstore.Store) -> None:
    number: Any = 5
    with pytest.raises(InvalidValue, match="no text"):
        memory.settings.open("s", create=True).set(number, 1)


@pytest.mark.parametrize(
    ("value", "kind", "given"),
    [
        ("x", str, "x"),
        (3, int, 3),
        (3, float, 3.0),
        (2.5, float, 2.5),
        (True, bool, True),
        ([1], list, [1]),
        ({}, dict, {}),
    ],
)
def test_a_value_comes_as_the_type_that_is_asked_for(
    memory: objstore.Store, value: object, kind: type[Any], given: object
) -> None:
    found = memory.settings.open("s", create=True)
    found.set("k", value)
    got = found.get("k", kind=kind)
    assert (got, type(got)) == (given, type(given))
    assert found.at("~0").get("k", kind=kind) == given


@pytest.mark.parametrize(
    ("value", "kind", "words"),
    [
        ("3", int, "is text; asked for was an integer"),
        (True, int, "is true or false; asked for was an integer"),
        (True, float, "is true or false; asked for was a number"),
        (1, bool, "is an integer; asked for was true or false"),
        (None, str, "is null; asked for was text"),
        ("x", Secret, "is text; asked for was a secret"),
    ],
)
def test_a_value_of_another_type_is_refused_with_its_key(
    memory: objstore.Store, value: object, kind: type[Any], words: str
) -> None:
    found = memory.settings.open("s", create=True)
    found.set("a.k", value)
    with pytest.raises(InvalidSetting) as caught:
        found.get("a.k", kind=kind)
    assert str(caught.value) == f"setting a.k: {words}"
    assert found.get("nothing", None, kind=kind) is None


def test_a_diff_tells_values_and_masks_secrets(memory: objstore.Store) -> None:
    found = memory.settings.open("s", create=True)
    found.update({"a": 1, "b": None})
    with found.commit() as draft:
        draft.set("a", 2)
        draft.unset("b")
        draft.set_secret("c", "canary")
    changes = found.diff("~1", "~0")
    assert [(change.key, change.verb, change.old) for change in changes] == [
        ("a", "changed", 1),
        ("b", "unset", None),
        ("c", "set", UNSET),
    ]
    assert changes[1].new is UNSET
    assert changes[2].new.reveal() == "canary"
    assert "canary" not in repr(changes)
    assert found.diff("~0", "~0") == []


def test_a_title_and_tags_of_a_conversation_are_no_settings(memory: objstore.Store) -> None:
    conv = memory.conversations.open("c", create=True)
    conv.settings.set("a", 1)
    conv.metadata.set("title", "A title")
    assert conv.settings.values() == {"a": 1}
    assert list(conv.settings) == ["a"]
    assert list(conv.settings.resolve()) == ["a"]
    assert conv.settings.diff("~1", "~0") == []
    assert len(list(conv.settings.log())) == 2
    side = conv.fork("d")
    side.settings.set("b", 2)
    side.metadata.set("title", "Another")
    conv.metadata.set("title", "Mine")
    conv.settings.merge(side.settings)
    assert (conv.settings.values(), conv.metadata.title) == ({"a": 1, "b": 2}, "Mine")
    conv.settings.revert("~1")
    assert (conv.settings.values(), conv.metadata.title) == ({"a": 1}, "Mine")


def test_settings_that_are_gone_are_unknown(memory: objstore.Store) -> None:
    found = memory.settings.open("s", create=True)
    memory.settings.delete("s")
    for use in (found.resolve, found.values, found.layer, lambda: found.get("a"), lambda: found.set("a", 1)):
        with pytest.raises(UnknownSettings):
            use()


def test_undo_and_redo_take_settings_and_secrets_along(memory: objstore.Store) -> None:
    found = memory.settings.open("s", create=True)
    found.set_secret("k", "one")
    found.set_secret("k", "two")
    found.undo()
    assert found.get("k").reveal() == "one"
    found.redo()
    assert found.get("k").reveal() == "two"
    assert found.at("~1").get("k").reveal() == "one"
    found.revert("~2")
    with pytest.raises(UnknownSetting):
        found.get("k")
