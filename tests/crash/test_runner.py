"""Runners are killed, stopped and doubled; every job is done, and none twice."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import time
from collections import Counter
from contextlib import closing

import psutil
import pytest
from killing import Work, living, offspring
from patience import eventually

from toolkit.store import jobs, queue
from toolkit.store.changes import ring
from toolkit.store.invariants import violations

pytestmark = pytest.mark.crash


def test_a_runner_that_is_killed_again_and_again_loses_nothing(work):
    ids = work.submit("note", 60, seconds=0.05)
    dice = random.Random(7)
    for _ in range(6):
        runner = work.start()
        eventually(lambda runner=runner: offspring(runner.pid), "it has children")
        time.sleep(dice.uniform(0.2, 0.8))
        _kill_and_see_all_gone(runner)
        if not work.counts().get("queued"):
            break
    assert work.start().wait(60) == 0
    _all_done_once(work, ids)
    interruptions = sum(work.job(j).interruptions for j in ids)
    assert interruptions <= 6 * 2, "a death interrupts no more than what ran"


def test_two_runners_on_one_file_of_which_one_is_killed(work):
    ids = work.submit("note", 60, seconds=0.05)
    stays, dies = work.start(), work.start()
    eventually(lambda: work.counts().get("completed", 0) > 10, "both are at work")
    _kill_and_see_all_gone(dies)
    killed_at = time.time()
    assert stays.wait(60) == 0
    _all_done_once(work, ids)
    by = Counter(a.runner for j in ids for a in jobs.attempts(work.store.read(), j))
    assert len(by) == 2
    interrupted = [
        attempt
        for j in ids
        for attempt in jobs.attempts(work.store.read(), j)
        if attempt.outcome == "interrupted"
    ]
    # Recovery is for the benchmark to measure; here: it did not take a lease.
    assert all(attempt.ended_at - killed_at < 15 for attempt in interrupted)


def test_children_that_are_killed_cost_an_attempt_each(work):
    ids = work.submit("note", 30, seconds=0.1)
    runner = work.start()
    killed = 0
    while runner.poll() is None and killed < 4:
        children = [p for p in offspring(runner.pid) if len(offspring(p.pid)) == 0]
        if children and work.counts().get("processing"):
            with_work = random.Random(killed).choice(children)
            with_work.kill()
            killed += 1
        time.sleep(0.15)
    assert runner.wait(60) == 0
    _all_done_once(work, ids)
    assert killed


def test_a_forkserver_that_is_killed_is_replaced(work):
    ids = work.submit("note", 20, seconds=0.1)
    runner = work.start()
    eventually(lambda: work.counts().get("completed"), "it works")
    forkserver = psutil.Process(runner.pid).children()[0]
    its_children = forkserver.children()
    forkserver.kill()
    eventually(lambda: not living(its_children), "its children went with it")
    assert runner.wait(60) == 0
    _all_done_once(work, ids)


@pytest.mark.parametrize("tool", ["sleep", "spin", "parent"])
def test_whatever_a_child_does_it_dies_with_its_runner(work, tool, tmp_path):
    pids = tmp_path / "pids"
    work.submit(tool, pids=str(pids), seconds=60)
    runner = work.start()
    eventually(lambda: pids.exists() and pids.read_text(), "the tool runs")
    _kill_and_see_all_gone(runner)
    with work.store.write() as conn:
        for job in jobs.jobs(conn):
            queue.cancel(conn, job_id=job.id, now=time.time())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_runner_that_is_told_to_stop_gives_its_jobs_back(work, number, tmp_path):
    pids = tmp_path / "pids"
    (job_id,) = work.submit("sleep", pids=str(pids), seconds=60)
    runner = work.start()
    eventually(lambda: pids.exists() and pids.read_text(), "the tool runs")
    family = offspring(runner.pid)
    runner.send_signal(number)
    runner.send_signal(number)
    assert runner.wait(20) == 0
    eventually(lambda: not living(family), "all are gone", seconds=5)
    job = work.job(job_id)
    assert (job.status, job.attempt, job.interruptions) == ("queued", 0, 1)
    assert violations(work.store) == []


def _stop_between_two_writes(work, pid):
    """A process that is stopped while it holds SQLite's write lock holds up everybody else."""
    for _ in range(100):
        os.kill(pid, signal.SIGSTOP)
        time.sleep(0.02)
        with closing(sqlite3.connect(work.path, timeout=0.2, isolation_level=None)) as probe:
            try:
                probe.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                os.kill(pid, signal.SIGCONT)
                time.sleep(0.03)
            else:
                probe.execute("ROLLBACK")
                return
    raise AssertionError("it always holds the lock")


def test_a_runner_that_was_asleep_beyond_its_lease_writes_nothing(work):
    """Stopped with SIGSTOP, its job is done by another; awake again, it is fenced off."""
    (job_id,) = work.submit("note", seconds=2)
    lease = {"PAGEQUEUE_LEASE": "1", "PAGEQUEUE_RENEW": "0.3"}
    sleeper = work.start(**lease)
    eventually(lambda: work.job(job_id).status == "processing", "it runs")
    first = work.job(job_id).runner
    _stop_between_two_writes(work, sleeper.pid)
    time.sleep(1.5)
    other = work.start(**lease)
    eventually(lambda: work.job(job_id).runner not in (None, first), "the other has it")
    second = work.job(job_id).runner
    os.kill(sleeper.pid, signal.SIGCONT)
    assert other.wait(60) == 0
    assert sleeper.wait(60) == 0
    outcomes = [(a.runner, a.outcome) for a in jobs.attempts(work.store.read(), job_id)]
    assert outcomes == [(first, "interrupted"), (second, "succeeded")]
    assert work.job(job_id).attempt == 1
    assert violations(work.store) == []


def test_a_cancel_reaches_a_runner_in_another_process(work, tmp_path):
    pids = tmp_path / "pids"
    (job_id,) = work.submit("spin", pids=str(pids))
    runner = work.start()
    eventually(lambda: pids.exists() and pids.read_text(), "the tool runs")
    child = psutil.Process(int(pids.read_text()))
    with work.store.write() as conn:
        queue.cancel(conn, job_id=job_id, now=time.time())
    ring(work.store)
    eventually(lambda: not living([child]), "its child is gone", seconds=5)
    assert runner.wait(20) == 0
    assert work.job(job_id).status == "cancelled"
    assert violations(work.store) == []


def _kill_and_see_all_gone(runner) -> None:
    family = offspring(runner.pid)
    runner.kill()
    runner.wait()
    # Half a second is the promise; a busy machine may need longer to let us look.
    eventually(lambda: not living(family), "no child outlives its runner", seconds=5)


def _all_done_once(work: Work, ids: list[str]) -> None:
    assert work.counts() == {"completed": len(ids)}
    for job_id in ids:
        tries = jobs.attempts(work.store.read(), job_id)
        assert [a.outcome for a in tries].count("succeeded") == 1
    assert violations(work.store) == []
    assert not list((work.store.files / "work").glob("*"))
