"""One attempt at a job: a child does it, and is held to the job's limits from outside.

The keeper has at most one child. It is kept warm for the next job, and replaced when it has done
many, has grown, left processes behind, or was stopped for any reason.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn

import msgspec

from toolkit.errors import (
    ChildCrashed,
    JobTimeout,
    LeaseLost,
    MemoryExceeded,
    PageTimeout,
    ToolFailed,
    ToolkitError,
    error_of,
)
from toolkit.jobs.job import Progress, Stage
from toolkit.jobs.tool import Limits, Outcome
from toolkit.runner import pipe
from toolkit.runner.errand import empty
from toolkit.runner.nursery import Child, Ended, Nursery
from toolkit.settings import Settings

__all__ = ["Keeper", "Usage"]

TICK: Final = 0.05
"""Seconds between looks at the memory. Costs 0.5 % of a processor; what a child can take
in that time was measured to be 61 MB at most."""
LOOK: Final = 0.2
"""Seconds between looks for new processes of the child's: reads the list of all processes."""
PAGE_GRACE: Final = 2.0
"""Seconds past a page's limit before the child is killed: the engine stops the page itself first,
which costs one page and no second run."""
MOST_RUNS: Final = 8
"""Runs of one attempt, each but the first without one more page."""

CUTTING: Final = (PageTimeout, MemoryExceeded)
"""What one page may do to a run, after which the others are tried without it."""


@dataclass(slots=True)
class Usage:
    """What an attempt used so far."""

    cpu_seconds: float = 0.0
    peak_memory: int = 0


class _Stopped(Exception):  # noqa: N818  # it ends a run, not a job
    """A run ended without an answer; *page* is the one that it was on (0: none)."""

    def __init__(self, error: ToolkitError, page: int) -> None:
        super().__init__(str(error))
        self.error = error
        self.page = page


class Keeper:
    """Runs attempts, one at a time, in a child that it keeps."""

    def __init__(self, nursery: Nursery, settings: Settings) -> None:
        self._nursery = nursery
        self._settings = settings
        self._child: Child | None = None
        self._cancelled = False
        self.usage = Usage()

    def attempt(
        self, work: pipe.Work, *, final: bool, report: Callable[[Progress], None]
    ) -> Outcome:
        """What the tool makes of *work*. *report* is called with the newest progress, at least
        twenty times a second while there is any, whether it is new or not.

        A page that hangs or takes all memory is cut and the rest done again; one that crashes the
        child is cut in the *final* attempt. Raises the tool's error, JobTimeout, PageTimeout,
        MemoryExceeded, ChildCrashed, or LeaseLost where the attempt was cancelled.
        """
        self.usage = Usage()
        self._have_child(work)
        begun = time.monotonic()
        cut = dict(work.cut_pages)
        for runs_left in reversed(range(MOST_RUNS)):
            try:
                return _Run(self, msgspec.structs.replace(work, cut_pages=cut), begun).outcome(
                    report
                )
            except _Stopped as stopped:
                self.close()
                page, error = stopped.page, stopped.error
                blamed = (*CUTTING, ChildCrashed) if final else CUTTING
                if not isinstance(error, blamed) or not page or page in cut or not runs_left:
                    raise error from None
                cut[page] = (error.code, str(error))
                empty(Path(work.work_folder))
        raise AssertionError("the last run returns or raises")

    def begin(self) -> None:
        """Take on a job: what was cancelled before does not concern it."""
        self._cancelled = False
        self.usage = Usage()

    def cancel(self) -> None:
        """Stop the job that was begun last, from another thread: its child is killed."""
        self._cancelled = True
        child = self._child
        if child is not None:
            child.kill()

    def close(self) -> None:
        """End the child, if there is one."""
        if self._child is not None:
            self._child.close()
            self._child = None

    @property
    def cancelled(self) -> bool:
        return self._cancelled

    def hand_over(self, work: pipe.Work) -> Child:
        """The child, warm or new, with *work* in its hands. Raises ChildCrashed."""
        child = self._have_child(work)
        try:
            child.send(work)
        except OSError:  # it died of something since its last job
            self.close()
            child = self._have_child(work)
            try:
                child.send(work)
            except OSError as exc:
                raise ChildCrashed(f"a new process died at once: {exc}") from exc
        return child

    def _have_child(self, work: pipe.Work) -> Child:
        child = self._child
        if child is not None and (child.gone or child.isolated != work.ours):
            self.close()
            child = None
        if child is None:
            child = self._child = self._nursery.bear(isolated=work.ours)
        return child

    def keep_or_replace(self, child: Child, *, spent: bool) -> None:
        """Keep *child* warm after a job, unless it is *spent*, has done many jobs, or is large."""
        child.jobs += 1
        large = child.family.resident() > self._settings.recycle_memory
        if spent or large or child.jobs >= self._settings.recycle_jobs:
            self.close()


class _Run:
    """One run of the work in one child, with its clocks."""

    def __init__(self, keeper: Keeper, work: pipe.Work, begun: float) -> None:
        self.keeper = keeper
        self.work = work
        self.limits: Limits = work.bounds
        self.ends = begun + self.limits.deadline
        self.begun = begun
        self.answered = False
        self.begun_by: Child | None = None
        self.newest: Progress | None = None
        self.page_since = 0.0
        self.recognised = self.recognised_page = 0
        self.looked_at = self.ticked_at = float("-inf")

    def outcome(self, report: Callable[[Progress], None]) -> Outcome:
        self._heed()
        try:
            return self._followed(report)
        except BaseException:
            if not self.answered:  # the child is in the middle of something
                self.keeper.close()
            raise

    def _followed(self, report: Callable[[Progress], None]) -> Outcome:
        child = self._handed_over()
        while True:
            # What was said is heard before the clock is read: a machine that slept loses no answer.
            said = child.receive(self._patience())
            match said:
                case pipe.Begun():
                    self.begun_by = child
                case pipe.Told():
                    self._hear(said)
                case pipe.Done():
                    return self._taken(child, said)
                case pipe.Raised():
                    self._refuse(child, said)
                case Ended() if child.jobs and self.begun_by is not child:
                    # A warm child that died before it had the work: of something else.
                    self.keeper.close()
                    child = self._handed_over()
                case Ended():
                    self._mourn(child, said)
            self._heed()
            if self.newest is not None:
                report(self.newest)
            self._hold(child)

    def _handed_over(self) -> Child:
        try:
            return self.keeper.hand_over(self.work)
        except ChildCrashed as exc:
            raise _Stopped(exc, 0) from None

    def _patience(self) -> float:
        now = time.monotonic()
        until = min(self.ends, self.ticked_at + TICK, self._page_ends())
        return max(0.0, min(TICK, until - now))

    def _page_ends(self) -> float:
        if self.newest is None or not self.newest.page:
            return float("inf")
        return self.page_since + self._page_seconds() + PAGE_GRACE

    def _page_seconds(self) -> float:
        newest = self.newest
        on_it = newest is not None and newest.page == self.recognised_page
        return self.limits.page_ends(recognised=on_it)

    def _hear(self, told: pipe.Told) -> None:
        percent = min(100.0, max(0.0, told.percent)) if told.percent == told.percent else 0.0
        before = self.newest
        if before is None or told.page != before.page:
            self.page_since = time.monotonic()
        page = min(max(0, told.page), 2**31)
        # The child may not buy itself time by claiming more pages than a document may have.
        pages = min(max(0, told.pages), int(self.limits.max_pages))
        if told.stage == Stage.OCR and page != self.recognised_page:
            self.recognised_page = page
            self.recognised += 1
        self.ends = self.begun + self.limits.job_ends(pages, recognised=self.recognised)
        self.newest = Progress(percent=percent, stage=told.stage, page=page, pages=pages)

    def _hold(self, child: Child) -> None:
        now = time.monotonic()
        page = self.newest.page if self.newest else 0
        if now >= self.ends:
            seconds = self.ends - self.begun
            self._stop(JobTimeout(f"stopped after {seconds:g} s, the limit of this job"))
        if now >= self._page_ends():
            limit = self._page_seconds()
            self._stop(PageTimeout(f"page {page} was stopped after {limit:g} s, its limit"))
        if now - self.ticked_at < TICK:
            return
        self.ticked_at = now
        if self._measure(child, now) > self.limits.memory:
            at_most = self.limits.memory / 2**20
            where = f"page {page}" if page else "the job"
            self._stop(MemoryExceeded(f"{where} needed more than its {at_most:.0f} MB of memory"))

    def _measure(self, child: Child, now: float) -> int:
        if now - self.looked_at >= LOOK:
            self.looked_at = now
            child.family.look()
            child.quieten()
        usage = self.keeper.usage
        resident = child.family.resident()
        usage.peak_memory = max(usage.peak_memory, resident)
        return resident

    def _stop(self, error: ToolkitError) -> NoReturn:
        raise _Stopped(error, self.newest.page if self.newest else 0)

    def _taken(self, child: Child, done: pipe.Done) -> Outcome:
        self.answered = True
        self._measure(child, time.monotonic())
        self._count(done.cpu_seconds)
        content = done.content
        try:
            if content is None:
                content = pipe.read_result(Path(self.work.work_folder), done.size)
        except ChildCrashed as exc:
            self._stop(exc)
        self.keeper.keep_or_replace(child, spent=done.left_processes)
        return Outcome(
            content=content,
            media_type=done.media_type,
            filename=done.filename,
            pages=min(max(0, done.pages), 2**31),
            cacheable=done.cacheable,
        )

    def _count(self, cpu_seconds: float) -> None:
        # It is the child's own word: at most a year, and nan counts as nothing.
        self.keeper.usage.cpu_seconds += min(max(0.0, cpu_seconds), 3e7)

    def _refuse(self, child: Child, raised: pipe.Raised) -> NoReturn:
        self.answered = True
        self._measure(child, time.monotonic())
        self._count(raised.cpu_seconds)
        if raised.out_of_memory:
            self._stop(MemoryExceeded(raised.message))
        self.keeper.keep_or_replace(child, spent=raised.left_processes)
        # A tool does not know of leases: only this process may say that one is lost.
        code = ToolFailed.code if raised.code == LeaseLost.code else raised.code
        raise error_of(code, raised.message)

    def _heed(self) -> None:
        if self.keeper.cancelled:
            self._stop(LeaseLost("the job was cancelled, or is no longer ours"))

    def _mourn(self, child: Child, ended: Ended) -> NoReturn:
        self._heed()
        words = child.last_words()
        said = f"; it said: {words}" if words else ""
        self._stop(ChildCrashed(f"the process that did the work died: {ended.how}{said}"))
