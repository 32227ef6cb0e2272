"""Fetching an input from its address: into a file, within bounds, past the guard.

It happens in the runner, since children have no network, and before a child has the job. What
arrives is counted and hashed on its way to the disk, and is nobody's input before it is whole.
"""

from __future__ import annotations

import asyncio
import re
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final

import httpx
from httpx_secure import SSRFProtectionError

from toolkit.errors import (
    AddressRefused,
    AddressUnusable,
    FetchFailed,
    FileTooLarge,
    LeaseLost,
    ToolkitError,
)
from toolkit.jobs.address import shown
from toolkit.jobs.job import Progress, Stage
from toolkit.runner.guard import Guard
from toolkit.runner.landing import Landing, file_name
from toolkit.store.addresses import Arrival

__all__ = ["SHARE", "Download", "fetch", "retry_after"]

MOST_REDIRECTS: Final = 3
MOST_ADDRESSES: Final = 3
"""Addresses of one host that are tried, one after the other."""
SHARE: Final = 10.0
"""Percent of a job's progress that its download is."""
LONGEST_RETRY_AFTER: Final = 3600.0
TICK: Final = 0.05
"""Seconds between looks at whether the job is still wanted."""

_HEADERS: Final = {
    "User-Agent": "pagequeue",
    "Accept": "*/*",
    # Documents are compressed already, and what is not unpacked is no bomb.
    "Accept-Encoding": "identity",
}
_FULL: Final = frozenset({200, 203})
_MOVED: Final = frozenset({301, 302, 303, 307, 308})
_LATER: Final = frozenset({408, 425, 429})
_NO_ENTRY: Final = frozenset({401, 402, 403, 407, 451})
_HOST: Final = re.compile(r"[A-Za-z0-9._:-]+")
_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """What to fetch: *url* into the file *draft*, at most *largest* bytes, in *seconds*.

    *filename* is what the input was called when it was submitted, "" for nothing.
    """

    url: str
    draft: Path
    largest: int
    seconds: float
    guard: Guard
    filename: str = ""


def fetch(
    download: Download, *, cancelled: Callable[[], bool], report: Callable[[Progress], None]
) -> Arrival:
    """The file behind the address, on the disk, with what it is.

    *cancelled* is asked, and *report* called with the newest progress, twenty times a second.
    Raises AddressRefused, AddressUnusable, FetchFailed, FileTooLarge, EmptyFile,
    UnsupportedFileType, LeaseLost where it was cancelled, and OSError where the disk is full; no
    draft is left then.
    """
    try:
        return asyncio.run(_attended(_Trip(download), cancelled, report))
    except BaseException:
        download.draft.unlink(missing_ok=True)
        raise


async def _attended(
    trip: _Trip, cancelled: Callable[[], bool], report: Callable[[Progress], None]
) -> Arrival:
    """What comes of *trip*, unless it takes too long or nobody wants it any more."""
    download = trip.download
    task = asyncio.ensure_future(trip.arrival())
    ends = time.monotonic() + download.seconds
    try:
        while not task.done():
            if cancelled():
                raise LeaseLost("the job was cancelled, or is no longer ours")
            if time.monotonic() >= ends:
                raise FetchFailed(f"{shown(download.url)} took more than {download.seconds:g} s")
            report(trip.newest)
            await asyncio.wait([task], timeout=TICK)
    finally:
        task.cancel()
        await asyncio.wait([task])
    return task.result()


class _Trip:
    """One way to a file, over a few redirects at most."""

    def __init__(self, download: Download) -> None:
        self.download = download
        self.newest = Progress(percent=0.0, stage=Stage.UPLOADING)

    async def arrival(self) -> Arrival:
        """The file behind the address, or behind the one that it sends to."""
        asked = self.download.url
        url = _read(asked)
        for _ in range(MOST_REDIRECTS + 1):
            answer = await self._answer_of(url)
            if isinstance(answer, Arrival):
                return answer
            url = answer
        raise AddressUnusable(f"{shown(asked)} was redirected more than {MOST_REDIRECTS} times")

    async def _answer_of(self, url: httpx.URL) -> Arrival | httpx.URL:
        """What *url* gives, from the first of its host's addresses that can be reached."""
        host = url.raw_host.decode("ascii")
        found = await self.download.guard.addresses(host, url.port or _PORTS[url.scheme])
        failed: httpx.HTTPError | None = None
        for address in found[:MOST_ADDRESSES]:
            try:
                return await self._answer_from(url, address)
            except SSRFProtectionError as exc:
                raise AddressRefused(f"{shown(str(url))}: {exc}") from exc
            except httpx.InvalidURL as exc:
                # The library looks where a redirect leads, though it is not to follow it.
                raise AddressUnusable(f"{shown(str(url))} redirects to what is no address") from exc
            except (httpx.ConnectError, httpx.ConnectTimeout) as exc:
                failed = exc
            except httpx.HTTPError as exc:
                raise FetchFailed(f"{shown(str(url))}: {_words(exc)}") from exc
        raise _unreachable(url, failed) from failed

    async def _answer_from(self, url: httpx.URL, address: str) -> Arrival | httpx.URL:
        async with (
            self.download.guard.client(address) as client,
            client.stream(
                "GET",
                # The number that was checked, under the name that was asked for.
                url.copy_with(host=address, userinfo=b"", fragment=None),
                headers=_HEADERS | {"Host": url.netloc.decode("ascii")},
                extensions={"sni_hostname": url.raw_host.decode("ascii").rstrip(".")},
                auth=httpx.BasicAuth(url.username, url.password) if url.userinfo else None,
            ) as response,
        ):
            if response.status_code in _MOVED and "location" in response.headers:
                return _sent_on(url, response.headers["location"])
            _refuse_status(url, response)
            return await self._landed(url, response)

    async def _landed(self, url: httpx.URL, response: httpx.Response) -> Arrival:
        """The body of *response*, in the draft."""
        download, place = self.download, shown(str(url))
        told = response.headers.get("content-length", "")
        # int() knows more digits than the ten, and takes long for thousands of them.
        total = int(told) if told.isascii() and told.isdigit() and len(told) < 20 else 0
        if total > download.largest:
            most = f"at most {download.largest:,} are taken"
            raise FileTooLarge(f"{place} has {total:,} bytes; {most}")
        packed = response.headers.get("content-encoding", "")
        with Landing(download.draft, place, largest=download.largest, packed=packed) as landing:
            async for chunk in response.aiter_raw():
                landing.receive(chunk)
                share = min(1.0, landing.received / total) if total else 0.0
                self.newest = Progress(percent=SHARE * share, stage=Stage.UPLOADING)
            said = response.headers.get("content-disposition", "")
            asked = httpx.URL(download.url).path
            return landing.arrival(file_name(said, download.filename, asked, url.path), asked)


def _read(text: str) -> httpx.URL:
    """*text* as an address that may be asked. Raises AddressRefused."""
    try:
        url = httpx.URL(text)
        host = url.raw_host.decode("ascii")
    except (httpx.InvalidURL, ValueError, TypeError):
        raise AddressRefused(f"{shown(text)} is not written as an address is") from None
    if url.scheme not in _PORTS:
        raise AddressRefused(f"{shown(text)}: only http:// and https:// addresses are fetched from")
    port = _PORTS[url.scheme] if url.port is None else url.port
    if not _HOST.fullmatch(host) or not 0 < port < 2**16:
        raise AddressRefused(f"{shown(text)} is not written as an address is")
    return url


def _sent_on(url: httpx.URL, location: str) -> httpx.URL:
    """Where *url* redirects to. Raises AddressRefused."""
    try:
        following = _read(str(url.join(location)))
    except (httpx.InvalidURL, ValueError):
        raise AddressRefused(f"{shown(str(url))} redirects to what is no address") from None
    except AddressRefused as exc:
        raise AddressRefused(f"{shown(str(url))} redirects: {exc}") from None
    if url.scheme == "https" and following.scheme == "http":
        raise AddressRefused(
            f"{shown(str(url))} redirects to {shown(str(following))}, which is not encrypted;"
            " submit that address itself if you trust it"
        )
    return following


def _refuse_status(url: httpx.URL, response: httpx.Response) -> None:
    """Raise for any answer but a whole file."""
    status = response.status_code
    if status in _FULL:
        return
    said = f"{shown(str(url))} answered {status} {response.reason_phrase}".rstrip()
    if status >= 500 or status in _LATER:
        failure = FetchFailed(said)
        failure.retry_after = retry_after(response.headers.get("retry-after", ""), now=time.time())
        raise failure
    raise AddressUnusable(said + (": it needs a log-in or a key" if status in _NO_ENTRY else ""))


def retry_after(text: str, *, now: float) -> float:
    """Seconds that a Retry-After header asks for, by number or date, at most an hour; 0 for none.

    >>> retry_after("120", now=0.0), retry_after("Thu, 01 Jan 1970 00:00:30 GMT", now=10.0)
    (120.0, 20.0)
    """
    try:
        seconds = float(text)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(text).timestamp() - now
        except (ValueError, TypeError, OverflowError, OSError):
            return 0.0
    # nan is neither larger nor smaller
    return min(seconds, LONGEST_RETRY_AFTER) if seconds > 0 else 0.0


def _unreachable(url: httpx.URL, error: httpx.HTTPError | None) -> ToolkitError:
    place = shown(str(url))
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLCertVerificationError):
            why = f"the certificate of the host cannot be trusted: {seen.verify_message}"
            return AddressUnusable(f"{place}: {why}")
        seen = seen.__cause__ or seen.__context__
    return FetchFailed(f"{place}: {_words(error)}")


def _words(error: httpx.HTTPError | None) -> str:
    """What happened, without what the library would show of the address."""
    match error:
        case httpx.ConnectTimeout():
            return "the host did not answer in time"
        case httpx.TimeoutException():
            return "the connection fell silent"
        case httpx.ConnectError():
            return "the host cannot be reached"
        case httpx.RemoteProtocolError():
            return "the answer broke off, or is no HTTP"
    return "the connection broke"
