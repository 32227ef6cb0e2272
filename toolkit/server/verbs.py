"""What the server does with the queue, once for every dialect."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Final, Self

from starlette.requests import Request
from starlette.responses import Response

from toolkit.dialects.exchange import Cancel, PagePicture, View, Wanted
from toolkit.engine.source import READABLE
from toolkit.errors import IllegalMove, JobNotFound, MethodRefused, RateLimited, ToolkitError
from toolkit.jobs import Job, JobState
from toolkit.server import events, files, kept, pictures
from toolkit.server.asking import Asking
from toolkit.server.attendance import Attendance
from toolkit.server.calls import Caller
from toolkit.server.hub import Hub
from toolkit.server.onetime import Handover, HandoverAnswer
from toolkit.server.pen import Pen
from toolkit.server.submitting import job_of, order
from toolkit.server.uploads import Received
from toolkit.server.views import Views
from toolkit.settings import Settings
from toolkit.store import changes, erasures, fetches, queue, tools
from toolkit.store.store import Store
from toolkit.tools.registry import registered
from toolkit.workspace.options import checked

__all__ = ["Verbs"]

THREADS: Final = 16
STREAMS_OF_ONE: Final = 4000
"""Event streams that one owner may have open."""


class Verbs(Asking):
    """The verbs of the service over *store*; with *work* it sees to it that a runner is there.

    ``async with`` it, in the event loop that serves. Every verb takes the caller, who sees its own
    jobs only: another's are not found.
    """

    def __init__(self, store: Store, settings: Settings, *, work: bool) -> None:
        self.store = store
        self.settings = settings
        self.work = work
        self.pen = Pen(store)
        self.hub = Hub(store)
        self.views = Views(store)
        self._attendance = Attendance(store, work=work)
        self._easel = pictures.Easel(store)
        self._streams: dict[str, int] = {}

    async def start(self) -> None:
        """Take up the work; the tools of this installation are in the file afterwards."""
        # What waits for the disk, or draws a page, is not to keep others from reading.
        threads = ThreadPoolExecutor(THREADS, thread_name_prefix="verbs")
        asyncio.get_running_loop().set_default_executor(threads)
        self.pen.start()
        self.hub.start()
        await self.pen.write(_register_tools)
        await asyncio.to_thread(_import_checks)
        self._attendance.start()

    async def stop(self) -> None:
        """End all waits, write what was taken in, and let go."""
        await self.hub.stop()
        await self._attendance.stop()
        await self.pen.stop()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def end_waits(self) -> None:
        """Answer at once whoever waits, and end the streams of events: the server is to go."""
        self.hub.end_waits()

    @property
    def ending(self) -> bool:
        """Whether nobody is to wait any more."""
        return self.hub.ending

    @property
    def streams(self) -> int:
        """How many streams of events are open."""
        return sum(self._streams.values())

    def ready(self) -> list[str]:
        """Why requests cannot be served just now, each for a person; [] where they can be."""
        problems = []
        try:
            self.store.read().execute("SELECT 1 FROM tools LIMIT 1").fetchone()
        except sqlite3.Error as exc:
            problems.append(f"the database cannot be read: {exc}")
        if not self.pen.alive:
            problems.append("nothing can be written: the server is starting or shutting down")
        if self.hub.ending or not self.hub.alive:
            problems.append("changes are not noticed: the server is starting or shutting down")
        if not self._attendance.alive:
            problems.append("the queue is not looked after: see the server's log")
        return problems

    async def submit(self, caller: Caller, wanted: Wanted, upload: Received | None) -> View:
        """Take a job in; with ``wanted.wait``, answer once it has ended or that time is over.

        Raises what ``submitting.order`` raises, and IdempotencyConflict.
        """
        ordered = partial(
            order,
            self.store,
            self.settings,
            owner=caller.owner,
            wanted=wanted,
            received=upload,
        )
        # A thread costs as much as all the rest, and is for those whose file has to be read.
        known = upload is None or upload.upload.media_type in READABLE
        at_once = known and wanted.reuse is None
        asked = ordered() if at_once else await asyncio.to_thread(ordered)
        taken = await self.pen.write(lambda conn: asked.take(conn, self.store, now=time.time()))
        if taken.status is JobState.QUEUED:
            self._attendance.call()
        job = self._own(caller, taken.job_id)
        if wanted.wait > 0 and not job.ended:
            await self.hub.until_ended(job.id, wanted.wait)
            job = self._own(caller, job.id)
        return await self.views.view(job, document=job.ended, token=taken.token)

    async def cancel(self, caller: Caller, job_id: str, cancel: Cancel) -> tuple[View, bool]:
        """The job as it was, and whether it was cancelled now.

        Raises JobNotFound, and IllegalMove (``state`` says which) for one that has ended.
        """

        def cancelled(conn: sqlite3.Connection) -> tuple[Job, bool]:
            before = job_of(conn, job_id, owner=caller.owner)
            if before.ended:
                error = IllegalMove(f"job {before.id} is {before.status} already")
                error.state = str(before.status)
                raise error
            if cancel.only_waiting and before.status is JobState.PROCESSING:
                return before, False
            queue.cancel(conn, job_id=before.id, now=time.time())
            return before, True

        self._own(caller, job_id)
        before, done = await self.pen.write(cancelled)
        await self.hub.changed(before.id)
        return View(job=before), done

    async def purge(self, caller: Caller, job_id: str) -> None:
        """Erase all content of the job; may be asked for again. Raises JobNotFound."""
        job = self._own(caller, job_id)
        self.views.forget(job.id)

        def purged() -> None:
            erasures.purge(self.store, job_id=job.id, now=time.time())
            changes.ring(self.store)

        await asyncio.to_thread(purged)
        # Whoever was looking in between may have put it back.
        self.views.forget(job.id)

    async def result(
        self, caller: Caller, job_id: str, request: Request, *, octets: bool
    ) -> Response:
        """The result as a file; *octets*: of no type, whatever it is.

        One that may be fetched once only is claimed here, and erased when it was handed over.
        Raises JobNotFound, ResultNotReady (``state`` says why), ResultGone.
        """
        job = kept.as_it_is(self._own(caller, job_id), now=time.time())
        kept.refuse_unkept(job)
        found = await asyncio.to_thread(lambda: kept.kept(self.store.read(), job.id))
        headers = files.headers_of(job, found, octets=octets)
        if job.one_time or job.result_retain == 0:
            if request.method == "HEAD":
                raise MethodRefused(f"the result of job {job.id} is handed over once, to a GET")
            return await self._handover(job, found, headers)
        short = files.conditional(request.headers, files.etag_of(found))
        if short is not None:
            return short
        file = await asyncio.to_thread(kept.opened, self.store, job.id, found)
        # A part may be asked for by GET alone.
        asked = request.headers if request.method == "GET" else {}
        return files.FileAnswer(file, found, headers, asked)

    async def delivered(self, view: View) -> None:
        """The result of *view* was told, and was to be kept until then: it goes now."""
        job = view.job
        self.views.forget(job.id)

        def erase(conn: sqlite3.Connection) -> None:
            now = time.time()
            claim = fetches.claim(conn, job_id=job.id, now=now)
            fetches.finish(conn, self.store, job_id=job.id, claim=claim, now=now)

        with suppress(ToolkitError):  # fetched or purged meanwhile, or the server is to go
            await self.pen.write(erase)

    async def events(self, caller: Caller, job_id: str, request: Request) -> Response:
        """What happens to the job, as it happens. Raises JobNotFound, RateLimited."""
        job = self._own(caller, job_id)
        if self._streams.get(caller.owner, 0) >= STREAMS_OF_ONE:
            error = RateLimited(f"you have {STREAMS_OF_ONE:,} streams of events open already")
            error.retry_after = 10.0
            raise error
        after = request.headers.get("last-event-id")
        return events.stream(
            self.hub, job.id, after=after, tally=events.Tally(self._streams, caller.owner)
        )

    async def page_image(
        self, caller: Caller, job_id: str, asked: PagePicture, request: Request
    ) -> Response:
        """A page of the job's file as PNG.

        Raises JobNotFound for a page that is not there too, ResultGone, InvalidInput, RateLimited.
        """
        job = self._own(caller, job_id)
        content = await self._easel.page(job, asked.page, width=asked.width)
        return pictures.picture_answer(content, request.headers)

    async def block_image(
        self, caller: Caller, job_id: str, block_id: str, request: Request
    ) -> Response:
        """The picture that a block of the job's document holds, in its own type.

        Raises JobNotFound for a block that is not there too, ResultNotReady, ResultGone.
        """
        job = kept.as_it_is(self._own(caller, job_id), now=time.time())
        kept.refuse_unkept(job)
        view = await self.views.view(job, document=True)
        if view.document is None:
            raise JobNotFound(f"job {job.id} has no document to show pictures of")
        content = await asyncio.to_thread(pictures.block_picture, view.document, block_id)
        return pictures.picture_answer(content, request.headers)

    async def _handover(self, job: Job, found: kept.Kept, headers: dict[str, str]) -> Response:
        handover = Handover(self.store, self.pen, job.id)
        await handover.begin()
        try:
            file = await asyncio.to_thread(kept.opened, self.store, job.id, found)
        except BaseException:
            await handover.give_back()
            raise
        self.views.forget(job.id)
        return HandoverAnswer(handover, file, found.size, headers)


def _register_tools(conn: sqlite3.Connection) -> None:
    for known in registered().values():
        tools.register(conn, known)


def _import_checks() -> None:
    """Have the tools' own checks of options at hand, before the first request asks for them."""
    for known in registered().values():
        with suppress(ToolkitError):  # who asks for it is told
            checked(known, {}, password=None, limits={})
