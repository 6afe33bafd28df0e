"""Running the server: granian in this process, until SIGTERM or SIGINT, then an orderly end."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.server.embed import Server

from objstore.server.app import Service

_BACKLOG = 1024


class Address(NamedTuple):
    """Where to listen, and with which certificate (None: without TLS)."""

    host: str
    port: int
    certificate: Path | None = None
    key: Path | None = None


def serve(service: Service, address: Address, ready: Callable[[str], None]) -> None:
    """Serve until told to stop. `ready` gets the URL when the server listens. OSError: the address is taken.

    At a signal no news is waited for any more and nothing new is taken; what is under way comes to its end, for as long
    as the limits say.
    """
    asyncio.run(_serve(service, address, ready))


async def _serve(service: Service, address: Address, ready: Callable[[str], None]) -> None:
    port = _free_port(address)
    server = Server(
        service.app(),
        address.host,
        port,
        interface=Interfaces.ASGI,
        websockets=False,
        log_enabled=False,
        backlog=_BACKLOG,
        http1_settings=HTTP1Settings(header_read_timeout=int(1000 * service.limits.header_seconds)),
        ssl_cert=address.certificate,
        ssl_key=address.key,
    )
    running = asyncio.create_task(server.serve())
    loop = asyncio.get_running_loop()
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    await _until_listening(address.host, port, running)
    scheme = "http" if address.certificate is None else "https"
    host = f"[{address.host}]" if ":" in address.host else address.host
    ready(f"{scheme}://{host}:{port}")
    stop = asyncio.create_task(told.wait())
    await asyncio.wait({running, stop}, return_when=asyncio.FIRST_COMPLETED)
    if stop.done():
        service.stop()
        server.stop()
        await asyncio.wait({running}, timeout=service.limits.stop_seconds)
    stop.cancel()
    if running.done():
        running.result()


def _free_port(address: Address) -> int:
    """The port, checked to be free: granian would share one with another server. OSError."""
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((address.host, address.port))
        return probe.getsockname()[1]


async def _until_listening(host: str, port: int, running: asyncio.Task[None]) -> None:
    while not running.done():
        try:
            _, writer = await asyncio.open_connection(host, port)
        except OSError:
            await asyncio.sleep(0.01)
        else:
            writer.close()
            return
    running.result()
