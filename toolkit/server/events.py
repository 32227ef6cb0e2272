"""A job's life as Server-Sent Events: how it stands now, then every change, until it has ended."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

import msgspec
from sse_starlette import EventSourceResponse, ServerSentEvent

from toolkit.server.ahead import Seen
from toolkit.server.hub import Hub

__all__ = ["KEEP_ALIVE", "Tally", "stream"]

KEEP_ALIVE: Final = 15
"""Seconds between comments, so that nobody on the way takes a silent connection for a dead one."""


class Tally:
    """Counts a stream of *owner* in *counts* for as long as it is open."""

    def __init__(self, counts: dict[str, int], owner: str) -> None:
        self._counts = counts
        self._owner = owner

    def __enter__(self) -> None:
        self._counts[self._owner] = self._counts.get(self._owner, 0) + 1

    def __exit__(self, *_: object) -> None:
        self._counts[self._owner] -= 1
        if not self._counts[self._owner]:
            del self._counts[self._owner]


def stream(hub: Hub, job_id: str, *, after: str | None, tally: Tally) -> EventSourceResponse:
    """The events of a job. *after* is the last one that the caller has seen, if it says so.

    ``status`` comes first, and when the status changes; ``progress`` for any other change. They
    are numbered on from *after*; none is repeated, since the first says how it stands.
    """
    return EventSourceResponse(
        _events(hub, job_id, _number(after), tally),
        ping=KEEP_ALIVE,
        ping_message_factory=lambda: ServerSentEvent(comment="keep-alive"),
        sep="\n",
    )


async def _events(
    hub: Hub, job_id: str, number: int, tally: Tally
) -> AsyncIterator[ServerSentEvent]:
    before: Seen | None = None
    with tally:
        async with hub.watch(job_id) as watch:
            while (now := await watch.next()) is not None:
                number += 1
                is_move = before is None or before.status is not now.status
                yield ServerSentEvent(
                    event="status" if is_move else "progress",
                    id=str(number),
                    data=_told(job_id, now),
                )
                if now.ended:
                    return
                before = now


def _told(job_id: str, now: Seen) -> str:
    return msgspec.json.encode(
        {
            "job_id": job_id,
            "status": now.status,
            "progress": now.progress,
            "stage": now.stage,
            "position": now.position,
            "estimated_seconds": round(now.seconds, 1),
        }
    ).decode()


def _number(after: str | None) -> int:
    """The number of the last event seen; 0 where none is told, or what is told is no number."""
    told = after or ""
    return int(told) if told.isascii() and told.isdigit() and len(told) < 16 else 0
