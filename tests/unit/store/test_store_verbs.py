"""The moves of a job through its verbs: order, limits, fences, lapses, retries."""

from __future__ import annotations

import pytest
from shelf import LEASE, held

from toolkit.errors import (
    IllegalMove,
    JobNotFound,
    JobTimeout,
    LeaseLost,
    UnknownTool,
)
from toolkit.jobs import JobState, Progress, Stage, Tool
from toolkit.store import jobs, queue, runners, tools
from toolkit.store.invariants import violations

ENDS = ("complete", "fail", "postpone", "progress")


def say(shelf, verb: str, job) -> None:
    act = getattr(shelf, verb)
    if verb == "progress":
        act(job, 50)
    else:
        act(job)


# -- claims -------------------------------------------------------------------------------------


def test_the_most_urgent_goes_first_and_within_one_priority_the_oldest(shelf):
    ids = [shelf.add(tool, priority=p).job_id for p in (0, 5, -1, 5) for tool in ("echo", "slow")]
    order = [ids[i] for i in (2, 3, 6, 7, 0, 1, 4, 5)]
    got = []
    while claimed := shelf.claim(limit=1):
        shelf.complete(claimed[0], None)
        got.append(claimed[0].id)
    assert got == order


def test_a_claim_of_many_is_in_the_same_order(shelf):
    ids = [shelf.add(priority=p).job_id for p in (0, 2, 1, 2)]
    assert [job.id for job in shelf.claim(limit=9)] == [ids[1], ids[3], ids[2], ids[0]]


def test_a_claimed_job_says_who_has_it(shelf):
    shelf.add(filename="a.pdf")
    shelf.now += 7
    job = shelf.only("r2")
    assert (job.status, job.runner, job.attempt, job.claims) == ("processing", "r2", 1, 1)
    assert job.started_at == shelf.now
    assert job == shelf.job(job.id)


@pytest.mark.parametrize("limit", [0, -1, -5])
def test_a_claim_of_nothing_gives_nothing(shelf, limit):
    shelf.fill("slow", 5)
    assert shelf.claim(limit=limit) == []


def test_a_tools_limit_holds_over_runners(shelf):
    shelf.fill("slow", 5)
    assert len(shelf.claim("r1", 9)) == 2
    assert shelf.claim("r2", 9) == []
    first = jobs.jobs(shelf.conn, status="processing")[0]
    shelf.complete(first, None)
    assert len(shelf.claim("r2", 9)) == 1


def test_a_full_tool_does_not_hold_up_the_others(shelf):
    shelf.fill("slow", 5, priority=9)
    shelf.fill("echo", 3)
    assert [job.tool for job in shelf.claim(limit=5)] == ["slow", "slow", "echo", "echo", "echo"]


def test_a_claim_may_name_its_tools(shelf):
    shelf.fill("slow", 1)
    shelf.fill("echo", 1)
    assert [job.tool for job in shelf.claim(limit=5, tools=["echo"])] == ["echo"]
    assert shelf.claim(limit=5, tools=[]) == []
    assert shelf.claim(limit=5, tools=["no-such"]) == []


def test_pause_resume_and_drain(shelf):
    shelf.fill("echo", 3)
    running = shelf.only()
    with shelf.store.write() as conn:
        tools.pause(conn, name="echo")
    assert shelf.claim() == []
    assert shelf.add().status is JobState.QUEUED, "new ones are taken in"
    shelf.complete(running, None)
    with shelf.store.write() as conn:
        tools.drain(conn, name="echo")
    assert len(shelf.claim(limit=2)) == 2, "what is there is worked off"
    with shelf.store.write() as conn:
        tools.resume(conn, name="echo")
    shelf.add()
    assert len(shelf.claim(limit=5)) == 2
    states = {row.tool: row.state for row in queue.stats(shelf.conn)}
    assert states == {"echo": "open", "slow": "open"}


def test_an_unknown_tool_is_named_with_the_nearest(shelf):
    for verb in (tools.pause, tools.resume, tools.drain):
        with pytest.raises(UnknownTool, match="did you mean 'slow'"), shelf.store.write() as conn:
            verb(conn, name="slwo")
    with pytest.raises(UnknownTool):
        tools.tool(shelf.conn, "slwo")


def test_a_tool_comes_back_as_it_was_registered(shelf):
    made = Tool(
        name="t-1", target="a.b:c", label="T", concurrency=7, check="a.b:d", cacheable=False
    )
    with shelf.store.write() as conn:
        tools.register(conn, made)
        tools.pause(conn, name="t-1")
        tools.register(conn, made)
    assert tools.tool(shelf.conn, "t-1") == made
    assert [tool.name for tool in tools.all_tools(shelf.conn)] == ["echo", "slow", "t-1"]
    assert {row.tool: row.state for row in queue.stats(shelf.conn)}["t-1"] == "paused"


# -- fences -------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ENDS)
@pytest.mark.parametrize(
    "lost", ["another runner", "another attempt", "cancelled", "rescued", "claimed again", "done"]
)
def test_who_does_not_hold_a_job_cannot_speak_for_it(shelf, verb, lost):
    shelf.add()
    job = shelf.only()
    said = job
    match lost:
        case "another runner":
            said = type(job)(
                **{f: getattr(job, f) for f in job.__struct_fields__} | {"runner": "r2"}
            )
        case "another attempt":
            said = type(job)(**{f: getattr(job, f) for f in job.__struct_fields__} | {"attempt": 2})
        case "cancelled":
            shelf.cancel(job.id)
        case "rescued":
            shelf.now += LEASE + 1
            shelf.rescue()
        case "claimed again":
            # By the same runner, and as the same attempt: a lapse does not count as one.
            shelf.now += LEASE + 1
            shelf.rescue()
            again = shelf.only()
            assert (again.runner, again.attempt) == (job.runner, job.attempt)
        case "done":
            shelf.complete(job, None)
    before = shelf.conn.execute("SELECT * FROM jobs").fetchall()
    tries = jobs.attempts(shelf.conn, job.id)
    with pytest.raises(LeaseLost):
        say(shelf, verb, said)
    assert shelf.conn.execute("SELECT * FROM jobs").fetchall() == before
    assert jobs.attempts(shelf.conn, job.id) == tries
    assert shelf.conn.execute("SELECT count(*) FROM results").fetchone() == (0,)
    assert violations(shelf.store) == []


def test_the_attempt_alone_fences_off_an_earlier_attempt(shelf):
    """Without the number of the claim, as a verb may be called."""
    shelf.add()
    first = shelf.only()
    shelf.postpone(first, after=0)
    shelf.promote()
    second = shelf.only()
    old = {k: v for k, v in held(first).items() if k != "claim"}
    with pytest.raises(LeaseLost), shelf.store.write() as conn:
        queue.complete(conn, **old, result_id=None, pages=0, now=shelf.now)
    new = {k: v for k, v in held(second).items() if k != "claim"}
    with shelf.store.write() as conn:
        queue.complete(conn, **new, result_id=None, pages=0, now=shelf.now)


def test_a_renewal_tells_what_is_still_held(shelf):
    shelf.fill("echo", 3)
    kept, cancelled, purged = shelf.claim(limit=3)
    shelf.add()
    other = shelf.only("r2")
    shelf.cancel(cancelled.id)
    shelf.purge(purged.id)
    assert shelf.renew("r1") == {kept.id}
    assert shelf.renew("r2") == {other.id}
    assert shelf.renew("nobody") == set()


def test_a_renewed_lease_does_not_lapse(shelf):
    shelf.add()
    job = shelf.only()
    for _ in range(5):
        shelf.now += LEASE - 1
        shelf.renew()
        assert shelf.rescue() == []
    shelf.now += LEASE
    assert shelf.rescue() == [], "to the last second"
    shelf.now += 0.1
    assert shelf.rescue() == [job.id]


# -- progress -----------------------------------------------------------------------------------


def test_progress_never_falls_within_an_attempt_and_begins_anew_with_the_next(shelf):
    shelf.add()
    job = shelf.only()
    seen = []
    for percent in (10, 40, 20, -5, 300):
        shelf.progress(job, percent)
        seen.append(shelf.job(job.id).progress)
    assert seen == [10, 40, 40, 40, 100]
    shelf.postpone(job, after=0)
    shelf.promote()
    assert shelf.only().progress == 0


def test_progress_says_stage_and_page(shelf):
    shelf.add()
    job = shelf.only()
    with shelf.store.write() as conn:
        said = Progress(percent=50, stage=Stage.OCR, page=3, pages=9)
        queue.progress(conn, **held(job), progress=said, now=shelf.now)
    found = shelf.job(job.id)
    assert (found.stage, found.page, found.pages) == ("ocr", 3, 9)
    shelf.complete(job, None)
    assert (shelf.job(job.id).stage, shelf.job(job.id).progress) == (None, 100)


# -- ends and attempts --------------------------------------------------------------------------


def test_every_attempt_is_kept_with_its_error_and_what_it_used(shelf):
    job_id = shelf.add().job_id
    shelf.postpone(shelf.only(), after=0, error=JobTimeout("after 60 s"))
    shelf.promote()
    shelf.now += 1
    job = shelf.only("r2")
    running = jobs.attempts(shelf.conn, job_id)[-1]
    assert (running.number, running.runner, running.outcome, running.ended_at) == (
        2,
        "r2",
        None,
        None,
    )
    shelf.now += 4
    shelf.fail(job, cpu_seconds=3.5, peak_memory=1234)
    first, second = jobs.attempts(shelf.conn, job_id)
    assert (first.outcome, first.error_code, first.error) == ("postponed", "TIMEOUT", "after 60 s")
    assert (second.outcome, second.error_code) == ("failed", "DAMAGED_FILE")
    assert (second.cpu_seconds, second.peak_memory) == (3.5, 1234)
    assert second.ended_at - second.started_at == 4
    found = shelf.job(job_id)
    assert (found.status, found.error_code, found.attempt) == ("failed", "DAMAGED_FILE", 2)


def test_a_postponed_job_waits_until_it_is_due(shelf):
    job_id = shelf.add().job_id
    shelf.postpone(shelf.only(), after=10)
    assert queue.next_due(shelf.conn) == shelf.job(job_id).run_at == shelf.now + 10
    assert (shelf.claim(), shelf.promote()) == ([], 0)
    shelf.now += 10
    assert shelf.promote() == 1
    assert queue.next_due(shelf.conn) is None
    assert shelf.only().attempt == 2


def test_a_completed_job_has_no_error_of_an_earlier_attempt(shelf):
    job_id = shelf.add().job_id
    shelf.postpone(shelf.only(), after=0)
    shelf.promote()
    shelf.complete(shelf.only())
    assert (shelf.job(job_id).error, shelf.job(job_id).error_code) == (None, None)


@pytest.mark.parametrize("end", ["complete", "fail", "cancel"])
def test_an_ended_job_cannot_be_cancelled(shelf, end):
    job_id = shelf.add().job_id
    shelf.cancel(job_id) if end == "cancel" else say(shelf, end, shelf.only())
    before = shelf.job(job_id)
    with pytest.raises(IllegalMove, match=str(before.status)):
        shelf.cancel(job_id)
    assert shelf.job(job_id) == before


def test_verbs_on_a_job_that_is_not_there(shelf):
    for act in (shelf.cancel, shelf.retry, shelf.job):
        with pytest.raises(JobNotFound, match="job_none"):
            act("job_none")
    for read in (queue.position, jobs.attempts):
        with pytest.raises(JobNotFound):
            read(shelf.conn, "job_none")
    with pytest.raises(JobNotFound):
        queue.estimate(shelf.conn, "job_none", now=shelf.now)


# -- lapses -------------------------------------------------------------------------------------


def test_a_dead_runners_jobs_come_back_without_counting_as_an_attempt(shelf):
    job_id = shelf.add().job_id
    other = shelf.add().job_id
    shelf.only("r1")
    shelf.only("r2")
    assert shelf.rescue("r1") == [job_id]
    job = shelf.job(job_id)
    assert (job.status, job.attempt, job.claims, job.interruptions) == ("queued", 0, 1, 1)
    assert (job.runner, job.started_at, job.progress) == (None, None, 0)
    assert shelf.job(other).status == "processing"
    (lapsed,) = jobs.attempts(shelf.conn, job_id)
    assert (lapsed.outcome, lapsed.runner) == ("interrupted", "r1")
    assert [row.id for row in runners.enlisted(shelf.conn)] == ["r2"]
    assert violations(shelf.store) == []


def test_a_rescued_job_keeps_its_place(shelf):
    first = shelf.add().job_id
    shelf.only()
    shelf.add()
    shelf.rescue("r1")
    assert queue.position(shelf.conn, first) == 1


def test_under_which_twenty_runners_died_is_taken_to_be_the_cause(shelf):
    job_id = shelf.add(secrets={"password": "x"}).job_id
    for time in range(1, 20):
        shelf.only("r1")
        assert shelf.rescue("r1") == [job_id]
        shelf.enlist("r1")
        job = shelf.job(job_id)
        assert (job.status, job.interruptions) == ("queued", time)
    shelf.only("r1")
    assert shelf.rescue("r1") == [job_id]
    job = shelf.job(job_id)
    assert (job.status, job.error_code, job.interruptions) == ("failed", "RUNNER_LOST", 20)
    assert shelf.claim("r2") == []
    assert len(jobs.attempts(shelf.conn, job_id)) == 20
    assert jobs.secrets_of(shelf.conn, job_id) == {}
    assert violations(shelf.store) == []
    shelf.retry(job_id)
    assert shelf.job(job_id).interruptions == 0, "a person may try again"


# -- by hand ------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["fail", "cancel"])
def test_a_retry_by_hand_has_all_its_attempts_before_it(shelf, end):
    job_id = shelf.add().job_id
    shelf.postpone(shelf.only(), after=0)
    shelf.promote()
    job = shelf.only()
    shelf.fail(job) if end == "fail" else shelf.cancel(job_id)
    shelf.retry(job_id)
    found = shelf.job(job_id)
    assert (found.status, found.attempt, found.ended_at) == ("queued", 0, None)
    assert (found.error, found.error_code, found.started_at) == (None, None, None)
    assert shelf.only().attempt == 1
    assert [t.number for t in jobs.attempts(shelf.conn, job_id)] == [1, 2, 3], "none is forgotten"
    assert violations(shelf.store) == []


@pytest.mark.parametrize("state", ["queued", "processing", "retrying", "completed"])
def test_only_what_failed_or_was_cancelled_is_retried(shelf, state):
    job_id = shelf.add().job_id
    if state != "queued":
        job = shelf.only()
        if state == "retrying":
            shelf.postpone(job)
        if state == "completed":
            shelf.complete(job)
    with pytest.raises(IllegalMove, match=state):
        shelf.retry(job_id)
    assert shelf.job(job_id).status == state


def test_reprioritise_moves_only_what_has_not_ended(shelf):
    done = shelf.finished(None)
    first, second = shelf.fill("echo", 2, bypass_cache=True)
    with shelf.store.write() as conn:
        assert queue.reprioritise(conn, job_ids=[second, done, "job_none"], priority=3) == 1
        assert queue.reprioritise(conn, job_ids=[], priority=3) == 0
    assert [job.id for job in shelf.claim(limit=2)] == [second, first]
    assert shelf.job(done).priority == 0


def test_runners_come_and_go(shelf):
    assert [row.id for row in runners.live(shelf.conn, now=shelf.now + 30)] == ["r1", "r2"]
    with shelf.store.write() as conn:
        assert runners.beat(conn, runner="r2", now=shelf.now + 10)
        assert not runners.beat(conn, runner="nobody", now=shelf.now)
    assert [row.id for row in runners.live(shelf.conn, now=shelf.now + 35)] == ["r2"]
    with shelf.store.write() as conn:
        runners.dismiss(conn, runner="r2")
    assert [row.id for row in runners.enlisted(shelf.conn)] == ["r1"]
