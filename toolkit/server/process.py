"""The process that serves: its socket, how long a client may dawdle, and how it ends.

A connection that sends nothing, or its head or body byte by byte, is closed; one with a head too
long is refused. On SIGTERM what waits is told to end, what runs is finished, and nothing is lost.
"""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Final

import uvicorn
from fastapi import FastAPI
from sse_starlette.sse import AppStatus

from toolkit.errors import InvalidInput
from toolkit.server.app import create_app
from toolkit.server.connections import Patient
from toolkit.server.entrance import is_loopback
from toolkit.server.logs import adopt, logger
from toolkit.server.visits import LONGEST_HEAD
from toolkit.settings import Settings
from toolkit.store.store import Store

__all__ = ["Address", "serve"]

KEEP_ALIVE: Final = 30
"""Seconds that an idle connection stays open."""

GRACE: Final = 30
"""Seconds that requests may take to be finished when the server is asked to end."""

MOST_CONNECTIONS: Final = 4_096
_SPARE_FILES: Final = 128
"""Open files that are for the database, blobs and uploads, not for connections."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen: at *host* and *port* (0 takes a free one), or at the unix socket *uds*."""

    host: str = "127.0.0.1"
    port: int = 8_000
    uds: Path | None = None

    def refuse_strangers(self) -> None:
        """Raise InvalidInput where other machines could reach it."""
        if self.uds is None and not is_loopback(self.host):
            raise InvalidInput(
                f"without keys everybody who reaches {self.host} could do everything: serve on "
                "127.0.0.1 or a unix socket, or make keys (pagequeue keys create) and leave "
                "--anonymous out"
            )


def serve(
    store: Store,
    address: Address,
    *,
    settings: Settings | None = None,
    work: bool = True,
    anonymous: bool = False,
    root_path: str = "",
    hosts: Sequence[str] = (),
    proxies: Sequence[str] = (),
    log_json: bool = True,
    said: Callable[[str], object] = print,
) -> None:
    """Serve *store* until SIGTERM or SIGINT; *said* is given the address once it can be asked.

    Raises InvalidInput where it may not, or cannot, listen at *address*.
    """
    if anonymous:
        address.refuse_strangers()
    settings = settings or Settings.read()
    log = logger(as_json=log_json)
    app = create_app(
        store,
        settings=settings,
        work=work,
        anonymous=anonymous,
        root_path=root_path,
        hosts=hosts,
        proxies=proxies,
        log=log,
    )
    adopt(log)
    _run(app, address, settings, said)


def _run(app: FastAPI, address: Address, settings: Settings, said: Callable[[str], object]) -> None:
    """Serve *app* until a signal comes."""
    listening = _bound(address)
    # It would break streams off in the middle; we end them, and then wait for them.
    AppStatus.enable_automatic_graceful_drain = False
    config = uvicorn.Config(
        app,
        http=partial(Patient, head_seconds=settings.head_seconds),  # type: ignore[arg-type]
        ws="none",
        loop="asyncio",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=_connections(),
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=GRACE,
        h11_max_incomplete_event_size=LONGEST_HEAD,
    )
    told = partial(said, _written(address, listening))
    try:
        Gentle(config, told=told, ending=app.state.end_waits).run(sockets=[listening])
    finally:
        listening.close()
        if address.uds is not None:
            address.uds.unlink(missing_ok=True)


class Gentle(uvicorn.Server):
    """A server that tells what waits to end before it waits for it, and then leaves with 0."""

    def __init__(
        self, config: uvicorn.Config, *, told: Callable[[], object], ending: Callable[[], object]
    ) -> None:
        super().__init__(config)
        self._told = told
        self._ending = ending

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._told()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._ending()
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002
        # A signal that was obeyed is not raised again: the process ends as one that is done.
        # The second Ctrl-C is by somebody who has no patience left.
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True


def _bound(address: Address) -> socket.socket:
    """A socket that listens there. Raises InvalidInput where that cannot be."""
    try:
        return _unix(address.uds) if address.uds is not None else _internet(address)
    except OSError as exc:
        raise InvalidInput(f"cannot listen at {_shown(address)}: {exc.strerror or exc}") from exc


def _internet(address: Address) -> socket.socket:
    [(family, kind, protocol, _, place), *_] = socket.getaddrinfo(
        address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    made = socket.socket(family, kind, protocol)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(place)
    except OSError:
        made.close()
        raise
    return made


def _unix(path: Path) -> socket.socket:
    """A socket that only this user can reach; one that a dead server left behind is replaced."""
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as there:
            if path.is_socket() and there.connect_ex(str(path)) != 0:
                path.unlink()
        before = os.umask(0o177)
        try:
            made.bind(str(path))
        finally:
            os.umask(before)
    except OSError:
        made.close()
        raise
    return made


def _shown(address: Address) -> str:
    if address.uds is not None:
        return f"unix:{address.uds}"
    host = f"[{address.host}]" if ":" in address.host else address.host
    return f"http://{host}:{address.port}"


def _written(address: Address, listening: socket.socket) -> str:
    """The address as it came out: with the port that was free."""
    if address.uds is not None:
        return _shown(address)
    return _shown(Address(address.host, listening.getsockname()[1]))


def _connections() -> int:
    """How many connections there may be, as many open files being allowed as the system lets us."""
    try:
        import resource
    except ModuleNotFoundError:  # not on Windows
        return 500
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = MOST_CONNECTIONS + _SPARE_FILES
    allowed = files if hard == resource.RLIM_INFINITY else min(files, hard)
    with suppress(ValueError, OSError):
        if soft != resource.RLIM_INFINITY and soft < allowed:
            resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    return max(64, allowed - _SPARE_FILES)
