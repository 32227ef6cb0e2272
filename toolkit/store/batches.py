"""Batches: jobs that were asked for together, with their counts by status."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from hashlib import sha256
from secrets import token_bytes

import msgspec

from toolkit.errors import JobNotFound
from toolkit.jobs.state import JobState

__all__ = ["BatchRow", "batch", "batches", "create"]

_COLUMNS = "id, name, owner, created_at, " + ", ".join(JobState)


class BatchRow(msgspec.Struct, frozen=True, kw_only=True):
    """A batch and how many of its jobs stand where."""

    id: str
    name: str
    owner: str
    created_at: float
    counts: Mapping[str, int]
    """A number for every status, 0 where there is none."""


def create(
    conn: sqlite3.Connection, *, name: str, now: float, owner: str = "", key: str | None = None
) -> str:
    """A new, empty batch; returns its id. The same *key* of the same owner is the same batch."""
    chance = token_bytes(8) if key is None else sha256(f"{owner}\0{key}".encode()).digest()[:8]
    batch_id = "bat_" + chance.hex()
    conn.execute(
        "INSERT INTO batches (id, name, owner, created_at) VALUES (?, ?, ?, ?)"
        + ("" if key is None else " ON CONFLICT (id) DO NOTHING"),
        (batch_id, name, owner, now),
    )
    return batch_id


def batch(conn: sqlite3.Connection, batch_id: str, *, owner: str | None = None) -> BatchRow:
    """The batch of this id.

    Raises JobNotFound where there is none, or it is another owner's.
    """
    row = conn.execute(f"SELECT {_COLUMNS} FROM batches WHERE id = ?", [batch_id]).fetchone()
    found = None if row is None else _batch_of(row)
    if found is None or (owner is not None and found.owner != owner):
        raise JobNotFound(f"there is no batch {batch_id!r}")
    return found


def batches(conn: sqlite3.Connection, *, owner: str | None = None) -> list[BatchRow]:
    """Every batch, or those of *owner*, in the order of creation."""
    where, values = ("", []) if owner is None else (" WHERE owner = ?", [owner])
    rows = conn.execute(f"SELECT {_COLUMNS} FROM batches{where} ORDER BY number", values).fetchall()
    return [_batch_of(row) for row in rows]


def _batch_of(row: tuple[str, ...]) -> BatchRow:
    batch_id, name, owner, created_at, *counts = row
    return BatchRow(
        id=batch_id,
        name=name,
        owner=owner,
        created_at=float(created_at),
        counts={str(state): int(count) for state, count in zip(JobState, counts, strict=True)},
    )
