"""Nothing acknowledged is lost and nothing is there twice: under concurrency, and when the server is killed."""

from __future__ import annotations

import http.client
import threading
from pathlib import Path

import pytest

import objstore
from tests.server.servers import Client, Server, serving


def appended_until_dead(client: Client, name: str, number: int, done: list[tuple[int, int]]) -> None:
    """Append until the server is gone; `done` gets what was acknowledged."""
    count = 0
    while True:
        try:
            answer = client("POST", f"/conversations/{name}/events", {"events": [{"who": number, "n": count}]})
        except (OSError, http.client.HTTPException):
            return
        if answer.status == 201:
            done.append((number, count))
        count += 1


def test_many_clients_append_at_once_and_every_event_is_there_once(server: Server, ada: Client) -> None:
    ada.append("all", {"who": -1, "n": 0}, create=True)
    each, clients = 15, 8

    def work(number: int) -> None:
        client = Client(server.port, ada.token)
        client.kept = http.client.HTTPConnection("127.0.0.1", server.port)
        for count in range(each):
            client.append("all", {"who": number, "n": count})
        client.kept.close()

    workers = [threading.Thread(target=work, args=(number,)) for number in range(clients)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    events = [(event["who"], event["n"]) for event in ada.events("all")[1:]]
    assert sorted(events) == [(number, count) for number in range(clients) for count in range(each)]
    for number in range(clients):
        assert [count for who, count in events if who == number] == list(range(each))


def test_pinned_appends_of_many_clients_all_land_in_the_order_of_their_pins(server: Server, ada: Client) -> None:
    ada.append("pins", {"n": 0}, create=True)
    landed: list[str] = []

    def work() -> None:
        for _ in range(5):
            while True:
                head = ada.ok("GET", "/conversations/pins")["commit"]["id"]
                body = {"events": [{"on": head}], "expected_head": head}
                answer = ada("POST", "/conversations/pins/events", body)
                if answer.status == 201:
                    landed.append(head)
                    break
                assert answer.json["error"] == "MovedHead"

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    commits = ada.ok("GET", "/conversations/pins/log", limit=1000)["commits"]
    parents = [commit["parents"][0] for commit in reversed(commits[:-2])]
    assert [event["on"] for event in ada.events("pins")[1:]] == parents
    assert sorted(landed) == sorted(parents)


@pytest.mark.slow
def test_a_killed_server_has_lost_nothing_that_it_acknowledged(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    acknowledged: list[tuple[int, int]] = []
    for round_ in range(3):
        with serving(folder) as server:
            ada = server.client()
            ada("POST", "/conversations", {"name": "c"})
            done: list[tuple[int, int]] = []
            workers = [
                threading.Thread(target=appended_until_dead, args=(ada, "c", 10 * round_ + number, done))
                for number in range(4)
            ]
            for worker in workers:
                worker.start()
            while len(done) < 40:
                workers[0].join(0.01)
            server.kill()
            for worker in workers:
                worker.join()
            acknowledged += done
    with objstore.open(folder) as store:
        events = [(event["who"], event["n"]) for event in store.conversations.open("c")]
        assert len(events) == len(set(events))
        assert set(acknowledged) <= set(events)
        # Beyond what was acknowledged there is at most what each client had under way when the server died.
        assert len(events) <= len(acknowledged) + 12
        assert list(store.check()) == []
