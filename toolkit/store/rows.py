"""A job's row as a ``Job``: which columns are read, and what they become."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from toolkit.jobs.job import Job
from toolkit.jobs.state import JobState

__all__ = ["CLAIMED_FIELDS", "JOB_FIELDS", "STATES", "claimed_job", "job_of", "json_of"]

STATES: Mapping[str, JobState] = {str(state): state for state in JobState}

_PLAIN = (
    *("id", "number", "status", "filename", "origin", "size", "media_type", "owner", "priority"),
    *("created_at", "started_at", "ended_at", "run_at", "progress", "stage", "page", "pages"),
    *("attempt", "claims", "interruptions", "error", "error_code", "runner", "options", "limits"),
    *("retain", "result_retain"),
)
_FLAGS = {
    "cache_hit": "jobs.cache_hit",
    "has_result": "jobs.result IS NOT NULL",
    "result_gone": "jobs.result_erased_at IS NOT NULL",
    "purged": "jobs.purged_at IS NOT NULL",
    "one_time": "jobs.one_time",
}
# Sub-queries, since RETURNING knows no JOIN.
_REFERRED = {
    "tool": "(SELECT name FROM tools WHERE tools.number = jobs.tool)",
    "batch": "(SELECT id FROM batches WHERE batches.number = jobs.batch)",
    "sha256": "(SELECT sha256 FROM blobs WHERE blobs.number = jobs.source)",
    "parent": "(SELECT id FROM jobs AS parents WHERE parents.number = jobs.parent)",
    "url": "(SELECT url FROM addresses WHERE addresses.job = jobs.number)",
}
_CLOCKS = {
    # A job that waits again was last heard of when its last attempt ended.
    "updated_at": (
        "max(jobs.created_at, coalesce(jobs.started_at, 0.0), coalesce(jobs.progress_at, 0.0),"
        " coalesce(jobs.ended_at, 0.0), CASE WHEN jobs.ended_at IS NULL AND jobs.claims > 0 THEN"
        " coalesce((SELECT max(ended_at) FROM attempts WHERE job = jobs.number), 0.0) ELSE 0.0 END)"
    ),
    "source_expires_at": "coalesce(jobs.ended_at, jobs.created_at) + jobs.retain",
    "result_expires_at": "coalesce(jobs.ended_at, jobs.created_at) + jobs.result_retain",
}
_FIELDS = {name: f"jobs.{name}" for name in _PLAIN} | _FLAGS | _REFERRED | _CLOCKS

JOB_FIELDS = ", ".join(_FIELDS.values())
"""Columns for SELECT … FROM jobs and for RETURNING, in the order that ``job_of`` reads."""

# What a claim makes so, or can only be so in a job that was just claimed. Each column that
# Python's sqlite3 need not describe saves 0.2 µs.
_GIVEN_BY_CLAIM = frozenset(
    (
        *("status", "runner", "started_at", "ended_at", "run_at", "error", "error_code"),
        *("progress", "stage", "page", "pages", "cache_hit", "purged", "has_result", "result_gone"),
        "updated_at",
    )
)
_CLAIMED = {name: sql for name, sql in _FIELDS.items() if name not in _GIVEN_BY_CLAIM}

CLAIMED_FIELDS = ", ".join(_CLAIMED.values())
"""Columns for RETURNING, in the order that ``claimed_job`` reads."""

_decode = msgspec.json.Decoder(dict[str, Any]).decode
_encode = msgspec.json.Encoder(order="sorted").encode


def json_of(options: Mapping[str, Any]) -> str | None:
    """*options* as canonical JSON (equal options are equal text); None where there are none.

    Raises TypeError or ValueError for what JSON cannot say.
    """
    return _encode(options).decode() if options else None


def job_of(row: tuple[Any, ...]) -> Job:
    """The job of a row of JOB_FIELDS."""
    values: dict[str, Any] = dict(zip(_FIELDS, row, strict=True))
    values["status"] = STATES[values["status"]]
    for flag in _FLAGS:
        values[flag] = values[flag] == 1
    return _read(values)


def claimed_job(row: tuple[Any, ...], *, runner: str, now: float) -> Job:
    """The job of a row of CLAIMED_FIELDS, which *runner* has claimed just *now*."""
    values: dict[str, Any] = dict(zip(_CLAIMED, row, strict=True))
    values.update(status=JobState.PROCESSING, runner=runner, started_at=now, updated_at=now)
    values["one_time"] = values["one_time"] == 1
    return _read(values)


def _read(values: dict[str, Any]) -> Job:
    for text in ("options", "limits"):
        values[text] = {} if values[text] is None else _decode(values[text])
    if values["sha256"] is not None:
        values["sha256"] = values["sha256"].hex()
    return Job(**values)
