"""One request of one webhook: past the guard, to the number that was checked, and once."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx
from httpx_secure import SSRFProtectionError

from toolkit.errors import ToolkitError
from toolkit.jobs.address import shown
from toolkit.runner.deliver_address import PORTS, guard_of, read
from toolkit.runner.fetch import retry_after
from toolkit.settings import Settings

__all__ = ["Answer", "Parcel", "send"]

MOST_ADDRESSES: Final = 3
MOST_READ: Final = 4096
"""Bytes of an answer's body that are taken in; nothing is made of them."""
POLITE: Final = 1.0
"""Seconds that are given to the body of an answer whose status is known."""

GONE: Final = 410
_MOVED: Final = range(300, 400)
_WAITS: Final = frozenset({429, 503})


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """What is sent: *body*, exactly these bytes, with its *headers*."""

    url: str
    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of it; *status* is None where there was no answer, *why* is "" for a delivery.

    *later* is how many seconds the receiver asks to be left alone.
    """

    status: int | None
    why: str = ""
    later: float = 0.0

    @property
    def delivered(self) -> bool:
        return not self.why

    @property
    def gone(self) -> bool:
        return self.status == GONE


async def send(parcel: Parcel, settings: Settings) -> Answer:
    """Send *parcel*, within ``settings.delivery_seconds``; whatever goes wrong is in the answer.

    Nothing secret is: addresses are shown without their query.
    """
    place = shown(parcel.url)
    try:
        async with asyncio.timeout(settings.delivery_seconds) as clock:
            return await _sent(parcel, settings, clock)
    except TimeoutError:
        return Answer(status=None, why=f"{place} took more than {settings.delivery_seconds:g} s")
    except ToolkitError as exc:
        return Answer(status=None, why=str(exc))
    except (SSRFProtectionError, httpx.HTTPError, httpx.InvalidURL, OSError) as exc:
        return Answer(status=None, why=f"{place}: {_words(exc)}")


async def _sent(parcel: Parcel, settings: Settings, clock: asyncio.Timeout) -> Answer:
    """The answer of the first of the host's addresses that can be reached."""
    url = read(parcel.url, settings)
    guard = guard_of(settings)
    host = url.raw_host.decode("ascii")
    found = await guard.addresses(host, url.port or PORTS[url.scheme])
    for address in found[:MOST_ADDRESSES]:
        try:
            async with (
                guard.client(address) as client,
                client.stream(**_request(url, address, parcel)) as response,
            ):
                # The status says it all: what the body takes makes no failure of it.
                clock.reschedule(None)
                await _drain(response)
                return _answer_of(url, response)
        except (httpx.ConnectError, httpx.ConnectTimeout) as exc:
            failed = exc
    raise failed


def _request(url: httpx.URL, address: str, parcel: Parcel) -> dict[str, Any]:
    fixed = {"Host": url.netloc.decode("ascii"), "User-Agent": "pagequeue", "Accept": "*/*"}
    return {
        "method": "POST",
        # The number that was checked, under the name that was given.
        "url": url.copy_with(host=address, fragment=None),
        "content": parcel.body,
        "headers": {**parcel.headers, **fixed, "Accept-Encoding": "identity"},
        "extensions": {"sni_hostname": url.raw_host.decode("ascii").rstrip(".")},
    }


async def _drain(response: httpx.Response) -> None:
    """Take the beginning of the body in, so that a receiver that writes one is not cut off."""
    taken = 0
    try:
        async with asyncio.timeout(POLITE):
            async for chunk in response.aiter_raw():
                taken += len(chunk)
                if taken >= MOST_READ:
                    return
    except (TimeoutError, httpx.HTTPError):
        return


def _answer_of(url: httpx.URL, response: httpx.Response) -> Answer:
    status = response.status_code
    if response.is_success:
        return Answer(status=status)
    why = f"{shown(str(url))} answered {status} {response.reason_phrase[:80]}".rstrip()
    if status in _MOVED:
        why += ": webhooks follow no redirect; give the address that it leads to"
    later = 0.0
    if status in _WAITS:
        later = retry_after(response.headers.get("retry-after", ""), now=time.time())
    return Answer(status=status, why=why, later=later)


def _words(error: Exception) -> str:
    """What happened, without what a library would show of the address."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLCertVerificationError):
            return f"the certificate of the host cannot be trusted: {seen.verify_message}"
        seen = seen.__cause__ or seen.__context__
    match error:
        case SSRFProtectionError():
            return "the host is not public"
        case httpx.InvalidURL():
            return "the answer sends to what is no address"
        case httpx.ConnectError():
            return "the host cannot be reached"
        case httpx.TimeoutException():
            return "the host did not answer in time"
        case httpx.RemoteProtocolError():
            return "the answer broke off, or is no HTTP"
    return "the connection broke"
