"""Reading jobs: one, many with filters and pages, their counts, attempts and sources."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence
from hashlib import sha256
from hmac import compare_digest
from pathlib import Path
from typing import Any

import msgspec

from toolkit.errors import InvalidInput, InvalidOption, JobNotFound, LeaseLost
from toolkit.jobs.job import Attempt, Job
from toolkit.jobs.state import JobState
from toolkit.store import blobs, tallies
from toolkit.store.batches import batch as batch_called
from toolkit.store.batches import batches
from toolkit.store.rows import JOB_FIELDS, job_of
from toolkit.store.store import Store
from toolkit.store.tables import is_one_of

__all__ = [
    "SORTS",
    "attempts",
    "batches",
    "counts",
    "holds_token",
    "job",
    "job_ids",
    "jobs",
    "refuse_lost",
    "secrets_of",
    "several",
    "source_of",
    "total",
]

_JOB = f"SELECT {JOB_FIELDS} FROM jobs WHERE id = ?"
_AT_ONCE = 500

SORTS = {
    "number": "number",
    "file": "filename COLLATE NOCASE",
    "state": "status",
    "progress": "CASE status WHEN 'processing' THEN progress WHEN 'completed' THEN 100 END",
    "attempt": "attempt",
    "priority": "priority",
    "took": "ended_at - started_at",
    "error": "error_code",
}
"""What a list of jobs can be sorted by."""


def job(conn: sqlite3.Connection, job_id: str) -> Job:
    """The job of this id.

    Raises JobNotFound where there is none.
    """
    row = conn.execute(_JOB, [job_id]).fetchone()
    if row is None:
        raise not_found(job_id)
    return job_of(row)


def not_found(job_id: str) -> JobNotFound:
    """The error that there is no job *job_id*."""
    return JobNotFound(f"there is no job {job_id!r}")


def refuse_lost(conn: sqlite3.Connection, job: Job) -> None:
    """Raise LeaseLost where *job* is not held any more by the claim that it came from."""
    held = conn.execute(
        "SELECT 1 FROM jobs WHERE number = ? AND status = 'processing' AND runner = ?"
        " AND claims = ?",
        (job.number, job.runner, job.claims),
    ).fetchone()
    if held is None:
        raise LeaseLost(f"job {job.id} is no longer held by the runner that worked on it")


def jobs(
    conn: sqlite3.Connection,
    *,
    batch: str | None = None,
    status: str | Collection[str] | None = None,
    tool: str | None = None,
    owner: str | None = None,
    text: str | None = None,
    limit: int | None = None,
    offset: int = 0,
    before: int | None = None,
    after: int | None = None,
    newest_first: bool = False,
) -> list[Job]:
    """The jobs that every filter lets through, in the order of submission.

    *status* is one or several; *text* is looked for in file names, origins and errors, in any
    case. Pages go by *limit* and *offset*, or, at the same cost for every page, by *before* and
    *after*: the ``number`` of the last job seen.
    """
    where, values = _filters(batch=batch, status=status, tool=tool, owner=owner, text=text)
    if before is not None:
        where.append("number < ?")
        values.append(before)
    if after is not None:
        where.append("number > ?")
        values.append(after)
    page = f"ORDER BY number {'DESC' if newest_first else 'ASC'} LIMIT ? OFFSET ?"
    rows = conn.execute(
        f"SELECT {JOB_FIELDS} FROM jobs WHERE {' AND '.join(where)} {page}",
        [*values, -1 if limit is None else limit, offset],
    )
    return [job_of(row) for row in rows.fetchall()]


def job_ids(
    conn: sqlite3.Connection,
    *,
    batch: str | None = None,
    status: str | Collection[str] | None = None,
    tool: str | None = None,
    owner: str | None = None,
    text: str | None = None,
    sort: str = "number",
    descending: bool = False,
) -> list[str]:
    """The ids of the jobs that every filter lets through, by *sort*: a name in SORTS.

    Raises InvalidOption for another one. Of equal ones, the first to be handed in comes first.
    """
    where, values = _filters(batch=batch, status=status, tool=tool, owner=owner, text=text)
    if sort not in SORTS:
        raise InvalidOption(f"jobs cannot be sorted by {sort!r}; there is: {', '.join(SORTS)}")
    order = f"{SORTS[sort]} {'DESC' if descending else 'ASC'}"
    order += "" if sort == "number" else " NULLS LAST, number"
    rows = conn.execute(f"SELECT id FROM jobs WHERE {' AND '.join(where)} ORDER BY {order}", values)
    return [found for (found,) in rows.fetchall()]


def several(conn: sqlite3.Connection, job_ids: Sequence[str]) -> list[Job]:
    """The jobs of these ids, in this order; those that there are."""
    found: dict[str, Job] = {}
    for start in range(0, len(job_ids), _AT_ONCE):
        some = list(job_ids[start : start + _AT_ONCE])
        marks = ", ".join("?" * len(some))
        rows = conn.execute(f"SELECT {JOB_FIELDS} FROM jobs WHERE id IN ({marks})", some)
        found.update((job.id, job) for job in map(job_of, rows.fetchall()))
    return [found[job_id] for job_id in job_ids if job_id in found]


def counts(
    conn: sqlite3.Connection, *, batch: str | None = None, owner: str | None = None
) -> dict[str, int]:
    """How many jobs stand where: a number for every status, from counters that are kept.

    Those of an *owner* are counted in an index. Raises JobNotFound where there is no such batch,
    or it is another owner's.
    """
    if batch is not None:
        return dict(batch_called(conn, batch, owner=owner).counts)
    tally = tallies.of(conn, owner=owner)
    return {state: sum(one[state] for one in tally.values()) for state in map(str, JobState)}


def total(
    conn: sqlite3.Connection,
    *,
    status: str | Collection[str] | None = None,
    tool: str | None = None,
    owner: str | None = None,
) -> int:
    """How many jobs the filters of ``jobs`` let through, without looking at any of them."""
    states = list(JobState) if status is None else set(_states(status))
    tally = tallies.of(conn, owner=owner)
    return sum(one[s] for name, one in tally.items() if tool in (None, name) for s in states)


def attempts(conn: sqlite3.Connection, job_id: str) -> list[Attempt]:
    """The tries at a job, the one that runs last; ``number`` counts every claim of it.

    Raises JobNotFound where there is none.
    """
    now = conn.execute(
        "SELECT number, status, claims, runner, started_at FROM jobs WHERE id = ?", [job_id]
    ).fetchone()
    if now is None:
        raise not_found(job_id)
    number, status, claims, runner, started_at = now
    ended = conn.execute(
        "SELECT number, runner, started_at, ended_at, outcome, error_code, error, cpu_seconds,"
        " peak_memory FROM attempts WHERE job = ? ORDER BY number",
        [number],
    ).fetchall()
    names = Attempt.__struct_fields__[1:]
    tries = [Attempt(job=job_id, **dict(zip(names, row, strict=True))) for row in ended]
    if status == JobState.PROCESSING:
        tries.append(Attempt(job=job_id, number=claims, runner=runner, started_at=started_at))
    return tries


def holds_token(conn: sqlite3.Connection, job_id: str, token: str) -> bool:
    """Whether *token* was given out for the job. Takes the same time whatever is wrong with it.

    Raises JobNotFound where there is no such job.
    """
    row = conn.execute("SELECT number, token_hash FROM jobs WHERE id = ?", [job_id]).fetchone()
    if row is None:
        raise not_found(job_id)
    number, first = row
    shown = sha256(token.encode()).digest()
    later = conn.execute("SELECT token_hash FROM tokens WHERE job = ?", [number]).fetchall()
    # A sum, not any(): every hash is compared, whichever is the right one.
    return sum(compare_digest(shown, known) for known in (first, *(one for (one,) in later))) > 0


def secrets_of(conn: sqlite3.Connection, job_id: str) -> dict[str, str]:
    """The secret options of a job that has not ended; {} afterwards."""
    row = conn.execute(
        "SELECT content FROM secrets WHERE job = (SELECT number FROM jobs WHERE id = ?)", [job_id]
    ).fetchone()
    return {} if row is None else msgspec.json.decode(row[0], type=dict[str, str])


def source_of(store: Store, job: Job) -> Path | None:
    """Where the bytes of the job's input are; None where it had none, or they are erased."""
    return None if job.sha256 is None else blobs.path(store, job.sha256)


def _filters(
    *,
    batch: str | None,
    status: str | Collection[str] | None,
    tool: str | None,
    owner: str | None,
    text: str | None,
) -> tuple[list[str], list[Any]]:
    where: list[str] = ["TRUE"]
    values: list[Any] = []
    if batch is not None:
        where.append("batch = (SELECT number FROM batches WHERE id = ?)")
        values.append(batch)
    if status is not None:
        states = _states(status)
        # As literals: so the planner sees where a partial index holds all of them.
        where.append(is_one_of("status", states) if states else "FALSE")
    if tool is not None:
        where.append("tool = (SELECT number FROM tools WHERE name = ?)")
        values.append(tool)
    if owner is not None:
        where.append("owner = ?" if not owner else "owner = ? AND owner <> ''")
        values.append(owner)
    if text:
        where.append(
            "(instr(casefold(filename), ?) OR instr(casefold(origin), ?)"
            " OR instr(casefold(error), ?))"
        )
        values.extend([text.casefold()] * 3)
    return where, values


def _states(status: str | Collection[str]) -> list[str]:
    asked = [status] if isinstance(status, str) else list(status)
    for state in asked:
        if state not in set(JobState):
            raise InvalidInput(f"{state!r} is no status; there are: {', '.join(JobState)}")
    return [str(state) for state in asked]
