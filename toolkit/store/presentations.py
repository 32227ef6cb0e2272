"""How a job's answer is to be written, where it was asked for: no part of what is done."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

import msgspec

from toolkit.store.jobs import not_found
from toolkit.store.rows import json_of

__all__ = ["TABLE", "keep", "of"]

TABLE = """
CREATE TABLE presentations (
    job INTEGER PRIMARY KEY REFERENCES jobs(number),
    content TEXT NOT NULL
) STRICT"""

_KEEP = """
INSERT OR REPLACE INTO presentations (job, content) SELECT number, ? FROM jobs WHERE id = ?"""
_OF = """
SELECT content FROM jobs LEFT JOIN presentations ON job = number WHERE id = ?"""

_decode = msgspec.json.Decoder(dict[str, Any]).decode


def keep(conn: sqlite3.Connection, *, job_id: str, presentation: Mapping[str, Any]) -> None:
    """Keep how the job's answer is to be written.

    Raises TypeError or ValueError for what JSON cannot say.
    """
    content = json_of(presentation)
    if content is not None:
        conn.execute(_KEEP, (content, job_id))


def of(conn: sqlite3.Connection, job_id: str) -> dict[str, Any]:
    """How the job's answer is to be written; {} where nothing was asked, or it was purged.

    Raises JobNotFound.
    """
    row = conn.execute(_OF, [job_id]).fetchone()
    if row is None:
        raise not_found(job_id)
    return {} if row[0] is None else _decode(row[0])
