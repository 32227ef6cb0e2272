"""The dialects' routes as an application answers them: one way for all, from request to reply."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from anyio import to_thread
from msgspec.structs import replace
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.routing import Route as Place
from starlette.types import Receive, Scope, Send

from toolkit.dialects.exchange import Call, Dialect, Listing, Query, Reply, Route, View
from toolkit.errors import FileTooLarge, InvalidInput, MethodRefused, ToolkitError
from toolkit.server import uploads
from toolkit.server.auth import Doorkeeper
from toolkit.server.calls import Caller, Visit, call_of, visit_of
from toolkit.server.logs import Log
from toolkit.server.onetime import sent_to_the_end
from toolkit.server.submitting import is_repeated
from toolkit.server.uploads import Received
from toolkit.server.visits import path_below, send_reply
from toolkit.settings import Settings

if TYPE_CHECKING:
    from toolkit.server.verbs import Verbs
    from toolkit.store.store import Store

__all__ = ["Answering", "Elsewhere", "dialect_of", "places"]

LONGEST_BODY: Final = 2**20
"""Bytes of a body that is no form."""

_FORMS: Final = ("multipart/", "application/x-www-form-urlencoded")


class Answering:
    """What a route is answered with: who asks, what is asked, the verb, and the dialect's words."""

    def __init__(
        self, verbs: Verbs, doorkeeper: Doorkeeper, *, store: Store, settings: Settings, log: Log
    ) -> None:
        self._verbs = verbs
        self._doorkeeper = doorkeeper
        self._store = store
        self._settings = settings
        self._log = log

    async def __call__(self, route: Route, request: Request, send: Send) -> None:
        """Answer *request*. Whatever is refused on the way is the dialect's fault to tell."""
        try:
            answer = await self._answered(route, request, send)
        except ToolkitError as error:
            reply = route.fault(error)
            if reply.status >= 500:
                visit = visit_of(request.scope)
                self._log.error("failed", request_id=visit.id, route=visit.route, exc_info=True)
            # The head of a file that is handed out once is asked for in vain.
            more = ((b"allow", b"GET"),) if reply.status == 405 else ()
            await send_reply(reply, send, more)
            return
        if answer is not None:
            await answer(request.scope, request.receive, send)

    async def _answered(self, route: Route, request: Request, send: Send) -> Response | None:
        """The stream to answer with; None where the answer was sent."""
        call = call_of(request, now=time.time(), method=route.method)
        # What a token opens is asked for in the query alone; that it is there comes first.
        asked = route.read(call) if route.read is not None and route.access == "token" else None
        caller = await self._doorkeeper.opened(
            request, call, access=route.access, scope=route.scope
        )
        if route.verb == "submit":
            await self._submitted(route, request, call, caller, send)
            return None
        if route.read is not None and route.access != "token":
            asked = route.read(call)
        if route.write is None:
            return await self._stream(route, request, call, caller, asked)
        answer = await self._done(route.verb, caller, call, asked)
        await self._told(route, request, call, answer, send)
        return None

    async def _submitted(
        self, route: Route, request: Request, call: Call, caller: Caller, send: Send
    ) -> None:
        assert route.read is not None
        # What was taken in already costs no page more: who did not hear of it may ask again.
        key = request.headers.get("idempotency-key")
        if not is_repeated(self._store.read(), caller.owner, key):
            self._doorkeeper.pages.refuse_beyond(caller.key, call.now)
        received: Received | None = None
        try:
            if request.headers.get("content-type", "").lower().startswith(_FORMS):
                form, received = await uploads.receive(
                    request, store=self._store, settings=self._settings
                )
                upload = received.upload if received is not None else None
                call = replace(call, form=form, upload=upload)
            else:
                call = replace(call, body=await _body(request))
            view = await self._verbs.submit(caller, route.read(call), received)
        finally:
            if received is not None:
                received.discard()
        await self._told(route, request, call, view, send)

    async def _told(
        self, route: Route, request: Request, call: Call, answer: Any, send: Send
    ) -> None:
        """Send what came of it, as the dialect writes it."""
        assert route.write is not None
        visit_of(request.scope).ended_at = _last_end(answer)
        if getattr(answer, "document", None) is None and getattr(answer, "result", None) is None:
            await send_reply(route.write(call, answer), send)
            return
        # A document is decoded and rendered for it, which takes milliseconds a page.
        reply = await to_thread.run_sync(route.write, call, answer)
        if not reply.has_result or answer.job.result_retain != 0:
            await send_reply(reply, send)
        elif await sent_to_the_end(reply, request.receive, send):
            # Not kept any longer than until it was told to somebody who was still there.
            await self._verbs.delivered(answer)

    async def _done(self, verb: str, caller: Caller, call: Call, asked: Any) -> Any:
        verbs = self._verbs
        match verb:
            case "look":
                query = asked if asked is not None else Query()
                return await verbs.look(caller, call.job_id, query, document=query.document)
            case "cancel":
                return await verbs.cancel(caller, call.job_id, asked)
            case "purge":
                return await verbs.purge(caller, call.job_id)
            case "list":
                return await verbs.list(caller, asked if asked is not None else Query())
            case "mine":
                return await verbs.mine(caller)
            case "stats":
                return await verbs.stats(caller)
            case "tools":
                return await verbs.tools(caller)
            case "usage":
                return await verbs.usage(caller, asked)
        raise LookupError(verb)

    async def _stream(
        self, route: Route, request: Request, call: Call, caller: Caller, asked: Any
    ) -> Response:
        verbs = self._verbs
        match route.verb:
            case "result":
                return await verbs.result(caller, call.job_id, request, octets=route.octets)
            case "events":
                return await verbs.events(caller, call.job_id, request)
            case "page_image":
                return await verbs.page_image(caller, call.job_id, asked, request)
            case "block_image":
                return await verbs.block_image(caller, call.job_id, asked, request)
        raise LookupError(route.verb)


class Elsewhere:
    """The answer where no route is: in the words of the dialect that the path belongs to."""

    def __init__(self, dialects: Iterable[Dialect]) -> None:
        self._dialects = tuple(dialects)
        [self._native] = [one for one in self._dialects if one.name == "v1"]

    def fault(self, path: str, error: ToolkitError) -> Reply:
        """*error*, as the dialect of *path* tells it; outside of them as our own does."""
        return (dialect_of(self._dialects, path) or self._native).fault(error)

    async def refused(self, methods: Iterable[str], scope: Scope, send: Send) -> None:
        """Something is at this path, and answers to other *methods*."""
        allowed = ", ".join(methods)
        reply = self.fault(
            path_below(scope), MethodRefused(f"this path answers to {allowed} alone")
        )
        await send_reply(reply, send, ((b"allow", allowed.encode()),))


class _Endpoint:
    """Everything that one path answers, whatever the method."""

    def __init__(
        self, routes: Mapping[str, Route], answering: Answering, elsewhere: Elsewhere
    ) -> None:
        self._routes = dict(routes)
        self._answering = answering
        self._elsewhere = elsewhere

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        route = self._routes.get(scope["method"])
        visit: Visit = visit_of(scope)
        visit.route = next(iter(self._routes.values())).path
        if route is None:
            await self._elsewhere.refused(self._routes, scope, send)
        else:
            await self._answering(route, Request(scope, receive, send), send)


def places(
    dialects: Iterable[Dialect], answering: Answering, elsewhere: Elsewhere
) -> list[BaseRoute]:
    """One place a path, each with all its methods; fixed words come before parameters."""
    paths: dict[str, dict[str, Route]] = {}
    for dialect in dialects:
        for route in dialect.routes:
            paths.setdefault(route.path, {})[route.method] = route
    ordered = sorted(paths, key=lambda path: [part.startswith("{") for part in path.split("/")])
    return [
        Place(path, _Endpoint(paths[path], answering, elsewhere), include_in_schema=False)
        for path in ordered
    ]


def dialect_of(dialects: Iterable[Dialect], path: str) -> Dialect | None:
    """The dialect that *path* is written in."""
    for dialect in dialects:
        if path == dialect.prefix or path.startswith(dialect.prefix + "/"):
            return dialect
    return None


def _last_end(answer: Any) -> float:
    """When the last of the jobs ended that *answer* shows; 0 where none has."""
    views = answer.views if isinstance(answer, Listing) else (answer,)
    return max((one.job.ended_at or 0.0 for one in views if isinstance(one, View)), default=0.0)


async def _body(request: Request) -> bytes:
    """The body. Raises FileTooLarge, InvalidInput where its sender stopped half way."""
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared[:20]) > LONGEST_BODY:
        raise _too_long()
    body = bytearray()
    while True:
        message = await request.receive()
        if message["type"] != "http.request":
            raise InvalidInput("the request broke off before its end")
        body += message.get("body", b"")
        if len(body) > LONGEST_BODY:
            raise _too_long()
        if not message.get("more_body"):
            return bytes(body)


def _too_long() -> FileTooLarge:
    return FileTooLarge(f"a body that is no form may have {LONGEST_BODY:,} bytes; send a file")
