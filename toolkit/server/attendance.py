"""Seeing to it that the queue is worked on and swept, for as long as the server runs."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from contextlib import suppress
from typing import Final

from toolkit.errors import ToolkitError
from toolkit.store import erasures
from toolkit.store.store import Store
from toolkit.workspace.local import LocalDesk

__all__ = ["Attendance"]

log = logging.getLogger("pagequeue.server")

LOOK_EVERY: Final = 2.5
"""Seconds after which it is looked whether a runner that has work still lives."""
GATHER: Final = 0.05
SWEEP_EVERY: Final = 30.0
"""Seconds between two looks at what has expired: a runner does it too, while one is there."""
TIDY_EVERY: Final = 3600.0
"""Seconds between two looks at what crashes left, first when the server starts."""


class Attendance:
    """Has a runner started when there is work, and erases what has expired."""

    def __init__(self, store: Store, *, work: bool) -> None:
        self._store = store
        self._desk = LocalDesk(store, work=work)
        self._called = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; call it in the event loop."""
        self._task = asyncio.create_task(self._attend(), name="attendance")
        self._task.add_done_callback(_say_why)

    @property
    def alive(self) -> bool:
        """Whether the queue is looked after."""
        return self._task is not None and not self._task.done()

    async def stop(self) -> None:
        """End; the runner goes on."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    def call(self) -> None:
        """There is work."""
        self._called.set()

    async def _attend(self) -> None:
        looked = tidied = float("-inf")
        while True:
            now = time.monotonic()
            try:
                await asyncio.to_thread(self._desk.attend)
                if now - looked >= SWEEP_EVERY:
                    looked = now
                    await asyncio.to_thread(self._sweep, tidy=now - tidied >= TIDY_EVERY)
                    tidied = now if now - tidied >= TIDY_EVERY else tidied
            except (ToolkitError, sqlite3.Error, OSError):  # the next round tries again
                log.warning("the queue was not looked after", exc_info=True)
            # Many submissions a second are one call.
            await asyncio.sleep(GATHER)
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY):
                    await self._called.wait()
            self._called.clear()

    def _sweep(self, *, tidy: bool) -> None:
        now = time.time()
        expired = erasures.expire(self._store, now=now)
        if tidy or expired or erasures.pending(self._store.read()):
            erasures.sweep(self._store, now=now)


def _say_why(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("the queue is not looked after any more", exc_info=error)
