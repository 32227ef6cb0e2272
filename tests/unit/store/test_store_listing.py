"""Lists of jobs: filters, pages by offset and by key, complete and without repeats."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shelf import Shelf

from toolkit.errors import InvalidInput, JobNotFound
from toolkit.jobs import JobState
from toolkit.store import batches, jobs, queue

OWNERS = ("", "ann", "bob")


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """60 jobs in all states, of three owners, two tools, and two batches or none."""
    shelf = Shelf(tmp_path_factory.mktemp("listing") / "jobs.db")
    with shelf.store.write() as conn:
        made = [None, *(batches.create(conn, name=name, now=1.0) for name in "ab")]
    for n in range(60):
        job_id = shelf.add(
            ("echo", "slow")[n % 7 == 0],
            filename=f"Report {n}.PDF",
            origin=f"/data/{n % 4}",
            owner=OWNERS[n % 3],
            batch=made[n // 2 % 3],
            options={"n": n},
            priority=-n,
        ).job_id
        act = n // 3 % 6
        if act == 1:
            shelf.cancel(job_id)
        elif act in {2, 3, 4}:
            (job,) = shelf.claim(limit=1)
            assert shelf.job(job.id).status == "processing"
            {2: shelf.fail, 3: shelf.complete, 4: shelf.postpone}[act](job)
    shelf.claim(limit=3)
    yield shelf
    shelf.store.close()


FILTERS = st.fixed_dictionaries(
    {},
    optional={
        "status": st.one_of(
            st.sampled_from(list(JobState)), st.lists(st.sampled_from(list(JobState)), max_size=3)
        ),
        "tool": st.sampled_from(["echo", "slow", "none"]),
        "owner": st.sampled_from([*OWNERS, "nobody"]),
        "text": st.sampled_from(["report", "REPORT 1", "/data/2", "trailer", "%", "_", ""]),
        "batch": st.sampled_from([0, 1, "bat_none"]),
    },
)
calm = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def expected(shelf: Shelf, asked: dict) -> list:
    """The same filter, said in Python."""
    states = asked.get("status")
    states = [states] if isinstance(states, str) else states
    text = asked.get("text", "").lower()
    return [
        job
        for job in jobs.jobs(shelf.conn)
        if (states is None or job.status in states)
        and ("tool" not in asked or job.tool == asked["tool"])
        and ("owner" not in asked or job.owner == asked["owner"])
        and ("batch" not in asked or job.batch == asked["batch"])
        and any(text in (said or "").lower() for said in (job.filename, job.origin, job.error))
    ]


def with_batch(shelf: Shelf, asked: dict) -> dict:
    ids = [row.id for row in batches.batches(shelf.conn)]
    which = asked.get("batch")
    return {**asked, "batch": ids[which]} if isinstance(which, int) else asked


def test_every_state_is_there_to_be_listed(many):
    assert all(jobs.counts(many.conn)[state] for state in JobState)


@calm
@given(asked=FILTERS)
def test_filters_let_through_what_they_say(many, asked):
    asked = with_batch(many, asked)
    found = jobs.jobs(many.conn, **asked)
    assert found == expected(many, asked)
    assert jobs.job_ids(many.conn, **asked) == [job.id for job in found]


@calm
@given(asked=FILTERS, size=st.integers(1, 25), newest_first=st.booleans())
def test_pages_are_complete_and_without_repeats(many, asked, size, newest_first):
    asked = with_batch(many, asked)
    whole = expected(many, asked)
    whole = whole[::-1] if newest_first else whole
    by_offset, by_key, key = [], [], {}
    while page := jobs.jobs(
        many.conn, **asked, limit=size, offset=len(by_offset), newest_first=newest_first
    ):
        by_offset += page
    while page := jobs.jobs(many.conn, **asked, **key, limit=size, newest_first=newest_first):
        assert len(page) <= size
        by_key += page
        key = {"before" if newest_first else "after": page[-1].number}
    assert by_offset == by_key == whole


def test_paging_by_key_is_not_disturbed_by_what_arrives_or_ends(shelf):
    ids = shelf.fill("echo", 20)
    seen = jobs.jobs(shelf.conn, limit=5, newest_first=True)
    while page := jobs.jobs(shelf.conn, limit=5, newest_first=True, before=seen[-1].number):
        shelf.add()
        shelf.cancel(page[0].id)
        seen += page
    assert [job.id for job in seen] == ids[::-1]


@pytest.mark.parametrize("status", ["done", "", "QUEUED", ["queued", "'; DROP TABLE jobs"]])
def test_a_status_that_is_none_is_refused_with_those_that_are(shelf, status):
    with pytest.raises(InvalidInput, match="there are: queued"):
        jobs.jobs(shelf.conn, status=status)


@pytest.mark.parametrize("text", ["ärger", "ÄRGER", "Ärger", "ДОМ", "дом"])
def test_text_is_found_in_any_case_of_any_script(shelf, text):
    shelf.add(filename="Ärger im Дом.pdf")
    assert len(jobs.jobs(shelf.conn, text=text)) == 1


def test_text_is_only_text(shelf):
    shelf.add(filename="100%_sure'.pdf")
    shelf.add(filename="1000 sure.pdf")
    assert [job.filename for job in jobs.jobs(shelf.conn, text="0%_s")] == ["100%_sure'.pdf"]
    assert len(jobs.jobs(shelf.conn, text="e'.")) == 1


def test_counts_follow_every_move(shelf):
    with shelf.store.write() as conn:
        batch = batches.create(conn, name="mine", now=1.0, owner="ann")
    shelf.fill("echo", 4, batch=batch, bypass_cache=True)
    shelf.fill("echo", 3)
    done, failed, late, _ = shelf.claim(limit=4)
    shelf.complete(done)
    shelf.fail(failed)
    shelf.postpone(late)
    shelf.cancel(jobs.jobs(shelf.conn, status="queued")[0].id)
    zero = dict.fromkeys(JobState, 0)
    assert jobs.counts(shelf.conn, batch=batch) == {
        **zero,
        "completed": 1,
        "failed": 1,
        "retrying": 1,
        "processing": 1,
    }
    assert jobs.counts(shelf.conn) == {
        **zero,
        "completed": 1,
        "failed": 1,
        "retrying": 1,
        "processing": 1,
        "queued": 2,
        "cancelled": 1,
    }
    (row,) = batches.batches(shelf.conn)
    assert (row.id, row.name, row.owner) == (batch, "mine", "ann")
    with pytest.raises(JobNotFound):
        jobs.counts(shelf.conn, batch="bat_none")


def test_counts_and_stats_read_no_job(shelf):
    """Whatever the number of jobs: only their counters, and the last durations by index."""
    shelf.fill("echo", 200)
    for job in shelf.claim(limit=100):
        shelf.complete(job, None)
    seen: list[str] = []
    shelf.conn.set_trace_callback(seen.append)
    jobs.counts(shelf.conn)
    queue.stats(shelf.conn)
    shelf.conn.set_trace_callback(None)
    steps = [
        row[3]
        for statement in seen
        for row in shelf.conn.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall()
    ]
    looks = [step for step in steps if "jobs" in step]
    assert looks
    assert [step for step in looks if not step.startswith("SEARCH jobs USING INDEX")] == []
