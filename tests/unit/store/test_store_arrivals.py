"""Taking jobs in: births, refusals, idempotency, the cache, secrets and tokens."""

from __future__ import annotations

import hashlib

import msgspec
import pytest

from toolkit.errors import (
    IdempotencyConflict,
    IllegalMove,
    InvalidInput,
    InvalidOption,
    JobNotFound,
    ResultNotReady,
    StoreDamaged,
    ToolkitError,
    UnknownTool,
)
from toolkit.jobs import JobState, Outcome, Submission
from toolkit.store import batches, blobs, erasures, jobs, queue, results, tools
from toolkit.store.invariants import violations


def total(shelf) -> int:
    return sum(jobs.counts(shelf.conn).values())


def test_a_job_is_kept_as_it_was_asked_for(shelf):
    with shelf.store.write() as conn:
        batch = batches.create(conn, name="mine", now=shelf.now)
    parent = shelf.add().job_id
    taken = shelf.add(
        "slow",
        content=b"bytes",
        filename="naïve \U0001f600.pdf",
        media_type="application/pdf",
        origin="/data/x",
        options={"pages": [1, 2], "deep": {"a": None}},
        limits={"deadline": 3.5},
        batch=batch,
        priority=-3,
        owner="ann",
        parent=parent,
        one_time=True,
    )
    job = shelf.job(taken.job_id)
    assert (taken.status, taken.repeated) == (JobState.QUEUED, False)
    assert (job.tool, job.filename, job.size) == ("slow", "naïve \U0001f600.pdf", 5)
    assert (job.media_type, job.origin, job.batch) == ("application/pdf", "/data/x", batch)
    assert job.options == {"pages": [1, 2], "deep": {"a": None}}
    assert (job.limits, job.priority, job.owner) == ({"deadline": 3.5}, -3, "ann")
    assert (job.parent, job.one_time, job.created_at) == (parent, True, shelf.now)
    assert jobs.source_of(shelf.store, job).read_bytes() == b"bytes"
    assert job.sha256 == hashlib.sha256(b"bytes").hexdigest()


def test_one_and_many_make_the_same_job(shelf):
    asked = Submission(tool="echo", filename="a", options={"x": 1}, owner="o", bypass_cache=True)
    with shelf.store.write() as conn:
        one = queue.enqueue(conn, asked, now=shelf.now)
        (many,) = queue.enqueue_many(conn, [asked], now=shelf.now)
    single, bulk = (msgspec.structs.asdict(shelf.job(taken.job_id)) for taken in (one, many))
    assert {k for k in single if single[k] != bulk[k]} == {"id", "number"}


def test_many_keep_their_order_and_none_is_no_fault(shelf):
    with shelf.store.write() as conn:
        assert queue.enqueue_many(conn, [], now=shelf.now) == []
    ids = shelf.fill("echo", 50)
    assert [job.id for job in jobs.jobs(shelf.conn)] == ids
    assert len(set(ids)) == 50


@pytest.mark.parametrize(
    ("asked", "error", "words"),
    [
        ({"tool": "ehco"}, UnknownTool, "did you mean 'echo'"),
        ({"options": {"x": object()}}, InvalidOption, "JSON"),
        ({"options": {"x": [object]}}, InvalidOption, "JSON"),
        ({"batch": "bat_none"}, InvalidInput, "bat_none"),
        ({"parent": "job_none"}, JobNotFound, "job_none"),
        ({"sha256": "ab" * 32}, StoreDamaged, "add them first"),
    ],
)
def test_what_cannot_be_taken_leaves_nothing(shelf, asked, error, words):
    with pytest.raises(error, match=words):
        shelf.add(**{"tool": "echo", **asked})
    good = Submission(tool="echo")
    bad = Submission(**{"tool": "echo", **asked})
    with pytest.raises(error), shelf.store.write() as conn:
        queue.enqueue_many(conn, [good, good, bad, good], now=shelf.now)
    assert total(shelf) == 0
    assert violations(shelf.store) == []


@pytest.mark.parametrize("name", ["../../../etc/passwd", "zz" * 32, "", "ab", "AB" * 32 + "/x"])
def test_a_hostile_name_of_bytes_is_refused_as_one_of_ours(shelf, name):
    with pytest.raises(ToolkitError):
        shelf.add(sha256=name)
    assert total(shelf) == 0


def test_a_refused_input_is_a_failed_job_that_everybody_sees(shelf):
    taken = shelf.add(filename="empty.pdf", refused=("EMPTY_FILE", "empty.pdf has no bytes"))
    job = shelf.job(taken.job_id)
    assert taken.status is job.status is JobState.FAILED
    assert (job.error_code, job.error) == ("EMPTY_FILE", "empty.pdf has no bytes")
    assert job.ended_at == shelf.now
    assert jobs.attempts(shelf.conn, job.id) == []
    assert shelf.claim() == []
    with pytest.raises(IllegalMove, match="refused"):
        shelf.retry(job.id)
    with pytest.raises(ResultNotReady, match="no bytes"):
        results.content(shelf.store, job.id)


# -- idempotency --------------------------------------------------------------------------------


def test_the_same_key_and_submission_is_the_same_job_with_a_second_token(shelf):
    first = shelf.add(idempotency_key="k", options={"a": 1, "b": 2})
    again = shelf.add(idempotency_key="k", options={"b": 2, "a": 1})
    assert (again.job_id, again.repeated, first.repeated) == (first.job_id, True, False)
    assert first.token != again.token
    for token in (first.token, again.token):
        assert jobs.holds_token(shelf.conn, first.job_id, token)
    assert not jobs.holds_token(shelf.conn, first.job_id, "guess")
    assert total(shelf) == 1


def test_the_way_it_came_is_no_part_of_a_submission(shelf):
    with shelf.store.write() as conn:
        batch = batches.create(conn, name="mine", now=1.0)
    first = shelf.add(idempotency_key="k")
    again = shelf.add(idempotency_key="k", batch=batch, origin="elsewhere", media_type="a/b")
    assert again.job_id == first.job_id


@pytest.mark.parametrize(
    "other",
    [
        {"options": {"a": 2}},
        {"tool": "slow"},
        {"content": b"other"},
        {"filename": "other.pdf"},
        {"priority": 1},
        {"secrets": {"password": "other"}},
        {"one_time": True},
    ],
    ids=lambda other: next(iter(other)),
)
def test_the_same_key_for_another_submission_is_a_conflict(shelf, other):
    asked = {"tool": "echo", "content": b"bytes", "options": {"a": 1}, "filename": "a.pdf"}
    shelf.add(**asked, idempotency_key="k")
    with pytest.raises(IdempotencyConflict):
        shelf.add(**{**asked, **other}, idempotency_key="k")
    assert total(shelf) == 1


def test_a_key_belongs_to_its_owner(shelf):
    ids = {shelf.add(idempotency_key="k", owner=owner).job_id for owner in ("", "ann", "bob")}
    assert len(ids) == 3
    assert shelf.add(idempotency_key="k", owner="ann").job_id in ids


def test_a_key_used_twice_in_one_list(shelf):
    asked = Submission(tool="echo", idempotency_key="k")
    with shelf.store.write() as conn:
        one, other, two = queue.enqueue_many(
            conn, [asked, Submission(tool="echo"), asked], now=shelf.now
        )
    assert one.job_id == two.job_id != other.job_id
    assert (one.repeated, two.repeated) == (False, True)


def test_a_repeated_job_is_as_it_is_by_now(shelf):
    shelf.add(idempotency_key="k")
    shelf.complete(shelf.only())
    assert shelf.add(idempotency_key="k").status is JobState.COMPLETED


def test_after_a_purge_a_key_is_free_again(shelf):
    first = shelf.add(idempotency_key="k")
    shelf.purge(first.job_id)
    assert shelf.add(idempotency_key="k").job_id != first.job_id


def test_a_token_is_kept_as_its_hash_only(shelf):
    taken = shelf.add()
    assert len(taken.token) >= 43, "256 bits"
    dump = "\n".join(shelf.conn.iterdump())
    assert taken.token not in dump
    assert hashlib.sha256(taken.token.encode()).hexdigest().upper() in dump.upper()
    with pytest.raises(JobNotFound):
        jobs.holds_token(shelf.conn, "job_none", taken.token)


# -- the cache ----------------------------------------------------------------------------------


def test_equal_work_is_answered_at_once(shelf):
    made = Outcome(content=b"answer", media_type="text/x", pages=7)
    first = shelf.finished(made, content=b"in", options={"a": 1, "b": 2})
    taken = shelf.add(content=b"in", options={"b": 2, "a": 1}, filename="other name.pdf")
    job = shelf.job(taken.job_id)
    assert taken.status is job.status is JobState.COMPLETED
    assert (job.cache_hit, job.pages, job.progress) == (True, 7, 100)
    assert results.outcome(shelf.store, job.id) == made
    assert not shelf.job(first).cache_hit
    row = shelf.conn.execute("SELECT jobs, pages, cached_jobs, cached_pages FROM usage").fetchone()
    assert row == (2, 14, 1, 7)
    assert violations(shelf.store) == []


@pytest.mark.parametrize(
    "other",
    [
        {"bypass_cache": True},
        {"owner": "bob"},
        {"options": {"a": 2}},
        {"options": {}},
        {"tool": "slow"},
        {"content": b"other"},
        {"one_time": True},
        {"secrets": {"password": "x"}},
    ],
    ids=str,
)
def test_work_that_differs_is_done(shelf, other):
    asked = {"tool": "echo", "content": b"in", "options": {"a": 1}, "owner": "ann"}
    shelf.finished(**asked)
    assert shelf.add(**asked).status is JobState.COMPLETED
    assert shelf.add(**{**asked, **other}).status is JobState.QUEUED


def test_another_version_of_the_tool_answers_anew(shelf):
    shelf.finished(content=b"in")
    shelf.register("echo", version="2")
    assert shelf.add(content=b"in").status is JobState.QUEUED
    shelf.complete(shelf.only())
    assert shelf.add(content=b"in").status is JobState.COMPLETED


def test_an_answer_made_by_the_old_version_is_not_kept_as_the_new_ones(shelf):
    """The tool was updated while the old one was at work."""
    shelf.add(content=b"in")
    job = shelf.only()
    shelf.register("echo", version="2")
    shelf.complete(job, b"the old answer")
    assert shelf.add(content=b"in").status is JobState.QUEUED


@pytest.mark.parametrize("first", [{"one_time": True}, {"secrets": {"p": "x"}}], ids=str)
def test_what_is_not_to_be_reused_never_gets_into_the_cache(shelf, first):
    shelf.finished(content=b"in", **first)
    assert shelf.add(content=b"in").status is JobState.QUEUED


def test_a_result_with_pages_cut_off_is_not_reused(shelf):
    shelf.finished(Outcome(content=b"half", cacheable=False), content=b"in")
    assert shelf.add(content=b"in").status is JobState.QUEUED


def test_a_tool_that_is_not_cacheable_is_never_answered(shelf):
    shelf.register("echo", cacheable=False)
    shelf.finished(content=b"in")
    assert shelf.add(content=b"in").status is JobState.QUEUED


def test_an_expired_result_answers_nobody(shelf):
    shelf.finished(content=b"in", result_retain=10.0)
    shelf.now += 11
    erasures.expire(shelf.store, now=shelf.now)
    assert shelf.add(content=b"in").status is JobState.QUEUED


def test_an_answer_outlives_the_first_job_that_had_it(shelf):
    shelf.finished(b"answer", content=b"in", result_retain=10.0)
    second = shelf.add(content=b"in").job_id
    shelf.now += 11
    erasures.expire(shelf.store, now=shelf.now)
    assert results.content(shelf.store, second) == b"answer"
    assert violations(shelf.store) == []


# -- secrets ------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["complete", "fail", "cancel", "purge", "cancel while queued"])
def test_secrets_are_there_until_the_end_and_no_longer(shelf, end):
    job_id = shelf.add(secrets={"password": "x"}).job_id
    assert "password" not in repr(shelf.job(job_id))
    if end != "cancel while queued":
        shelf.postpone(shelf.only(), after=0)
        shelf.promote()
        job = shelf.only()
        assert jobs.secrets_of(shelf.conn, job_id) == {"password": "x"}, "for every attempt"
    match end:
        case "complete":
            shelf.complete(job)
        case "fail":
            shelf.fail(job)
        case "purge":
            shelf.purge(job_id)
        case _:
            shelf.cancel(job_id)
    assert jobs.secrets_of(shelf.conn, job_id) == {}
    assert shelf.conn.execute("SELECT count(*) FROM secrets").fetchone() == (0,)


def test_secrets_survive_a_lapse(shelf):
    job_id = shelf.add(secrets={"password": "x"}).job_id
    shelf.only()
    shelf.now += 31
    assert shelf.rescue() == [job_id]
    assert jobs.secrets_of(shelf.conn, job_id) == {"password": "x"}


def test_secrets_of_a_refused_input_are_not_kept(shelf):
    shelf.add(secrets={"password": "x"}, refused=("EMPTY_FILE", "no bytes"))
    assert shelf.conn.execute("SELECT count(*) FROM secrets").fetchone() == (0,)


def test_a_list_keeps_each_jobs_own_secrets(shelf):
    asked = [Submission(tool="echo", secrets={"p": str(n)} if n % 2 else {}) for n in range(4)]
    with shelf.store.write() as conn:
        taken = queue.enqueue_many(conn, asked, now=shelf.now)
    found = [jobs.secrets_of(shelf.conn, one.job_id) for one in taken]
    assert found == [{}, {"p": "1"}, {}, {"p": "3"}]


def test_a_draining_tool_takes_nothing_in(shelf):
    with shelf.store.write() as conn:
        tools.drain(conn, name="echo")
    with pytest.raises(InvalidInput, match="drained"):
        shelf.add()
    assert shelf.add("slow").status is JobState.QUEUED


def test_bytes_added_are_waited_for_once(shelf):
    name = blobs.add_bytes(shelf.store, b"in")
    shelf.add(sha256=name)
    pinned = shelf.conn.execute("SELECT uses, pinned FROM blobs").fetchall()
    assert pinned == [(1, 0)]
