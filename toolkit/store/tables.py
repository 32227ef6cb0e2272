"""The tables of a store, as SQL. Times are POSIX seconds, sizes bytes, pages count from 1.

``number`` is a table's integer key; ``id`` is what the world outside sees. The states that a
CHECK names come from ``jobs.state``, so that the law is written once.
"""

from __future__ import annotations

from collections.abc import Iterable

from toolkit.jobs.state import FINAL, JobState

__all__ = [
    "ADDRESSES",
    "INDEXES",
    "MAX_INTERRUPTIONS",
    "OUTCOMES",
    "TABLES",
    "TOOL_STATES",
    "is_one_of",
]

MAX_INTERRUPTIONS = 20
"""Runners that may die under a job before the job is taken to be the cause."""

TOOL_STATES = ("open", "paused", "draining")
ERASED = ("job", "source", "result", "secrets")
OUTCOMES = ("succeeded", "failed", "postponed", "cancelled", "interrupted")


def is_one_of(column: str, words: Iterable[str]) -> str:
    """The SQL condition that *column* is one of *words*.

    Not IN: SQLite makes a table of its list for every statement, which takes 3 µs.

    >>> is_one_of("state", ["open", "paused"])
    "(state = 'open' OR state = 'paused')"
    """
    return "(" + " OR ".join(f"{column} = '{word}'" for word in sorted(words)) + ")"


# One column a state, so that a move is one UPDATE of one row, and a board reads one row.
_COUNTS = ",\n    ".join(
    f"{state} INTEGER NOT NULL DEFAULT 0 CHECK ({state} >= 0)" for state in JobState
)

_THIS_FILE = """
CREATE TABLE this_file (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    identity TEXT NOT NULL,
    secret BLOB NOT NULL
) STRICT"""

_TOOLS = f"""
CREATE TABLE tools (
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    label TEXT NOT NULL,
    target TEXT NOT NULL,
    check_target TEXT,
    concurrency INTEGER NOT NULL CHECK (concurrency >= 0),
    prior_seconds REAL NOT NULL,
    version TEXT NOT NULL,
    cacheable INTEGER NOT NULL CHECK (cacheable IN (0, 1)),
    limits TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'open' CHECK {is_one_of("state", TOOL_STATES)},
    {_COUNTS}
) STRICT"""

_BATCHES = f"""
CREATE TABLE batches (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    owner TEXT NOT NULL DEFAULT '',
    created_at REAL NOT NULL,
    {_COUNTS}
) STRICT"""

_HELD = "runner IS NOT NULL AND lease_until IS NOT NULL"
_FREE = "runner IS NULL AND lease_until IS NULL"

# What is true of a job in each status. One CASE, since SQLite then weighs one branch a statement
# and not all of them (2 µs an insert, measured).
_LAW: dict[JobState, str] = {
    JobState.QUEUED: f"{_FREE} AND run_at IS NULL AND started_at IS NULL AND result IS NULL",
    JobState.PROCESSING: (
        f"{_HELD} AND run_at IS NULL AND started_at IS NOT NULL AND attempt > 0 AND result IS NULL"
    ),
    JobState.RETRYING: f"{_FREE} AND run_at IS NOT NULL AND result IS NULL",
    JobState.COMPLETED: f"{_FREE} AND run_at IS NULL AND error_code IS NULL",
    JobState.FAILED: f"{_FREE} AND run_at IS NULL AND error_code IS NOT NULL AND result IS NULL",
    JobState.CANCELLED: f"{_FREE} AND run_at IS NULL AND result IS NULL",
}
_PARAGRAPHS = "\n        ".join(
    (
        "CASE status",
        *(
            f"WHEN '{state}' THEN ended_at IS {'NOT ' if state in FINAL else ''}NULL AND {law}"
            for state, law in _LAW.items()
        ),
        "ELSE FALSE END",
    )
)

_JOBS = f"""
CREATE TABLE jobs (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    tool INTEGER NOT NULL REFERENCES tools(number),
    status TEXT NOT NULL,
    priority INTEGER NOT NULL DEFAULT 0,
    owner TEXT NOT NULL DEFAULT '',
    batch INTEGER REFERENCES batches(number),
    parent INTEGER REFERENCES jobs(number),
    token_hash BLOB NOT NULL,
    filename TEXT,
    origin TEXT,
    source INTEGER REFERENCES blobs(number),
    size INTEGER NOT NULL DEFAULT 0,
    media_type TEXT NOT NULL,
    options TEXT,
    limits TEXT,
    created_at REAL NOT NULL,
    started_at REAL,
    ended_at REAL,
    run_at REAL,
    runner TEXT,
    lease_until REAL,
    attempt INTEGER NOT NULL DEFAULT 0,
    claims INTEGER NOT NULL DEFAULT 0 CHECK (claims >= attempt AND attempt >= 0),
    interruptions INTEGER NOT NULL DEFAULT 0
        CHECK (interruptions BETWEEN 0 AND {MAX_INTERRUPTIONS}),
    progress REAL NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 100),
    progress_at REAL,
    stage TEXT,
    page INTEGER NOT NULL DEFAULT 0,
    pages INTEGER NOT NULL DEFAULT 0,
    error TEXT,
    error_code TEXT,
    result INTEGER REFERENCES results(number),
    cache_hit INTEGER NOT NULL DEFAULT 0,
    bypass_cache INTEGER NOT NULL DEFAULT 0,
    one_time INTEGER NOT NULL DEFAULT 0,
    fetch_claimed_at REAL,
    fetched_at REAL,
    retain REAL,
    result_retain REAL,
    source_erased_at REAL,
    result_erased_at REAL,
    purged_at REAL,
    idempotency_key TEXT,
    submission_hash BLOB,
    callback_url TEXT,
    CHECK ({_PARAGRAPHS}),
    CHECK (purged_at IS NULL OR (filename IS NULL AND source IS NULL AND result IS NULL))
) STRICT"""

# A row is written when an attempt ends; the one that runs is in its job's own row.
_ATTEMPTS = f"""
CREATE TABLE attempts (
    job INTEGER NOT NULL REFERENCES jobs(number),
    number INTEGER NOT NULL,
    runner TEXT NOT NULL,
    started_at REAL NOT NULL,
    ended_at REAL NOT NULL,
    outcome TEXT NOT NULL CHECK {is_one_of("outcome", OUTCOMES)},
    error_code TEXT,
    error TEXT,
    cpu_seconds REAL,
    peak_memory INTEGER,
    PRIMARY KEY (job, number)
) STRICT, WITHOUT ROWID"""

_SECRETS = """
CREATE TABLE secrets (
    job INTEGER PRIMARY KEY REFERENCES jobs(number),
    content TEXT NOT NULL
) STRICT"""

_TOKENS = """
CREATE TABLE tokens (
    job INTEGER NOT NULL REFERENCES jobs(number),
    token_hash BLOB NOT NULL CHECK (length(token_hash) = 32),
    PRIMARY KEY (job, token_hash)
) STRICT, WITHOUT ROWID"""

_BLOBS = """
CREATE TABLE blobs (
    number INTEGER PRIMARY KEY,
    sha256 BLOB NOT NULL UNIQUE CHECK (length(sha256) = 32),
    size INTEGER NOT NULL,
    uses INTEGER NOT NULL DEFAULT 0 CHECK (uses >= 0),
    pinned INTEGER NOT NULL DEFAULT 0 CHECK (pinned IN (0, 1))
) STRICT"""

_RESULTS = """
CREATE TABLE results (
    number INTEGER PRIMARY KEY,
    media_type TEXT NOT NULL,
    filename TEXT,
    size INTEGER NOT NULL,
    pages INTEGER NOT NULL DEFAULT 0,
    created_at REAL NOT NULL,
    uses INTEGER NOT NULL DEFAULT 0 CHECK (uses >= 0),
    content BLOB,
    blob INTEGER REFERENCES blobs(number),
    CHECK ((content IS NULL) <> (blob IS NULL))
) STRICT"""

_CACHE = """
CREATE TABLE cache (
    identity BLOB PRIMARY KEY CHECK (length(identity) = 32),
    version TEXT NOT NULL,
    result INTEGER NOT NULL REFERENCES results(number)
) STRICT, WITHOUT ROWID"""

_DOCUMENTS = """
CREATE TABLE documents (
    result INTEGER PRIMARY KEY REFERENCES results(number),
    kind TEXT NOT NULL,
    file_hash TEXT NOT NULL,
    page_count INTEGER NOT NULL,
    model TEXT NOT NULL,
    profile TEXT NOT NULL,
    duration_ms INTEGER NOT NULL,
    faithfulness_score REAL NOT NULL
) STRICT"""

_PAGES = """
CREATE TABLE pages (
    result INTEGER NOT NULL REFERENCES results(number),
    page INTEGER NOT NULL,
    width REAL,
    height REAL,
    failure_code TEXT,
    failure TEXT,
    PRIMARY KEY (result, page)
) STRICT, WITHOUT ROWID"""

_BLOCKS = """
CREATE TABLE blocks (
    number INTEGER PRIMARY KEY,
    result INTEGER NOT NULL REFERENCES results(number),
    page INTEGER NOT NULL,
    reading_order_index INTEGER NOT NULL,
    block_id TEXT NOT NULL,
    type TEXT NOT NULL,
    role TEXT,
    level INTEGER,
    text TEXT NOT NULL,
    text_source TEXT NOT NULL,
    proof TEXT,
    confidence REAL NOT NULL,
    x0 REAL NOT NULL,
    y0 REAL NOT NULL,
    x1 REAL NOT NULL,
    y1 REAL NOT NULL
) STRICT"""

_RUNNERS = """
CREATE TABLE runners (
    id TEXT PRIMARY KEY,
    pid INTEGER NOT NULL,
    pid_started REAL NOT NULL,
    host TEXT NOT NULL,
    slots INTEGER NOT NULL CHECK (slots >= 0),
    port INTEGER NOT NULL,
    started_at REAL NOT NULL,
    beat_at REAL NOT NULL
) STRICT, WITHOUT ROWID"""

_USAGE = """
CREATE TABLE usage (
    day INTEGER NOT NULL,
    owner TEXT NOT NULL,
    tool INTEGER NOT NULL REFERENCES tools(number),
    jobs INTEGER NOT NULL DEFAULT 0,
    pages INTEGER NOT NULL DEFAULT 0,
    cached_jobs INTEGER NOT NULL DEFAULT 0,
    cached_pages INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (day, owner, tool)
) STRICT, WITHOUT ROWID"""

_OUTBOX = """
CREATE TABLE outbox (
    number INTEGER PRIMARY KEY,
    delivery_id TEXT NOT NULL UNIQUE,
    job INTEGER REFERENCES jobs(number),
    event TEXT NOT NULL,
    url TEXT NOT NULL,
    body TEXT NOT NULL,
    created_at REAL NOT NULL,
    due_at REAL,
    attempts INTEGER NOT NULL DEFAULT 0,
    delivered_at REAL,
    last_status INTEGER,
    last_error TEXT
) STRICT"""

_ERASURES = f"""
CREATE TABLE erasures (
    number INTEGER PRIMARY KEY,
    job INTEGER REFERENCES jobs(number),
    subject TEXT NOT NULL CHECK {is_one_of("subject", ERASED)},
    asked_at REAL NOT NULL,
    done_at REAL
) STRICT"""

_REVIEWS = """
CREATE TABLE reviews (
    number INTEGER PRIMARY KEY,
    job INTEGER NOT NULL REFERENCES jobs(number),
    block_id TEXT,
    field TEXT,
    was TEXT,
    correction TEXT,
    verdict TEXT,
    reviewer TEXT NOT NULL DEFAULT '',
    created_at REAL NOT NULL
) STRICT"""

# Inputs that are still to be fetched. A table of their own, since few jobs have one, and since it
# came with the second migration.
ADDRESSES = """
CREATE TABLE addresses (
    job INTEGER PRIMARY KEY REFERENCES jobs(number),
    url TEXT NOT NULL
) STRICT"""

TABLES: tuple[str, ...] = (
    _THIS_FILE,
    _TOOLS,
    _BATCHES,
    _JOBS,
    _ATTEMPTS,
    _SECRETS,
    _TOKENS,
    _BLOBS,
    _RESULTS,
    _CACHE,
    _DOCUMENTS,
    _PAGES,
    _BLOCKS,
    _RUNNERS,
    _USAGE,
    _OUTBOX,
    _ERASURES,
    _REVIEWS,
)

# Almost all are partial: a finished job is only in those that somebody will ask of it.
_INDEXES = {
    "jobs_to_claim": "jobs(tool, priority DESC, number) WHERE status = 'queued'",
    "jobs_underway": (
        "jobs(status, run_at, tool) WHERE status = 'processing' OR status = 'retrying'"
    ),
    "jobs_timed": ("jobs(tool, ended_at) WHERE status = 'completed' AND started_at IS NOT NULL"),
    "jobs_unhappy": "jobs(number) WHERE status = 'failed' OR status = 'cancelled'",
    "jobs_of_batch": "jobs(batch, number) WHERE batch IS NOT NULL",
    "jobs_of_owner": "jobs(owner, number) WHERE owner <> ''",
    "jobs_of_parent": "jobs(parent) WHERE parent IS NOT NULL",
    "sources_to_expire": (
        "jobs(ended_at + retain)"
        " WHERE retain IS NOT NULL AND ended_at IS NOT NULL AND source IS NOT NULL"
    ),
    "results_to_expire": (
        "jobs(ended_at + result_retain)"
        " WHERE result_retain IS NOT NULL AND ended_at IS NOT NULL AND result IS NOT NULL"
    ),
    "blobs_unused": "blobs(number) WHERE uses = 0",
    "cache_of_result": "cache(result)",
    "blocks_of_result": "blocks(result, page, reading_order_index)",
    "outbox_due": "outbox(due_at) WHERE due_at IS NOT NULL",
    "outbox_of_job": "outbox(job)",
    "erasures_pending": "erasures(number) WHERE done_at IS NULL",
    "reviews_of_job": "reviews(job)",
}

# Almost all are partial: a finished job is only in those that somebody will ask of it.
INDEXES: tuple[str, ...] = (
    "CREATE UNIQUE INDEX jobs_by_id ON jobs(id)",
    (
        "CREATE UNIQUE INDEX jobs_by_key ON jobs(owner, idempotency_key)"
        " WHERE idempotency_key IS NOT NULL"
    ),
    *(f"CREATE INDEX {name} ON {columns}" for name, columns in _INDEXES.items()),
)
