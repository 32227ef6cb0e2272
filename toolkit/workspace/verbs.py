"""The verbs of an analyst that need nothing but a desk: the same near by and far away."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from toolkit.desk import Desk, Status
from toolkit.errors import JobNotFound, ToolkitError
from toolkit.jobs import JobState
from toolkit.widgets.twin import glance_html, table_html
from toolkit.widgets.words import shown
from toolkit.workspace.accessor import register
from toolkit.workspace.batch import Batch
from toolkit.workspace.documents import Documents
from toolkit.workspace.handle import JobHandle

if TYPE_CHECKING:
    import pandas as pd

    from toolkit.document.selection import Selection
    from toolkit.widgets.board import Board
    from toolkit.widgets.export_panel import ExportPanel
    from toolkit.widgets.inspector import Inspector
    from toolkit.widgets.submit import SubmitPanel

__all__ = ["DeskVerbs", "dated", "title_of", "tool_frame"]


class DeskVerbs:
    """Finds, shows and hands on what is at a desk. For a class that is one."""

    # --- finding ------------------------------------------------------------------------------

    def batch(self: Desk, name: str | None = None) -> Batch:
        """The batch of this id or name, the latest of several; without one, the latest of all.

        Raises JobNotFound, saying which there are.
        """
        found = self.batches()
        for batch in found:
            if name is None or name in {batch.id, batch.name}:
                return Batch(self, batch.id, name=batch.name)
        some = ", ".join(repr(shown(batch.name)) for batch in found[:5]) or "none yet"
        raise JobNotFound(f"no batch {name!r}; there is: {some}" if name else "no batch yet")

    def job(self: Desk, job_id: str) -> JobHandle:
        """The job *job_id*, to hold on to. Raises JobNotFound."""
        self.look(job_id)
        return JobHandle(self, job_id)

    def jobs(
        self: Desk,
        *,
        batch: str | None = None,
        status: Status = None,
        tool: str | None = None,
        text: str | None = None,
        limit: int | None = None,
        newest_first: bool = False,
    ) -> pd.DataFrame:
        """A row a job that matches; *text* is part of the file's name."""
        from toolkit import frames

        register()
        return frames.jobs(
            self.find(
                batch=batch,
                status=status,
                tool=tool,
                text=text,
                limit=limit,
                newest_first=newest_first,
            )
        )

    def documents(self: Desk, *, batch: str | None = None) -> Documents:
        """The documents of all completed parse jobs; each is read when it is asked for."""
        found = self.find(batch=batch, status=JobState.COMPLETED, tool="parse")
        return Documents(self, [job.id for job in found if job.has_result])

    def sql(self: Desk, query: str) -> pd.DataFrame:
        """What *query* finds in the tables blocks, documents, jobs and pages, by DuckDB.

        Raises InvalidInput for what is no query, and MissingExtra without DuckDB.
        """
        from toolkit.workspace.sql import answer

        return answer(self, query)

    # --- showing ------------------------------------------------------------------------------

    def board(self: Desk, batch: str | None = None) -> Board:
        """A live board of everything here, or of one batch."""
        from toolkit.widgets.board import Board

        if batch is not None:
            return DeskVerbs.batch(self, batch).board()
        return Board(self, title=title_of(self))

    def submit_panel(self: Desk, root: str | PathLike[str] = ".") -> SubmitPanel:
        """A panel that hands in files under the folder *root*, and shows their board beneath."""
        from toolkit.widgets.submit import SubmitPanel

        return SubmitPanel(self, root=root)

    def explore(self: Desk) -> ExportPanel:
        """A panel that looks through the results of batches, and writes them to files."""
        from toolkit.widgets.export_panel import ExportPanel

        return ExportPanel(self)

    def export(
        self: Desk,
        batches: str | Sequence[str],
        out: str | PathLike[str],
        *,
        to: Sequence[str] | str,
        selection: Selection | None = None,
        reviewed: bool = False,
        report: Callable[[int, int], None] = lambda _done, _total: None,
    ) -> list[Path]:
        """Write what the documents of *batches*, by id, hold into the folder *out*; the files.

        *to* names formats; *selection* says which blocks; *report* is told how far it is. Raises
        InvalidOption for an unknown format and UnreadablePath where *out* cannot be written.
        """
        from toolkit.workspace.exporting import export

        return export(
            self, batches, out, to=to, selection=selection, reviewed=reviewed, report=report
        )

    def inspect(self, *, password: str | None = None) -> Inspector:
        """The pages of all documents here with their boxes; see ``toolkit.inspect``."""
        from toolkit.workspace.inspecting import inspect

        return inspect(self, password=password)

    def _repr_html_(self: Desk) -> str:
        try:
            return glance_html(self.glance(), title=title_of(self))
        except ToolkitError as exc:
            return table_html([[title_of(self), exc.code, str(exc)]])


def dated(tool: str) -> str:
    """The name of a batch that was given none."""
    return f"{tool} {datetime.now().astimezone():%Y-%m-%d %H:%M:%S}"


def title_of(desk: Desk) -> str:
    """What stands above everything at *desk*: a file's name, or an address without its scheme."""
    _, address, rest = desk.place.partition("://")
    return rest if address else Path(desk.place).name


def tool_frame(rows: Sequence[msgspec.Struct], columns: Sequence[str]) -> pd.DataFrame:
    """A row a tool, by its name; *columns* are those of the rows."""
    import pandas as pd

    listed: list[dict[str, Any]] = [msgspec.structs.asdict(row) for row in rows]
    return pd.DataFrame(listed, columns=list(columns)).set_index("tool")
