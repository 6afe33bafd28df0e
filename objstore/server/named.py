"""What the workspaces and the settings of a store have in common over HTTP: they are listed, made and deleted by name."""

from __future__ import annotations

from itertools import islice
from typing import Annotated

from pydantic import BaseModel, Field

from objstore.files.collection import Workspaces
from objstore.server.endpoint import Call, NoQuery, Reply, Shape
from objstore.server.readable import readable_names
from objstore.server.shapes import Name, commit_json
from objstore.settings.collection import SettingsCollection
from objstore.store import Store


class NamesQuery(Shape):
    """Which names, and how many."""

    prefix: Annotated[str, Field(max_length=512)] = ""
    after: Annotated[str, Field(max_length=512, description="The last name of the page before.")] = ""
    limit: Annotated[int, Field(ge=1, le=1000)] = 100


class Names(BaseModel):
    """A page of names; `next` is the `after` of the next one, or null."""

    names: list[str]
    next: str | None


class Make(Shape):
    """What is to be made."""

    name: Name


def list_names(kind: str, call: Call, query: NamesQuery, body: None) -> Reply:
    """A page of the names of a kind, "files" or "settings" (here and below)."""
    del body
    found = readable_names(call.caller, _collection(call.tenant.store, kind), f"{kind}/", query.prefix, query.after)
    names = list(islice(found, query.limit + 1))
    more = len(names) > query.limit
    return Reply({"names": names[: query.limit], "next": names[query.limit - 1] if more else None})


def make_named(kind: str, call: Call, query: NoQuery, body: Make) -> Reply:
    """Make a workspace or settings."""
    del query
    call.need("create", f"{kind}/{body.name}")
    made = _collection(call.store, kind).create(body.name)
    return Reply({"name": made.name, "head": commit_json(next(made.log()))}, 201)


def drop_named(kind: str, call: Call, query: NoQuery, body: None) -> Reply:
    """Delete a workspace or settings; the log stays."""
    del query, body
    call.need("delete", f"{kind}/{call.path['name']}")
    _collection(call.store, kind).delete(call.path["name"])
    return Reply(status=204)


def _collection(store: Store, kind: str) -> Workspaces | SettingsCollection:
    return store.files if kind == "files" else store.settings
