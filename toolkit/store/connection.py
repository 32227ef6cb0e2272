"""How a connection to a store's file is opened, and how its transactions begin and end."""

from __future__ import annotations

import sqlite3
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from toolkit.errors import StoreDamaged

__all__ = ["Connection", "Transaction", "connect"]

BUSY_SECONDS = 30.0
"""How long a statement waits for another process's transaction before it gives up."""

# SQLite's own wait grows to 100 ms between two looks, so that one busy process starves the others:
# of four, one did 4,000 jobs of 4,000, and once they all slept for 10 s. Asked anew every few
# milliseconds, each did its quarter, in the same time (measured).
_SPELL = 0.005


class Connection(sqlite3.Connection):
    """A connection that is patient, and remembers how durable its commits are."""

    durable: bool = True

    def __del__(self) -> None:
        # From Python 3.13 on, one that is only let go of is warned of.
        with suppress(sqlite3.Error):
            self.close()

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        """As of sqlite3, but outside a transaction it waits while the file is busy."""
        try:
            return super().execute(sql, parameters)
        except sqlite3.OperationalError as exc:
            if not _is_busy(exc) or self.in_transaction:
                raise
        give_up = time.monotonic() + BUSY_SECONDS
        while True:
            try:
                return super().execute(sql, parameters)
            except sqlite3.OperationalError as exc:
                if not _is_busy(exc) or time.monotonic() > give_up:
                    raise


def connect(path: Path) -> Connection:
    """A connection to the file at *path*, set up as every one of a store is.

    It is in autocommit mode: a transaction begins only where ``Transaction`` begins one.
    """
    # Threads never share one; the check is off since the last to let go of it may be another.
    conn = sqlite3.connect(
        path,
        timeout=_SPELL,
        isolation_level=None,
        check_same_thread=False,
        factory=Connection,
        cached_statements=256,
    )
    # Holds for a new file only. Half of SQLite's 4,096: a commit writes whole pages, and ours touch
    # six with a few bytes each (an enqueue took 12 % less, a claim and its end 18 %, measured).
    conn.execute("PRAGMA page_size = 2048")
    conn.execute("PRAGMA synchronous = FULL")
    # Deleted rows are overwritten with zeros: a purge is an erase, not a note to reuse the space.
    conn.execute("PRAGMA secure_delete = ON")
    conn.execute("PRAGMA temp_store = MEMORY")
    # SQLite's own lower() knows ASCII only.
    conn.create_function("casefold", 1, _casefold, deterministic=True)
    return conn


def _is_busy(error: sqlite3.OperationalError) -> bool:
    # The lower byte: the upper ones say what it is busy with. An error of Python's own has none.
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY


def _casefold(text: object) -> str | None:
    return None if text is None else str(text).casefold()


class Transaction:
    """``with`` it, the statements are one BEGIN IMMEDIATE … COMMIT; an error rolls them back.

    It takes the write lock first: a transaction that reads and then writes would fail with
    "database is locked", however long it was ready to wait.
    """

    __slots__ = ("_conn", "_durable")

    def __init__(self, conn: Connection, *, durable: bool) -> None:
        self._conn = conn
        self._durable = durable

    def __enter__(self) -> sqlite3.Connection:
        conn = self._conn
        if conn.durable is not self._durable:
            conn.execute(f"PRAGMA synchronous = {'FULL' if self._durable else 'NORMAL'}")
            conn.durable = self._durable
        conn.execute("BEGIN IMMEDIATE")
        return conn

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        conn = self._conn
        if kind is None:
            try:
                conn.execute("COMMIT")
            except BaseException:
                _roll_back(conn)
                raise
        else:
            _roll_back(conn)
            if isinstance(error, sqlite3.DatabaseError) and "malformed" in str(error):
                raise StoreDamaged(f"the database file is damaged: {error}") from error


def _roll_back(conn: sqlite3.Connection) -> None:
    # Some errors (a full disk) have rolled back already.
    if conn.in_transaction:
        conn.execute("ROLLBACK")
