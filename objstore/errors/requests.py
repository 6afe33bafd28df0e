"""Requests over a network: refused for their form or size, or for lack of room."""

from __future__ import annotations

from refs.errors import ObjstoreError


class InvalidRequest(ObjstoreError, ValueError):
    """A request is not of the form that the server's OpenAPI document gives; nothing was done. Facts: `place`, `reason`."""

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(place, reason)
        self.place = place
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.place}: {self.reason}. See /openapi.json"


class TooLarge(ObjstoreError):
    """A request is larger than the server takes; nothing was done. Facts: `what`, `limit`."""

    def __init__(self, what: str, limit: int) -> None:
        super().__init__(what, limit)
        self.what = what
        self.limit = limit

    def __str__(self) -> str:
        return f"{self.what} is more than this server takes ({self.limit}). Send it in parts"


class ServerBusy(ObjstoreError):
    """The server has no room for the request now; nothing was done. Facts: `reason`, `seconds` (to wait, at least)."""

    def __init__(self, reason: str, seconds: int) -> None:
        super().__init__(reason, seconds)
        self.reason = reason
        self.seconds = seconds

    def __str__(self) -> str:
        return f"the server is busy: {self.reason}. Try again in {self.seconds} s"
