"""A runner dies in the middle of a download: half a file is nothing, and is fetched again."""

from __future__ import annotations

import hashlib
import json
import time

import pytest
from killing import Work, living, offspring
from patience import eventually
from webhost import hosting

from toolkit.jobs import JobState, Submission
from toolkit.store import jobs, queue, results
from toolkit.store.invariants import violations

pytestmark = pytest.mark.crash

TEXT = b"said to the end " * 5000


@pytest.fixture
def host():
    with hosting() as host:
        yield host


def hand_in(work: Work, *urls: str) -> list[str]:
    asked = [Submission(tool="echo", url=url) for url in urls]
    with work.store.write() as conn:
        return [taken.job_id for taken in queue.enqueue_many(conn, asked, now=time.time())]


def drafts(work: Work) -> list[int]:
    """The sizes of the downloads that are under way."""
    return [file.stat().st_size for file in (work.store.files / "work").glob("*/fetched-*")]


def test_a_runner_that_is_killed_in_mid_download_leaves_nothing_half(work, host):
    host.answers["/slow.txt"] = host.trickle
    (job_id,) = hand_in(work, host.at("/slow.txt"))
    dies = work.start(PAGEQUEUE_FETCH_PRIVATE="127.0.0.1")
    eventually(host.begun.is_set, "the download has begun")
    eventually(lambda: drafts(work), "it has a file")
    family = offspring(dies.pid)
    dies.kill()
    dies.wait()
    eventually(lambda: not living(family), "all are gone")
    assert work.job(job_id).status is JobState.PROCESSING
    assert not list((work.store.files / "blobs").glob("*/*"))

    host.answers["/slow.txt"] = lambda v: v.say(body=TEXT)
    assert work.start(PAGEQUEUE_FETCH_PRIVATE="127.0.0.1").wait(60) == 0
    done = work.job(job_id)
    assert (done.status, done.error) == (JobState.COMPLETED, None)
    assert (done.interruptions, done.sha256) == (1, hashlib.sha256(TEXT).hexdigest())
    assert json.loads(results.content(work.store, job_id))["text"] == TEXT.decode()
    assert jobs.source_of(work.store, done).read_bytes() == TEXT
    outcomes = [attempt.outcome for attempt in jobs.attempts(work.store.read(), job_id)]
    assert outcomes == ["interrupted", "succeeded"]
    assert drafts(work) == []
    assert not list((work.store.files / "work").glob("*"))
    assert violations(work.store) == []


def test_runners_that_are_killed_again_and_again_fetch_every_file(work, host):
    for number in range(40):
        body = b"paper %d " % number * 20_000
        host.answers[f"/{number}.txt"] = lambda v, body=body: v.say(body=body)
    ids = hand_in(work, *(host.at(f"/{number}.txt") for number in range(40)))
    for killed in range(3):
        runner = work.start(PAGEQUEUE_FETCH_PRIVATE="127.0.0.1")
        seen = len(host.asked)
        eventually(lambda seen=seen: len(host.asked) >= seen + 2, "it fetches")
        time.sleep(0.01 * killed)
        family = offspring(runner.pid)
        runner.kill()
        runner.wait()
        eventually(lambda family=family: not living(family), "all are gone")
    assert work.start(PAGEQUEUE_FETCH_PRIVATE="127.0.0.1").wait(60) == 0
    for number, job_id in enumerate(ids):
        done = work.job(job_id)
        assert (done.status, done.size) == (JobState.COMPLETED, len(b"paper %d " % number) * 20_000)
        kept = jobs.source_of(work.store, done).read_bytes()
        assert hashlib.sha256(kept).hexdigest() == done.sha256
    assert violations(work.store) == []
