"""The verbs of a queue as a Protocol: what a batch and a widget need, wherever the queue is.

A workspace on this machine and a client far away both are a ``Desk``; whoever takes one works
with either. Jobs are named by id; a verb over many jobs leaves those alone that it cannot move.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeAlias

import msgspec

from toolkit.document import Document
from toolkit.document.reviews import Review
from toolkit.document.selection import Selection
from toolkit.jobs import ACTIVE, Attempt, Job, JobState

if TYPE_CHECKING:
    from os import PathLike
    from pathlib import Path

    import pandas as pd

__all__ = [
    "Desk",
    "Failure",
    "Glance",
    "Handed",
    "Offered",
    "Rehearsal",
    "Reviewing",
    "Status",
    "Watch",
]

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


class Offered(msgspec.Struct, frozen=True, kw_only=True):
    """A type of job that can be asked for here: ``state`` is open, paused or draining."""

    name: str
    label: str
    state: str = "open"
    waiting: int = 0
    """Jobs of it that wait for a runner."""
    schema: Mapping[str, Any] | None = None
    """Its options as a JSON Schema of an object; None where any options may be given."""


class Rehearsal(msgspec.Struct, frozen=True, kw_only=True):
    """What handing something in would do. Sizes are in bytes."""

    kinds: Mapping[str, tuple[int, int]]
    """How many files of each kind would become jobs, and their size."""
    duplicates: tuple[tuple[str, str], ...] = ()
    """What was given again, with what it is the same as."""
    left_out: int = 0
    """Files of folders that are of no type the tool takes."""
    refused: tuple[tuple[str, str, str], ...] = ()
    """What would become a failed job: its name, the code, and why."""
    complete: bool = True
    """False where it was stopped before everything was looked at."""

    @property
    def files(self) -> int:
        return sum(files for files, _ in self.kinds.values())

    @property
    def size(self) -> int:
        return sum(size for _, size in self.kinds.values())

    def __repr__(self) -> str:
        parts = [f"{n:,} {kind} ({size:,} bytes)" for kind, (n, size) in self.kinds.items()]
        parts += [f"{len(self.duplicates):,} given twice"] if self.duplicates else []
        parts += [f"{self.left_out:,} left out"] if self.left_out else []
        parts += [f"{name[:80]!r} refused ({code})" for name, code, _ in self.refused[:5]]
        more = len(self.refused) - 5
        parts += [f"{more:,} more refused"] if more > 0 else []
        parts += [] if self.complete else ["stopped before the end"]
        return f"<Rehearsal: {', '.join(parts) or 'nothing to hand in'}>"


class Reviewing(msgspec.Struct, frozen=True, kw_only=True):
    """How far a review is: of so many blocks so many were looked at, and so many were wrong."""

    blocks: int
    reviewed: int
    wrong: int

    @property
    def accepted(self) -> int:
        return self.reviewed - self.wrong


class Handed(Protocol):
    """Jobs that were handed in together: a batch."""

    @property
    def id(self) -> str: ...

    @property
    def name(self) -> str: ...


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

    def ids(
        self,
        *,
        batch: str | None = None,
        status: Status = None,
        text: str | None = None,
        sort: str = "number",
        descending: bool = False,
    ) -> list[str]:
        """The ids of the jobs that match, in the order of submission or by *sort*.

        *sort* is one of number, file, state, progress, attempt, priority, took, error.
        """
        ...

    def look_at(self, job_ids: Sequence[str]) -> list[Job]:
        """The jobs as they stand, in the order of *job_ids*; those that there are."""
        ...

    def batches(self) -> Sequence[Handed]:
        """Every batch, the latest first."""
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
        self,
        *,
        batch: str | None = None,
        job_ids: Sequence[str] | None = None,
        reviewed: bool = False,
    ) -> pd.DataFrame:
        """A row a block of every completed document, in the order of submission and of reading.

        As the engine made them or, *reviewed*, as people have corrected them since.
        """
        ...

    def pages(
        self, *, batch: str | None = None, job_ids: Sequence[str] | None = None
    ) -> pd.DataFrame:
        """A row a page of every completed document."""
        ...

    def review(self, job_id: str, review: Review) -> Review:
        """Keep what a person says of a block of the job's document; as it is kept.

        The document stays as the engine made it. Who says it is the user, where *review* names
        nobody. Raises ResultNotReady, ResultGone, and InvalidInput where it makes no sense.
        """
        ...

    def undo_review(self, job_id: str, review_id: int, *, reviewer: str = "") -> None:
        """Let a review not count any more; it is kept, with who undid it. Raises InvalidInput."""
        ...

    def reviews(self, job_ids: Sequence[str]) -> list[Review]:
        """All that was said of these jobs' documents, the first first, what was undone as well."""
        ...

    def review_progress(self, job_ids: Sequence[str]) -> Reviewing:
        """How many of these jobs' blocks were reviewed."""
        ...

    def page_image(
        self, job_id: str, page: int, *, width: int = 1200, password: str | None = None
    ) -> bytes:
        """Page *page* (from 1) of the job's file as WEBP, at most *width* pixels wide.

        Rendered in another process, and kept, unless a *password* was needed. Raises ResultGone
        where the file is erased, PasswordProtected, PageUnreadable, and what else is wrong with it.
        """
        ...

    def tools(self) -> list[Offered]:
        """The types of job that can be asked for, by name."""
        ...

    def pause(self, tool: str) -> None:
        """Start no more jobs of *tool*; those that run go on. Raises UnknownTool."""
        ...

    def resume(self, tool: str) -> None:
        """Start jobs of *tool* again. Raises UnknownTool."""
        ...

    def submit(
        self,
        inputs: Any,
        *,
        tool: str = "parse",
        options: Mapping[str, Any] | None = None,
        password: str | None = None,
        priority: int = 0,
        name: str | None = None,
    ) -> Handed:
        """Queue everything in *inputs* as one batch, and return without waiting for it."""
        ...

    def rehearse(
        self,
        inputs: Any,
        *,
        tool: str = "parse",
        options: Mapping[str, Any] | None = None,
        password: str | None = None,
        priority: int = 0,
        stop: Callable[[], bool] = lambda: False,
    ) -> Rehearsal:
        """What ``submit`` would do with the same; nothing is queued.

        It is given up, and said to be incomplete, as soon as *stop* () holds. Raises what
        ``submit`` would raise.
        """
        ...

    def export(
        self,
        batches: str | Sequence[str],
        out: str | PathLike[str],
        *,
        to: Sequence[str] | str,
        selection: Selection | None = None,
        reviewed: bool = False,
        report: Callable[[int, int], None] = lambda _done, _total: None,
    ) -> list[Path]:
        """Write what the documents of *batches* hold into the folder *out*; the files.

        As the engine made them or, *reviewed*, as people have corrected them since. *report* is
        told how many of the jobs were written, of how many, and may raise to stop.
        Raises InvalidOption for an unknown format, UnreadablePath where *out* cannot be written.
        """
        ...

    def attend(self) -> None:
        """See to it that somebody works on what waits. Cheap: may be called at every look."""
        ...

    def changes(self) -> Watch:
        """A new watch for changes at this desk."""
        ...
