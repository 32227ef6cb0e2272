"""One connection as uvicorn keeps it, with an end to its patience.

One that sends nothing, or its head byte by byte, is closed; a head too long is refused in words.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any, Final

import h11
import msgspec
from uvicorn.protocols.http.h11_impl import H11Protocol

__all__ = ["Patient"]

LEFTOVER_SECONDS: Final = 10.0
"""Seconds for which the rest of a body is read that was refused, so that the refusal arrives."""

STALL: Final = 300.0
"""Seconds in which a client has to take something of its answer. The system's buffers hold up to
some megabytes: what is taken of them shows only when a good part is gone."""

LINGER_SECONDS: Final = 2.0
"""Seconds for which what comes after a refusal is read."""

_PHRASES: Final = {
    400: "Bad Request",
    408: "Request Timeout",
    431: "Request Header Fields Too Large",
}


class Patient(H11Protocol):
    """A connection that waits for its client, but no longer than *head_seconds* for a head."""

    def __init__(self, *, head_seconds: float, **uvicorns: Any) -> None:
        super().__init__(**uvicorns)
        self._head_seconds = head_seconds
        self._clock: asyncio.TimerHandle | None = None
        self._reader_clock: asyncio.TimerHandle | None = None
        self._refused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)  # type: ignore[arg-type]
        self._clock = self.loop.call_later(self._head_seconds, self._too_slow)

    def _received(self, data: bytes) -> None:
        # After a refusal what still comes is read and dropped: to close with bytes unread would
        # reset the connection, and take the refusal away from the client.
        if not self._refused:
            super().data_received(data)
            self._watch()

    data_received = _received  # as asyncio calls it

    def _should_upgrade(self) -> bool:
        # uvicorn would log each such wish as a warning, with advice to install more.
        return False

    def shutdown(self) -> None:
        if self._refused:
            self.transport.close()
        else:
            super().shutdown()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._watch()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._wait_for_reader(0)

    def resume_writing(self) -> None:
        self._stop_reader_clock()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_clock()
        self._stop_reader_clock()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP, or has too long a head; called while that error is handled."""
        error = sys.exc_info()[1]
        status = getattr(error, "error_status_hint", 400)
        if self.cycle is not None and self.conn.our_state is h11.DONE:
            # The leftovers of a request that was answered: there is nobody to tell.
            self.transport.close()
            return
        if self.cycle is not None and not self.cycle.response_complete:
            # The rest of a body makes no sense any more: to the application its sender is gone.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
            if self.cycle.response_started:
                self.transport.close()
                return
        self._refuse(431 if status == 431 else 400, msg)

    def _watch(self) -> None:
        """See to it that the clock runs while the client owes us something, and only then."""
        if self._refused:
            return
        if self.transport.is_closing():
            self._stop_clock()
        elif self.cycle is None or self.cycle.response_complete:
            if self.conn.their_state is h11.SEND_BODY:
                self._start_clock(LEFTOVER_SECONDS)
            elif self.conn.trailing_data[0] or self.cycle is None:
                self._start_clock(self._head_seconds)
            else:
                self._stop_clock()
        else:
            # What is being answered has a clock of its own.
            self._stop_clock()

    def _wait_for_reader(self, left: int) -> None:
        """Give up a client that has taken nothing of its answer since *left* bytes were left."""
        waiting = self.transport.get_write_buffer_size()
        if waiting == left:
            self.transport.abort()
        else:
            self._reader_clock = self.loop.call_later(STALL, self._wait_for_reader, waiting)

    def _stop_reader_clock(self) -> None:
        if self._reader_clock is not None:
            self._reader_clock.cancel()
            self._reader_clock = None

    def _start_clock(self, seconds: float) -> None:
        if self._clock is None:
            self._clock = self.loop.call_later(seconds, self._too_slow)

    def _stop_clock(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None

    def _too_slow(self) -> None:
        self._clock = None
        if self._refused:
            self.transport.close()
        elif self.conn.their_state is h11.IDLE and self.conn.our_state is h11.IDLE:
            self._refuse(408, "The request did not arrive in time.")
        else:
            self.transport.close()

    def _refuse(self, status: int, words: str) -> None:
        """Answer without the application, and close."""
        code = {408: "REQUEST_TIMEOUT", 431: "HEADERS_TOO_LARGE"}.get(status, "BAD_REQUEST")
        body = msgspec.json.encode({"error": {"code": code, "message": words}})
        head = (
            f"HTTP/1.1 {status} {_PHRASES[status]}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self._stop_clock()
        self._refused = True
        self.transport.write(head.encode() + body)
        self.transport.write_eof()
        self._start_clock(LINGER_SECONDS)
