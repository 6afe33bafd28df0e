"""The protocol over HTTP: one POST for one request, streamed both ways. All use of httpx2 (the extra `[http]`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import httpx2

from objstore.errors import RemoteFailed, RemoteRefused
from objstore.sync.service import CONTENT_TYPE
from objstore.version import __version__

_TIMEOUT = httpx2.Timeout(60, connect=15)  # Seconds without a byte; a server that works says so by sending.
_RETRIES = 2  # Of connecting alone: a request that was begun is for the user to repeat.
_TEXT = 500
_OK = 200


class OverHttp:
    """The far side behind `http(s)://host/tenant`. Implements `Transport`."""

    def __init__(self, url: str, token: str | None) -> None:
        """`token` goes along as `Authorization: Bearer`, to that host alone."""
        self.place = url
        headers = {"content-type": CONTENT_TYPE, "accept": CONTENT_TYPE, "user-agent": f"objstore/{__version__}"}
        if token is not None:
            headers["authorization"] = f"Bearer {token}"
        transport = httpx2.HTTPTransport(retries=_RETRIES)
        self._client = httpx2.Client(headers=headers, timeout=_TIMEOUT, transport=transport, follow_redirects=False)
        self._target = f"{url.rstrip('/')}/sync"

    def request(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """The response as it comes, after the request was sent."""
        try:
            with self._client.stream("POST", self._target, content=iter(pieces)) as response:
                if response.status_code != _OK:
                    response.read()
                    raise RemoteRefused(
                        self.place, str(response.status_code), response.text[:_TEXT] or "no reason given"
                    )
                if response.headers.get("content-type", "").partition(";")[0].strip() != CONTENT_TYPE:
                    raise RemoteRefused(self.place, "type", "what answers there is no objstore server")
                yield from response.iter_raw()
        except httpx2.HTTPError as error:
            raise RemoteFailed(self.place, str(error) or type(error).__name__) from error

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
