"""An application put together from its parts: routes, pages, the life span, and what is refused."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from anyio import to_thread
from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Scope

from toolkit.dialects.exchange import Dialect
from toolkit.errors import InvalidInput, MethodRefused, PathUnknown, ToolkitError
from toolkit.server import binding, docs, health
from toolkit.server.auth import Doorkeeper
from toolkit.server.binding import Answering, Elsewhere
from toolkit.server.entrance import Entrance
from toolkit.server.logs import Log
from toolkit.server.metrics import CONTENT_TYPE, Metrics
from toolkit.server.openapi import Documents
from toolkit.server.visits import Visits, page, path_below
from toolkit.settings import Settings
from toolkit.store.store import Store

if TYPE_CHECKING:
    from toolkit.server.verbs import Verbs

__all__ = ["Parts", "assembled"]

SETTLE_EVERY: Final = 5.0
"""Seconds between two notes of how often keys were used; a crash forgets as much."""


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What an application is made of."""

    store: Store
    settings: Settings
    dialects: Sequence[Dialect]
    verbs: Verbs
    doorkeeper: Doorkeeper
    entrance: Entrance
    documents: Documents
    log: Log
    work: bool = True
    routers: Sequence[APIRouter] = ()
    beside: Callable[[], AbstractAsyncContextManager[object]] | None = None
    """What else lives as long as the application does."""


def assembled(parts: Parts) -> FastAPI:
    """The application. Its ``state.end_waits()`` ends what waits, before a shutdown."""
    elsewhere = Elsewhere(parts.dialects)
    metrics = Metrics(parts.store, streams=lambda: parts.verbs.streams)
    app = FastAPI(
        title="pagequeue",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        # Traces would carry whole addresses, with the tokens in them.
        telemetry={"tracing": False, "metrics": False},
        lifespan=_lifespan(parts),
    )
    app.state.end_waits = parts.verbs.end_waits
    answering = Answering(
        parts.verbs,
        parts.doorkeeper,
        store=parts.store,
        settings=parts.settings,
        log=parts.log,
    )
    routes = app.router.routes
    routes += binding.places(parts.dialects, answering, elsewhere)
    routes += docs.places(parts.documents)
    routes += _care(parts, metrics)
    others = [route for router in parts.routers for route in router.routes]
    routes += others
    _refuse(app, elsewhere)
    app.add_middleware(
        Visits,
        entrance=parts.entrance,
        fault=elsewhere.fault,
        prefixes=[(one.prefix, one.name) for one in parts.dialects],
        templates={one.endpoint: one.path for one in others if isinstance(one, Route)},
        log=parts.log,
        metrics=metrics,
        seconds=parts.settings.upload_seconds,
    )
    return app


def _lifespan(parts: Parts) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def live(_: FastAPI) -> AsyncIterator[None]:
        async with parts.verbs:
            settling = asyncio.create_task(_settle_again_and_again(parts))
            try:
                if parts.beside is None:
                    yield
                else:
                    async with parts.beside():
                        yield
            finally:
                settling.cancel()
                with suppress(asyncio.CancelledError):
                    await settling
                await _settle(parts)

    return live


async def _settle_again_and_again(parts: Parts) -> None:
    while True:
        await asyncio.sleep(SETTLE_EVERY)
        try:
            await _settle(parts)
        except (ToolkitError, OSError, sqlite3.Error):
            # The counts stay in the memory, where they are decided on.
            parts.log.warning("settling", exc_info=True)


async def _settle(parts: Parts) -> None:
    write = parts.doorkeeper.settled()
    if write is not None:
        await parts.verbs.pen.write(write, durable=False)


def _care(parts: Parts, metrics: Metrics) -> list[BaseRoute]:
    """What looks after a server ask: is it alive, is it ready, how does it do."""

    async def alive(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def ready(_: Request) -> Response:
        found = await health.problems(parts.store, work=parts.work, more=parts.verbs.ready)
        status = "not ready" if found else "ready"
        return JSONResponse({"status": status, "problems": found}, 503 if found else 200)

    async def figures(request: Request) -> Response:
        await parts.doorkeeper(request, "admin")
        text = await to_thread.run_sync(metrics.text)
        return Response(text, headers={"content-type": CONTENT_TYPE})

    return [page("/healthz", alive), page("/readyz", ready), page("/metrics", figures)]


def _refuse(app: FastAPI, elsewhere: Elsewhere) -> None:
    """Let whatever is refused outside of the dialects' routes be told in a dialect's words."""

    def told(scope: Scope, error: ToolkitError) -> Response:
        reply = elsewhere.fault(path_below(scope), error)
        return Response(reply.body, reply.status, dict(reply.headers), reply.media_type)

    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, ToolkitError)
        return told(request.scope, error)

    async def unreadable(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        # What was sent is not said again: it may be a secret.
        places = [".".join(map(str, one["loc"])) + f": {one['msg']}" for one in error.errors()]
        return told(request.scope, InvalidInput("; ".join(places)[:500]))

    async def foreign(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if error.status_code == 404:
            return told(request.scope, PathUnknown("there is nothing at this path"))
        if error.status_code != 405:
            return told(request.scope, InvalidInput(str(error.detail)[:500]))
        allowed = ", ".join(_methods(app.router.routes, request.scope))
        response = told(request.scope, MethodRefused(f"this path answers to {allowed} alone"))
        response.headers["allow"] = allowed
        return response

    app.add_exception_handler(ToolkitError, refused)
    app.add_exception_handler(RequestValidationError, unreadable)
    app.add_exception_handler(HTTPException, foreign)


def _methods(routes: Iterable[BaseRoute], scope: Scope) -> list[str]:
    """All methods that something at the path of *scope* answers to."""
    found: dict[str, None] = {}
    for route in routes:
        match, _ = route.matches(scope)
        if match is not Match.NONE:
            found |= dict.fromkeys(sorted(getattr(route, "methods", None) or ()))
    return list(found)
