"""How a job's end is written down: each in one transaction, and only while the job is ours."""

from __future__ import annotations

from typing import TypedDict

from toolkit.errors import ToolkitError
from toolkit.jobs.job import Job
from toolkit.jobs.tool import Outcome
from toolkit.runner.keeper import Usage
from toolkit.runner.shift import Shift
from toolkit.store import queue, results

__all__ = ["complete", "fail", "postpone"]


class _Held(TypedDict):
    job_id: str
    runner: str
    attempt: int
    claim: int
    now: float
    cpu_seconds: float
    peak_memory: int


def _held(shift: Shift, job: Job, usage: Usage) -> _Held:
    return _Held(
        job_id=job.id,
        runner=shift.runner,
        attempt=job.attempt,
        claim=job.claims,
        now=shift.now(),
        cpu_seconds=usage.cpu_seconds,
        peak_memory=usage.peak_memory,
    )


def complete(shift: Shift, job: Job, outcome: Outcome, usage: Usage) -> None:
    """Keep the result and end the job with it. Raises LeaseLost; then nothing was kept."""
    staged = results.stage(shift.store, outcome)
    try:
        with shift.write() as conn:
            result = results.put(conn, shift.store, outcome=staged, job=job, now=shift.now())
            held = _held(shift, job, usage)
            queue.complete(conn, result_id=result, pages=outcome.pages, **held)
    except BaseException:
        staged.discard()
        raise


def fail(shift: Shift, job: Job, error: ToolkitError, usage: Usage) -> None:
    """End the job with *error*. Raises LeaseLost."""
    with shift.write() as conn:
        queue.fail(conn, error=error, **_held(shift, job, usage))


def postpone(shift: Shift, job: Job, error: ToolkitError, usage: Usage, *, wait: float) -> None:
    """Let another attempt follow in *wait* seconds. Raises LeaseLost."""
    with shift.write() as conn:
        held = _held(shift, job, usage)
        queue.postpone(conn, error=error, run_at=held["now"] + wait, **held)
