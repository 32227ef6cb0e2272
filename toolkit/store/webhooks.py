"""Where an owner wants to be told of the ends of jobs, and the secrets that the news is signed by.

A secret is kept as it is: who signs has to have it. Of each endpoint two hold at most, the newest
and, for a while after a rotation, the one before.
"""

from __future__ import annotations

import sqlite3
from base64 import b64encode
from collections.abc import Iterable
from math import isfinite
from secrets import token_bytes, token_hex
from typing import Any, Final

import msgspec

from toolkit.errors import InvalidOption, JobNotFound
from toolkit.jobs.state import FINAL

__all__ = [
    "EVENTS",
    "INDEXES",
    "TABLES",
    "TEST_EVENT",
    "Endpoint",
    "callback_secrets",
    "change",
    "create",
    "disable",
    "endpoint",
    "endpoints",
    "remove",
    "rotate",
    "rotate_callback_secret",
    "secrets_of",
]

_ENDS: Final = tuple(sorted(map(str, FINAL)))
EVENTS: Final = tuple(f"job.{state}" for state in _ENDS)
"""What an endpoint can ask to be told."""
TEST_EVENT: Final = "webhook.test"

OVERLAP: Final = 86_400.0
"""Seconds for which the secret before the newest still holds."""

MOST_ENDPOINTS: Final = 50
"""Endpoints of one owner: every one is a row for every job that ends."""
LONGEST: Final = 2_000
"""Characters of an address or a description."""

_COLUMNS = ",\n    ".join(f"{state} INTEGER NOT NULL CHECK ({state} IN (0, 1))" for state in _ENDS)

# A column an event: to look for one in a text would be to call a function (see ``amendments``).
_WEBHOOKS = f"""
CREATE TABLE webhooks (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    owner TEXT NOT NULL,
    url TEXT NOT NULL,
    {_COLUMNS},
    description TEXT NOT NULL,
    enabled INTEGER NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),
    created_at REAL NOT NULL,
    disabled_at REAL,
    disabled_why TEXT,
    CHECK (enabled = (disabled_at IS NULL))
) STRICT"""

# Of an endpoint, or (without one) of the owner, for the addresses that single jobs name.
_SECRETS = """
CREATE TABLE signing_secrets (
    number INTEGER PRIMARY KEY,
    endpoint INTEGER REFERENCES webhooks(number),
    owner TEXT NOT NULL,
    secret TEXT NOT NULL,
    created_at REAL NOT NULL,
    expires_at REAL
) STRICT"""

TABLES = (_WEBHOOKS, _SECRETS)
INDEXES = (
    "CREATE INDEX webhooks_of_owner ON webhooks(owner)",
    "CREATE INDEX signing_secrets_of ON signing_secrets(owner, endpoint)",
)

_FIELDS = (
    "id, owner, url, description, enabled, created_at, disabled_at, disabled_why,"
    f" {', '.join(_ENDS)}"
)
_INSERT = f"""
INSERT INTO webhooks (id, owner, url, description, created_at, {", ".join(_ENDS)})
VALUES (?, ?, ?, ?, ?, {", ".join("?" * len(_ENDS))})"""
_CHANGE = """
UPDATE webhooks SET url = coalesce(?, url), description = coalesce(?, description) WHERE id = ?"""
_ASK = f"UPDATE webhooks SET {', '.join(f'{state} = ?' for state in _ENDS)} WHERE id = ?"
_ENABLE = """
UPDATE webhooks SET enabled = 1, disabled_at = NULL, disabled_why = NULL WHERE id = ?"""
_DISABLE = """
UPDATE webhooks SET enabled = 0, disabled_at = ?, disabled_why = ? WHERE id = ? AND enabled"""

# What still waited for an endpoint that takes nothing any more is not tried again; nothing is kept
# of it where its job was purged.
_WAITS = "due_at IS NOT NULL AND endpoint = (SELECT number FROM webhooks WHERE id = ?)"
_GIVE_UP = f"UPDATE outbox SET due_at = NULL WHERE {_WAITS}"
_DROP_PURGED = f"""
DELETE FROM outbox WHERE {_WAITS}
    AND EXISTS (SELECT 1 FROM jobs WHERE jobs.number = outbox.job AND purged_at IS NOT NULL)"""

_OF = "owner = ?1 AND endpoint IS (SELECT number FROM webhooks WHERE id = ?2)"
_KNOWN = f"""
SELECT secret FROM signing_secrets
WHERE {_OF} AND (expires_at IS NULL OR expires_at > ?3) ORDER BY number DESC"""
_EXPIRED = f"""
DELETE FROM signing_secrets WHERE {_OF} AND expires_at IS NOT NULL"""
_EXPIRES = f"""
UPDATE signing_secrets SET expires_at = ?3 WHERE {_OF}"""
_ADD = """
INSERT INTO signing_secrets (owner, endpoint, created_at, secret)
VALUES (?, (SELECT number FROM webhooks WHERE id = ?), ?, ?)"""


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """An address that is told of *events*, unless it was disabled, by a person or for its answers.

    The jobs are those of *owner*.
    """

    id: str
    owner: str
    url: str
    events: tuple[str, ...]
    description: str
    enabled: bool
    created_at: float
    disabled_at: float | None
    disabled_why: str | None


def create(
    conn: sqlite3.Connection,
    *,
    owner: str,
    url: str,
    events: Iterable[str],
    now: float,
    description: str = "",
) -> tuple[Endpoint, str]:
    """A new endpoint, and the secret that its events are signed with.

    Whether the address may be dialled is the caller's to know. Raises InvalidOption for an event
    that there is not, and where the owner has too many endpoints.
    """
    _refuse_long(url, description)
    asked = _asked(events)
    if len(endpoints(conn, owner=owner)) >= MOST_ENDPOINTS:
        raise InvalidOption(f"an owner has at most {MOST_ENDPOINTS} webhooks: remove one first")
    webhook_id = "whk_" + token_hex(8)
    conn.execute(_INSERT, (webhook_id, owner, url, description, now, *asked))
    return endpoint(conn, webhook_id, owner=owner), _new_secret(conn, owner, webhook_id, now)


def endpoints(conn: sqlite3.Connection, *, owner: str | None = None) -> list[Endpoint]:
    """The owner's endpoints, or everybody's, in the order in which they were made."""
    where, values = ("", []) if owner is None else (" WHERE owner = ?", [owner])
    rows = conn.execute(f"SELECT {_FIELDS} FROM webhooks{where} ORDER BY number", values)
    return [_endpoint_of(row) for row in rows.fetchall()]


def endpoint(conn: sqlite3.Connection, webhook_id: str, *, owner: str | None = None) -> Endpoint:
    """The endpoint of this id.

    Raises JobNotFound where there is none, or it is another owner's.
    """
    row = conn.execute(f"SELECT {_FIELDS} FROM webhooks WHERE id = ?", [webhook_id]).fetchone()
    found = None if row is None else _endpoint_of(row)
    if found is None or (owner is not None and found.owner != owner):
        raise JobNotFound(f"there is no webhook {webhook_id[:80]!r}")
    return found


def change(
    conn: sqlite3.Connection,
    webhook_id: str,
    *,
    owner: str,
    now: float,
    url: str | None = None,
    events: Iterable[str] | None = None,
    enabled: bool | None = None,
    description: str | None = None,
) -> Endpoint:
    """Change what is not None; what is due goes to the new address.

    Raises JobNotFound, InvalidOption.
    """
    before = endpoint(conn, webhook_id, owner=owner)
    _refuse_long(url or "", description or "")
    conn.execute(_CHANGE, (url, description, webhook_id))
    if events is not None:
        conn.execute(_ASK, (*_asked(events), webhook_id))
    if url is not None:
        conn.execute(
            "UPDATE outbox SET url = ? WHERE due_at IS NOT NULL"
            " AND endpoint = (SELECT number FROM webhooks WHERE id = ?)",
            (url, webhook_id),
        )
    if enabled is True:
        conn.execute(_ENABLE, [webhook_id])
    elif enabled is False and before.enabled:
        disable(conn, webhook_id, now=now, why="disabled by its owner")
    return endpoint(conn, webhook_id, owner=owner)


def disable(conn: sqlite3.Connection, webhook_id: str, *, now: float, why: str) -> None:
    """Tell the endpoint nothing more, nor what waited for it; nothing where it is disabled."""
    conn.execute(_DISABLE, (now, why, webhook_id))
    conn.execute(_DROP_PURGED, [webhook_id])
    conn.execute(_GIVE_UP, [webhook_id])


def remove(conn: sqlite3.Connection, webhook_id: str, *, owner: str) -> None:
    """Forget the endpoint, its secrets and its deliveries.

    Raises JobNotFound.
    """
    endpoint(conn, webhook_id, owner=owner)
    (number,) = conn.execute("SELECT number FROM webhooks WHERE id = ?", [webhook_id]).fetchone()
    for table in ("outbox", "signing_secrets"):
        conn.execute(f"DELETE FROM {table} WHERE endpoint = ?", [number])
    conn.execute("DELETE FROM webhooks WHERE number = ?", [number])


def rotate(
    conn: sqlite3.Connection, webhook_id: str, *, owner: str, now: float, overlap: float = OVERLAP
) -> str:
    """A new secret; the one before holds for *overlap* seconds more, any older one no more.

    Raises JobNotFound, InvalidOption.
    """
    endpoint(conn, webhook_id, owner=owner)
    return _rotated(conn, owner, webhook_id, now, overlap)


def secrets_of(conn: sqlite3.Connection, *, endpoint: str, now: float) -> tuple[str, ...]:
    """The endpoint's secrets that hold, the newest first; () where there is no such endpoint."""
    row = conn.execute("SELECT owner FROM webhooks WHERE id = ?", [endpoint]).fetchone()
    return () if row is None else _holding(conn, row[0], endpoint, now)


def callback_secrets(conn: sqlite3.Connection, *, owner: str, now: float) -> tuple[str, ...]:
    """The secrets that the owner's jobs sign with, the newest first, for addresses of their own.

    The first call makes one: so it is called within ``store.write()``.
    """
    return _holding(conn, owner, None, now) or (_new_secret(conn, owner, None, now),)


def rotate_callback_secret(
    conn: sqlite3.Connection, *, owner: str, now: float, overlap: float = OVERLAP
) -> str:
    """As ``rotate``, for the secret that the owner's jobs sign with."""
    return _rotated(conn, owner, None, now, overlap)


def _holding(
    conn: sqlite3.Connection, owner: str, webhook_id: str | None, now: float
) -> tuple[str, ...]:
    rows = conn.execute(_KNOWN, (owner, webhook_id, now)).fetchall()
    return tuple(secret for (secret,) in rows)


def _rotated(
    conn: sqlite3.Connection, owner: str, webhook_id: str | None, now: float, overlap: float
) -> str:
    if not (isfinite(overlap) and overlap >= 0):
        raise InvalidOption(f"an overlap of {overlap} seconds: it is 0 or more")
    conn.execute(_EXPIRED, (owner, webhook_id))
    conn.execute(_EXPIRES, (owner, webhook_id, now + overlap))
    return _new_secret(conn, owner, webhook_id, now)


def _new_secret(conn: sqlite3.Connection, owner: str, webhook_id: str | None, now: float) -> str:
    secret = "whsec_" + b64encode(token_bytes(32)).decode()
    conn.execute(_ADD, (owner, webhook_id, now, secret))
    return secret


def _asked(events: Iterable[str]) -> tuple[bool, ...]:
    """Whether each of EVENTS is among *events*."""
    asked = set(events)
    for event in sorted(asked.difference(EVENTS)):
        raise InvalidOption(f"{event[:80]!r} is no event; there are: {', '.join(EVENTS)}")
    if not asked:
        raise InvalidOption(f"a webhook needs an event to be told of: {', '.join(EVENTS)}")
    return tuple(event in asked for event in EVENTS)


def _refuse_long(*texts: str) -> None:
    if any(len(text) > LONGEST for text in texts):
        raise InvalidOption(f"a webhook's texts have up to {LONGEST:,} characters")


def _endpoint_of(row: tuple[Any, ...]) -> Endpoint:
    webhook_id, owner, url, description, enabled, created_at, disabled_at, why, *asked = row
    return Endpoint(
        id=webhook_id,
        owner=owner,
        url=url,
        events=tuple(event for event, is_asked in zip(EVENTS, asked, strict=True) if is_asked),
        description=description,
        enabled=enabled == 1,
        created_at=created_at,
        disabled_at=disabled_at,
        disabled_why=why,
    )
