"""What one owner sees: counts, totals, batches; and what is kept of how an answer is written."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from toolkit.errors import IdempotencyConflict, InvalidOption, JobNotFound
from toolkit.jobs import JobState, Submission
from toolkit.store import arrivals, batches, jobs, presentations, queue
from toolkit.store.invariants import violations

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["", "ann", "bob"]),
        st.sampled_from(["echo", "slow"]),
        st.sampled_from(["stay", "claim", "fail", "cancel", "postpone"]),
    ),
    max_size=12,
)


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(STEPS)
def test_counts_are_what_counting_gives(shelf, steps):
    for owner, tool, step in steps:
        job_id = shelf.add(tool, owner=owner).job_id
        if step == "cancel":
            shelf.cancel(job_id)
        elif step != "stay" and (held := shelf.claim()) and step != "claim":
            getattr(shelf, step)(held[0])
    everything = jobs.jobs(shelf.conn)
    for owner in (None, "", "ann", "bob", "eve"):
        mine = [job for job in everything if owner in (None, job.owner)]
        by_state = Counter(str(job.status) for job in mine)
        counts = jobs.counts(shelf.conn, owner=owner)
        assert counts == {str(state): by_state[state] for state in JobState}
        assert jobs.total(shelf.conn, owner=owner) == len(mine)
        for state in JobState:
            for tool in ("echo", "slow", None):
                asked = {"status": state, "tool": tool, "owner": owner}
                assert jobs.total(shelf.conn, **asked) == len(jobs.jobs(shelf.conn, **asked))
        stats = queue.stats(shelf.conn, owner=owner)
        assert [one.tool for one in stats] == ["echo", "slow"]
        assert sum(one.queued for one in stats) == counts["queued"]


def test_several_states_and_unknown_tools(shelf):
    shelf.add(owner="ann")
    shelf.cancel(shelf.add(owner="ann").job_id)
    both = {"status": ["queued", "cancelled"], "owner": "ann"}
    assert jobs.total(shelf.conn, **both) == 2
    assert jobs.total(shelf.conn, status=["queued", "queued"]) == 1
    assert jobs.total(shelf.conn, status=[]) == 0
    assert jobs.total(shelf.conn, tool="none") == 0


@pytest.mark.parametrize("owner", ["ann", ""])
def test_an_owners_jobs_are_counted_without_looking_at_them(shelf, owner):
    statements: list[str] = []
    shelf.conn.set_trace_callback(statements.append)
    jobs.total(shelf.conn, owner=owner)
    shelf.conn.set_trace_callback(None)
    plans = [
        row[3]
        for statement in statements
        for row in shelf.conn.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall()
        if "jobs" in row[3]
    ]
    assert plans
    assert all("COVERING INDEX jobs_of_owner_by_state" in plan for plan in plans), plans


def test_batches_are_their_owners(shelf):
    with shelf.store.write() as conn:
        mine = batches.create(conn, name="mine", owner="ann", now=1.0)
        batches.create(conn, name="theirs", owner="bob", now=1.0)
    assert [batch.name for batch in batches.batches(shelf.conn, owner="ann")] == ["mine"]
    assert len(batches.batches(shelf.conn)) == 2
    assert batches.batch(shelf.conn, mine, owner="ann").name == "mine"
    for act in (batches.batch, lambda conn, b, owner: jobs.counts(conn, batch=b, owner=owner)):
        with pytest.raises(JobNotFound, match="no batch"):
            act(shelf.conn, mine, owner="bob")


def test_the_same_key_is_the_same_batch_of_the_same_owner(shelf):
    with shelf.store.write() as conn:
        first = batches.create(conn, name="mine", owner="ann", key="k", now=1.0)
    with shelf.store.write() as conn:
        assert batches.create(conn, name="again", owner="ann", key="k", now=2.0) == first
        others = {
            batches.create(conn, name="n", owner=owner, key=key, now=3.0)
            for owner, key in (("bob", "k"), ("ann", "l"), ("ann", None), ("ann", None))
        }
    assert len(others | {first}) == 5
    assert batches.batch(shelf.conn, first).name == "mine"


# -- presentations ------------------------------------------------------------------------------

STYLE = {"include_layout": True, "style": "plain", "max_chunk_size": 500}


@pytest.mark.parametrize("way", ["alone", "among many", "from the cache", "refused"])
def test_how_an_answer_is_written_is_kept(shelf, way):
    shelf.finished(b"done", content=b"x")
    asked = {"presentation": STYLE, "owner": ""}
    match way:
        case "alone":
            job_id = shelf.add(**asked).job_id
        case "among many":
            job_id, *_ = shelf.fill("echo", 3, **asked)
        case "from the cache":
            born = shelf.add(content=b"x", **asked)
            assert born.status == "completed", "it is no part of what is done"
            job_id = born.job_id
        case "refused":
            job_id = shelf.add(refused=("EMPTY_FILE", "none"), **asked).job_id
    assert presentations.of(shelf.conn, job_id) == STYLE
    shelf.purge(job_id)
    assert presentations.of(shelf.conn, job_id) == {}
    assert violations(shelf.store) == []


def test_most_jobs_say_nothing_of_it(shelf):
    assert presentations.of(shelf.conn, shelf.add().job_id) == {}
    assert shelf.conn.execute("SELECT count(*) FROM presentations").fetchone() == (0,)
    with pytest.raises(JobNotFound):
        presentations.of(shelf.conn, "job_none")
    with pytest.raises(InvalidOption):
        shelf.add(presentation={"style": object()})
    assert len(jobs.jobs(shelf.conn)) == 1


def test_a_key_that_was_used_for_another_presentation_is_refused(shelf):
    first = shelf.add(idempotency_key="k", presentation=STYLE)
    assert shelf.add(idempotency_key="k", presentation=STYLE).job_id == first.job_id
    for other in ({}, {"style": "rich"}):
        with pytest.raises(IdempotencyConflict):
            shelf.add(idempotency_key="k", presentation=other)


def test_keys_that_were_used_before_there_were_presentations_still_count():
    """The hash of a plain submission is the one that is in the files of schema 1 to 4."""
    plain = Submission(tool="parse", filename="a.pdf", owner="ann", options={"pages": "1"})
    assert arrivals._hash_of(plain).hex() == HASH_OF_SCHEMA_4


HASH_OF_SCHEMA_4 = "b4b3556f8e5927a0ff08a8b7ebca239f80fb7b0550d9f0cfdec0d130a844ae0e"


# -- what a job says of its times ---------------------------------------------------------------


def test_a_job_was_last_heard_of_when_something_happened_to_it(shelf):
    job_id = shelf.add(retain=9.0, result_retain=8.0).job_id
    first = shelf.job(job_id)
    assert (first.updated_at, first.retain, first.result_retain) == (shelf.now, 9.0, 8.0)
    shelf.now += 1
    job = shelf.only()
    assert (job.updated_at, job.retain, job.result_retain) == (shelf.now, 9.0, 8.0)
    shelf.now += 1
    shelf.progress(job, 50.0)
    assert shelf.job(job_id).updated_at == shelf.now
    shelf.now += 1
    shelf.postpone(job, after=5)
    heard = shelf.now
    assert shelf.job(job_id).updated_at == heard
    shelf.now += 6
    shelf.promote()
    assert shelf.job(job_id).updated_at == heard, "it waits again"
    shelf.complete(shelf.only())
    assert shelf.job(job_id).updated_at == shelf.now
