"""What one ``submit`` handed in, held together: watched, waited for, stopped, and read."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any, Self, overload

from toolkit.desk import Desk, Glance
from toolkit.document import Document
from toolkit.errors import ToolkitError
from toolkit.jobs import ACTIVE, FINAL, WAITING, JobState
from toolkit.widgets.twin import glance_html, table_html
from toolkit.widgets.words import headline, thing
from toolkit.workspace.completed import Completed
from toolkit.workspace.documents import Documents
from toolkit.workspace.handle import JobHandle
from toolkit.workspace.stats import Stats, stats_of
from toolkit.workspace.waiting import Show, in_notebook, until_ended, until_ended_async

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from toolkit.frames import Tables
    from toolkit.widgets.board import Board

__all__ = ["Batch"]

RETRYABLE = (JobState.FAILED, JobState.CANCELLED)


class Batch:
    """Jobs that were submitted together, in their order.

    In a notebook it shows itself as a live board, in a terminal as a line. It holds no state of
    its own: ``toolkit.open(...).batch(name)`` gives the same one again in another process.
    ``duplicates`` are the inputs that were given again, with the one whose job stands for them;
    ``left_out`` counts the files of folders that are of no type the tool takes.
    """

    def __init__(
        self,
        desk: Desk,
        batch_id: str,
        *,
        name: str = "",
        duplicates: Iterable[tuple[str, str]] = (),
        left_out: int = 0,
    ) -> None:
        self._desk = desk
        self.id = batch_id
        self.name = name
        self.duplicates = tuple(duplicates)
        self.left_out = left_out
        self._board: Board | None = None

    # --- its jobs -----------------------------------------------------------------------------

    def __len__(self) -> int:
        return sum(self.counts().values())

    def __iter__(self) -> Iterator[JobHandle]:
        return (JobHandle(self._desk, job.id) for job in self._desk.find(batch=self.id))

    @overload
    def __getitem__(self, index: int) -> JobHandle: ...
    @overload
    def __getitem__(self, index: slice) -> list[JobHandle]: ...
    def __getitem__(self, index: int | slice) -> JobHandle | list[JobHandle]:
        return list(self)[index]

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

    def blocks(self) -> pd.DataFrame:
        """A row a block of every document, in the order of submission and of reading."""
        return self._desk.blocks(batch=self.id)

    def pages(self) -> pd.DataFrame:
        """A row a page of every document."""
        return self._desk.pages(batch=self.id)

    def tables(self, *, typed: bool = False, joined: bool = True) -> Tables:
        """Every table of its documents as a DataFrame that knows its document, page and box.

        ``frame.attrs`` has them. *typed* makes numbers, percentages, amounts and dates of the
        text where a whole column is one, and keeps the text beside; *joined* puts tables that
        go on over pages together.
        """
        from toolkit import frames
        from toolkit.workspace.exporting import documents

        return frames.tables(documents(self._desk, self.id), typed=typed, joined=joined)

    def documents(self) -> Sequence[Document]:
        """The documents of the completed jobs; each is read when it is asked for."""
        return Documents(self._desk, self._desk.ids(batch=self.id, status=JobState.COMPLETED))

    def stats(self) -> Stats:
        """How it went, in numbers."""
        return stats_of(self._desk.find(batch=self.id), self.glance())

    def export(
        self, out: str | PathLike[str], *, to: Sequence[str] | str = ("parquet", "markdown")
    ) -> list[Path]:
        """Write what its documents hold into the folder *out*; the files that were written.

        *to* names formats: "parquet" is a file for jobs, documents, pages and blocks each,
        "markdown" a file a document. Raises InvalidOption for an unknown one.
        """
        from toolkit.workspace.exporting import export

        return export(self._desk, self.id, out, to=to)

    # --- how it shows itself ------------------------------------------------------------------

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
        return again + other

    def __repr__(self) -> str:
        try:
            glance = self.glance()
        except ToolkitError as exc:
            return f"<Batch {self._title()!r} ({exc.code})>"
        line = headline(glance, pages_per_second=None, seconds_left=glance.seconds_left)
        return f"<Batch {self._title()!r}: {line}{self._notes()}>"

    def _repr_html_(self) -> str:
        try:
            return glance_html(self.glance(), title=self._title() + self._notes())
        except ToolkitError as exc:
            return table_html([[self._title(), exc.code, str(exc)]])

    def _ipython_display_(self) -> None:
        if not in_notebook():
            raise NotImplementedError  # IPython goes on to the one-line repr
        self.board()._ipython_display_()
