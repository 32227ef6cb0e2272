"""One slot of a runner: claim a job, have it done in a child, record what came of it."""

from __future__ import annotations

import logging
import random
import sqlite3
import threading
import time
from collections.abc import Callable
from shutil import rmtree
from typing import Final

import msgspec

from toolkit.errors import InternalError, LeaseLost, StoreDamaged, ToolkitError
from toolkit.jobs.job import Job, Progress
from toolkit.jobs.retry import RetryPolicy
from toolkit.jobs.tool import Outcome
from toolkit.runner.errand import empty, work_of
from toolkit.runner.keeper import Keeper
from toolkit.runner.record import complete, fail, postpone
from toolkit.runner.shift import Shift
from toolkit.store import jobs, queue, tools

__all__ = ["Slot"]

log = logging.getLogger("pagequeue.runner")

BETWEEN_WRITES: Final = 0.25
"""Seconds between writes of one job's progress."""
FIRST_WRITE: Final = 0.1
"""Seconds before the first: most jobs have ended by then."""
PAUSE_AFTER_TROUBLE: Final = 0.5
LONGEST_PAUSE: Final = 15.0


TROUBLE: Final = (
    sqlite3.Error,
    msgspec.MsgspecError,
    OSError,
    ValueError,
    TypeError,
    RuntimeError,
    MemoryError,
)
"""What may go wrong around a job on our side; the job is tried again, and the runner goes on."""


class Slot(threading.Thread):
    """Works on one job after the other until its shift closes."""

    def __init__(self, shift: Shift, number: int) -> None:
        super().__init__(name=f"slot {number}", daemon=True)
        self.shift = shift
        self.number = number
        self.keeper = Keeper(shift.nursery, shift.settings)
        self.folder = shift.folder / f"slot-{number}"

    def run(self) -> None:
        """Claim and work until the shift has ended."""
        while not self.shift.ended:
            heard = self.shift.rings
            job = self._claimed()
            if job is None:
                self.shift.orders.put("look")
                self.shift.wait(heard)
            else:
                try:
                    self._see_through(job)
                finally:
                    self.shift.release(job.id)
        self.keeper.close()
        self.shift.store.read().close()

    def _claimed(self) -> Job | None:
        shift = self.shift
        try:
            with shift.pen:
                if shift.closed:
                    return None
                with shift.write(durable=False) as conn:
                    claimed = queue.claim(
                        conn, runner=shift.runner, now=shift.now(), lease=shift.settings.lease
                    )
                for job in claimed:
                    shift.hold(job.id, self.keeper)
        except (sqlite3.Error, StoreDamaged) as exc:
            log.warning("no job can be claimed: %s", exc)
            time.sleep(PAUSE_AFTER_TROUBLE)
            return None
        return claimed[0] if claimed else None

    def _see_through(self, job: Job) -> None:
        """Do *job* and record how it ended; whatever goes wrong is recorded too, or given up."""
        try:
            ended: Outcome | ToolkitError = self._done(job)
        except LeaseLost:
            # Cancelled, or taken by another runner, or this one leaves: not ours to record.
            log.info("%s: given up", job.id)
            return
        except ToolkitError as exc:
            ended = exc
        except TROUBLE as exc:
            ended = _DisturbedError(f"the runner could not do the job: {exc}")
        self._record(job, ended)

    def _done(self, job: Job) -> Outcome:
        shift = self.shift
        conn = shift.store.read()
        tool = tools.tool(conn, job.tool)
        empty(self.folder)
        work = work_of(
            tool,
            self.folder,
            source=jobs.source_of(shift.store, job),
            filename=job.filename or "",
            sha256=job.sha256 or "",
            options={**job.options, **jobs.secrets_of(conn, job.id)},
            limits=job.limits,
        )
        try:
            final = job.attempt >= int(work.limits["attempts"])
            return self.keeper.attempt(work, final=final, report=self._progress(job))
        finally:
            shift.done(job.id)
            rmtree(self.folder, ignore_errors=True)

    def _progress(self, job: Job) -> Callable[[Progress], None]:
        """Writes the newest progress, at most four times a second, the last one always."""
        shift, written = self.shift, Progress(percent=0)
        wrote_at = time.monotonic() + FIRST_WRITE - BETWEEN_WRITES

        def write(newest: Progress) -> None:
            nonlocal written, wrote_at
            now = time.monotonic()
            if newest is written or now - wrote_at < BETWEEN_WRITES:
                return
            written, wrote_at = newest, now
            try:
                with shift.write(durable=False) as conn:
                    queue.progress(
                        conn,
                        job_id=job.id,
                        runner=shift.runner,
                        attempt=job.attempt,
                        claim=job.claims,
                        progress=newest,
                        now=shift.now(),
                    )
            except LeaseLost:
                self.keeper.cancel()
            except sqlite3.Error as exc:
                log.warning("%s: progress not written: %s", job.id, exc)

        return write

    def _record(self, job: Job, ended: Outcome | ToolkitError) -> None:
        """Write the end of *job*, again and again while the disk is full or the file is locked.

        In the end its lease lapses, and the job is done once more: it is never lost.
        """
        pause = PAUSE_AFTER_TROUBLE
        while True:
            try:
                self._write_end(job, ended)
            except LeaseLost:
                log.info("%s: its end was not recorded, since it is no longer ours", job.id)
            except (sqlite3.OperationalError, OSError) as exc:
                log.warning("%s: its end cannot be recorded yet: %s", job.id, exc)
                if not self.shift.closed:
                    time.sleep(pause)
                    pause = min(2 * pause, LONGEST_PAUSE)
                    continue
            except (*TROUBLE, ToolkitError) as exc:
                if isinstance(ended, Outcome):
                    ended = InternalError(f"the result could not be stored: {exc}")
                    continue
                log.exception("%s: its end cannot be recorded", job.id)
            return

    def _write_end(self, job: Job, ended: Outcome | ToolkitError) -> None:
        shift, usage = self.shift, self.keeper.usage
        if isinstance(ended, Outcome):
            complete(shift, job, ended, usage)
            return
        limits = tools.tool(shift.store.read(), job.tool).limits.with_changes(job.limits)
        policy = RetryPolicy(attempts=int(limits.attempts))
        wait = policy.wait(job.attempt, ended, dice=random.random)
        if wait is None:
            log.info("%s: failed with %s", job.id, ended.code)
            fail(shift, job, ended, usage)
        else:
            log.info("%s: attempt %d ended with %s", job.id, job.attempt, ended.code)
            postpone(shift, job, ended, usage, wait=wait)


class _DisturbedError(InternalError):
    """Something around the job failed (the disk, the database); it is worth another try."""

    retryable = True
