"""The sync protocol over HTTP: one request is one POST, read as it comes and answered as it is made.

The answer is made in a thread of its own, since it takes from the body and gives to the socket in turn: it waits where
the client is slow, so that neither side of a transfer is ever held in memory. Both waits have a deadline.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from time import monotonic
from typing import Any, Final

import anyio
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from objstore.errors import AccessDenied, InvalidToken, ServerBusy
from objstore.server.bodies import pieces_of
from objstore.server.endpoint import Call, Endpoint, Live, NoQuery
from objstore.server.limits import Limits
from objstore.sync.access import Verb
from objstore.sync.arrival import Limits as PushLimits
from objstore.sync.service import CONTENT_TYPE, Service

_AHEAD: Final = 2
"""Pieces of an answer that are made before the client has taken those before them."""
_LOOK: Final = 1.0
"""Seconds after which a transfer looks whether its token is still good."""
_DRAINED: Final = 2.0
"""Seconds for reading what is left of a request that was refused."""
_HEAD_ROOM: Final = 1 << 30
"""Bytes of a request beside its payload: names, ids, heads of frames."""


class Granted:
    """The rights of a caller, for the sync protocol: `sync.access.Access`. For one request."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._call = live.call
        # Not the principal: what one token left unfinished may be more than another of the same principal may read.
        self.scope = f"token {live.call.caller.token}"

    def can_read(self, name: str) -> bool:
        """Whether the grants have `read` on it, as they were at the last `look`."""
        return self._call.caller.allowed.may("read", name)

    def can_move(self, name: str, verb: Verb) -> bool:
        """Whether the grants have the verb on it, as they are now. InvalidToken."""
        self.look()
        return self._call.caller.allowed.may(verb, name)

    def denied(self, name: str, verb: str) -> None:
        """Note a refusal in the tenant's log of access."""
        call = self._call
        call.access.refused(call.who, verb, name, AccessDenied.__name__)

    def look(self) -> None:
        """See what the token may do now. InvalidToken: it was revoked, or has expired."""
        self._call = self._live.audited(self._live.again)


class Exchange:
    """One request and its answer, between the event loop and the thread that makes the answer."""

    def __init__(self, live: Live, request: Request) -> None:
        limits = live.call.limits
        self._rights = Granted(live)
        self._service = _service(live.call, self._rights)
        self._limits = limits
        self._body = pieces_of(request, limits.push_bytes + _HEAD_ROOM, limits)
        self._to, self._made = anyio.create_memory_object_stream[bytes](_AHEAD)

    def work(self) -> None:
        """Make the answer, in a thread. InvalidToken: the token was revoked meanwhile; HTTPException: the body ended
        early or did not come in time; TimeoutError, BrokenResourceError: nobody takes the answer."""
        looked = monotonic()
        body = self._pieces()
        try:
            for number, piece in enumerate(self._service.answer(body)):
                if number == 0:
                    self._drain(body)  # now: from here on the server itself listens, for whether the client is there
                if monotonic() - looked > _LOOK:
                    self._rights.look()
                    looked = monotonic()
                anyio.from_thread.run(self._give, piece)
        finally:
            anyio.from_thread.run_sync(self._to.close)

    async def answer(self, done: asyncio.Task[None]) -> AsyncIterator[bytes]:
        """The pieces of the answer, until the thread is done. Raises what it raised."""
        with self._made:
            async for piece in self._made:
                yield piece
            await done

    def _pieces(self) -> Iterator[bytes]:
        """The body, in the thread."""
        while piece := anyio.from_thread.run(self._next):
            yield piece

    async def _next(self) -> bytes:
        while (piece := await anext(self._body, None)) is not None:
            if piece:
                return piece
        return b""

    async def _give(self, piece: bytes) -> None:
        await asyncio.wait_for(self._to.send(piece), self._limits.body_seconds)

    def _drain(self, body: Iterator[bytes]) -> None:
        """Read the body to its end, also after a refusal: who sends listens when all is sent."""
        left, end = self._limits.drain, monotonic() + _DRAINED
        for piece in body:
            left -= len(piece)
            if left < 0 or monotonic() > end:
                return


async def sync(live: Live, request: Request) -> Response:
    """Answer one request. InvalidToken, ServerBusy, HTTPException (400, 408, 415), TooLarge."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != CONTENT_TYPE:
        raise HTTPException(415, f"the body must be {CONTENT_TYPE}")
    waiting = live.transfers.statistics().tasks_waiting
    if waiting >= live.call.limits.syncs:
        raise ServerBusy(f"{waiting} transfers wait", 2)
    exchange = Exchange(live, request)
    done = asyncio.create_task(_in_thread(exchange.work, live.transfers))
    done.add_done_callback(_looked_at)
    pieces = exchange.answer(done)
    return StreamingResponse(_behind(await anext(pieces, b""), pieces), media_type=CONTENT_TYPE)


async def _in_thread(work: Callable[[], None], threads: anyio.CapacityLimiter) -> None:
    await anyio.to_thread.run_sync(work, limiter=threads)


def _looked_at(done: asyncio.Task[None]) -> None:
    """Who went away does not ask how it ended."""
    if not done.cancelled():
        done.exception()


async def _behind(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The answer; one that ends early lacks its END, and so tells the client that it did."""
    yield first
    with suppress(InvalidToken, TimeoutError, anyio.BrokenResourceError):
        async for piece in rest:
            yield piece


def _service(call: Call, rights: Granted) -> Service:
    limits: Limits = call.limits
    most = PushLimits(limits.push_bytes, limits.push_objects, limits.push_loose)
    return call.store.sync_service(rights, most, f"push by token {call.caller.token}")


ENDPOINTS: tuple[Endpoint[Any, Any], ...] = (
    Endpoint(
        "POST",
        "/sync",
        "One request of the sync protocol: what `objstore clone`, `fetch`, `pull` and `push` send",
        None,
        NoQuery,
        stream=CONTENT_TYPE,
        verbs="read; create, append, force or delete as a ref is moved",
        exchange=sync,
        under="/{tenant}",
    ),
)
