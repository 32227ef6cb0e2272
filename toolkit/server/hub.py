"""Telling many what changes: one look at SQLite's counter of commits for all who wait.

Twenty times a second and more, while anybody waits, one thread asks the file whether anybody
committed; only then it asks, once for all, how the jobs stand that somebody watches. Whoever is
slow to read is told the newest, not everything in between.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
import time
from collections.abc import Mapping
from contextlib import closing, suppress
from typing import Final, Self

from toolkit.server.ahead import Seen, seen
from toolkit.store.connection import Connection, connect
from toolkit.store.store import Store

__all__ = ["Hub", "Watch"]

log = logging.getLogger("pagequeue.server")

POLL: Final = 0.025
"""Seconds between two looks at the counter; one costs five microseconds."""
SHARE: Final = 4
"""A look at the jobs is followed by a pause of so many times as long as it took."""
LONGEST_PAUSE: Final = 1.0


class Watch:
    """One who waits for changes of a job: ``async with`` it, and ask for the ``next``."""

    def __init__(self, hub: Hub, job_id: str) -> None:
        self.job_id = job_id
        self._hub = hub
        self._newest: Seen | None = None
        self._told: Seen | None = None
        self._bell = asyncio.Event()

    async def next(self, timeout: float | None = None) -> Seen | None:
        """How the job stands as soon as that is another than was said before, first how it is now.

        None where nothing changed in *timeout* seconds, and where the server ends its waits.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                while self._newest is self._told and not self._hub.ending:
                    self._bell.clear()
                    await self._bell.wait()
        if self._newest is self._told or self._hub.ending:
            return None
        self._told = self._newest
        return self._told

    def tell(self, newest: Seen) -> None:
        """The job stands so now."""
        if newest.is_news(self._newest):
            self._newest = newest
            self._bell.set()

    def ring(self) -> None:
        """Let ``next`` look around."""
        self._bell.set()

    async def __aenter__(self) -> Self:
        self._hub.join(self)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._hub.leave(self)


class Hub:
    """Knows who watches which job of *store*, and tells them. Belongs to one event loop."""

    def __init__(self, store: Store) -> None:
        self.ending = False
        self._store = store
        self._watches: dict[str, set[Watch]] = {}
        self._turn = threading.Condition()
        self._fresh: set[str] = set()
        """Jobs that are to be looked at without delay."""
        self._known: dict[str, Seen] = {}
        """How the watched jobs stood at the last look; the thread's own."""
        self._closed = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to look; call it in the event loop."""
        self.ending = self._closed = False
        self._loop = asyncio.get_running_loop()
        # data_version tells of the commits of *other* connections only: so it has its own.
        conn = connect(self._store.path)
        self._thread = threading.Thread(target=self._run, args=[conn], name="hub", daemon=True)
        self._thread.start()

    def end_waits(self) -> None:
        """Send away all who wait, and let nobody wait any more."""
        self.ending = True
        for watch in [watch for group in self._watches.values() for watch in group]:
            watch.ring()

    async def stop(self) -> None:
        """End all waits, and the thread."""
        self.end_waits()
        with self._turn:
            self._closed = True
            self._turn.notify()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join)

    @property
    def alive(self) -> bool:
        """Whether changes are looked for."""
        return self._thread is not None and self._thread.is_alive()

    def watch(self, job_id: str) -> Watch:
        """A watch of the job: ``async with hub.watch(job_id) as watch: await watch.next()``."""
        return Watch(self, job_id)

    async def until_ended(self, job_id: str, seconds: float) -> None:
        """Wait until the job has ended, *seconds* are over, or the server ends its waits."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds), self.watch(job_id) as watch:
                while (now := await watch.next()) is not None and not now.ended:
                    pass

    async def changed(self, *job_ids: str) -> None:
        """These jobs were changed by this server itself: look at them at once."""
        self._freshen(*(job_id for job_id in job_ids if job_id in self._watches))

    def join(self, watch: Watch) -> None:
        """Let *watch* be told, first of how its job is now."""
        with self._turn:
            self._watches.setdefault(watch.job_id, set()).add(watch)
        self._freshen(watch.job_id)

    def leave(self, watch: Watch) -> None:
        """Let *watch* be told nothing any more."""
        with self._turn:
            group = self._watches.get(watch.job_id, set())
            group.discard(watch)
            if not group:
                self._watches.pop(watch.job_id, None)

    def _freshen(self, *job_ids: str) -> None:
        with self._turn:
            self._fresh.update(job_ids)
            self._turn.notify()

    def _run(self, conn: Connection) -> None:
        try:
            self._look_again_and_again(conn)
        finally:
            # Where a flaw ends it, nobody is left to wait for what will not be told.
            if not self._closed and self._loop is not None:
                self._loop.call_soon_threadsafe(self.end_waits)

    def _look_again_and_again(self, conn: Connection) -> None:
        with closing(conn):
            known, due = -1, 0.0
            while not self._wait_for_turn(due):
                began = time.monotonic()
                try:
                    self._look_at_fresh(conn)
                    if began < due:
                        continue
                    due = began + POLL
                    (version,) = conn.execute("PRAGMA data_version").fetchone()
                    if version != known:
                        self._look_at_all(conn)
                        known, now = version, time.monotonic()
                        due = now + POLL + min(LONGEST_PAUSE, SHARE * (now - began))
                except (sqlite3.Error, OSError):  # a busy or a broken file
                    log.warning("changes of jobs were not seen", exc_info=True)
                    # What was to be told is told at the next look, to everybody.
                    known, due, self._known = -1, began + LONGEST_PAUSE, {}

    def _wait_for_turn(self, due: float) -> bool:
        """Wait until somebody watches, and then until *due*, or for news; whether all is over."""
        with self._turn:
            self._turn.wait_for(lambda: self._watches or self._closed)
            if not self._closed and not self._fresh:
                self._turn.wait(max(0.0, due - time.monotonic()))
            return self._closed

    def _look_at_fresh(self, conn: Connection) -> None:
        """Tell those who have just come how their jobs stand."""
        with self._turn:
            fresh, self._fresh = list(self._fresh), set()
        if fresh:
            found = seen(conn, fresh, now=time.time())
            self._known.update(found)
            self._pass_on(found)

    def _look_at_all(self, conn: Connection) -> None:
        """See how all watched jobs stand, and tell what is new."""
        with self._turn:
            job_ids = list(self._watches)
        found = seen(conn, job_ids, now=time.time())
        known, self._known = self._known, found
        self._pass_on({one: now for one, now in found.items() if now.is_news(known.get(one))})

    def _pass_on(self, news: Mapping[str, Seen]) -> None:
        loop = self._loop
        if news and loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._tell, news)

    def _tell(self, news: Mapping[str, Seen]) -> None:
        for job_id, newest in news.items():
            for watch in tuple(self._watches.get(job_id, ())):
                watch.tell(newest)
