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

from toolkit.errors import FetchFailed, InternalError, LeaseLost, StoreDamaged, ToolkitError
from toolkit.jobs.job import Job, Progress
from toolkit.jobs.retry import RetryPolicy
from toolkit.jobs.tool import Outcome
from toolkit.runner.errand import empty, work_of
from toolkit.runner.keeper import Keeper
from toolkit.runner.record import arrive, complete, fail, postpone
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
            while job is not None:
                job = self._worked_off(job)
        self.keeper.close()
        self.shift.store.read().close()

    def _worked_off(self, job: Job) -> Job | None:
        """Do *job*; the next one, where it was claimed in the transaction that ended this one."""
        try:
            return self._see_through(job)
        finally:
            self.shift.release(job.id)

    def _claimed(self) -> Job | None:
        following = _Following(self)
        try:
            with self.shift.pen:
                if self.shift.closed:
                    return None
                with self.shift.write(durable=False) as conn:
                    following.claim(conn)
                following.hold()
        except (sqlite3.Error, StoreDamaged) as exc:
            log.warning("no job can be claimed: %s", exc)
            time.sleep(PAUSE_AFTER_TROUBLE)
            return None
        return following.job

    def _see_through(self, job: Job) -> Job | None:
        """Do *job* and record how it ended; whatever goes wrong is recorded too, or given up.

        Returns the next job, if it was claimed along with that.
        """
        there = job
        try:
            fetched = self._with_input(job)
            if fetched is None:
                log.info("%s: fetched, and its answer was known", job.id)
                return None
            there = fetched
            ended: Outcome | ToolkitError = self._done(there)
        except LeaseLost:
            # Cancelled, or taken by another runner, or this one leaves: not ours to record.
            log.info("%s: given up", job.id)
            return None
        except ToolkitError as exc:
            ended = exc
        except TROUBLE as exc:
            ended = _DisturbedError(f"the runner could not do the job: {exc}")
        finally:
            # What is cancelled from now on must not stop the keeper's next job.
            self.shift.done(job.id)
        return self._record(there, ended)

    def _with_input(self, job: Job) -> Job | None:
        """*job* with its input, which is fetched where it is not there; None where the cache knew
        the answer to what came, and the job is completed."""
        if job.url is None:
            return job
        # It brings an HTTP client along, which most runners never need.
        from toolkit.runner.fetch import Download, fetch
        from toolkit.runner.guard import Guard

        settings = self.shift.settings
        download = Download(
            url=job.url,
            draft=self.shift.folder / f"fetched-{self.number}",
            largest=settings.max_file_bytes,
            seconds=settings.fetch_seconds,
            guard=Guard(settings.fetch_private),
            filename=job.filename or "",
        )
        keeper = self.keeper
        report = self._progress(job)
        arrival = fetch(download, cancelled=lambda: keeper.cancelled, report=report)
        return arrive(self.shift, job, arrival)

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
            processes=self._processes(conn),
        )
        try:
            final = job.attempt >= int(work.limits["attempts"])
            return self.keeper.attempt(work, final=final, report=self._progress(job))
        finally:
            rmtree(self.folder, ignore_errors=True)

    def _processes(self, conn: sqlite3.Connection) -> int:
        """How many a job may run at once: the places of slots that have nothing to do, too."""
        idle = self.shift.slots - len(self.shift.held)
        return 1 if idle < 1 or queue.is_waiting(conn) else 1 + idle

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

    def _record(self, job: Job, ended: Outcome | ToolkitError) -> Job | None:
        """Write the end of *job*, again and again while the disk is full or the file is locked.

        In the end its lease lapses, and the job is done once more: it is never lost. Returns the
        next job, which the same transaction claims at the first try; a later try claims none, so
        that whatever is wrong with the next job cannot keep this one from its end.
        """
        pause, claims = PAUSE_AFTER_TROUBLE, True
        while True:
            try:
                return self._write_end(job, ended, claims=claims)
            except LeaseLost:
                log.info("%s: its end was not recorded, since it is no longer ours", job.id)
            except (sqlite3.OperationalError, OSError) as exc:
                log.warning("%s: its end cannot be recorded yet: %s", job.id, exc)
                if not self.shift.closed:
                    time.sleep(pause)
                    pause, claims = min(2 * pause, LONGEST_PAUSE), False
                    continue
            except (*TROUBLE, ToolkitError) as exc:
                if claims:
                    claims = False
                    continue
                if isinstance(ended, Outcome):
                    ended = InternalError(f"the result could not be stored: {exc}")
                    continue
                log.exception("%s: its end cannot be recorded", job.id)
            return None

    def _write_end(self, job: Job, ended: Outcome | ToolkitError, *, claims: bool) -> Job | None:
        """Record how *job* ended and, where it *claims*, take the next one."""
        shift, usage = self.shift, self.keeper.usage
        following = _Following(self)
        then = following if claims else None
        if isinstance(ended, Outcome):
            complete(shift, job, ended, usage, then=then)
            return following.job
        limits = tools.tool(shift.store.read(), job.tool).limits.with_changes(job.limits)
        policy = RetryPolicy(attempts=int(limits.attempts))
        wait = policy.wait(job.attempt, ended, dice=random.random)
        if wait is not None and isinstance(ended, FetchFailed):
            wait = max(wait, ended.retry_after)
        if wait is None:
            log.info("%s: failed with %s", job.id, ended.code)
            fail(shift, job, ended, usage, then=then)
        else:
            log.info("%s: attempt %d ended with %s", job.id, job.attempt, ended.code)
            postpone(shift, job, ended, usage, wait=wait, then=then)
            shift.ring()  # the supervisor is to know when it is due
        return following.job


class _Following:
    """The job that a slot claims next, in a transaction of somebody's, and then holds."""

    def __init__(self, slot: Slot) -> None:
        self._slot = slot
        self.job: Job | None = None

    def claim(self, conn: sqlite3.Connection) -> None:
        shift = self._slot.shift
        if not shift.closed:
            lease = shift.settings.lease
            claimed = queue.claim(conn, runner=shift.runner, now=shift.now(), lease=lease)
            self.job = claimed[0] if claimed else None

    def hold(self) -> None:
        """Only after the commit: what is held without being claimed is dropped. And still under
        the pen: what is claimed without being held is given back.
        """
        if self.job is not None:
            self._slot.shift.hold(self.job.id, self._slot.keeper)


class _DisturbedError(InternalError):
    """Something around the job failed (the disk, the database); it is worth another try."""

    retryable = True
