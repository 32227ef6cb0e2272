"""The verbs of a desk over a database file on this machine."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TypeAlias

from msgspec.structs import replace

from toolkit.desk import Glance
from toolkit.document.reviews import Review
from toolkit.errors import IllegalMove
from toolkit.jobs import ACTIVE
from toolkit.runner import launch
from toolkit.store import changes, erasures, queue, tools
from toolkit.store.store import Store
from toolkit.workspace import reviewing
from toolkit.workspace.looking import glance
from toolkit.workspace.reading import StoreReader

__all__ = ["LocalDesk"]

# A runner that was killed is replaced; one that dies at once must not be started in a storm.
ATTEND_EVERY = 2.0
# A runner on a busy machine is heard of within this.
START_SECONDS = 10.0
# Other writers get their turn between two rounds of a verb over very many jobs.
ROUND = 500

Move: TypeAlias = Callable[[sqlite3.Connection, str, float], object]


class LocalDesk(StoreReader):
    """A ``Desk`` over *store*; with *work* it starts a runner where there is something to do."""

    def __init__(self, store: Store, *, work: bool) -> None:
        super().__init__(store)
        self._work = work
        self._attended_at = float("-inf")
        self._started_at = float("-inf")

    def glance(self, *, batch: str | None = None) -> Glance:
        return self._with_start(glance(self.store, batch=batch, now=time.time()))

    def _with_start(self, seen: Glance) -> Glance:
        """*seen*, saying whether a runner was started from here."""
        fresh = time.monotonic() - self._started_at < START_SECONDS
        return replace(seen, starting=True) if fresh and seen.active and not seen.runners else seen

    def attend(self) -> None:
        if not self._work or time.monotonic() - self._attended_at < ATTEND_EVERY:
            return
        counts = self.counts()
        if not any(counts[state] for state in ACTIVE):
            return
        self._attended_at = time.monotonic()
        if launch.ensure(self.store):
            self._started_at = time.monotonic()

    def cancel(self, job_ids: Sequence[str]) -> int:
        return self._each(job_ids, lambda conn, one, now: queue.cancel(conn, job_id=one, now=now))

    def retry(self, job_ids: Sequence[str]) -> int:
        moved = self._each(job_ids, lambda conn, one, now: queue.retry(conn, job_id=one, now=now))
        self._attended_at = float("-inf")
        self.attend()
        return moved

    def _each(self, job_ids: Sequence[str], move: Move) -> int:
        """How many of the jobs *move* was legal for; a transaction a round."""
        moved, now = 0, time.time()
        for start in range(0, len(job_ids), ROUND):
            with self.store.write() as conn:
                for one in job_ids[start : start + ROUND]:
                    # Between looking and moving a job may have ended: it is left as it is.
                    with suppress(IllegalMove):
                        move(conn, one, now)
                        moved += 1
        changes.ring(self.store)
        return moved

    def purge(self, job_ids: Sequence[str]) -> dict[str, int]:
        said = [erasures.purge(self.store, job_id=one, now=time.time()) for one in job_ids]
        return {"done": said.count("done"), "pending": said.count("pending")}

    def review(self, job_id: str, review: Review) -> Review:
        return reviewing.add(self.store, self.document(job_id), job_id, review)

    def undo_review(self, job_id: str, review_id: int, *, reviewer: str = "") -> None:
        reviewing.undo(self.store, job_id, review_id, reviewer)

    def reprioritise(self, job_ids: Sequence[str], priority: int) -> int:
        with self.store.write() as conn:
            return queue.reprioritise(conn, job_ids=list(job_ids), priority=priority)

    def pause(self, tool: str) -> None:
        """Start no more jobs of *tool*; those that run go on. Raises UnknownTool."""
        with self.store.write() as conn:
            tools.pause(conn, name=tool)

    def resume(self, tool: str) -> None:
        """Start jobs of *tool* again. Raises UnknownTool."""
        with self.store.write() as conn:
            tools.resume(conn, name=tool)
        changes.ring(self.store)
        self.attend()

    def drain(self, tool: str) -> None:
        """Take no more submissions for *tool*, and finish those that are there."""
        with self.store.write() as conn:
            tools.drain(conn, name=tool)
