"""How many jobs of each tool stand where: everybody's by counters, one owner's by an index."""

from __future__ import annotations

import sqlite3

from toolkit.jobs.state import JobState

__all__ = ["of"]

_COUNTERS = f"SELECT name, {', '.join(JobState)} FROM tools"
_ZEROS = "SELECT name, 0, 0, 0, 0, 0, 0 FROM tools"

# Both out of jobs_of_owner_by_state alone.
_OWNERS = """
SELECT (SELECT name FROM tools WHERE number = tool), status, count(*) FROM jobs
WHERE owner = ? AND owner <> '' GROUP BY tool, status"""
_EVERY_OWNERS = """
SELECT (SELECT name FROM tools WHERE number = tool), status, count(*) FROM jobs
WHERE owner <> '' GROUP BY tool, status"""


def of(conn: sqlite3.Connection, *, owner: str | None = None) -> dict[str, dict[str, int]]:
    """For every tool a number for every status. *owner* "" are the jobs that have none."""
    tally = _read(conn, _ZEROS if owner else _COUNTERS)
    if owner is None:
        return tally
    # Jobs without an owner are in no index: they are what the others leave of the counters. Where a
    # job moved between the two looks, that is not less than none.
    statement, values, sign = (_OWNERS, [owner], 1) if owner else (_EVERY_OWNERS, [], -1)
    for tool, status, count in conn.execute(statement, values).fetchall():
        tally[tool][status] = max(0, tally[tool][status] + sign * count)
    return tally


def _read(conn: sqlite3.Connection, statement: str) -> dict[str, dict[str, int]]:
    rows = conn.execute(statement).fetchall()
    return {name: dict(zip(map(str, JobState), counts, strict=True)) for name, *counts in rows}
