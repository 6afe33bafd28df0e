"""A real server: a child process on 127.0.0.1, a port that is free, and requests to it."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

import objstore
from objstore.sync.service import CONTENT_TYPE
from tests.cli.programs import surroundings

PATIENCE = 120
ALL = ("read", "create", "append", "force", "delete")


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class Client:
    """Requests of one token to one tenant, each on a connection of its own unless `kept`."""

    def __init__(self, port: int, token: str, tenant: str = "main") -> None:
        self.port = port
        self.token = token
        self.tenant = tenant
        self.kept: http.client.HTTPConnection | None = None

    def __call__(self, method: str, path: str, value: object = None, /, **query: object) -> Answer:
        """The answer to a request; `path` is behind /v1, `value` is sent as JSON, bytes as they are."""
        given = {name: text for name, text in query.items() if text is not None}
        target = f"/{self.tenant}/v1{path}" + (f"?{urlencode(given)}" if given else "")
        headers = {"Authorization": f"Bearer {self.token}"}
        body = value if isinstance(value, bytes) or value is None else json.dumps(value).encode()
        if value is not None and not isinstance(value, bytes):
            headers["Content-Type"] = "application/json"
        return self.raw(method, target, body, headers)

    def raw(self, method: str, target: str, body: Any, headers: Mapping[str, str]) -> Answer:
        """The answer to a request as it is given."""
        connection = self.kept or http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, target, body, dict(headers))
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, found, answer.read())
        finally:
            if self.kept is None:
                connection.close()

    def sync(self, pieces: Iterable[bytes]) -> Answer:
        """The answer to one request of the sync protocol, sent piece by piece."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": CONTENT_TYPE}
        return self.raw("POST", f"/{self.tenant}/sync", iter(pieces), headers)

    def ok(self, method: str, path: str, value: object = None, /, **query: object) -> Any:
        """The JSON of an answer that must not be an error."""
        answer = self(method, path, value, **query)
        assert answer.status < 300, answer
        return answer.json if answer.body else None

    def append(self, name: str, *events: object, **facts: object) -> Any:
        """Append events."""
        return self.ok("POST", f"/conversations/{quote(name, safe='')}/events", {"events": list(events), **facts})

    def events(self, name: str) -> list[Any]:
        """All events of a conversation."""
        found: list[Any] = []
        start: int | None = 0
        while start is not None:
            page = self.ok("GET", f"/conversations/{quote(name, safe='')}/events", start=start, limit=1000)
            found += [event["value"] for event in page["events"]]
            start = page["next"]
        return found


class Server:
    """A child process that serves stores. `log` is its standard error so far."""

    def __init__(self, folder: Path, *options: str, root: bool = False) -> None:
        self.folder = folder
        self.log_file = folder.parent / f"{folder.name}.log"
        where = ["serve", "--root", str(folder)] if root else ["--store", str(folder), "serve"]
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "objstore.cli.main", "--json", *where, "--port", "0", *options],
                stdout=subprocess.PIPE,
                stderr=log,
                env=surroundings({"OBJSTORE_KEYS": str(folder.parent / "keys")}),
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.log
        self.url: str = json.loads(line)["url"]
        self.port = int(self.url.rpartition(":")[2])

    @property
    def log(self) -> str:
        """What the server has said."""
        return self.log_file.read_text(encoding="utf-8")

    def client(self, *grants: str, tenant: str = "main", principal: str = "ada") -> Client:
        """A client with a new token of a principal; grants as "PREFIX:VERBS", by default everything."""
        place = self.folder / tenant if tenant != "main" else self.folder
        with objstore.open(place) as store:
            for grant in grants or (f":{','.join(ALL)}",):
                prefix, _, verbs = grant.rpartition(":")
                store.access.grant(principal, prefix, verbs.split(","))
            return Client(self.port, store.access.create_token(principal)[0], tenant)

    def kill(self) -> None:
        """End it as a loss of power would."""
        self.process.send_signal(signal.SIGKILL)
        self._reap()

    def stop(self) -> int:
        """End it in good order; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self._reap()

    def _reap(self) -> int:
        code = self.process.wait(PATIENCE)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code


@contextmanager
def serving(folder: Path, *options: str, root: bool = False) -> Iterator[Server]:
    """A server for the time of a block. Its store is made if it is not there."""
    if not root and not (folder / "format").exists():
        objstore.open(folder, create=True).close()
    server = Server(folder, *options, root=root)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.kill()
        assert "Traceback" not in server.log, server.log
        assert '"event": "fault"' not in server.log, server.log


def open_files(process: int) -> int:
    """How many files a process has open."""
    return len(os.listdir(f"/proc/{process}/fd"))
