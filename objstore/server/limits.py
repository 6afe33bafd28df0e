"""What a server takes, and how much of it at once. Everything that a client can make large has a bound here."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Bytes, seconds and counts. The defaults suit a machine of two cores and a gigabyte of memory."""

    body: int = 8 << 20
    """Bytes of a JSON body."""
    file: int = 256 << 20
    """Bytes of a file that is written in one request."""
    events: int = 1000
    """Events in one append, and in one page."""
    page: int = 1000
    """Rows of any other list in one page."""
    threads: int = 16
    """Requests that work at the same time. A write holds a thread until it is durable; writes share a flush."""
    waiting: int = 512
    """Requests that wait for a thread; more are told to come again (503)."""
    followers: int = 2000
    """Requests that wait for news: event streams and long polls."""
    header_seconds: float = 10.0
    """Until the head of a request must have come; then the connection is closed."""
    body_seconds: float = 30.0
    """Until the next piece of a body must have come; then 408."""
    lock_seconds: float = 10.0
    """A write waits so long for another process that writes; then 503."""
    stop_seconds: float = 10.0
    """What is under way when the server is told to stop has so long to end."""
    syncs: int = 8
    """Requests of the sync protocol that are answered at the same time; each holds a thread while its client sends."""
    push_bytes: int = 64 << 30
    """Payload bytes in one push."""
    push_objects: int = 2 << 20
    """Objects in one push: their ids are remembered, 150 bytes each. Pushed again, what was kept need not come again."""
    push_loose: int = 1 << 20
    """Objects of a push before the commit that accounts for them."""
    drain: int = 16 << 20
    """Bytes of a request that are still read after it was refused, so that its client comes to read why."""
    page_bytes: int = 16 << 20
    """Bytes of a page of events, beyond which it ends early."""
