"""How often each key was used in the window of time that runs: what outlives a restart."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import TypeAlias

__all__ = ["TABLE", "Windows", "keep", "load"]

Windows: TypeAlias = Mapping[tuple[str, int], tuple[float, int]]
"""(key id, the window's length in seconds) → (when it began, how many requests since)."""

TABLE = """
CREATE TABLE windows (
    key TEXT NOT NULL,
    seconds INTEGER NOT NULL CHECK (seconds > 0),
    began_at REAL NOT NULL,
    count INTEGER NOT NULL CHECK (count >= 0),
    PRIMARY KEY (key, seconds)
) STRICT, WITHOUT ROWID"""

# Of one window the larger count holds, and of two the later window: of several servers that write
# down what they counted, none lets a key begin anew.
_KEEP = """
INSERT INTO windows (key, seconds, began_at, count) VALUES (?, ?, ?, ?)
ON CONFLICT (key, seconds) DO UPDATE SET
    count = CASE WHEN excluded.began_at > began_at THEN excluded.count
        ELSE max(count, excluded.count) END,
    began_at = excluded.began_at
WHERE excluded.began_at >= began_at"""


def load(conn: sqlite3.Connection, *, now: float) -> dict[tuple[str, int], tuple[float, int]]:
    """The windows that have not ended."""
    rows = conn.execute(
        "SELECT key, seconds, began_at, count FROM windows WHERE began_at + seconds > ?", [now]
    ).fetchall()
    return {(key, seconds): (began_at, count) for key, seconds, began_at, count in rows}


def keep(conn: sqlite3.Connection, windows: Windows) -> None:
    """Write *windows* down. One that began earlier than the one that is there is left out."""
    conn.executemany(_KEEP, [(*window, *count) for window, count in windows.items()])
