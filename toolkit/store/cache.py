"""What makes two jobs the same work, so that the second is answered by the first one's result."""

from __future__ import annotations

import sqlite3
from hashlib import sha256

import msgspec

from toolkit.jobs.job import Job, Submission

__all__ = ["identity", "remember"]

_encode = msgspec.json.Encoder(order="sorted").encode


def identity(work: Submission | Job, *, content: str | None) -> bytes:
    """32 bytes that are equal for equal work: owner, input, tool and options.

    *content* is the input's SHA-256 in hex. The tool's version stands beside it in the cache;
    transport options and secrets are no part of it.
    """
    return sha256(_encode((work.owner, content, work.tool, work.options))).digest()


def remember(conn: sqlite3.Connection, identity: bytes, *, version: str, result: int) -> None:
    """Let *result* answer later work of this identity, until the tool has another version."""
    conn.execute(
        "INSERT OR REPLACE INTO cache (identity, version, result) VALUES (?, ?, ?)",
        (identity, version, result),
    )
