"""Conversations over HTTP: list, make, read, append, fork, rewind, undo, search, delete."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from itertools import islice
from typing import Annotated, Any

from pydantic import BaseModel, Field

from objstore.conversations.conversation import Conversation
from objstore.conversations.conversations import ConversationInfo
from objstore.errors import InvalidRequest, UnknownConversation
from objstore.objects.values import JsonValue
from objstore.repository.moments import Within
from objstore.server.endpoint import Call, Endpoint, NoQuery, Reply, Shape
from objstore.server.readable import readable_hits, readable_names
from objstore.server.shapes import Commit, Id, MomentText, Moved, Name, Named, Time, commit_json, moment_of, oid_of

NAMESPACE = "conversations/"


class ListQuery(Shape):
    """Which conversations, and how many."""

    prefix: Annotated[str, Field(max_length=512)] = ""
    after: Annotated[str, Field(max_length=512, description="The last name of the page before.")] = ""
    limit: Annotated[int, Field(ge=1, le=1000)] = 100


class Listed(BaseModel):
    """One conversation of a list."""

    name: str
    events: int
    head: Id
    time: Time
    created: Time
    title: str
    tags: list[str]


class Conversations(BaseModel):
    """A page of conversations; `next` is the `after` of the next one, or null."""

    conversations: list[Listed]
    next: str | None


class New(Shape):
    """A conversation to be made; without a name it gets one."""

    name: Name | None = None


class At(Shape):
    """A moment; the head by default."""

    at: MomentText | None = None


class State(BaseModel):
    """A conversation at a moment."""

    name: str
    commit: Commit
    title: str
    tags: list[str]


class EventsQuery(Shape):
    """Which events, by number from 0."""

    at: MomentText | None = None
    start: Annotated[int, Field(ge=0, lt=1 << 62)] = 0
    limit: Annotated[int, Field(ge=1, le=1000)] = 100


class Event(BaseModel):
    """An event with its number and the commit it came with."""

    number: int
    value: Any
    commit: Id
    author: str
    time: Time


class Events(BaseModel):
    """A page of events of a moment that has `total`; `next` is the `start` of the next page, or null."""

    events: list[Event]
    total: int
    head: Id
    next: int | None


class Append(Shape):
    """Events to append, all or none, with one flush."""

    events: Annotated[list[Any], Field(min_length=1, max_length=1000)]
    expected_head: Annotated[Id | None, Field(description="Refuse if the head is another (409).")] = None
    create: Annotated[bool, Field(description="Make the conversation if it is not there.")] = False


class Appended(BaseModel):
    """The commit of the last new event, and the number of the first; each has a commit of its own."""

    head: Commit
    first: int


class LogQuery(Shape):
    """How many commits, from which moment back."""

    at: MomentText | None = None
    limit: Annotated[int, Field(ge=1, le=1000)] = 100


class Log(BaseModel):
    """Commits, newest first; `next` is the `at` of the next page, or null."""

    commits: list[Commit]
    next: Id | None


class Fork(Shape):
    """A new conversation that shares everything up to a moment."""

    name: Name
    at: MomentText | None = None


class Rewind(Shape):
    """The moment that the head moves to."""

    to: MomentText


class SearchQuery(Shape):
    """What to find (docs/how-to/search.md), and where."""

    query: Annotated[str, Field(min_length=1, max_length=1000)]
    prefix: Annotated[str, Field(max_length=512)] = ""
    role: Annotated[str | None, Field(max_length=200)] = None
    tool: Annotated[str | None, Field(max_length=200)] = None
    limit: Annotated[int, Field(ge=1, le=100)] = 20


class Hit(BaseModel):
    """An event that was found: the moments right after it, and a passage of its text."""

    places: list[str]
    id: Id
    role: str
    time: Time
    score: float
    text: str


class Hits(BaseModel):
    """What was found, the best first."""

    hits: list[Hit]


def opened(call: Call) -> Conversation:
    """The conversation that the path names, to be read. UnknownConversation: not there, or not for this caller."""
    name = call.path["name"]
    call.need_read(NAMESPACE + name, UnknownConversation(name))
    return call.tenant.store.conversations.open(name)


def written(call: Call, verb: Any) -> Conversation:
    """The conversation that the path names, to be changed. AccessDenied, UnknownConversation."""
    name = call.path["name"]
    call.need(verb, NAMESPACE + name)
    return call.store.conversations.open(name)


def _list(call: Call, query: ListQuery, body: None) -> Reply:
    del body
    store = call.tenant.store
    names = readable_names(call.caller, store.conversations, NAMESPACE, query.prefix, query.after)
    page = list(islice(names, query.limit + 1))
    rows = [_listed(store.conversations, name) for name in page[: query.limit]]
    return Reply(
        {
            "conversations": [row for row in rows if row is not None],
            "next": page[query.limit - 1] if len(page) > query.limit else None,
        }
    )


def _listed(conversations: Any, name: str) -> dict[str, Any] | None:
    """A row of the list; None: it was deleted meanwhile."""
    info: ConversationInfo | None = next(iter(conversations.find(name, limit=1)), None)
    if info is None or info.name != name:
        return None
    return {
        "name": name,
        "events": info.events,
        "head": info.head,
        "time": info.time,
        "created": info.created,
        "title": info.title,
        "tags": list(info.tags),
    }


def _make(call: Call, query: NoQuery, body: New) -> Reply:
    del query
    name = call.request if body.name is None else body.name
    call.need("create", NAMESPACE + name)
    conv = call.store.conversations.create(name)
    return Reply({"name": conv.name, "head": commit_json(conv.head)}, 201)


def _state(call: Call, query: At, body: None) -> Reply:
    del body
    conv = opened(call)
    view = conv.at(moment_of(query.at) or conv.head)
    about = view.metadata
    return Reply(
        {"name": conv.name, "commit": commit_json(view.commit), "title": about.title, "tags": sorted(about.tags)}
    )


def _delete(call: Call, query: NoQuery, body: None) -> Reply:
    del query, body
    call.need("delete", NAMESPACE + call.path["name"])
    call.store.conversations.delete(call.path["name"])
    return Reply(status=204)


def read_events(call: Call, query: EventsQuery, body: None) -> Reply:
    """A page of events."""
    del body
    conv = opened(call)
    view = conv.at(moment_of(query.at) or conv.head)
    limit = min(query.limit, call.limits.events)
    found: list[dict[str, Any]] = []
    size = 0
    start = max(query.start, view.first)  # What was squashed is passed over.
    for entry in view.entries(start, start + limit):
        found.append(event_json(entry.number, entry.value, entry.commit))
        size += len(json.dumps(entry.value))
        if size > call.limits.page_bytes:
            break
    end = start + len(found)
    total = len(view)
    following = end if found and end < total else None
    return Reply({"events": found, "total": total, "head": view.commit.id, "next": following})


def event_json(number: int, value: JsonValue, commit: Any) -> dict[str, Any]:
    """An event for an answer."""
    return {"number": number, "value": value, "commit": commit.id, "author": commit.author, "time": commit.time}


def _append(call: Call, query: NoQuery, body: Append) -> Reply:
    del query
    name = call.path["name"]
    ref = NAMESPACE + name
    call.need("append", ref)
    if len(body.events) > call.limits.events:
        raise InvalidRequest("events", f"at most {call.limits.events} at a time")
    create = body.create and name not in call.store.conversations
    if create:
        call.need("create", ref)
    conv = call.store.conversations.open(name, create=create)
    expected = oid_of(body.expected_head)
    if len(body.events) == 1:
        made = conv.append(body.events[0], expected_head=expected)
    else:
        with conv.commit(expected_head=expected) as draft:
            for event in body.events:
                draft.append(event)
        assert draft.made is not None
        made = draft.made
    return Reply({"head": commit_json(made), "first": made.events - len(body.events)}, 201)


def _log(call: Call, query: LogQuery, body: None) -> Reply:
    del body
    conv = opened(call)
    walk = conv.at(moment_of(query.at) or conv.head).log()
    page = list(islice(walk, query.limit + 1))
    following = page[query.limit].id if len(page) > query.limit else None
    return Reply({"commits": [commit_json(commit) for commit in page[: query.limit]], "next": following})


def _fork(call: Call, query: NoQuery, body: Fork) -> Reply:
    del query
    call.need("create", NAMESPACE + body.name)
    opened(call)
    made = call.store.conversations.open(call.path["name"]).fork(body.name, at=moment_of(body.at))
    return Reply({"name": made.name, "head": commit_json(made.head)}, 201)


def _rewind(call: Call, query: NoQuery, body: Rewind) -> Reply:
    del query
    return Reply({"head": commit_json(written(call, "force").rewind(Within(body.to)))})


def _undo(call: Call, query: NoQuery, body: None) -> Reply:
    del query, body
    conv = written(call, "force")
    conv.undo()
    return Reply({"head": commit_json(conv.head)})


def _redo(call: Call, query: NoQuery, body: None) -> Reply:
    del query, body
    conv = written(call, "force")
    conv.redo()
    return Reply({"head": commit_json(conv.head)})


def _search(call: Call, query: SearchQuery, body: None) -> Reply:
    del body
    return Reply({"hits": list(_hits(call, query))})


def _hits(call: Call, query: SearchQuery) -> Iterator[dict[str, Any]]:
    find = partial(
        call.tenant.store.conversations.search, query.query, role=query.role, tool=query.tool, limit=query.limit
    )
    for hit, places in readable_hits(call.caller, call.tenant.store.conversations, find, query.prefix)[: query.limit]:
        yield {
            "places": places,
            "id": hit.oid.hex(),
            "role": hit.role,
            "time": hit.time,
            "score": hit.score,
            "text": hit.excerpt.text,
        }


_ONE = "/conversations/{name}"
ENDPOINTS: tuple[Endpoint[Any, Any], ...] = (
    Endpoint(
        "GET",
        "/conversations",
        "List the conversations that may be read",
        _list,
        ListQuery,
        reply=Conversations,
        verbs="read",
    ),
    Endpoint(
        "POST", "/conversations", "Make a conversation", _make, NoQuery, New, reply=Named, status=201, verbs="create"
    ),
    Endpoint("GET", _ONE, "What a conversation is at a moment", _state, At, reply=State, verbs="read"),
    Endpoint("DELETE", _ONE, "Delete a conversation; its log stays", _delete, NoQuery, status=204, verbs="delete"),
    Endpoint("GET", f"{_ONE}/events", "Read events", read_events, EventsQuery, reply=Events, verbs="read"),
    Endpoint(
        "POST",
        f"{_ONE}/events",
        "Append events",
        _append,
        NoQuery,
        Append,
        reply=Appended,
        status=201,
        verbs="append; create to make it",
    ),
    Endpoint("GET", f"{_ONE}/log", "The commits, newest first", _log, LogQuery, reply=Log, verbs="read"),
    Endpoint(
        "POST",
        f"{_ONE}/fork",
        "Fork at a moment",
        _fork,
        NoQuery,
        Fork,
        reply=Named,
        status=201,
        verbs="read; create for the new name",
    ),
    Endpoint("POST", f"{_ONE}/rewind", "Move the head", _rewind, NoQuery, Rewind, reply=Moved, verbs="force"),
    Endpoint("POST", f"{_ONE}/undo", "Take the last step back", _undo, NoQuery, reply=Moved, verbs="force"),
    Endpoint("POST", f"{_ONE}/redo", "Make an undone step again", _redo, NoQuery, reply=Moved, verbs="force"),
    Endpoint(
        "GET", "/search", "Search the conversations that may be read", _search, SearchQuery, reply=Hits, verbs="read"
    ),
)
