"""The application: finds the endpoint, the tenant and the caller, lets it work in a thread, and tells how it ended."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Final
from urllib.parse import unquote

import anyio
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from objstore.access.access import Caller
from objstore.access.audit import Actor
from objstore.errors import AccessDenied, InvalidRequest, InvalidToken, ObjstoreError, ServerBusy
from objstore.server.bodies import checked, read_json, read_upload, skip
from objstore.server.endpoint import Call, Endpoint, Live, Reply
from objstore.server.limits import Limits
from objstore.server.logs import Log
from objstore.server.metrics import Metrics
from objstore.server.openapi import ENDPOINTS, document
from objstore.server.problem import problem_response
from objstore.server.shapes import json_response
from objstore.server.tenants import Tenant, Tenants

_BEARER: Final = "bearer "
_ID_BYTES: Final = 8


class Service:
    """Everything behind the routes. For one event loop."""

    def __init__(self, tenants: Tenants, limits: Limits, log: Log) -> None:
        self.tenants = tenants
        self.limits = limits
        self.log = log
        self.metrics = Metrics()
        self.stopping = False
        self._threads = anyio.CapacityLimiter(limits.threads)
        self._transfers = anyio.CapacityLimiter(limits.syncs)
        self._document = document()

    def app(self) -> ASGIApp:
        """The ASGI application."""
        routes = [Route(each.route, partial(self.answer, each), methods=[each.method]) for each in ENDPOINTS]
        routes += [
            Route("/healthz", self._health),
            Route("/metrics", self._metrics_text),
            Route("/openapi.json", self._openapi),
        ]
        inner = Starlette(
            routes=routes,
            lifespan=self._lifespan,
            exception_handlers={HTTPException: self._refuse, 500: self._fault},
        )
        inner.router.redirect_slashes = False

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http":
                # As it was sent: a name in a path may hold an encoded slash.
                scope = {**scope, "path": scope["raw_path"].partition(b"?")[0].decode("ascii", "replace")}
            await inner(scope, receive, send)

        return app

    def stop(self) -> None:
        """Tell those who wait for news that the server is about to stop."""
        self.stopping = True
        self.tenants.wake()

    async def answer(self, endpoint: Endpoint[Any, Any], request: Request) -> Response:
        """Answer a request; whatever happens ends in a response, a line of the log and a figure."""
        began = time.perf_counter()
        number = secrets.token_hex(_ID_BYTES)
        caller: list[Caller] = []
        try:
            response = await self._respond(endpoint, request, number, caller)
        except (ObjstoreError, HTTPException, IndexError) as error:
            response = problem_response(error, number)
            if response.status_code == 500:
                self.log.fault(number, error)
        except Exception as error:  # noqa: BLE001 - a fault of ours: it is told as one, without its values
            self.log.fault(number, error)
            response = problem_response(ObjstoreError("a fault of the server's own; its log knows more"), number)
        response.headers["x-request-id"] = number
        seconds = time.perf_counter() - began
        self.metrics.served(endpoint.method, endpoint.path, response.status_code, seconds)
        self.log.write(
            "request",
            request=number,
            tenant=request.path_params["tenant"],
            principal=caller[0].principal if caller else "",
            token=caller[0].token if caller else "",
            method=endpoint.method,
            route=endpoint.path,
            status=response.status_code,
            ms=round(1000 * seconds, 2),
        )
        return response

    async def _respond(
        self, endpoint: Endpoint[Any, Any], request: Request, number: str, known: list[Caller]
    ) -> Response:
        """Answer, or raise. `known` gets the caller as soon as it is known."""
        query = checked(endpoint.query, _query_of(request), "query")
        path = {name: _segment(name, text) for name, text in request.path_params.items()}
        token = _token_of(request)
        call_of = partial(self._call, token, path, number, request.headers.get("range", ""))
        if endpoint.live is not None:
            return await self._wait(endpoint, request, query, call_of, known)
        if endpoint.exchange is not None:
            try:
                return await endpoint.exchange(await self._live(endpoint, request, call_of, known), request)
            except (ObjstoreError, HTTPException):
                await skip(request)
                raise
        body: Any = None
        if endpoint.has_body:
            known.append((await self._run(partial(self._audited, endpoint, path, number, call_of))).caller)
        if endpoint.body is not None:
            body = await read_json(request, endpoint.body, self.limits)
        elif endpoint.upload:
            body = await read_upload(request, self.limits, self._run)
        try:
            reply = await self._run(
                partial(self._audited, endpoint, path, number, partial(_work, endpoint, call_of, query, body, known))
            )
        finally:
            if endpoint.upload:
                body.close()
        return _response(reply)

    def _call(self, token: str, path: Mapping[str, str], number: str, ranged: str) -> Call:
        """The call of a request, in a thread. InvalidToken."""
        tenant = self.tenants.get(path["tenant"])
        caller = tenant.store.access.identify(token)
        return Call(tenant, caller, dict(path), self.limits, number, ranged)

    def _audited(
        self, endpoint: Endpoint[Any, Any], path: Mapping[str, str], number: str, work: Callable[[], Any]
    ) -> Any:
        """Do it, and note in the tenant's log of access if it is refused."""
        try:
            return work()
        except ObjstoreError as error:
            refusal = error if isinstance(error, AccessDenied | InvalidToken) else error.__cause__
            if isinstance(refusal, AccessDenied):
                who, wanted, ref = Actor(refusal.principal, "", number), refusal.verb, refusal.ref
            elif isinstance(refusal, InvalidToken):
                who, wanted, ref = Actor("", "", number), f"{endpoint.method} {endpoint.path}", path.get("name", "")
            else:
                raise
            self.metrics.refused(type(refusal).__name__)
            tenant = self._known_tenant(path["tenant"])
            if tenant is not None:
                tenant.store.access.refused(who, wanted, ref, str(type(refusal).__name__))
            raise

    def _known_tenant(self, name: str) -> Tenant | None:
        try:
            return self.tenants.get(name)
        except ObjstoreError:
            return None

    async def _run(self, work: Callable[[], Any]) -> Any:
        """Run it in a thread. ServerBusy: too many wait for one already."""
        waiting = self._threads.statistics().tasks_waiting
        if waiting >= self.limits.waiting:
            raise ServerBusy(f"{waiting} requests wait", 1)
        self.metrics.working += 1
        try:
            # To its end, also if the client is gone: whether a write was made must not hang on that.
            return await anyio.to_thread.run_sync(work, limiter=self._threads)
        finally:
            self.metrics.working -= 1

    async def _wait(
        self,
        endpoint: Endpoint[Any, Any],
        request: Request,
        query: Any,
        call_of: Callable[[], Call],
        known: list[Caller],
    ) -> Response:
        """Answer a request that waits for news."""
        if self.metrics.followers >= self.limits.followers:
            raise ServerBusy(f"{self.metrics.followers} requests wait for news", 5)
        live = await self._live(endpoint, request, call_of, known)
        assert endpoint.live is not None
        self.metrics.followers += 1
        try:
            response = await endpoint.live(live, query)
        except BaseException:
            self.metrics.followers -= 1
            raise
        if isinstance(response, StreamingResponse):
            response.body_iterator = self._counted(response.body_iterator)
        else:
            self.metrics.followers -= 1
        return response

    async def _live(
        self, endpoint: Endpoint[Any, Any], request: Request, call_of: Callable[[], Call], known: list[Caller]
    ) -> Live:
        """What a request that takes its time needs. InvalidToken."""
        path = {name: _segment(name, text) for name, text in request.path_params.items()}
        audited = partial(self._audited, endpoint, path, "")
        call: Call = await self._run(partial(audited, call_of))
        known.append(call.caller)
        return Live(
            call,
            call_of,
            lambda work: self._run(partial(audited, work)),
            audited,
            self._transfers,
            lambda: self.stopping,
            request.headers.get("last-event-id", ""),
        )

    async def _counted(self, pieces: Any) -> AsyncIterator[Any]:
        try:
            async for piece in pieces:
                yield piece
        finally:
            self.metrics.followers -= 1

    @asynccontextmanager
    async def _lifespan(self, app: Starlette) -> AsyncGenerator[None]:
        del app
        try:
            yield
        finally:
            await asyncio.to_thread(self.tenants.close)

    async def _health(self, request: Request) -> Response:
        del request
        return json_response({"status": "stopping" if self.stopping else "ok"}, 503 if self.stopping else 200)

    async def _metrics_text(self, request: Request) -> Response:
        del request
        return PlainTextResponse(self.metrics.text())

    async def _openapi(self, request: Request) -> Response:
        del request
        return json_response(self._document)

    async def _refuse(self, request: Request, error: Exception) -> Response:
        """No such path or method."""
        del request
        return problem_response(error, secrets.token_hex(_ID_BYTES))

    async def _fault(self, request: Request, error: Exception) -> Response:
        del request
        self.log.fault("", error)
        return problem_response(ObjstoreError("a fault of the server's own; its log knows more"), "")


def _work(
    endpoint: Endpoint[Any, Any], call_of: Callable[[], Call], query: Any, body: Any, known: list[Caller]
) -> Reply:
    """Do the work of an endpoint, in a thread; the token is looked at right before."""
    call = call_of()
    known[:] = [call.caller]
    assert endpoint.work is not None
    return endpoint.work(call, query, body)


def _query_of(request: Request) -> dict[str, str]:
    pairs = request.query_params.multi_items()
    found = dict(pairs)
    if len(found) != len(pairs):
        raise InvalidRequest("query", "a parameter is given twice")
    return found


def _segment(name: str, text: str) -> str:
    """A part of a path, decoded. InvalidRequest."""
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise InvalidRequest(f"path.{name}", "it is not UTF-8") from None


def _token_of(request: Request) -> str:
    """The token that came with a request. InvalidToken: none."""
    header = request.headers.get("authorization", "")
    if header[: len(_BEARER)].lower() != _BEARER:
        raise InvalidToken("none was sent, in a header `Authorization: Bearer …`")
    return header[len(_BEARER) :].strip()


def _response(reply: Reply) -> Response:
    headers = dict(reply.headers)
    if reply.pieces is not None:
        return StreamingResponse(reply.pieces, reply.status, headers, media_type="application/octet-stream")
    if reply.status == 204:
        return Response(status_code=204)
    return json_response(reply.value, reply.status, headers)
