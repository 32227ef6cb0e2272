"""Inputs that come from an address: what the runner has fetched becomes the job's source."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import msgspec

from toolkit.jobs.job import Job
from toolkit.store import blobs, cache, queue
from toolkit.store.jobs import refuse_lost
from toolkit.store.store import Store

__all__ = ["Arrival", "arrived"]

_TAKE = """
UPDATE OR ROLLBACK jobs SET source = ?, size = ?, media_type = ?, filename = ?
WHERE number = ?"""

_KNOWN = """
SELECT results.number, results.pages FROM jobs
JOIN tools ON tools.number = jobs.tool
JOIN cache ON cache.identity = ? AND cache.version = tools.version
JOIN results ON results.number = cache.result
WHERE jobs.number = ? AND tools.cacheable AND NOT bypass_cache AND NOT one_time
    AND NOT EXISTS (SELECT 1 FROM secrets WHERE job = jobs.number)"""


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """A file that was fetched: *draft* is it on the disk, in the store's own folder of files."""

    draft: Path
    sha256: str
    size: int
    media_type: str
    filename: str


def arrived(
    conn: sqlite3.Connection, store: Store, *, job: Job, arrival: Arrival, now: float
) -> Job | None:
    """Make *arrival* the input of *job*, which its runner holds, and forget the address.

    Returns the job with its input; None where the cache knew the answer, and the job is completed
    with it. Raises LeaseLost; the draft is then still where it was.
    """
    refuse_lost(conn, job)
    number = blobs.place(conn, store, draft=arrival.draft, sha256=arrival.sha256, size=arrival.size)
    # The job holds it from now on; a pin would keep its bytes after a purge.
    conn.execute("UPDATE blobs SET pinned = 0 WHERE number = ?", [number])
    conn.execute(_TAKE, (number, arrival.size, arrival.media_type, arrival.filename, job.number))
    conn.execute("DELETE FROM addresses WHERE job = ?", [job.number])
    there = msgspec.structs.replace(
        job,
        url=None,
        sha256=arrival.sha256,
        size=arrival.size,
        media_type=arrival.media_type,
        filename=arrival.filename,
    )
    return None if _answered(conn, there, now) else there


def _answered(conn: sqlite3.Connection, job: Job, now: float) -> bool:
    """Whether an earlier result answers *job*; if so it is completed with it."""
    identity = cache.identity(job, content=job.sha256)
    known = conn.execute(_KNOWN, (identity, job.number)).fetchone()
    if known is None:
        return False
    result, pages = known
    conn.execute("UPDATE jobs SET cache_hit = 1 WHERE number = ?", [job.number])
    queue.complete(
        conn,
        job_id=job.id,
        runner=job.runner or "",
        attempt=job.attempt,
        claim=job.claims,
        result_id=result,
        pages=pages,
        now=now,
    )
    return True
