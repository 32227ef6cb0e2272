"""One database file on this machine: hand documents in, look after the jobs, read the results."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Self

import msgspec

from toolkit.desk import Status
from toolkit.errors import JobNotFound
from toolkit.jobs import JobState, Tool
from toolkit.settings import Settings
from toolkit.store import batches, changes, outlook, tools
from toolkit.store.store import Store
from toolkit.tools.registry import registered
from toolkit.widgets.pulse import pulse_of
from toolkit.widgets.twin import glance_html
from toolkit.widgets.words import count, shown
from toolkit.workspace.accessor import register
from toolkit.workspace.batch import Batch
from toolkit.workspace.documents import Documents
from toolkit.workspace.handle import JobHandle
from toolkit.workspace.inputs import Inputs, Offer, gather
from toolkit.workspace.intake import Intake, Terms, is_own, wanted_by
from toolkit.workspace.local import LocalDesk
from toolkit.workspace.options import checked
from toolkit.workspace.waiting import counted

if TYPE_CHECKING:
    import pandas as pd

    from toolkit.doctor import Report
    from toolkit.widgets.board import Board

__all__ = ["Workspace", "open"]


def open(  # noqa: A001 - `toolkit.open` is what an analyst types
    path: str | os.PathLike[str] = "pagequeue.db", *, work: bool = True, create: bool = True
) -> Workspace:
    """The workspace in the database file at *path*, made where there is none and *create* is true.

    The file's blobs stand beside it in a folder of the same name ending in ".files". With
    *work*, a runner is started whenever there is something to do, at once if an earlier process
    left jobs behind; ``work=False`` only looks and hands in.

    Raises UnreadablePath, UnsuitableFile, NewerSchema or StoreDamaged, saying what to do.
    """
    workspace = Workspace(Store.open(path, create=create), work=work)
    workspace.attend()
    return workspace


class Workspace(LocalDesk):
    """A queue of documents and what was read from them. Close it, or use it in a ``with``."""

    # --- handing in ---------------------------------------------------------------------------

    def submit(
        self,
        inputs: Inputs,
        *,
        tool: str = "parse",
        options: Mapping[str, Any] | None = None,
        password: str | None = None,
        priority: int = 0,
        name: str | None = None,
        limits: Mapping[str, float] | None = None,
        bypass_cache: bool = False,
    ) -> Batch:
        """Queue everything in *inputs* as one batch, and return without waiting for it.

        *inputs* is a path, a pattern such as ``"reports/**/*.pdf"``, a folder, bytes,
        ``(name, bytes)``, an open file, a pandas column, or a list of any of these. What cannot
        be taken becomes a failed job that says why; bytes that come twice become one job
        (``batch.duplicates``). A higher *priority* comes sooner. *limits* are those of
        ``toolkit.Limits``; *password* opens encrypted PDFs and is erased when the job ends;
        *bypass_cache* works even where the answer is known already.

        Raises UnknownTool and InvalidOption, naming the nearest, and InvalidInput.
        """
        known = self._tool(tool)
        asked = checked(known, options or {}, password=password, limits=limits or {})
        offers = gather(inputs, wanted=wanted_by(known), hidden=partial(is_own, self.store))
        terms = Terms(tool=known, asked=asked, priority=priority, bypass_cache=bypass_cache)
        return self._taken(offers, terms, name or _dated(tool))

    def _taken(self, offers: Iterator[Offer], terms: Terms, name: str) -> Batch:
        with self.store.write() as conn:
            batch_id = batches.create(conn, name=name, now=time.time())
        intake = Intake(self.store, batch_id, terms, largest=Settings.read().max_file_bytes)
        for _ in counted(intake.take(offers)):
            changes.ring(self.store)
            self.attend()
        return Batch(
            self, batch_id, name=name, duplicates=intake.duplicates, left_out=intake.left_out
        )

    def _tool(self, name: str) -> Tool:
        """The tool *name*, known to the file from now on. Raises UnknownTool."""
        with self.store.write() as conn:
            for known in registered().values():
                tools.register(conn, known)
            return tools.tool(conn, name)

    # --- finding ------------------------------------------------------------------------------

    def batch(self, name: str | None = None) -> Batch:
        """The batch of this id or name, the latest of several; without one, the latest of all.

        Raises JobNotFound, saying which there are.
        """
        found = self.batches()
        for batch in found:
            if name is None or name in {batch.id, batch.name}:
                return batch
        some = ", ".join(repr(shown(batch.name)) for batch in found[:5]) or "none yet"
        raise JobNotFound(f"no batch {name!r}; there is: {some}" if name else "no batch yet")

    def batches(self) -> list[Batch]:
        """Every batch, the latest first."""
        rows = batches.batches(self.store.read())
        return [Batch(self, row.id, name=row.name) for row in reversed(rows)]

    def job(self, job_id: str) -> JobHandle:
        """The job *job_id*, to hold on to. Raises JobNotFound."""
        self.look(job_id)
        return JobHandle(self, job_id)

    def jobs(
        self,
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

    def documents(self, *, batch: str | None = None) -> Documents:
        """The documents of all completed parse jobs; each is read when it is asked for."""
        found = self.find(batch=batch, status=JobState.COMPLETED, tool="parse")
        return Documents(self, [job.id for job in found if job.has_result])

    def stats(self) -> pd.DataFrame:
        """A row a tool: its state, its limit, how many jobs are where, and how long one takes."""
        import pandas as pd

        rows = [msgspec.structs.asdict(row) for row in outlook.stats(self.store.read())]
        columns = outlook.ToolStats.__struct_fields__
        return pd.DataFrame(rows, columns=list(columns)).set_index("tool")

    # --- steering -----------------------------------------------------------------------------

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

    # --- showing ------------------------------------------------------------------------------

    def board(self, batch: str | None = None) -> Board:
        """A live board of everything in the file, or of one batch."""
        from toolkit.widgets.board import Board

        if batch is not None:
            return self.batch(batch).board()
        return Board(self, title=self.store.path.name)

    def doctor(self, *, repair: bool = False) -> Report:
        """What is sound and what is not, of this machine and of this file."""
        from toolkit import doctor

        return doctor.examine(self.store, repair=repair)

    def close(self) -> None:
        """Free boards and connections. The jobs, and the runner that works on them, go on."""
        pulse_of(self).close()
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        states = ", ".join(f"{count(n)} {state}" for state, n in self.counts().items() if n)
        return f"<Workspace {str(self.store.path)!r}: {states or 'no jobs'}>"

    def _repr_html_(self) -> str:
        return glance_html(self.glance(), title=self.store.path.name)


def _dated(tool: str) -> str:
    """The name of a batch that was given none."""
    return f"{tool} {datetime.now().astimezone():%Y-%m-%d %H:%M:%S}"
