"""Events: how a job stands, then every change, to any number of watchers, at the cost of one."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import threading
import time

import httpx
import pytest
from verbs_room import ANN, SETTINGS, claim, done, finish, job, opened, serving

from toolkit.errors import RateLimited
from toolkit.jobs import JobState, Progress, Stage
from toolkit.server import ahead, events, hub, verbs
from toolkit.server.hub import Hub
from toolkit.store import outlook, queue


@pytest.fixture
def store(tmp_path):
    with opened(tmp_path) as store:
        yield store


def tell(store, claimed, percent):
    with store.write() as conn:
        queue.progress(
            conn,
            job_id=claimed.id,
            runner="r1",
            attempt=claimed.attempt,
            progress=Progress(percent=percent, stage=Stage.PARSING),
            now=time.time(),
        )


def read(lines):
    """The next event of a stream, as (name, id, data)."""
    fields = {}
    for line in lines:
        if not line and "data" in fields:
            return fields["event"], fields["id"], json.loads(fields["data"])
        if line and not line.startswith(":"):
            name, _, value = line.partition(": ")
            fields[name] = value
    return None


def test_a_jobs_life(store):
    made = job(store)
    with serving(store) as (address, served):
        with httpx.stream("GET", f"{address}/{made}/events", timeout=10) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            lines = answer.iter_lines()
            name, number, told = read(lines)
            assert (name, number) == ("status", "1")
            assert (told["job_id"], told["status"], told["position"]) == (made, "queued", 1)
            assert told["estimated_seconds"] >= 2.0
            assert served.streams == 1
            claimed = claim(store)
            name, _, told = read(lines)
            assert (name, told["status"], told["position"]) == ("status", "processing", 0)
            tell(store, claimed, 40.0)
            name, _, told = read(lines)
            assert (name, told["progress"], told["stage"]) == ("progress", 40.0, "parsing")
            with store.write() as conn:
                queue.cancel(conn, job_id=made, now=time.time())
            name, number, told = read(lines)
            assert (name, number, told["status"]) == ("status", "4", "cancelled")
            assert told["estimated_seconds"] == 0
            assert read(lines) is None
        until = time.monotonic() + 5
        while served.streams:
            assert time.monotonic() < until
            time.sleep(0.01)


def test_an_ended_job_is_told_once_and_numbers_go_on(store):
    made = done(store, b"x")
    with serving(store) as (address, _):
        for last, number in (("7", "8"), ("nonsense", "1"), ("9" * 30, "1")):
            answer = httpx.get(f"{address}/{made}/events", headers={"Last-Event-ID": last})
            lines = iter([*answer.text.splitlines(), ""])
            name, told_number, told = read(lines)
            assert (name, told_number, told["status"]) == ("status", number, "completed")
            assert read(lines) is None
        assert httpx.get(f"{address}/job_0000000000000000/events").status_code == 404


def test_silence_is_filled_with_comments(store, monkeypatch):
    monkeypatch.setattr(events, "KEEP_ALIVE", 1)
    made = job(store)
    with (
        serving(store) as (address, _),
        httpx.stream("GET", f"{address}/{made}/events", timeout=10) as answer,
    ):
        lines = answer.iter_lines()
        assert any(line == ": keep-alive" for line in lines)


def test_a_shutdown_ends_streams_at_once(store):
    made = job(store)
    with (
        serving(store) as (address, served),
        httpx.stream("GET", f"{address}/{made}/events", timeout=10) as answer,
    ):
        lines = answer.iter_lines()
        assert read(lines)[0] == "status"
        began = time.monotonic()
        served.hub._loop.call_soon_threadsafe(served.end_waits)
        assert read(lines) is None
        assert time.monotonic() - began < 5


def test_the_position_moves_as_others_end(store):
    first, second = job(store), job(store)
    with (
        serving(store) as (address, _),
        httpx.stream("GET", f"{address}/{second}/events", timeout=10) as answer,
    ):
        lines = answer.iter_lines()
        assert read(lines)[2]["position"] == 2
        with store.write() as conn:
            queue.cancel(conn, job_id=first, now=time.time())
        name, _, told = read(lines)
        assert (name, told["position"], told["status"]) == ("progress", 1, "queued")


def test_streams_are_bounded_for_each_owner(store, monkeypatch):
    monkeypatch.setattr(verbs, "STREAMS_OF_ONE", 2)
    made = job(store)
    with (
        serving(store) as (address, served),
        httpx.stream("GET", f"{address}/{made}/events", timeout=10) as one,
        httpx.stream("GET", f"{address}/{made}/events", timeout=10) as two,
    ):
        both = [one.iter_lines(), two.iter_lines()]  # to let go of one would close it
        assert [read(lines)[0] for lines in both] == ["status", "status"]
        assert httpx.get(f"{address}/{made}/events").status_code == 429
        with pytest.raises(RateLimited) as caught:
            asyncio.run(served.events(ANN, made, None))
        assert caught.value.retry_after > 0


def test_many_watch_at_the_cost_of_one(store, monkeypatch):
    """A thousand watches of a hundred jobs: one query for each change, and none in between."""
    made = [job(store) for _ in range(100)]
    looks = []

    def counted(conn, job_ids, *, now):
        looks.append(len(job_ids))
        return ahead.seen(conn, job_ids, now=now)

    monkeypatch.setattr(hub, "seen", counted)

    async def told_of(told, watched, one):
        async with watched.watch(one) as watch:
            while (now := await watch.next(20)) is not None:
                told.append((one, now.status))
                if now.ended:
                    return

    async def main():
        watched, told = Hub(store), []
        watched.start()
        tasks = [asyncio.create_task(told_of(told, watched, one)) for one in made * 10]
        while len(told) < 1000:
            await asyncio.sleep(0.01)
        await asyncio.sleep(1.2)  # whatever is still to be looked at
        quiet = len(looks)
        await asyncio.sleep(0.3)
        assert len(looks) == quiet

        def cancel_all():
            with store.write() as conn:
                for one in made:
                    queue.cancel(conn, job_id=one, now=time.time())

        await asyncio.to_thread(cancel_all)
        await asyncio.gather(*tasks)
        assert len(looks) - quiet <= 3
        await watched.stop()
        return told

    told = asyncio.run(main())
    assert sorted(told) == sorted(
        (one, state) for one in made * 10 for state in (JobState.QUEUED, JobState.CANCELLED)
    )


def test_an_error_while_looking_ends_nobodys_wait(store, monkeypatch, caplog):
    monkeypatch.setattr(hub, "LONGEST_PAUSE", 0.05)
    made, failures = job(store), [OSError("gone"), sqlite3.OperationalError("busy")]

    def failing(conn, job_ids, *, now):
        if failures:
            raise failures.pop()
        return ahead.seen(conn, job_ids, now=now)

    async def main():
        watched = Hub(store)
        watched.start()
        monkeypatch.setattr(hub, "seen", failing)
        async with watched.watch(made) as first:
            assert (await first.next(5)).status is JobState.QUEUED
            # Who comes later is told too, though nothing is new to the one who was there.
            failures.append(OSError("another"))
            async with watched.watch(made) as second:
                assert (await second.next(5)).status is JobState.QUEUED
        assert watched.alive
        await watched.stop()

    asyncio.run(main())
    assert caplog.text.count("changes of jobs were not seen") == 3


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_flaw_leaves_nobody_waiting_and_is_seen(store, monkeypatch):
    def flawed(conn, job_ids, *, now):
        raise ValueError("a flaw")

    async def main():
        monkeypatch.setattr(hub, "seen", flawed)
        async with verbs.Verbs(store, SETTINGS, work=False) as served:
            assert served.ready() == []
            async with asyncio.timeout(10), served.hub.watch(job(store)) as watch:
                assert await watch.next() is None
            return served.ready()

    assert asyncio.run(main())[0].startswith("changes are not noticed")


def test_nobody_waits_nothing_is_looked_at(store):
    async def main():
        watched = Hub(store)
        watched.start()
        [thread] = [one for one in threading.enumerate() if one.name == "hub"]
        before = time.process_time()
        await asyncio.sleep(0.3)
        assert time.process_time() - before < 0.1
        assert thread.is_alive()
        await watched.stop()
        assert not thread.is_alive()

    asyncio.run(main())


def test_places_are_those_that_are_told_of_one(store):
    """The look at many jobs at once says what the look at one says."""
    made = [job(store) for _ in range(30)]
    with store.write() as conn:
        queue.reprioritise(conn, job_ids=made[20:25], priority=5)
    claim(store)
    finish(store, b"x")
    conn, now = store.read(), time.time()
    found = ahead.seen(conn, made, now=now)
    assert len(found) == 30
    for one in made:
        alone = outlook.estimate(conn, one, now=now)
        assert found[one].position == alone.position
        if alone.position:
            left = ahead.seconds_left(conn, one, wait=alone.seconds, started_at=None, now=now)
            assert found[one].wait == pytest.approx(alone.seconds)
            assert found[one].seconds == pytest.approx(left)
