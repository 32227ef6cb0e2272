"""The verbs of a queue as a Protocol: what a batch and a widget need, wherever the queue is.

A workspace on this machine and a client far away both are a ``Desk``; whoever takes one works
with either. Jobs are named by id; a verb over many jobs leaves those alone that it cannot move.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, Self, TypeAlias

import msgspec

from toolkit.document import Document
from toolkit.jobs import ACTIVE, Attempt, Job, JobState

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Desk", "Failure", "Glance", "Status", "Watch"]

Status: TypeAlias = str | Collection[str] | None
"""One state, several, or None for all."""


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """The jobs that failed for one reason: how many, and one of them as an example."""

    code: str
    message: str
    filename: str
    count: int


class Glance(msgspec.Struct, frozen=True, kw_only=True):
    """A batch, or a whole queue, at one moment: what a board shows.

    ``work_done`` is in jobs and counts a running one by its share; ``seconds_left`` is the
    queue's own estimate, None when nobody works. Times are POSIX seconds.
    """

    taken_at: float
    counts: Mapping[JobState, int]
    work_done: float
    pages: int
    """Pages of the jobs that completed."""
    cache_hits: int
    runners: int
    """Live runners, on this machine or another."""
    starting: bool = False
    """Whether a runner was started from here and has not been heard of yet."""
    seconds_left: float | None
    running: tuple[Job, ...] = ()
    """A few of the jobs that are being worked on."""
    failures: tuple[Failure, ...] = ()
    """Why jobs failed, most frequent first."""

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def active(self) -> int:
        """Jobs that have not ended."""
        return sum(self.counts.get(state, 0) for state in ACTIVE)

    @property
    def ended(self) -> int:
        return self.total - self.active


class Watch(Protocol):
    """Notices that something may have changed at a desk. Belongs to one thread."""

    def wait(self, timeout: float) -> bool:
        """Return True as soon as anything may have changed, or False after *timeout* seconds."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...


class Desk(Protocol):
    """Where jobs are handed in, looked after, and their results fetched."""

    @property
    def place(self) -> str:
        """Where the queue is, for a person: a path or an address."""
        ...

    def look(self, job_id: str) -> Job:
        """The job as it stands. Raises JobNotFound."""
        ...

    def find(
        self,
        *,
        batch: str | None = None,
        status: Status = None,
        tool: str | None = None,
        text: str | None = None,
        limit: int | None = None,
        newest_first: bool = False,
    ) -> list[Job]:
        """The jobs that match, in the order of submission.

        *status* is one or several; *text* is looked for in file names, origins and errors.
        """
        ...

    def ids(self, *, batch: str | None = None, status: Status = None) -> list[str]:
        """The ids of the jobs that match, in the order of submission."""
        ...

    def counts(self, *, batch: str | None = None) -> dict[JobState, int]:
        """How many jobs are in each state; every state is there."""
        ...

    def glance(self, *, batch: str | None = None) -> Glance:
        """What a board shows of the batch, or of everything."""
        ...

    def attempts(self, job_id: str) -> list[Attempt]:
        """Every try at the job, the first one first."""
        ...

    def cancel(self, job_ids: Sequence[str]) -> int:
        """Stop the jobs that have not ended; how many that were."""
        ...

    def retry(self, job_ids: Sequence[str]) -> int:
        """Queue the failed and the cancelled ones again; how many that were."""
        ...

    def purge(self, job_ids: Sequence[str]) -> dict[str, int]:
        """Erase input, result and names; how many are ``done``, how many ``pending``."""
        ...

    def reprioritise(self, job_ids: Sequence[str], priority: int) -> int:
        """Give the waiting ones another priority (higher is sooner); how many that were."""
        ...

    def result(self, job_id: str) -> bytes:
        """What the job made. Raises ResultNotReady or ResultGone."""
        ...

    def document(self, job_id: str) -> Document:
        """The document that a parse job made. Raises ResultNotReady or ResultGone."""
        ...

    def blocks(
        self, *, batch: str | None = None, job_ids: Sequence[str] | None = None
    ) -> pd.DataFrame:
        """A row a block of every completed document, in the order of submission and of reading."""
        ...

    def pages(
        self, *, batch: str | None = None, job_ids: Sequence[str] | None = None
    ) -> pd.DataFrame:
        """A row a page of every completed document."""
        ...

    def attend(self) -> None:
        """See to it that somebody works on what waits. Cheap: may be called at every look."""
        ...

    def watch(self) -> Watch:
        """A new watch on this desk."""
        ...
