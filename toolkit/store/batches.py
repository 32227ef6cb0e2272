"""Batches: jobs that were asked for together, with their counts by status."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from secrets import token_hex

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


def create(conn: sqlite3.Connection, *, name: str, now: float, owner: str = "") -> str:
    """A new, empty batch; returns its id."""
    batch_id = "bat_" + token_hex(8)
    conn.execute(
        "INSERT INTO batches (id, name, owner, created_at) VALUES (?, ?, ?, ?)",
        (batch_id, name, owner, now),
    )
    return batch_id


def batch(conn: sqlite3.Connection, batch_id: str) -> BatchRow:
    """The batch of this id.

    Raises JobNotFound where there is none.
    """
    row = conn.execute(f"SELECT {_COLUMNS} FROM batches WHERE id = ?", [batch_id]).fetchone()
    if row is None:
        raise JobNotFound(f"there is no batch {batch_id!r}")
    return _batch_of(row)


def batches(conn: sqlite3.Connection) -> list[BatchRow]:
    """Every batch, in the order of creation."""
    rows = conn.execute(f"SELECT {_COLUMNS} FROM batches ORDER BY number").fetchall()
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
