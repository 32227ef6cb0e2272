"""Many clients at once, on raw sockets, in a process of their own: ``python wire_load.py JSON``.

A client library would be the slowest part of what is measured. Here a request is bytes that are
ready before the clock starts, and an answer is read as far as its length. Prints JSON: how many
answers, of which status, in which time, and the latencies' quantiles in seconds.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.I)
MARK = b"@@@@@@@@@@"
"""In a request's body: replaced by a number that no other request has."""


class Tally:
    """What was answered so far; it ends after *seconds*, or when *requests* run out."""

    def __init__(self, requests: Iterator[bytes], seconds: float, wanted: int) -> None:
        self.requests = requests
        self.begun = time.perf_counter()
        self.until = self.begun + seconds
        self.wanted = wanted
        self.took: list[float] = []
        self.statuses: Counter[int] = Counter()
        self.broken = 0
        self.ended_at = self.begun

    def next(self) -> bytes | None:
        if time.perf_counter() > self.until or len(self.took) >= self.wanted:
            return None
        return next(self.requests, None)

    def said(self) -> dict[str, Any]:
        self.took.sort()
        seconds = self.ended_at - self.begun
        return {
            "answers": len(self.took),
            "seconds": seconds,
            "statuses": dict(self.statuses),
            "broken": self.broken,
            "p50": quantile(self.took, 0.5),
            "p99": quantile(self.took, 0.99),
        }


def quantile(values: list[float], share: float) -> float:
    return values[min(len(values) - 1, int(share * len(values)))] if values else float("nan")


class Line(asyncio.Protocol):
    """A connection that is kept: asks, hears the whole answer, asks again."""

    def __init__(self, tally: Tally, ended: asyncio.Future[None]) -> None:
        self.tally = tally
        self.ended = ended
        self.got = bytearray()
        self.end = 0
        self.asked_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.ask()

    def ask(self) -> None:
        request = self.tally.next()
        if request is None:
            self.transport.close()
            return
        self.asked_at = time.perf_counter()
        self.transport.write(request)

    def data_received(self, piece: bytes) -> None:
        self.got += piece
        if not self.end:
            head = self.got.find(b"\r\n\r\n")
            if head < 0:
                return
            found = LENGTH.search(self.got, 0, head + 2)
            self.end = head + 4 + (int(found[1]) if found else 0)
        if len(self.got) < self.end:
            return
        now = time.perf_counter()
        self.tally.took.append(now - self.asked_at)
        self.tally.statuses[int(self.got[9:12])] += 1
        self.tally.ended_at = now
        del self.got[: self.end]
        self.end = 0
        self.asked_at = 0.0
        self.ask()

    def connection_lost(self, exc: Exception | None) -> None:
        if self.asked_at:
            self.tally.broken += 1
        if not self.ended.done():
            self.ended.set_result(None)


class Stream(asyncio.Protocol):
    """An event stream: when its first event came, and whether it saw the end of its job."""

    def __init__(self, request: bytes, told: asyncio.Future[None]) -> None:
        self.request = request
        self.opened = told
        self.loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[float] = self.loop.create_future()
        self.got = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(self.request)

    def data_received(self, piece: bytes) -> None:
        self.got += piece
        if b"data:" in self.got and not self.opened.done():
            self.opened.set_result(None)
        if re.search(rb'"status" ?: ?"(completed|failed|cancelled)"', self.got):
            self._end()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.opened.done():
            self.opened.set_exception(exc or ConnectionError(repr(self.got[:300])))
        if not self.ended.done():
            self.ended.set_exception(exc or ConnectionError("closed before the job's end"))

    def _end(self) -> None:
        if not self.ended.done():
            self.ended.set_result(time.time())
        self.transport.close()


async def ask_often(asked: dict[str, Any]) -> dict[str, Any]:
    """*clients* connections that ask one after the other for *seconds*."""
    loop = asyncio.get_running_loop()
    tally = Tally(requests_of(asked), asked["seconds"], asked.get("wanted", 10**9))
    ended = [loop.create_future() for _ in range(asked["clients"])]
    for one in ended:
        await loop.create_connection(lambda one=one: Line(tally, one), "127.0.0.1", asked["port"])
    await asyncio.gather(*ended)
    return tally.said()


def requests_of(asked: dict[str, Any]) -> Iterator[bytes]:
    """The given requests, again and again, each with a number of its own where it has the mark."""
    requests = [text.encode("latin-1") for text in asked["requests"]]
    number = int(time.time() * 1000) % 10**6 * 10**4
    while True:
        for request in requests:
            number += 1
            yield request.replace(MARK, b"%010d" % number) if MARK in request else request


async def open_streams(asked: dict[str, Any]) -> dict[str, Any]:
    """Open every stream, *clients* at a time; then wait for the end of each one's job."""
    loop = asyncio.get_running_loop()
    room = asyncio.Semaphore(asked["clients"])
    streams: list[Stream] = []
    took: list[float] = []

    async def open_one(request: bytes) -> None:
        async with room:
            begun = time.perf_counter()
            opened: asyncio.Future[None] = loop.create_future()
            _, stream = await loop.create_connection(
                lambda: Stream(request, opened), "127.0.0.1", asked["port"]
            )
            await opened
            took.append(time.perf_counter() - begun)
            streams.append(stream)

    begun = time.perf_counter()
    await asyncio.gather(*(open_one(text.encode("latin-1")) for text in asked["requests"]))
    seconds = time.perf_counter() - begun
    took.sort()
    print("open", flush=True)
    ends = await asyncio.gather(*(stream.ended for stream in streams), return_exceptions=True)
    return {
        "answers": len(took),
        "seconds": seconds,
        "p50": quantile(took, 0.5),
        "p99": quantile(took, 0.99),
        "broken": sum(isinstance(end, BaseException) for end in ends),
        "ended_at": sorted(end for end in ends if isinstance(end, float)),
    }


def main() -> None:
    asked = json.load(sys.stdin)
    work = {"ask": ask_often, "stream": open_streams}[asked["scenario"]]
    print(json.dumps(asyncio.run(work(asked))), flush=True)


if __name__ == "__main__":
    main()
