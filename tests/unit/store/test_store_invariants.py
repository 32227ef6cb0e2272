"""``violations`` is not blind: every law is broken by hand, and named."""

from __future__ import annotations

import os
import time

import pytest
from made import block, document

from toolkit.document import wire
from toolkit.document.blocks import Paragraph
from toolkit.jobs import JobState, Outcome
from toolkit.store import batches, blobs, invariants, jobs, webhooks
from toolkit.store.invariants import violations

DOCUMENT = Outcome(
    content=wire.encode(document([block(Paragraph, text="a word")])), media_type=wire.MEDIA_TYPE
)


@pytest.fixture
def full(shelf):
    """A store with a job in every state, a batch, a webhook, a document, a cached answer, blobs."""
    with shelf.store.write() as conn:
        batch = batches.create(conn, name="mine", now=shelf.now)
        webhooks.create(conn, owner="ann", url="https://x", events=webhooks.EVENTS, now=shelf.now)
    shelf.finished(DOCUMENT, content=b"one", filename="one.pdf", owner="ann", batch=batch)
    shelf.finished(b"x" * 70_000, content=b"two")
    assert shelf.add(content=b"two").status is JobState.COMPLETED
    shelf.add()
    shelf.fail(shelf.only())
    shelf.add()
    shelf.postpone(shelf.only(), after=100)
    shelf.cancel(shelf.add().job_id)
    shelf.purge(shelf.finished(b"gone", content=b"three"))
    shelf.add(batch=batch, secrets={"password": "x"})
    shelf.only()
    shelf.add(content=b"four", batch=batch)
    assert violations(shelf.store) == []
    return shelf


def loosen(shelf) -> None:
    """Take away all that keeps the laws: triggers, CHECKs and foreign keys."""
    names = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    for (name,) in shelf.conn.execute(names).fetchall():
        shelf.conn.execute(f"DROP TRIGGER {name}")
    shelf.conn.execute("PRAGMA ignore_check_constraints = ON")
    shelf.conn.execute("PRAGMA foreign_keys = OFF")


BREAKS = {
    "a status that is none": "UPDATE jobs SET status = 'lost' WHERE status = 'queued'",
    "a job that ended without a time, or the other way round": (
        "UPDATE jobs SET ended_at = NULL WHERE status = 'failed'"
    ),
    "a lease without a running job, or the other way round": (
        "UPDATE jobs SET lease_until = 1, runner = 'r1' WHERE status = 'queued'"
    ),
    "a lease of a runner that is not enlisted": "DELETE FROM runners WHERE id = 'r1'",
    "a retrying job without the time it is due": (
        "UPDATE jobs SET run_at = NULL WHERE status = 'retrying'"
    ),
    "a failed job without a code": "UPDATE jobs SET error_code = NULL WHERE status = 'failed'",
    "a result of a job that is not completed": (
        "UPDATE jobs SET result = 1 WHERE status = 'cancelled'"
    ),
    "a job that succeeded twice": (
        "INSERT INTO attempts (job, number, runner, started_at, ended_at, outcome)"
        " VALUES (1, 2, 'r1', 1, 2, 'succeeded')"
    ),
    "a job that succeeded and is not completed": (
        "UPDATE attempts SET outcome = 'succeeded' WHERE outcome = 'failed'"
    ),
    "a completed job that nobody worked on and no cache answered": (
        "UPDATE jobs SET cache_hit = 0 WHERE cache_hit = 1"
    ),
    "attempts that are not one a claim": "UPDATE jobs SET claims = 7 WHERE status = 'retrying'",
    "a blob whose uses are not counted": "UPDATE blobs SET uses = uses + 1 WHERE number = 1",
    "a result whose uses are not counted": "UPDATE results SET uses = 5 WHERE uses = 2",
    "a result that no job has": (
        "INSERT INTO results (media_type, size, created_at, uses, content)"
        " VALUES ('a/b', 1, 1, 0, x'00')"
    ),
    "pages without a document": "INSERT INTO pages (result, page) VALUES (2, 1)",
    "blocks without a document": "DELETE FROM documents",
    "usage that is not that of the completed jobs": "UPDATE usage SET pages = pages + 1",
    "content left in a purged job": (
        "UPDATE jobs SET filename = 'still.pdf' WHERE purged_at IS NOT NULL"
    ),
    "an error text left of a purged job": (
        "UPDATE attempts SET error = 'still here' WHERE job ="
        " (SELECT number FROM jobs WHERE purged_at IS NOT NULL)"
    ),
    "a delivery left of a purged job, other than news of it without content": (
        "INSERT INTO outbox (delivery_id, job, event, url, body, created_at, due_at)"
        " SELECT 'd', number, 'e', 'https://x', x'00', 1, 1 FROM jobs WHERE purged_at IS NOT NULL"
    ),
    "how the answer of a purged job was to be written": (
        "INSERT INTO presentations SELECT number, '{}' FROM jobs WHERE purged_at IS NOT NULL"
    ),
    "a claim on a result that is not there": (
        "INSERT INTO fetches SELECT number, 1, 1.0 FROM jobs WHERE result IS NULL LIMIT 1"
    ),
    "a try at a delivery that is not there": (
        "INSERT INTO tries (delivery, attempt, at, seconds) VALUES (99, 1, 1, 1)"
    ),
    "news for another owner's webhook": (
        "INSERT INTO outbox (delivery_id, owner, endpoint, event, url, created_at)"
        " SELECT 'd', 'eve', number, 'e', 'https://x', 1 FROM webhooks"
    ),
    "a review left of a purged job": (
        "INSERT INTO reviews (job, was, created_at)"
        " SELECT number, 'still', 1 FROM jobs WHERE purged_at IS NOT NULL"
    ),
    "an address of a job that has its input, or was purged": (
        "INSERT INTO addresses (job, url) SELECT number, 'https://x.org' FROM jobs"
        " WHERE source IS NOT NULL LIMIT 1"
    ),
    "the origin of a purged job": (
        "INSERT INTO origins (place, version, job)"
        " SELECT randomblob(32), '1', number FROM jobs WHERE purged_at IS NOT NULL"
    ),
    "births that are not counted row by row": "UPDATE this_file SET births_counted_at_once = 1",
    "a secret of a job that ended": "UPDATE secrets SET job = 1",
    **{
        f"{table}: the counter of {state} jobs is not their number": (
            f"UPDATE {table} SET {state} = {state} + 1 WHERE number = 1"
        )
        for table in ("tools", "batches")
        for state in JobState
    },
}


# What is also a foreign key is named as one.
DANGLING = {
    "a cached answer without a result": "INSERT INTO cache VALUES (zeroblob(32), '1', 999)",
    "a document without a result": (
        "INSERT INTO documents VALUES (999, 'pdf', 'sha256:', 1, 'm', 'standard', 1, 1)"
    ),
}


def test_there_is_a_break_for_every_law():
    assert set(invariants._LAWS) <= set(BREAKS | DANGLING)


@pytest.mark.parametrize("law", DANGLING)
def test_a_row_that_points_at_nothing_is_named(full, law):
    loosen(full)
    full.conn.execute(DANGLING[law])
    found = violations(full.store)
    assert any("points at nothing in results" in s or s.startswith(law) for s in found), found


@pytest.mark.parametrize("law", BREAKS)
def test_a_broken_law_is_named(full, law):
    loosen(full)
    assert full.conn.execute(BREAKS[law]).rowcount > 0, "or nothing was broken"
    found = violations(full.store)
    assert any(sentence.startswith(law) for sentence in found), found


@pytest.mark.parametrize(
    "column",
    ["filename", "origin", "options", "limits", "error", "callback_url", "idempotency_key"],
)
def test_whatever_a_purge_should_have_taken_is_noticed(full, column):
    loosen(full)
    full.conn.execute(f"UPDATE jobs SET {column} = 'still' WHERE purged_at IS NOT NULL")
    assert any("purged" in sentence for sentence in violations(full.store))


@pytest.mark.parametrize("table", ["outbox", "reviews", "secrets"])
def test_whatever_hangs_on_a_purged_job_is_noticed(full, table):
    loosen(full)
    number = "(SELECT number FROM jobs WHERE purged_at IS NOT NULL)"
    full.conn.execute(
        {
            "outbox": "INSERT INTO outbox (delivery_id, job, event, url, body, created_at)"
            f" VALUES ('d', {number}, 'e', 'https://x', NULL, 1)",
            "reviews": f"INSERT INTO reviews (job, was, created_at) VALUES ({number}, 'still', 1)",
            "secrets": f"INSERT INTO secrets VALUES ({number}, 'still')",
        }[table]
    )
    assert violations(full.store) != []


def test_a_missing_file_is_named(full):
    job = jobs.jobs(full.conn, status="queued")[0]
    jobs.source_of(full.store, job).unlink()
    assert violations(full.store) == [f"a blob's file is missing: {job.sha256}"]


def test_a_file_of_another_size_is_named(full):
    job = jobs.jobs(full.conn, status="queued")[0]
    jobs.source_of(full.store, job).write_bytes(b"cut")
    assert violations(full.store) == [f"a blob's file has not 4 bytes: {job.sha256}"]


def test_a_stray_file_is_named_until_it_is_swept(full):
    stray = blobs.path(full.store, "ab" * 32)
    stray.parent.mkdir(parents=True, exist_ok=True)
    stray.write_bytes(b"left by a crash")
    assert violations(full.store) == [f"a file that no blob has: {'ab' * 32}"]
    full.sweep()
    assert violations(full.store) == []
    assert not stray.exists()


def test_a_reference_to_nothing_is_named(full):
    loosen(full)
    full.conn.execute("UPDATE jobs SET batch = 77 WHERE status = 'queued'")
    assert any("jobs: row" in s and "batches" in s for s in violations(full.store))


@pytest.mark.parametrize("start", [1, 20, -10], ids=lambda start: f"from page {start}")
def test_pages_of_the_file_that_were_overwritten_are_named(full, start):
    """As a failing disk does it: found as sentences, never raised."""
    (pages,) = full.conn.execute("PRAGMA page_count").fetchone()
    (size,) = full.conn.execute("PRAGMA page_size").fetchone()
    full.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    full.store.close()
    with full.store.path.open("r+b") as file:
        file.seek(size * (start % pages))
        file.write(os.urandom(size * 10))
    found = violations(full.store)
    assert found
    assert all("damaged" in s or "cannot be read" in s or "points at" in s for s in found), found


def test_many_offenders_are_not_all_listed(full):
    full.fill("echo", 40)
    loosen(full)
    full.conn.execute("UPDATE jobs SET run_at = 5 WHERE status = 'queued'")
    (sentence,) = [s for s in violations(full.store) if "due" in s]
    assert sentence.endswith("and more")
    assert sentence.count("job_") == 5


def test_a_look_at_a_large_file_takes_no_lock(full):
    """Others may write while somebody looks."""
    conn = full.store.read()
    started = time.monotonic()
    with full.store.write() as writing:
        assert writing is conn
    assert violations(full.store) == []
    assert not conn.in_transaction
    assert time.monotonic() - started < 30
