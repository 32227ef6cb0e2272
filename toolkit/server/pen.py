"""Writing to the store from an event loop: whatever waits goes into one transaction.

A commit waits for the disk, so that a transaction for each request would hold hundreds of them to
a few dozen a second. Here one thread writes: while the disk is busy with one group the next one
gathers. Each function has a savepoint of its own, so that one that fails takes back only its own.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self, TypeVar

from toolkit.errors import InternalError
from toolkit.store import changes
from toolkit.store.store import Store

__all__ = ["Pen"]

T = TypeVar("T")

MOST: Final = 500
"""Functions of one transaction, so that the runners get their turn at the file."""


@dataclass(slots=True, eq=False)
class _Entry:
    """One function that waits to be run, and what came of it."""

    write: Callable[[sqlite3.Connection], Any]
    durable: bool
    answer: asyncio.Future[Any]
    value: Any = None
    error: BaseException | None = None


class Pen:
    """The one thread that writes to *store* for this event loop. Start it before use."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: deque[_Entry] = deque()
        self._turn = threading.Condition()
        self._open = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to write what is handed in."""
        self._open = True
        self._thread = threading.Thread(target=self._run, name="pen", daemon=True)
        self._thread.start()

    async def stop(self) -> None:
        """Write what waits, and end; nothing is taken in any more."""
        with self._turn:
            self._open = False
            self._turn.notify()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join)

    @property
    def alive(self) -> bool:
        """Whether what is handed in is written."""
        return self._open and self._thread is not None and self._thread.is_alive()

    async def write(self, write: Callable[[sqlite3.Connection], T], durable: bool = True) -> T:
        """What *write* gives, once its transaction is committed; then the runners are rung.

        It may be run more than once, for the same end: it changes the database and nothing else.
        What it raises is raised here, and of what it did nothing stays. Without *durable* a power
        cut may take it back. Raises InternalError where the pen has been stopped.
        """
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        with self._turn:
            if not self._open:
                raise InternalError("the server is shutting down and takes nothing in any more")
            self._waiting.append(_Entry(write, durable, answer))
            self._turn.notify()
        return await answer

    async def __aenter__(self) -> Self:
        self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def _run(self) -> None:
        while group := self._next_group():
            self._commit(group)
            _tell(group)
            if any(entry.error is None for entry in group):
                with _Kept([]):  # a runner that was not rung looks for itself, a second later
                    changes.ring(self._store)

    def _next_group(self) -> list[_Entry]:
        """Everything that waits, as soon as there is something; nothing once all is written."""
        with self._turn:
            self._turn.wait_for(lambda: self._waiting or not self._open)
            return [self._waiting.popleft() for _ in range(min(MOST, len(self._waiting)))]

    def _commit(self, group: Sequence[_Entry]) -> None:
        """Run a group in one transaction, or each alone where one has broken it for all."""
        broken = False
        with (
            _Kept(group),
            self._store.write(durable=any(entry.durable for entry in group)) as conn,
        ):
            for entry in group:
                _run_alone(conn, entry)
                if not conn.in_transaction:
                    # A law of the schema was broken, which takes back all that was written.
                    broken = True
                    break
        if broken and len(group) > 1:
            for entry in group:
                entry.error = None
                self._commit([entry])


def _run_alone(conn: sqlite3.Connection, entry: _Entry) -> None:
    """Run the function of *entry* so that its failure takes back nothing but its own writes."""
    conn.execute("SAVEPOINT entry")
    with _Kept([entry]):
        entry.value = entry.write(conn)
    if conn.in_transaction:
        if entry.error is not None:
            conn.execute("ROLLBACK TO entry")
        conn.execute("RELEASE entry")


class _Kept:
    """A ``with`` whose error, whatever it is, is kept for those who wait, and goes no further."""

    def __init__(self, entries: Sequence[_Entry]) -> None:
        self._entries = entries

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        for entry in self._entries if error is not None else ():
            entry.error = entry.error or error
        return True


def _tell(group: Sequence[_Entry]) -> None:
    """Wake those who wait: one call into the event loop for all of them."""

    def answered() -> None:
        for entry in group:
            if entry.answer.done():
                continue  # whoever waited has gone
            if entry.error is None:
                entry.answer.set_result(entry.value)
            else:
                entry.answer.set_exception(entry.error)

    loop = group[0].answer.get_loop()
    # A loop that was closed has nobody who waits.
    if not loop.is_closed():
        loop.call_soon_threadsafe(answered)
