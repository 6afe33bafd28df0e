"""A TCP proxy that spoils one unit of what passes: real sockets between a client and a server.

A unit is the head of a request or answer, or one chunk of its body: a piece of the protocol as its sender made it. Units
are counted for each direction, over all connections. What was spoiled is still well-formed HTTP, unless it was cut.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from typing import IO, Literal, NamedTuple

Kind = Literal["cut", "drop", "duplicate", "reorder", "corrupt", "delay"]
Side = Literal["request", "response"]


class Fault(NamedTuple):
    """What is done to which unit of a direction. Heads and ends of bodies can only be cut or delayed."""

    kind: Kind
    side: Side
    unit: int


class _Cut(Exception):
    """The connection is to be cut."""


class Proxy:
    """Passes connections on to a port of 127.0.0.1. `fault` may be set between requests."""

    def __init__(self, target: int) -> None:
        self.fault: Fault | None = None
        self.hit = False
        """Whether the unit of the fault came by."""
        self._target = target
        self._lock = threading.Lock()
        self._units = {"request": 0, "response": 0}
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads: list[threading.Thread] = []
        self._start(self._accept)

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._listener.getsockname()[1]

    def spoil(self, fault: Fault | None) -> None:
        """Count anew, and spoil this."""
        with self._lock:
            self.fault, self.hit = fault, False
            self._units = {"request": 0, "response": 0}

    def close(self) -> None:
        """Take no more connections, and wait for those that are open to end."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join()

    def _start(self, work: Callable[..., None], *given: object) -> None:
        thread = threading.Thread(target=work, args=given)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                near.close()  # as it is where nobody listens
                continue
            self._start(self._pass_on, near, far, "request")
            self._start(self._pass_on, far, near, "response")

    def _pass_on(self, source: socket.socket, target: socket.socket, side: Side) -> None:
        try:
            with source.makefile("rb") as stream:
                while self._message(stream, target, side):
                    pass
        except (_Cut, OSError, ValueError):
            pass
        for each in (source, target):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        target.close()

    def _message(self, stream: IO[bytes], target: socket.socket, side: Side) -> bool:
        """Pass on one request or answer; whether there was one."""
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = stream.readline()
            if not line:
                return False
            head += line
        fields = head.lower()
        self._unit(target, side, head)
        if b"transfer-encoding: chunked" not in fields:
            _, found, rest = fields.partition(b"content-length:")
            target.sendall(stream.read(int(rest.split(b"\r\n")[0])) if found else b"")
            return True
        held = b""
        while True:
            size = stream.readline()
            body = stream.read(int(size, 16) + 2)
            last = int(size, 16) == 0
            if last:
                target.sendall(held)  # nothing came that it could go behind
                self._unit(target, side, size + body)
                return True
            held = self._unit(target, side, size + body, len(size), held)

    def _unit(self, target: socket.socket, side: Side, data: bytes, body: int = 0, held: bytes = b"") -> bytes:
        """Pass on a unit, whose payload begins at `body` (0: it has none); what is held back for behind the next one."""
        with self._lock:
            number = self._units[side]
            self._units[side] += 1
            fault = self.fault
            struck = fault is not None and (fault.side, fault.unit) == (side, number)
            self.hit |= struck
        kind = fault.kind if fault is not None and struck else None
        if kind == "cut":
            target.sendall(data[: len(data) // 2])
            raise _Cut
        if kind == "delay":
            time.sleep(0.02)
        if body and kind == "corrupt":
            at = (body + len(data) - 2) // 2
            data = data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1 :]
        if body and kind == "reorder":
            return data
        if not (body and kind == "drop"):
            target.sendall(data)
        if body and kind == "duplicate":
            target.sendall(data)
        target.sendall(held)
        return b""


@contextmanager
def proxied(port: int) -> Generator[Proxy, None, None]:
    """A proxy for the time of a block."""
    proxy = Proxy(port)
    try:
        yield proxy
    finally:
        proxy.close()
