"""Noticing that another connection committed to the database file."""

from __future__ import annotations

import sqlite3
import time
from typing import Self

from toolkit.store.store import Store

__all__ = ["StoreWatch"]

# One PRAGMA each 50 ms costs a quarter of a percent of a processor, and nobody sees the delay.
POLL = 0.05


class StoreWatch:
    """Reads SQLite's own counter of commits, on this thread's connection."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._version = self._now()

    def _now(self) -> int | None:
        try:
            (version,) = self._store.read().execute("PRAGMA data_version").fetchone()
        except sqlite3.Error:
            return None  # whoever reads next meets the same, and says it
        return int(version)

    def wait(self, timeout: float) -> bool:
        """Return True as soon as somebody else committed, or False after *timeout* seconds."""
        end = time.monotonic() + timeout
        while (version := self._now()) == self._version:
            left = end - time.monotonic()
            if left <= 0:
                return False
            time.sleep(min(POLL, left))
        self._version = version
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass
