"""Purge and expiry: unreadable at once, gone for good as soon as nobody reads the old rows."""

from __future__ import annotations

import random
import sqlite3

import pytest
from made import block, document
from shelf import Shelf, traces

from toolkit.document import wire
from toolkit.document.blocks import Paragraph
from toolkit.errors import (
    DamagedFile,
    IllegalMove,
    JobNotFound,
    LeaseLost,
    ResultGone,
    ResultNotReady,
)
from toolkit.jobs import JobState, Outcome
from toolkit.store import blobs, erasures, jobs, outbox, queue, results
from toolkit.store.invariants import violations

HOUR = 3600.0


def document_of(words: list[str]) -> Outcome:
    made = document([block(Paragraph, text=word) for word in words])
    return Outcome(content=wire.encode(made), media_type=wire.MEDIA_TYPE, pages=2)


def usage(shelf: Shelf) -> list[tuple]:
    return shelf.conn.execute(
        "SELECT owner, jobs, pages, cached_jobs, cached_pages FROM usage ORDER BY owner"
    ).fetchall()


@pytest.fixture
def telltale(shelf):
    """(id, words) of a done job with a word of its own in every place that content can be in."""
    words = ["qwzfilename", "qwzorigin", "qwzoption", "qwzkey", "qwzurl", "qwzsecret", "qwzerror"]
    words += ["qwzsource", "qwzblock", "qwzsmall", "qwzstyle", "qwzbody", "qwzanswer"]
    job_id = shelf.add(
        content=b"qwzsource " * 50,
        filename="qwzfilename.pdf",
        origin="/home/qwzorigin",
        options={"note": "qwzoption"},
        secrets={"password": "qwzsecret"},
        idempotency_key="qwzkey",
        callback_url="https://qwzurl.example",
        presentation={"style": "qwzstyle"},
        owner="ann",
    ).job_id
    shelf.postpone(shelf.only(), after=0, error=DamagedFile("qwzerror"))
    shelf.promote()
    shelf.complete(shelf.only(), document_of(["qwzblock", "qwzsmall"]))
    sent(shelf)
    return job_id, words


def sent(shelf: Shelf) -> None:
    """The news of the end is written, refused once, and arrives."""
    with shelf.store.write() as conn:
        (news,) = outbox.due(conn, now=shelf.now, limit=9, lease=60.0)
        at = {"number": news.number, "now": shelf.now, "seconds": 0.1}
        assert outbox.written(conn, number=news.number, body=b"qwzbody")
        outbox.failed(conn, **at, status=500, error="qwzanswer", due_at=shelf.now)
        outbox.delivered(conn, **at, status=200)


def unreadable(shelf: Shelf, job_id: str, words: list[str]) -> None:
    """No verb and no view says any of *words* any more."""
    job = shelf.job(job_id)
    assert job.purged
    assert job.status.value in {"completed", "cancelled", "failed"}
    assert jobs.source_of(shelf.store, job) is None
    assert jobs.secrets_of(shelf.conn, job_id) == {}
    with pytest.raises((ResultGone, ResultNotReady)) as caught:
        results.content(shelf.store, job_id)
    assert list(results.block_rows(shelf.conn, job_ids=[job_id])) == []
    assert list(results.page_rows(shelf.conn, job_ids=[job_id])) == []
    assert jobs.jobs(shelf.conn, text="qwz") == []
    said = [repr(job), str(caught.value), repr(jobs.attempts(shelf.conn, job_id))]
    tables = [
        name
        for (name,) in shelf.conn.execute(
            "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')"
        ).fetchall()
    ]
    said += [repr(shelf.conn.execute(f"SELECT * FROM {name}").fetchall()) for name in tables]
    assert [word for word in words if any(word in text for text in said)] == []


def test_before_a_purge_every_word_is_on_the_disk(shelf, telltale):
    _, words = telltale
    found = {line.split()[0] for line in traces(shelf.store, words)}
    assert found == set(words), "or else the search below would prove nothing"


def test_a_purge_leaves_no_byte(shelf, telltale):
    job_id, words = telltale
    assert shelf.purge(job_id) == "done"
    unreadable(shelf, job_id, words)
    assert traces(shelf.store, words) == [], "with the store still open"
    shelf.store.close()
    assert traces(shelf.store, words) == []
    assert violations(shelf.store) == []


def test_what_stays_is_a_tombstone_and_the_usage(shelf, telltale):
    job_id, _ = telltale
    before, used = shelf.job(job_id), usage(shelf)
    shelf.now += 5
    shelf.purge(job_id)
    after = shelf.job(job_id)
    kept = ("id", "number", "owner", "tool", "status", "pages", "created_at", "ended_at")
    assert [getattr(after, name) for name in kept] == [getattr(before, name) for name in kept]
    assert (after.filename, after.origin, after.sha256, after.options) == (None, None, None, {})
    assert after.result_gone
    assert used == usage(shelf) == [("ann", 1, 2, 0, 0)]


def test_a_purge_while_another_connection_reads_is_pending_and_unreadable_at_once(shelf, telltale):
    job_id, words = telltale
    reader = sqlite3.connect(shelf.store.path, isolation_level=None)
    reader.execute("BEGIN")
    assert reader.execute("SELECT count(*) FROM blocks").fetchone() == (2,)
    assert shelf.purge(job_id) == "pending"
    unreadable(shelf, job_id, words)
    assert erasures.pending(shelf.conn) > 0
    assert shelf.sweep()["pending"] > 0
    # The reader's snapshot is what holds the bytes.
    assert reader.execute("SELECT count(*) FROM blocks").fetchone() == (2,)
    reader.execute("COMMIT")
    reader.close()
    swept = shelf.sweep()
    assert swept["done"] > 0
    assert swept["pending"] == erasures.pending(shelf.conn) == 0
    assert traces(shelf.store, words) == []
    assert violations(shelf.store) == []
    assert usage(shelf) == [("ann", 1, 2, 0, 0)]


def test_a_purge_may_be_repeated(shelf, telltale):
    job_id, _ = telltale
    assert shelf.purge(job_id) == "done"
    first = shelf.conn.execute("SELECT purged_at FROM jobs").fetchone()
    shelf.now += 100
    assert shelf.purge(job_id) == "done"
    assert shelf.conn.execute("SELECT purged_at FROM jobs").fetchone() == first
    assert usage(shelf) == [("ann", 1, 2, 0, 0)]


def test_of_an_unknown_job_nothing_is_purged(shelf):
    with pytest.raises(JobNotFound):
        shelf.purge("job_nothing")


@pytest.mark.parametrize("state", ["queued", "processing", "retrying"])
def test_an_active_job_is_cancelled_first(shelf, state):
    job_id = shelf.add(content=b"qwzactive", filename="qwzname", secrets={"a": "qwzpass"}).job_id
    held = shelf.only() if state != "queued" else None
    if state == "retrying":
        shelf.postpone(held)
    assert shelf.job(job_id).status == state
    assert shelf.purge(job_id) == "done"
    assert shelf.job(job_id).status is JobState.CANCELLED
    assert traces(shelf.store, ["qwzactive", "qwzname", "qwzpass"]) == []
    if state == "processing":
        assert shelf.renew() == set(), "the runner is told"
        with pytest.raises(LeaseLost):
            shelf.complete(held, b"qwztoolate")
        assert jobs.attempts(shelf.conn, job_id)[-1].outcome == "cancelled"
    assert violations(shelf.store) == []


def test_a_source_that_another_job_has_too_stays_for_that_one(shelf):
    first, second = (shelf.add(content=b"shared", filename=f"{n}.pdf").job_id for n in "ab")
    shelf.purge(first)
    source = jobs.source_of(shelf.store, shelf.job(second))
    assert source.read_bytes() == b"shared"
    shelf.purge(second)
    assert not source.exists()


def test_a_large_result_goes_with_its_file(shelf):
    job_id = shelf.finished(b"qwzlarge" * 20_000)
    assert traces(shelf.store, ["qwzlarge"])
    assert shelf.purge(job_id) == "done"
    assert traces(shelf.store, ["qwzlarge"]) == []


def test_a_result_answered_from_the_cache_stays_for_the_other_job(shelf):
    first = shelf.finished(b"answer", content=b"same")
    second = shelf.add(content=b"same").job_id
    shelf.purge(first)
    assert results.content(shelf.store, second) == b"answer"
    third = shelf.add(content=b"same")
    assert third.status is JobState.QUEUED, "the cache forgot it with the purge"
    assert violations(shelf.store) == []


@pytest.mark.parametrize("seed", range(4))
def test_no_byte_of_many_purged_jobs_is_left_among_the_others(shelf, seed):
    """Rows of every size come and go, so that pages are split, merged and rebuilt meanwhile."""
    dice = random.Random(seed)
    words: dict[str, str] = {}
    for n in range(150):
        word = f"qwz{dice.getrandbits(40):010x}"
        fat = dice.choice((0, 30, 200, 700, 1900))
        job_id = shelf.add(
            filename=f"{word}.pdf",
            origin=word + "/" * fat,
            idempotency_key=word,
            bypass_cache=True,
            options={"note": word} if n % 2 else {},
        ).job_id
        words[job_id] = word
        job = shelf.only()
        made = document_of([word + "x" * dice.choice((0, 100, 900))] * dice.randint(1, 8))
        shelf.fail(job, DamagedFile(word)) if n % 5 == 0 else shelf.complete(job, made)
    gone = dice.sample(list(words), 75)
    for job_id in gone:
        assert shelf.purge(job_id) == "done"
    assert traces(shelf.store, [words[job_id] for job_id in gone]) == []
    kept = [words[job_id] for job_id in words if job_id not in gone]
    assert {line.split()[0] for line in traces(shelf.store, kept)} == set(kept)
    assert violations(shelf.store) == []


def test_both_clocks_count_from_the_end(shelf):
    job_id = shelf.add(content=b"qwzsource", retain=HOUR, result_retain=2 * HOUR).job_id
    shelf.now += 10 * HOUR
    assert erasures.expire(shelf.store, now=shelf.now) == 0, "it has not even begun"
    shelf.complete(shelf.only(), b"qwzresult")
    ended = shelf.now
    job = shelf.job(job_id)
    assert (job.source_expires_at, job.result_expires_at) == (ended + HOUR, ended + 2 * HOUR)
    assert erasures.expire(shelf.store, now=ended + HOUR - 1) == 0
    assert erasures.expire(shelf.store, now=ended + HOUR) == 1
    assert shelf.job(job_id).sha256 is None
    assert results.content(shelf.store, job_id) == b"qwzresult"
    assert erasures.expire(shelf.store, now=ended + 2 * HOUR) == 1
    with pytest.raises(ResultGone):
        results.content(shelf.store, job_id)
    job = shelf.job(job_id)
    assert job.status is JobState.COMPLETED
    assert job.result_gone
    assert not job.purged
    assert shelf.sweep()["pending"] == 0
    assert traces(shelf.store, ["qwzsource", "qwzresult"]) == []
    assert violations(shelf.store) == []


def test_without_a_clock_everything_is_kept(shelf):
    job_id = shelf.finished(b"answer", content=b"source")
    assert erasures.expire(shelf.store, now=shelf.now + 1e9) == 0
    assert results.content(shelf.store, job_id) == b"answer"


def test_a_source_kept_for_no_time_goes_with_the_end_of_its_job(shelf):
    job_id = shelf.finished(b"answer", content=b"source", retain=0.0)
    assert erasures.expire(shelf.store, now=shelf.now) == 1
    assert shelf.job(job_id).sha256 is None
    with pytest.raises(IllegalMove, match="completed"):
        shelf.retry(job_id)


def test_a_result_kept_for_no_time_waits_for_its_delivery(shelf):
    job_id = shelf.finished(b"answer", result_retain=0.0)
    assert erasures.expire(shelf.store, now=shelf.now + HOUR) == 0
    assert results.content(shelf.store, job_id) == b"answer"


def test_many_expire_over_several_transactions(shelf):
    shelf.fill("echo", 450, retain=1.0, sha256=blobs.add_bytes(shelf.store, b"s"), size=1)
    for job in shelf.claim(limit=450):
        shelf.complete(job, None)
    assert erasures.expire(shelf.store, now=shelf.now + 2) == 450
    assert {job.sha256 for job in jobs.jobs(shelf.conn)} == {None}
    assert list((shelf.store.files / "blobs").glob("*/*")) == []


def test_secrets_leave_the_disk_when_the_job_ends(shelf):
    shelf.add(secrets={"password": "qwzhushhush"})
    job = shelf.only()
    assert jobs.secrets_of(shelf.conn, job.id) == {"password": "qwzhushhush"}
    shelf.complete(job)
    assert jobs.secrets_of(shelf.conn, job.id) == {}
    assert shelf.sweep()["pending"] == 0
    assert traces(shelf.store, ["qwzhushhush"]) == []


def test_a_retried_job_that_had_been_purged_stays_dead(shelf):
    job_id = shelf.add().job_id
    shelf.fail(shelf.only())
    shelf.purge(job_id)
    with pytest.raises(IllegalMove, match="erased"):
        shelf.retry(job_id)
    with shelf.store.write() as conn:
        assert queue.reprioritise(conn, job_ids=[job_id], priority=9) == 0


def test_a_large_result_that_comes_after_the_purge_leaves_no_byte(shelf):
    """The runner writes its file before it learns that the job was taken away."""
    job_id = shelf.add().job_id
    held = shelf.only()
    assert shelf.purge(job_id) == "done"
    with pytest.raises(LeaseLost):
        shelf.complete(held, b"qwztoolate" * 10_000)
    assert traces(shelf.store, ["qwztoolate"]) == []
