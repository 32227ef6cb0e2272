"""A slot that has ended a job claims its next one in the same transaction."""

from __future__ import annotations

import sqlite3
import threading
import time
from itertools import pairwise

import pytest
from patience import eventually

from toolkit.jobs import JobState, Submission, Tool
from toolkit.runner import slot
from toolkit.runner.loop import Runner
from toolkit.runner.shift import Shift
from toolkit.settings import Settings
from toolkit.store import jobs, queue, tools
from toolkit.store.invariants import violations
from toolkit.store.store import Store
from toolkit.tools import sealed


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "jobs.db") as store:
        with store.write() as conn:
            for name in ("echo", "sleep"):
                tools.register(conn, sealed(Tool(name=name, target=f"workshop:{name}")))
            one = Tool(name="one", target="workshop:sleep", concurrency=1)
            tools.register(conn, sealed(one))
        yield store
        assert violations(store) == []


def fill(store: Store, count: int, tool: str = "echo", **options) -> list[str]:
    asked = [Submission(tool=tool, options={**options, "n": n}) for n in range(count)]
    with store.write() as conn:
        return [one.job_id for one in queue.enqueue_many(conn, asked, now=time.time())]


def work(store: Store, slots: int = 1) -> None:
    Runner(store, Settings(slots=slots)).run(until_idle=True)


def states(store: Store) -> list[JobState]:
    return [job.status for job in jobs.jobs(store.read())]


def test_ten_jobs_are_ten_commits_to_the_disk_and_hardly_more(store, monkeypatch):
    durable, write = [], Shift.write

    def counted(shift, *, durable=True, kinds=durable):
        if threading.current_thread().name.startswith("slot"):
            kinds.append(durable)
        return write(shift, durable=durable)

    monkeypatch.setattr(Shift, "write", counted)
    fill(store, 10)
    work(store)
    assert states(store) == [JobState.COMPLETED] * 10
    assert durable.count(True) == 10
    # The first claim, one that found nothing at the end, and what a slow machine adds.
    assert durable.count(False) < 10


def test_they_are_done_in_their_order(store):
    fill(store, 12)
    work(store)
    ended = [job.ended_at for job in jobs.jobs(store.read())]
    assert ended == sorted(ended)


@pytest.mark.parametrize(
    "fault", [sqlite3.OperationalError("disk I/O error"), ValueError("not JSON"), OSError("full")]
)
def test_what_is_wrong_with_the_next_job_does_not_touch_the_end_of_this_one(
    store, monkeypatch, fault
):
    """And nothing is lost or done twice when the claim fails after the end was written."""
    calls, claim = [], queue.claim
    monkeypatch.setattr(slot, "PAUSE_AFTER_TROUBLE", 0.01)

    def trouble(conn, **asked):
        calls.append(asked)
        if len(calls) in (2, 5):
            raise fault
        return claim(conn, **asked)

    monkeypatch.setattr(slot.queue, "claim", trouble)
    ids = fill(store, 6)
    work(store)
    assert states(store) == [JobState.COMPLETED] * 6
    assert [len(jobs.attempts(store.read(), job_id)) for job_id in ids] == [1] * 6


def test_a_tools_limit_holds_from_job_to_job(store):
    ids = fill(store, 4, tool="one", seconds=0.1)
    fill(store, 4)
    work(store, slots=3)
    spans = sorted(
        (attempt.started_at, attempt.ended_at)
        for job_id in ids
        for attempt in jobs.attempts(store.read(), job_id)
    )
    assert len(spans) == 4
    assert all(before[1] <= after[0] for before, after in pairwise(spans))


def test_a_tool_that_was_paused_meanwhile_gets_no_further_job(store):
    first, *rest = fill(store, 3, tool="sleep", seconds=1.0)
    runner = Runner(store, Settings(slots=1))
    thread = threading.Thread(target=runner.run)
    thread.start()
    eventually(lambda: jobs.job(store.read(), first).status is JobState.PROCESSING, "it runs")
    with store.write() as conn:
        tools.pause(conn, name="sleep")
    eventually(lambda: jobs.job(store.read(), first).status is JobState.COMPLETED, "it ended")
    time.sleep(0.3)
    assert {jobs.job(store.read(), one).status for one in rest} == {JobState.QUEUED}
    runner.stop()
    thread.join(30)


def test_a_job_that_is_cancelled_while_it_is_recorded_stays_so_and_the_next_is_done(
    store, monkeypatch
):
    first, second = fill(store, 2)
    stage, asked = slot.complete, []

    def cancelled_first(shift, job, *rest, **more):
        if not asked:
            asked.append(job.id)
            with shift.write() as conn:
                queue.cancel(conn, job_id=job.id, now=time.time())
        return stage(shift, job, *rest, **more)

    monkeypatch.setattr(slot, "complete", cancelled_first)
    work(store)
    assert asked == [first]
    assert states(store) == [JobState.CANCELLED, JobState.COMPLETED]
    assert jobs.job(store.read(), second).attempt == 1
