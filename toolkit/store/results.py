"""Results: up to 64 kB in the database, larger ones as files; documents also as rows."""

from __future__ import annotations

import sqlite3
from hashlib import sha256
from pathlib import Path

import msgspec

from toolkit.document.wire import MEDIA_TYPE
from toolkit.errors import LeaseLost, ResultGone, ResultNotReady, StoreDamaged
from toolkit.jobs.job import Job
from toolkit.jobs.state import JobState
from toolkit.jobs.tool import Outcome
from toolkit.store import blobs, cache, documents
from toolkit.store.documents import BLOCK_COLUMNS, PAGE_COLUMNS, block_rows, page_rows
from toolkit.store.jobs import not_found, refuse_lost
from toolkit.store.store import Store

__all__ = [
    "BLOCK_COLUMNS",
    "PAGE_COLUMNS",
    "Staged",
    "block_rows",
    "content",
    "outcome",
    "page_rows",
    "put",
    "stage",
]

IN_DATABASE = 64 * 1024
"""Bytes up to which a result is a value of its row: reading one wins at 10 kB, loses at 50 kB."""


class Staged(msgspec.Struct, frozen=True, kw_only=True):
    """An outcome made ready outside the transaction: decoded, and on the disk if it is large."""

    outcome: Outcome
    draft: Path | None
    rows: documents.DocumentRows | None

    def discard(self) -> None:
        """Forget it: to be called where ``put`` was not, or its transaction failed."""
        if self.draft is not None:
            self.draft.unlink(missing_ok=True)


def stage(store: Store, outcome: Outcome) -> Staged:
    """Do what is slow about keeping *outcome* while no lock is held.

    Raises ParseError where it says that it is a document and is not.
    """
    large = len(outcome.content) > IN_DATABASE
    is_document = outcome.media_type == MEDIA_TYPE
    rows = documents.rows_of(outcome.content) if is_document else None
    draft = blobs.written(store, outcome.content) if large else None
    return Staged(outcome=outcome, draft=draft, rows=rows)


def put(
    conn: sqlite3.Connection,
    store: Store,
    *,
    outcome: Outcome | Staged,
    job: Job,
    now: float,
) -> int:
    """Keep *outcome* as the result of *job*, whose completion follows in the same transaction.

    Returns the result's number. It goes into the cache unless the job or the outcome forbids it:
    one-time jobs, those that bypass the cache, those with secrets.
    """
    staged = outcome if isinstance(outcome, Staged) else stage(store, outcome)
    made = staged.outcome
    if staged.draft is not None:
        # A file that has its name is not taken back by a rollback: look before it gets it.
        try:
            refuse_lost(conn, job)
        except LeaseLost:
            staged.discard()
            raise
    blob = None if staged.draft is None else _blob(conn, store, made.content, staged.draft)
    cursor = conn.execute(
        "INSERT INTO results (media_type, filename, size, pages, created_at, content, blob)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            *(made.media_type, made.filename, len(made.content), made.pages, now),
            *(made.content if blob is None else None, blob),
        ),
    )
    number = int(cursor.lastrowid or 0)
    if staged.rows is not None:
        documents.keep(conn, result=number, rows=staged.rows)
    version = _version_to_keep(conn, job) if made.cacheable else None
    if version is not None:
        cache.remember(
            conn, cache.identity(job, content=job.sha256), version=version, result=number
        )
    return number


def content(store: Store, job_id: str) -> bytes:
    """The bytes of the job's result.

    Raises JobNotFound; ResultNotReady where the job has not completed; ResultGone where the
    result was purged or has expired; StoreDamaged where its file is missing.
    """
    return outcome(store, job_id).content


def outcome(store: Store, job_id: str) -> Outcome:
    """The job's result with its media type and file name; raises what ``content`` raises."""
    row = store.read().execute(_RESULT, [job_id]).fetchone()
    if row is None:
        raise not_found(job_id)
    status, error, result, media_type, filename, pages, kept, digest = row
    if status != JobState.COMPLETED:
        why = f": {error}" if error else ""
        raise ResultNotReady(f"job {job_id} is {status}, so that it has no result{why}")
    if result is None:
        raise ResultGone(f"the result of job {job_id} is gone: purged, expired or fetched once")
    if kept is None:
        kept = _read(store, job_id, digest.hex())
    return Outcome(content=kept, media_type=media_type, filename=filename, pages=pages)


_RESULT = """
SELECT jobs.status, jobs.error, results.number, results.media_type, results.filename, results.pages,
    results.content, blobs.sha256
FROM jobs
LEFT JOIN results ON results.number = jobs.result
LEFT JOIN blobs ON blobs.number = results.blob
WHERE jobs.id = ?"""


def _read(store: Store, job_id: str, name: str) -> bytes:
    try:
        return blobs.path(store, name).read_bytes()
    except FileNotFoundError as exc:
        # A purge between the row and the file is no damage.
        row = store.read().execute("SELECT result FROM jobs WHERE id = ?", [job_id]).fetchone()
        if row == (None,):
            raise ResultGone(f"the result of job {job_id} was erased just now") from exc
        raise StoreDamaged(f"the result of job {job_id} is missing: {exc.filename}") from exc


def _blob(conn: sqlite3.Connection, store: Store, content: bytes, draft: Path) -> int:
    name = sha256(content).hexdigest()
    return blobs.place(conn, store, draft=draft, sha256=name, size=len(content))


def _version_to_keep(conn: sqlite3.Connection, job: Job) -> str | None:
    """The version of the job's tool; None where its result is to answer no other job."""
    row: tuple[str] | None = conn.execute(
        "SELECT version FROM jobs JOIN tools ON tools.number = jobs.tool"
        " WHERE jobs.number = ? AND cacheable AND NOT one_time AND NOT bypass_cache"
        " AND NOT EXISTS (SELECT 1 FROM secrets WHERE job = jobs.number)",
        [job.number],
    ).fetchone()
    return None if row is None else row[0]
