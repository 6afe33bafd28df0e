"""News of a conversation: server-sent events and long polls."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import objstore
from tests.server.servers import PATIENCE, Client, Server


@contextmanager
def following(
    client: Client, name: str, after: int | None = None, last: str = ""
) -> Iterator[Iterator[tuple[str, Any]]]:
    """The events of a stream, as (kind, data)."""
    connection = http.client.HTTPConnection("127.0.0.1", client.port, timeout=PATIENCE)
    headers = {"Authorization": f"Bearer {client.token}"} | ({"Last-Event-ID": last} if last else {})
    query = "" if after is None else f"?after={after}"
    connection.request("GET", f"/main/v1/conversations/{name}/follow{query}", headers=headers)
    answer = connection.getresponse()
    assert answer.status == 200
    assert answer.getheader("content-type", "").startswith("text/event-stream")

    def told() -> Iterator[tuple[str, Any]]:
        kind = ""
        while line := answer.readline():
            if line.startswith(b"event: "):
                kind = line[7:].strip().decode()
            elif line.startswith(b"data: "):
                yield kind, json.loads(line[6:])

    try:
        yield told()
    finally:
        connection.close()


def test_events_come_as_they_are_appended_by_whomever(ada: Client, server: Server) -> None:
    ada.append("news", {"n": 0}, {"n": 1}, create=True)
    with following(ada, "news", 1) as told:
        assert next(told)[1]["value"] == {"n": 1}
        ada.append("news", {"n": 2})
        kind, data = next(told)
        assert (kind, data["number"], data["value"], data["author"]) == ("event", 2, {"n": 2}, "ada")
        with objstore.open(server.folder, author="bob") as store:  # another process's write is news too
            store.conversations.open("news").append({"n": 3})
        assert next(told)[1]["author"] == "bob"


def test_a_stream_goes_on_behind_the_last_event_that_was_seen(ada: Client) -> None:
    ada.append("resumed", *[{"n": number} for number in range(5)], create=True)
    with following(ada, "resumed", 0, last="2") as told:
        assert [next(told)[1]["number"] for _ in range(2)] == [3, 4]


def test_a_rewind_and_a_deletion_are_told(ada: Client) -> None:
    ada.append("moved", *[{"n": number} for number in range(5)], create=True)
    with following(ada, "moved") as told:
        ada.ok("POST", "/conversations/moved/rewind", {"to": "2"})
        kind, data = next(told)
        assert (kind, data["how"], data["events"], data["dropped"]) == ("moved", "rewound", 2, 3)
        assert data["head"]["events"] == 2
        assert ada("DELETE", "/conversations/moved").status == 204
        assert next(told)[1]["how"] == "deleted"


def test_a_stream_ends_when_its_token_is_revoked(server: Server, ada: Client) -> None:
    ada.append("closed", {"n": 0}, create=True)
    with objstore.open(server.folder) as store:
        text, made = store.access.create_token("ada")
        with following(Client(server.port, text), "closed", 0) as told:
            next(told)
            store.access.revoke_token(made.id)
            ada.append("closed", {"n": 1})
            assert list(told) == []


def test_a_long_poll_answers_when_there_is_something(ada: Client) -> None:
    ada.append("poll", {"n": 0}, create=True)
    assert ada.ok("GET", "/conversations/poll/wait", after=1, seconds=0)["events"] == []
    assert [each["number"] for each in ada.ok("GET", "/conversations/poll/wait", after=0)["events"]] == [0]
    found: list[Any] = []

    def wait() -> None:
        page: Any = {"events": []}
        while not page["events"]:
            page = ada.ok("GET", "/conversations/poll/wait", after=1, seconds=60)
        found.append(page)

    waiter = threading.Thread(target=wait)
    waiter.start()
    ada.append("poll", {"n": 1})
    waiter.join(PATIENCE)
    assert [each["value"] for each in found[0]["events"]] == [{"n": 1}]


def test_many_follow_at_once(ada: Client) -> None:
    """More than the server has threads, and more than the system has inotify instances."""
    ada.append("crowd", {"n": 0}, create=True)
    connections = []
    for _ in range(150):
        connection = http.client.HTTPConnection("127.0.0.1", ada.port, timeout=PATIENCE)
        connection.request(
            "GET", "/main/v1/conversations/crowd/follow", headers={"Authorization": f"Bearer {ada.token}"}
        )
        answer = connection.getresponse()
        assert answer.readline() == b": following\n"
        connections.append((connection, answer))
    ada.append("crowd", {"n": 1})
    for connection, answer in connections:
        while not (line := answer.readline()).startswith(b"data: "):
            assert line
        assert json.loads(line[6:])["value"] == {"n": 1}
        connection.close()
