"""Handing a result over once: claims, leases, and what is left when it was handed over."""

from __future__ import annotations

import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shelf import traces

from toolkit.errors import JobNotFound, ResultGone, ResultNotReady
from toolkit.store import blobs, erasures, fetches, results
from toolkit.store.invariants import violations
from toolkit.store.store import Store

LARGE = b"the one and only " * 10_000


@pytest.fixture
def job_id(shelf) -> str:
    return shelf.finished(LARGE, content=b"in", one_time=True, owner="ann")


def claim(shelf, job_id: str, **asked: float) -> int:
    with shelf.store.write() as conn:
        return fetches.claim(conn, job_id=job_id, now=shelf.now, **asked)


def finish(shelf, job_id: str, taken: int) -> None:
    with shelf.store.write() as conn:
        fetches.finish(conn, shelf.store, job_id=job_id, claim=taken, now=shelf.now)


def test_who_comes_second_finds_it_gone(shelf, job_id):
    taken = claim(shelf, job_id)
    with pytest.raises(ResultGone, match="somebody else"):
        claim(shelf, job_id)
    assert results.content(shelf.store, job_id) == LARGE
    finish(shelf, job_id, taken)
    for act in (lambda: claim(shelf, job_id), lambda: finish(shelf, job_id, taken)):
        with pytest.raises(ResultGone):
            act()
    assert violations(shelf.store) == []


def test_when_it_was_handed_over_no_byte_is_left(shelf, job_id):
    finish(shelf, job_id, claim(shelf, job_id))
    job = shelf.job(job_id)
    assert (job.status, job.has_result, job.result_gone) == ("completed", False, True)
    with pytest.raises(ResultGone):
        results.content(shelf.store, job_id)
    assert erasures.pending(shelf.conn) == 1
    shelf.sweep()
    assert erasures.pending(shelf.conn) == 0
    assert traces(shelf.store, ["only"]) == []
    assert shelf.conn.execute("SELECT fetched_at FROM jobs").fetchone() == (shelf.now,)


def test_what_others_share_stays_theirs(shelf):
    """Two jobs with one result: handing over the one takes nothing from the other."""
    kept = shelf.finished(LARGE, content=b"in")
    once = shelf.add(content=b"in", result_retain=0.0).job_id
    assert shelf.job(once).cache_hit
    finish(shelf, once, claim(shelf, once))
    assert results.content(shelf.store, kept) == LARGE
    assert shelf.add(content=b"in").status == "completed"
    assert violations(shelf.store) == []


def test_who_breaks_off_gives_it_back(shelf, job_id):
    taken = claim(shelf, job_id)
    with shelf.store.write() as conn:
        fetches.release(conn, job_id=job_id, claim=taken)
        fetches.release(conn, job_id=job_id, claim=taken)
    again = claim(shelf, job_id)
    assert again != taken
    with shelf.store.write() as conn:
        fetches.release(conn, job_id=job_id, claim=taken)
    with pytest.raises(ResultGone):
        claim(shelf, job_id)
    finish(shelf, job_id, again)


def test_a_claim_whose_holder_died_runs_out(shelf, job_id):
    dead = claim(shelf, job_id, lease=60.0)
    shelf.now += 59
    with pytest.raises(ResultGone):
        claim(shelf, job_id)
    shelf.now += 1
    alive = claim(shelf, job_id)
    with shelf.store.write() as conn, pytest.raises(ResultGone, match="not hold"):
        fetches.renew(conn, job_id=job_id, claim=dead, now=shelf.now)
    with pytest.raises(ResultGone, match="not hold"):
        finish(shelf, job_id, dead)
    assert results.content(shelf.store, job_id) == LARGE, "the late one erased nothing"
    finish(shelf, job_id, alive)


def test_a_clock_that_is_set_back_holds_no_result_for_ever(shelf, job_id):
    dead = claim(shelf, job_id, lease=60.0)
    shelf.now -= 30
    with pytest.raises(ResultGone):
        claim(shelf, job_id)
    shelf.now -= 86_400
    alive = claim(shelf, job_id)
    with pytest.raises(ResultGone, match="not hold"):
        finish(shelf, job_id, dead)
    finish(shelf, job_id, alive)


def test_a_claim_that_is_renewed_does_not_run_out(shelf, job_id):
    taken = claim(shelf, job_id, lease=60.0)
    for _ in range(5):
        shelf.now += 59
        with shelf.store.write(durable=False) as conn:
            fetches.renew(conn, job_id=job_id, claim=taken, now=shelf.now)
        with pytest.raises(ResultGone):
            claim(shelf, job_id)
    finish(shelf, job_id, taken)


def test_a_claim_that_ran_out_and_nobody_took_may_still_finish(shelf, job_id):
    taken = claim(shelf, job_id)
    shelf.now += 1000
    finish(shelf, job_id, taken)
    assert shelf.job(job_id).result_gone


def test_a_claim_survives_the_process(shelf, job_id):
    claim(shelf, job_id)
    with Store.open(shelf.store.path) as other, other.write() as conn:
        with pytest.raises(ResultGone):
            fetches.claim(conn, job_id=job_id, now=shelf.now)
        fetches.claim(conn, job_id=job_id, now=shelf.now + fetches.LEASE)


def test_a_purge_or_an_expiry_ends_a_claim(shelf, job_id):
    taken = claim(shelf, job_id)
    shelf.purge(job_id)
    with shelf.store.write() as conn, pytest.raises(ResultGone):
        fetches.renew(conn, job_id=job_id, claim=taken, now=shelf.now)
    other = shelf.finished(b"x", result_retain=5.0, bypass_cache=True)
    taken = claim(shelf, other)
    shelf.now += 6
    erasures.expire(shelf.store, now=shelf.now)
    with pytest.raises(ResultGone):
        finish(shelf, other, taken)
    assert violations(shelf.store) == []


def test_what_has_no_result(shelf):
    waiting = shelf.add().job_id
    with pytest.raises(ResultNotReady, match="queued"):
        claim(shelf, waiting)
    shelf.fail(shelf.only())
    with pytest.raises(ResultNotReady, match="trailer"):
        claim(shelf, waiting)
    with pytest.raises(JobNotFound):
        claim(shelf, "job_none")
    nothing = shelf.finished(None)
    with pytest.raises(ResultGone):
        claim(shelf, nothing)


def test_of_many_that_come_at_once_one_gets_it(shelf, job_id):
    got: list[int] = []
    gone: list[str] = []

    def come() -> None:
        with Store.open(shelf.store.path) as store:
            try:
                with store.write() as conn:
                    got.append(fetches.claim(conn, job_id=job_id, now=shelf.now))
            except ResultGone as exc:
                gone.append(str(exc))

    threads = [threading.Thread(target=come) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(got), len(gone)) == (1, 15)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["claim", "renew", "release", "finish", "pass"]), st.integers(0, 9)
        ),
        max_size=20,
    )
)
def test_no_two_hold_it_and_it_is_handed_over_once(shelf, steps):
    job_id = shelf.finished(b"x", one_time=True)
    claims, holder, until, over = [], None, 0.0, False
    for step, n in steps:
        mine = claims[n % len(claims)] if claims else 0
        is_mine = mine == holder and holder is not None and not over
        try:
            match step:
                case "pass":
                    shelf.now += n
                case "claim":
                    free = not over and (holder is None or shelf.now >= until)
                    holder = claim(shelf, job_id, lease=10.0)
                    assert free
                    claims.append(holder)
                    until = shelf.now + 10
                case "renew":
                    with shelf.store.write() as conn:
                        fetches.renew(conn, job_id=job_id, claim=mine, now=shelf.now, lease=10.0)
                    assert is_mine
                    until = shelf.now + 10
                case "release":
                    with shelf.store.write() as conn:
                        fetches.release(conn, job_id=job_id, claim=mine)
                    holder = None if is_mine else holder
                case "finish":
                    finish(shelf, job_id, mine)
                    assert is_mine
                    over = True
        except ResultGone:
            assert not is_mine if step != "claim" else not free
        assert shelf.job(job_id).has_result is not over
    assert violations(shelf.store) == []


def test_a_reader_of_the_file_reads_it_to_its_end(shelf, job_id):
    """It may be sent from the open file while it is erased: on POSIX its name goes first."""
    taken = claim(shelf, job_id)
    digest = shelf.conn.execute(
        "SELECT lower(hex(sha256)) FROM results JOIN blobs ON blobs.number = blob"
    ).fetchone()[0]
    with blobs.path(shelf.store, digest).open("rb") as file:
        finish(shelf, job_id, taken)
        assert file.read() == LARGE
