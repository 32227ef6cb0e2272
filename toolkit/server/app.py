"""The application over a store: the dialects, the verbs behind them, and what delivers webhooks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING

from toolkit.dialects.registry import DIALECTS
from toolkit.runner.deliver import Courier
from toolkit.server import desk_routes, webhook_routes
from toolkit.server.assembly import Parts, assembled
from toolkit.server.auth import Doorkeeper
from toolkit.server.entrance import Entrance
from toolkit.server.entrance import root_path as root_path_of
from toolkit.server.logs import Log, logger
from toolkit.server.openapi import Documents
from toolkit.server.verbs import Verbs
from toolkit.settings import Settings
from toolkit.store.store import Store

if TYPE_CHECKING:
    from fastapi import FastAPI

__all__ = ["create_app"]


def create_app(
    store: Store,
    *,
    settings: Settings | None = None,
    work: bool = True,
    anonymous: bool = False,
    root_path: str = "",
    hosts: Sequence[str] = (),
    proxies: Sequence[str] = (),
    log: Log | None = None,
) -> FastAPI:
    """The server over *store* as an ASGI application.

    With *work* it starts a runner where there is work. *anonymous*: everybody may do everything,
    but under a name of this machine or one of *hosts* alone, and no other site's page; bind it so.
    Forwarding headers are believed of this machine and of *proxies*. Raises InvalidOption.
    """
    settings = settings or Settings.read()
    verbs = Verbs(store, settings, work=work)
    doorkeeper = Doorkeeper(store, redeem=verbs.by_token, anonymous=anonymous)
    root = root_path_of(root_path)
    entrance = Entrance(root_path=root, hosts=hosts, proxies=proxies, guarded=anonymous)
    routers = (
        desk_routes.router(verbs, doorkeeper),
        webhook_routes.router(store, verbs.pen, doorkeeper, settings),
    )
    parts = Parts(
        store=store,
        settings=settings,
        dialects=DIALECTS,
        verbs=verbs,
        doorkeeper=doorkeeper,
        entrance=entrance,
        documents=_documents(),
        log=log or logger(as_json=True),
        work=work,
        routers=routers,
        beside=_delivering(store, settings),
    )
    return assembled(parts)


def _documents() -> Documents:
    return Documents(
        DIALECTS,
        version=version("pagequeue"),
        more=(*webhook_routes.OPERATIONS, *desk_routes.OPERATIONS),
        schemas={**webhook_routes.SCHEMAS, **desk_routes.SCHEMAS},
    )


def _delivering(
    store: Store, settings: Settings
) -> Callable[[], AbstractAsyncContextManager[object]]:
    """What delivers webhooks for as long as it is entered."""

    @asynccontextmanager
    async def deliver() -> AsyncIterator[None]:
        courier = Courier(store, settings)
        courier.start()
        try:
            yield
        finally:
            await asyncio.to_thread(courier.stop)

    return deliver
