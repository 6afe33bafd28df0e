"""`objstore access …`, `objstore tokens …`, `objstore audit …`."""

from __future__ import annotations

import pytest

import objstore
from tests.cli.calls import Calls


def test_without_anything_the_commands_say_what_is_next(call: Calls) -> None:
    assert "objstore access grant" in call("access")
    assert "objstore tokens create" in call("tokens")
    assert call.json("access") == call.json("tokens") == call.json("audit") == []


def test_a_grant_and_a_token_are_made_listed_and_taken_back(call: Calls) -> None:
    assert "no grants yet" in call("tokens", "create", "eve")
    call("access", "grant", "ada", "conversations", "append,read")
    assert call.json("access") == [{"principal": "ada", "prefix": "conversations", "verbs": ["read", "append"]}]
    (made,) = call.json(
        "tokens", "create", "ada", "--expires", "2h", "--allow", "conversations/c1:read", "--note", "ci"
    )
    with objstore.open(call.store) as store:
        caller = store.access.identify(made["token"])
        assert caller.allowed.may("read", "conversations/c1")
        assert not caller.allowed.may("append", "conversations/c1")
    listed = call("tokens")
    assert made["id"] in listed
    assert made["token"] not in listed
    assert "conversations/c1:read" in listed
    assert f"Token {made['id']} is revoked" in call("tokens", "revoke", made["id"])
    assert [each["revoked"] is None for each in call.json("tokens")] == [True, False]
    call("access", "revoke", "ada", "conversations")
    call("access", "revoke", "ada", "conversations", code=3)
    call("tokens", "revoke", "nothing", code=3)


def test_the_log_is_listed_and_verified(call: Calls) -> None:
    call("access", "grant", "ada", "", "read")
    known = call("audit", "verify").strip()
    call("access", "grant", "ada", "files", "append")
    assert [each["sequence"] for each in call.json("audit")] == [1, 2]
    assert [each["new"] for each in call.json("audit", "list", "--after", "1")] == ["files:append"]
    assert "ada  grant ada :read done" in call("audit")
    assert call("audit", "verify", "--known", known).startswith("2:")
    call("audit", "verify", "--known", f"9:{'0' * 64}", code=5)


@pytest.mark.parametrize(
    "words",
    [
        ("access", "grant", "ada", "conversations", "reed"),
        ("access", "grant", "ada", "conversations/", "read"),
        ("tokens", "create", "ada", "--expires", "soon"),
        ("tokens", "create", "ada", "--allow", "everything"),
        ("audit", "verify", "--known", "7"),
    ],
)
def test_bad_input_is_refused(call: Calls, words: tuple[str, ...]) -> None:
    call(*words, code=2)
