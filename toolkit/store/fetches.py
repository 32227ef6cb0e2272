"""Handing a result over for the last time: one caller has it at a time, and it goes when it came.

A claim is a lease: a caller that breaks off lets it go, one that dies lets it run out, and either
way the next one may come. Only ``finish``, after the last byte was sent, erases the result.
"""

from __future__ import annotations

import sqlite3
from secrets import randbits
from typing import Final

from toolkit.errors import ResultGone, ResultNotReady
from toolkit.jobs.state import JobState
from toolkit.store import erasures
from toolkit.store.jobs import not_found
from toolkit.store.store import Store

__all__ = ["LEASE", "TABLE", "claim", "finish", "release", "renew"]

LEASE: Final = 60.0
"""Seconds that a claim holds without a word."""

# A row while there is a claim, so that what is handed over plainly costs the jobs nothing.
TABLE = """
CREATE TABLE fetches (
    job INTEGER PRIMARY KEY REFERENCES jobs(number),
    claim INTEGER NOT NULL,
    lease_until REAL NOT NULL
) STRICT"""

_STATE = """
SELECT number, status, error, result IS NOT NULL, fetches.lease_until
FROM jobs LEFT JOIN fetches ON job = number WHERE id = ?"""
_CLAIM = "INSERT OR REPLACE INTO fetches (job, claim, lease_until) VALUES (?, ?, ?)"
_CLAIMED = "UPDATE jobs SET fetch_claimed_at = ? WHERE number = ?"
_RENEW = """
UPDATE fetches SET lease_until = ?
WHERE claim = ? AND job = (SELECT number FROM jobs WHERE id = ? AND result IS NOT NULL)"""
_RELEASE = """
DELETE FROM fetches WHERE claim = ? AND job = (SELECT number FROM jobs WHERE id = ?)"""
_FETCHED = "UPDATE jobs SET fetched_at = ? WHERE id = ? AND fetched_at IS NULL"


def claim(conn: sqlite3.Connection, *, job_id: str, now: float, lease: float = LEASE) -> int:
    """Take the job's result for *lease* seconds; the number that tells this claim from others.

    Raises JobNotFound; ResultNotReady where the job has not completed; ResultGone where the result
    was fetched, purged or has expired, or somebody else has it just now.
    """
    row = conn.execute(_STATE, [job_id]).fetchone()
    if row is None:
        raise not_found(job_id)
    number, status, error, has_result, lease_until = row
    if status != JobState.COMPLETED:
        why = f": {error}" if error else ""
        raise ResultNotReady(f"job {job_id} is {status}, so that it has no result{why}")
    if not has_result:
        raise ResultGone(f"the result of job {job_id} is gone: purged, expired or fetched once")
    # One that runs for longer than any was made by a clock that has been set back since.
    if lease_until is not None and now < lease_until <= now + 2 * lease:
        raise ResultGone(f"the result of job {job_id} is being fetched by somebody else")
    # By chance, not counted: a claim that ran out and was forgotten must not come true again.
    taken = randbits(62)
    conn.execute(_CLAIM, (number, taken, now + lease))
    conn.execute(_CLAIMED, (now, number))
    return taken


def renew(
    conn: sqlite3.Connection, *, job_id: str, claim: int, now: float, lease: float = LEASE
) -> None:
    """Keep the claim for *lease* seconds more.

    Raises ResultGone where it does not hold any more: it ran out and another took the result, or
    the result was erased.
    """
    if not conn.execute(_RENEW, (now + lease, claim, job_id)).rowcount:
        raise _lost(job_id)


def release(conn: sqlite3.Connection, *, job_id: str, claim: int) -> None:
    """Give the result back, so that the next may come; nothing where the claim does not hold."""
    conn.execute(_RELEASE, (claim, job_id))


def finish(conn: sqlite3.Connection, store: Store, *, job_id: str, claim: int, now: float) -> None:
    """The result was handed over whole: erase it at once, as an expiry does.

    Its bytes go with the next ``erasures.sweep``, where somebody reads them still. Raises
    ResultGone where the claim does not hold any more; then another has the result.
    """
    if not conn.execute(_RELEASE, (claim, job_id)).rowcount:
        raise _lost(job_id)
    conn.execute(_FETCHED, (now, job_id))
    erasures.erase_result(conn, store, job_id=job_id, now=now)


def _lost(job_id: str) -> ResultGone:
    return ResultGone(f"job {job_id}: the claim on its result does not hold any more")
