"""What makes two jobs the same work, so that the second is answered by the first one's result."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import msgspec

__all__ = ["answer", "identity", "remember"]

_encode = msgspec.json.Encoder(order="sorted").encode


def identity(
    *,
    owner: str,
    content: str | None,
    tool: str,
    version: str,
    options: Mapping[str, Any],
) -> bytes:
    """32 bytes that are equal for equal work: the same bytes in, tool, version and options.

    *content* is the input's SHA-256 in hex. Transport options and secrets are no part of it.
    """
    return sha256(_encode((owner, content, tool, version, options))).digest()


def answer(conn: sqlite3.Connection, identity: bytes) -> tuple[int, int] | None:
    """(number of the result, its pages) that answers work of this identity, if one is kept."""
    found: tuple[int, int] | None = conn.execute(
        "SELECT number, pages FROM results"
        " WHERE number = (SELECT result FROM cache WHERE identity = ?)",
        [identity],
    ).fetchone()
    return found


def remember(conn: sqlite3.Connection, identity: bytes, result: int) -> None:
    """Let *result* answer later work of this identity."""
    conn.execute(
        "INSERT OR REPLACE INTO cache (identity, result) VALUES (?, ?)", (identity, result)
    )
