"""Bare `objstore`."""

from __future__ import annotations

import re

import pytest

import objstore
from objstore.cli.status import ago
from objstore.maintenance.repack.auto import ROWS
from tests.cli.calls import Calls


def test_an_empty_store_leads_to_the_first_import(call: Calls) -> None:
    text = call()
    assert text.startswith(f"Store {call.store}: nothing yet\nNext: objstore import PATH")
    (found,) = call.json()
    assert found == {
        "store": str(call.store),
        "conversations": 0,
        "files": 0,
        "settings": 0,
        "tags": 0,
        "last": None,
        "next": found["next"],
        "repack_due": False,
    }


def test_it_tells_when_a_repack_is_due(call: Calls) -> None:
    with objstore.open(call.store) as store:
        store.conversations.create("a").append_many(["word"] * (ROWS // 2))
    assert call.json()[0]["repack_due"]
    assert "objstore repack" in call()
    call("repack")
    assert not call.json()[0]["repack_due"]
    assert "objstore repack" not in call()


def test_it_tells_what_there_is_what_was_last_and_leads_to_it(call: Calls) -> None:
    call.chat("a", "one")
    call.chat("b", "one")
    call("settings", "set", "user", "k", "1", "--create")
    held, last, step = call().splitlines()
    assert held.endswith(": 2 conversations, 1 settings")
    assert re.fullmatch(r"Last change: set of settings/user by ada, (just now|\d+ seconds? ago)", last)
    assert step == "Next: objstore log b"
    (found,) = call.json()
    assert set(found["last"]) == {"ref", "why", "who", "time"}
    assert found["last"]["ref"] == "settings/user"


def test_it_leads_only_to_what_is_still_there(call: Calls) -> None:
    call.chat("a", "one")
    call.chat("b", "one")
    call("conversations", "delete", "b")
    assert call.json()[0]["next"] == "objstore log a"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "just now"),
        (1, "1 second ago"),
        (59, "59 seconds ago"),
        (60, "1 minute ago"),
        (7300, "2 hours ago"),
        (9e5, "10 days ago"),
    ],
)
def test_how_long_ago(seconds: float, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: 1000_000.0 + seconds)
    assert ago(1_000_000_000_000) == words
    assert ago(9_000_000_000_000_000) == "just now"
