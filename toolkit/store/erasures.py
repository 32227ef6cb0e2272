"""Erasing for good: content is unreadable at once, and its bytes go as soon as nobody reads them.

A transaction that was begun before a purge sees the old rows until it ends, and for as long the
write-ahead log has to keep them. So every erasure is a row that stays open until a checkpoint has
emptied the log; whoever sweeps closes it.
"""

from __future__ import annotations

import sqlite3
import time
from typing import Literal

from toolkit.jobs.state import ACTIVE
from toolkit.store import blobs, outbox, queue
from toolkit.store.jobs import not_found
from toolkit.store.store import Store

__all__ = ["erase_result", "expire", "pending", "purge", "sweep"]

CHECKPOINT_TRIES = 5
CHECKPOINT_PAUSE = 0.02
"""Seconds between tries; a reader that takes longer leaves the erasure to the next sweep."""

_EXPIRED_AT_ONCE = 200
"""Jobs that one transaction expires, so that others get their turn."""

_ASK = "INSERT INTO erasures (job, subject, asked_at) VALUES (?, ?, ?)"

# Why a try failed may quote what was answered.
_UNSAID = """
UPDATE tries SET error = NULL WHERE delivery IN (SELECT number FROM outbox WHERE job = ?)"""

_PURGE = """
UPDATE jobs SET purged_at = ?1, filename = NULL, origin = NULL, options = NULL, limits = NULL,
    error = NULL, idempotency_key = NULL, submission_hash = NULL, callback_url = NULL,
    source_erased_at = CASE WHEN source IS NULL THEN source_erased_at ELSE ?1 END, source = NULL,
    result_erased_at = CASE WHEN result IS NULL THEN result_erased_at ELSE ?1 END, result = NULL
WHERE number = ?2"""

# An address that was never fetched goes when its source would have gone.
_SOURCES_DUE = f"""
SELECT number FROM jobs WHERE ended_at + retain <= ?1 AND retain IS NOT NULL
    AND ended_at IS NOT NULL AND source IS NOT NULL
UNION ALL
SELECT number FROM addresses CROSS JOIN jobs ON number = job WHERE ended_at + retain <= ?1
LIMIT {_EXPIRED_AT_ONCE}"""

# 0 seconds mean "as soon as it was delivered".
_RESULTS_DUE = f"""
SELECT number FROM jobs WHERE ended_at + result_retain <= ? AND result_retain IS NOT NULL
    AND ended_at IS NOT NULL AND result IS NOT NULL
    AND (result_retain > 0 OR fetched_at IS NOT NULL) LIMIT {_EXPIRED_AT_ONCE}"""


def purge(store: Store, *, job_id: str, now: float) -> Literal["done", "pending"]:
    """Erase all content of a job: source, result, blocks, options, names, texts of errors.

    A job that has not ended is cancelled first. What stays is a tombstone (id, owner, tool,
    status, pages, times), so that usage adds up. "pending": unreadable, but some reader still
    holds the log; a later ``sweep`` finishes. May be called again. Raises JobNotFound.
    """
    with store.write() as conn:
        row = conn.execute(
            "SELECT number, status, result, purged_at FROM jobs WHERE id = ?", [job_id]
        ).fetchone()
        if row is None:
            raise not_found(job_id)
        number, status, result, purged_at = row
        if purged_at is None:
            if status in ACTIVE:
                queue.cancel(conn, job_id=job_id, now=now)
            _erase(conn, number, result, now)
        blobs.drop_unused(conn, store, now=now)
    return "pending" if _finish(store, now) else "done"


def pending(conn: sqlite3.Connection) -> int:
    """How many erasures are asked for and not finished."""
    (count,) = conn.execute("SELECT count(*) FROM erasures WHERE done_at IS NULL").fetchone()
    return int(count)


def sweep(store: Store, *, now: float) -> dict[str, int]:
    """Finish what can be finished: ``{"blobs": removed, "done": closed, "pending": open}``."""
    removed = blobs.sweep(store, now=now)
    before = pending(store.read())
    left = _finish(store, now) if before else 0
    return {"blobs": removed, "done": before - left, "pending": left}


def expire(store: Store, *, now: float) -> int:
    """Erase the sources and results whose time is over; returns how many.

    Both clocks count from the end of the job. Their bytes go with the next ``sweep``.
    """
    _forget_news(store, now)
    return _expire(store, "source", _SOURCES_DUE, now) + _expire(store, "result", _RESULTS_DUE, now)


def _forget_news(store: Store, now: float) -> None:
    """Drop the log of deliveries that ended long ago."""
    before = now - outbox.KEPT_SECONDS
    while outbox.is_forgettable(store.read(), before=before):
        with store.write(durable=False) as conn:
            outbox.forget(conn, before=before)


def erase_result(conn: sqlite3.Connection, store: Store, *, job_id: str, now: float) -> None:
    """Erase the job's result as an expiry does, within the caller's transaction."""
    row = conn.execute(
        "UPDATE jobs SET result = NULL, result_erased_at = ? WHERE id = ? AND result IS NOT NULL"
        " RETURNING number",
        (now, job_id),
    ).fetchone()
    if row is not None:
        _drop_quotes(conn, row[0])
        conn.execute(_ASK, (row[0], "result", now))
        blobs.drop_unused(conn, store, now=now)


def _drop_quotes(conn: sqlite3.Connection, number: int) -> None:
    """What quotes the result of a job: what people said of it, and news that was written."""
    conn.execute("DELETE FROM reviews WHERE job = ?", [number])
    conn.execute("UPDATE outbox SET body = NULL WHERE job = ?", [number])
    conn.execute("DELETE FROM fetches WHERE job = ?", [number])


def _erase(conn: sqlite3.Connection, number: int, result: int | None, now: float) -> None:
    # Also where another job shares the result: the cache is not to answer with it any more.
    conn.execute("DELETE FROM cache WHERE result = ?", [result])
    conn.execute(_PURGE, (now, number))
    conn.execute("UPDATE attempts SET error = NULL WHERE job = ?", [number])
    conn.execute("DELETE FROM secrets WHERE job = ?", [number])
    conn.execute("DELETE FROM addresses WHERE job = ?", [number])
    conn.execute("DELETE FROM origins WHERE job = ?", [number])
    conn.execute("DELETE FROM presentations WHERE job = ?", [number])
    conn.execute("DELETE FROM fetches WHERE job = ?", [number])
    # What is still to be said of it is said without content.
    conn.execute("DELETE FROM outbox WHERE job = ? AND due_at IS NULL", [number])
    conn.execute("UPDATE outbox SET body = NULL WHERE job = ?", [number])
    conn.execute(_UNSAID, [number])
    conn.execute("DELETE FROM reviews WHERE job = ?", [number])
    conn.execute(_ASK, (number, "job", now))


def _expire(store: Store, subject: Literal["source", "result"], due: str, now: float) -> int:
    count = 0
    while True:
        with store.write() as conn:
            numbers = [number for (number,) in conn.execute(due, [now]).fetchall()]
            conn.executemany(
                f"UPDATE jobs SET {subject} = NULL, {subject}_erased_at = ? WHERE number = ?",
                [(now, number) for number in numbers],
            )
            if subject == "source":
                gone = [(number,) for number in numbers]
                conn.executemany("DELETE FROM addresses WHERE job = ?", gone)
            else:  # what people said of it quotes it
                for number in numbers:
                    _drop_quotes(conn, number)
            conn.executemany(_ASK, [(number, subject, now) for number in numbers])
            blobs.drop_unused(conn, store, now=now)
        count += len(numbers)
        if len(numbers) < _EXPIRED_AT_ONCE:
            return count


def _finish(store: Store, now: float) -> int:
    """Close the erasures whose bytes are gone; returns how many stay open."""
    conn = store.read()
    (last,) = conn.execute("SELECT max(number) FROM erasures WHERE done_at IS NULL").fetchone()
    if last is not None and not _files_left(conn) and _log_is_empty(conn):
        with store.write() as writing:
            writing.execute(
                "UPDATE erasures SET done_at = ? WHERE done_at IS NULL AND number <= ?", (now, last)
            )
    return pending(conn)


def _files_left(conn: sqlite3.Connection) -> bool:
    """Whether a file is there that nobody uses: one that could not be removed."""
    row = conn.execute("SELECT 1 FROM blobs WHERE uses = 0 AND NOT pinned LIMIT 1").fetchone()
    return row is not None


def _log_is_empty(conn: sqlite3.Connection) -> bool:
    """Whether the write-ahead log could be written back and cut to nothing."""
    for attempt in range(CHECKPOINT_TRIES):
        time.sleep(CHECKPOINT_PAUSE if attempt else 0)
        busy, _, _ = conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if not busy:
            return True
    return False
