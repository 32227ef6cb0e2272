"""A result that is handed over once: to one caller at a time, and gone when that one has it.

The server cannot see what a client has read, only what the connection took. So the last piece is
held back until everything before it was taken off our hands, and is sent only to a client that is
still there: one that breaks off before has not got everything, and may come again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from contextlib import closing, suppress
from typing import IO, Final

from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from toolkit.dialects.exchange import Reply
from toolkit.errors import InternalError, ResultGone
from toolkit.server.files import pieces
from toolkit.server.pen import Pen
from toolkit.server.visits import start_of
from toolkit.store import fetches
from toolkit.store.store import Store

__all__ = ["Handover", "HandoverAnswer", "sent_to_the_end"]

STALL: Final = 60.0
"""Seconds in which a client takes nothing before it is given up."""
RENEW: Final = fetches.LEASE / 3


class Handover:
    """The claim on a job's result, from when it is taken until it is given back or kept."""

    def __init__(self, store: Store, pen: Pen, job_id: str) -> None:
        self.job_id = job_id
        self._store = store
        self._pen = pen
        self._claim = 0
        self._held_at = 0.0

    async def begin(self) -> None:
        """Claim the result. Raises ResultGone where somebody has it or had it."""
        self._held_at = time.time()
        self._claim = await self._pen.write(
            lambda conn: fetches.claim(conn, job_id=self.job_id, now=time.time()), durable=False
        )

    async def hold_on(self) -> None:
        """Keep the claim, for as long as nobody cancels this or it is lost."""
        while await self.holds():
            await asyncio.sleep(RENEW)

    async def holds(self) -> bool:
        """Whether the claim is still ours, and for a while: this machine may have slept."""
        now = time.time()
        if 0 <= now - self._held_at < RENEW:
            return True
        with suppress(ResultGone, InternalError):
            await self._pen.write(
                lambda conn: fetches.renew(conn, job_id=self.job_id, claim=self._claim, now=now),
                durable=False,
            )
            self._held_at = now
            return True
        return False

    async def give_back(self) -> None:
        """It was not handed over: let the next one have it."""
        with suppress(InternalError):  # at the end of the server: the claim runs out by itself
            await self._pen.write(
                lambda conn: fetches.release(conn, job_id=self.job_id, claim=self._claim),
                durable=False,
            )

    async def finish(self) -> None:
        """It was handed over whole: erase it."""
        # It was purged meanwhile, or took us too long; or the server is to go.
        with suppress(ResultGone, InternalError):
            await self._pen.write(
                lambda conn: fetches.finish(
                    conn, self._store, job_id=self.job_id, claim=self._claim, now=time.time()
                )
            )


class HandoverAnswer(Response):
    """The bytes of *file*, handed over once."""

    def __init__(
        self, handover: Handover, file: IO[bytes], size: int, headers: Mapping[str, str]
    ) -> None:
        self._handover = handover
        self._file = file
        self._size = size
        super().__init__(headers={**headers, "cache-control": "no-store"})

    async def __call__(
        self,
        scope: Scope,  # noqa: ARG002 - as ASGI calls it
        receive: Receive,
        send: Send,
    ) -> None:
        renewing = asyncio.create_task(self._handover.hold_on())
        accepted = False
        try:
            with closing(self._file):
                accepted = await self._sent(receive, send)
        finally:
            renewing.cancel()
            ending = self._handover.finish() if accepted else self._handover.give_back()
            # To its end also where the server is being stopped.
            await asyncio.shield(asyncio.ensure_future(ending))
        if accepted:
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _sent(self, receive: Receive, send: Send) -> bool:
        """Send everything but the end; whether the connection took all of it."""
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        if not await _took(send, start):
            return False
        left = self._size
        async for piece in pieces(self._file, self._size):
            left -= len(piece)
            if not left:
                # Comes back when what was sent before has left our own buffer.
                drained = await _took(send, _body(b""))
                if not drained or not await self._handover.holds() or _has_left(receive):
                    return False
            if not await _took(send, _body(piece)) or _has_left(receive):
                return False
        return left == 0


async def sent_to_the_end(reply: Reply, receive: Receive, send: Send) -> bool:
    """Send *reply*; whether its client was there until the connection had taken all of it."""
    body = reply.body or b""
    # The empty piece comes back when what was sent before has left our own buffer.
    for message in (start_of(reply), _body(body[:-1]), _body(b"")):
        if not await _took(send, message):
            return False
    if _has_left(receive) or not await _took(send, _body(body[-1:])) or _has_left(receive):
        return False
    await send({"type": "http.response.body", "body": b"", "more_body": False})
    return True


def _body(piece: bytes) -> Message:
    return {"type": "http.response.body", "body": piece, "more_body": True}


async def _took(send: Send, message: Message) -> bool:
    """Whether the connection took *message* before its client had to be given up."""
    try:
        async with asyncio.timeout(STALL):
            await send(message)
    except (TimeoutError, OSError):
        return False
    return True


def _has_left(receive: Receive) -> bool:
    """Whether the client is known to have left, at this very moment.

    A server drops what is sent to a client that has left without a word. So the question is put
    without giving the event loop a turn, in which the answer could change: what was sent just
    before was dropped or was not, as this says.
    """
    for _ in range(8):  # a request's body may be unread; nobody needs more than a few pieces of it
        asking = receive().__await__()
        try:
            next(asking)
        except StopIteration as answered:
            if answered.value["type"] == "http.disconnect":
                return True
        else:
            asking.close()
            return False
    return False
