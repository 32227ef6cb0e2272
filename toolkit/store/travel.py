"""A copy of a store that goes to somebody else: what travels in it, and what never does.

Tables are named that travel; what is in no list stays at home, so that a table that comes later
does not slip out. The same is done to a copy that arrives, whose sender may mean harm.
"""

from __future__ import annotations

import sqlite3
from secrets import token_bytes, token_hex

from toolkit.jobs.state import WAITING, JobState
from toolkit.store import tools
from toolkit.store.tables import is_one_of

__all__ = ["STAY", "TRAVEL", "narrow", "odd_rows", "schema_of", "strip", "without_sources"]

TRAVEL = frozenset(
    (
        *("tools", "batches", "jobs", "attempts", "blobs", "results", "cache", "documents"),
        *("pages", "blocks", "usage", "erasures", "reviews", "presentations"),
        *("this_file", "_sqlite_migrations"),
    )
)
STAY = frozenset(
    (
        *("secrets", "tokens", "runners", "addresses", "origins", "fetches", "keys", "windows"),
        *("webhooks", "signing_secrets", "outbox", "tries"),
    )
)
"""Secrets, what belongs to one machine, and what would act in somebody else's name."""

_SQLITES = frozenset(("sqlite_sequence", "sqlite_stat1", "sqlite_stat4"))
_PICKLED = "pickle:"
_IS_WAITING = is_one_of("status", WAITING)

# As if it had not been claimed: no attempt was ended, and none is begun.
_PUT_BACK = """
UPDATE jobs SET status = 'queued', runner = NULL, lease_until = NULL, started_at = NULL,
    attempt = attempt - 1, claims = claims - 1, progress = 0, progress_at = NULL, stage = NULL,
    page = 0
WHERE status = 'processing'"""

_CANCEL = f"""
UPDATE jobs SET status = 'cancelled', ended_at = ?, run_at = NULL WHERE {_IS_WAITING}"""

_FORGET = """
UPDATE jobs SET token_hash = randomblob(32), callback_url = NULL, idempotency_key = NULL,
    submission_hash = NULL"""

_LEAVING = "(SELECT number FROM jobs WHERE batch IS NOT ?1)"
_OF_JOBS = (
    "attempts",
    "reviews",
    "secrets",
    "tokens",
    "outbox",
    "addresses",
    "origins",
    "erasures",
    "presentations",
    "fetches",
)

_COUNTED = ", ".join(
    f"{state} = (SELECT count(*) FROM jobs WHERE {{column}} = {{table}}.number"
    f" AND status = '{state}')"
    for state in JobState
)

_USAGE = """
INSERT INTO usage (day, owner, tool, jobs, pages, cached_jobs, cached_pages)
SELECT CAST(ended_at / 86400 AS INTEGER), owner, tool, count(*), sum(pages), sum(cache_hit),
    sum(cache_hit * pages)
FROM jobs WHERE status = 'completed' GROUP BY 1, 2, 3"""


# Far enough, and no calendar ends before the sum of two.
_LATEST = 100_000_000_000
_TIMES = {
    "jobs": (
        *("created_at", "started_at", "ended_at", "run_at", "progress_at", "fetched_at"),
        *("source_erased_at", "result_erased_at", "purged_at", "retain", "result_retain"),
    ),
    "attempts": ("started_at", "ended_at"),
    "batches": ("created_at",),
    "results": ("created_at",),
    "reviews": ("created_at",),
}

_ODD_PRESENTATION = """
SELECT 1 FROM presentations WHERE NOT (json_valid(content) AND json_type(content) = 'object')
LIMIT 1"""


def strip(conn: sqlite3.Connection, *, now: float) -> None:
    """Take out of the copy behind *conn* what does not travel, in one transaction.

    Running jobs wait again, those whose input was still to be fetched are cancelled (an address may
    hold secrets), tools forget who vouched for them, and functions that stand in the file are
    dropped. Its bytes are still in free pages: VACUUM follows.
    """
    conn.execute("BEGIN IMMEDIATE")
    conn.execute(_PUT_BACK)
    conn.execute(f"{_CANCEL} AND number IN (SELECT job FROM addresses)", [now])
    for table in sorted(_tables(conn) - TRAVEL):
        conn.execute(f'DELETE FROM "{table}"')
    conn.execute(_FORGET)
    for name, target in conn.execute("SELECT name, target FROM tools").fetchall():
        plain = _PICKLED if target.startswith(_PICKLED) else target.partition("#")[0]
        conn.execute("UPDATE tools SET target = ? WHERE name = ?", (plain, name))
    conn.execute(
        "UPDATE this_file SET identity = ?, secret = ?, births_counted_at_once = 0",
        (token_hex(16), token_bytes(32)),
    )
    conn.execute("DELETE FROM blobs WHERE uses = 0")
    conn.execute("UPDATE blobs SET pinned = 0")
    conn.execute("UPDATE erasures SET done_at = ? WHERE done_at IS NULL", [now])
    conn.execute("COMMIT")


def narrow(conn: sqlite3.Connection, *, batch: str) -> None:
    """Take every job out of the copy that is not of *batch* (its id), in one transaction."""
    (number,) = conn.execute("SELECT number FROM batches WHERE id = ?", [batch]).fetchone()
    conn.execute("BEGIN IMMEDIATE")
    (law,) = conn.execute("SELECT sql FROM sqlite_master WHERE name = 'jobs_stay'").fetchone()
    conn.execute("DROP TRIGGER jobs_stay")
    # The triggers let go of blobs, results and their rows.
    conn.execute("UPDATE jobs SET source = NULL, result = NULL WHERE batch IS NOT ?", [number])
    for table in _OF_JOBS:
        conn.execute(f"DELETE FROM {table} WHERE job IN {_LEAVING}", [number])
    conn.execute("DELETE FROM jobs WHERE batch IS NOT ?", [number])
    conn.execute(law)
    conn.execute("UPDATE jobs SET parent = NULL WHERE parent NOT IN (SELECT number FROM jobs)")
    conn.execute("DELETE FROM batches WHERE number <> ?", [number])
    for table, column in (("tools", "tool"), ("batches", "batch")):
        conn.execute(f"UPDATE {table} SET {_COUNTED.format(table=table, column=column)}")
    conn.execute("DELETE FROM usage")
    conn.execute(_USAGE)
    conn.execute("COMMIT")


def without_sources(conn: sqlite3.Connection, *, now: float) -> None:
    """Take the inputs out of the copy, in one transaction; jobs that waited are cancelled."""
    conn.execute("BEGIN IMMEDIATE")
    conn.execute(_PUT_BACK)
    conn.execute(_CANCEL, [now])
    conn.execute(
        "UPDATE jobs SET source = NULL, source_erased_at = ? WHERE source IS NOT NULL", [now]
    )
    conn.execute("COMMIT")


def schema_of(conn: sqlite3.Connection) -> list[tuple[str, str, str, str]]:
    """What is in a database besides rows: (type, name, table, SQL) of each part, sorted."""
    rows = conn.execute("SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_master")
    return sorted(
        # Written by sqlite-utils, in the words of its own version.
        (kind, name, table, "" if "_sqlite_migrations" in name and kind != "trigger" else sql)
        for kind, name, table, sql in rows.fetchall()
        if not _is_sqlites(kind, name, sql)
    )


def _is_sqlites(kind: str, name: str, sql: str) -> bool:
    return (kind == "index" and not sql) or (kind == "table" and name in _SQLITES)


def odd_rows(conn: sqlite3.Connection) -> str | None:
    """Which rows could not be read, or None: options that are no JSON, times that no calendar has,
    tools that are none."""
    for column in ("options", "limits"):
        plain = f"json_valid({column}) AND json_type({column}) = 'object'"
        odd = f"{column} IS NOT NULL AND NOT ({plain})"
        if conn.execute(f"SELECT 1 FROM jobs WHERE {odd} LIMIT 1").fetchone():
            return f"a job's {column} are not JSON"
    for table, times in _TIMES.items():
        odd = " OR ".join(f"{time} NOT BETWEEN 0 AND {_LATEST}" for time in times)
        if conn.execute(f"SELECT 1 FROM {table} WHERE {odd} LIMIT 1").fetchone():
            return f"a time in {table} is none"
    if conn.execute(_ODD_PRESENTATION).fetchone():
        return "how a job's answer is to be written is not JSON"
    try:
        tools.all_tools(conn)
    except (ValueError, TypeError) as exc:
        return f"a tool cannot be read: {exc}"
    return None


def _tables(conn: sqlite3.Connection) -> set[str]:
    return {name for kind, name, _, _ in schema_of(conn) if kind == "table"}
