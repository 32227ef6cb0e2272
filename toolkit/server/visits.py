"""One request from first byte to last: its id, how long it may take, and what is told of it.

Plain ASGI: an answer passes through without being held, so that streams stay streams.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Mapping, Sequence
from time import perf_counter
from typing import Any, Final

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from toolkit.dialects.exchange import Reply
from toolkit.errors import InternalError, RequestTooSlow, ToolkitError
from toolkit.server.calls import VISIT, Visit, visit_of
from toolkit.server.entrance import Entrance
from toolkit.server.logs import Log, request_id
from toolkit.server.metrics import Metrics

__all__ = ["LONGEST_HEAD", "Fault", "Visits", "page", "path_below", "send_reply", "start_of"]

Fault = Callable[[str, ToolkitError], Reply]
"""What a path's dialect says of an error."""

CLIENT_LEFT: Final = 499
"""The status in the log of a request whose sender went away before it was answered."""

HELD_UP_SECONDS: Final = 5
"""After how long to ask again where another process keeps the database to itself."""

STALL: Final = 60.0
"""Seconds for which nothing of a body may come before the request is given up."""

LONGEST_HEAD: Final = 32 * 2**10
"""Bytes of a request's line and headers."""

_TOO_LONG: Final = f"a request's line and headers may have {LONGEST_HEAD:,} bytes"

_UNLESS_THERE: Final = (
    (b"cache-control", b"no-store"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
)


class Visits:
    """Everything that holds for each request, whatever it asks for."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        entrance: Entrance,
        fault: Fault,
        prefixes: Sequence[tuple[str, str]],
        templates: Mapping[Any, str],
        log: Log,
        metrics: Metrics,
        seconds: float,
    ) -> None:
        self._app = app
        self._entrance = entrance
        self._fault = fault
        self._prefixes = tuple(prefixes)
        # Of the routes that do not note their path themselves, by what answers there.
        self._templates = templates
        self._log = log
        self._metrics = metrics
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = perf_counter()
        headers = {
            name.decode("latin-1"): text.decode("latin-1") for name, text in scope["headers"]
        }
        visit = Visit(id=request_id(headers.get("x-request-id")))
        scope[VISIT] = visit
        refused = self._entrance.settle(scope, headers)
        visit.dialect = self._dialect_of(scope)
        answer = _Answer(send, visit)
        try:
            if _head_of(scope) > LONGEST_HEAD:
                await send_reply(_refusal(431, "HEADERS_TOO_LARGE", _TOO_LONG), answer)
            elif refused is not None:
                await send_reply(_refusal(403, "FORBIDDEN", refused), answer)
            else:
                await self._passed(scope, receive, answer)
        finally:
            visit.route = visit.route or self._templates.get(scope.get("endpoint"), "")
            self._told(scope["method"], visit, answer.status, perf_counter() - started)

    async def _passed(self, scope: Scope, receive: Receive, answer: _Answer) -> None:
        try:
            await self._app(scope, _Arrival(receive, self._seconds), answer)
        except ClientDisconnect:
            answer.status = answer.status or CLIENT_LEFT
        except RequestTooSlow as error:
            if answer.status:
                raise
            await send_reply(
                self._fault(path_below(scope), error), answer, ((b"connection", b"close"),)
            )
        except Exception as exc:
            await self._failed(scope, answer, exc)
            raise

    async def _failed(self, scope: Scope, answer: _Answer, why: Exception) -> None:
        """Log what went wrong, and answer without a word of it: 503 where it may soon be well."""
        visit: Visit = scope[VISIT]
        self._log.error("failed", request_id=visit.id, route=visit.route, exc_info=True)
        if answer.status:
            return
        hidden = InternalError("something went wrong on the server")
        reply = self._fault(path_below(scope), hidden)
        if _is_held_up(why):
            headers = (*reply.headers, ("Retry-After", str(HELD_UP_SECONDS)))
            reply = msgspec.structs.replace(reply, status=503, headers=headers)
        await send_reply(reply, answer)

    def _dialect_of(self, scope: Scope) -> str:
        path = path_below(scope)
        for prefix, name in self._prefixes:
            if path.startswith(prefix) and path[len(prefix) : len(prefix) + 1] in {"", "/"}:
                return name
        return ""

    def _told(self, method: str, visit: Visit, status: int, seconds: float) -> None:
        status = status or CLIENT_LEFT
        self._metrics.served(visit, method, status, seconds)
        self._log.info(
            "request",
            request_id=visit.id,
            method=method,
            route=visit.route or "(none)",
            status=status,
            ms=round(seconds * 1000, 2),
            owner=visit.owner,
        )


class _Answer:
    """What is sent, with what belongs to every answer; *status* is 0 until it begins."""

    __slots__ = ("_send", "_visit", "status")

    def __init__(self, send: Send, visit: Visit) -> None:
        self._send = send
        self._visit = visit
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = list(message.get("headers", ()))
            there = {name for name, _ in headers}
            headers += [pair for pair in _UNLESS_THERE if pair[0] not in there]
            headers.append((b"x-request-id", self._visit.id.encode("latin-1")))
            rates = self._visit.rates
            if rates is not None and self.status < 400:
                told = rates(self._visit.ended_at)
                headers += [(name.encode(), text.encode()) for name, text in told.items()]
            message["headers"] = headers
        await self._send(message)


class _Arrival:
    """What is received, as long as it comes in time."""

    __slots__ = ("_receive", "_until", "_whole")

    def __init__(self, receive: Receive, seconds: float) -> None:
        self._receive = receive
        self._until = asyncio.get_running_loop().time() + seconds
        self._whole = False

    async def __call__(self) -> Message:
        if self._whole:
            return await self._receive()
        left = self._until - asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(max(0.0, min(left, STALL))):
                message = await self._receive()
        except TimeoutError:
            raise RequestTooSlow("the request did not arrive in time") from None
        if message["type"] != "http.request" or not message.get("more_body"):
            self._whole = True
        return message


def _is_held_up(why: Exception) -> bool:
    """Whether another process has kept the database to itself for longer than we wait."""
    return isinstance(why, sqlite3.OperationalError) and "locked" in str(why)


async def send_reply(
    reply: Reply,
    send: Callable[[Message], Awaitable[None]],
    more: Sequence[tuple[bytes, bytes]] = (),
) -> None:
    """Send *reply*, with the headers *more* besides its own."""
    await send(start_of(reply, more))
    await send({"type": "http.response.body", "body": reply.body or b""})


def start_of(reply: Reply, more: Sequence[tuple[bytes, bytes]] = ()) -> Message:
    """The start of the answer that *reply* is, with the headers *more* besides its own."""
    headers = [
        (name.lower().encode("latin-1"), text.encode("latin-1")) for name, text in reply.headers
    ]
    if reply.body is not None:
        headers.append((b"content-type", reply.media_type.encode("latin-1")))
    if reply.status != 204:
        headers.append((b"content-length", str(len(reply.body or b"")).encode()))
    headers += more
    return {"type": "http.response.start", "status": reply.status, "headers": headers}


def page(path: str, answer: Callable[[Request], Awaitable[Response]]) -> Route:
    """A route to be read, which notes its template for the log."""

    async def endpoint(request: Request) -> Response:
        visit_of(request.scope).route = path
        return await answer(request)

    return Route(path, endpoint, methods=["GET"], include_in_schema=False)


def path_below(scope: Scope) -> str:
    """The path below the root."""
    path: Any = scope["path"]
    root = scope.get("root_path", "")
    return str(path[len(root) :] if root and path.startswith(root + "/") else path)


def _head_of(scope: Scope) -> int:
    """Bytes of the request's head. A parser stops at too many, but not if they come at once."""
    line = len(scope.get("raw_path") or scope["path"]) + len(scope.get("query_string", b""))
    return line + sum(len(name) + len(text) for name, text in scope["headers"])


def _refusal(status: int, code: str, words: str) -> Reply:
    body = msgspec.json.encode({"error": {"code": code, "message": words}})
    return Reply(status=status, body=body)
