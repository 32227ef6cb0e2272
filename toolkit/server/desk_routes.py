"""The verbs of a desk over HTTP, for ``toolkit.connect``: each owner sees its own jobs."""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

import anyio
import anyio.to_thread
import msgspec
from fastapi import APIRouter, Request
from msgspec.structs import replace
from starlette.concurrency import iterate_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.responses import Response, StreamingResponse

from toolkit.desk import Glance
from toolkit.dialects import desk_wire as wire
from toolkit.dialects.faults import fault_headers, message_of, status_of
from toolkit.document.wire import encode
from toolkit.errors import FileTooLarge, InvalidInput, PathUnknown, ToolkitError
from toolkit.jobs import Job
from toolkit.server import taking, uploads
from toolkit.server.calls import Caller, visit_of
from toolkit.server.desk_frames import streamed
from toolkit.server.desk_operations import OPERATIONS, SCHEMAS
from toolkit.server.limits import Pages
from toolkit.server.owned import OwnedDesk
from toolkit.server.tide import Tide

if TYPE_CHECKING:
    from toolkit.server.verbs import Verbs

__all__ = ["OPERATIONS", "SCHEMAS", "router"]

T = TypeVar("T")

Authenticate: TypeAlias = Callable[[Request, str], Awaitable[Caller]]

MOST_BODY: Final = 2 * 2**20
LONGEST_WAIT: Final = 25.0
DRAWN_AT_ONCE: Final = 2
"""Pages that are drawn at the same time, for everybody: each takes a child's memory."""
_JSON: Final = re.compile(r"application/json\s*(;.*)?", re.IGNORECASE)


def router(verbs: Verbs, authenticate: Authenticate) -> APIRouter:
    """The routes under ``/v1/desk``; *authenticate* raises KeyRefused and the like."""
    counter = _Counter(verbs, authenticate)
    routes = APIRouter()
    how: dict[str, Any] = {"methods": ["POST"], "include_in_schema": False}
    routes.add_api_route(wire.UPLOAD, counter.upload, **how)
    routes.add_api_route(f"{wire.PREFIX}/{{verb}}", counter.answer, **how)
    return routes


class _Counter:
    """Where the requests of all owners are answered."""

    def __init__(self, verbs: Verbs, authenticate: Authenticate) -> None:
        self._verbs = verbs
        self._authenticate = authenticate
        self._desks: dict[str, OwnedDesk] = {}
        self._pages = Pages(verbs.store)
        self._tide = Tide(verbs.store, ending=lambda: verbs.ending)
        self._drawing: anyio.CapacityLimiter | None = None
        self._own: Mapping[str, Callable[[Caller, Any], Awaitable[Response]]] = {
            "hello": self._hello,
            "changes": self._changes,
            "check": self._check,
            "new_batch": self._new_batch,
            "take": self._take,
            "page_image": self._page_image,
        }

    # --- the two doors ------------------------------------------------------------------------

    async def answer(self, request: Request) -> Response:
        """One verb: JSON in, and what the verb gives out."""
        try:
            verb = wire.VERBS.get(request.path_params["verb"])
            if verb is None:
                raise PathUnknown("a desk has no such verb")
            visit = visit_of(request.scope)
            # By verb in logs and figures; of these there are only so many.
            visit.route, visit.dialect = f"{wire.PREFIX}/{verb.name}", "v1"
            caller = await self._authenticate(request, verb.scope)
            asked = await _read(request, verb.asks)
            own = self._own.get(verb.name)
            if own is not None:
                return await own(caller, asked)
            return await self._asked(self._desk(caller), verb, asked)
        except ToolkitError as exc:
            return _fault(exc)

    async def upload(self, request: Request) -> Response:
        """One file, and what it is to become."""
        received, visit = None, visit_of(request.scope)
        visit.route, visit.dialect = wire.UPLOAD, "v1"
        try:
            caller = await self._authenticate(request, "extract:write")
            self._pages.refuse_beyond(caller.key, time.time())
            form, received = await uploads.receive(
                request, store=self._verbs.store, settings=self._verbs.settings
            )
            wish = _decoded(form.get("wanted", "").encode(errors="replace"), wire.Wish)
            key = request.headers.get("idempotency-key", "")
            desk = self._desk(caller)
            self._refuse_excess(caller, wish.terms)
            return _json(await _beside(taking.upload, desk, wish, key=key, received=received))
        except ToolkitError as exc:
            return _fault(exc)
        finally:
            if received is not None:
                received.discard()

    def _desk(self, caller: Caller) -> OwnedDesk:
        desk = self._desks.get(caller.owner)
        if desk is None:
            desk = OwnedDesk(self._verbs.store, caller.owner, work=self._verbs.work)
            self._desks[caller.owner] = desk
        return desk

    # --- verbs that a desk has as well --------------------------------------------------------

    async def _asked(self, desk: OwnedDesk, verb: wire.VerbRow, asked: Any) -> Response:
        named = {name: getattr(asked, name) for name in asked.__struct_fields__}
        if verb.form == "frame":
            frames = streamed(desk, verb.name, **named)
            # What is wrong is said before anything else is.
            first = await _beside(next, frames)
            return StreamingResponse(
                iterate_in_threadpool(_joined(first, frames)), media_type=wire.ARROW
            )
        found = await _beside(_called, desk, verb.name, named)
        if verb.name == "purge":
            # What the server holds of them for others who ask goes as well.
            for one in asked.job_ids:
                self._verbs.views.forget(one)
        if verb.form == "bytes":
            return Response(found, media_type="application/octet-stream")
        return _json(found)

    async def _page_image(self, caller: Caller, asked: wire.PageImage) -> Response:
        if self._drawing is None:
            self._drawing = anyio.CapacityLimiter(DRAWN_AT_ONCE)
        draw = partial(
            self._desk(caller).page_image,
            asked.job_id,
            asked.page,
            width=asked.width,
            password=asked.password,
        )
        drawn = await anyio.to_thread.run_sync(draw, limiter=self._drawing)
        return Response(drawn, media_type="image/webp")

    # --- verbs that only a server has ---------------------------------------------------------

    async def _hello(self, caller: Caller, _: wire.Nothing) -> Response:
        limit = self._verbs.settings.upload_bytes
        return _json(
            wire.Greeting(version=version("pagequeue"), owner=caller.owner, upload_bytes=limit)
        )

    async def _changes(self, _: Caller, asked: wire.Changes) -> Response:
        wait = min(max(asked.wait, 0.0), LONGEST_WAIT)
        risen = await self._tide.risen(asked.seen, wait)
        return _json(wire.Changed(seen=self._tide.seen, changed=risen))

    def _refuse_excess(self, caller: Caller, terms: wire.Terms) -> None:
        if terms.limits and not caller.may("admin"):
            taking.refuse_excess(self._verbs.store, terms)

    async def _check(self, caller: Caller, asked: wire.Check) -> Response:
        self._refuse_excess(caller, asked.terms)
        return _json(
            await _beside(taking.refuse_unsound, self._verbs.store, asked.terms, files=asked.files)
        )

    async def _new_batch(self, caller: Caller, asked: wire.NewBatch) -> Response:
        self._pages.refuse_beyond(caller.key, time.time())
        self._refuse_excess(caller, asked.terms)
        return _json(await _beside(taking.new_batch, self._desk(caller), asked))

    async def _take(self, caller: Caller, asked: wire.Take) -> Response:
        self._pages.refuse_beyond(caller.key, time.time())
        self._refuse_excess(caller, asked.terms)
        desk = self._desk(caller)
        return _json(await _beside(taking.entries, desk, asked.batch, asked.terms, asked.entries))


# --- what a verb gives, as it goes over the wire --------------------------------------------------


def _called(desk: OwnedDesk, verb: str, named: Mapping[str, Any]) -> Any:
    """What *desk* gives for *verb*, as far as it may be shown."""
    match verb:
        case "batches":
            return [wire.BatchRow(id=row.id, name=row.name) for row in desk.batch_rows()]
        case "document":
            return encode(desk.document(**named))
    return _shown(getattr(desk, verb)(**named))


def _shown(found: Any) -> Any:
    match found:
        case Job():
            return wire.as_shown(found)
        case Glance():
            return replace(found, running=tuple(map(wire.as_shown, found.running)))
        case [Job(), *_]:
            return [wire.as_shown(job) for job in found]
    return found


def _joined(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _json(found: Any) -> Response:
    return Response(msgspec.json.encode(found), media_type="application/json")


def _fault(error: ToolkitError) -> Response:
    status = status_of(error, invalid=422)
    told = wire.fault_of(error, message=message_of(error, status))
    headers = dict(fault_headers(error))
    return Response(msgspec.json.encode(told), status, headers, "application/json")


# --- what a verb is asked -------------------------------------------------------------------------


async def _read(request: Request, kind: Any) -> Any:
    """The arguments in the body. Raises FileTooLarge, and InvalidInput for any other fault."""
    if not _JSON.fullmatch(request.headers.get("content-type", "")):
        raise InvalidInput("the arguments of a verb are JSON: Content-Type: application/json")
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > MOST_BODY:
                raise FileTooLarge(f"the arguments of a verb have at most {MOST_BODY:,} bytes")
    except ClientDisconnect as exc:
        raise InvalidInput("the connection was closed before the request was whole") from exc
    return _decoded(bytes(body), kind)


def _decoded(content: bytes, kind: Any) -> Any:
    try:
        return msgspec.json.decode(content, type=kind)
    except (msgspec.MsgspecError, RecursionError, UnicodeError) as exc:
        raise InvalidInput(f"these are no arguments of this verb: {exc}") from exc


async def _beside(act: Callable[..., T], *given: Any, **named: Any) -> T:
    """What *act* gives, in a thread: the file is read and written there, never in the loop."""
    return await anyio.to_thread.run_sync(partial(act, *given, **named))
