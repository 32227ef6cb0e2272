"""What later migrations changed in the tables and triggers of the first one.

A released migration is never edited, so what it made stays as it was written, in ``tables`` and
``laws``, and what became of it stands here.
"""

from __future__ import annotations

from toolkit.jobs.state import FINAL
from toolkit.store.laws import BIRTH, BORN_COMPLETED

__all__ = ["BIRTHS_COUNTED_AT_ONCE", "ENDS_ARE_TOLD", "OWNERS_STATES"]

_WHEN = "AFTER INSERT ON jobs"

BIRTHS_COUNTED_AT_ONCE: tuple[str, ...] = (
    # Three counters a row were a quarter of what a row of many took. ``bulk`` counts its births
    # itself, and says so here, within its own transaction: no other ever sees a 1.
    "ALTER TABLE this_file ADD COLUMN births_counted_at_once INTEGER NOT NULL DEFAULT 0"
    " CHECK (births_counted_at_once IN (0, 1))",
    "DROP TRIGGER jobs_are_born",
    BIRTH.replace(_WHEN, f"{_WHEN} WHEN NOT (SELECT births_counted_at_once FROM this_file)"),
)

# To insert a job here is to tell of its end. A view, and not statements in the triggers below: they
# are entered for jobs too that nobody is told of, and what that takes grows with all that stands
# in them, be it carried out or not.
_ENDS = "CREATE VIEW ends AS SELECT number AS job FROM jobs WHERE ended_at IS NOT NULL"

_NEWS = "job, owner, endpoint, event, url, created_at, due_at"
_EVENT = "'job.' || jobs.status"
# Without a call of a function, such as random(): as any may fail, SQLite would keep a journal of
# every statement that might enter the triggers (2 µs). ``outbox.due`` gives the news its names.
_ENDS_ARE_TOLD = f"""
CREATE TRIGGER ends_are_told INSTEAD OF INSERT ON ends
BEGIN
    INSERT INTO outbox ({_NEWS})
    SELECT jobs.number, jobs.owner, webhooks.number, {_EVENT}, webhooks.url, ended_at, ended_at
    FROM jobs JOIN webhooks ON webhooks.owner = jobs.owner
    WHERE jobs.number = NEW.job AND enabled AND CASE jobs.status
        {" ".join(f"WHEN '{state}' THEN webhooks.{state}" for state in sorted(FINAL))} END;
    INSERT INTO outbox ({_NEWS})
    SELECT number, owner, NULL, {_EVENT}, callback_url, ended_at, ended_at
    FROM jobs WHERE number = NEW.job AND callback_url IS NOT NULL;
END"""

_END_IS_TOLD = """
CREATE TRIGGER jobs_end_is_told AFTER UPDATE OF ended_at ON jobs
WHEN NEW.ended_at IS NOT NULL AND (NEW.callback_url IS NOT NULL
    OR EXISTS (SELECT 1 FROM webhooks WHERE owner = NEW.owner))
BEGIN
    INSERT INTO ends VALUES (NEW.number);
END"""

# Born with an end: as an answer of the cache, or refused.
_BORN_ENDED = (
    BORN_COMPLETED.replace("jobs_are_born_completed", "jobs_are_born_ended")
    .replace("WHEN NEW.result IS NOT NULL", "WHEN NEW.ended_at IS NOT NULL")
    .replace("\nEND", "\n    INSERT INTO ends VALUES (NEW.number);\nEND")
)

ENDS_ARE_TOLD: tuple[str, ...] = (
    _ENDS,
    _ENDS_ARE_TOLD,
    _END_IS_TOLD,
    "DROP TRIGGER jobs_are_born_completed",
    _BORN_ENDED,
)

# What an owner's jobs are counted by: the counters that are kept are those of everybody's.
OWNERS_STATES = "CREATE INDEX jobs_of_owner_by_state ON jobs(owner, status, tool) WHERE owner <> ''"
