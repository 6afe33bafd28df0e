"""Conversations over HTTP, against a real server."""

from __future__ import annotations

import pytest

import objstore
from tests.server.servers import Client, Server

EVENTS = [{"n": number, "text": "ä\U0001f600\ud800\x00", "big": 10**40} for number in range(7)]


def made(ada: Client, name: str) -> None:
    ada.ok("POST", "/conversations", {"name": name})
    ada.append(name, *EVENTS[:3])
    for event in EVENTS[3:]:
        ada.append(name, event)


def test_what_was_appended_is_read_and_is_in_the_store(ada: Client, server: Server) -> None:
    made(ada, "read")
    assert ada.events("read") == EVENTS
    page = ada.ok("GET", "/conversations/read/events", start=2, limit=3)
    assert [event["number"] for event in page["events"]] == [2, 3, 4]
    assert (page["total"], page["next"]) == (7, 5)
    with objstore.open(server.folder) as store:
        assert list(store.conversations.open("read")) == EVENTS
        assert {commit.author for commit in store.conversations.open("read").log()} == {"ada"}


def test_a_name_with_slashes_and_odd_letters_is_one_name(ada: Client) -> None:
    name = "team/ä b%2F"
    assert ada.ok("POST", "/conversations", {"name": "team/ä/events"})["name"] == "team/ä/events"
    ada.append("team/ä/events", {"x": 1})
    assert ada.events("team/ä/events") == [{"x": 1}]
    assert ada("POST", "/conversations", {"name": name}).status == 422


def test_an_append_is_pinned_to_a_head(ada: Client) -> None:
    made(ada, "pinned")
    head = ada.ok("GET", "/conversations/pinned")["commit"]["id"]
    assert ada.append("pinned", {"ok": 1}, expected_head=head)["first"] == 7
    answer = ada("POST", "/conversations/pinned/events", {"events": [{"no": 1}], "expected_head": head})
    assert (answer.status, answer.json["error"]) == (409, "MovedHead")
    assert answer.json["facts"][1] == {"hex": head}
    assert len(ada.events("pinned")) == 8


def test_an_append_makes_the_conversation_only_if_asked(ada: Client) -> None:
    assert ada("POST", "/conversations/fresh/events", {"events": [1]}).json["error"] == "UnknownConversation"
    assert ada.append("fresh", 1, 2, create=True)["head"]["events"] == 2
    assert ada("POST", "/conversations", {"name": "fresh"}).json["error"] == "ConversationExists"
    named = ada.ok("POST", "/conversations", {})["name"]
    assert ada.events(named) == []


def test_moments_forks_and_the_way_back(ada: Client) -> None:
    made(ada, "past")
    for moment in ("3", "#3", "~4"):
        assert ada.ok("GET", "/conversations/past/events", at=moment)["total"] == 3
    identity = ada.ok("GET", "/conversations/past", at="3")["commit"]["id"]
    assert ada.ok("GET", "/conversations/past", at=identity)["commit"]["events"] == 3
    assert ada.ok("POST", "/conversations/past/fork", {"name": "branch", "at": "2"})["head"]["events"] == 2
    assert ada.ok("POST", "/conversations/past/rewind", {"to": "5"})["head"]["events"] == 5
    assert ada.ok("POST", "/conversations/past/undo")["head"]["events"] == 7
    assert ada.ok("POST", "/conversations/past/redo")["head"]["events"] == 5
    assert ada.events("branch") == EVENTS[:2]


def test_the_log_is_read_page_by_page(ada: Client) -> None:
    made(ada, "log")
    seen: list[str] = []
    at: str | None = None
    while True:
        page = ada.ok("GET", "/conversations/log/log", limit=3, at=at)
        seen += [commit["id"] for commit in page["commits"]]
        at = page["next"]
        if at is None:
            break
    assert len(seen) == len(set(seen)) == 8


def test_the_list_is_read_page_by_page(ada: Client) -> None:
    names = [f"list/{number}" for number in range(5)]
    for name in names:
        ada.append(name, {"x": name}, create=True)
    found: list[str] = []
    after = ""
    while after is not None:
        page = ada.ok("GET", "/conversations", prefix="list/", limit=2, after=after)
        found += [each["name"] for each in page["conversations"]]
        after = page["next"]
    assert found == names


def test_what_was_deleted_is_gone(ada: Client) -> None:
    ada.append("gone", 1, create=True)
    assert ada("DELETE", "/conversations/gone").status == 204
    assert ada("GET", "/conversations/gone").status == 404
    assert ada("DELETE", "/conversations/gone").status == 404


def test_what_was_said_is_found(ada: Client) -> None:
    ada.append("talk", {"role": "user", "content": "the albatross flies"}, create=True)
    (hit,) = ada.ok("GET", "/search", query="albatross")["hits"]
    assert (hit["places"], hit["role"], "albatross" in hit["text"]) == (["talk#1"], "user", True)
    assert ada.ok("GET", "/search", query="albatross", prefix="other")["hits"] == []
    assert ada("GET", "/search", query="a AND").json["error"] == "InvalidQuery"


@pytest.mark.parametrize(
    ("moment", "status"),
    [
        ("99", 404),
        ("~99", 404),
        ("other#1", 422),
        ("x:y", 422),
        ("@{nonsense}", 422),
        ("0" * 64, 404),
        ("abcdefabcdef", 422),
    ],
)
def test_a_moment_that_is_not_there_is_refused(ada: Client, moment: str, status: int) -> None:
    ada("POST", "/conversations/m/events", {"events": [1], "create": True})
    assert ada("GET", "/conversations/m", at=moment).status == status


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'{"events": []}',
        b'{"events": 1}',
        b'{"events": [1], "more": 1}',
        b'{"events": [NaN]}',
        b'{"events": [1], "events": [2]}',
        b'{"events": [' + b"[" * 5000 + b"]" * 5000 + b"]}",
        b'{"events": [1], "expected_head": "zz"}',
        b"\xff",
    ],
)
def test_a_body_that_does_not_fit_is_refused_and_changes_nothing(ada: Client, body: bytes) -> None:
    ada("POST", "/conversations/strict/events", {"events": [0], "create": True})
    before = ada.events("strict")
    target = "/main/v1/conversations/strict/events"
    headers = {"Authorization": f"Bearer {ada.token}", "Content-Type": "application/json"}
    assert ada.raw("POST", target, body, headers).status == 422
    assert ada.events("strict") == before
