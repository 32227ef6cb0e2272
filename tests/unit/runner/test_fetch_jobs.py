"""Jobs by address on a real runner: fetched, done, tried again, cancelled, never half."""

from __future__ import annotations

import json
import threading
import time

import pytest
from patience import eventually
from webhost import PAGE, hosting

from toolkit.jobs import JobState, Submission, Tool
from toolkit.runner.loop import Runner
from toolkit.settings import Settings
from toolkit.store import blobs, erasures, jobs, queue, results, tools
from toolkit.store.changes import ring
from toolkit.store.invariants import violations
from toolkit.store.store import Store
from toolkit.tools import sealed

TEXT = b"what the paper says"


@pytest.fixture
def host():
    with hosting() as host:
        host.answers["/a.txt"] = lambda v: v.say(body=TEXT)
        yield host


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "jobs.db") as store:
        with store.write() as conn:
            for name in ("echo", "note", "large"):
                tools.register(conn, sealed(Tool(name=name, target=f"workshop:{name}")))
        yield store
        assert violations(store) == []
        assert not list((store.files / "work").glob("*"))
        assert not list((store.files / "drafts").glob("*"))


@pytest.fixture
def started(store):
    """A runner at work in a thread, which may fetch from this machine."""
    running = []

    def start(**settings) -> Runner:
        asked = {"slots": 1, "renew": 0.2, "fetch_private": "127.0.0.1", **settings}
        runner = Runner(store, Settings(**asked))
        thread = threading.Thread(target=runner.run)
        thread.start()
        running.append((runner, thread))
        return runner

    yield start
    for runner, thread in running:
        runner.stop()
        thread.join(30)
        assert not thread.is_alive()


def submit(store: Store, url: str | None, tool: str = "echo", **asked) -> str:
    with store.write() as conn:
        new = Submission(tool=tool, url=url, **asked)
        job_id = queue.enqueue(conn, new, now=time.time()).job_id
    ring(store)
    return job_id


def job(store: Store, job_id: str):
    return jobs.job(store.read(), job_id)


def ended(store: Store, job_id: str):
    eventually(lambda: job(store, job_id).ended, "the job has ended")
    return job(store, job_id)


def codes(store: Store, job_id: str) -> list[str | None]:
    return [attempt.error_code for attempt in jobs.attempts(store.read(), job_id)]


def test_a_job_is_fetched_and_done(store, host, started):
    started()
    done = ended(store, submit(store, host.at("/a.txt?key=1"), origin="column[3]"))
    assert (done.status, done.error) == (JobState.COMPLETED, None)
    assert (done.filename, done.size, done.media_type) == ("a.txt", len(TEXT), "text/plain")
    assert (done.url, done.origin, done.attempt) == (None, "column[3]", 1)
    assert json.loads(results.content(store, done.id))["text"] == TEXT.decode()
    assert jobs.source_of(store, done).read_bytes() == TEXT
    assert [path for path, _ in host.asked] == ["/a.txt?key=1"]


def test_an_answer_that_is_known_is_not_made_again(store, host, started):
    started()
    first = ended(store, submit(store, host.at("/a.txt"), filename="a.txt"))
    again = ended(store, submit(store, host.at("/a.txt"), filename="b.txt"))
    anew = ended(store, submit(store, host.at("/a.txt"), filename="c.txt", bypass_cache=True))
    assert [one.cache_hit for one in (first, again, anew)] == [False, True, False]
    assert results.content(store, again.id) == results.content(store, first.id)
    assert json.loads(results.content(store, anew.id))["filename"] == "c.txt"
    assert len(host.asked) == 3


def test_an_answer_known_from_a_file_is_used_too(store, host, started):
    started()
    name = blobs.add_bytes(store, TEXT)
    first = ended(store, submit(store, None, sha256=name, size=len(TEXT)))
    again = ended(store, submit(store, host.at("/a.txt")))
    assert (again.cache_hit, again.sha256) == (True, first.sha256)


def test_without_leave_nothing_of_this_machine_is_fetched(store, host, started):
    started(fetch_private="")
    refused = ended(store, submit(store, host.at("/a.txt")))
    assert (refused.status, refused.error_code) == (JobState.FAILED, "ADDRESS_REFUSED")
    assert "PAGEQUEUE_FETCH_PRIVATE=127.0.0.1" in refused.error
    assert codes(store, refused.id) == ["ADDRESS_REFUSED"]
    assert host.connections == 0


def test_what_is_not_there_fails_at_once_and_may_be_retried(store, host, started):
    started()
    url = host.at("/late.txt?signature=SECRET")
    failed = ended(store, submit(store, url))
    assert (failed.error_code, codes(store, failed.id)) == (
        "ADDRESS_UNUSABLE",
        ["ADDRESS_UNUSABLE"],
    )
    assert "127.0.0.1" in failed.error
    assert "SECRET" not in failed.error
    assert failed.url == url
    host.answers["/late.txt"] = lambda v: v.say(body=TEXT)
    with store.write() as conn:
        queue.retry(conn, job_id=failed.id, now=time.time())
    ring(store)
    assert ended(store, failed.id).status is JobState.COMPLETED


def test_a_server_that_asks_for_time_is_given_it(store, host, started):
    answers = [lambda v: v.say(503, Retry_After="900"), lambda v: v.say(body=TEXT)]
    host.answers["/busy.txt"] = lambda v: answers.pop(0)(v)
    started()
    begun = time.time()
    job_id = submit(store, host.at("/busy.txt"))
    eventually(lambda: job(store, job_id).status is JobState.RETRYING, "it is put off")
    assert begun + 900 <= job(store, job_id).run_at <= time.time() + 900
    assert job(store, job_id).error_code == "FETCH_FAILED"
    with store.write() as conn:
        queue.promote(conn, now=time.time() + 1000)
    ring(store)
    assert ended(store, job_id).status is JobState.COMPLETED
    assert codes(store, job_id) == ["FETCH_FAILED", None]


def test_a_failing_server_is_given_up_after_the_attempts(store, host, started):
    host.answers["/broken"] = lambda v: v.say(500)
    started()
    failed = ended(store, submit(store, host.at("/broken"), limits={"attempts": 1}))
    assert (failed.status, failed.error_code) == (JobState.FAILED, "FETCH_FAILED")


def test_a_file_past_the_limit_of_this_machine_is_refused(store, host, started):
    started(max_file_bytes=10)
    assert ended(store, submit(store, host.at("/a.txt"))).error_code == "FILE_TOO_LARGE"


def test_nothing_and_a_page_are_refused_with_their_codes(store, host, started):
    host.answers["/none.pdf"] = lambda v: v.say()
    host.answers["/page.pdf"] = lambda v: v.say(body=PAGE)
    started()
    assert ended(store, submit(store, host.at("/none.pdf"))).error_code == "EMPTY_FILE"
    page = ended(store, submit(store, host.at("/page.pdf")))
    assert (page.error_code, page.sha256) == ("UNSUPPORTED_FILE_TYPE", None)


def test_a_failed_fetch_has_used_nothing_of_the_job_before(store, host, started):
    started()
    ended(store, submit(store, None, tool="large", options={"megabytes": 1}))
    failed = ended(store, submit(store, host.at("/gone")))
    (attempt,) = jobs.attempts(store.read(), failed.id)
    assert (attempt.peak_memory, attempt.cpu_seconds) == (0, 0.0)


# -- stopped in the middle -------------------------------------------------------------------------


@pytest.fixture
def slow(store, host):
    """The id of a job whose download stands still in the middle, once a runner has begun it."""
    host.answers["/slow.pdf"] = host.trickle
    return lambda **asked: submit(store, host.at("/slow.pdf"), **asked)


def test_the_download_is_told_of_as_it_goes_on(store, host, started, slow):
    started()
    job_id = slow()
    eventually(lambda: job(store, job_id).progress > 0, "its progress is written")
    now = job(store, job_id)
    assert (now.status, now.stage) == (JobState.PROCESSING, "uploading")
    assert now.progress == pytest.approx(5, abs=0.5)
    with store.write() as conn:
        queue.cancel(conn, job_id=job_id, now=time.time())
    ring(store)


def test_a_cancel_stops_the_download_and_frees_the_slot(store, host, started, slow):
    started()
    job_id = slow()
    eventually(host.begun.is_set, "the download has begun")
    with store.write() as conn:
        queue.cancel(conn, job_id=job_id, now=time.time())
    ring(store)
    after = submit(store, host.at("/a.txt"))
    assert ended(store, after).status is JobState.COMPLETED
    assert not host.gate.is_set()
    cancelled = job(store, job_id)
    assert (cancelled.status, cancelled.sha256) == (JobState.CANCELLED, None)


def test_a_purge_stops_the_download_and_leaves_no_address(store, host, started, slow):
    started()
    job_id = slow()
    eventually(host.begun.is_set, "the download has begun")
    assert erasures.purge(store, job_id=job_id, now=time.time()) == "done"
    ring(store)
    ended(store, submit(store, host.at("/a.txt")))
    assert (job(store, job_id).purged, job(store, job_id).url) == (True, None)


def test_a_job_that_was_taken_away_is_fetched_again_and_done_once(store, host, started, slow):
    started()
    job_id = slow()
    eventually(host.begun.is_set, "the download has begun")
    host.answers["/slow.pdf"] = lambda v: v.say(body=TEXT)
    with store.write() as conn:
        assert queue.rescue(conn, now=time.time() + 1000) == [job_id]
    ring(store)
    done = ended(store, job_id)
    assert (done.status, done.interruptions, done.size) == (JobState.COMPLETED, 1, len(TEXT))
    outcomes = [attempt.outcome for attempt in jobs.attempts(store.read(), job_id)]
    assert outcomes == ["interrupted", "succeeded"]


def test_a_runner_that_stops_gives_the_job_back(store, host, started, slow, monkeypatch):
    monkeypatch.setattr("toolkit.runner.loop.GRACE", 0.1)
    runner = started()
    job_id = slow()
    eventually(host.begun.is_set, "the download has begun")
    runner.stop()
    eventually(lambda: job(store, job_id).status is JobState.QUEUED, "it is given back")
    assert (job(store, job_id).attempt, job(store, job_id).sha256) == (0, None)


def test_the_lease_is_renewed_and_others_work_meanwhile(store, host, started, slow):
    started(slots=2, lease=5.0)
    job_id = slow()
    eventually(host.begun.is_set, "the download has begun")
    lease = "SELECT lease_until FROM jobs WHERE id = ?"
    (first,) = store.read().execute(lease, [job_id]).fetchone()
    assert ended(store, submit(store, host.at("/a.txt"))).status is JobState.COMPLETED
    eventually(lambda: store.read().execute(lease, [job_id]).fetchone()[0] > first, "it is renewed")
    assert job(store, job_id).status is JobState.PROCESSING
    host.gate.set()
    eventually(lambda: job(store, job_id).sha256, "it has arrived")
    ended(store, job_id)


def test_what_cannot_be_written_down_is_fetched_again(store, host, started, monkeypatch):
    import sqlite3

    from toolkit.runner import record

    real, failed = record.addresses.arrived, []

    def fail_once(*args, **kwargs):
        if not failed:
            failed.append(1)
            raise sqlite3.OperationalError("database or disk is full")
        return real(*args, **kwargs)

    monkeypatch.setattr(record.addresses, "arrived", fail_once)
    monkeypatch.setattr("toolkit.runner.slot.random.random", lambda: -0.5)
    started()
    done = ended(store, submit(store, host.at("/a.txt")))
    assert (done.status, codes(store, done.id)) == (JobState.COMPLETED, ["INTERNAL_ERROR", None])
