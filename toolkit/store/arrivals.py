"""Taking jobs in: one or many, each born queued, completed (cache) or failed (refused)."""

from __future__ import annotations

import sqlite3
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Sequence
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
from toolkit.store import cache, tools
from toolkit.store.rows import STATES, json_of

__all__ = ["Enqueued", "enqueue", "enqueue_many"]


class Enqueued(msgspec.Struct, frozen=True):
    """A job that was taken in; *token* is shown here once and kept only as its hash.

    ``repeated``: the idempotency key was used before for the same submission, and this is that
    job, with a further valid token.
    """

    job_id: str
    token: str
    status: JobState
    repeated: bool = False


class _KnownTool(msgspec.Struct, frozen=True):
    number: int
    version: str
    cacheable: bool


_INSERT = f"""
INSERT OR ROLLBACK INTO jobs (
    id, tool, status, priority, owner, batch, parent, token_hash,
    filename, origin, source, size, media_type, options, limits, created_at, ended_at,
    progress, pages, error_code, error, result, cache_hit, bypass_cache, one_time,
    retain, result_retain, idempotency_key, submission_hash, callback_url
) VALUES ({", ".join("?" * 30)})"""

_KEEP_ASIDE = "INSERT INTO secrets (job, content) SELECT number, ? FROM jobs WHERE id = ?"

_encode = msgspec.json.Encoder(order="sorted").encode


def enqueue(conn: sqlite3.Connection, submission: Submission, *, now: float) -> Enqueued:
    """Take one job in.

    Raises UnknownTool, InvalidOption (options that JSON cannot say), InvalidInput (the tool is
    being drained, no such batch), IdempotencyConflict, StoreDamaged (its bytes were never added).
    """
    arrivals = _Arrivals(conn, now)
    if submission.idempotency_key is not None:
        earlier = arrivals.earlier(submission)
        if earlier is not None:
            return earlier
    row, taken = arrivals.row(submission)
    conn.execute(_INSERT, row)
    if submission.secrets and taken.status is JobState.QUEUED:
        conn.execute(_KEEP_ASIDE, _secret(submission, taken))
    return taken


def enqueue_many(
    conn: sqlite3.Connection, submissions: Iterable[Submission], *, now: float
) -> list[Enqueued]:
    """Take many jobs in, in their order; what ``enqueue`` raises leaves none of them.

    The caller's transaction is what makes that so.
    """
    arrivals = _Arrivals(conn, now)
    rows: list[Sequence[Any]] = []
    secrets: list[tuple[str, str]] = []
    answers: list[Enqueued] = []
    for submission in submissions:
        if submission.idempotency_key is not None:
            # A key may be used twice within the list: the rows before it must be there to see.
            conn.executemany(_INSERT, rows)
            rows.clear()
            earlier = arrivals.earlier(submission)
            if earlier is not None:
                answers.append(earlier)
                continue
        row, taken = arrivals.row(submission)
        rows.append(row)
        answers.append(taken)
        if submission.secrets and taken.status is JobState.QUEUED:
            secrets.append(_secret(submission, taken))
    conn.executemany(_INSERT, rows)
    conn.executemany(_KEEP_ASIDE, secrets)
    return answers


class _Arrivals:
    """What one transaction's submissions refer to, each looked up once."""

    def __init__(self, conn: sqlite3.Connection, now: float) -> None:
        self._conn = conn
        self._now = now
        self._tools: dict[str, _KnownTool] = {}
        self._batches: dict[str, int] = {}
        self._blobs: dict[str, int] = {}

    def row(self, submission: Submission) -> tuple[Sequence[Any], Enqueued]:
        """The values of _INSERT for *submission*, and what its sender is told."""
        new = submission
        tool = self._tool(new.tool)
        chance = urandom(40)
        token = urlsafe_b64encode(chance[8:]).rstrip(b"=")
        job_id = "job_" + chance[:8].hex()
        try:
            options, limits = json_of(new.options), json_of(new.limits)
        except (TypeError, ValueError) as exc:
            raise InvalidOption(f"options that JSON cannot say: {exc}") from exc
        status, error_code, error, result, pages = self._birth(new, tool)
        keyed = new.idempotency_key is not None
        row = (
            *(job_id, tool.number, status, new.priority, new.owner),
            None if new.batch is None else self._batch(new.batch),
            None if new.parent is None else self._parent(new.parent),
            sha256(token).digest(),
            *(new.filename, new.origin or None),
            None if new.sha256 is None else self._blob(new.sha256),
            *(new.size, new.media_type, options, limits, self._now),
            None if status == "queued" else self._now,
            *(100.0 if result else 0.0, pages, error_code, error, result, result is not None),
            *(new.bypass_cache, new.one_time, new.retain, new.result_retain),
            *(new.idempotency_key, _hash_of(new) if keyed else None, new.callback_url),
        )
        return row, Enqueued(job_id, token.decode(), STATES[status])

    def earlier(self, submission: Submission) -> Enqueued | None:
        """The job that this submission's idempotency key made before, with a further token.

        Raises IdempotencyConflict where it was another submission.
        """
        found = self._conn.execute(
            "SELECT number, id, status, submission_hash FROM jobs"
            " WHERE owner = ? AND idempotency_key = ?",
            (submission.owner, submission.idempotency_key),
        ).fetchone()
        if found is None:
            return None
        number, job_id, status, before = found
        if before != _hash_of(submission):
            raise IdempotencyConflict(
                f"the idempotency key {submission.idempotency_key!r} was used before, for another"
                " submission"
            )
        token = urlsafe_b64encode(urandom(32)).rstrip(b"=")
        self._conn.execute(
            "INSERT INTO tokens (job, token_hash) VALUES (?, ?)", (number, sha256(token).digest())
        )
        return Enqueued(job_id, token.decode(), STATES[status], repeated=True)

    def _birth(
        self, new: Submission, tool: _KnownTool
    ) -> tuple[str, str | None, str | None, int | None, int]:
        """(status, error code, error, result, pages) that the job is born with."""
        if new.refused is not None:
            return ("failed", *new.refused, None, 0)
        if tool.cacheable and not (new.bypass_cache or new.one_time or new.secrets):
            found = cache.answer(
                self._conn,
                cache.identity(
                    owner=new.owner,
                    content=new.sha256,
                    tool=new.tool,
                    version=tool.version,
                    options=new.options,
                ),
            )
            if found is not None:
                return ("completed", None, None, *found)
        return ("queued", None, None, None, 0)

    def _tool(self, name: str) -> _KnownTool:
        known = self._tools.get(name)
        if known is None:
            found = self._conn.execute(
                "SELECT number, version, cacheable, state FROM tools WHERE name = ?", [name]
            ).fetchone()
            if found is None:
                raise UnknownTool(tools.nearest(self._conn, name))
            number, version, cacheable, state = found
            if state == "draining":
                raise InvalidInput(f"the tool {name!r} is being drained and takes no new jobs")
            known = self._tools[name] = _KnownTool(number, version, bool(cacheable))
        return known

    def _batch(self, batch_id: str) -> int:
        known = self._batches.get(batch_id)
        if known is None:
            found = self._conn.execute(
                "SELECT number FROM batches WHERE id = ?", [batch_id]
            ).fetchone()
            if found is None:
                raise InvalidInput(f"there is no batch {batch_id!r}")
            known = self._batches[batch_id] = int(found[0])
        return known

    def _parent(self, job_id: str) -> int:
        found = self._conn.execute("SELECT number FROM jobs WHERE id = ?", [job_id]).fetchone()
        if found is None:
            raise JobNotFound(f"there is no job {job_id!r} to be the parent")
        return int(found[0])

    def _blob(self, name: str) -> int:
        known = self._blobs.get(name)
        if known is None:
            try:
                digest = bytes.fromhex(name)
            except ValueError as exc:
                raise InvalidInput(f"{name[:80]!r} is no SHA-256 in hex") from exc
            found = self._conn.execute(
                "SELECT number FROM blobs WHERE sha256 = ?", [digest]
            ).fetchone()
            if found is None:
                raise StoreDamaged(f"the bytes {name} are not in the store: add them first")
            known = self._blobs[name] = int(found[0])
        return known


def _hash_of(submission: Submission) -> bytes:
    """The canonical submission, hashed: what it asks for, not the way that it came."""
    asked = msgspec.structs.asdict(submission)
    for way in ("idempotency_key", "batch", "origin", "media_type"):
        del asked[way]
    return sha256(_encode(asked)).digest()


def _secret(submission: Submission, taken: Enqueued) -> tuple[str, str]:
    return _encode(submission.secrets).decode(), taken.job_id
