"""What must hold in every file at every moment, and the one function that checks it.

The CHECKs and triggers of the schema keep most of it; this looks at the file as it is, so that
what a bug, a crash or a foreign hand did is found. Tests and ``pagequeue doctor`` use it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping

from toolkit.jobs.state import FINAL, JobState
from toolkit.store import blobs
from toolkit.store.store import Store
from toolkit.store.tables import is_one_of

__all__ = ["violations"]

_SHOWN = 5
"""Offenders that one sentence names."""


def _counters(table: str, column: str) -> Iterator[tuple[str, str]]:
    for state in JobState:
        yield (
            f"{table}: the counter of {state} jobs is not their number",
            f"SELECT name || ': ' || {state} FROM {table} WHERE {state} <> (SELECT count(*)"
            f" FROM jobs WHERE {column} = {table}.number AND status = '{state}')",
        )


_LAWS: Mapping[str, str] = {
    "a status that is none": f"SELECT id FROM jobs WHERE NOT {is_one_of('status', JobState)}",
    "a job that ended without a time, or the other way round": (
        f"SELECT id FROM jobs WHERE {is_one_of('status', FINAL)} <> (ended_at IS NOT NULL)"
    ),
    "a lease without a running job, or the other way round": (
        "SELECT id FROM jobs WHERE (status = 'processing') <> (runner IS NOT NULL)"
        " OR (runner IS NULL) <> (lease_until IS NULL)"
    ),
    "a lease of a runner that is not enlisted": (
        "SELECT jobs.id FROM jobs WHERE runner IS NOT NULL"
        " AND runner NOT IN (SELECT id FROM runners)"
    ),
    "a retrying job without the time it is due": (
        "SELECT id FROM jobs WHERE (status = 'retrying') <> (run_at IS NOT NULL)"
    ),
    "a failed job without a code": (
        "SELECT id FROM jobs WHERE status = 'failed' AND error_code IS NULL"
    ),
    "a result of a job that is not completed": (
        "SELECT id FROM jobs WHERE result IS NOT NULL AND status <> 'completed'"
    ),
    "a job that succeeded twice": (
        "SELECT jobs.id FROM attempts JOIN jobs ON jobs.number = attempts.job"
        " WHERE outcome = 'succeeded' GROUP BY job HAVING count(*) > 1"
    ),
    "a job that succeeded and is not completed": (
        "SELECT jobs.id FROM attempts JOIN jobs ON jobs.number = attempts.job"
        " WHERE outcome = 'succeeded' AND status <> 'completed'"
    ),
    "a completed job that nobody worked on and no cache answered": (
        "SELECT id FROM jobs WHERE status = 'completed' AND NOT cache_hit AND NOT EXISTS"
        " (SELECT 1 FROM attempts WHERE job = jobs.number AND outcome = 'succeeded')"
    ),
    "attempts that are not one a claim": (
        "SELECT id FROM jobs WHERE claims - (status = 'processing') <>"
        " (SELECT count(*) FROM attempts WHERE job = jobs.number)"
    ),
    "a blob whose uses are not counted": (
        "SELECT lower(hex(sha256)) FROM blobs WHERE uses <>"
        " (SELECT count(*) FROM jobs WHERE source = blobs.number)"
        " + (SELECT count(*) FROM results WHERE blob = blobs.number)"
    ),
    "a result whose uses are not counted": (
        "SELECT number FROM results WHERE uses <>"
        " (SELECT count(*) FROM jobs WHERE result = results.number)"
    ),
    "a result that no job has": "SELECT number FROM results WHERE uses = 0",
    "a cached answer without a result": (
        "SELECT result FROM cache WHERE result NOT IN (SELECT number FROM results)"
    ),
    "a document without a result": (
        "SELECT result FROM documents WHERE result NOT IN (SELECT number FROM results)"
    ),
    "pages without a document": (
        "SELECT DISTINCT result FROM pages WHERE result NOT IN (SELECT result FROM documents)"
    ),
    "blocks without a document": (
        "SELECT DISTINCT result FROM blocks WHERE result NOT IN (SELECT result FROM documents)"
    ),
    "usage that is not that of the completed jobs": (
        "SELECT owner || ' ' || tool FROM"
        " (SELECT owner, tool, 1 AS jobs, pages FROM jobs WHERE status = 'completed'"
        "  UNION ALL SELECT owner, tool, -jobs, -pages FROM usage)"
        " GROUP BY owner, tool HAVING sum(jobs) <> 0 OR sum(pages) <> 0"
    ),
    "content left in a purged job": (
        "SELECT id FROM jobs WHERE purged_at IS NOT NULL AND coalesce(filename, origin, options,"
        " limits, error, source, result, callback_url, idempotency_key, submission_hash)"
        " IS NOT NULL"
    ),
    "a delivery left of a purged job, other than news of it without content": (
        "SELECT jobs.id FROM outbox JOIN jobs ON jobs.number = outbox.job"
        " WHERE purged_at IS NOT NULL AND (due_at IS NULL OR body IS NOT NULL)"
    ),
    "how the answer of a purged job was to be written": (
        "SELECT jobs.id FROM presentations JOIN jobs ON jobs.number = presentations.job"
        " WHERE purged_at IS NOT NULL"
    ),
    "a claim on a result that is not there": (
        "SELECT jobs.id FROM fetches JOIN jobs ON jobs.number = fetches.job WHERE result IS NULL"
    ),
    "a try at a delivery that is not there": (
        "SELECT delivery FROM tries WHERE delivery NOT IN (SELECT number FROM outbox)"
    ),
    "news for another owner's webhook": (
        "SELECT delivery_id FROM outbox JOIN webhooks ON webhooks.number = outbox.endpoint"
        " WHERE outbox.owner <> webhooks.owner"
    ),
    "a review left of a purged job": (
        "SELECT jobs.id FROM reviews JOIN jobs ON jobs.number = reviews.job"
        " WHERE purged_at IS NOT NULL"
    ),
    "an error text left of a purged job": (
        "SELECT jobs.id FROM attempts JOIN jobs ON jobs.number = attempts.job"
        " WHERE purged_at IS NOT NULL AND attempts.error IS NOT NULL"
    ),
    "an address of a job that has its input, or was purged": (
        "SELECT jobs.id FROM addresses JOIN jobs ON jobs.number = addresses.job"
        " WHERE source IS NOT NULL OR purged_at IS NOT NULL OR status = 'completed'"
    ),
    "the origin of a purged job": (
        "SELECT jobs.id FROM origins JOIN jobs ON jobs.number = origins.job"
        " WHERE purged_at IS NOT NULL"
    ),
    "a secret of a job that ended": (
        "SELECT jobs.id FROM secrets JOIN jobs ON jobs.number = secrets.job"
        " WHERE ended_at IS NOT NULL"
    ),
    "births that are not counted row by row": (
        "SELECT 'this file' FROM this_file WHERE births_counted_at_once"
    ),
    **dict(_counters("tools", "tool")),
    **dict(_counters("batches", "batch")),
}


def violations(store: Store) -> list[str]:
    """What is wrong with the file and its blobs, a sentence each; empty where it is sound.

    Runners may be at work meanwhile: the database is looked at in one snapshot, and a file of
    the blobs' folder counts only if no row came or went for it.
    """
    try:
        conn = store.read()
    except sqlite3.DatabaseError as exc:
        return [f"the database cannot be read: {exc}"]
    found, readable = _damage(conn)
    if not readable:
        return found
    conn.execute("BEGIN")
    try:
        for law, offenders in _LAWS.items():
            rows = conn.execute(f"{offenders} LIMIT {_SHOWN + 1}").fetchall()
            if rows:
                found.append(f"{law}: {_named([str(row[0]) for row in rows])}")
    finally:
        conn.execute("COMMIT")
    return [*found, *_missing(store, conn), *_strays(store)]


def _named(offenders: list[str]) -> str:
    more = " and more" if len(offenders) > _SHOWN else ""
    return ", ".join(offenders[:_SHOWN]) + more


def _damage(conn: sqlite3.Connection) -> tuple[list[str], bool]:
    """What SQLite itself has to say, and whether the rest can be asked at all."""
    try:
        rows = [text for (text,) in conn.execute("PRAGMA quick_check").fetchall()]
        lost = conn.execute("PRAGMA foreign_key_check").fetchall()
    except sqlite3.DatabaseError as exc:
        return [f"the database cannot be read: {exc}"], False
    damage = [f"the database is damaged: {text}" for text in rows if text != "ok"]
    dangling = [f"{table}: row {row} points at nothing in {to}" for table, row, to, _ in lost]
    return damage + dangling, not damage


def _missing(store: Store, conn: sqlite3.Connection) -> list[str]:
    """Blobs whose file is not there, or has another size."""
    missing = []
    rows = conn.execute("SELECT sha256, size FROM blobs WHERE uses > 0").fetchall()
    for digest, size in rows:
        name = digest.hex()
        file = blobs.path(store, name)
        if not file.exists():
            gone = "SELECT 1 FROM blobs WHERE sha256 = ? AND uses > 0"
            if conn.execute(gone, [digest]).fetchone():
                missing.append(f"a blob's file is missing: {name}")
        elif file.stat().st_size != size:
            missing.append(f"a blob's file has not {size} bytes: {name}")
    return missing


def _strays(store: Store) -> list[str]:
    """Files that no row speaks of: what a crash left, until the next sweep."""
    conn = store.read()
    known = "SELECT 1 FROM blobs WHERE sha256 = ?"
    return [
        f"a file that no blob has: {file.name}"
        for file in sorted((store.files / "blobs").glob("*/*"))
        if len(file.name) == 64
        and not conn.execute(known, [bytes.fromhex(file.name)]).fetchone()
        and file.exists()
    ]
