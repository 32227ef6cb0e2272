"""What the tests of the verbs share: a store, a played runner, a server with a route a verb."""

from __future__ import annotations

import asyncio
import hashlib
import os
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from toolkit.dialects.exchange import PagePicture, Upload
from toolkit.errors import (
    FileTooLarge,
    JobNotFound,
    MethodRefused,
    RateLimited,
    ResultGone,
    ResultNotReady,
    ToolkitError,
)
from toolkit.jobs import Outcome, Submission, Tool
from toolkit.server import uploads
from toolkit.server.calls import Caller
from toolkit.server.uploads import Received
from toolkit.server.verbs import Verbs
from toolkit.settings import Settings
from toolkit.store import queue, results, runners, tools
from toolkit.store.store import Store

ANN = Caller(owner="ann", scopes=frozenset({"extract:write", "jobs:read", "jobs:write"}))
BOB = Caller(owner="bob", scopes=ANN.scopes)
SETTINGS = Settings()
PDF = b"%PDF-1.7 not much of one"
ECHO = Tool(name="parrot", target="somewhere:parrot", prior_seconds=2.0, cacheable=False)


def opened(folder: Any) -> Store:
    """A store that knows the tool ``parrot``, whose function nobody calls."""
    store = Store.open(folder / "queue.db")
    with store.write() as conn:
        tools.register(conn, ECHO)
        runners.enlist(
            conn,
            runner="r1",
            pid=os.getpid(),
            pid_started=0.0,
            host="elsewhere",
            slots=1,
            port=9,
            now=time.time(),
        )
    return store


def job(store: Store, **asked: Any) -> str:
    """The id of a new job of Ann's."""
    asked = {"tool": "parrot", "owner": "ann", "filename": "a.txt", **asked}
    with store.write() as conn:
        return queue.enqueue(conn, Submission(**asked), now=time.time()).job_id


def claim(store: Store) -> Any:
    """The next job, as a runner claims it."""
    with store.write() as conn:
        [claimed] = queue.claim(conn, runner="r1", now=time.time(), lease=60.0)
        return claimed


def finish(store: Store, content: bytes, media_type: str = "text/plain", **made: Any) -> str:
    """Do the next job: its result is *content*; returns its id."""
    claimed = claim(store)
    outcome = Outcome(content=content, media_type=media_type, **made)
    staged = results.stage(store, outcome)
    with store.write() as conn:
        number = results.put(conn, store, outcome=staged, job=claimed, now=time.time())
        queue.complete(
            conn,
            job_id=claimed.id,
            runner="r1",
            attempt=claimed.attempt,
            result_id=number,
            pages=1,
            now=time.time(),
        )
    return str(claimed.id)


def done(store: Store, content: bytes, media_type: str = "text/plain", **asked: Any) -> str:
    """A job of Ann's that has completed with *content*."""
    made = job(store, **asked)
    assert finish(store, content, media_type) == made
    return made


def sent(store, content=PDF, media_type="application/pdf", name="a.pdf"):
    """A file as it comes from ``receive``."""
    folder = store.files / "drafts"
    folder.mkdir(exist_ok=True)
    draft = folder / hashlib.sha256(content + name.encode()).hexdigest()[:16]
    draft.write_bytes(content)
    upload = Upload(
        field="file",
        filename=name,
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
        media_type=media_type,
    )
    return Received(upload, draft)


STATUS = {
    JobNotFound: 404,
    MethodRefused: 405,
    ResultGone: 410,
    ResultNotReady: 409,
    FileTooLarge: 413,
    RateLimited: 429,
}


def app(verbs: Verbs) -> Starlette:
    """One route a verb, for Ann; the errors by their codes."""

    async def result(request: Request) -> Response:
        return await verbs.result(ANN, request.path_params["job"], request, octets=False)

    async def events(request: Request) -> Response:
        return await verbs.events(ANN, request.path_params["job"], request)

    async def page(request: Request) -> Response:
        params = request.path_params
        width = int(request.query_params.get("width", "1200"))
        asked = PagePicture(page=params["page"], width=width)
        return await verbs.page_image(ANN, params["job"], asked, request)

    async def block(request: Request) -> Response:
        params = request.path_params
        return await verbs.block_image(ANN, params["job"], params["block"], request)

    async def upload(request: Request) -> Response:
        form, received = await uploads.receive(request, store=verbs.store, settings=verbs.settings)
        told: dict[str, Any] = {"form": form, "upload": None}
        if received is not None:
            what = received.upload
            told["upload"] = {name: getattr(what, name) for name in what.__struct_fields__} | {
                "draft": received.draft.read_bytes().hex()
            }
            received.discard()
        return JSONResponse(told)

    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, ToolkitError)
        return JSONResponse(
            {"code": error.code, "message": str(error)}, STATUS.get(type(error), 400)
        )

    both = ["GET", "HEAD"]
    return Starlette(
        routes=[
            Route("/{job}/result", result, methods=both),
            Route("/{job}/events", events),
            Route("/{job}/pages/{page:int}", page, methods=both),
            Route("/{job}/images/{block}", block, methods=both),
            Route("/upload", upload, methods=["POST"]),
        ],
        exception_handlers={ToolkitError: refused},
    )


@contextmanager
def serving_all(store: Store) -> Iterator[str]:
    """The whole application over *store*, for everybody, on a free port: its address."""
    from toolkit.server.app import create_app

    asgi = create_app(store, settings=SETTINGS, work=False, anonymous=True)
    server = uvicorn.Server(uvicorn.Config(asgi, port=0, log_level="critical", lifespan="on"))
    with _running(server, server.serve) as address:
        yield address


@contextmanager
def _running(
    server: uvicorn.Server, serve: Callable[[], Coroutine[Any, Any, None]]
) -> Iterator[str]:
    """*serve* in a thread of its own, until the block ends."""
    thread = threading.Thread(target=lambda: asyncio.run(serve()), name="server")
    thread.start()
    try:
        until = time.monotonic() + 20
        while not server.started:
            assert time.monotonic() < until, "the server did not start"
            time.sleep(0.005)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(20)
        assert not thread.is_alive()


@contextmanager
def serving(store: Store, settings: Settings = SETTINGS) -> Iterator[tuple[str, Verbs]]:
    """A real server over *store* on a free port: its address, and the verbs behind it."""
    verbs = Verbs(store, settings, work=False)
    config = uvicorn.Config(app(verbs), port=0, log_level="critical", lifespan="off")
    server = uvicorn.Server(config)

    async def serve() -> None:
        async with verbs:
            await server.serve()

    with _running(server, serve) as address:
        try:
            yield address, verbs
        finally:
            verbs.hub._loop.call_soon_threadsafe(verbs.end_waits)  # as a signal would
