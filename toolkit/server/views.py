"""A job as one answer shows it: its place, its wait, and what it made."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any, Final

from msgspec.structs import replace

from toolkit.dialects.exchange import View
from toolkit.document.wire import MEDIA_TYPE
from toolkit.errors import ResultGone
from toolkit.jobs import Job, JobState
from toolkit.server.ahead import seconds_left, seen
from toolkit.server.kept import Kept, as_it_is, kept, opened
from toolkit.store import outlook, presentations
from toolkit.store.store import Store

__all__ = ["Views"]

JSON: Final = "application/json"
LARGEST_RESULT: Final = 2**20
"""Bytes of another tool's JSON that an answer holds; a larger one is fetched as a file."""
WAITING: Final = (JobState.QUEUED, JobState.RETRYING)
HELD: Final = 32 * 2**20
"""Bytes of documents that are held, since who polls asks for one again and again."""


class Views:
    """Shows jobs of *store*, and holds the documents that were asked for last."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._held: OrderedDict[tuple[str, int], tuple[Kept, bytes]] = OrderedDict()
        self._size = 0

    async def view(self, job: Job, *, document: bool, token: str | None = None) -> View:
        """*job* as it is now; with *document*, what it made too, where that may be shown."""
        conn, now = self._store.read(), time.time()
        job = as_it_is(job, now=now)
        found, content = None, None
        if job.has_result:
            found, content = await self._result(job, document=document)
            if found is None:  # it went just now
                job = replace(job, has_result=False, result_gone=True)
        place = outlook.estimate(conn, job.id, now=now)
        seconds = 0.0
        if not job.ended:
            running = job.started_at if job.status is JobState.PROCESSING else None
            seconds = seconds_left(conn, job.id, wait=place.seconds, started_at=running, now=now)
        return View(
            job=job,
            # One that was claimed since it was read stood first.
            position=place.position or int(job.status in WAITING),
            wait=place.seconds,
            seconds=seconds,
            runners=place.runners,
            token=token,
            presentation={**_of_options(job), **presentations.of(conn, job.id)},
            document=content if found is not None and found.media_type == MEDIA_TYPE else None,
            result=content if found is not None and found.media_type != MEDIA_TYPE else None,
            result_media_type=None if found is None else found.media_type,
            result_filename=None if found is None else found.filename,
            result_size=None if found is None else found.size,
        )

    def several(self, jobs: Sequence[Job]) -> tuple[View, ...]:
        """Each of *jobs* without what it made; for a thread."""
        conn, now = self._store.read(), time.time()
        active = seen(conn, [job.id for job in jobs if not job.ended], now=now)
        views = []
        for job in jobs:
            view = View(job=as_it_is(job, now=now))
            stands = active.get(job.id)
            if stands is not None:
                view = replace(
                    view,
                    position=stands.position,
                    wait=stands.wait,
                    seconds=stands.seconds,
                    runners=stands.runners,
                )
            views.append(view)
        return tuple(views)

    def forget(self, job_id: str) -> None:
        """Hold nothing of the job any more."""
        for key in [key for key in self._held if key[0] == job_id]:
            _, content = self._held.pop(key)
            self._size -= len(content)

    async def _result(self, job: Job, *, document: bool) -> tuple[Kept | None, bytes | None]:
        """What is kept of the job's result, and its bytes where an answer may show them."""
        key = (job.id, job.claims)
        held = self._held.get(key)
        if held is not None and document:
            self._held.move_to_end(key)
            return held
        try:
            found, content = await asyncio.to_thread(self._read, job, document=document)
        except ResultGone:
            return None, None
        if content is not None and key not in self._held:
            self._held[key] = found, content
            self._size += len(content)
            while self._size > HELD:
                _, (_, dropped) = self._held.popitem(last=False)
                self._size -= len(dropped)
        return found, content

    def _read(self, job: Job, *, document: bool) -> tuple[Kept, bytes | None]:
        found = kept(self._store.read(), job.id)
        is_json = found.media_type == JSON and found.size <= LARGEST_RESULT
        bare = replace(found, content=None)
        if not document or job.one_time or not (found.media_type == MEDIA_TYPE or is_json):
            return bare, None
        with opened(self._store, job.id, found) as file:
            return bare, file.read()


def _of_options(job: Job) -> Mapping[str, Any]:
    """How a job that was handed in elsewhere is to be written."""
    options = job.options if job.tool == "parse" else {}
    return {name: options[name] for name in ("style", "table_format") if name in options}
