"""Tokens over HTTP: who am I, hand on less than I may, revoke. Grants are made on the machine itself."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Field

from objstore.access.grant import parse_grant
from objstore.access.tokens import TokenInfo
from objstore.errors import UnknownToken
from objstore.server.endpoint import Call, Endpoint, NoQuery, Reply, Shape

GrantText = Annotated[
    str, Field(max_length=1200, description="PREFIX:VERB,VERB, as in conversations/team:read,append.")
]


class Me(BaseModel):
    """Who the caller is. It may do what each of the lists of grants allows."""

    principal: str
    token: str
    expires: int | None
    grants: list[list[str]]


class Narrow(Shape):
    """A token that may do less, or for less long, than the caller's."""

    narrowed: Annotated[list[GrantText] | None, Field(min_length=1, max_length=64)] = None
    expires: Annotated[int | None, Field(ge=1, le=100 * 366 * 86400, description="Seconds from now.")] = None
    note: Annotated[str, Field(max_length=200)] = ""


class Made(BaseModel):
    """A new token; its text is told this once."""

    token: str
    id: str
    expires: int | None


class Revoked(BaseModel):
    """The ids of the tokens that are revoked."""

    revoked: list[str]


def _me(call: Call, query: NoQuery, body: None) -> Reply:
    del query, body
    caller = call.caller
    grants = [[grant.text for grant in layer] for layer in caller.allowed.layers]
    return Reply({"principal": caller.principal, "token": caller.token, "expires": caller.expires, "grants": grants})


def _narrow(call: Call, query: NoQuery, body: Narrow) -> Reply:
    del query
    grants = None if body.narrowed is None else [parse_grant(text) for text in body.narrowed]
    text, made = call.access.narrow_token(
        call.caller, expires=body.expires, narrowed=grants, note=body.note, by=call.who
    )
    return Reply({"token": text, "id": made.id, "expires": made.expires}, 201)


def _revoke(call: Call, query: NoQuery, body: None) -> Reply:
    del query, body
    token = call.path["id"]
    if not call.caller.allowed.may("admin", ""):
        own = {each.id: each for each in call.access.tokens(call.caller.principal)}
        if not _is_below(own, token, call.caller.token):
            raise UnknownToken(token)
    return Reply({"revoked": call.access.revoke_token(token, by=call.who)})


def _is_below(tokens: dict[str, TokenInfo], token: str | None, above: str) -> bool:
    """Whether a token is another one, or was narrowed from it."""
    while token is not None and token in tokens:
        if token == above:
            return True
        token = tokens[token].parent
    return False


ENDPOINTS: tuple[Endpoint[Any, Any], ...] = (
    Endpoint("GET", "/me", "Who the caller is, and what it may do", _me, NoQuery, reply=Me),
    Endpoint(
        "POST", "/tokens", "Make a token that may do less, to hand on", _narrow, NoQuery, Narrow, reply=Made, status=201
    ),
    Endpoint(
        "DELETE",
        "/tokens/{id}",
        "Revoke the caller's token, or one narrowed from it; any with admin",
        _revoke,
        NoQuery,
        reply=Revoked,
    ),
)
