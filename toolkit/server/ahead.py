"""What lies ahead of many jobs at once: one query for all of them, and a few for each tool."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from toolkit.jobs import FINAL, JobState
from toolkit.store import outlook

__all__ = ["Seen", "seconds_left", "seen"]

AT_ONCE: Final = 500
_JOBS = """
SELECT id, number, tool, status, progress, stage, run_at, started_at FROM jobs WHERE id IN ({})"""
_TOOL = "SELECT concurrency, prior_seconds, processing FROM tools WHERE number = ?"
_TOOL_OF = "SELECT tool, prior_seconds FROM jobs JOIN tools ON tools.number = tool WHERE id = ?"
_HEAD = """
SELECT number FROM jobs WHERE tool = ? AND status = 'queued'
ORDER BY priority DESC, number LIMIT ?"""
_SLOTS = "SELECT coalesce(sum(slots), 0), count(*) FROM runners WHERE beat_at >= ?"


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """How a job stands: what its watchers are told.

    ``wait`` is how long until it starts, ``seconds`` how long until it has ended.
    """

    status: JobState
    progress: float
    stage: str | None
    position: int
    wait: float
    seconds: float
    runners: int = 0

    @property
    def ended(self) -> bool:
        return self.status in FINAL

    def is_news(self, before: Seen | None) -> bool:
        """Whether this says more of the job than *before* than that time went by."""
        if before is None:
            return True
        later = replace(before, wait=self.wait, seconds=self.seconds, runners=self.runners)
        return later != self


def seen(conn: sqlite3.Connection, job_ids: Sequence[str], *, now: float) -> dict[str, Seen]:
    """How the jobs of these ids stand; those that there are."""
    found: dict[str, Seen] = {}
    queues: dict[int, _Queue] = {}
    slots, runners = conn.execute(_SLOTS, [now - outlook.RUNNER_SILENCE]).fetchone()
    for start in range(0, len(job_ids), AT_ONCE):
        some = job_ids[start : start + AT_ONCE]
        marks = ", ".join("?" * len(some))
        for row in conn.execute(_JOBS.format(marks), some).fetchall():
            job_id, _, tool, status, progress, stage, _, _ = row
            state, position, wait, seconds = JobState(status), 0, 0.0, 0.0
            if state not in FINAL:
                queue = queues.get(tool) or _Queue(conn, tool, slots, now)
                queues[tool] = queue
                position, wait, seconds = queue.outlook(row)
            found[job_id] = Seen(
                status=state,
                progress=progress,
                stage=stage,
                position=position,
                wait=wait,
                seconds=seconds,
                runners=runners,
            )
    return found


def seconds_left(
    conn: sqlite3.Connection, job_id: str, *, wait: float, started_at: float | None, now: float
) -> float:
    """Seconds until a job has ended that waits *wait* more, or runs since *started_at*."""
    tool, prior = conn.execute(_TOOL_OF, [job_id]).fetchone()
    mean = outlook.mean_seconds(conn, tool) or prior
    return float(_rest(mean, started_at, now) if started_at is not None else wait + mean)


def _rest(mean: float, started_at: float, now: float) -> float:
    # One that takes longer than the mean may end at any moment.
    return max(mean - (now - started_at), 1.0)


class _Queue:
    """The waiting jobs of one tool, as far as positions are counted exactly."""

    def __init__(self, conn: sqlite3.Connection, tool: int, slots: int, now: float) -> None:
        concurrency, prior, processing = conn.execute(_TOOL, [tool]).fetchone()
        self._conn = conn
        self._now = now
        self._mean = float(outlook.mean_seconds(conn, tool) or prior)
        self._slots = max(1, min(slots, concurrency) if concurrency else slots)
        self._free = self._slots - processing
        self._left = outlook.left_in_running(conn, tool, self._mean, now)
        head = conn.execute(_HEAD, (tool, outlook.EXACT_POSITIONS)).fetchall()
        self._places = {number: place for place, (number,) in enumerate(head, 1)}

    def outlook(self, row: tuple[Any, ...]) -> tuple[int, float, float]:
        """(position, seconds until it starts, and until it has ended) of a row of _JOBS."""
        job_id, number, _, status, _, _, run_at, started_at = row
        if status == JobState.PROCESSING:
            return 0, 0.0, _rest(self._mean, started_at or self._now, self._now)
        # One that was claimed since its row was read stood first.
        place = self._places.get(number) or outlook.position(self._conn, job_id) or 1
        wait = 0.0
        if place > self._free:
            wait = (self._left + (place - 1) * self._mean) / self._slots
        wait = max(wait, (run_at or self._now) - self._now)
        return place, wait, wait + self._mean
