"""One job as a person holds it: always as it stands now."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any, Self

from toolkit.desk import Desk
from toolkit.document import Document
from toolkit.errors import ResultNotReady, ToolkitError, error_of
from toolkit.jobs import Attempt, Job, JobState, Move, after
from toolkit.widgets.twin import table_html
from toolkit.widgets.words import duration
from toolkit.workspace.waiting import Show, until_ended, until_ended_async

if TYPE_CHECKING:
    import pandas as pd

    from toolkit.widgets.inspector import Inspector

__all__ = ["JobHandle"]


class JobHandle:
    """A job at a desk. ``handle.wait()`` and ``await handle`` return it when it has ended."""

    def __init__(self, desk: Desk, job_id: str) -> None:
        self._desk = desk
        self.id = job_id

    @property
    def desk(self) -> Desk:
        """Where it was handed in."""
        return self._desk

    @property
    def job(self) -> Job:
        """The job as it stands. Raises JobNotFound."""
        return self._desk.look(self.id)

    @property
    def status(self) -> JobState:
        return self.job.status

    @property
    def filename(self) -> str | None:
        return self.job.filename

    @property
    def error(self) -> ToolkitError | None:
        """Why the job failed, as the error that it stands for; None where it did not."""
        job = self.job
        return error_of(job.error_code, job.error or "") if job.error_code else None

    def wait(self, timeout: float | None = None, *, progress: bool | None = None) -> Self:
        """Return when the job has ended. Raises StillRunning after *timeout* seconds."""
        show = Show(lambda: self._desk.glance(batch=self.job.batch), shown=progress)
        until_ended(self._desk, self._active, timeout=timeout, show=show)
        return self

    def __await__(self) -> Generator[Any, None, Self]:
        return self._ended().__await__()

    async def _ended(self) -> Self:
        await until_ended_async(self._desk, self._active)
        return self

    def _active(self) -> int:
        return 0 if self.job.ended else 1

    def result(self) -> bytes:
        """What the job made; the error it failed with is raised. Or ResultNotReady, ResultGone."""
        try:
            return self._desk.result(self.id)
        except ResultNotReady:
            if (error := self.error) is not None:
                raise error from None
            raise

    def document(self) -> Document:
        """The document that a parse made; the error it failed with is raised."""
        try:
            return self._desk.document(self.id)
        except ResultNotReady:
            if (error := self.error) is not None:
                raise error from None
            raise

    def blocks(self) -> pd.DataFrame:
        """A row a block, in reading order."""
        return self._desk.blocks(job_ids=[self.id])

    def pages(self) -> pd.DataFrame:
        """A row a page."""
        return self._desk.pages(job_ids=[self.id])

    def inspect(
        self, *, against: JobHandle | None = None, password: str | None = None
    ) -> Inspector:
        """Its pages with their boxes; see ``toolkit.inspect``."""
        from toolkit.workspace.inspecting import inspect

        return inspect(self, against=against, password=password)

    def attempts(self) -> list[Attempt]:
        """Every try at it, the first one first."""
        return self._desk.attempts(self.id)

    def cancel(self) -> Self:
        """Stop it. Raises IllegalMove where it has ended."""
        after(self.status, Move.CANCEL)
        self._desk.cancel([self.id])
        return self

    def retry(self) -> Self:
        """Queue it again. Raises IllegalMove unless it failed or was cancelled."""
        after(self.status, Move.RETRY)
        self._desk.retry([self.id])
        return self

    def purge(self) -> str:
        """Erase its input, result and names: "done", or "pending" while another reader holds on."""
        return "pending" if self._desk.purge([self.id])["pending"] else "done"

    def reprioritise(self, priority: int) -> Self:
        """Let it come sooner (higher) or later (lower) among those that wait."""
        self._desk.reprioritise([self.id], priority)
        return self

    def __repr__(self) -> str:
        try:
            return repr(self.job)
        except ToolkitError as exc:
            return f"<Job {self.id} ({exc.code})>"

    def _repr_html_(self) -> str:
        try:
            job = self.job
        except ToolkitError as exc:
            return table_html([[self.id, exc.code, str(exc)]])
        took = duration(job.ended_at - job.started_at) if job.ended_at and job.started_at else ""
        why = f"{job.error_code}: {job.error}" if job.error_code else ""
        cached = "from the cache" if job.cache_hit else ""
        return table_html(
            [
                [
                    job.filename or f"({job.tool}, no file)",
                    job.status,
                    f"{job.progress:.0f} %",
                    took,
                    cached,
                    why,
                ]
            ],
            head=["file", "status", "progress", "took", "", "error"],
        )
