"""Position, wait and statistics."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shelf import Shelf

from toolkit.store import outlook, queue


def where(shelf, job_id: str) -> int:
    return queue.position(shelf.conn, job_id)


def wait(shelf, job_id: str) -> tuple[int, float, int]:
    found = queue.estimate(shelf.conn, job_id, now=shelf.now)
    return found.position, found.seconds, found.runners


def test_position_counts_from_the_next_to_be_claimed(shelf):
    ids = shelf.fill("echo", 5)
    other = shelf.add("slow").job_id
    assert [where(shelf, job_id) for job_id in ids] == [1, 2, 3, 4, 5]
    assert where(shelf, other) == 1, "each tool has a queue of its own"
    job = shelf.only()
    assert [where(shelf, job_id) for job_id in ids] == [0, 1, 2, 3, 4]
    shelf.complete(job, None)
    assert where(shelf, ids[0]) == 0
    urgent = shelf.add(priority=1, bypass_cache=True).job_id
    assert [where(shelf, job_id) for job_id in (urgent, ids[1])] == [1, 2]
    with shelf.store.write() as conn:
        queue.reprioritise(conn, job_ids=[ids[4]], priority=5)
    assert [where(shelf, job_id) for job_id in (ids[4], urgent, ids[1])] == [1, 2, 3]


def test_what_waits_for_another_attempt_comes_after_all_that_is_queued(shelf):
    late, soon = shelf.fill("echo", 2)
    for after, job in zip((50, 10), shelf.claim(limit=2), strict=True):
        shelf.postpone(job, after=after)
    queued = shelf.fill("echo", 2)
    assert [where(shelf, job_id) for job_id in (*queued, soon, late)] == [1, 2, 3, 4]


@settings(max_examples=15, deadline=None)
@given(
    priorities=st.lists(st.integers(-2, 2), min_size=1, max_size=25),
    cancelled=st.sets(st.integers(0, 24)),
)
def test_position_is_the_order_in_which_jobs_are_claimed(tmp_path_factory, priorities, cancelled):
    shelf = Shelf(tmp_path_factory.mktemp("position") / "jobs.db")
    ids = [shelf.add(priority=p, options={"n": n}).job_id for n, p in enumerate(priorities)]
    for n in cancelled & set(range(len(ids))):
        shelf.cancel(ids[n])
    said = {job_id: where(shelf, job_id) for job_id in ids}
    order = [job.id for job in shelf.claim(limit=99)]
    assert {job_id: order.index(job_id) + 1 if job_id in order else 0 for job_id in ids} == said
    shelf.store.close()


def test_a_long_queue_is_exact_at_both_ends_and_bounded_between(shelf):
    ids = shelf.fill("echo", 3_500)
    for place in (1, 2, 999, 1_000, 2_501, 3_000, 3_500):
        assert where(shelf, ids[place - 1]) == place
    for place in (1_001, 1_500, 2_499):
        assert 1_000 <= where(shelf, ids[place - 1]) <= 3_500
    by_place = [where(shelf, ids[place]) for place in range(0, 3_500, 50)]
    assert by_place == sorted(by_place)


def test_the_wait_is_nothing_for_what_runs_or_has_ended(shelf):
    ids = shelf.fill("echo", 2)
    first, second = shelf.claim(limit=2)
    shelf.complete(first, None)
    assert [wait(shelf, job_id)[:2] for job_id in ids] == [(0, 0.0), (0, 0.0)]
    assert second.id == ids[1]


def test_the_wait_is_shared_by_the_slots_that_are_live(shelf):
    """echo: 5 s by its own word, two runners of 4 slots; slow: 10 s and never more than 2."""
    echo = shelf.fill("echo", 24)
    slow = shelf.fill("slow", 10)
    assert wait(shelf, echo[0]) == (1, 0.0, 2), "a slot is free"
    assert wait(shelf, echo[7]) == (8, 0.0, 2)
    assert wait(shelf, echo[23]) == (24, pytest.approx(23 * 5 / 8), 2)
    assert wait(shelf, slow[9]) == (10, pytest.approx(9 * 10 / 2), 2)


def test_without_a_runner_one_slot_is_assumed_and_said(shelf):
    ids = shelf.fill("echo", 3)
    shelf.now += outlook.RUNNER_SILENCE + 1
    assert wait(shelf, ids[2]) == (3, pytest.approx(2 * 5.0), 0)


def test_running_jobs_count_with_what_is_left_of_them(shelf):
    ids = shelf.fill("slow", 3)
    shelf.claim(limit=2)
    shelf.now += 4
    assert wait(shelf, ids[2]) == (1, pytest.approx((6 + 6) / 2), 2)
    shelf.now += 20
    assert wait(shelf, ids[2]) == (1, 0.0, 2), "they are overdue, never below 0"


def test_the_wait_moves_as_jobs_end(shelf):
    ids = shelf.fill("slow", 12)
    waits = []
    for _ in range(6):
        waits.append(wait(shelf, ids[11])[1])
        for job in shelf.claim(limit=2):
            shelf.complete(job, None)
        shelf.now += 1
    assert waits == sorted(waits, reverse=True)
    assert waits[0] > waits[-1]


def test_a_retrying_job_waits_at_least_until_it_is_due(shelf):
    job_id = shelf.add().job_id
    shelf.postpone(shelf.only(), after=100)
    assert wait(shelf, job_id) == (1, 100.0, 2)


def test_the_mean_is_of_the_last_fifty_and_replaces_the_prior(shelf):
    shelf.fill("echo", 60)
    for n, job in enumerate(shelf.claim(limit=60)):
        shelf.now = job.started_at + (1000.0 if n < 10 else 3.0)
        shelf.complete(job, None)
        shelf.now = job.started_at
    (echo, slow) = queue.stats(shelf.conn)
    assert slow.mean_seconds is None
    # The ten that took 1,000 s ended last.
    assert echo.mean_seconds == pytest.approx((10 * 1000 + 40 * 3) / 50)


def test_a_cache_hit_is_no_duration(shelf):
    shelf.add(content=b"in")
    job = shelf.only()
    shelf.now += 8
    shelf.complete(job)
    for _ in range(5):
        shelf.add(content=b"in")
    assert queue.stats(shelf.conn)[0].mean_seconds == 8


def test_stats_have_a_row_for_every_tool(shelf):
    shelf.register("quiet", label="Quiet", concurrency=7)
    shelf.fill("echo", 5)
    done, failed, late = shelf.claim(limit=3)
    shelf.complete(done, None)
    shelf.fail(failed)
    shelf.postpone(late)
    shelf.cancel(shelf.add().job_id)
    echo, quiet, _ = queue.stats(shelf.conn)
    assert (echo.queued, echo.processing, echo.retrying) == (2, 0, 1)
    assert (echo.completed, echo.failed, echo.cancelled) == (1, 1, 1)
    assert (quiet.tool, quiet.label, quiet.concurrency, quiet.queued) == ("quiet", "Quiet", 7, 0)
