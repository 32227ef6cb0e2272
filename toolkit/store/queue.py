"""The moves of a job, one function each: from the claim to its end, and back into the queue.

Every function works within the caller's transaction. Those that a runner calls for a job it
holds name the runner and the attempt; where the row says otherwise, LeaseLost is raised: the
job was cancelled or purged, or the lease ran out and another runner has it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable
from functools import lru_cache

from toolkit.errors import IllegalMove, LeaseLost, RunnerLost, ToolkitError
from toolkit.jobs.job import Job, Progress
from toolkit.jobs.state import ACTIVE, JobState, Move, after
from toolkit.store.arrivals import Enqueued, enqueue
from toolkit.store.bulk import enqueue_many
from toolkit.store.jobs import not_found
from toolkit.store.outlook import Estimate, ToolStats, estimate, position, stats
from toolkit.store.rows import CLAIMED_FIELDS, STATES, claimed_job
from toolkit.store.tables import MAX_INTERRUPTIONS, is_one_of

__all__ = [
    "Enqueued",
    "Estimate",
    "ToolStats",
    "cancel",
    "claim",
    "complete",
    "enqueue",
    "enqueue_many",
    "estimate",
    "fail",
    "is_waiting",
    "next_due",
    "position",
    "postpone",
    "progress",
    "promote",
    "renew",
    "reprioritise",
    "rescue",
    "retry",
    "stats",
]

_ROOM = """
SELECT number, CASE concurrency WHEN 0 THEN ?1 ELSE min(?1, concurrency - processing) END
FROM tools
WHERE queued > 0 AND state <> 'paused' AND (concurrency = 0 OR processing < concurrency)"""

_HEAD = """
SELECT number, priority FROM jobs WHERE tool = ? AND status = 'queued'
ORDER BY priority DESC, number LIMIT ?"""

_HELD = """
    id = ? AND status = 'processing' AND runner = ? AND attempt = ?
    AND claims = coalesce(?, claims)"""

_PROGRESS = f"""
UPDATE jobs SET progress = max(progress, ?), stage = ?, page = ?, pages = ?, progress_at = ?
WHERE {_HELD}"""

_RENEW = """
UPDATE jobs SET lease_until = ? WHERE status = 'processing' AND runner = ? RETURNING id"""

_RELEASED = "runner = NULL, lease_until = NULL, progress_at = NULL"

# First the attempt, which is written only where the lease holds, and then the job: that is a
# third faster than to read what the attempt needs from an UPDATE … RETURNING.
_CLOSE = f"""
INSERT OR ROLLBACK INTO attempts (job, number, runner, started_at, ended_at, outcome,
    error_code, error, cpu_seconds, peak_memory)
SELECT number, claims, runner, started_at, ?, ?, ?, ?, ?, ? FROM jobs WHERE {_HELD}"""

_COMPLETE = f"""
UPDATE OR ROLLBACK jobs SET status = 'completed', {_RELEASED}, stage = NULL,
    ended_at = ?, progress = 100, result = ?, pages = ?
WHERE id = ?"""

_FAIL = f"""
UPDATE OR ROLLBACK jobs SET status = 'failed', {_RELEASED}, ended_at = ?, error_code = ?, error = ?
WHERE id = ?"""

_POSTPONE = f"""
UPDATE OR ROLLBACK jobs SET status = 'retrying', {_RELEASED}, run_at = ?, error_code = ?, error = ?
WHERE id = ?"""

_CUT_OFF = """
INSERT OR ROLLBACK INTO attempts (job, number, runner, started_at, ended_at, outcome)
SELECT number, claims, runner, started_at, ?, ? FROM jobs WHERE number = ?"""

# An attempt that a runner's death cut off is recorded, but does not count for the retry policy.
_LAPSE = f"""
UPDATE OR ROLLBACK jobs SET status = 'queued', {_RELEASED}, stage = NULL, started_at = NULL,
    progress = 0, attempt = attempt - 1, interruptions = interruptions + 1
WHERE number = ?"""

_POISONED = f"""
UPDATE OR ROLLBACK jobs SET status = 'failed', {_RELEASED}, ended_at = ?, error_code = ?, error = ?,
    attempt = attempt - 1, interruptions = interruptions + 1
WHERE number = ?"""

_PROMOTE = """
UPDATE OR ROLLBACK jobs SET status = 'queued', run_at = NULL, started_at = NULL, progress = 0,
    stage = NULL
WHERE status = 'retrying' AND run_at <= ?"""

_CANCEL = f"""
UPDATE OR ROLLBACK jobs SET status = 'cancelled', {_RELEASED}, run_at = NULL, ended_at = ?
WHERE number = ?"""

_RETRY = """
UPDATE OR ROLLBACK jobs SET status = 'queued', ended_at = NULL, started_at = NULL, attempt = 0,
    interruptions = 0, progress = 0, stage = NULL, page = 0, error_code = NULL, error = NULL
WHERE number = ?"""


def claim(
    conn: sqlite3.Connection,
    *,
    runner: str,
    now: float,
    lease: float,
    limit: int = 1,
    tools: Collection[str] | None = None,
) -> list[Job]:
    """Give *runner* up to *limit* jobs for *lease* seconds, the most urgent first.

    The highest priority goes first and, within one, the oldest, over all tools (or those named
    by *tools*) that are not paused and have room under their limit. The limits are counted in
    the same transaction, so that they hold over every process that shares the file.
    """
    if limit <= 0:
        return []
    asked = "" if tools is None else f" AND name IN ({', '.join('?' * len(tools))})"
    room = conn.execute(_ROOM + asked, (limit, *(tools or ()))).fetchall()
    if not room:
        return []
    heads = [value for pair in room for value in pair]
    if len(room) > 1:
        heads.append(limit)
    statement = _claim_of(len(room), one=limit == 1)
    rows = conn.execute(statement, (runner, now + lease, now, *heads)).fetchall()
    claimed = [claimed_job(row, runner=runner, now=now) for row in rows]
    # RETURNING keeps no order.
    claimed.sort(key=lambda job: (-job.priority, job.number))
    return claimed


@lru_cache(maxsize=64)
def _claim_of(tools: int, *, one: bool) -> str:
    """The claim over the heads of so many tools' queues.

    The two that are most frequent, one job and one tool, are spared a sorter and a table for IN.
    """
    heads = f"SELECT number FROM ({_HEAD})"
    if tools > 1:
        each = " UNION ALL ".join([f"SELECT * FROM ({_HEAD})"] * tools)
        heads = f"SELECT number FROM ({each}) ORDER BY priority DESC, number LIMIT ?"
    return f"""
        UPDATE OR ROLLBACK jobs SET status = 'processing', runner = ?, lease_until = ?,
            started_at = ?, attempt = attempt + 1, claims = claims + 1, page = 0, pages = 0,
            stage = NULL, progress = 0, error_code = NULL, error = NULL
        WHERE number {"=" if one else "IN"} ({heads})
        RETURNING {CLAIMED_FIELDS}"""


def renew(conn: sqlite3.Connection, *, runner: str, now: float, lease: float) -> set[str]:
    """Prolong every lease of *runner*; returns the ids of the jobs that it still holds.

    A job that is missing from them was taken away: its child is to be killed.
    """
    return {job_id for (job_id,) in conn.execute(_RENEW, (now + lease, runner)).fetchall()}


def progress(
    conn: sqlite3.Connection,
    *,
    job_id: str,
    runner: str,
    attempt: int,
    progress: Progress,
    now: float,
    claim: int | None = None,
) -> None:
    """Record how far the attempt is; the percentage never falls within it.

    Raises LeaseLost.
    """
    percent = min(100.0, max(0.0, progress.percent))
    values = (percent, str(progress.stage), progress.page, progress.pages, now)
    held = (job_id, runner, attempt, claim)
    if not conn.execute(_PROGRESS, (*values, *held)).rowcount:
        raise _lost(job_id)


def complete(
    conn: sqlite3.Connection,
    *,
    job_id: str,
    runner: str,
    attempt: int,
    result_id: int | None,
    pages: int,
    now: float,
    cpu_seconds: float | None = None,
    peak_memory: int | None = None,
    claim: int | None = None,
) -> None:
    """End the job with its result, which is already in the same transaction.

    Raises LeaseLost.
    """
    held = (job_id, runner, attempt, claim)
    _close(conn, (now, "succeeded", None, None, cpu_seconds, peak_memory), held)
    conn.execute(_COMPLETE, (now, result_id, pages, job_id))


def fail(
    conn: sqlite3.Connection,
    *,
    job_id: str,
    runner: str,
    attempt: int,
    error: ToolkitError,
    now: float,
    cpu_seconds: float | None = None,
    peak_memory: int | None = None,
    claim: int | None = None,
) -> None:
    """End the job with *error*.

    Raises LeaseLost.
    """
    held = (job_id, runner, attempt, claim)
    _close(conn, (now, "failed", error.code, str(error), cpu_seconds, peak_memory), held)
    conn.execute(_FAIL, (now, error.code, str(error), job_id))


def postpone(
    conn: sqlite3.Connection,
    *,
    job_id: str,
    runner: str,
    attempt: int,
    error: ToolkitError,
    run_at: float,
    now: float,
    cpu_seconds: float | None = None,
    peak_memory: int | None = None,
    claim: int | None = None,
) -> None:
    """Record that the attempt failed with *error* and that another is due at *run_at*.

    Raises LeaseLost.
    """
    held = (job_id, runner, attempt, claim)
    _close(conn, (now, "postponed", error.code, str(error), cpu_seconds, peak_memory), held)
    conn.execute(_POSTPONE, (run_at, error.code, str(error), job_id))


def cancel(conn: sqlite3.Connection, *, job_id: str, now: float) -> JobState:
    """Stop a job that waits or runs; returns its state, which is cancelled.

    The runner of a running job notices at its next renewal, or at once when it is rung.
    Raises JobNotFound, and IllegalMove for a job that has ended.
    """
    row = conn.execute("SELECT number, status, runner FROM jobs WHERE id = ?", [job_id]).fetchone()
    if row is None:
        raise not_found(job_id)
    number, status, runner = row
    state = after(STATES[status], Move.CANCEL)
    if runner is not None:
        conn.execute(_CUT_OFF, (now, "cancelled", number))
    conn.execute(_CANCEL, (now, number))
    return state


def retry(conn: sqlite3.Connection, *, job_id: str, now: float) -> None:
    """Put a failed or cancelled job back into the queue, with all its attempts before it.

    It keeps its place by number. Raises JobNotFound; IllegalMove where it has not failed, or
    where its input is no longer there (purged, expired) or never was (refused).
    """
    row = conn.execute(
        "SELECT number, status, claims, purged_at, source_erased_at, created_at"
        " FROM jobs WHERE id = ?",
        [job_id],
    ).fetchone()
    if row is None:
        raise not_found(job_id)
    number, status, claims, purged_at, source_erased_at, created_at = row
    after(STATES[status], Move.RETRY)
    if purged_at is not None or source_erased_at is not None:
        raise IllegalMove(f"job {job_id}: its input was erased; submit the file again")
    if status == JobState.FAILED and not claims:
        raise IllegalMove(f"job {job_id}: its input was refused; submit the file again")
    if now < created_at:
        raise IllegalMove(f"job {job_id} was created later than this retry")
    conn.execute(_RETRY, [number])


def reprioritise(conn: sqlite3.Connection, *, job_ids: Iterable[str], priority: int) -> int:
    """Set the priority of those jobs that have not ended; returns how many they are."""
    statement = f"UPDATE jobs SET priority = ? WHERE id = ? AND {is_one_of('status', ACTIVE)}"
    return conn.executemany(statement, [(priority, job_id) for job_id in job_ids]).rowcount


def rescue(
    conn: sqlite3.Connection, *, now: float, dead_runners: Collection[str] = ()
) -> list[str]:
    """Take back the jobs whose lease ran out or whose runner is dead; returns their ids.

    They wait in the queue again, where their number puts them. A job under which runners died
    too often is failed with RUNNER_LOST. The *dead_runners* are struck off.
    """
    marks = ", ".join("?" * len(dead_runners))
    rows = conn.execute(
        "SELECT number, id, interruptions FROM jobs INDEXED BY jobs_underway"
        f" WHERE status = 'processing' AND (lease_until < ? OR runner IN ({marks}))",
        (now, *dead_runners),
    ).fetchall()
    for number, _, interruptions in rows:
        conn.execute(_CUT_OFF, (now, "interrupted", number))
        if interruptions + 1 < MAX_INTERRUPTIONS:
            conn.execute(_LAPSE, [number])
        else:
            text = f"{MAX_INTERRUPTIONS} runners died under this job; it is taken to be the cause"
            conn.execute(_POISONED, (now, RunnerLost.code, text, number))
    conn.executemany("DELETE FROM runners WHERE id = ?", [(runner,) for runner in dead_runners])
    return [job_id for _, job_id, _ in rows]


def promote(conn: sqlite3.Connection, *, now: float) -> int:
    """Put the retrying jobs that are due back into the queue; returns how many they are."""
    return conn.execute(_PROMOTE, [now]).rowcount


def next_due(conn: sqlite3.Connection) -> float | None:
    """When the next retrying job is due; None where there is none."""
    (due,) = conn.execute("SELECT min(run_at) FROM jobs WHERE status = 'retrying'").fetchone()
    return None if due is None else float(due)


def is_waiting(conn: sqlite3.Connection) -> bool:
    """Whether any job is queued; read from the index of those to be claimed."""
    return conn.execute("SELECT 1 FROM jobs WHERE status = 'queued' LIMIT 1").fetchone() is not None


def _close(
    conn: sqlite3.Connection, end: tuple[object, ...], held: tuple[str, str, int, int | None]
) -> None:
    """Write down the attempt that ends, if the job is *held* by who says so."""
    if not conn.execute(_CLOSE, (*end, *held)).rowcount:
        raise _lost(held[0])


def _lost(job_id: str) -> LeaseLost:
    return LeaseLost(f"job {job_id} is no longer held by this runner and attempt")
