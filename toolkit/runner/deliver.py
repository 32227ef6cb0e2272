"""The courier: takes what is due out of the outbox, sends it, and writes down what came of it.

A delivery counts as made when the receiver says so, and only then: whoever dies before has made
none, and it is made again, by whoever works on the file next, with the same id.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from sqlite3 import Connection
from typing import Any, Final, TypeVar

from toolkit.errors import ToolkitError
from toolkit.jobs.address import shown
from toolkit.runner.deliver_hosts import Hosts, host_of
from toolkit.runner.deliver_presence import Presence
from toolkit.runner.deliver_sending import Answer, Parcel, send
from toolkit.runner.deliver_writing import parcel_of, record
from toolkit.settings import Settings
from toolkit.store import outbox
from toolkit.store.outbox import Delivery
from toolkit.store.store import Store

__all__ = ["Courier"]

log = logging.getLogger("pagequeue.deliver")

T = TypeVar("T")

POLL: Final = 0.5
"""Seconds between looks into the outbox, where nobody tells the courier of what is new."""
MOST_AT_ONCE: Final = 64
MARGIN: Final = 5.0
"""Seconds beyond twice the longest delivery for which a row is the courier's: to write it down."""
GRACE: Final = 2.0
"""Seconds in which deliveries may still end when the courier is told to stop."""
AFTER_TROUBLE: Final = 2.0


@dataclass(slots=True)
class _Desk:
    """What the courier's loop knows, and nobody else touches.

    The *clerk* is the one thread that reads and writes the file: it may be kept waiting there, and
    the deliveries that are under way must not be.
    """

    clerk: ThreadPoolExecutor
    bell: asyncio.Event = field(default_factory=asyncio.Event)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    unsent: list[Delivery] = field(default_factory=list)

    async def ask(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self.clerk, work)

    def begin(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name=name)
        self.tasks.add(task)
        task.add_done_callback(self._end)

    def _end(self, task: asyncio.Task[None]) -> None:
        self.tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("%s: the courier failed at it", task.get_name(), exc_info=error)
        self.bell.set()


class Courier:
    """Delivers the webhooks of one store, in a thread of its own, from ``start`` to ``stop``.

    *write* gives transactions of the store, where a process has them queue up. A *resident*
    courier looks into the outbox by itself, and runners leave the deliveries to it; another one
    is told by ``wake`` that there may be something new.
    """

    def __init__(
        self,
        store: Store,
        settings: Settings | None = None,
        *,
        write: Callable[..., AbstractContextManager[Connection]] | None = None,
        resident: bool = True,
    ) -> None:
        self.store = store
        self.settings = settings or Settings.read()
        self._write = write or store.write
        self._hosts = Hosts()
        self._presence = Presence(store.files) if resident else None
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._desk: _Desk | None = None
        self._stopping = threading.Event()
        self._claiming = False

    def start(self) -> None:
        """Begin, unless it has begun."""
        if self._thread is None or not self._thread.is_alive():
            self._stopping.clear()
            self._claiming = True
            self._thread = threading.Thread(target=self._run, name="courier", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Let what is under way end within two seconds, give the rest back, and leave."""
        self._stopping.set()
        self.wake()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def wake(self) -> None:
        """Something may be due; from any thread."""
        loop, desk = self._loop, self._desk
        if loop is not None and desk is not None:
            with suppress(RuntimeError):  # it has just ended
                loop.call_soon_threadsafe(desk.bell.set)

    @property
    def busy(self) -> bool:
        """Whether deliveries are under way, or are just being taken."""
        desk = self._desk
        return self._claiming or bool(desk is not None and desk.tasks)

    # -- the thread --------------------------------------------------------------------------------

    def _run(self) -> None:
        with ThreadPoolExecutor(1, thread_name_prefix="courier's clerk") as clerk:
            try:
                asyncio.run(self._work(_Desk(clerk)))
            finally:
                self._claiming, self._desk, self._loop = False, None, None
                clerk.submit(lambda: self.store.read().close()).result()
                if self._presence is not None:
                    self._presence.end()

    async def _work(self, desk: _Desk) -> None:
        self._loop, self._desk = asyncio.get_running_loop(), desk
        while not self._stopping.is_set():
            desk.bell.clear()
            # A task, so that an error of our own is seen too, and ends no more than this round.
            look = asyncio.create_task(self._round(desk))
            await asyncio.wait([look])
            self._claiming = False
            error = look.exception()
            pause = AFTER_TROUBLE if error is not None else look.result()
            if error is not None:
                ours = not isinstance(error, sqlite3.Error | OSError | ToolkitError)
                log.warning(
                    "the outbox cannot be read: %s", error, exc_info=error if ours else None
                )
            with suppress(TimeoutError):
                await asyncio.wait_for(desk.bell.wait(), pause)
        await self._leave(desk)

    async def _round(self, desk: _Desk) -> float | None:
        """Begin what is due and has room; seconds until the next look, None for no end."""
        if self._presence is not None:
            self._presence.show()
        room = MOST_AT_ONCE - len(desk.tasks)
        if room <= 0:
            return None
        self._claiming = True
        parcels, due_at = await desk.ask(lambda: self._take(room))
        for delivery, parcel in parcels:
            desk.begin(delivery.id, self._deliver(desk, delivery, parcel))
        pause = None if due_at is None else max(0.0, due_at - time.time())
        if self._presence is None:
            return pause
        return POLL if pause is None else min(POLL, pause)

    def _take(self, room: int) -> tuple[list[tuple[Delivery, Parcel]], float | None]:
        """What is due, claimed and written down as it is to be sent; and when the next is due."""
        now = time.time()
        due_at = outbox.next_due(self.store.read())
        if due_at is None or due_at > now:
            return [], due_at
        parcels: list[tuple[Delivery, Parcel]] = []
        lease = 2 * self.settings.delivery_seconds + MARGIN
        try:
            # Durable: after a power cut as well it is known by the id and the bytes that were sent.
            with self._write(durable=True) as conn:
                for delivery in outbox.due(conn, now=now, limit=room, lease=lease):
                    parcel = self._parcel(conn, delivery, now)
                    if parcel is not None:
                        parcels.append((delivery, parcel))
        except BaseException:
            for delivery, _ in parcels:
                self._hosts.end(host_of(delivery.url))
            raise
        return parcels, outbox.next_due(self.store.read())

    def _parcel(self, conn: Connection, delivery: Delivery, now: float) -> Parcel | None:
        """What to send; None where it was given up, or where its host has its share already."""
        host = host_of(delivery.url)
        if not self._hosts.begin(host):
            # Those behind it, to other hosts, come up meanwhile.
            due_at = self._hosts.later(host, now)
            outbox.put_off(conn, number=delivery.number, due_at=due_at)
            return None
        parcel = None
        try:
            parcel = parcel_of(conn, delivery, settings=self.settings, now=now)
        finally:
            if parcel is None:
                self._hosts.end(host)
        return parcel

    async def _deliver(self, desk: _Desk, delivery: Delivery, parcel: Parcel) -> None:
        began, took = time.monotonic(), None
        try:
            answer = await send(parcel, self.settings)
            took = time.monotonic() - began
        except asyncio.CancelledError:
            desk.unsent.append(delivery)
            raise
        finally:
            self._hosts.end(host_of(delivery.url), took)
        if answer.delivered:
            log.info("%s: delivered to %s", delivery.id, shown(delivery.url))
        else:
            log.warning("%s: attempt %d: %s", delivery.id, delivery.attempts + 1, answer.why)
        # It was sent. Whoever stops the courier now waits for that to be written down.
        await asyncio.shield(desk.ask(lambda: self._record(delivery, answer, took)))

    def _record(self, delivery: Delivery, answer: Answer, took: float) -> None:
        try:
            with self._write(durable=False) as conn:
                record(conn, delivery, answer, settings=self.settings, seconds=took)
        except (sqlite3.Error, OSError, ToolkitError) as exc:
            # The lease lapses, and it is sent once more.
            log.warning("%s: what came of it cannot be written down: %s", delivery.id, exc)

    async def _leave(self, desk: _Desk) -> None:
        if desk.tasks:
            await asyncio.wait(desk.tasks, timeout=GRACE)
        for task in (left := set(desk.tasks)):
            task.cancel()
        if left:
            await asyncio.wait(left)
        if desk.unsent:
            await desk.ask(lambda: self._give_back(desk.unsent))

    def _give_back(self, deliveries: list[Delivery]) -> None:
        try:
            with self._write(durable=False) as conn:
                for delivery in deliveries:
                    outbox.put_off(conn, number=delivery.number, due_at=time.time())
        except (sqlite3.Error, OSError) as exc:
            log.warning("deliveries cannot be given back, their leases will lapse: %s", exc)
