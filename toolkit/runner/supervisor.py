"""The thread that looks after leases: its own, those of dead runners, and what is due.

It is also how a cancel reaches a running job: a job that the runner does not hold any more has its
child killed, whoever took it away, and why.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
import time
from collections.abc import Callable
from shutil import rmtree
from typing import Final

from toolkit.errors import InternalError, LeaseLost, StoreDamaged
from toolkit.jobs.job import Job
from toolkit.jobs.state import JobState
from toolkit.jobs.tool import Limits
from toolkit.runner import machine
from toolkit.runner.deliver_shift import Outgoing
from toolkit.runner.keeper import Usage
from toolkit.runner.record import fail, postpone
from toolkit.runner.shift import Shift
from toolkit.store import blobs, erasures, jobs, queue, runners
from toolkit.store.changes import ring
from toolkit.store.runners import RunnerRow

__all__ = ["Supervisor"]

log = logging.getLogger("pagequeue.runner")

LEAST_RENEW: Final = 0.1
LOOK: Final = 0.5
"""Seconds between looks at the other runners, where there are any: one that died on this host is
noticed so soon."""
BETWEEN_RESCUES: Final = 2.0
"""Seconds between looks for lapsed leases, which may belong to a runner on another host."""
BETWEEN_SWEEPS: Final = 5.0
BETWEEN_CLEANUPS: Final = 300.0


class Supervisor(threading.Thread):
    """Looks after leases until the shift has ended."""

    def __init__(self, shift: Shift, outgoing: Outgoing, port: int) -> None:
        super().__init__(name="supervisor", daemon=True)
        self.shift = shift
        self.outgoing = outgoing
        self.port = port
        # What the file said when the bell had rung so often: an idle runner does not read it again.
        self._known_at = -1
        self._others: list[RunnerRow] = []
        self._next_due: float | None = None
        self._underway = True
        self._duties: list[tuple[float, Callable[[], None]]] = [
            (LOOK, self._look_around),
            (max(LEAST_RENEW, shift.settings.renew), self._renew),
            (BETWEEN_RESCUES, self._rescue_lapsed),
            (BETWEEN_RESCUES, self._give_back_leaked),
            (BETWEEN_SWEEPS, self._sweep),
            (BETWEEN_CLEANUPS, self._clean),
        ]

    def enlist(self) -> None:
        """Tell the store that this runner works on it."""
        shift = self.shift
        with shift.write(durable=False) as conn:
            runners.enlist(
                conn,
                runner=shift.runner,
                pid=os.getpid(),
                pid_started=machine.started(os.getpid()) or 0.0,
                host=runners.this_host(),
                slots=shift.slots,
                port=self.port,
                now=shift.now(),
            )

    def run(self) -> None:
        """Do what is due, and look at the own jobs whenever something may have changed."""
        due = {duty: 0.0 for _, duty in self._duties}
        while not self.shift.ended:
            heard = self.shift.rings
            self._attempt(self._drop_lost)
            for every, duty in self._duties:
                if time.monotonic() >= due[duty]:
                    self._attempt(duty)
                    due[duty] = time.monotonic() + every
            awaited = self._others or self._next_due or self.outgoing.next_due
            idle = not awaited and self._known_at == self.shift.rings
            pause = min(at for duty, at in due.items() if duty != self._look_around or not idle)
            self.shift.wait(heard, max(0.0, pause - time.monotonic()))
        self.shift.store.read().close()

    def _attempt(self, duty: Callable[[], None]) -> None:
        try:
            duty()
        except (sqlite3.Error, StoreDamaged, LeaseLost, OSError) as exc:
            log.warning("%s: %s", duty.__name__.strip("_"), exc)

    def _drop_lost(self) -> None:
        """Kill the children of jobs that are not ours any more."""
        # Asked first: what is claimed in between is then held in the store, and not asked for here.
        held = self.shift.held
        if held:
            self.shift.drop(held - {job.id for job in self._ours()})

    def _ours(self) -> list[Job]:
        running = jobs.jobs(self.shift.store.read(), status=JobState.PROCESSING)
        return [job for job in running if job.runner == self.shift.runner]

    def _give_back_leaked(self) -> None:
        """Let go of jobs that no slot of ours works on, because an error of our own ended it."""
        shift = self.shift
        if not self._underway:
            return
        with shift.pen:
            leaked = [job for job in self._ours() if job.id not in shift.held]
        for job in leaked:
            log.error("%s: its slot failed", job.id)
            error = InternalError("the runner failed at this job")
            if job.attempt < job.limits.get("attempts", Limits().attempts):
                postpone(shift, job, error, Usage(), wait=1.0)
            else:
                fail(shift, job, error, Usage())

    def _renew(self) -> None:
        shift = self.shift
        held = shift.held
        with shift.write(durable=False) as conn:
            now = shift.now()
            ours = queue.renew(conn, runner=shift.runner, now=now, lease=shift.settings.lease)
            known = shift.closed or runners.beat(conn, runner=shift.runner, now=now)
        shift.drop(held - ours)
        if not known:
            self.enlist()

    def _look_around(self) -> None:
        """Take back the jobs of the dead, and promote what is due."""
        self._read_anew()
        shift = self.shift
        dead = [row.id for row in self._others if not machine.is_alive(row.pid, row.pid_started)]
        if dead:
            self._rescue(dead)
            for runner in dead:
                rmtree(shift.folder.with_name(runner), ignore_errors=True)
        if self._next_due is not None and self._next_due <= shift.now():
            self._promote()
        self.outgoing.look()

    def _read_anew(self) -> None:
        """Whom and what to look after; read only where the bell rang since."""
        shift, conn, heard = self.shift, self.shift.store.read(), self.shift.rings
        if heard == self._known_at:
            return
        here = runners.this_host()
        everyone = runners.enlisted(conn)
        self._others = [row for row in everyone if row.host == here and row.id != shift.runner]
        self._next_due = queue.next_due(conn)
        self.outgoing.read()
        self._underway = bool(jobs.jobs(conn, status=JobState.PROCESSING, limit=1))
        self._known_at = heard

    def _rescue_lapsed(self) -> None:
        if self._underway:
            self._rescue([])

    def _rescue(self, dead: list[str]) -> None:
        shift = self.shift
        with shift.write() as conn:
            rescued = queue.rescue(conn, now=shift.now(), dead_runners=dead)
        if rescued:
            log.info("taken back from runners that are gone: %s", ", ".join(rescued))
            self._ring_all()

    def _promote(self) -> None:
        shift = self.shift
        with shift.write(durable=False) as conn:
            promoted = queue.promote(conn, now=shift.now())
        if promoted:
            self._ring_all()

    def _ring_all(self) -> None:
        self.shift.ring()
        ring(self.shift.store)

    def _sweep(self) -> None:
        shift = self.shift
        with shift.pen:
            erasures.expire(shift.store, now=shift.now())
            if erasures.pending(shift.store.read()):
                erasures.sweep(shift.store, now=shift.now())

    def _clean(self) -> None:
        """Remove what crashes left behind: blobs that nobody uses, folders of dead runners."""
        shift = self.shift
        living = {row.id for row in runners.enlisted(shift.store.read())} | {shift.runner}
        for left in shift.folder.parent.glob("run_*"):
            if left.name not in living:
                rmtree(left, ignore_errors=True)
        with shift.pen:
            blobs.sweep(shift.store, now=shift.now())
