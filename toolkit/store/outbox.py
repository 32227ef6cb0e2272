"""The news that is to be sent: a row for each delivery, from the end of a job until it arrived.

The rows are made by triggers (``amendments``), in the transaction in which the job ends: no end is
without its news, and no news without its end. A row waits while it has a time at which it is due.
"""

from __future__ import annotations

import sqlite3
from secrets import randbits, token_hex
from typing import Any, Final, Literal

import msgspec

from toolkit.errors import InvalidInput, JobNotFound
from toolkit.store.webhooks import TEST_EVENT, endpoint

__all__ = [
    "INDEXES",
    "KEPT_SECONDS",
    "TABLES",
    "TRIGGERS",
    "Delivery",
    "Tried",
    "backlog",
    "delivered",
    "due",
    "failed",
    "forget",
    "is_forgettable",
    "log",
    "next_due",
    "put_off",
    "redeliver",
    "test_event",
    "written",
]

KEPT_SECONDS: Final = 30 * 86_400.0
"""How long a delivery that has ended stays in the log."""

_FORGOTTEN_AT_ONCE: Final = 1_000

# In place of the one of the first migration, which nothing was ever written to. When it is first
# taken, a row gets its id, and a number by chance: one that is erased while it is under way must
# not become another's, as those that SQLite counts do.
_OUTBOX = """
CREATE TABLE outbox (
    number INTEGER PRIMARY KEY,
    delivery_id TEXT UNIQUE,
    job INTEGER REFERENCES jobs(number),
    owner TEXT NOT NULL DEFAULT '',
    endpoint INTEGER REFERENCES webhooks(number),
    event TEXT NOT NULL,
    url TEXT NOT NULL,
    body BLOB,
    created_at REAL NOT NULL,
    due_at REAL,
    attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    delivered_at REAL,
    CHECK (due_at IS NULL OR delivered_at IS NULL)
) STRICT"""

_TRIES = """
CREATE TABLE tries (
    number INTEGER PRIMARY KEY,
    delivery INTEGER NOT NULL REFERENCES outbox(number),
    attempt INTEGER NOT NULL,
    at REAL NOT NULL,
    status INTEGER,
    error TEXT,
    seconds REAL NOT NULL
) STRICT"""

TABLES = (_OUTBOX, _TRIES)
INDEXES = (
    "CREATE INDEX outbox_due ON outbox(due_at) WHERE due_at IS NOT NULL",
    "CREATE INDEX outbox_of_job ON outbox(job)",
    "CREATE INDEX outbox_of_owner ON outbox(owner, created_at)",
    "CREATE INDEX outbox_of_endpoint ON outbox(endpoint, created_at) WHERE endpoint IS NOT NULL",
    "CREATE INDEX outbox_ended ON outbox(created_at) WHERE due_at IS NULL",
    "CREATE INDEX tries_of_delivery ON tries(delivery)",
)
TRIGGERS = (
    """
CREATE TRIGGER deliveries_take_their_tries_along AFTER DELETE ON outbox
BEGIN
    DELETE FROM tries WHERE delivery = OLD.number;
END""",
)

_DELIVERY = """
number, delivery_id, owner, (SELECT id FROM jobs WHERE jobs.number = outbox.job),
    (SELECT id FROM webhooks WHERE webhooks.number = outbox.endpoint),
    event, url, body, attempts, created_at"""
_DUE = f"""
UPDATE outbox SET due_at = ?2,
    number = CASE WHEN delivery_id IS NULL THEN random() & 0x3fffffffffffffff ELSE number END,
    delivery_id = coalesce(delivery_id, 'dlv_' || lower(hex(randomblob(16))))
WHERE number IN
    (SELECT number FROM outbox WHERE due_at <= ?1 ORDER BY due_at LIMIT ?3)
RETURNING {_DELIVERY}"""

# What was purged meanwhile is not written down again.
_WRITTEN = """
UPDATE outbox SET body = ? WHERE number = ? AND body IS NULL
    AND NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.number = outbox.job AND purged_at IS NOT NULL)"""

_TRIED = """
INSERT INTO tries (delivery, attempt, at, status, error, seconds)
SELECT number, attempts, ?, ?, ?, ? FROM outbox WHERE number = ?"""
_COUNT = "UPDATE outbox SET attempts = attempts + 1 WHERE number = ?"
_DELIVERED = """
UPDATE outbox SET due_at = NULL, delivered_at = ? WHERE number = ? AND delivered_at IS NULL"""
_AGAIN = """
UPDATE outbox SET due_at = CASE WHEN endpoint IS NULL
    OR (SELECT enabled FROM webhooks WHERE webhooks.number = endpoint) THEN ? END
WHERE number = ? AND due_at IS NOT NULL"""
_ENDED_OF_PURGED = """
DELETE FROM outbox WHERE number = ? AND due_at IS NULL
    AND EXISTS (SELECT 1 FROM jobs WHERE jobs.number = outbox.job AND purged_at IS NOT NULL)"""

_TEST = """
INSERT INTO outbox (number, delivery_id, owner, endpoint, event, url, created_at, due_at)
SELECT ?, ?, owner, number, ?, url, ?, ? FROM webhooks WHERE id = ?"""
_REDELIVER = """
UPDATE outbox SET due_at = ?, delivered_at = NULL, attempts = 0,
    url = coalesce((SELECT webhooks.url FROM webhooks WHERE webhooks.number = endpoint), url)
WHERE delivery_id = ?"""

_LOG = """
SELECT delivery_id, event, webhooks.id, jobs.id, outbox.url, coalesce(tries.attempt, 0),
    coalesce(tries.at, outbox.created_at), tries.status, tries.error, tries.seconds,
    CASE WHEN due_at IS NOT NULL THEN 'pending' WHEN delivered_at IS NOT NULL THEN 'delivered'
        ELSE 'failed' END
FROM outbox
LEFT JOIN tries ON tries.delivery = outbox.number
LEFT JOIN webhooks ON webhooks.number = outbox.endpoint
LEFT JOIN jobs ON jobs.number = outbox.job
WHERE {where} AND delivery_id IS NOT NULL
ORDER BY outbox.created_at DESC, outbox.number, tries.number DESC LIMIT ?"""

_FORGET = f"""
DELETE FROM outbox WHERE number IN (
    SELECT number FROM outbox WHERE due_at IS NULL AND created_at < ? LIMIT {_FORGOTTEN_AT_ONCE})"""


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """News for one address. *id* is the same at every try; *attempts* were made before.

    *body* is what is sent, None until it is written for the first try, and again after a purge.
    """

    number: int
    id: str
    owner: str
    job_id: str | None
    endpoint: str | None
    event: str
    url: str
    body: bytes | None
    attempts: int
    created_at: float


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """One try at a delivery, with how the delivery stands now; attempt 0 is before the first try.

    *status* is what was answered, None where nothing was; *error* says why it did not arrive.
    """

    delivery: str
    event: str
    endpoint: str | None
    job_id: str | None
    url: str
    attempt: int
    at: float
    status: int | None
    error: str | None
    seconds: float | None
    state: Literal["pending", "delivered", "failed"]


def due(conn: sqlite3.Connection, *, now: float, limit: int, lease: float) -> list[Delivery]:
    """Take up to *limit* deliveries whose time has come, the longest due first.

    They are due again after *lease* seconds, should nothing be heard of them until then. Within
    ``store.write()`` no two are given the same.
    """
    rows = conn.execute(_DUE, (now, now + lease, limit)).fetchall()
    names = Delivery.__struct_fields__
    found = [Delivery(**dict(zip(names, row, strict=True))) for row in rows]
    # RETURNING keeps no order.
    return sorted(found, key=lambda delivery: (delivery.created_at, delivery.number))


def written(conn: sqlite3.Connection, *, number: int, body: bytes) -> bool:
    """Keep *body*, so that every try sends the same bytes, whatever becomes of the job.

    False where it is not kept: there is one already, or the delivery or its job was erased.
    """
    return conn.execute(_WRITTEN, (body, number)).rowcount == 1


def delivered(
    conn: sqlite3.Connection, *, number: int, now: float, status: int, seconds: float
) -> None:
    """The delivery arrived. Where its job was purged, nothing is kept of it."""
    conn.execute(_COUNT, [number])
    conn.execute(_TRIED, (now, status, None, seconds, number))
    conn.execute(_DELIVERED, (now, number))
    conn.execute(_ENDED_OF_PURGED, [number])


def failed(
    conn: sqlite3.Connection,
    *,
    number: int,
    now: float,
    status: int | None,
    error: str,
    due_at: float | None,
    seconds: float,
) -> None:
    """A try failed; the next is due at *due_at*, or the delivery is given up (None).

    It is given up too where its endpoint was disabled, and stays delivered where another try, whose
    lease ran out, arrived after all.
    """
    conn.execute(_COUNT, [number])
    conn.execute(_TRIED, (now, status, error, seconds, number))
    conn.execute(_AGAIN, (due_at, number))
    conn.execute(_ENDED_OF_PURGED, [number])


def put_off(conn: sqlite3.Connection, *, number: int, due_at: float) -> None:
    """Give a delivery back that was taken and not tried: it is due at *due_at*, nothing counts."""
    conn.execute(
        "UPDATE outbox SET due_at = ? WHERE number = ? AND due_at IS NOT NULL", (due_at, number)
    )


def test_event(conn: sqlite3.Connection, *, endpoint: str, owner: str, now: float) -> str:
    """Send the endpoint an event that says nothing; returns the delivery's id.

    A disabled one gets it too, once. Raises JobNotFound.
    """
    _endpoint(conn, endpoint, owner=owner)
    delivery_id = "dlv_" + token_hex(16)
    conn.execute(_TEST, (randbits(62), delivery_id, TEST_EVENT, now, now, endpoint))
    return delivery_id


# Within functions whose parameter has the same name.
_endpoint = endpoint


def backlog(conn: sqlite3.Connection) -> int:
    """How many deliveries are still to be made."""
    (count,) = conn.execute("SELECT count(*) FROM outbox WHERE due_at IS NOT NULL").fetchone()
    return int(count)


def next_due(conn: sqlite3.Connection) -> float | None:
    """When the next delivery is due; None where none waits."""
    (at,) = conn.execute("SELECT min(due_at) FROM outbox WHERE due_at IS NOT NULL").fetchone()
    return None if at is None else float(at)


def log(
    conn: sqlite3.Connection,
    *,
    owner: str,
    endpoint: str | None = None,
    job_id: str | None = None,
    limit: int = 100,
) -> list[Tried]:
    """The owner's tries, the newest delivery first; one under way for the first time too."""
    where, values = ["outbox.owner = ?"], [owner]
    if endpoint is not None:
        where.append("endpoint = (SELECT number FROM webhooks WHERE id = ?)")
        values.append(endpoint)
    if job_id is not None:
        where.append("job = (SELECT number FROM jobs WHERE id = ?)")
        values.append(job_id)
    rows = conn.execute(_LOG.format(where=" AND ".join(where)), (*values, limit)).fetchall()
    names = Tried.__struct_fields__
    return [Tried(**dict(zip(names, row, strict=True))) for row in rows]


def redeliver(conn: sqlite3.Connection, delivery_id: str, *, owner: str, now: float) -> None:
    """Let the delivery be tried again, at once and with all its attempts before it.

    Raises JobNotFound where the owner has no such delivery, InvalidInput where its endpoint is
    disabled.
    """
    row: tuple[Any, ...] | None = conn.execute(
        "SELECT enabled FROM outbox LEFT JOIN webhooks ON webhooks.number = endpoint"
        " WHERE delivery_id = ? AND outbox.owner = ?",
        (delivery_id, owner),
    ).fetchone()
    if row is None:
        raise JobNotFound(f"there is no delivery {delivery_id[:80]!r}")
    if row[0] == 0:
        raise InvalidInput("the webhook of this delivery is disabled: enable it first")
    conn.execute(_REDELIVER, (now, delivery_id))


def is_forgettable(conn: sqlite3.Connection, *, before: float) -> bool:
    """Whether ``forget`` would find anything."""
    old = "SELECT 1 FROM outbox WHERE due_at IS NULL AND created_at < ? LIMIT 1"
    return conn.execute(old, [before]).fetchone() is not None


def forget(conn: sqlite3.Connection, *, before: float) -> int:
    """Drop up to 1,000 deliveries that have ended and are older than *before*; returns how many."""
    return conn.execute(_FORGET, [before]).rowcount
