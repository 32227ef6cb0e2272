"""How fast a batch moves, from glances at it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from toolkit.desk import Glance

__all__ = ["Pace"]

# Long enough to smooth over single large documents, short enough to follow a change of load.
WINDOW = 30.0
# A shorter stretch than this says more about one file than about the batch.
SHORTEST = 1.5


@dataclass(slots=True)
class Pace:
    """Work done over the last ``WINDOW`` seconds. One for each board or progress bar."""

    _noted: deque[Glance] = field(default_factory=deque)

    def note(self, glance: Glance) -> None:
        """Take *glance* in as the latest one."""
        if self._noted and glance.work_done < self._noted[-1].work_done - 1:
            # Jobs were queued again: what was seen before says nothing about what comes.
            self._noted.clear()
        self._noted.append(glance)
        while glance.taken_at - self._noted[0].taken_at > WINDOW:
            self._noted.popleft()

    @property
    def pages_per_second(self) -> float | None:
        """None while too little was seen."""
        return self._rate(lambda glance: float(glance.pages))

    @property
    def seconds_left(self) -> float | None:
        """Seconds until the last job ends: by what was seen, else by the queue's own estimate."""
        if not self._noted:
            return None
        latest = self._noted[-1]
        if not latest.active:
            return 0.0
        rate = self._rate(lambda glance: glance.work_done)
        if rate is None or latest.runners == 0:
            return latest.seconds_left
        return (latest.total - latest.work_done) / rate

    def _rate(self, amount: Callable[[Glance], float]) -> float | None:
        if len(self._noted) < 2:
            return None
        first, last = self._noted[0], self._noted[-1]
        elapsed, done = last.taken_at - first.taken_at, amount(last) - amount(first)
        return done / elapsed if elapsed >= SHORTEST and done > 0 else None
