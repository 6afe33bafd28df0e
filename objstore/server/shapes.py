"""What answers look like, for the OpenAPI document; and commits and moments between JSON and the store."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, Field
from starlette.responses import Response

from objstore.errors import InvalidRequest
from objstore.objects.kinds import Oid
from objstore.repository.commit import CommitInfo
from objstore.repository.moments import Within

Id = Annotated[str, Field(pattern="^[0-9a-f]{64}$", description="The id of a commit.")]
Name = Annotated[str, Field(min_length=1, max_length=512, description="A name; parts are separated by slashes.")]
MomentText = Annotated[
    str,
    Field(
        min_length=1,
        max_length=200,
        description='A moment of this history: "3" (after three events), "~2", "@{2 hours ago}", a time, a whole id.',
    ),
]
Time = Annotated[int, Field(description="µs since 1970.")]


class Commit(BaseModel):
    """One commit."""

    id: Id
    parents: list[Id]
    author: str
    time: Time
    message: str
    events: int


class Named(BaseModel):
    """A ref with its head."""

    name: str
    head: Commit


class Moved(BaseModel):
    """Where a head is now."""

    head: Commit


class Problem(BaseModel):
    """An error: its name, its facts in order (bytes as {"hex": …}), and what it says."""

    type: str
    title: str
    status: int
    detail: str
    error: str
    facts: list[Any]
    request: str


def json_response(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An answer in JSON, all of it ASCII: events may hold lone surrogates, which UTF-8 has no bytes for."""
    data = json.dumps(value, separators=(",", ":"), allow_nan=False).encode("ascii")
    return Response(data, status, headers, "application/json")


def commit_json(commit: CommitInfo) -> dict[str, Any]:
    """A commit for an answer."""
    return {
        "id": commit.id,
        "parents": [parent.hex() for parent in commit.parents],
        "author": commit.author,
        "time": commit.time,
        "message": commit.message,
        "events": commit.events,
    }


def moment_of(text: str | None) -> Within | None:
    """A moment that a request gives."""
    return None if text is None else Within(text)


def oid_of(text: str | None) -> Oid | None:
    """The commit that a request pins. InvalidRequest."""
    if text is None:
        return None
    try:
        return Oid(bytes.fromhex(text))
    except ValueError:
        raise InvalidRequest("expected_head", "it is no id of a commit") from None
