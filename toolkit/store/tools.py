"""The tools that a file knows: what a runner needs to do their jobs, and whether it may."""

from __future__ import annotations

import difflib
import sqlite3
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import msgspec

from toolkit.errors import UnknownTool
from toolkit.jobs.tool import Limits, Tool

__all__ = ["all_tools", "drain", "nearest", "pause", "register", "resume", "tool"]

_COLUMNS = (
    "name, target, label, concurrency, prior_seconds, version, cacheable, limits, check_target"
)

_REGISTER = f"""
INSERT INTO tools ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (name) DO UPDATE SET
    target = excluded.target, label = excluded.label, concurrency = excluded.concurrency,
    prior_seconds = excluded.prior_seconds, version = excluded.version,
    cacheable = excluded.cacheable, limits = excluded.limits, check_target = excluded.check_target
"""

_NOT_TO_REMEMBER = """
UPDATE jobs SET bypass_cache = 1 WHERE status = 'processing'
    AND tool = (SELECT number FROM tools WHERE name = ?)"""


def register(conn: sqlite3.Connection, tool: Tool) -> None:
    """Write *tool* into the file, in place of an earlier one of its name."""
    row = _row_of(tool)
    known = conn.execute(f"SELECT {_COLUMNS} FROM tools WHERE name = ?", [tool.name]).fetchone()
    if known != row:
        conn.execute(_REGISTER, row)
        # What is being worked on was begun by the earlier version: no answer for the new one.
        conn.execute(_NOT_TO_REMEMBER, [tool.name])


def tool(conn: sqlite3.Connection, name: str) -> Tool:
    """The tool of this name.

    Raises UnknownTool, naming the nearest one that there is.
    """
    row = conn.execute(f"SELECT {_COLUMNS} FROM tools WHERE name = ?", [name]).fetchone()
    if row is None:
        raise UnknownTool(nearest(conn, name))
    return _tool_of(row)


def all_tools(conn: sqlite3.Connection) -> list[Tool]:
    """Every tool of the file, by name."""
    rows = conn.execute(f"SELECT {_COLUMNS} FROM tools ORDER BY name").fetchall()
    return [_tool_of(row) for row in rows]


def pause(conn: sqlite3.Connection, *, name: str) -> None:
    """Claim no more jobs of the tool; those that run go on, and new ones are taken in."""
    _set_state(conn, name, "paused")


def drain(conn: sqlite3.Connection, *, name: str) -> None:
    """Take in no new jobs of the tool; those that are there are worked off."""
    _set_state(conn, name, "draining")


def resume(conn: sqlite3.Connection, *, name: str) -> None:
    """End a pause or a drain."""
    _set_state(conn, name, "open")


def nearest(conn: sqlite3.Connection, name: str) -> str:
    """A message that there is no tool *name*, with the nearest one that there is."""
    names = [known for (known,) in conn.execute("SELECT name FROM tools ORDER BY name").fetchall()]
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    return f"no tool is called {name!r}{hint} (there are: {', '.join(names) or 'none'})"


def _set_state(conn: sqlite3.Connection, name: str, state: str) -> None:
    changed = conn.execute("UPDATE tools SET state = ? WHERE name = ?", (state, name)).rowcount
    if not changed:
        raise UnknownTool(nearest(conn, name))


def _row_of(tool: Tool) -> tuple[Any, ...]:
    return (
        tool.name,
        tool.target,
        tool.label,
        tool.concurrency,
        float(tool.prior_seconds),
        tool.version,
        int(tool.cacheable),
        msgspec.json.encode(asdict(tool.limits), order="sorted").decode(),
        tool.check,
    )


def _tool_of(row: tuple[Any, ...]) -> Tool:
    name, target, label, concurrency, prior, version, cacheable, limits, check = row
    known: Mapping[str, Any] = msgspec.json.decode(limits)
    return Tool(
        name=name,
        target=target,
        label=label,
        concurrency=concurrency,
        prior_seconds=prior,
        version=version,
        cacheable=bool(cacheable),
        limits=Limits(**known),
        check=check,
    )
