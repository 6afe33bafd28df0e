"""Settings over HTTP: read, set, unset, resolve. A secret can be set and is never told."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

from pydantic import BaseModel, Field, SecretStr

from objstore.errors import InvalidRequest
from objstore.server.endpoint import Call, Endpoint, NoQuery, Reply, Shape
from objstore.server.named import Make, Names, NamesQuery, drop_named, list_names, make_named
from objstore.server.refs import readable_store, settings_of, unknown, writable_store
from objstore.server.shapes import MomentText, Moved, Named, commit_json, moment_of
from objstore.settings.secret import Secret
from objstore.settings.settings import Settings
from objstore.store import Store

Key = Annotated[str, Field(min_length=1, max_length=200)]


class ValuesQuery(Shape):
    """The moment; the head by default."""

    at: MomentText | None = None


class Values(BaseModel):
    """Values by key, and the keys of secrets, whose values are not told."""

    values: dict[str, Any]
    secrets: list[str]


class Change(Shape):
    """Keys to set and to unset, in one commit. Secrets are sealed with the server's key."""

    set: Annotated[dict[Key, Any], Field(default_factory=dict, max_length=1000)]
    secrets: Annotated[dict[Key, SecretStr], Field(default_factory=dict, max_length=100)]
    unset: Annotated[list[Key], Field(default_factory=list, max_length=1000)]
    message: Annotated[str, Field(max_length=1000)] = ""


class Resolve(Shape):
    """Scopes from the general to the special one, as "settings/user" or "conversations/c1"; what lies below and above."""

    scopes: Annotated[list[Annotated[str, Field(max_length=600)]], Field(min_length=1, max_length=16)]
    defaults: Annotated[dict[Key, Any], Field(default_factory=dict, max_length=1000)]
    overrides: Annotated[dict[Key, Any], Field(default_factory=dict, max_length=1000)]


class Found(BaseModel):
    """The value that counts (null for a secret) and where it is from."""

    value: Any
    secret: bool
    source: str
    scope: str
    commit: str | None


class Resolution(BaseModel):
    """One value for each key."""

    values: dict[str, Found]


def _values(kind: str, call: Call, query: ValuesQuery, body: None) -> Reply:
    del body
    found = settings_of(readable_store(call, kind), kind, call.path["name"])
    values = (found if query.at is None else found.at(moment_of(query.at) or "~0")).values()
    secrets = sorted(key for key, value in values.items() if isinstance(value, Secret))
    return Reply({"values": {key: value for key, value in values.items() if key not in secrets}, "secrets": secrets})


def _change(kind: str, call: Call, query: NoQuery, body: Change) -> Reply:
    del query
    store = writable_store(call, kind, "append")
    settings = settings_of(store, kind, call.path["name"])
    with settings.commit(body.message, why="update") as draft:
        for key in body.unset:
            draft.unset(key)
        draft.update(body.set)
        for key, secret in body.secrets.items():
            draft.set_secret(key, Secret(secret.get_secret_value(), key))
    return Reply({"head": commit_json(store.resolve(settings.scope))})


def _resolve(call: Call, query: NoQuery, body: Resolve) -> Reply:
    del query
    store = call.tenant.store
    chain = store.settings.chain(*(_scope(call, store, scope) for scope in body.scopes))
    found = chain.resolve(body.defaults, overrides=body.overrides)
    values: dict[str, Any] = {}
    for key, each in found.items():
        secret = isinstance(each.value, Secret)
        commit = None if each.commit is None else each.commit.hex()
        value = None if secret else each.value
        values[key] = {"value": value, "secret": secret, "source": each.source, "scope": each.scope, "commit": commit}
    return Reply({"values": values})


def _scope(call: Call, store: Store, scope: str) -> Settings:
    kind, _, name = scope.partition("/")
    if kind not in ("settings", "conversations") or not name:
        raise InvalidRequest("scopes", "a scope is settings/NAME or conversations/NAME")
    call.need_read(scope, unknown(kind, name))
    return settings_of(store, kind, name)


def _of(kind: str, what: str) -> tuple[Endpoint[Any, Any], ...]:
    def bound(work: Callable[..., Reply]) -> Callable[..., Reply]:
        return partial(work, kind)

    path = f"/{kind}/{{name}}/values"
    return (
        Endpoint("GET", path, f"Read the settings of {what}", bound(_values), ValuesQuery, reply=Values, verbs="read"),
        Endpoint(
            "PATCH",
            path,
            f"Change the settings of {what}",
            bound(_change),
            NoQuery,
            Change,
            reply=Moved,
            verbs="append",
        ),
    )


ENDPOINTS: tuple[Endpoint[Any, Any], ...] = (
    Endpoint(
        "GET",
        "/settings",
        "List the settings that may be read",
        partial(list_names, "settings"),
        NamesQuery,
        reply=Names,
        verbs="read",
    ),
    Endpoint(
        "POST",
        "/settings",
        "Make settings",
        partial(make_named, "settings"),
        NoQuery,
        Make,
        reply=Named,
        status=201,
        verbs="create",
    ),
    Endpoint(
        "DELETE",
        "/settings/{name}",
        "Delete settings; their log stays",
        partial(drop_named, "settings"),
        NoQuery,
        status=204,
        verbs="delete",
    ),
    *_of("settings", "a name"),
    *_of("conversations", "a conversation"),
    Endpoint(
        "POST",
        "/resolve",
        "One value for each key, over several scopes",
        _resolve,
        NoQuery,
        Resolve,
        reply=Resolution,
        verbs="read on each scope",
    ),
)
