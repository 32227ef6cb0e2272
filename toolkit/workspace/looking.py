"""A glance at a store: one batch, or everything, as a board shows it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from toolkit.desk import Failure, Glance
from toolkit.jobs import JobState
from toolkit.runner import launch
from toolkit.store import jobs, outlook
from toolkit.store.store import Store

__all__ = ["block_counts", "glance"]

MOST_RUNNING = 6

# A batch is named by its number, which the index of its jobs begins with.
_OF_BATCH = "batch = (SELECT number FROM batches WHERE id = :batch)"

_DONE = """
SELECT coalesce(sum(CASE WHEN status = 'completed' THEN pages END), 0),
       coalesce(sum(cache_hit), 0),
       coalesce(sum(CASE WHEN status = 'processing' THEN progress END), 0) / 100
FROM jobs WHERE {where}"""

# With min(), SQLite takes the other columns from the row that has it: the first such job.
_FAILURES = """
SELECT error_code, coalesce(error, ''), coalesce(filename, ''), count(*), min(number)
FROM jobs WHERE status = 'failed' AND {where}
GROUP BY error_code ORDER BY count(*) DESC, min(number)"""

_BLOCKS = """
SELECT blocks.type, count(*), sum(blocks.text_source = 'verified')
FROM jobs JOIN blocks ON blocks.result = jobs.result
WHERE jobs.batch = (SELECT number FROM batches WHERE id = :batch)
GROUP BY blocks.type ORDER BY count(*) DESC, blocks.type"""

_LAST = """
SELECT id FROM jobs WHERE status = :status AND {where}
ORDER BY priority, number DESC LIMIT 1"""


def glance(store: Store, *, batch: str | None, now: float, owner: str | None = None) -> Glance:
    """The batch, or with None the whole file or all that is *owner*'s, as it is at *now*."""
    conn = store.read()
    found = jobs.counts(conn, batch=batch, owner=owner)
    counts = {state: found.get(state, 0) for state in JobState}
    where = " AND ".join(_conditions(batch, owner))
    asked = {"batch": batch, "owner": owner}
    pages, cache_hits, share = conn.execute(_DONE.format(where=where), asked).fetchone()
    failed = conn.execute(_FAILURES.format(where=where), asked) if counts[JobState.FAILED] else ()
    active = sum(counts[s] for s in (JobState.QUEUED, JobState.RETRYING, JobState.PROCESSING))
    return Glance(
        taken_at=now,
        counts=counts,
        work_done=sum(counts.values()) - active + share,
        pages=pages,
        cache_hits=cache_hits,
        runners=len(launch.alive(store)) if active else 0,
        seconds_left=_seconds_left(conn, where, asked, now=now) if active else 0.0,
        running=tuple(
            jobs.jobs(
                conn, batch=batch, owner=owner, status=JobState.PROCESSING, limit=MOST_RUNNING
            )
            if counts[JobState.PROCESSING]
            else ()
        ),
        failures=tuple(
            Failure(code=code, message=message, filename=filename, count=count)
            for code, message, filename, count, _ in failed
        ),
    )


def _conditions(batch: str | None, owner: str | None) -> Iterator[str]:
    yield "1"
    if batch is not None:
        yield _OF_BATCH
    if owner is not None:
        # Written so that the index of those that have an owner can be used.
        yield "owner = :owner AND owner <> ''" if owner else "owner = :owner"


def block_counts(conn: sqlite3.Connection, *, batch: str) -> list[tuple[str, int, int]]:
    """(type, blocks, verified blocks) of the batch's documents, most frequent first."""
    return list(conn.execute(_BLOCKS, {"batch": batch}))


def _seconds_left(
    conn: sqlite3.Connection, where: str, asked: dict[str, str | None], *, now: float
) -> float | None:
    """Seconds until the last waiting job starts, None when there is nobody to start it."""
    for status in ("queued", "retrying"):
        row = conn.execute(_LAST.format(where=where), {**asked, "status": status}).fetchone()
        if row is not None:
            estimate = outlook.estimate(conn, row[0], now=now)
            return estimate.seconds if estimate.runners else None
    return None
