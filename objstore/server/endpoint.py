"""What an endpoint is: one declaration from which requests are checked and the OpenAPI document is written."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import IO, Any, Generic, Literal, NamedTuple, TypeVar

import anyio
from pydantic import BaseModel, ConfigDict
from starlette.requests import Request
from starlette.responses import Response

from objstore.access.access import Access, Caller
from objstore.access.audit import Actor
from objstore.access.grant import Verb
from objstore.errors import AccessDenied, ObjstoreError
from objstore.server.limits import Limits
from objstore.server.tenants import Tenant
from objstore.store import Store


class Shape(BaseModel):
    """A query or a body: what is not named in it is refused."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class NoQuery(Shape):
    """No parameters."""


Q = TypeVar("Q", bound=Shape)
B = TypeVar("B")


class Reply(NamedTuple):
    """An answer: a JSON value, or bytes piece by piece."""

    value: Any = None
    status: int = 200
    pieces: Iterator[bytes] | None = None
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Call:
    """One request whose caller is known."""

    tenant: Tenant
    caller: Caller
    path: dict[str, str]
    limits: Limits
    request: str
    range: str = ""

    @property
    def store(self) -> Store:
        """The store, for writing in the caller's name."""
        return self.tenant.by(self.caller.principal)

    @property
    def access(self) -> Access:
        """Grants and tokens of the tenant."""
        return self.tenant.store.access

    @property
    def who(self) -> Actor:
        """The caller, for logs."""
        return Actor(self.caller.principal, self.caller.token, self.request)

    def need(self, verb: Verb, ref: str) -> None:
        """AccessDenied: the caller has no right to a verb other than read. Tells nothing of what is there."""
        self.caller.check(verb, ref)

    def need_read(self, ref: str, unknown: ObjstoreError) -> None:
        """Raise the error of a name that is not there, unless the caller may read the ref; noted as a refusal."""
        if not self.caller.allowed.may("read", ref):
            raise unknown from AccessDenied(self.caller.principal, "read", ref)


@dataclass(frozen=True)
class Live:
    """A request that waits for news: it works in threads now and then, with its token looked at anew each time."""

    call: Call
    again: Callable[[], Call]
    """The call as it is now, for a thread. InvalidToken: the token was revoked meanwhile, or has expired."""
    run: Callable[[Callable[[], Any]], Awaitable[Any]]
    """Run a function in a thread; if it is refused, that is noted."""
    audited: Callable[[Callable[[], Any]], Any]
    """Call a function in a thread of one's own; if it is refused, that is noted."""
    transfers: anyio.CapacityLimiter
    """The threads for transfers."""
    stopping: Callable[[], bool]
    """Whether the server is about to stop."""
    last_event: str


@dataclass(frozen=True)
class Endpoint(Generic[Q, B]):
    """One operation: how it is called, what it takes and gives, and the function that does it, in a thread."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: str
    """Behind `under`, with `{name}` for parameters."""
    summary: str
    work: Callable[[Call, Q, B], Reply] | None
    query: type[Q]
    body: type[Shape] | None = None
    upload: bool = False
    """The body is bytes, and `work` gets a file object."""
    reply: type[BaseModel] | None = None
    status: int = 200
    stream: str = ""
    """The media type of an answer that is not JSON."""
    verbs: str = ""
    """The verbs that it needs, for people."""
    errors: tuple[int, ...] = ()
    """Statuses beside `status` and those that every endpoint may answer with."""
    live: Callable[[Live, Q], Awaitable[Response]] | None = None
    """In place of `work`: it waits for news in the event loop."""
    exchange: Callable[[Live, Request], Awaitable[Response]] | None = None
    """In place of `work`: it reads the body as it comes, and answers with `stream`, the media type of both."""
    under: str = "/{tenant}/v1"

    @property
    def route(self) -> str:
        """The whole path."""
        return self.under + self.path

    @property
    def has_body(self) -> bool:
        """Whether a body is read."""
        return self.body is not None or self.upload


Upload = IO[bytes]
"""What `work` of an uploading endpoint gets: the whole body, to be read from its beginning."""
