"""One server for the tests of a module; each test takes names of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.server.servers import Client, Server, serving


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with one store."""
    with serving(tmp_path_factory.mktemp("server") / "store") as made:
        yield made


@pytest.fixture(scope="module")
def ada(server: Server) -> Client:
    """A client that may do everything but maintenance."""
    return server.client()
