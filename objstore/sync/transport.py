"""How requests get to the far side and responses back: the seam under `Peer`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from objstore.storage.protocol import Storage
from objstore.sync.service import Service


class Transport(Protocol):
    """Carries one request at a time. For one thread."""

    @property
    def place(self) -> str:
        """Where the far side is, for messages: a path or URL without credentials."""
        ...

    def request(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """Send the pieces of a request; the pieces of the response, as they come. RemoteFailed, RemoteRefused.

        Whether the request is sent before the response is asked for, or as it is, is the transport's business. The
        iterator may be left before its end.
        """
        ...

    def close(self) -> None:
        """Let go of the connection; harmless when done twice."""
        ...


class Direct:
    """The far side in this process: another storage that is at hand. Implements `Transport`."""

    def __init__(self, service: Service, storage: Storage) -> None:
        """Takes over the storage: closing this closes it."""
        self.place = storage.place
        self._service = service
        self._storage = storage

    def request(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """The response, made as it is read."""
        return self._service.answer(pieces)

    def close(self) -> None:
        """Close the storage."""
        self._storage.close()
