"""Questions to one server: bounded in time and size, repeated where that does no harm.

No redirect is followed. Whatever goes wrong is raised anew, away from the frames that have held
the key.
"""

from __future__ import annotations

import atexit
import random
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any, Final
from weakref import WeakSet

import anyio
import httpx

from toolkit.client import portal
from toolkit.client.address import Address
from toolkit.client.answers import Setback, broken_off, refused, too_long, unexpected
from toolkit.client.secret import Bearer, Secret
from toolkit.errors import InvalidInput, ToolkitError

__all__ = ["Question", "Transport"]

ATTEMPTS: Final = 5
FIRST_PAUSE: Final = 0.25
LONGEST_PAUSE: Final = 8.0
PATIENCE: Final = 60.0
"""A server that wants to be left alone for longer is not waited for."""
CONNECT_SECONDS: Final = 10.0
MOST_FAULT: Final = 64 * 1024
"""Bytes of a refusal that are read."""

Body = bytes | Callable[[], AsyncIterator[bytes]]
"""What is sent, or what gives it anew each time it is sent."""

_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_BROKEN = (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, TimeoutError, OSError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A POST. *repeat*: it may be asked again when nobody knows whether it was answered.

    The answer is of *media_type*, has at most *most* bytes, and comes within *seconds* where these
    are given; a long one only has to go on coming.
    """

    path: str
    body: Body = field(repr=False)
    """It may hold the password of a file."""
    media_type: str
    most: int
    headers: Mapping[str, str] = field(default_factory=dict)
    repeat: bool = True
    seconds: float | None = None
    pause: float = 0.0
    """Seconds that the server may be silent for, more than for others."""
    attempts: int = ATTEMPTS


class Transport:
    """The way to the server at *address*, for any thread. *timeout* is in seconds."""

    def __init__(self, address: Address, key: Secret | None, *, timeout: float) -> None:
        self.address = address
        self.timeout = timeout
        self._key = key
        self._closed = False
        _OPEN.add(self)
        self._http: tuple[Any, httpx.AsyncClient] | None = None
        """The connections, and the portal in whose event loop they are."""

    @property
    def closed(self) -> bool:
        return self._closed

    def ask(self, question: Question) -> bytes:
        """The answer. Raises the error that the server says, ServerUnreachable, ServerFailed."""
        if self._closed:
            raise _over()
        return portal.call(self._asked, question)

    def close(self) -> None:
        """Let go of the connections. May be called again."""
        self._closed = True
        held, self._http = self._http, None
        if held is not None and portal.is_open(held[0]):
            portal.call(held[1].aclose)
        elif held is not None:
            portal.left_behind.append(held)

    def abandon(self) -> None:
        """Let go of the connections without waiting: whatever thread finds that nobody asks."""
        self._closed = True
        held, self._http = self._http, None
        if held is None:
            return
        if not portal.is_open(held[0]):
            portal.left_behind.append(held)
            return
        try:
            held[0].start_task_soon(held[1].aclose)
        except RuntimeError:  # it is the event loop's own thread that found it
            _UNCLOSED.append(held)

    # --- in the event loop --------------------------------------------------------------------

    async def _asked(self, question: Question) -> bytes:
        attempt = 0
        while True:
            attempt += 1
            answer = await self._once(question)
            if isinstance(answer, bytes):
                return answer
            if not answer.again or attempt >= question.attempts or answer.after > PATIENCE:
                raise answer.error
            backoff = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** (attempt - 1))
            # Spread, so that a hundred clients do not come back in the same moment.
            await anyio.sleep(max(answer.after, backoff) * (1 + random.random() / 2))  # noqa: S311

    async def _once(self, question: Question) -> bytes | Setback:
        place = self.address.place
        if self._closed:  # meanwhile
            return Setback(_over())
        try:
            request = self._request(question)
            with anyio.fail_after(question.seconds):
                response = await self._connections().send(request, stream=True)
                try:
                    return await self._answer(response, question)
                finally:
                    await response.aclose()
        except ToolkitError as exc:  # from what gives the body
            return Setback(type(exc)(str(exc)))
        except _NEVER_SENT as exc:
            return broken_off(place, _plain(exc), sent=False, repeat=question.repeat)
        except _BROKEN as exc:
            return broken_off(place, _plain(exc), sent=True, repeat=question.repeat)

    def _request(self, question: Question) -> httpx.Request:
        waits = httpx.Timeout(
            self.timeout + question.pause, connect=min(self.timeout, CONNECT_SECONDS)
        )
        body = question.body
        return self._connections().build_request(
            "POST",
            f"{self.address.root}{question.path}",
            content=body if isinstance(body, bytes) else body(),
            headers=dict(question.headers),
            timeout=waits,
        )

    async def _answer(self, response: httpx.Response, question: Question) -> bytes | Setback:
        status, place = response.status_code, self.address.place
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        packed = response.headers.get("content-encoding", "identity").lower() != "identity"
        good = status == httpx.codes.OK
        if 300 <= status < 400 or packed or (good and kind != question.media_type):
            return unexpected(place, status, response.headers)
        body, most = bytearray(), question.most if good else MOST_FAULT
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > most:
                return too_long(place, most)
        if good:
            return bytes(body)
        return refused(place, status, response.headers, bytes(body), repeat=question.repeat)

    def _connections(self) -> httpx.AsyncClient:
        """The connections of this process; those of a parent are left alone."""
        here = portal.portal()
        if self._http is None or self._http[0] is not here:
            if self._http is not None:
                portal.left_behind.append(self._http)
            self._http = here, self._opened()
        return self._http[1]

    def _opened(self) -> httpx.AsyncClient:
        address = self.address
        return httpx.AsyncClient(
            auth=None if self._key is None else Bearer(self._key),
            follow_redirects=False,
            # A proxy is for what is far away, and it never sees what stays on this machine.
            trust_env=not address.near,
            transport=httpx.AsyncHTTPTransport(uds=address.socket) if address.socket else None,
            headers={
                "User-Agent": f"pagequeue/{version('pagequeue')}",
                # What is packed could unpack to anything.
                "Accept-Encoding": "identity",
            },
        )


_OPEN: WeakSet[Transport] = WeakSet()
_UNCLOSED: list[tuple[Any, httpx.AsyncClient]] = []


@atexit.register
def _close_all() -> None:
    for one in list(_OPEN):
        one.close()
    for here, http in _UNCLOSED:
        if portal.is_open(here):
            portal.call(http.aclose)


def _over() -> InvalidInput:
    return InvalidInput("this client is closed: toolkit.connect(…) makes another one")


def _plain(error: Exception) -> Exception:
    """*error* without its traceback: the frames in it have held the request."""
    plain = type(error).__name__
    return TimeoutError(plain) if "Timeout" in plain else OSError(str(error) or plain)
