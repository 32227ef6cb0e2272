"""What the threads of one runner share while it works."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from secrets import token_hex
from sqlite3 import Connection
from typing import Final, Literal

from toolkit.runner.keeper import Keeper
from toolkit.runner.nursery import Nursery
from toolkit.settings import Settings
from toolkit.store.store import Store

__all__ = ["Order", "Shift"]

Order = Literal["look", "stop", "at once"]

LONGEST_NAP: Final = 5.0
"""Seconds after which an idle slot looks for work though nobody rang."""


class Shift:
    """One runner at work: its name, its store, the jobs it holds, and the bell.

    ``pen`` is held around every write: the threads of one process queue up in memory, instead of
    sleeping in SQLite until the file happens to be free.
    """

    def __init__(self, store: Store, settings: Settings, nursery: Nursery, slots: int) -> None:
        self.runner = f"run_{token_hex(6)}"
        self.store = store
        self.settings = settings
        self.nursery = nursery
        self.slots = slots
        self.orders: SimpleQueue[Order] = SimpleQueue()
        self.folder = store.files / "work" / self.runner
        self.pen = threading.RLock()
        self._closed = False
        self._ended = False
        self._bell = threading.Condition()
        self._rings = 0
        self._held: dict[str, Keeper | None] = {}

    @contextmanager
    def write(self, *, durable: bool = True) -> Iterator[Connection]:
        """A transaction of this thread's, one at a time over the whole runner."""
        with self.pen, self.store.write(durable=durable) as conn:
            yield conn

    def now(self) -> float:
        return time.time()

    @property
    def closed(self) -> bool:
        """Whether no more jobs are to be claimed. Changes only under the pen."""
        return self._closed

    def close(self) -> None:
        with self.pen:
            self._closed = True
        self.ring()

    def reopen(self) -> None:
        with self.pen:
            self._closed = False
        self.ring()

    @property
    def ended(self) -> bool:
        """Whether the threads are to leave."""
        return self._ended

    def end(self) -> None:
        self._ended = True
        self.close()

    def ring(self) -> None:
        """Wake every thread that waits: something may have changed."""
        with self._bell:
            self._rings += 1
            self._bell.notify_all()

    @property
    def rings(self) -> int:
        return self._rings

    def wait(self, heard: int, timeout: float = LONGEST_NAP) -> None:
        """Sleep until the bell rings for the first time after *heard* rings."""
        with self._bell:
            self._bell.wait_for(lambda: self._rings != heard or self._ended, timeout)

    def hold(self, job_id: str, keeper: Keeper) -> None:
        """The keeper works on this job from now on."""
        with self._bell:
            keeper.begin()
            self._held[job_id] = keeper

    def done(self, job_id: str) -> None:
        """No child works on the job any more; how it ended is still to be recorded."""
        with self._bell:
            self._held[job_id] = None

    def release(self, job_id: str) -> None:
        """The job is recorded, or not ours any more."""
        with self._bell:
            self._held.pop(job_id, None)

    @property
    def held(self) -> frozenset[str]:
        with self._bell:
            return frozenset(self._held)

    def drop(self, job_ids: frozenset[str]) -> None:
        """Stop the work on these jobs: they were cancelled, or are another's now."""
        with self._bell:
            for job_id in job_ids:
                keeper = self._held.get(job_id)
                if keeper is not None:
                    keeper.cancel()
