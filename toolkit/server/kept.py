"""Where the bytes of a job's result are, and what they are."""

from __future__ import annotations

import sqlite3
from hashlib import sha256
from io import BytesIO
from typing import IO

import msgspec
from msgspec.structs import replace

from toolkit.errors import ResultGone, ResultNotReady, StoreDamaged
from toolkit.jobs import Job, JobState
from toolkit.store import blobs
from toolkit.store.store import Store

__all__ = ["Kept", "as_it_is", "kept", "opened", "refuse_unkept"]

_KEPT = """
SELECT results.media_type, results.filename, results.size, blobs.sha256, results.content
FROM jobs JOIN results ON results.number = jobs.result
LEFT JOIN blobs ON blobs.number = results.blob
WHERE jobs.id = ?"""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A result as it is kept: in the database (*content*) or as the blob *digest* (hex)."""

    media_type: str
    filename: str | None
    size: int
    digest: str
    content: bytes | None


def as_it_is(job: Job, *, now: float) -> Job:
    """*job*, its result being gone as soon as its time is over, whether it was swept yet or not."""
    due = job.result_expires_at
    if not (job.ended and job.has_result and job.result_retain and due is not None and due <= now):
        return job
    return replace(job, has_result=False, result_gone=True)


def refuse_unkept(job: Job) -> None:
    """Raise why *job* has no result to give: ResultNotReady with its state, or ResultGone."""
    if job.status is not JobState.COMPLETED:
        why = f": {job.error}" if job.error else ""
        error = ResultNotReady(f"job {job.id} is {job.status}, so that it has no result{why}")
        error.state = str(job.status)
        raise error
    if not job.has_result:
        raise _gone(job.id)


def kept(conn: sqlite3.Connection, job_id: str) -> Kept:
    """How the job's result is kept. Raises ResultGone where there is none any more."""
    row = conn.execute(_KEPT, [job_id]).fetchone()
    if row is None:
        raise _gone(job_id)
    media_type, filename, size, digest, content = row
    return Kept(
        media_type=media_type,
        filename=filename,
        size=size,
        digest=sha256(content).hexdigest() if digest is None else digest.hex(),
        content=content,
    )


def opened(store: Store, job_id: str, found: Kept) -> IO[bytes]:
    """The bytes of the result, to be read and closed; a purge does not take them away any more.

    Raises ResultGone where one was faster, StoreDamaged where the file is missing.
    """
    if found.content is not None:
        return BytesIO(found.content)
    try:
        return blobs.path(store, found.digest).open("rb")
    except FileNotFoundError as exc:
        kept(store.read(), job_id)
        raise StoreDamaged(f"the result of job {job_id} is missing from the store") from exc


def _gone(job_id: str) -> ResultGone:
    return ResultGone(f"the result of job {job_id} is gone: purged, expired or fetched once")
