"""What is too large, too slow or too much, and a server that goes on all the same."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator

import pytest

import objstore
from tests.server.servers import PATIENCE, Client, Server, open_files, serving

HEAD = "POST /main/v1/conversations/c/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that waits for nobody: see `objstore.server.limits`."""
    with serving(tmp_path_factory.mktemp("quick") / "store", "--patience", "0.3") as made:
        yield made


def until_closed(connection: socket.socket) -> bytes:
    """What comes until the other side closes."""
    connection.settimeout(PATIENCE)
    found = b""
    while True:
        try:
            piece = connection.recv(1 << 16)
        except ConnectionResetError:
            return found
        if not piece:
            return found
        found += piece


def test_a_body_that_says_it_is_too_large_is_refused_before_it_comes(server: Server, ada: Client) -> None:
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        head = f"{HEAD}Authorization: Bearer {ada.token}\r\nContent-Length: 99999999999\r\n\r\n"
        connection.sendall(head.encode())
        connection.settimeout(PATIENCE)
        assert connection.recv(1 << 16).startswith(b"HTTP/1.1 413")


def test_a_body_without_an_end_is_cut_off(server: Server, ada: Client) -> None:
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        head = f"{HEAD}Authorization: Bearer {ada.token}\r\nTransfer-Encoding: chunked\r\n\r\n"
        connection.sendall(head.encode())
        sent = 0
        piece = b"10000\r\n" + b" " * 65536 + b"\r\n"
        connection.settimeout(0.01)
        answer = b""
        while not answer and sent < 64 << 20:
            try:
                connection.settimeout(PATIENCE)
                connection.sendall(piece)
                sent += 65536
                connection.settimeout(0.001)
                answer = connection.recv(1 << 16)
            except TimeoutError:
                continue
            except (BrokenPipeError, ConnectionResetError):
                break
        assert sent < 64 << 20
    ada.ok("GET", "/me")


def test_a_stranger_cannot_have_a_body_read(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(f"{HEAD}Authorization: Bearer nobody\r\nContent-Length: 1000000\r\n\r\n".encode())
        connection.settimeout(PATIENCE)
        assert connection.recv(1 << 16).startswith(b"HTTP/1.1 401")


def test_too_many_events_and_too_long_names_are_refused(ada: Client) -> None:
    ada("POST", "/conversations", {"name": "limits"})
    assert ada("POST", "/conversations/limits/events", {"events": [1] * 1001}).status == 422
    assert ada("POST", "/conversations", {"name": "x" * 513}).status == 422
    assert ada("GET", "/conversations/limits/events", limit=1001).status == 422
    assert ada("GET", f"/conversations/{'x' * 5000}").status in (404, 414, 422)
    assert ada.events("limits") == []


def test_half_a_head_is_not_waited_for(quick: Server) -> None:
    before = open_files(quick.process.pid)
    half = [socket.create_connection(("127.0.0.1", quick.port)) for _ in range(100)]
    for connection in half:
        connection.sendall(b"GET /main/v1/me HTTP/1.1\r\nHos")
    quick.client().ok("GET", "/me")
    for connection in half:
        until_closed(connection)
        connection.close()
    end = time.monotonic() + PATIENCE
    while open_files(quick.process.pid) > before + 10:
        assert time.monotonic() < end
        time.sleep(0.05)


def test_half_a_body_is_not_waited_for(quick: Server) -> None:
    token = quick.client().token
    with socket.create_connection(("127.0.0.1", quick.port)) as connection:
        connection.sendall(f"{HEAD}Authorization: Bearer {token}\r\nContent-Length: 100\r\n\r\nabc".encode())
        connection.settimeout(PATIENCE)
        assert connection.recv(1 << 16).startswith(b"HTTP/1.1 408")


def test_unknown_paths_methods_and_parameters_are_told(server: Server, ada: Client) -> None:
    for method, path, status in (
        ("GET", "/nothing", 404),
        ("PUT", "/conversations", 405),
        ("GET", "/conversations?more=1", 422),
        ("GET", "/conversations?limit=1&limit=2", 422),
        ("GET", "/conversations?limit=x", 422),
        ("GET", "/conversations/%ff", 422),
        ("GET", "/conversations/", 404),
    ):
        answer = ada(method, path)
        assert (answer.status, answer.json["status"]) == (status, status)
        assert answer.headers["content-type"] == "application/problem+json"
    headers = {"Authorization": f"Bearer {ada.token}", "Content-Type": "text/plain"}
    assert ada.raw("POST", "/main/v1/conversations", b"{}", headers).status == 415
    assert ada.raw("GET", "/", None, {}).status == 404


def test_health_figures_and_the_document_need_no_token(server: Server, ada: Client) -> None:
    ada.ok("GET", "/me")
    assert ada.raw("GET", "/healthz", None, {}).json == {"status": "ok"}
    text = ada.raw("GET", "/metrics", None, {}).body.decode()
    assert 'objstore_requests_total{method="GET",route="/me",status="200"}' in text
    assert 'objstore_request_seconds_bucket{route="/me",le="+Inf"}' in text
    assert "ada" not in text
    assert ada.raw("GET", "/openapi.json", None, {}).json["openapi"] == "3.1.0"


def test_every_request_is_a_line_of_the_log_with_its_id(server: Server, ada: Client) -> None:
    answer = ada("GET", "/conversations/x%1b[31m")
    lines = [json.loads(line) for line in server.log.splitlines()]
    (line,) = [each for each in lines if each.get("request") == answer.headers["x-request-id"]]
    assert (line["principal"], line["route"], line["status"]) == ("ada", "/conversations/{name}", answer.status)
    assert "\x1b" not in server.log
    assert ada.token not in server.log


def test_more_than_it_can_take_is_told_to_come_again(tmp_path_factory: pytest.TempPathFactory) -> None:
    """One thread, and nobody may wait: while it is busy with one request, others are refused, and none is lost."""
    folder = tmp_path_factory.mktemp("busy") / "store"
    with serving(folder, "--threads", "1", "--waiting", "1") as server:
        ada = server.client()
        ada.append("c", {"n": -1}, create=True)
        statuses: list[int] = []
        stop = threading.Event()

        def work(number: int) -> None:
            end = time.monotonic() + PATIENCE
            while not stop.is_set() and time.monotonic() < end:
                answer = ada("POST", "/conversations/c/events", {"events": [{"n": number}]})
                statuses.append(answer.status)
                if answer.status == 503:
                    assert answer.headers["retry-after"] == "1"
                    stop.set()

        workers = [threading.Thread(target=work, args=(number,)) for number in range(12)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert 503 in statuses
        assert set(statuses) <= {201, 503}
        assert len(ada.events("c")) == 1 + statuses.count(201)


def test_told_to_stop_it_ends_what_is_under_way(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("stop") / "store"
    with serving(folder) as server:
        ada = server.client()
        ada.append("c", {"n": 0}, create=True)
        follower = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
        follower.request("GET", "/main/v1/conversations/c/follow", headers={"Authorization": f"Bearer {ada.token}"})
        stream = follower.getresponse()
        assert stream.readline() == b": following\n"
        assert server.stop() == 0
        stream.read()
        follower.close()
    with objstore.open(folder) as store:
        assert list(store.conversations.open("c")) == [{"n": 0}]
