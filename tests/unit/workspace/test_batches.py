"""A batch: found again, watched, waited for, steered, and read."""

from __future__ import annotations

import asyncio
import time

import pandas as pd
import pytest

import toolkit
from toolkit.errors import (
    DamagedFile,
    IllegalMove,
    JobNotFound,
    ResultNotReady,
    StillRunning,
)
from toolkit.jobs import JobState

NOTES = [(f"{n}.txt", b"note %d" % n) for n in range(4)]


@pytest.fixture(scope="module", autouse=True)
def echo():
    @toolkit.tool("echo", local=True)
    def echo(task):
        return task.source.read_bytes().upper()

    @toolkit.tool("slowly", local=True, cacheable=False)
    def slowly(task):
        import time

        time.sleep(30)


def hand_in(ws, **how):
    return ws.submit(NOTES, tool="echo", **how)


def test_a_batch_is_found_by_name_by_id_and_as_the_latest(ws):
    first, second = hand_in(ws, name="march"), hand_in(ws, name="april")
    assert ws.batch("march").id == first.id
    assert ws.batch(first.id).name == "march"
    assert ws.batch().id == second.id
    assert [batch.name for batch in ws.batches()] == ["april", "march"]
    again = hand_in(ws, name="march")
    assert ws.batch("march").id == again.id


def test_a_batch_that_is_not_there_names_those_that_are(ws):
    with pytest.raises(JobNotFound, match="no batch yet"):
        ws.batch()
    hand_in(ws, name="march")
    with pytest.raises(JobNotFound, match="'march'"):
        ws.batch("may")


def test_jobs_as_handles_and_as_a_frame(ws):
    batch = hand_in(ws)
    assert batch[0].filename == "0.txt"
    assert [handle.filename for handle in batch[1:]] == ["1.txt", "2.txt", "3.txt"]
    assert list(batch.jobs()["file"]) == [name for name, _ in NOTES]
    assert ws.job(batch[0].id).id == batch[0].id
    with pytest.raises(JobNotFound):
        ws.job("job_none")
    assert list(ws.jobs(text="3.txt")["file"]) == ["3.txt"]
    assert len(ws.jobs(status="queued", limit=2)) == 2
    assert list(ws.jobs(newest_first=True, limit=1)["file"]) == ["3.txt"]


def test_cancel_retry_and_reprioritise(ws):
    batch = hand_in(ws)
    assert batch.reprioritise(5) == 4
    assert {handle.job.priority for handle in batch} == {5}
    assert batch.cancel() == 4
    assert batch.cancel() == 0
    assert batch.counts()["cancelled"] == 4
    assert batch.retry() == 4
    assert batch.counts()["queued"] == 4


def test_one_job_says_why_it_cannot_move(ws):
    handle = hand_in(ws)[0]
    with pytest.raises(IllegalMove, match="queued job cannot retry"):
        handle.retry()
    assert handle.cancel().status is JobState.CANCELLED
    with pytest.raises(IllegalMove):
        handle.cancel()
    assert handle.retry().status is JobState.QUEUED


def test_a_wait_that_is_too_long_stops_nothing(ws):
    batch = hand_in(ws)
    with pytest.raises(StillRunning, match="4 jobs are not done"):
        batch.wait(timeout=0.05)
    with pytest.raises(TimeoutError):
        batch[0].wait(timeout=0)
    with pytest.raises(StillRunning):
        list(batch.as_completed(timeout=0.05))
    assert batch.counts()["queued"] == 4


def test_purging_erases_and_leaves_tombstones(ws):
    batch = hand_in(ws)
    assert batch.purge() == {"done": 4, "pending": 0}
    assert len(batch) == 4
    assert all(handle.job.purged and handle.filename is None for handle in batch)
    assert batch.purge() == {"done": 4, "pending": 0}
    assert repr(batch[0])
    assert batch[0]._repr_html_()


def test_pause_and_resume(ws):
    hand_in(ws)
    ws.pause("echo")
    assert ws.stats().loc["echo", "state"] == "paused"
    ws.resume("echo")
    ws.drain("echo")
    assert ws.stats().loc["echo", "state"] == "draining"
    with pytest.raises(toolkit.UnknownTool, match="echo"):
        ws.pause("ecko")


def test_waiting_three_ways(working):
    batch = hand_in(working)
    assert batch.wait(timeout=120) is batch
    assert batch.done
    assert [handle.result() for handle in batch] == [f"NOTE {n}".encode() for n in range(4)]

    async def awaited():
        assert await batch is batch
        assert (await batch[0]).status is JobState.COMPLETED
        return [handle.id async for handle in batch.as_completed()]

    finished = asyncio.run(awaited())
    assert sorted(finished) == sorted(handle.id for handle in batch)
    assert [handle.id for handle in batch.as_completed()] == finished


def test_as_completed_gives_each_job_when_it_ends(working):
    batch = hand_in(working)
    seen = []
    for handle in batch.as_completed(timeout=120):
        assert handle.status is JobState.COMPLETED
        seen.append(handle.id)
    assert len(seen) == len(set(seen)) == 4


def test_a_wait_in_a_coroutine_lets_others_run(working):
    batch = hand_in(working)
    ticks = 0

    async def ticking():
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0.01)

    async def both():
        other = asyncio.create_task(ticking())
        await batch
        other.cancel()

    asyncio.run(both())
    assert ticks > 5


def test_an_awaited_batch_can_be_given_up(working):
    batch = working.submit(("n.txt", b"x"), tool="slowly")

    async def patient():
        await asyncio.wait_for(batch, 0.5)

    start = time.monotonic()
    with pytest.raises(TimeoutError):
        asyncio.run(patient())
    assert time.monotonic() - start < 20
    assert not batch.done
    assert batch.cancel() == 1


def test_a_job_that_failed_raises_its_error_where_its_result_is_asked_for(working):
    batch = working.submit(("broken.pdf", b"%PDF-1.4 there is nothing more"))
    batch.wait(timeout=120)
    assert isinstance(batch[0].error, DamagedFile)
    with pytest.raises(DamagedFile):
        batch[0].document()
    with pytest.raises(DamagedFile):
        batch[0].result()
    assert len(batch[0].attempts()) == 1
    assert batch.stats().failures == {"DAMAGED_FILE": 1}


def test_a_result_that_is_not_there_yet(ws):
    with pytest.raises(ResultNotReady):
        hand_in(ws)[0].result()


def test_a_document_is_asked_of_a_parse_only(working):
    batch = hand_in(working).wait(timeout=120)
    with pytest.raises(toolkit.InvalidInput, match="use result"):
        batch[0].document()
    assert list(working.documents()) == []


def test_frames_are_frames_when_there_is_nothing_in_them(ws):
    batch = hand_in(ws)
    for frame in (batch.blocks(), batch.pages(), batch[0].blocks(), batch[0].pages()):
        assert isinstance(frame, pd.DataFrame)
        assert "job_id" in frame.columns
    assert batch.blocks().doc.filter(type="table").empty


def test_what_was_left_by_a_dead_process_goes_on(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PAGEQUEUE_LINGER", "0")
    with toolkit.open("queue.db", work=False) as ws:
        hand_in(ws, name="before")
    with toolkit.open("queue.db") as ws:
        assert ws.batch("before").wait(timeout=120).counts()["completed"] == 4


def test_reprs_are_one_line_and_never_raise(ws, tmp_path):
    batch = hand_in(ws)
    for value in (ws, batch, batch[0], batch[0].job, batch.stats(), batch.documents()):
        assert "\n" not in repr(value)
    gone = toolkit.Batch(ws, "bat_none")
    assert "JOB_NOT_FOUND" in repr(gone)
    assert "JOB_NOT_FOUND" in gone._repr_html_()
    assert "JOB_NOT_FOUND" in repr(toolkit.JobHandle(ws, "job_none"))
    assert "JOB_NOT_FOUND" in toolkit.JobHandle(ws, "job_none")._repr_html_()
