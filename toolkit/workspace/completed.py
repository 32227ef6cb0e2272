"""The jobs of a batch, one after the other as they end."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import anyio
import anyio.to_thread

from toolkit.desk import Desk
from toolkit.jobs import FINAL
from toolkit.workspace.handle import JobHandle
from toolkit.workspace.waiting import BREATH, SLICE, still_running

__all__ = ["Completed"]


@dataclass(frozen=True, slots=True)
class Completed:
    """For ``for`` and for ``async for``; each job comes once, in the order of ending.

    Raises StillRunning when *timeout* seconds have passed.
    """

    desk: Desk
    batch: str
    timeout: float | None = None

    def __iter__(self) -> Iterator[JobHandle]:
        end = None if self.timeout is None else time.monotonic() + self.timeout
        given: set[str] = set()
        with self.desk.changes() as watch:
            while True:
                fresh, left = self._fresh(given)
                yield from fresh
                if not left and not fresh:
                    return
                remaining = SLICE if end is None else end - time.monotonic()
                if left and remaining <= 0:
                    raise still_running(left, self.timeout)
                if not fresh:
                    watch.wait(min(SLICE, remaining))
                    time.sleep(BREATH)

    async def __aiter__(self) -> AsyncIterator[JobHandle]:
        end = None if self.timeout is None else anyio.current_time() + self.timeout
        given: set[str] = set()
        while True:
            fresh, left = await anyio.to_thread.run_sync(self._fresh, given)
            for handle in fresh:
                yield handle
            if not left and not fresh:
                return
            if left and end is not None and anyio.current_time() >= end:
                raise still_running(left, self.timeout)
            if not fresh:
                await anyio.sleep(2 * BREATH)

    def _fresh(self, given: set[str]) -> tuple[list[JobHandle], int]:
        """The jobs that ended and are not in *given*, which gets them, and how many are left."""
        self.desk.attend()
        counts = self.desk.counts(batch=self.batch)
        left = sum(n for state, n in counts.items() if state not in FINAL)
        # To find them is to read the whole batch; to count them is not.
        if sum(counts.values()) - left == len(given):
            return [], left
        ended = [j for j in self.desk.find(batch=self.batch) if j.ended and j.id not in given]
        given.update(job.id for job in ended)
        ended.sort(key=lambda job: (job.ended_at or 0.0, job.number))
        return [JobHandle(self.desk, job.id) for job in ended], left
