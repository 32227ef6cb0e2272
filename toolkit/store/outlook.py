"""What lies ahead of a job: its position, its wait, and how its tool is doing."""

from __future__ import annotations

import sqlite3

import msgspec

from toolkit.jobs.state import JobState
from toolkit.store import tallies
from toolkit.store.jobs import not_found

__all__ = [
    "Estimate",
    "ToolStats",
    "estimate",
    "left_in_running",
    "mean_seconds",
    "position",
    "stats",
]

EXACT_POSITIONS = 1000
"""Up to here a position is counted row by row (163 µs in a queue of a million, measured)."""

MEAN_OF = 50
"""Completed jobs whose duration makes the moving mean."""

RUNNER_SILENCE = 30.0
"""Seconds without a beat after which a runner is not counted on."""


class Estimate(msgspec.Struct, frozen=True):
    """*seconds* until the job starts, as far as can be told; 0 for one that runs or has ended.

    ``runners`` is how many are there to do it; with none, one slot is assumed.
    """

    position: int
    seconds: float
    runners: int


class ToolStats(msgspec.Struct, frozen=True, kw_only=True):
    """How many jobs of a tool stand where, and how long one takes.

    ``concurrency`` 0 means no limit; ``state`` is open, paused or draining; ``mean_seconds`` is
    the mean of the last completed jobs, None before the first.
    """

    tool: str
    label: str
    concurrency: int
    state: str
    queued: int
    processing: int
    retrying: int
    completed: int
    failed: int
    cancelled: int
    mean_seconds: float | None


_MEAN = f"""
SELECT avg(seconds) FROM (
    SELECT ended_at - started_at AS seconds FROM jobs
    WHERE tool = ? AND status = 'completed' AND started_at IS NOT NULL
    ORDER BY ended_at DESC LIMIT {MEAN_OF}
)"""

# Two counts, each over one range of jobs_to_claim: with OR the index would be read from its start.
_AHEAD = f"""
SELECT
    (SELECT count(*) FROM (SELECT 1 FROM jobs WHERE tool = :tool AND status = 'queued'
        AND priority > :priority LIMIT {EXACT_POSITIONS}))
  + (SELECT count(*) FROM (SELECT 1 FROM jobs WHERE tool = :tool AND status = 'queued'
        AND priority = :priority AND number < :number LIMIT {EXACT_POSITIONS}))"""

_BEHIND = f"""
SELECT
    (SELECT count(*) FROM (SELECT 1 FROM jobs WHERE tool = :tool AND status = 'queued'
        AND priority < :priority LIMIT {EXACT_POSITIONS}))
  + (SELECT count(*) FROM (SELECT 1 FROM jobs WHERE tool = :tool AND status = 'queued'
        AND priority = :priority AND number > :number LIMIT {EXACT_POSITIONS}))"""

_RETRYING_AHEAD = """
SELECT count(*) FROM jobs WHERE status = 'retrying' AND tool = :tool
    AND (run_at, number) < (:run_at, :number)"""


def position(conn: sqlite3.Connection, job_id: str) -> int:
    """Where the job stands among those of its tool that wait: 1 is claimed next.

    0 when it runs or has ended. Jobs that wait for another attempt come after all queued ones.
    Exact to 1,000 from either end of the queue; between, at least 1,000 and from counters.
    Raises JobNotFound.
    """
    row = conn.execute(
        "SELECT number, status, tool, priority, run_at FROM jobs WHERE id = ?", [job_id]
    ).fetchone()
    if row is None:
        raise not_found(job_id)
    number, status, tool, priority, run_at = row
    if status not in (JobState.QUEUED, JobState.RETRYING):
        return 0
    (queued,) = conn.execute("SELECT queued FROM tools WHERE number = ?", [tool]).fetchone()
    place = {"tool": tool, "priority": priority, "number": number, "run_at": run_at}
    if status == JobState.RETRYING:
        (ahead,) = conn.execute(_RETRYING_AHEAD, place).fetchone()
        return int(queued) + int(ahead) + 1
    return _queued_position(conn, place, int(queued))


def estimate(conn: sqlite3.Connection, job_id: str, *, now: float) -> Estimate:
    """The job's position and how long it will wait, by a closed form.

    The work ahead (what is left of the running jobs, and the moving mean for each waiting one)
    is shared by the slots that are really live. Raises JobNotFound.
    """
    place = position(conn, job_id)
    number, concurrency, prior, processing, run_at = conn.execute(
        "SELECT tools.number, concurrency, prior_seconds, tools.processing, run_at"
        " FROM jobs JOIN tools ON tools.number = jobs.tool WHERE id = ?",
        [job_id],
    ).fetchone()
    runners, slots = conn.execute(
        "SELECT count(*), coalesce(sum(slots), 0) FROM runners WHERE beat_at >= ?",
        [now - RUNNER_SILENCE],
    ).fetchone()
    if not place:
        return Estimate(0, 0.0, runners)
    slots = max(1, min(slots, concurrency) if concurrency else slots)
    seconds = 0.0
    if place > slots - processing:
        mean = mean_seconds(conn, number) or prior
        seconds = (left_in_running(conn, number, mean, now) + (place - 1) * mean) / slots
    return Estimate(place, max(seconds, (run_at or now) - now), runners)


def mean_seconds(conn: sqlite3.Connection, tool: int) -> float | None:
    """The mean duration of the last completed jobs of the tool with this number, if any."""
    (mean,) = conn.execute(_MEAN, [tool]).fetchone()
    return None if mean is None else float(mean)


def stats(conn: sqlite3.Connection, *, owner: str | None = None) -> list[ToolStats]:
    """One row a tool, by name; from counters, so that its cost does not grow with the file.

    With an *owner*, the counts are of this owner's jobs; how long one takes is everybody's.
    """
    rows = conn.execute(
        "SELECT number, name, label, concurrency, state, completed FROM tools ORDER BY name"
    ).fetchall()
    tally = tallies.of(conn, owner=owner)
    return [
        ToolStats(
            tool=name,
            label=label,
            concurrency=concurrency,
            state=state,
            mean_seconds=mean_seconds(conn, number) if completed else None,
            **tally[name],
        )
        for number, name, label, concurrency, state, completed in rows
    ]


def _queued_position(conn: sqlite3.Connection, place: dict[str, int], queued: int) -> int:
    (ahead,) = conn.execute(_AHEAD, place).fetchone()
    if ahead < EXACT_POSITIONS:
        return int(ahead) + 1
    (behind,) = conn.execute(_BEHIND, place).fetchone()
    if behind < EXACT_POSITIONS:
        return queued - int(behind)
    # In the middle of a long queue: as far from the head as the numbers are, within what is known.
    (first,) = conn.execute(
        "SELECT number FROM jobs WHERE tool = ? AND status = 'queued'"
        " ORDER BY priority DESC, number LIMIT 1",
        [place["tool"]],
    ).fetchone()
    guess = place["number"] - int(first) + 1
    return max(EXACT_POSITIONS + 1, min(guess, queued - EXACT_POSITIONS))


def left_in_running(conn: sqlite3.Connection, tool: int, mean: float, now: float) -> float:
    """Seconds of work left in the tool's running jobs, as far as the mean can tell."""
    (left,) = conn.execute(
        "SELECT coalesce(sum(max(0.0, ?1 - (?2 - started_at))), 0.0) FROM jobs"
        " INDEXED BY jobs_underway WHERE status = 'processing' AND tool = ?3",
        (mean, now, tool),
    ).fetchone()
    return float(left)
