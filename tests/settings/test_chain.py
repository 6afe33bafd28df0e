from __future__ import annotations

import pytest

import objstore
from objstore.errors import InvalidRefName, InvalidSetting, InvalidValue, UnknownSetting


def test_scopes_inherit_from_the_general_to_the_special_and_to_a_conversation(memory: objstore.Store) -> None:
    general = memory.settings.open("global", create=True)
    user = memory.settings.open("user", create=True)
    conv = memory.conversations.open("c", create=True)
    general.update({"llm.model": "small", "llm.tries": 3, "theme": "light"})
    user.update({"llm.model": "large"})
    conv.settings.set("theme", "dark")
    chain = memory.settings.chain("global", "user", conv.settings)
    assert chain.values() == {"llm.model": "large", "llm.tries": 3, "theme": "dark"}
    assert {key: each.scope for key, each in chain.resolve().items()} == {
        "llm.model": "settings/user",
        "llm.tries": "settings/global",
        "theme": "conversations/c",
    }
    conv.rewind("~1")
    assert chain.get("theme") == "light"
    conv.undo()
    user.unset("llm.model")
    assert chain.get("llm.model", kind=str) == "small"
    assert ("theme" in chain, "nothing" in chain, chain.get("nothing", 7)) == (True, False, 7)


def test_a_scope_that_is_made_later_counts_from_then_on(memory: objstore.Store) -> None:
    chain = memory.settings.chain("global", "user")
    assert chain.values() == {}
    memory.settings.open("user", create=True).set("a", 1)
    assert chain.values() == {"a": 1}
    memory.settings.delete("user")
    assert chain.values() == {}


def test_the_origin_of_a_value_is_the_scope_and_commit_that_set_it(memory: objstore.Store) -> None:
    general = memory.settings.open("global", create=True)
    conv = memory.conversations.open("c", create=True)
    general.set("a", 1)
    wanted = next(general.log())
    general.set("b", 1)
    conv.settings.set("b", 2)
    for number in range(20):
        conv.append(number)
    chain = memory.settings.chain("global", conv.settings)
    assert chain.origin("a") == (chain.scopes[0], wanted)
    scope, commit = chain.origin("b")
    assert (scope.scope, commit.events) == ("conversations/c", 0)
    with pytest.raises(UnknownSetting):
        chain.origin("c")


def test_the_origin_is_the_last_commit_that_changed_the_value(memory: objstore.Store) -> None:
    found = memory.settings.open("s", create=True)
    for value in (1, 2, 1, 1):
        found.set("a", value)
        found.set("other", value)
    log = list(found.log())
    assert found.origin("a").oid == log[1].oid  # a was 2, then 1; setting it to 1 again made no commit
    found.unset("a")
    with pytest.raises(UnknownSetting):
        found.origin("a")


def test_shapes_of_later_scopes_win(memory: objstore.Store) -> None:
    memory.settings.open("one", create=True).update({"a.b": 1, "c": 2, "d.e.f": 3})
    memory.settings.open("two", create=True).update({"a": 4, "c.x.y": 5, "d.e.g": 6})
    assert memory.settings.chain("one", "two").values() == {"a": 4, "c.x.y": 5, "d.e.f": 3, "d.e.g": 6}
    assert memory.settings.chain("two", "one").values() == {"a.b": 1, "c": 2, "d.e.f": 3, "d.e.g": 6}


def test_names_and_keys_and_kinds_are_checked(memory: objstore.Store) -> None:
    memory.settings.open("s", create=True).set("a", True)
    chain = memory.settings.chain("s")
    with pytest.raises(InvalidRefName):
        memory.settings.chain("a//b")
    with pytest.raises(InvalidValue):
        chain.get("a b")
    with pytest.raises(InvalidSetting, match="setting a: is true or false; asked for was an integer"):
        chain.get("a", kind=int)
    with pytest.raises(UnknownSetting):
        chain.get("b")
