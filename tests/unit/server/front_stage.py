"""A small dialect and verbs that only tell what they were asked: the front of the server alone."""

from __future__ import annotations

import asyncio
import io
import json
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import msgspec
from starlette.responses import StreamingResponse

from toolkit.dialects.exchange import Dialect, Query, Reply, Route
from toolkit.dialects.faults import fault_headers, message_of, status_of
from toolkit.errors import InvalidInput, JobNotFound, TokenRefused, ToolkitError
from toolkit.server.assembly import Parts, assembled
from toolkit.server.auth import Doorkeeper
from toolkit.server.calls import Caller
from toolkit.server.entrance import Entrance
from toolkit.server.logs import logger
from toolkit.server.openapi import Documents
from toolkit.settings import Settings
from toolkit.store import keys
from toolkit.store.store import Store

TOKENS = {"job_1": "right"}


def told(status: int, body: Any) -> Reply:
    return Reply(status=status, body=msgspec.json.encode(body))


def fault(error: ToolkitError) -> Reply:
    status = status_of(error, invalid=422)
    code = {"error": {"code": error.code, "message": message_of(error, status)}}
    return Reply(status=status, body=msgspec.json.encode(code), headers=tuple(fault_headers(error)))


def plain_fault(error: ToolkitError) -> Reply:
    status = status_of(error, invalid=400)
    return Reply(status=status, body=msgspec.json.encode({"error": message_of(error, status)}))


def need_job(call):
    if "jobId" not in call.query:
        raise InvalidInput("jobId is missing")
    return Query()


def route(method, path, verb, access="key", scope="", **more):
    more = {"read": lambda call: None, "write": lambda call, answer: told(200, answer)} | more
    operation = {"operationId": f"{verb}{len(path)}", "responses": {"200": {"description": "ok"}}}
    return Route(
        method=method,
        path=path,
        verb=verb,
        access=access,
        scope=scope,
        operation=operation,
        fault=plain_fault if path.startswith("/api") else fault,
        **more,
    )


NATIVE = Dialect(
    name="v1",
    title="The native one",
    prefix="/v1",
    routes=(
        route("GET", "/v1/jobs/{job_id}", "look", "key or token", "jobs:read"),
        route("DELETE", "/v1/jobs/{job_id}", "cancel", "key or token", "jobs:write"),
        route(
            "POST",
            "/v1/extract",
            "submit",
            scope="extract:write",
            read=lambda call: {"body": call.body.decode(), "form": dict(call.form)},
        ),
        route("GET", "/v1/jobs/{job_id}/events", "events", "key or token", write=None),
        route("GET", "/v1/jobs/stats", "stats"),
        route("GET", "/v1/usage", "usage", scope="usage:read"),
    ),
    fault=fault,
    components={"schemas": {"Native": {"type": "object"}}},
)
OTHER = Dialect(
    name="token_queue",
    title="Another one",
    prefix="/api/queue",
    routes=(
        route("GET", "/api/queue", "look", "token", read=need_job),
        route("DELETE", "/api/queue", "cancel", "token"),
    ),
    fault=plain_fault,
    components={"schemas": {"Other": {"type": "object"}}},
)


class Pen:
    def __init__(self, store: Store) -> None:
        self.store = store
        self.written = 0

    async def write(self, fn, durable: bool = True):
        with self.store.write(durable=durable) as conn:
            self.written += 1
            return fn(conn)


class TellingVerbs:
    """Each verb answers with what it was asked; ``ending`` ends the streams."""

    def __init__(self, store: Store) -> None:
        self.pen = Pen(store)
        self.streams = 0
        self.ending = asyncio.Event()
        self.raises: BaseException | None = None
        self.problems: list[str] = []
        self.discarded = 0

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        pass

    def end_waits(self) -> None:
        self.ending.set()

    def ready(self):
        return list(self.problems)

    async def by_token(self, job_id, token):
        if job_id not in TOKENS:
            raise JobNotFound("no such job")
        if TOKENS[job_id] != token:
            raise TokenRefused("wrong token")
        return Caller(owner="by token", scopes=frozenset({"jobs:read", "jobs:write"}))

    def _told(self, caller, **more):
        if self.raises is not None:
            raise self.raises
        return {"owner": caller.owner, "anonymous": caller.anonymous, **more}

    async def look(self, caller, job_id, query, *, document):
        return self._told(caller, job=job_id, document=document)

    async def cancel(self, caller, job_id, cancel):
        return self._told(caller, job=job_id)

    async def submit(self, caller, wanted, received):
        if wanted["body"].startswith("slow"):
            await asyncio.sleep(1.0)
        return self._told(caller, wanted=wanted)

    async def stats(self, caller):
        return self._told(caller)

    async def usage(self, caller, month):
        return self._told(caller, month=month)

    async def events(self, caller, job_id, request):
        async def stream() -> AsyncIterator[bytes]:
            yield b"data: open\n\n"
            await self.ending.wait()
            yield b"data: end\n\n"

        return StreamingResponse(stream(), media_type="text/event-stream")


class Stage:
    """An application over a store of its own, its verbs, its log."""

    def __init__(self, store: Store, *, anonymous=False, settings=None, **entrance) -> None:
        self.store = store
        self.log = io.StringIO()
        self.verbs = TellingVerbs(store)
        settings = settings or Settings()
        self.doorkeeper = Doorkeeper(store, redeem=self.verbs.by_token, anonymous=anonymous)
        self.app = assembled(
            Parts(
                store=store,
                settings=settings,
                dialects=(NATIVE, OTHER),
                verbs=self.verbs,
                doorkeeper=self.doorkeeper,
                entrance=Entrance(guarded=anonymous, **entrance),
                documents=Documents((NATIVE, OTHER), version="1"),
                log=logger(as_json=True, stream=self.log),
            )
        )

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.getvalue().splitlines()]

    def key(self, **more) -> str:
        with self.store.write() as conn:
            return keys.create(conn, now=time.time(), **{"owner": "ann"} | more).secret

    @asynccontextmanager
    async def client(self, *, peer=("203.0.113.9", 5), host="api.example", **more):
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False, client=peer)
        async with (
            self.app.router.lifespan_context(self.app),
            httpx.AsyncClient(transport=transport, base_url=f"http://{host}", **more) as client,
        ):
            yield client


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def count(conn: sqlite3.Connection, table: str) -> int:
    return conn.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
