"""The runner: its slots claim jobs, have them done, and record them, until it is told to stop.

The main thread only listens: to signals, to the slots that run out of work, and to the clock.
"""

from __future__ import annotations

import logging
import os
import queue
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from shutil import rmtree
from types import FrameType
from typing import Final

from toolkit.runner import machine
from toolkit.runner.deliver_shift import Outgoing
from toolkit.runner.lock import RunnerLock
from toolkit.runner.nursery import Nursery
from toolkit.runner.shift import Shift
from toolkit.runner.slot import Slot
from toolkit.runner.supervisor import Supervisor
from toolkit.settings import Settings
from toolkit.store import queue as store_queue
from toolkit.store import runners
from toolkit.store.changes import Listener
from toolkit.store.store import Store

__all__ = ["Runner"]

log = logging.getLogger("pagequeue.runner")

GRACE: Final = 2.0
"""Seconds in which running jobs may still end when the runner is told to stop; then they are given
back, to be done again."""
LOOK: Final = 1.0
"""Seconds between looks at whether there is still work, when nothing is heard."""


class Runner:
    """Works on one store until it is stopped, or until the queue is empty."""

    def __init__(
        self, store: Store, settings: Settings | None = None, *, lock: RunnerLock | None = None
    ) -> None:
        settings = settings or Settings.read()
        self._lock = lock or RunnerLock.of(store.files)
        self.shift = Shift(store, settings, Nursery(), machine.slots(settings.slots))
        self._outgoing = Outgoing(self.shift)
        self._lingers = False
        self._stop_at: float | None = None
        self._slots: list[Slot] = []

    def run(self, *, until_idle: bool = False, linger: float = 0.0) -> None:
        """Work; with *until_idle*, leave *linger* seconds after the queue became empty.

        Several runners may share a file. SIGTERM and SIGINT stop the work: running jobs may end
        within two seconds, the others are given back to the queue; a second signal gives them back
        at once.
        """
        shift, self._lingers = self.shift, linger > 0
        if self._lock.take():  # otherwise there are two runners
            self._lock.sign(os.getpid())
        with Listener(shift.store) as listener, self._signals():
            supervisor = Supervisor(shift, self._outgoing, listener.port)
            supervisor.enlist()
            ear = threading.Thread(target=self._hear, args=(listener,), daemon=True)
            ear.start()
            supervisor.start()
            try:
                self._wait(supervisor, until_idle=until_idle, linger=linger)
            finally:
                shift.end()
                listener.wake()
                self._end([ear, supervisor, *self._slots])

    def stop(self) -> None:
        """Ask the runner to stop, from any thread or a signal; twice: at once."""
        self.shift.orders.put("at once" if self._stop_at else "stop")
        self._stop_at = self._stop_at or time.monotonic() + GRACE

    def _hear(self, listener: Listener) -> None:
        """Pass on every change that the listener hears of."""
        while not self.shift.ended:
            with suppress(sqlite3.Error, OSError):
                if listener.wait(LOOK):
                    self.shift.ring()

    def _wait(self, supervisor: Supervisor, *, until_idle: bool, linger: float) -> None:
        idle_since: float | None = None
        while True:
            self._man_slots()
            pause = LOOK if idle_since is None else min(LOOK, linger)
            with suppress(queue.Empty):
                if self.shift.orders.get(timeout=pause) != "look":
                    return
            if not until_idle:
                continue
            if not self._is_idle():
                idle_since = None
                continue
            idle_since = idle_since or time.monotonic()
            if time.monotonic() - idle_since >= linger and self._has_left(supervisor):
                return

    def _man_slots(self) -> None:
        """Start the slots, and start anew one that an error of our own has ended."""
        self._slots = [slot for slot in self._slots if slot.is_alive()]
        manned = {slot.number for slot in self._slots}
        for number in range(1, self.shift.slots + 1):
            if number not in manned:
                slot = Slot(self.shift, number)
                slot.start()
                self._slots.append(slot)

    def _is_idle(self) -> bool:
        """Whether nothing is left to do that this runner could ever do."""
        if self.shift.held:
            return False
        try:
            return not self._is_needed(self.shift.store.read())
        except sqlite3.Error as exc:
            log.warning("the queue cannot be read: %s", exc)
            return False

    def _is_needed(self, conn: sqlite3.Connection) -> bool:
        """Whether there is something to work on, or to tell of."""
        return _work_left(conn) or self._outgoing.keeps(conn, later=self._lingers)

    def _has_left(self, supervisor: Supervisor) -> bool:
        """Leave, unless there is work after all.

        Whoever submits commits first and then tries the lock. So either the job is seen here, after
        the lock was let go, or the lock was free when it was tried: no job is left alone.
        """
        shift = self.shift
        with shift.pen:
            if shift.held:
                return False
            with shift.write(durable=False) as conn:
                if self._is_needed(conn):
                    return False
                runners.dismiss(conn, runner=shift.runner)
            shift.close()
        self._lock.release()
        if not self._is_needed(shift.store.read()) or not self._lock.take():
            return True
        self._lock.sign(os.getpid())
        supervisor.enlist()
        shift.reopen()
        return False

    def _end(self, threads: list[threading.Thread]) -> None:
        """Stop claiming, let running jobs end or give them back, and leave nothing behind."""
        shift = self.shift
        self._let_finish()
        shift.drop(shift.held)
        for thread in threads:
            while thread.is_alive():
                shift.ring()
                thread.join(0.5)
                shift.drop(shift.held)
        try:
            with shift.write() as conn:
                # Whatever is still ours goes back, as after a crash, but at once.
                store_queue.rescue(conn, now=shift.now(), dead_runners=[shift.runner])
        except sqlite3.Error as exc:
            log.warning("jobs cannot be given back, their leases will lapse: %s", exc)
        self._outgoing.end()
        shift.nursery.close()
        rmtree(shift.folder, ignore_errors=True)
        self._lock.release()

    def _let_finish(self) -> None:
        while any(slot.is_alive() for slot in self._slots) and self.shift.held:
            left = (self._stop_at or 0.0) - time.monotonic()
            if left <= 0:
                return
            with suppress(queue.Empty):
                if self.shift.orders.get(timeout=min(0.05, left)) == "at once":
                    return

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """Stop on SIGTERM and SIGINT, where this is the main thread, and undo that afterwards."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def stop(_number: int, _frame: FrameType | None) -> None:
            self.stop()

        wanted = [signal.SIGINT, signal.SIGTERM]
        before = {number: signal.signal(number, stop) for number in wanted}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _work_left(conn: sqlite3.Connection) -> bool:
    """Whether a job waits or runs; those of paused tools wait for a person."""
    return any(
        row.processing or ((row.queued or row.retrying) and row.state != "paused")
        for row in store_queue.stats(conn)
    )
