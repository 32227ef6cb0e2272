"""What several dialects tell of a job in the same way."""

from __future__ import annotations

from toolkit.jobs.job import Job
from toolkit.jobs.state import JobState

__all__ = ["expires_at", "forgotten", "percent", "reason", "retries"]


def forgotten(job: Job) -> bool:
    """Whether what the job was about is not to be told any more: purged, expired, or fetched."""
    return job.purged or job.result_gone


def percent(job: Job) -> int:
    """How far it is, rounded down: 100 is said of every completed job, and of no other one."""
    return 100 if job.status is JobState.COMPLETED else min(99, int(job.progress))


def retries(job: Job) -> int:
    """How often it was tried again."""
    return max(0, job.attempt - 1)


def reason(job: Job) -> str:
    """Why it failed, for a person."""
    return job.error or "the job failed"


def expires_at(job: Job) -> float | None:
    """When the result will be gone, counted from submission until the job has ended.

    None where it is kept for ever.
    """
    if job.ended and job.result_expires_at is not None:
        return job.result_expires_at
    if job.result_retain is None:
        return None
    return (job.created_at if job.ended_at is None else job.ended_at) + job.result_retain
