"""News of a conversation over HTTP: server-sent events, or one answer as soon as there is something (long poll)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from time import monotonic
from typing import Annotated, Any, Final

from pydantic import Field
from starlette.responses import Response, StreamingResponse

from objstore.conversations.conversation import Conversation
from objstore.conversations.follow import Followed, HeadMoved, Tracker
from objstore.errors import InvalidToken, UnknownConversation
from objstore.server.conversations import Events, EventsQuery, event_json, opened, read_events
from objstore.server.endpoint import Call, Endpoint, Live, Shape
from objstore.server.shapes import commit_json, json_response

_ALIVE: Final = 15.0
"""Seconds without news after which a line says that the server is still there; a client that is gone is noticed so."""

_BATCH: Final = 100
_STREAM: Final = "text/event-stream"
After = Annotated[int | None, Field(ge=0, lt=1 << 62, description="Events that are known; the head's by default.")]


class FollowQuery(Shape):
    """From where on."""

    after: After = None


class WaitQuery(Shape):
    """From where on, and how long to wait for more."""

    after: Annotated[int, Field(ge=0, lt=1 << 62, description="Events that are known.")]
    seconds: Annotated[float, Field(ge=0, le=60)] = 30.0


async def follow(live: Live, query: FollowQuery) -> Response:
    """Begin a stream of events."""
    after = query.after
    if live.last_event.isdecimal() and len(live.last_event) <= 18:
        after = int(live.last_event) + 1
    await live.call.tenant.changes.begin()
    seen = live.call.tenant.changes.count
    tracker: Tracker = await live.run(lambda: _tracked(live.call, after))
    return StreamingResponse(
        _stream(live, tracker, seen),
        media_type=_STREAM,
        headers={"cache-control": "no-store", "x-accel-buffering": "no"},
    )


async def _stream(live: Live, tracker: Tracker, seen: int) -> AsyncIterator[bytes]:
    changes = live.call.tenant.changes
    yield b": following\n\n"
    while not live.stopping():
        try:
            news: list[Followed] = await live.run(lambda: _news(live, tracker))
        except (InvalidToken, UnknownConversation):
            return  # the right to it is gone
        for each in news:
            yield _event(each)
        if len(news) == _BATCH:
            continue
        if not await changes.wait(seen, _ALIVE):
            yield b": still here\n\n"
        seen = changes.count


def _tracked(call: Call, after: int | None) -> Tracker:
    return opened(call).track(after=after)


def _news(live: Live, tracker: Tracker) -> list[Followed]:
    opened_or_gone(live.again())
    found: list[Followed] = []
    while len(found) < _BATCH and (each := tracker.next()) is not None:
        found.append(each)
    return found


def opened_or_gone(call: Call) -> None:
    """UnknownConversation: the caller may not read it any more. One that was deleted is news, not an error."""
    name = call.path["name"]
    call.need_read(f"conversations/{name}", UnknownConversation(name))


def _event(news: Followed) -> bytes:
    if isinstance(news, HeadMoved):
        head = None if news.head is None else commit_json(news.head)
        facts: dict[str, Any] = {**news._asdict(), "head": head}
        return f"event: moved\ndata: {json.dumps(facts)}\n\n".encode()
    data = json.dumps(event_json(news.number, news.value, news.commit))
    return f"event: event\nid: {news.number}\ndata: {data}\n\n".encode()


async def wait(live: Live, query: WaitQuery) -> Response:
    """Answer with a page of events as soon as there are more than are known, or when the time is over."""
    changes = live.call.tenant.changes
    await changes.begin()
    end = monotonic() + query.seconds
    while True:
        seen = changes.count
        page: dict[str, Any] = await live.run(lambda: _page(live.again(), query.after))
        left = end - monotonic()
        if page["events"] or left <= 0 or live.stopping():
            return json_response(page)
        await changes.wait(seen, left)


def _page(call: Call, after: int) -> dict[str, Any]:
    conv: Conversation = opened(call)
    if len(conv) <= after:
        return {"events": [], "total": len(conv), "head": conv.head.id, "next": None}
    return read_events(call, EventsQuery(start=after, limit=_BATCH), None).value


ENDPOINTS: tuple[Endpoint[Any, Any], ...] = (
    Endpoint(
        "GET",
        "/conversations/{name}/follow",
        "Follow as server-sent events: `event` for a new one (its id is its number), `moved` for a head that went elsewhere",
        None,
        FollowQuery,
        stream=_STREAM,
        verbs="read",
        live=follow,
    ),
    Endpoint(
        "GET",
        "/conversations/{name}/wait",
        "Wait for events behind those that are known",
        None,
        WaitQuery,
        reply=Events,
        verbs="read",
        live=wait,
    ),
)
