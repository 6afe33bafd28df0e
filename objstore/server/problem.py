"""Errors as answers: `application/problem+json` (RFC 9457), with the facts from which a client raises them again."""

from __future__ import annotations

import json
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response

from objstore.errors import ObjstoreError, ServerBusy, StoreLocked, UnknownRevision
from objstore.errors.problem import problem_of
from objstore.server.statuses import status_of

_INTERNAL = 500


def problem_response(error: Exception, request: str) -> Response:
    """The answer that tells an error. Of what went wrong inside it tells the class, no place and no object."""
    headers: dict[str, str] = {}
    told: dict[str, Any]
    if isinstance(error, HTTPException):
        status = error.status_code
        told = {"error": "", "facts": [], "detail": error.detail}
        headers.update(error.headers or {})
    else:
        if isinstance(error, IndexError):
            error = UnknownRevision("", str(error))
        assert isinstance(error, ObjstoreError)
        status, told = status_of(error), problem_of(error)
        if status >= _INTERNAL and not isinstance(error, ServerBusy):
            told = _inside(error)
        if isinstance(error, ServerBusy):
            headers["retry-after"] = str(error.seconds)
        elif isinstance(error, StoreLocked):
            headers["retry-after"] = "1"
        elif status == 401:
            headers["www-authenticate"] = 'Bearer realm="objstore"'
    name = str(told["error"])
    problem: dict[str, Any] = {
        "type": f"urn:objstore:error:{name}" if name else "about:blank",
        "title": name or told["detail"],
        "status": status,
        "request": request,
        **told,
    }
    body = json.dumps(problem).encode("ascii")
    return Response(body, status, {**headers, "x-request-id": request}, "application/problem+json")


def _inside(error: ObjstoreError) -> dict[str, Any]:
    """What a stranger is told of a fault: places and ids of a server's disk are none of their business."""
    name = type(error).__name__
    return {"error": "", "facts": [], "detail": f"the server cannot do this now ({name}); its log knows more"}
