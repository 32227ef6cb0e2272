"""Taking a job in: it is born queued, completed (cache) or failed (refused)."""

from __future__ import annotations

import sqlite3
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from hashlib import sha256
from os import urandom
from typing import Any

import msgspec

from toolkit.errors import (
    IdempotencyConflict,
    InvalidInput,
    InvalidOption,
    JobNotFound,
    StoreDamaged,
    UnknownTool,
)
from toolkit.jobs.job import Submission
from toolkit.jobs.state import JobState
from toolkit.store import cache, presentations, tools
from toolkit.store.rows import STATES, json_of

__all__ = ["Enqueued", "enqueue"]


class Enqueued(msgspec.Struct, frozen=True):
    """A job that was taken in; *token* is shown here once and kept only as its hash.

    ``repeated``: the idempotency key was used before for the same submission, and this is that
    job, with a further valid token.
    """

    job_id: str
    token: str
    status: JobState
    repeated: bool = False


_EVERY = (
    *("id", "tool", "status", "priority", "owner", "batch", "parent", "token_hash", "filename"),
    *("origin", "source", "size", "media_type", "options", "limits", "created_at"),
    *("bypass_cache", "one_time", "retain", "result_retain"),
)
_SOME = (
    *("ended_at", "progress", "pages", "error_code", "error", "result", "cache_hit"),
    *("idempotency_key", "submission_hash", "callback_url"),
)


def _insert(columns: Sequence[str]) -> str:
    marks = ", ".join("?" * len(columns))
    return f"INSERT OR ROLLBACK INTO jobs ({', '.join(columns)}) VALUES ({marks})"


# Each column that need not be said saves 0.2 µs.
_PLAIN = (None, 0.0, 0, None, None, None, False, None, None, None)
_INSERT_PLAIN, _INSERT = _insert(_EVERY), _insert(_EVERY + _SOME)

_KEEP_ASIDE = "INSERT INTO secrets (job, content) SELECT number, ? FROM jobs WHERE id = ?"
_KEEP_ADDRESS = "INSERT INTO addresses (job, url) SELECT number, ? FROM jobs WHERE id = ?"

# All that a submission refers to in one statement: four of their own took 5 µs more.
_REFERRED = """
SELECT number, state, cacheable,
    (SELECT number FROM batches WHERE id = ?),
    (SELECT number FROM blobs WHERE sha256 = ?),
    (SELECT number FROM jobs WHERE id = ?),
    (SELECT result FROM cache WHERE identity = ? AND version = tools.version)
FROM tools WHERE name = ?"""

_encode = msgspec.json.Encoder(order="sorted").encode


def enqueue(conn: sqlite3.Connection, submission: Submission, *, now: float) -> Enqueued:
    """Take one job in.

    Raises UnknownTool, InvalidOption (options that JSON cannot say), InvalidInput (the tool is
    being drained, no such batch), IdempotencyConflict, StoreDamaged (its bytes were never added).
    """
    if submission.idempotency_key is not None:
        earlier = _earlier(conn, submission)
        if earlier is not None:
            return earlier
    row, taken = _row(conn, submission, now)
    if row[len(_EVERY) :] == _PLAIN:
        conn.execute(_INSERT_PLAIN, row[: len(_EVERY)])
    else:
        conn.execute(_INSERT, row)
    if submission.secrets and taken.status is JobState.QUEUED:
        conn.execute(_KEEP_ASIDE, _secret(submission, taken))
    if submission.url is not None and taken.status is JobState.QUEUED:
        conn.execute(_KEEP_ADDRESS, (submission.url, taken.job_id))
    if submission.presentation:
        _present(conn, submission, taken)
    return taken


def _present(conn: sqlite3.Connection, new: Submission, taken: Enqueued) -> None:
    try:
        presentations.keep(conn, job_id=taken.job_id, presentation=new.presentation)
    except (TypeError, ValueError) as exc:
        raise InvalidOption(f"a presentation that JSON cannot say: {exc}") from exc


class _Refs(msgspec.Struct, frozen=True):
    """The numbers of what a submission refers to."""

    tool: int
    batch: int | None
    source: int | None
    parent: int | None
    result: int | None
    """The kept result that answers it."""


def _row(conn: sqlite3.Connection, new: Submission, now: float) -> tuple[tuple[Any, ...], Enqueued]:
    """The values of _INSERT for *new*, and what its sender is told."""
    chance = urandom(40)
    token = urlsafe_b64encode(chance[8:]).rstrip(b"=")
    job_id = "job_" + chance[:8].hex()
    try:
        options, limits = json_of(new.options), json_of(new.limits)
        refs = _refs(conn, new)
    except (TypeError, ValueError) as exc:
        raise InvalidOption(f"options that JSON cannot say: {exc}") from exc
    status, error_code, error, result, pages = _birth(conn, new, refs)
    row = (
        *(job_id, refs.tool, status, new.priority, new.owner, refs.batch, refs.parent),
        *(sha256(token).digest(), new.filename, new.origin or None, refs.source, new.size),
        *(new.media_type, options, limits, now),
        *(new.bypass_cache, new.one_time, new.retain, new.result_retain),
        None if status == "queued" else now,
        *(0.0 if result is None else 100.0, pages, error_code, error, result, result is not None),
        new.idempotency_key,
        None if new.idempotency_key is None else _hash_of(new),
        new.callback_url,
    )
    return row, Enqueued(job_id, token.decode(), STATES[status])


def _refs(conn: sqlite3.Connection, new: Submission) -> _Refs:
    aside = new.bypass_cache or new.one_time or new.secrets or new.refused or new.url
    identity = None if aside else cache.identity(new, content=new.sha256)
    digest = None if new.sha256 is None else _digest(new.sha256)
    found = conn.execute(_REFERRED, (new.batch, digest, new.parent, identity, new.tool)).fetchone()
    if found is None:
        raise UnknownTool(tools.nearest(conn, new.tool))
    tool, state, cacheable, batch, source, parent, result = found
    if state == "draining":
        raise InvalidInput(f"the tool {new.tool!r} is being drained and takes no new jobs")
    if new.batch is not None and batch is None:
        raise InvalidInput(f"there is no batch {new.batch!r}")
    if new.parent is not None and parent is None:
        raise JobNotFound(f"there is no job {new.parent!r} to be the parent")
    if digest is not None and new.url is not None:
        raise InvalidInput("an input is there already (sha256) or to be fetched (url), not both")
    if digest is not None and source is None:
        raise StoreDamaged(f"the bytes {new.sha256} are not in the store: add them first")
    return _Refs(tool, batch, source, parent, result if cacheable else None)


def _digest(name: str) -> bytes:
    try:
        return bytes.fromhex(name)
    except ValueError as exc:
        raise InvalidInput(f"{name[:80]!r} is no SHA-256 in hex") from exc


def _birth(
    conn: sqlite3.Connection, new: Submission, refs: _Refs
) -> tuple[str, str | None, str | None, int | None, int]:
    """(status, error code, error, result, pages) that the job is born with."""
    if new.refused is not None:
        return ("failed", *new.refused, None, 0)
    if refs.result is None:
        return ("queued", None, None, None, 0)
    (pages,) = conn.execute("SELECT pages FROM results WHERE number = ?", [refs.result]).fetchone()
    return ("completed", None, None, refs.result, pages)


def _earlier(conn: sqlite3.Connection, new: Submission) -> Enqueued | None:
    """The job that this submission's idempotency key made before, with a further token.

    Raises IdempotencyConflict where it was another submission.
    """
    found = conn.execute(
        "SELECT number, id, status, submission_hash FROM jobs"
        " WHERE owner = ? AND idempotency_key = ?",
        (new.owner, new.idempotency_key),
    ).fetchone()
    if found is None:
        return None
    number, job_id, status, before = found
    if before != _hash_of(new):
        raise IdempotencyConflict(
            f"the idempotency key {new.idempotency_key!r} was used before, for another submission"
        )
    token = urlsafe_b64encode(urandom(32)).rstrip(b"=")
    conn.execute(
        "INSERT INTO tokens (job, token_hash) VALUES (?, ?)", (number, sha256(token).digest())
    )
    return Enqueued(job_id, token.decode(), STATES[status], repeated=True)


def _hash_of(submission: Submission) -> bytes:
    """The canonical submission, hashed: what it asks for, not the way that it came."""
    asked = msgspec.structs.asdict(submission)
    for way in ("idempotency_key", "batch", "origin", "media_type"):
        del asked[way]
    if submission.url is None:
        # So that it is what it was before there were addresses: the keys of then are in the file.
        del asked["url"]
    if not submission.presentation:
        del asked["presentation"]
    return sha256(_encode(asked)).digest()


def _secret(submission: Submission, taken: Enqueued) -> tuple[str, str]:
    return _encode(submission.secrets).decode(), taken.job_id
