"""Taking many jobs in at once, for a fifth of what each would take alone.

Most submissions of a crowd are alike: of one tool and one batch, waiting to be done. Those become
rows of one statement, many at a time, and are counted together. Whatever is special about one (an
idempotency key, a secret, a presentation, an answer in the cache, a fault) is left to
``arrivals.enqueue``.
"""

from __future__ import annotations

import sqlite3
from base64 import urlsafe_b64encode
from collections import Counter
from collections.abc import Iterable, Iterator
from hashlib import sha256
from os import urandom
from typing import Any, Final

from toolkit.jobs.job import Submission
from toolkit.jobs.state import JobState
from toolkit.store import cache
from toolkit.store.arrivals import Enqueued, enqueue
from toolkit.store.rows import json_of

__all__ = ["enqueue_many"]

_SHARED = (
    *("tool", "batch", "parent", "priority", "owner", "bypass_cache", "one_time"),
    *("retain", "result_retain", "callback_url", "created_at"),
)
_OWN = (
    "id",
    "token_hash",
    "filename",
    "origin",
    "source",
    "size",
    "media_type",
    "options",
    "limits",
)

_TOGETHER: Final = 16
"""Rows of one statement. Of 8 and more each takes the same (measured)."""
_CHANCE: Final = 40
"""Bytes of chance in a job: 8 for its id, 32 for its token."""
_MOST: Final = 1024
"""Rows that are gathered before they are written."""


def _insert(rows: int) -> str:
    """The statement for *rows* rows, whose first parameters are those that they share."""
    width, shared = len(_OWN), ", ".join(f"?{n}" for n in range(1, len(_SHARED) + 1))
    own = (
        ", ".join(f"?{len(_SHARED) + 1 + row * width + n}" for n in range(width))
        for row in range(rows)
    )
    values = ", ".join(f"('queued', {shared}, {each})" for each in own)
    columns = ", ".join(("status", *_SHARED, *_OWN))
    return f"INSERT OR ROLLBACK INTO jobs ({columns}) VALUES {values}"


_INSERT_ONE = _insert(1)
_INSERT_TOGETHER = _insert(_TOGETHER)

_REFERRED = """
SELECT state, number,
    (SELECT number FROM batches WHERE id = ?), (SELECT number FROM jobs WHERE id = ?)
FROM tools WHERE name = ?"""
_AT_ONCE = "UPDATE this_file SET births_counted_at_once = ?"
_COUNT = "UPDATE {} SET queued = queued + ? WHERE number = ?"
_USE = "UPDATE blobs SET uses = uses + ?, pinned = 0 WHERE number = ?"


def enqueue_many(
    conn: sqlite3.Connection, submissions: Iterable[Submission], *, now: float
) -> list[Enqueued]:
    """Take many jobs in, in their order; what ``enqueue`` raises leaves none of them.

    The caller's transaction is what makes that so.
    """
    taken: list[Enqueued] = []
    crowd = _Crowd(conn, now)
    for new in submissions:
        alike = crowd.admitted(new)
        if alike is None:
            # First, for the order, and since a key may be used twice within the list.
            crowd.write()
            taken.append(enqueue(conn, new, now=now))
        else:
            taken.append(alike)
    crowd.write()
    return taken


def _chances() -> Iterator[bytes]:
    """Chance for one job after the other, never the same twice; drawn for 64 at a time."""
    while True:
        drawn = urandom(64 * _CHANCE)
        yield from (drawn[at : at + _CHANCE] for at in range(0, len(drawn), _CHANCE))


class _Crowd:
    """Submissions that are alike, until they are written."""

    def __init__(self, conn: sqlite3.Connection, now: float) -> None:
        self.conn = conn
        self.now = now
        # What the file says of what they refer to: nothing of it changes before the list ends.
        self._blobs: dict[str | None, int | None] = {None: None}
        self._places: dict[tuple[Any, ...], tuple[Any, ...] | None] = {}
        self._cached = conn.execute("SELECT EXISTS (SELECT 1 FROM cache)").fetchone() == (1,)
        self._shared: tuple[Any, ...] = ()
        self._rows: list[Any] = []
        self._count = 0
        self._chances = _chances()
        self._uses: Counter[int] = Counter()

    def admitted(self, new: Submission) -> Enqueued | None:
        """The job that *new* becomes; None where it is not like the others."""
        if new.idempotency_key or new.refused or new.secrets or new.url or new.presentation:
            return None
        try:
            shared, source = self._place_of(new), self._source_of(new)
            options, limits = json_of(new.options), json_of(new.limits)
            if shared is None or (self._cached and self._has_answer(new)):
                return None
        except (KeyError, TypeError, ValueError):
            return None
        if shared is not self._shared or self._count == _MOST:
            self.write()
            self._shared = shared
        chance = next(self._chances)
        job_id = "job_" + chance[:8].hex()
        token = urlsafe_b64encode(chance[8:]).rstrip(b"=")
        self._rows += (
            *(job_id, sha256(token).digest(), new.filename, new.origin or None, source),
            *(new.size, new.media_type, options, limits),
        )
        self._count += 1
        if source is not None:
            self._uses[source] += 1
        return Enqueued(job_id, token.decode(), JobState.QUEUED)

    def write(self) -> None:
        """Write what was gathered, and count it."""
        conn, count = self.conn, self._count
        if not count:
            return
        try:
            conn.execute(_AT_ONCE, [1])
            self._insert()
            tool, batch, *_ = self._shared
            conn.execute(_COUNT.format("tools"), (count, tool))
            conn.execute(_COUNT.format("batches"), (count, batch))
            conn.executemany(_USE, [(uses, blob) for blob, uses in self._uses.items()])
            conn.execute(_AT_ONCE, [0])
        except BaseException:
            # Rows that nobody counted are not committed, whatever the caller makes of the error.
            if conn.in_transaction:
                conn.execute("ROLLBACK")
            raise
        self._rows, self._count, self._uses = [], 0, Counter()

    def _insert(self) -> None:
        shared, rows, step = self._shared, self._rows, _TOGETHER * len(_OWN)
        whole = len(rows) - len(rows) % step
        together = ((*shared, *rows[at : at + step]) for at in range(0, whole, step))
        self.conn.executemany(_INSERT_TOGETHER, together)
        alone = range(whole, len(rows), len(_OWN))
        self.conn.executemany(_INSERT_ONE, ((*shared, *rows[at : at + len(_OWN)]) for at in alone))

    def _place_of(self, new: Submission) -> tuple[Any, ...] | None:
        """The values of _SHARED, one object for all that share them; None for a wrong one."""
        asked = (
            *(new.tool, new.batch, new.parent, new.priority, new.owner, new.bypass_cache),
            *(new.one_time, new.retain, new.result_retain, new.callback_url),
        )
        place = self._places.get(asked)
        if place is None:
            place = self._places[asked] = self._found(*asked[:3], asked[3:])
        return place

    def _found(
        self, tool: str, batch: str | None, parent: str | None, rest: tuple[Any, ...]
    ) -> tuple[Any, ...] | None:
        found = self.conn.execute(_REFERRED, (batch, parent, tool)).fetchone()
        if found is None:
            return None
        state, number, batch_number, parent_number = found
        if (batch_number is None and batch is not None) or state == "draining":
            return None
        if parent_number is None and parent is not None:
            return None
        return (number, batch_number, parent_number, *rest, self.now)

    def _source_of(self, new: Submission) -> int | None:
        """The number of the input's blob. Raises KeyError, ValueError where it is not there."""
        if new.sha256 not in self._blobs:
            digest = bytes.fromhex(new.sha256 or "")
            row = self.conn.execute(
                "SELECT number FROM blobs WHERE sha256 = ?", [digest]
            ).fetchone()
            if row is None:
                raise KeyError(new.sha256)
            self._blobs[new.sha256] = row[0]
        return self._blobs[new.sha256]

    def _has_answer(self, new: Submission) -> bool:
        identity = cache.identity(new, content=new.sha256)
        known = "SELECT 1 FROM cache WHERE identity = ?"
        return self.conn.execute(known, [identity]).fetchone() is not None
