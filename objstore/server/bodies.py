"""Bodies of requests, read with bounds: bytes and seconds."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import IO, Any, cast

from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from objstore.errors import InvalidRequest, TooLarge
from objstore.importers.strict_json import BadJson, parse
from objstore.server.endpoint import Shape
from objstore.server.limits import Limits

_IN_MEMORY = 1 << 20
_SKIPPED = 1 << 20
_SKIPPING = 2.0
_JSON = ("application/json", "")


async def read_json(request: Request, shape: type[Shape], limits: Limits) -> Shape:
    """A JSON body of a shape. InvalidRequest, TooLarge, HTTPException (408, 415)."""
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media not in _JSON:
        raise HTTPException(415, "the body must be application/json")
    data = bytearray()
    async for piece in pieces_of(request, limits.body, limits):
        data += piece
    try:
        value = parse(bytes(data), "body")
    except BadJson as error:
        raise InvalidRequest("body", str(error)) from None
    return checked(shape, value, "body")


async def read_upload(
    request: Request, limits: Limits, run: Callable[[Callable[[], Any]], Awaitable[Any]]
) -> IO[bytes]:
    """A body of bytes as a file, at its beginning; on disk if it is large. TooLarge, HTTPException (408).

    It is taken whole before anything is done with it: a slow client holds no transaction open.
    """
    file = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - who gets it closes it
    try:
        async for piece in pieces_of(request, limits.file, limits):
            if file.tell() + len(piece) > _IN_MEMORY:
                await run(lambda piece=piece: file.write(piece))
            else:
                file.write(piece)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return cast("IO[bytes]", file)


def checked(shape: type[Shape], value: object, place: str) -> Shape:
    """A value of a shape. InvalidRequest, which names the field and never what was in it."""
    if not isinstance(value, dict):
        raise InvalidRequest(place, "it must be an object")
    try:
        return shape.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(part)[:100] for part in (place, *first["loc"]))
        raise InvalidRequest(where, first["msg"]) from None
    except RecursionError:
        raise InvalidRequest(place, "it is nested too deep") from None


async def skip(request: Request) -> None:
    """Read a short body that nobody wants: its client is still sending, and would miss why it is refused."""
    left = _SKIPPED
    with suppress(TimeoutError, ClientDisconnect, RuntimeError):  # RuntimeError: it was read already
        async with asyncio.timeout(_SKIPPING):
            async for piece in request.stream():
                left -= len(piece)
                if left < 0:
                    return


async def pieces_of(request: Request, limit: int, limits: Limits) -> AsyncIterator[bytes]:
    """The body as it comes. TooLarge: beyond `limit`; HTTPException (400, 408)."""
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length[:19]) > limit:
        raise TooLarge("the body", limit)
    pieces = request.stream()
    size = 0
    while True:
        try:
            piece = await asyncio.wait_for(anext(pieces, None), limits.body_seconds)
        except TimeoutError:
            raise HTTPException(408, "the body did not come in time", headers={"connection": "close"}) from None
        except ClientDisconnect:
            raise HTTPException(400, "the body ended early") from None
        if piece is None:
            return
        size += len(piece)
        if size > limit:
            raise TooLarge("the body", limit)
        yield piece
