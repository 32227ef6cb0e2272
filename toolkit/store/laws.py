"""The triggers: what no statement may do, and what follows from what it does.

The legal moves are written by ``jobs.state`` alone; the SQL here is derived from its table.
Counters, reference counts and usage follow a job's row, so that no verb can forget them.
"""

from __future__ import annotations

from toolkit.jobs.state import BORN, MOVES, JobState
from toolkit.store.tables import is_one_of

__all__ = ["BIRTH", "BORN_COMPLETED", "TRIGGERS", "legal_moves"]


def legal_moves() -> str:
    """The SQL expression that OLD.status → NEW.status is a move of the table."""
    ends: dict[str, set[str]] = {}
    for (start, _), end in MOVES.items():
        ends.setdefault(start, set()).add(end)
    branches = (
        f"WHEN '{start}' THEN {is_one_of('NEW.status', ends[start])}" for start in sorted(ends)
    )
    return f"CASE OLD.status {' '.join(branches)} ELSE FALSE END"


_COUNT_IN = ", ".join(f"{s} = {s} + (NEW.status = '{s}')" for s in JobState)
_COUNT_MOVE = ", ".join(
    f"{s} = {s} + (NEW.status = '{s}') - (OLD.status = '{s}')" for s in JobState
)

_DAY = "CAST(NEW.ended_at / 86400 AS INTEGER)"
_SAME = f"day = {_DAY} AND owner = NEW.owner AND tool = NEW.tool"
# Neither ON CONFLICT DO UPDATE nor date(): as either may fail, SQLite would keep a journal of
# every statement that might enter the trigger (5 µs an enqueue, measured).
_USED = f"""
    INSERT INTO usage (day, owner, tool) SELECT {_DAY}, NEW.owner, NEW.tool
    WHERE NEW.status = 'completed' AND NOT EXISTS (SELECT 1 FROM usage WHERE {_SAME});
    UPDATE usage SET
        jobs = jobs + 1, pages = pages + NEW.pages,
        cached_jobs = cached_jobs + NEW.cache_hit,
        cached_pages = cached_pages + NEW.cache_hit * NEW.pages
    WHERE NEW.status = 'completed' AND {_SAME};"""

# The law stands in the WHERE of the first counter, and what is rare in triggers that are rarely
# entered: a trigger costs 1 µs to enter, and a statement of its own for the law as much again.
BIRTH = f"""
CREATE TRIGGER jobs_are_born AFTER INSERT ON jobs
BEGIN
    UPDATE tools SET {_COUNT_IN} WHERE number =
        CASE WHEN {is_one_of("NEW.status", BORN)} THEN NEW.tool
        ELSE RAISE(ROLLBACK, 'a job is not born in this status') END;
    UPDATE batches SET {_COUNT_IN} WHERE number = NEW.batch;
    UPDATE blobs SET uses = uses + 1, pinned = 0 WHERE number = NEW.source;
END"""

BORN_COMPLETED = f"""
CREATE TRIGGER jobs_are_born_completed AFTER INSERT ON jobs WHEN NEW.result IS NOT NULL
BEGIN
    UPDATE results SET uses = uses + 1 WHERE number = NEW.result;
    {_USED}
END"""

_MOVE = f"""
CREATE TRIGGER jobs_move AFTER UPDATE OF status ON jobs
BEGIN
    UPDATE tools SET {_COUNT_MOVE} WHERE number =
        CASE WHEN {legal_moves()} THEN NEW.tool
        ELSE RAISE(ROLLBACK, 'not a legal move') END;
    UPDATE batches SET {_COUNT_MOVE} WHERE number = NEW.batch;
END"""

_END = f"""
CREATE TRIGGER jobs_end AFTER UPDATE OF ended_at ON jobs WHEN NEW.ended_at IS NOT NULL
BEGIN
    {_USED}
    DELETE FROM secrets WHERE job = NEW.number;
END"""

_STAY = """
CREATE TRIGGER jobs_stay BEFORE DELETE ON jobs
BEGIN
    SELECT RAISE(ROLLBACK, 'jobs are purged, never deleted: a tombstone stays');
END"""

# The row is gone at once; the erasure stays open until no frame of the WAL has it either.
_SECRETS_ERASED = """
CREATE TRIGGER secrets_are_erased AFTER DELETE ON secrets
BEGIN
    INSERT OR ROLLBACK INTO erasures (job, subject, asked_at)
    SELECT number, 'secrets', coalesce(ended_at, created_at) FROM jobs WHERE number = OLD.job;
END"""

_SOURCE = """
CREATE TRIGGER sources_are_counted AFTER UPDATE OF source ON jobs
WHEN OLD.source IS NOT NEW.source
BEGIN
    UPDATE blobs SET uses = uses + 1 WHERE number = NEW.source;
    UPDATE blobs SET uses = uses - 1 WHERE number = OLD.source;
END"""

_RESULT = """
CREATE TRIGGER results_are_counted AFTER UPDATE OF result ON jobs
WHEN OLD.result IS NOT NEW.result
BEGIN
    UPDATE results SET uses = uses + 1 WHERE number = NEW.result;
    UPDATE results SET uses = uses - 1 WHERE number = OLD.result;
    DELETE FROM results WHERE number = OLD.result AND uses = 0;
END"""

_RESULT_BORN = """
CREATE TRIGGER results_hold_their_blob AFTER INSERT ON results WHEN NEW.blob IS NOT NULL
BEGIN
    UPDATE blobs SET uses = uses + 1, pinned = 0 WHERE number = NEW.blob;
END"""

_RESULT_GONE = """
CREATE TRIGGER results_take_their_rows_along AFTER DELETE ON results
BEGIN
    UPDATE OR ROLLBACK blobs SET uses = uses - 1 WHERE number = OLD.blob;
    DELETE FROM blocks WHERE result = OLD.number;
    DELETE FROM pages WHERE result = OLD.number;
    DELETE FROM documents WHERE result = OLD.number;
    DELETE FROM cache WHERE result = OLD.number;
END"""

TRIGGERS: tuple[str, ...] = (
    BIRTH,
    BORN_COMPLETED,
    _MOVE,
    _END,
    _STAY,
    _SECRETS_ERASED,
    _SOURCE,
    _RESULT,
    _RESULT_BORN,
    _RESULT_GONE,
)
