"""The schema repeats the table of moves, for whoever writes SQL by hand."""

from __future__ import annotations

import re
import sqlite3

import pytest

from toolkit.jobs.state import BORN, MOVES, JobState
from toolkit.store import queue
from toolkit.store.invariants import violations

LEGAL = {(start, end) for (start, _), end in MOVES.items()}
PAIRS = [(start, end) for start in JobState for end in JobState]

# Whatever else a row of the status must have, so that only the move itself can be at fault.
ROW = {
    "queued": {},
    "processing": {"runner": "r1", "lease_until": 9e9, "started_at": 1.0, "attempt": 1},
    "retrying": {"run_at": 5.0},
    "completed": {"ended_at": 2.0},
    "failed": {"ended_at": 2.0, "error_code": "TIMEOUT"},
    "cancelled": {"ended_at": 2.0},
}
FREE = dict.fromkeys(
    ("runner", "lease_until", "started_at", "run_at", "ended_at", "error_code"), None
)


def bring(shelf, state: JobState) -> str:
    """A job brought to *state* by the verbs."""
    job_id = shelf.add().job_id
    match state:
        case JobState.CANCELLED:
            shelf.cancel(job_id)
        case JobState.PROCESSING:
            shelf.only()
        case JobState.RETRYING:
            shelf.postpone(shelf.only())
        case JobState.COMPLETED:
            shelf.complete(shelf.only(), None)
        case JobState.FAILED:
            shelf.fail(shelf.only())
    assert shelf.job(job_id).status is state
    return job_id


def move_by_hand(conn: sqlite3.Connection, job_id: str, end: JobState) -> None:
    values = {**FREE, **ROW[end], "status": str(end), "claims": 3}
    sets = ", ".join(f"{name} = :{name}" for name in values)
    conn.execute(f"UPDATE jobs SET {sets} WHERE id = :id", {**values, "id": job_id})


@pytest.mark.parametrize(("start", "end"), PAIRS, ids=lambda state: str(state))
def test_sql_allows_the_moves_of_the_table_and_no_other(shelf, start, end):
    job_id = bring(shelf, start)
    conn = shelf.conn
    if (start, end) in LEGAL:
        move_by_hand(conn, job_id, end)
        assert shelf.job(job_id).status is end
    elif start is end:
        # No move at all; what it does to the counters is checked below.
        return
    else:
        with pytest.raises(sqlite3.IntegrityError, match="not a legal move"):
            move_by_hand(conn, job_id, end)
        assert not conn.in_transaction


@pytest.mark.parametrize(
    ("start", "end"),
    [pair for pair in PAIRS if pair not in LEGAL and pair[0] is not pair[1]],
    ids=lambda state: str(state),
)
def test_a_refused_move_leaves_the_row_as_it_was(shelf, start, end):
    """As an analyst would try it: one statement, no transaction around it."""
    job_id = bring(shelf, start)
    before = shelf.conn.execute("SELECT * FROM jobs WHERE id = ?", [job_id]).fetchone()
    with pytest.raises(sqlite3.IntegrityError):
        move_by_hand(shelf.conn, job_id, end)
    after = shelf.conn.execute("SELECT * FROM jobs WHERE id = ?", [job_id]).fetchone()
    assert after == before
    assert violations(shelf.store) == []


@pytest.mark.parametrize("state", list(JobState), ids=str)
def test_a_row_is_born_only_as_the_table_says(shelf, state):
    shelf.add()
    row = {**FREE, **ROW[state], "status": str(state), "id": "job_x", "tool": 1, "claims": 1}
    row |= {"token_hash": b"x", "media_type": "a/b", "created_at": 1.0, "attempt": 1}
    insert = f"INSERT INTO jobs ({', '.join(row)}) VALUES (:{', :'.join(row)})"
    if state in BORN:
        shelf.conn.execute(insert, row)
    else:
        with pytest.raises(sqlite3.IntegrityError, match="not born"):
            shelf.conn.execute(insert, row)
    count = shelf.conn.execute("SELECT count(*) FROM jobs WHERE id = 'job_x'").fetchone()
    assert count == (int(state in BORN),)


@pytest.mark.parametrize("state", list(JobState), ids=str)
def test_a_row_has_what_its_status_says(shelf, state):
    """Every column of the law, taken away or added: the CHECKs refuse it."""
    job_id = bring(shelf, state)
    wrong = {
        "ended_at": None if ROW[state].get("ended_at") else 3.0,
        "runner": None if state is JobState.PROCESSING else "r1",
        "lease_until": None if state is JobState.PROCESSING else 3.0,
        "run_at": None if state is JobState.RETRYING else 3.0,
    }
    if state is not JobState.RETRYING and state is not JobState.COMPLETED:
        wrong["result"] = 1
    shelf.conn.execute("PRAGMA foreign_keys = OFF")
    for column, value in wrong.items():
        with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
            shelf.conn.execute(f"UPDATE jobs SET {column} = ? WHERE id = ?", (value, job_id))


def test_a_job_is_never_deleted(shelf):
    job_id = shelf.add().job_id
    with pytest.raises(sqlite3.IntegrityError, match="tombstone"):
        shelf.conn.execute("DELETE FROM jobs")
    assert shelf.job(job_id).status == "queued"


def test_no_other_status_exists(shelf):
    job_id = shelf.add().job_id
    with pytest.raises(sqlite3.IntegrityError):
        shelf.conn.execute("UPDATE jobs SET status = 'paused' WHERE id = ?", [job_id])


def plans(shelf, act) -> list[str]:
    """The query plans of the statements on jobs that *act* makes, as SQLite runs them."""
    seen: list[str] = []
    shelf.conn.set_trace_callback(seen.append)
    act()
    shelf.conn.set_trace_callback(None)
    found = []
    # Once each: SQLite names a statement again for every trigger that it enters.
    for statement in dict.fromkeys(seen):
        if statement.lstrip().startswith(("SELECT", "UPDATE")) and "jobs" in statement:
            rows = shelf.conn.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall()
            found.append("; ".join(row[3] for row in rows))
    return found


def test_a_claim_reads_the_heads_of_the_queues_from_their_index(shelf):
    shelf.fill("echo", 30)
    shelf.fill("slow", 30)
    (plan,) = [p for p in plans(shelf, lambda: shelf.claim(limit=3)) if "jobs_to_claim" in p]
    assert plan.count("jobs_to_claim") == 2, "one head for each tool"
    assert "SCAN jobs" not in plan


@pytest.mark.parametrize(
    "act",
    [
        lambda shelf: shelf.renew(),
        lambda shelf: shelf.rescue(),
        lambda shelf: shelf.promote(),
        lambda shelf: queue.next_due(shelf.conn),
    ],
    ids=["renew", "rescue", "promote", "next_due"],
)
def test_sweeps_read_only_what_they_are_about(shelf, act):
    """Every look at the jobs goes by an index, of which the ended ones are no part."""
    shelf.fill("echo", 30)
    shelf.claim(limit=5)
    found = plans(shelf, lambda: act(shelf))
    assert found
    used = {name for plan in found for name in re.findall(r"INDEX (jobs_\w+)", plan)}
    assert used
    assert not any(re.search(r"SCAN jobs(?! USING)", plan) for plan in found), found
    for name in used:
        (sql,) = shelf.conn.execute(
            "SELECT sql FROM sqlite_master WHERE name = ?", [name]
        ).fetchone()
        assert re.search("WHERE .*(processing|retrying)", sql), sql
