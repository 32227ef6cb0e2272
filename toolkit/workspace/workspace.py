"""One database file on this machine: hand documents in, look after the jobs, read the results."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Self
from weakref import WeakSet

from toolkit.desk import Rehearsal
from toolkit.errors import ToolkitError
from toolkit.jobs import JobState, Tool
from toolkit.settings import Settings
from toolkit.store import batches, changes, outlook
from toolkit.store.packing import Packed, pack
from toolkit.store.store import Store
from toolkit.widgets.pulse import pulse_of
from toolkit.widgets.words import count
from toolkit.workspace.batch import Batch
from toolkit.workspace.elsewhere import offers_at
from toolkit.workspace.inputs import Inputs, Offer, gather
from toolkit.workspace.intake import CHANGED_ONLY, Intake, Terms, is_own, wanted_by
from toolkit.workspace.local import LocalDesk
from toolkit.workspace.offering import known_tool, refuse_unfit
from toolkit.workspace.offers import NOTHING
from toolkit.workspace.options import checked
from toolkit.workspace.rehearsal import rehearsal
from toolkit.workspace.verbs import DeskVerbs, dated, tool_frame
from toolkit.workspace.waiting import counted, measured
from toolkit.workspace.watching import Places, Watching, continued, places_of

if TYPE_CHECKING:
    import pandas as pd

    from toolkit.doctor import Report

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


class Workspace(LocalDesk, DeskVerbs):
    """A queue of documents and what was read from them. Close it, or use it in a ``with``."""

    def __init__(self, store: Store, *, work: bool) -> None:
        super().__init__(store, work=work)
        self._watched: WeakSet[Watching] = WeakSet()

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
        changed_only: bool = False,
    ) -> Batch:
        """Queue everything in *inputs* as one batch, and return without waiting for it.

        *inputs* is a path, a pattern such as ``"reports/**/*.pdf"``, a folder, a zip or tar
        archive of any of these, an address (``https://…``, fetched by the runner), another place
        that fsspec reads (``s3://…``), bytes, ``(name, bytes)``, an open file, a pandas column, or
        a list of any of these; None makes one job without a file, of a tool that needs none. What
        cannot be taken becomes a failed job that says why; bytes that come twice become one job
        (``batch.duplicates``). A higher *priority* comes sooner.
        *limits* are those of ``toolkit.Limits``; *password* opens encrypted PDFs and is erased
        when the job ends; *bypass_cache* works even where the answer is known already.

        *changed_only* leaves alone what was handed in from the same place before, with the same
        bytes, tool (in its version) and options, and is done or waits to be
        (``batch.unchanged``). Addresses are always fetched.

        Raises UnknownTool and InvalidOption, naming the nearest, and InvalidInput.
        """
        known = known_tool(self.store, tool)
        asked = checked(known, options or {}, password=password, limits=limits or {})
        offers = self._offers(inputs, known)
        terms = Terms(tool=known, asked=asked, priority=priority, bypass_cache=bypass_cache)
        skips = CHANGED_ONLY if changed_only else frozenset()
        return self._taken(offers, terms, name or dated(tool), skips)

    def watch(
        self,
        places: Places,
        *,
        every: float = 2.0,
        settle: float = 2.0,
        tool: str = "parse",
        options: Mapping[str, Any] | None = None,
        password: str | None = None,
        priority: int = 0,
        name: str | None = None,
        limits: Mapping[str, float] | None = None,
    ) -> Watching:
        """Hand in what is and what appears in *places*, from a thread, until it is stopped.

        *places* is a folder or a pattern of this machine, or several. It is looked at every
        *every* seconds; a file that has changed is handed in once it was left alone for *settle*
        seconds. Everything goes into one batch, the same one in the next process, where no file
        is handed in again that has not changed.

        Raises UnknownTool, InvalidOption, InvalidInput, and UnreadablePath where the folder is
        missing.
        """
        asked, known = places_of(places), known_tool(self.store, tool)
        checks = checked(known, options or {}, password=password, limits=limits or {})
        terms = Terms(tool=known, asked=checks, priority=priority)
        batch = continued(self, name or f"watch {', '.join(asked)}"[:200])
        watching = Watching(self, batch, asked, terms, every=every, settle=settle)
        self._watched.add(watching)
        return watching

    def _offers(self, inputs: Inputs, tool: Tool) -> Iterator[Offer]:
        refuse_unfit(tool.name, has_file=inputs is not None)
        if inputs is None:
            return iter([NOTHING])
        wanted, largest = wanted_by(tool.name), Settings.read().max_file_bytes
        return gather(
            inputs,
            wanted=wanted,
            hidden=partial(is_own, self.store),
            largest=largest,
            elsewhere=partial(offers_at, wanted=wanted, largest=largest),
        )

    def _taken(
        self, offers: Iterator[Offer], terms: Terms, name: str, skips: frozenset[JobState]
    ) -> Batch:
        with self.store.write() as conn:
            batch_id = batches.create(conn, name=name, now=time.time())
        largest = Settings.read().max_file_bytes
        intake = Intake(self.store, batch_id, terms, largest=largest, skips=skips)
        for _ in counted(intake.take(offers)):
            changes.ring(self.store)
            self.attend()
        return Batch(
            self,
            batch_id,
            name=name,
            duplicates=intake.duplicates,
            left_out=intake.left_out,
            unchanged=intake.unchanged,
        )

    def rehearse(
        self,
        inputs: Inputs,
        *,
        tool: str = "parse",
        options: Mapping[str, Any] | None = None,
        password: str | None = None,
        priority: int = 0,
        stop: Callable[[], bool] = lambda: False,
    ) -> Rehearsal:
        """What ``submit`` would do with the same: files by kind, duplicates, what would fail.

        Every file is read, and nothing is queued; it is given up as soon as *stop* () holds.
        Raises what ``submit`` would raise.
        """
        known = known_tool(self.store, tool)
        asked = checked(known, options or {}, password=password, limits={})
        Terms(tool=known, asked=asked, priority=priority)
        largest = Settings.read().max_file_bytes
        return rehearsal(self._offers(inputs, known), tool=tool, largest=largest, stop=stop)

    # --- finding ------------------------------------------------------------------------------

    def batches(self) -> list[Batch]:
        """Every batch, the latest first."""
        rows = batches.batches(self.store.read())
        return [Batch(self, row.id, name=row.name) for row in reversed(rows)]

    def stats(self) -> pd.DataFrame:
        """A row a tool: its state, its limit, how many jobs are where, and how long one takes."""
        return tool_frame(outlook.stats(self.store.read()), outlook.ToolStats.__struct_fields__)

    # --- keeping ------------------------------------------------------------------------------

    def pack(
        self, path: str | os.PathLike[str], *, batch: str | None = None, sources: bool = True
    ) -> Packed:
        """Write everything here, or one *batch* (name or id), to the new file *path*, to share.

        Without *sources*, results only. Secrets, tokens, purged content, addresses still to be
        fetched and functions of notebook cells never travel; running jobs are packed as queued.
        ``toolkit.unpack`` opens it. Raises JobNotFound, InvalidInput, UnreadablePath.
        """
        only = None if batch is None else self.batch(batch).id
        with measured("packing") as report:
            return pack(
                self.store, path, now=time.time(), batch=only, sources=sources, report=report
            )

    def doctor(self, *, repair: bool = False) -> Report:
        """What is sound and what is not, of this machine and of this file."""
        from toolkit import doctor

        return doctor.examine(self.store, repair=repair)

    def close(self) -> None:
        """Free boards, watches and connections. The jobs, and their runner, go on."""
        for watching in list(self._watched):
            with suppress(ToolkitError):  # it was printed when it ended the watch
                watching.stop()
        pulse_of(self).close()
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        states = ", ".join(f"{count(n)} {state}" for state, n in self.counts().items() if n)
        return f"<Workspace {str(self.store.path)!r}: {states or 'no jobs'}>"
