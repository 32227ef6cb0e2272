"""What one ``submit`` handed in, held together: watched, waited for, stopped, and read."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any, Self, overload

from toolkit.desk import Desk, Glance, Reviewing
from toolkit.document import Change, Document, Review
from toolkit.errors import ToolkitError
from toolkit.jobs import ACTIVE, FINAL, WAITING, JobState
from toolkit.widgets.twin import glance_html, table_html
from toolkit.widgets.words import headline, shown, thing
from toolkit.workspace.completed import Completed
from toolkit.workspace.documents import Documents
from toolkit.workspace.handle import JobHandle
from toolkit.workspace.stats import Stats, stats_of
from toolkit.workspace.waiting import Show, in_notebook, until_ended, until_ended_async

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from toolkit.document.reviewing import Unapplied
    from toolkit.document.sampling import ErrorRate
    from toolkit.frames import Tables
    from toolkit.widgets.board import Board
    from toolkit.widgets.export_panel import ExportPanel
    from toolkit.widgets.inspector import Inspector

__all__ = ["Batch"]

RETRYABLE = (JobState.FAILED, JobState.CANCELLED)


class Batch:
    """Jobs that were submitted together, in their order.

    In a notebook it shows itself as a live board, in a terminal as a line. It holds no state of
    its own: ``toolkit.open(...).batch(name)`` gives the same one again in another process.
    ``duplicates`` are the inputs that were given again, with the one whose job stands for them;
    ``left_out`` counts the files of folders that are of no type the tool takes; ``unchanged`` are
    the inputs that were left alone as they had not changed, each with the job made of it before.
    """

    def __init__(
        self,
        desk: Desk,
        batch_id: str,
        *,
        name: str = "",
        duplicates: Iterable[tuple[str, str]] = (),
        left_out: int = 0,
        unchanged: Iterable[tuple[str, str]] = (),
    ) -> None:
        self._desk = desk
        self.id = batch_id
        self.name = name
        self.duplicates = tuple(duplicates)
        self.left_out = left_out
        self.unchanged = tuple(unchanged)
        self._board: Board | None = None

    @property
    def desk(self) -> Desk:
        """Where it was handed in."""
        return self._desk

    # --- its jobs -----------------------------------------------------------------------------

    def __len__(self) -> int:
        return sum(self.counts().values())

    def __iter__(self) -> Iterator[JobHandle]:
        return (JobHandle(self._desk, job.id) for job in self._desk.find(batch=self.id))

    @overload
    def __getitem__(self, index: int | str) -> JobHandle: ...
    @overload
    def __getitem__(self, index: slice) -> list[JobHandle]: ...
    def __getitem__(self, index: int | str | slice) -> JobHandle | list[JobHandle]:
        if isinstance(index, str):
            for job in self._desk.find(batch=self.id):
                if index in {job.id, job.filename}:
                    return JobHandle(self._desk, job.id)
            raise KeyError(index)
        return list(self)[index]

    def _ipython_key_completions_(self) -> list[str]:
        found = self._desk.find(batch=self.id, limit=1000)
        return list(dict.fromkeys(job.filename for job in found if job.filename))

    def counts(self) -> dict[str, int]:
        """How many jobs are in each state."""
        return {str(state): n for state, n in self._desk.counts(batch=self.id).items()}

    def glance(self) -> Glance:
        """Counts, pages, what runs and why jobs failed, at this moment."""
        return self._desk.glance(batch=self.id)

    @property
    def done(self) -> bool:
        """Whether every job has ended, well or not."""
        return self._active() == 0

    def _active(self) -> int:
        return sum(n for state, n in self._desk.counts(batch=self.id).items() if state not in FINAL)

    # --- waiting ------------------------------------------------------------------------------

    def wait(self, timeout: float | None = None, *, progress: bool | None = None) -> Self:
        """Return when every job has ended, failed ones too.

        Raises StillRunning after *timeout* seconds; the jobs go on. After a second it shows a
        progress bar where a terminal is; *progress* says whether it may.
        """
        until_ended(
            self._desk, self._active, timeout=timeout, show=Show(self.glance, shown=progress)
        )
        return self

    def __await__(self) -> Generator[Any, None, Self]:
        return self._ended().__await__()

    async def _ended(self) -> Self:
        await until_ended_async(self._desk, self._active)
        return self

    def as_completed(self, timeout: float | None = None) -> Completed:
        """Its jobs as they end, for ``for`` or ``async for``. Raises StillRunning on time-out."""
        return Completed(self._desk, self.id, timeout)

    # --- changing its course ------------------------------------------------------------------

    def cancel(self) -> int:
        """Stop every job that has not ended; how many that were."""
        return self._desk.cancel(self._desk.ids(batch=self.id, status=ACTIVE))

    def retry(self) -> int:
        """Queue the failed and the cancelled jobs again; how many that were."""
        return self._desk.retry(self._desk.ids(batch=self.id, status=RETRYABLE))

    def purge(self) -> dict[str, int]:
        """Erase inputs, results and names of all its jobs; how many are done, how many pending."""
        return self._desk.purge(self._desk.ids(batch=self.id))

    def reprioritise(self, priority: int) -> int:
        """Let its waiting jobs come sooner (higher) or later (lower); how many that were."""
        return self._desk.reprioritise(self._desk.ids(batch=self.id, status=WAITING), priority)

    # --- what came of it ----------------------------------------------------------------------

    def jobs(self) -> pd.DataFrame:
        """A row a job."""
        from toolkit import frames

        return frames.jobs(self._desk.find(batch=self.id))

    def failures(self) -> pd.DataFrame:
        """A row a failed job, with the code and the reason."""
        from toolkit import frames

        return frames.jobs(self._desk.find(batch=self.id, status=JobState.FAILED))

    def blocks(self, *, reviewed: bool = False) -> pd.DataFrame:
        """A row a block of every document, in the order of submission and of reading.

        As the engine made them or, *reviewed*, as people have corrected them since.
        """
        return self._desk.blocks(batch=self.id, reviewed=reviewed)

    def pages(self) -> pd.DataFrame:
        """A row a page of every document."""
        return self._desk.pages(batch=self.id)

    def tables(self, *, typed: bool = False, joined: bool = True, reviewed: bool = False) -> Tables:
        """Every table of its documents as a DataFrame that knows its document, page and box.

        ``frame.attrs`` has them. *typed* makes numbers, percentages, amounts and dates of the
        text where a whole column is one, and keeps the text beside; *joined* puts tables that
        go on over pages together; *reviewed* takes them as people have corrected them.
        """
        from toolkit import frames
        from toolkit.workspace.exporting import documents

        found = documents(self._desk, self.id, reviewed=reviewed)
        return frames.tables(found, typed=typed, joined=joined)

    def documents(self, *, reviewed: bool = False) -> Sequence[Document]:
        """The documents of the completed jobs; each is read when it is asked for.

        As the engine made them or, *reviewed*, as people have corrected them since.
        """
        completed = self._desk.ids(batch=self.id, status=JobState.COMPLETED)
        return Documents(self._desk, completed, reviewed=reviewed)

    def stats(self) -> Stats:
        """How it went, in numbers."""
        return stats_of(self._desk.find(batch=self.id), self.glance())

    def export(
        self,
        out: str | PathLike[str],
        *,
        to: Sequence[str] | str = ("parquet", "markdown"),
        formula_safe: bool = False,
        reviewed: bool = False,
    ) -> list[Path]:
        """Write what its documents hold into the folder *out*; the files that were written.

        *to* names formats: "parquet" is a file for jobs, documents, pages and blocks each,
        "markdown" a file a document. *formula_safe* puts ``'`` before text in CSV that a
        spreadsheet would compute; *reviewed* writes the documents as people have corrected them.
        Raises InvalidOption for an unknown format.
        """
        from toolkit.workspace.exporting import export

        return export(self._desk, self.id, out, to=to, formula_safe=formula_safe, reviewed=reviewed)

    def sql(self, query: str) -> pd.DataFrame:
        """What *query* finds in the tables blocks, documents, jobs and pages of this batch.

        Raises InvalidInput for what is no query, and MissingExtra without DuckDB.
        """
        from toolkit.workspace.sql import answer

        return answer(self._desk, query, batch=self.id)

    def export_panel(self) -> ExportPanel:
        """A panel that looks through its results, and writes them to files."""
        from toolkit.widgets.export_panel import ExportPanel

        return ExportPanel(self._desk, batches=[self.id])

    # --- what people say of it ----------------------------------------------------------------

    def review(
        self,
        block_ids: str | Sequence[str],
        change: Change,
        *,
        job: str | None = None,
        reviewer: str = "",
    ) -> Review:
        """Say something of a block (of several, for a merge); the engine's document stays.

        *change* is one of ``toolkit.document``'s Accept, CorrectText, CorrectCell, Retype, Merge,
        Split, Reject and Note; *job* is needed where several documents have such a block.
        Raises InvalidInput where it makes no sense.
        """
        from toolkit.workspace.reviewing import job_of

        names = (block_ids,) if isinstance(block_ids, str) else tuple(block_ids)
        where = job or job_of(self._desk, self.id, names)
        return self._desk.review(where, Review(block_ids=names, change=change, reviewer=reviewer))

    def reviews(self) -> pd.DataFrame:
        """A row a review of its documents, the first first, what was undone as well."""
        from toolkit import frames

        jobs = self._desk.find(batch=self.id)
        files = {job.id: job.filename for job in jobs if job.filename}
        return frames.reviews(self._desk.reviews([job.id for job in jobs]), files)

    def review_progress(self) -> Reviewing:
        """How many of its blocks were reviewed, and how many of those were wrong."""
        return self._desk.review_progress(self._desk.ids(batch=self.id))

    def review_sample(self, n: int = 50, *, weighted: bool = True, seed: int = 0) -> pd.DataFrame:
        """*n* blocks to review, as a frame: at random or, *weighted*, the doubtful more often.

        The same for the same *seed*. Give the frame to ``error_rate`` once they are reviewed.
        """
        from toolkit.workspace.reviewing import sampled

        return sampled(self.blocks(), n, weighted=weighted, seed=seed)

    def error_rate(self, sample: pd.DataFrame) -> ErrorRate:
        """The share of all blocks that are wrong, with its interval, by a reviewed *sample*."""
        from toolkit.workspace.reviewing import rate

        return rate(self._desk, sample)

    def carry_reviews(self, to: Batch) -> tuple[list[Review], list[Unapplied]]:
        """Carry its reviews over to another reading of the same files.

        The reviews that are kept *to* there, and those that find no place, each with the reason.
        """
        from toolkit.workspace.reviewing import carry

        return carry(self._desk, self.id, to.id)

    # --- how it shows itself ------------------------------------------------------------------

    def inspect(
        self, *, against: Batch | JobHandle | None = None, password: str | None = None
    ) -> Inspector:
        """The pages of its documents with their boxes; see ``toolkit.inspect``."""
        from toolkit.workspace.inspecting import inspect

        return inspect(self, against=against, password=password)

    def compare(self, other: Batch | JobHandle) -> Inspector:
        """The same, beside what *other* read of the same files; what differs is marked."""
        return self.inspect(against=other)

    def board(self) -> Board:
        """The live board of this batch; the same one each time."""
        from toolkit.widgets.board import Board

        if self._board is None or self._board.closed:
            self._board = Board(self._desk, batch=self.id, title=self._title())
        return self._board

    def _title(self) -> str:
        return self.name or self.id

    def _notes(self) -> str:
        again = (
            f", {thing(len(self.duplicates), 'duplicate')} not taken twice"
            if self.duplicates
            else ""
        )
        other = f", {thing(self.left_out, 'file')} of other types left out" if self.left_out else ""
        same = f", {thing(len(self.unchanged), 'file')} unchanged" if self.unchanged else ""
        return again + other + same

    def __repr__(self) -> str:
        try:
            glance = self.glance()
        except ToolkitError as exc:
            return f"<Batch {shown(self._title())!r} ({exc.code})>"
        line = headline(glance, pages_per_second=None, seconds_left=glance.seconds_left)
        return f"<Batch {shown(self._title())!r}: {line}{self._notes()}>"

    def _repr_html_(self) -> str:
        try:
            return glance_html(self.glance(), title=self._title() + self._notes())
        except ToolkitError as exc:
            return table_html([[self._title(), exc.code, str(exc)]])

    def _ipython_display_(self) -> None:
        if not in_notebook():
            raise NotImplementedError  # IPython goes on to the one-line repr
        self.board()._ipython_display_()
