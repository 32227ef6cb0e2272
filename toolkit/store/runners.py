"""Who works on this file: each runner's process, its slots, and where it can be rung."""

from __future__ import annotations

import socket
import sqlite3

import msgspec

from toolkit.store.outlook import RUNNER_SILENCE

__all__ = ["RunnerRow", "beat", "dismiss", "enlist", "enlisted", "live", "this_host"]

_COLUMNS = "id, pid, pid_started, host, slots, port, started_at, beat_at"


class RunnerRow(msgspec.Struct, frozen=True):
    """A runner: *pid* and when that process started tell it from a later one of the same number."""

    id: str
    pid: int
    pid_started: float
    host: str
    slots: int
    port: int
    started_at: float
    beat_at: float


def this_host() -> str:
    """The name under which runners of this machine are enlisted."""
    return socket.gethostname()


def enlist(
    conn: sqlite3.Connection,
    *,
    runner: str,
    pid: int,
    pid_started: float,
    host: str,
    slots: int,
    port: int,
    now: float,
) -> None:
    """Write down that *runner* works on this file, and on which UDP port it listens."""
    conn.execute(
        f"INSERT OR REPLACE INTO runners ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (runner, pid, pid_started, host, slots, port, now, now),
    )


def beat(conn: sqlite3.Connection, *, runner: str, now: float) -> bool:
    """Say that *runner* lives; False where it was struck off, and has to enlist again."""
    return conn.execute("UPDATE runners SET beat_at = ? WHERE id = ?", (now, runner)).rowcount == 1


def dismiss(conn: sqlite3.Connection, *, runner: str) -> None:
    """Strike *runner* off; it holds no job any more."""
    conn.execute("DELETE FROM runners WHERE id = ?", [runner])


def live(conn: sqlite3.Connection, *, now: float) -> list[RunnerRow]:
    """The runners that have been heard of lately, the longest-serving first."""
    return _rows(conn, "WHERE beat_at >= ?", [now - RUNNER_SILENCE])


def enlisted(conn: sqlite3.Connection) -> list[RunnerRow]:
    """Every runner that did not take its leave, dead ones too."""
    return _rows(conn, "", [])


def _rows(conn: sqlite3.Connection, where: str, values: list[float]) -> list[RunnerRow]:
    rows = conn.execute(f"SELECT {_COLUMNS} FROM runners {where} ORDER BY started_at, id", values)
    return [RunnerRow(*row) for row in rows.fetchall()]
