"""The runner on a real store: jobs are claimed, done in children, and recorded."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from itertools import pairwise

import pytest
from patience import alive, eventually

from toolkit.jobs import JobState, Limits, Submission, Tool
from toolkit.runner import record
from toolkit.runner.lock import RunnerLock
from toolkit.runner.loop import Runner
from toolkit.settings import Settings
from toolkit.store import blobs, jobs, queue, results, tools
from toolkit.store.changes import ring
from toolkit.store.invariants import violations
from toolkit.store.store import Store
from toolkit.tools import sealed

NAMES = ["complain", "crash_until", "echo", "flood", "large", "leave", "note", "parent", "sleep"]


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "jobs.db") as store:
        with store.write() as conn:
            for name in (*NAMES, "talk", "unspeakable"):
                tools.register(conn, sealed(Tool(name=name, target=f"workshop:{name}")))
        yield store
        assert violations(store) == []
        assert not list((store.files / "work").glob("*"))


@pytest.fixture
def started(store):
    """A runner at work in a thread; stopped when the test ends."""
    runners = []

    def start(**settings) -> Runner:
        runner = Runner(store, Settings(**{"slots": 2, "renew": 0.2, **settings}))
        thread = threading.Thread(target=runner.run)
        thread.start()
        runners.append((runner, thread))
        return runner

    yield start
    for runner, thread in runners:
        runner.stop()
        thread.join(30)
        assert not thread.is_alive()


def work(store: Store, **settings) -> None:
    Runner(store, Settings(**{"slots": 2, **settings})).run(until_idle=True)


def submit(store: Store, tool: str, *, content: bytes | None = None, **asked) -> str:
    fields = {f: asked.pop(f) for f in tuple(asked) if f in Submission.__struct_fields__}
    sha256 = None if content is None else blobs.add_bytes(store, content)
    submission = Submission(tool=tool, sha256=sha256, options=asked, **fields)
    with store.write() as conn:
        job_id = queue.enqueue(conn, submission, now=time.time()).job_id
    ring(store)
    return job_id


def job(store: Store, job_id: str):
    return jobs.job(store.read(), job_id)


def test_a_job_is_done_and_its_result_kept(store):
    job_id = submit(store, "echo", content=b"hello", filename="a.txt", colour="blue")
    work(store)
    ended = job(store, job_id)
    answer = json.loads(results.content(store, job_id))
    assert (ended.status, ended.progress, ended.attempt) == (JobState.COMPLETED, 100, 1)
    assert (answer["text"], answer["filename"]) == ("hello", "a.txt")
    assert answer["options"] == {"colour": "blue"}
    (attempt,) = jobs.attempts(store.read(), job_id)
    assert attempt.outcome == "succeeded"
    assert attempt.peak_memory > 2**20


def test_secrets_reach_the_tool_and_are_gone_afterwards(store):
    job_id = submit(store, "echo", secrets={"password": "sesame"})
    work(store)
    assert json.loads(results.content(store, job_id))["options"] == {"password": "sesame"}
    assert jobs.secrets_of(store.read(), job_id) == {}


def test_a_large_result_comes_through(store):
    job_id = submit(store, "large", megabytes=3)
    work(store)
    assert len(results.content(store, job_id)) == 3 * 2**20


def test_one_bad_job_takes_nothing_down(store):
    bad = [submit(store, name) for name in ("complain", "unspeakable")]
    good = [submit(store, "echo", n=n) for n in range(20)]
    work(store)
    assert {job(store, j).error_code for j in bad} == {"TOOL_FAILED"}
    assert {job(store, j).status for j in good} == {JobState.COMPLETED}


def test_a_tool_of_a_strangers_file_is_not_run(store, tmp_path):
    with store.write() as conn:
        tools.register(conn, Tool(name="evil", target="os:system"))
        tools.register(conn, Tool(name="parse", target="workshop:echo"))
    refused = [submit(store, "evil"), submit(store, "parse")]
    work(store)
    for job_id in refused:
        assert "nobody on this machine has vouched" in job(store, job_id).error


def test_a_crash_is_tried_again_later(store, tmp_path):
    job_id = submit(store, "crash_until", log=str(tmp_path / "log"), times=1)
    work(store)
    ended = job(store, job_id)
    assert (ended.status, ended.attempt) == (JobState.COMPLETED, 2)
    outcomes = [(a.outcome, a.error_code) for a in jobs.attempts(store.read(), job_id)]
    assert outcomes == [("postponed", "CHILD_CRASHED"), ("succeeded", None)]


def test_a_page_that_crashes_the_last_attempt_is_left_out(store):
    job_id = submit(store, "talk", limits={"attempts": 1}, fatal=[2])
    work(store)
    assert results.content(store, job_id) == b"1 3|2:CHILD_CRASHED"
    assert job(store, job_id).pages == 2


def test_a_job_past_its_last_attempt_fails_with_what_happened(store):
    job_id = submit(store, "sleep", limits={"deadline": 0.2, "attempts": 1})
    work(store)
    assert job(store, job_id).error_code == "TIMEOUT"


def test_the_work_folder_is_emptied_and_removed(store):
    job_id = submit(store, "echo")
    work(store)
    answer = json.loads(results.content(store, job_id))
    assert answer["empty"]
    assert answer["work_folder"].startswith(str(store.files / "work"))


def test_progress_is_written_and_its_last_value_too(store, started):
    job_id = submit(store, "talk", pages=5, stuck=[3])
    started()
    eventually(lambda: job(store, job_id).page == 3, "the page that hangs is shown")
    seen = job(store, job_id)
    assert (seen.progress, seen.pages, seen.stage) == (60, 5, "parsing")
    with store.write() as conn:
        queue.cancel(conn, job_id=job_id, now=time.time())
    ring(store)


def test_progress_is_written_at_most_four_times_a_second(store, monkeypatch):
    written = []
    monkeypatch.setattr(queue, "progress", lambda *_, **asked: written.append(asked))
    submit(store, "flood")
    before = time.monotonic()
    work(store)
    assert len(written) <= 4 * (time.monotonic() - before) + 1


def test_a_cancelled_job_ends_at_once_with_all_its_processes(store, started, tmp_path):
    pids = tmp_path / "pids"
    pids.touch()
    started(renew=60)
    job_id = submit(store, "parent", pids=str(pids))
    eventually(lambda: len(pids.read_text().split()) == 3, "it runs")
    family = [int(pid) for pid in pids.read_text().split()]
    with store.write() as conn:
        queue.cancel(conn, job_id=job_id, now=time.time())
    ring(store)
    eventually(lambda: not any(map(alive, family)), "all of it is gone", seconds=5)
    assert job(store, job_id).status == JobState.CANCELLED
    again = submit(store, "echo")
    eventually(lambda: job(store, again).ended, "the slot works on")


def test_a_new_job_is_picked_up_by_a_runner_that_waits(store, started):
    started()
    first = submit(store, "echo")
    eventually(lambda: job(store, first).ended, "the first is done")
    second = submit(store, "echo", n=2)
    eventually(lambda: job(store, second).ended, "and the second")


def test_stopping_gives_back_what_runs_without_counting_an_attempt(store, tmp_path, monkeypatch):
    monkeypatch.setattr("toolkit.runner.loop.GRACE", 0.1)
    pids = tmp_path / "pids"
    pids.touch()
    job_id = submit(store, "sleep", pids=str(pids))
    runner = Runner(store, Settings(slots=1))
    thread = threading.Thread(target=runner.run)
    thread.start()
    eventually(pids.read_text, "it runs")
    runner.stop()
    thread.join(20)
    assert not thread.is_alive()
    back = job(store, job_id)
    assert (back.status, back.attempt, back.interruptions) == (JobState.QUEUED, 0, 1)
    assert not alive(int(pids.read_text()))
    assert store.read().execute("SELECT count(*) FROM runners").fetchone() == (0,)


def test_stopping_lets_short_jobs_end(store, tmp_path):
    log = tmp_path / "log"
    job_id = submit(store, "note", log=str(log), seconds=0.5)
    runner = Runner(store, Settings(slots=1))
    thread = threading.Thread(target=runner.run)
    thread.start()
    eventually(lambda: job(store, job_id).status == JobState.PROCESSING, "it runs")
    runner.stop()
    thread.join(20)
    assert job(store, job_id).status == JobState.COMPLETED


def test_the_limit_of_a_tool_holds_over_the_slots(store, tmp_path):
    log = tmp_path / "log"
    with store.write() as conn:
        tools.register(conn, sealed(Tool(name="one", target="workshop:note", concurrency=1)))
    for number in range(4):
        submit(store, "one", log=str(log), seconds=0.1, filename=str(number))
    work(store, slots=4)
    spans = [
        (a.started_at, a.ended_at)
        for j in jobs.jobs(store.read())
        for a in jobs.attempts(store.read(), j.id)
    ]
    spans.sort()
    assert all(end <= start for (_, end), (start, _) in pairwise(spans))
    assert [line.split()[0] for line in log.read_text().splitlines()] == ["0", "1", "2", "3"]


def test_jobs_of_a_dead_runner_of_this_host_are_done_at_once(store, started):
    job_id = submit(store, "echo")
    with store.write() as conn:
        from toolkit.store import runners

        runners.enlist(
            conn,
            runner="run_dead",
            pid=2**22 + 1,
            pid_started=1.0,
            host=runners.this_host(),
            slots=1,
            port=1,
            now=time.time(),
        )
        queue.claim(conn, runner="run_dead", now=time.time(), lease=3600)
    started()
    eventually(lambda: job(store, job_id).ended, "it is done")
    assert job(store, job_id).interruptions == 1


def test_jobs_of_a_lapsed_lease_are_done_again(store, started):
    job_id = submit(store, "echo")
    with store.write() as conn:
        queue.claim(conn, runner="run_far_away", now=time.time() - 60, lease=1)
    started()
    eventually(lambda: job(store, job_id).ended, "it is done")


def test_trouble_with_recording_is_waited_out(store, monkeypatch):
    real, failed = record.results.put, []

    def put(*args, **kwargs):
        if len(failed) < 2:
            failed.append(1)
            raise sqlite3.OperationalError("database or disk is full")
        return real(*args, **kwargs)

    monkeypatch.setattr(record.results, "put", put)
    monkeypatch.setattr("toolkit.runner.slot.PAUSE_AFTER_TROUBLE", 0.01)
    job_id = submit(store, "echo")
    work(store)
    assert job(store, job_id).status == JobState.COMPLETED
    assert len(jobs.attempts(store.read(), job_id)) == 1


def test_a_result_that_cannot_be_stored_fails_its_job(store, monkeypatch):
    def put(*_args, **_kwargs):
        raise sqlite3.IntegrityError("CHECK constraint failed")

    monkeypatch.setattr(record.results, "put", put)
    job_id = submit(store, "echo", limits={"attempts": 1})
    work(store)
    ended = job(store, job_id)
    assert (ended.status, ended.error_code) == (JobState.FAILED, "INTERNAL_ERROR")
    assert "could not be stored" in ended.error


def test_a_lost_lease_records_nothing(store, started, tmp_path):
    log = tmp_path / "log"
    job_id = submit(store, "note", log=str(log), seconds=1)
    started(renew=60, slots=1)
    eventually(lambda: job(store, job_id).status == JobState.PROCESSING, "it runs")
    with store.write() as conn:
        conn.execute("UPDATE jobs SET runner = 'run_other' WHERE id = ?", [job_id])
    time.sleep(2)
    taken = job(store, job_id)
    assert (taken.status, taken.runner) == (JobState.PROCESSING, "run_other")
    assert not taken.has_result
    with store.write() as conn:
        queue.cancel(conn, job_id=job_id, now=time.time())


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_an_error_of_our_own_costs_an_attempt_and_not_the_runner(store, started, monkeypatch):
    from toolkit.runner.slot import Slot

    real, failed = Slot._see_through, []

    def fail_once(self, job):
        if not failed:
            failed.append(job.id)
            raise KeyError("a mistake of ours")
        real(self, job)

    monkeypatch.setattr(Slot, "_see_through", fail_once)
    started()
    job_id = submit(store, "echo")
    eventually(lambda: job(store, job_id).ended, "it was done after all")
    assert job(store, job_id).status == JobState.COMPLETED
    assert [a.error_code for a in jobs.attempts(store.read(), job_id)] == ["INTERNAL_ERROR", None]


def test_a_job_that_arrives_while_the_runner_leaves_is_done(store):
    """After the lock was let go, and before it looked for the last time."""

    class Watched(RunnerLock):
        late: str | None = None

        def release(self) -> None:
            super().release()
            Watched.late = Watched.late or submit(store, "echo")

    submit(store, "echo", n=1)
    Runner(store, Settings(slots=1), lock=Watched.of(store.files)).run(until_idle=True)
    assert job(store, Watched.late).status == JobState.COMPLETED


def test_a_runner_that_leaves_lets_another_have_the_late_job(store):
    class Taken(RunnerLock):
        late: str | None = None
        other = RunnerLock.of(store.files)

        def release(self) -> None:
            super().release()
            Taken.late = Taken.late or submit(store, "echo")
            Taken.other.take()

    submit(store, "echo", n=1)
    Runner(store, Settings(slots=1), lock=Taken.of(store.files)).run(until_idle=True)
    Taken.other.release()
    assert job(store, Taken.late).status == JobState.QUEUED


def test_a_paused_tool_does_not_keep_the_runner(store):
    with store.write() as conn:
        tools.pause(conn, name="echo")
    job_id = submit(store, "echo")
    work(store)
    assert job(store, job_id).status == JobState.QUEUED


def test_limits_of_the_tool_hold(store):
    with store.write() as conn:
        short = Limits(deadline=0.2, attempts=1)
        tools.register(conn, sealed(Tool(name="short", target="workshop:sleep", limits=short)))
    job_id = submit(store, "short")
    work(store)
    assert "0.2 s" in job(store, job_id).error


def test_a_function_of_a_notebook_cell_is_done(store, monkeypatch):
    from toolkit.tools import registered, registry, tool

    monkeypatch.setattr(registry, "_OWN", {})
    greeting = "good morning"

    @tool("greet", local=True)
    def greet(task):
        return f"{greeting}, {task.options['name']}"

    with store.write() as conn:
        tools.register(conn, registered()["greet"])
    job_id = submit(store, "greet", name="Ada")
    work(store)
    assert results.content(store, job_id) == b"good morning, Ada"
