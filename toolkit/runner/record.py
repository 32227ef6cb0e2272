"""How a job's end is written down: each in one transaction, and only while the job is ours.

The transaction that writes the end may go on to claim the next job: that is one commit to the disk
a job instead of two.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from sqlite3 import Connection
from typing import Protocol, TypedDict

from toolkit.errors import ToolkitError
from toolkit.jobs.job import Job
from toolkit.jobs.tool import Outcome
from toolkit.runner.keeper import Usage
from toolkit.runner.shift import Shift
from toolkit.store import addresses, queue, results

__all__ = ["arrive", "complete", "fail", "postpone"]


class Next(Protocol):
    """What a slot does after a job."""

    def claim(self, conn: Connection, /) -> None:
        """Take the next job in the transaction that ends this one."""

    def hold(self) -> None:
        """The transaction is committed, and the pen is still held."""


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


def arrive(shift: Shift, job: Job, arrival: addresses.Arrival) -> Job | None:
    """Make what was fetched the input of *job*; the job with it, or None where the cache knew the
    answer, and the job is completed. Raises LeaseLost; then nothing was kept."""
    try:
        with shift.write() as conn:
            now = shift.now()
            return addresses.arrived(conn, shift.store, job=job, arrival=arrival, now=now)
    except BaseException:
        arrival.draft.unlink(missing_ok=True)
        raise


def complete(
    shift: Shift, job: Job, outcome: Outcome, usage: Usage, *, then: Next | None = None
) -> None:
    """Keep the result and end the job with it. Raises LeaseLost; then nothing was kept."""
    staged = results.stage(shift.store, outcome)
    try:
        with _ending(shift, then) as conn:
            result = results.put(conn, shift.store, outcome=staged, job=job, now=shift.now())
            held = _held(shift, job, usage)
            queue.complete(conn, result_id=result, pages=outcome.pages, **held)
    except BaseException:
        staged.discard()
        raise


def fail(
    shift: Shift, job: Job, error: ToolkitError, usage: Usage, *, then: Next | None = None
) -> None:
    """End the job with *error*. Raises LeaseLost."""
    with _ending(shift, then) as conn:
        queue.fail(conn, error=error, **_held(shift, job, usage))


def postpone(
    shift: Shift,
    job: Job,
    error: ToolkitError,
    usage: Usage,
    *,
    wait: float,
    then: Next | None = None,
) -> None:
    """Let another attempt follow in *wait* seconds. Raises LeaseLost."""
    with _ending(shift, then) as conn:
        held = _held(shift, job, usage)
        queue.postpone(conn, error=error, run_at=held["now"] + wait, **held)


@contextmanager
def _ending(shift: Shift, then: Next | None) -> Iterator[Connection]:
    with shift.pen:
        with shift.write() as conn:
            yield conn
            if then is not None:
                then.claim(conn)
        if then is not None:
            then.hold()
