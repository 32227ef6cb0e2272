"""Whether anything has changed in the file, for those who wait for it far away."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from secrets import token_hex
from typing import Final
from weakref import finalize

from toolkit.store.store import Store

__all__ = ["Tide"]

POLL: Final = 0.05
"""Seconds between two looks at SQLite's counter, however many wait."""


class Tide:
    """Counts the times that somebody committed to *store*; ``seen`` is where the count stands.

    The counter belongs to a connection, so that there is one of its own, used in the event loop
    alone: a look at it takes some microseconds. Another life of the server has other tokens.
    """

    def __init__(self, store: Store, *, ending: Callable[[], bool] = lambda: False) -> None:
        self._store = store
        self._ending = ending
        self._life = token_hex(4)
        self._count = 0
        self._conn: sqlite3.Connection | None = None
        self._version: int | None = None

    @property
    def seen(self) -> str:
        """What a question names to be told of everything since."""
        return f"{self._life}-{self._count}"

    async def risen(self, seen: str | None, wait: float) -> bool:
        """Whether it has risen since *seen*: at once where it has, or else within *wait* seconds.

        A token that is not known here is one that much may have happened since.
        """
        loop = asyncio.get_running_loop()
        end = loop.time() + wait
        while True:
            self._look()
            if seen != self.seen:
                return True
            left = end - loop.time()
            if left <= 0 or self._ending():
                return False
            await asyncio.sleep(min(POLL, left))

    def _look(self) -> None:
        try:
            if self._conn is None:
                self._conn = self._opened()
            (version,) = self._conn.execute("PRAGMA data_version").fetchone()
        except sqlite3.Error:
            # Whoever reads next meets the same, and says it.
            version = None
        if version != self._version:
            self._version = version
            self._count += 1

    def _opened(self) -> sqlite3.Connection:
        # Never made anew where the file is gone.
        conn = sqlite3.connect(
            f"{self._store.path.as_uri()}?mode=rw", uri=True, check_same_thread=False
        )
        finalize(self, conn.close)
        return conn
