"""The OpenAPI document, written from the endpoints themselves."""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel

from objstore.server.conversations import ENDPOINTS as CONVERSATIONS
from objstore.server.endpoint import Endpoint
from objstore.server.files import ENDPOINTS as FILES
from objstore.server.following import ENDPOINTS as FOLLOWING
from objstore.server.settings import ENDPOINTS as SETTINGS
from objstore.server.shapes import Problem
from objstore.server.syncing import ENDPOINTS as SYNCING
from objstore.server.tokens import ENDPOINTS as TOKENS
from objstore.version import __version__

ENDPOINTS: tuple[Endpoint[Any, Any], ...] = (*CONVERSATIONS, *FOLLOWING, *FILES, *SETTINGS, *TOKENS, *SYNCING)
_COMMON = (400, 401, 403, 404, 405, 408, 409, 413, 415, 422, 503, 507)
_BARE = (414, 431)
"""Before the application is asked: the head of a request is too large."""
_REF = "#/components/schemas/{model}"
_PARAMETER = re.compile(r"\{(\w+)\}")


def document() -> dict[str, Any]:
    """The document, of this version of the server."""
    schemas: dict[str, Any] = {}
    paths: dict[str, Any] = {}
    for endpoint in ENDPOINTS:
        paths.setdefault(endpoint.route, {})[endpoint.method.lower()] = _operation(endpoint, schemas)
    paths["/healthz"] = {
        "get": {"summary": "Whether the server is there", "security": [], "responses": _plain("application/json")}
    }
    paths["/metrics"] = {
        "get": {"summary": "Figures for Prometheus", "security": [], "responses": _plain("text/plain")}
    }
    _add(Problem, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "objstore",
            "version": __version__,
            "description": "Conversations, files and settings of an AI agent, versioned together. Names in paths are "
            "percent-encoded, their slashes too.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}],
    }


def _plain(media: str) -> dict[str, Any]:
    return {"200": {"description": "The answer", "content": {media: {}}}}


def _operation(endpoint: Endpoint[Any, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        for name in _PARAMETER.findall(endpoint.route)
    ]
    parameters += _query(endpoint.query)
    found: dict[str, Any] = {
        "summary": endpoint.summary,
        "parameters": parameters,
        "responses": _responses(endpoint, schemas),
    }
    if endpoint.verbs:
        found["description"] = f"Needs: {endpoint.verbs}."
    if endpoint.body is not None:
        found["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": _add(endpoint.body, schemas)}},
        }
    if endpoint.upload:
        schema = {"type": "string", "format": "binary"}
        found["requestBody"] = {"required": True, "content": {"application/octet-stream": {"schema": schema}}}
    if endpoint.exchange is not None:
        schema = {"type": "string", "format": "binary"}
        found["requestBody"] = {"required": True, "content": {endpoint.stream: {"schema": schema}}}
    return found


def _query(query: type[BaseModel]) -> list[dict[str, Any]]:
    schema = query.model_json_schema()
    needed = set(schema.get("required", ()))
    return [
        {"name": name, "in": "query", "required": name in needed, "schema": _without_null(each)}
        for name, each in schema.get("properties", {}).items()
    ]


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of a parameter: left out is left out, there is no null in a query."""
    kinds = [kind for kind in schema.get("anyOf", ()) if kind != {"type": "null"}]
    rest = {key: value for key, value in schema.items() if key not in ("anyOf", "default", "title")}
    return (
        {**rest, **kinds[0]}
        if kinds
        else {**rest, **({"default": schema["default"]} if schema.get("default") is not None else {})}
    )


def _responses(endpoint: Endpoint[Any, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": "Done"}
    if endpoint.reply is not None:
        answer["content"] = {"application/json": {"schema": _add(endpoint.reply, schemas)}}
    elif endpoint.stream:
        answer["content"] = {endpoint.stream: {}}
    found: dict[str, Any] = {str(endpoint.status): answer}
    for status in endpoint.errors:
        found[str(status)] = {"description": "A part" if status == 206 else "Not so", "content": {endpoint.stream: {}}}
    problem = {"application/problem+json": {"schema": {"$ref": _REF.format(model="Problem")}}}
    for status in _COMMON:
        found.setdefault(str(status), {"description": "See the problem", "content": problem})
    for status in _BARE:
        found[str(status)] = {"description": "The head of the request is too large"}
    return found


def _add(model: type[BaseModel], schemas: dict[str, Any]) -> dict[str, str]:
    """Put a model and those in it among the schemas; a reference to it."""
    schema = model.model_json_schema(ref_template=_REF)
    for name, each in schema.pop("$defs", {}).items():
        schemas.setdefault(name, each)
    schemas[model.__name__] = schema
    return {"$ref": _REF.format(model=model.__name__)}
