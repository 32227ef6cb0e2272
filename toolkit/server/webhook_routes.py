"""``/v1/webhooks``: the addresses that an owner wants told of the ends of jobs, and the log."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final, TypeVar

import msgspec
from fastapi import APIRouter
from starlette.convertors import StringConvertor, register_url_convertor
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from toolkit.dialects import reading
from toolkit.dialects.times import iso
from toolkit.errors import FileTooLarge, InvalidInput, InvalidOption
from toolkit.runner.deliver_address import checked
from toolkit.server.calls import Caller, call_of, visit_of
from toolkit.server.pen import Pen
from toolkit.server.webhook_wire import (
    MOST_LISTED,
    MOST_OVERLAP,
    OPERATIONS,
    SCHEMAS,
    Changed,
    Wanted,
    told,
    told_try,
)
from toolkit.settings import Settings
from toolkit.store import outbox, webhooks
from toolkit.store.store import Store

__all__ = ["OPERATIONS", "SCHEMAS", "router"]

READ: Final = "jobs:read"
WRITE: Final = "jobs:write"
LARGEST_BODY: Final = 64 * 1024

Endpoint = Callable[[Request], Awaitable[Response]]
Authenticate = Callable[[Request, str], Awaitable[Caller]]
S = TypeVar("S", Wanted, Changed)


def router(store: Store, pen: Pen, authenticate: Authenticate, settings: Settings) -> APIRouter:
    """The routes under ``/v1/webhooks`` and ``/v1/deliveries``.

    Whatever is refused is raised as a ToolkitError, for the app to answer as ``/v1`` does.
    """
    desk = _Desk(store, pen, authenticate, settings)
    made = APIRouter()
    for method, path, operation in OPERATIONS:
        answer = _visited(path, getattr(desk, _ENDPOINTS[operation["operationId"]]))
        place = path.replace("{webhook_id}", "{webhook_id:webhook}")
        made.add_route(place, answer, methods=[method], include_in_schema=False)
    return made


class _WebhookId(StringConvertor):
    """Whatever may be an id: the one other word at its place has methods of its own."""

    regex = r"(?!signing-secret(?:/|$))[^/]+"


register_url_convertor("webhook", _WebhookId())


def _visited(path: str, answer: Endpoint) -> Endpoint:
    """*answer*, whose log line and figures name its *path*, as those of the dialect do."""

    async def answered(request: Request) -> Response:
        visit = visit_of(request.scope)
        visit.route, visit.dialect = path, "v1"
        return await answer(request)

    return answered


class _Desk:
    """One function for each operation."""

    def __init__(
        self, store: Store, pen: Pen, authenticate: Authenticate, settings: Settings
    ) -> None:
        self._store = store
        self._pen = pen
        self._authenticate = authenticate
        self._settings = settings

    async def create(self, request: Request) -> Response:
        caller = await self._authenticate(request, WRITE)
        wanted = await _body(request, Wanted)
        _short(wanted.url, wanted.description)
        webhook, secret = await self._pen.write(
            partial(
                webhooks.create,
                owner=caller.owner,
                url=checked(wanted.url, self._settings),
                events=wanted.events,
                description=wanted.description,
                now=time.time(),
            )
        )
        place = f"{request.scope.get('root_path', '')}/v1/webhooks/{webhook.id}"
        return _answer(told(webhook, secret=secret), 201, Location=place)

    async def list(self, request: Request) -> Response:
        caller = await self._authenticate(request, READ)
        found = webhooks.endpoints(self._store.read(), owner=caller.owner)
        return _answer({"webhooks": [told(one) for one in found]})

    async def get(self, request: Request) -> Response:
        caller = await self._authenticate(request, READ)
        found = webhooks.endpoint(self._store.read(), _id(request), owner=caller.owner)
        return _answer(told(found))

    async def change(self, request: Request) -> Response:
        caller = await self._authenticate(request, WRITE)
        changed = await _body(request, Changed)
        asked: dict[str, Any] = {
            name: value
            for name, value in msgspec.structs.asdict(changed).items()
            if value is not msgspec.UNSET
        }
        _short(asked.get("url", ""), asked.get("description", ""))
        if "url" in asked:
            checked(asked["url"], self._settings)
        webhook_id, now = _id(request), time.time()
        found = await self._pen.write(
            lambda conn: webhooks.change(conn, webhook_id, owner=caller.owner, now=now, **asked)
        )
        return _answer(told(found))

    async def remove(self, request: Request) -> Response:
        caller = await self._authenticate(request, WRITE)
        webhook_id = _id(request)
        await self._pen.write(lambda conn: webhooks.remove(conn, webhook_id, owner=caller.owner))
        return Response(status_code=204)

    async def test(self, request: Request) -> Response:
        caller = await self._authenticate(request, WRITE)
        webhook_id, now = _id(request), time.time()
        delivery = await self._pen.write(
            lambda conn: outbox.test_event(conn, endpoint=webhook_id, owner=caller.owner, now=now)
        )
        return _answer({"delivery_id": delivery}, 202)

    async def rotate(self, request: Request) -> Response:
        caller = await self._authenticate(request, WRITE)
        return await self._rotated(
            request, partial(webhooks.rotate, webhook_id=_id(request), owner=caller.owner)
        )

    async def rotate_callbacks(self, request: Request) -> Response:
        caller = await self._authenticate(request, WRITE)
        return await self._rotated(
            request, partial(webhooks.rotate_callback_secret, owner=caller.owner)
        )

    async def callback_secrets(self, request: Request) -> Response:
        caller = await self._authenticate(request, WRITE)
        now = time.time()
        found = await self._pen.write(
            lambda conn: webhooks.callback_secrets(conn, owner=caller.owner, now=now)
        )
        return _answer({"secrets": list(found)})

    async def deliveries(self, request: Request) -> Response:
        caller = await self._authenticate(request, READ)
        found = webhooks.endpoint(self._store.read(), _id(request), owner=caller.owner)
        return self._log(caller, limit=_limit(request), endpoint=found.id)

    async def all_deliveries(self, request: Request) -> Response:
        caller = await self._authenticate(request, READ)
        job_id = _query(request).get("job_id")
        if job_id is not None:
            reading.text("job_id", job_id, 100)
        return self._log(caller, limit=_limit(request), job_id=job_id)

    async def redeliver(self, request: Request) -> Response:
        caller = await self._authenticate(request, WRITE)
        delivery, now = request.path_params["delivery_id"], time.time()
        await self._pen.write(
            lambda conn: outbox.redeliver(conn, delivery, owner=caller.owner, now=now)
        )
        return _answer({"delivery_id": delivery}, 202)

    async def _rotated(self, request: Request, rotate: Callable[..., str]) -> Response:
        asked = _query(request).get("overlap_seconds", "86400")
        overlap, now = reading.whole_of("overlap_seconds", asked, 0, MOST_OVERLAP), time.time()
        secret = await self._pen.write(lambda conn: rotate(conn, now=now, overlap=overlap))
        return _answer({"secret": secret, "previous_valid_until": iso(now + overlap)})

    def _log(self, caller: Caller, **asked: Any) -> Response:
        found = outbox.log(self._store.read(), owner=caller.owner, **asked)
        return _answer({"deliveries": [told_try(one) for one in found]})


_ENDPOINTS: Final = {
    "createWebhook": "create",
    "listWebhooks": "list",
    "callbackSecrets": "callback_secrets",
    "rotateCallbackSecret": "rotate_callbacks",
    "getWebhook": "get",
    "changeWebhook": "change",
    "removeWebhook": "remove",
    "testWebhook": "test",
    "rotateWebhook": "rotate",
    "listWebhookDeliveries": "deliveries",
    "listDeliveries": "all_deliveries",
    "redeliver": "redeliver",
}


async def _body(request: Request, kind: type[S]) -> S:
    """The JSON of the request. Raises FileTooLarge, InvalidInput."""
    taken = bytearray()
    try:
        async for chunk in request.stream():
            taken += chunk
            if len(taken) > LARGEST_BODY:
                raise FileTooLarge(f"the body has more than {LARGEST_BODY // 1024} kB")
    except ClientDisconnect:
        raise InvalidInput("the request broke off") from None
    try:
        return msgspec.json.decode(bytes(taken), type=kind)
    except msgspec.ValidationError as exc:
        raise InvalidOption(f"the body: {exc}") from None
    except (msgspec.DecodeError, UnicodeError, RecursionError) as exc:
        raise InvalidInput(f"the body is no JSON: {exc}") from None


def _short(*texts: str) -> None:
    """Refuse what SQLite would not keep as it is."""
    if any("\0" in text or not text.isprintable() for text in texts):
        raise InvalidOption("url and description: there is an unprintable sign in it")


def _id(request: Request) -> str:
    return str(request.path_params["webhook_id"])


def _query(request: Request) -> dict[str, str]:
    return dict(call_of(request, now=0.0, method=request.method).query)


def _limit(request: Request) -> int:
    return reading.whole_of("limit", _query(request).get("limit", "100"), 1, MOST_LISTED)


def _answer(body: Any, status: int = 200, **headers: str) -> Response:
    return Response(
        msgspec.json.encode(body),
        status_code=status,
        media_type="application/json",
        # Some of these have secrets in them, and none is worth keeping.
        headers={"Cache-Control": "no-store", **headers},
    )
