"""The outbox: news of every end in the transaction of the end, until it arrived or was given up."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shelf import Shelf

from toolkit.errors import InvalidInput, JobNotFound
from toolkit.jobs import FINAL
from toolkit.store import erasures, jobs, outbox, queue, webhooks
from toolkit.store.invariants import violations

HOUR = 3_600.0
CALLBACK = "https://job.example/done"


def listen(shelf: Shelf, *events: str, owner: str = "ann", url: str = "https://ann.example") -> str:
    with shelf.store.write() as conn:
        asked = events or webhooks.EVENTS
        made, _ = webhooks.create(conn, owner=owner, url=url, events=asked, now=shelf.now)
    return made.id


def done(shelf: Shelf, **asked: object) -> str:
    """The id of a new job that is done, and that the cache has not answered nor will."""
    return shelf.finished(b"done", bypass_cache=True, **asked)


def due(shelf: Shelf, *, limit: int = 99, lease: float = 60.0) -> list[outbox.Delivery]:
    with shelf.store.write() as conn:
        return outbox.due(conn, now=shelf.now, limit=limit, lease=lease)


def told(shelf: Shelf) -> list[tuple[str, str]]:
    """(event, url) of all that is to be sent."""
    rows = shelf.conn.execute("SELECT event, url FROM outbox ORDER BY number").fetchall()
    return [(event, url) for event, url in rows]


def arrive(shelf: Shelf, number: int) -> None:
    with shelf.store.write() as conn:
        outbox.delivered(conn, number=number, now=shelf.now, status=204, seconds=0.1)


def fail(shelf: Shelf, number: int, due_at: float | None, error: str = "refused") -> None:
    with shelf.store.write() as conn:
        outbox.failed(
            conn,
            number=number,
            now=shelf.now,
            status=500,
            error=error,
            due_at=due_at,
            seconds=0.1,
        )


def log(shelf: Shelf, **asked: object) -> list[outbox.Tried]:
    return outbox.log(shelf.conn, owner="ann", **asked)


# -- news of an end -----------------------------------------------------------------------------


def ended(shelf: Shelf, way: str) -> None:
    """A job of ann's that ends in this way."""
    asked = {"owner": "ann", "callback_url": CALLBACK, "content": b"x"}
    match way:
        case "completed":
            done(shelf, **asked)
        case "failed":
            shelf.add(**asked)
            shelf.fail(shelf.only())
        case "cancelled while it waits":
            shelf.cancel(shelf.add(**asked).job_id)
        case "cancelled while it runs":
            job_id = shelf.add(**asked).job_id
            shelf.only()
            shelf.cancel(job_id)
        case "cancelled by a purge":
            shelf.purge(shelf.add(**asked).job_id)
        case "refused":
            shelf.add(refused=("EMPTY_FILE", "it has no bytes"), **asked)
        case "lost":
            shelf.add(**asked)
            for _ in range(20):
                shelf.only()
                shelf.now += 100
                shelf.rescue()


@pytest.mark.parametrize(
    ("way", "event"),
    [
        ("completed", "job.completed"),
        ("failed", "job.failed"),
        ("cancelled while it waits", "job.cancelled"),
        ("cancelled while it runs", "job.cancelled"),
        ("cancelled by a purge", "job.cancelled"),
        ("refused", "job.failed"),
        ("lost", "job.failed"),
    ],
)
def test_every_end_is_told_to_the_jobs_own_address_and_to_the_owners_webhooks(shelf, way, event):
    listen(shelf)
    listen(shelf, owner="bob", url="https://bob.example")
    ended(shelf, way)
    assert sorted(told(shelf)) == [(event, "https://ann.example"), (event, CALLBACK)]
    assert {one.job_id for one in due(shelf)} == set(jobs.job_ids(shelf.conn))
    assert violations(shelf.store) == []


def test_an_answer_of_the_cache_is_told_when_it_is_born(shelf):
    shelf.finished(b"done", content=b"x", owner="ann")
    assert told(shelf) == []
    webhook_id = listen(shelf)
    born = shelf.add(content=b"x", owner="ann", callback_url=CALLBACK)
    assert born.status == "completed"
    first, second = sorted(due(shelf), key=lambda one: one.url)
    assert (first.endpoint, second.endpoint) == (webhook_id, None)
    assert {(one.job_id, one.event, one.owner) for one in (first, second)} == {
        (born.job_id, "job.completed", "ann")
    }


def test_a_crowd_is_told_of_one_by_one(shelf):
    listen(shelf)
    shelf.fill("echo", 30, owner="ann", callback_url=CALLBACK)
    assert told(shelf) == []
    for job in shelf.claim(limit=30):
        shelf.complete(job, None)
    assert len(told(shelf)) == 60
    assert len({one.id for one in due(shelf)}) == 60


def test_only_what_was_asked_for_is_told(shelf):
    listen(shelf, "job.failed", "job.cancelled")
    off = listen(shelf, url="https://off.example")
    with shelf.store.write() as conn:
        webhooks.disable(conn, off, now=shelf.now, why="it answered 410")
    done(shelf, owner="ann")
    done(shelf, owner="bob")
    shelf.finished(b"done")
    assert told(shelf) == []
    shelf.add(owner="ann")
    shelf.fail(shelf.only())
    assert told(shelf) == [("job.failed", "https://ann.example")]


def test_another_attempt_is_no_end_and_a_retry_by_hand_ends_anew(shelf):
    listen(shelf)
    job_id = shelf.add(owner="ann").job_id
    shelf.postpone(shelf.only(), after=0)
    shelf.promote()
    assert told(shelf) == []
    shelf.fail(shelf.only())
    shelf.retry(job_id)
    shelf.complete(shelf.only())
    assert [event for event, _ in told(shelf)] == ["job.failed", "job.completed"]


def test_an_end_that_is_rolled_back_is_not_told(shelf):
    job_id = shelf.add(owner="ann", callback_url=CALLBACK).job_id
    shelf.conn.execute("BEGIN")
    queue.cancel(shelf.conn, job_id=job_id, now=shelf.now)
    assert len(told(shelf)) == 1
    shelf.conn.execute("ROLLBACK")
    assert told(shelf) == []
    assert shelf.job(job_id).status == "queued"


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                (
                    *("add", "many", "refuse", "claim", "complete", "fail", "postpone", "promote"),
                    *("cancel", "retry", "rescue", "purge", "webhook", "expire"),
                )
            ),
            st.integers(0, 99),
        ),
        max_size=30,
    )
)
def test_whatever_happens_each_end_is_told_once(steps):
    """Seen from outside: a job that has ended now, and had not before, has its news now."""
    expected: Counter[tuple[str, str, str]] = Counter()
    with tempfile.TemporaryDirectory() as place:
        shelf = Shelf(Path(place) / "jobs.db")
        held: list = []
        for step, n in steps:
            shelf.now += 1
            before = {job.id: job.status for job in jobs.jobs(shelf.conn)}
            hooks = [one.url for one in webhooks.endpoints(shelf.conn, owner="ann")]
            act(shelf, step, n, held)
            for job in jobs.jobs(shelf.conn):
                if job.status in FINAL and before.get(job.id) not in FINAL:
                    urls = [*(hooks if job.owner == "ann" else []), *called(job)]
                    expected.update((job.id, f"job.{job.status}", url) for url in urls)
        rows = shelf.conn.execute(
            "SELECT jobs.id, event, url FROM outbox JOIN jobs ON jobs.number = outbox.job"
        )
        assert Counter(rows.fetchall()) == expected
        assert violations(shelf.store) == []
        shelf.store.close()


def called(job) -> list[str]:
    return [f"https://call.example/{job.priority}"] if job.priority else []


def act(shelf: Shelf, step: str, n: int, held: list) -> None:
    asked = {"owner": "ann" if n % 2 else "", "content": b"x", "priority": n % 3}
    asked["callback_url"] = f"https://call.example/{n % 3}" if n % 3 else None
    ids = jobs.job_ids(shelf.conn)
    over = jobs.job_ids(shelf.conn, status=["failed", "cancelled"])
    match step:
        case "add":
            shelf.add(**asked)
        case "many":
            shelf.fill("echo", 3, **{k: v for k, v in asked.items() if k != "content"})
        case "refuse":
            shelf.add(refused=("EMPTY_FILE", "none"), **asked)
        case "claim":
            held += shelf.claim(limit=2)
        case "complete" | "fail" | "postpone" if held:
            getattr(shelf, step)(held.pop())
        case "promote":
            shelf.now += 10
            shelf.promote()
        case "cancel" if waiting := jobs.job_ids(shelf.conn, status=["queued", "retrying"]):
            shelf.cancel(waiting[n % len(waiting)])
        case "retry" if over:
            one = shelf.job(over[n % len(over)])
            if not one.purged and (one.claims or one.status == "cancelled"):
                shelf.retry(one.id)
        case "rescue":
            shelf.now += 100
            shelf.rescue()
            held.clear()
        case "purge" if ids:
            shelf.purge(ids[n % len(ids)])
            held[:] = [job for job in held if shelf.job(job.id).status == "processing"]
        case "webhook" if n < 20:
            listen(shelf, url=f"https://hook.example/{n}")
        case "expire":
            erasures.expire(shelf.store, now=shelf.now)


# -- sending it ---------------------------------------------------------------------------------


@pytest.fixture
def news(shelf) -> outbox.Delivery:
    """What is to be sent of a job of ann's, just taken."""
    done(shelf, owner="ann", callback_url=CALLBACK, content=b"x")
    assert outbox.next_due(shelf.conn) == shelf.now
    assert outbox.backlog(shelf.conn) == 1
    (one,) = due(shelf)
    return one


def test_what_is_taken_is_due_again_only_when_nothing_is_heard_of_it(shelf, news):
    assert (news.attempts, news.body, news.url) == (0, None, CALLBACK)
    assert news.id.startswith("dlv_")
    assert len(news.id) == 36
    assert due(shelf) == []
    assert outbox.next_due(shelf.conn) == shelf.now + 60
    shelf.now += 60
    assert due(shelf) == [news], "the same id, the same number, and no attempt counted"


def test_it_is_sent_until_it_arrives_and_the_log_tells_every_try(shelf, news):
    (waiting,) = log(shelf)
    assert (waiting.attempt, waiting.state, waiting.seconds) == (0, "pending", None)
    fail(shelf, news.number, shelf.now + HOUR)
    assert due(shelf) == []
    assert outbox.next_due(shelf.conn) == shelf.now + HOUR
    shelf.now += HOUR
    (again,) = due(shelf)
    assert (again.id, again.number, again.attempts) == (news.id, news.number, 1)
    arrive(shelf, again.number)
    assert outbox.next_due(shelf.conn) is None
    assert outbox.backlog(shelf.conn) == 0
    tries = [(one.attempt, one.status, one.error, one.at, one.state) for one in log(shelf)]
    assert tries == [
        (2, 204, None, shelf.now, "delivered"),
        (1, 500, "refused", shelf.now - HOUR, "delivered"),
    ]
    assert {(one.delivery, one.job_id) for one in log(shelf)} == {(news.id, news.job_id)}
    assert violations(shelf.store) == []


def test_it_is_given_up_when_its_sender_says_so(shelf, news):
    fail(shelf, news.number, None)
    shelf.now += 9 * HOUR
    assert due(shelf) == []
    assert [one.state for one in log(shelf)] == ["failed"]


def test_every_try_sends_the_bytes_of_the_first(shelf, news):
    with shelf.store.write() as conn:
        assert outbox.written(conn, number=news.number, body=b"first")
        assert not outbox.written(conn, number=news.number, body=b"second")
        assert not outbox.written(conn, number=-1, body=b"of nothing")
    fail(shelf, news.number, shelf.now)
    (again,) = due(shelf)
    assert again.body == b"first"


def test_a_late_word_of_failure_undoes_no_arrival(shelf, news):
    shelf.now += 61
    (second,) = due(shelf)
    arrive(shelf, second.number)
    fail(shelf, news.number, shelf.now + 5)
    assert outbox.next_due(shelf.conn) is None
    assert {one.state for one in log(shelf)} == {"delivered"}


def test_a_late_word_of_arrival_counts(shelf, news):
    fail(shelf, news.number, None)
    arrive(shelf, news.number)
    assert {one.state for one in log(shelf)} == {"delivered"}


def test_word_of_what_was_erased_is_about_nothing_else(shelf):
    webhook_id = listen(shelf)
    done(shelf, owner="ann")
    (news,) = due(shelf)
    with shelf.store.write() as conn:
        webhooks.remove(conn, webhook_id, owner="ann")
    listen(shelf)
    done(shelf, owner="ann")
    arrive(shelf, news.number)
    assert outbox.backlog(shelf.conn) == 1, "what came into the place of the erased one is due"


def test_the_longest_due_come_first_and_no_more_than_asked_for(shelf):
    ids = []
    for _ in range(5):
        shelf.now += 1
        ids.append(done(shelf, owner="ann", callback_url=CALLBACK))
    assert [one.job_id for one in due(shelf, limit=2)] == ids[:2]
    assert [one.job_id for one in due(shelf, limit=9)] == ids[2:]


def test_what_is_given_back_is_due_when_it_is_said_and_nothing_counts(shelf, news):
    with shelf.store.write() as conn:
        outbox.put_off(conn, number=news.number, due_at=shelf.now + 5)
    assert outbox.next_due(shelf.conn) == shelf.now + 5
    shelf.now += 5
    assert due(shelf) == [news]
    arrive(shelf, news.number)
    with shelf.store.write() as conn:
        outbox.put_off(conn, number=news.number, due_at=shelf.now)
    assert outbox.next_due(shelf.conn) is None, "it has arrived"


def test_a_webhook_that_is_disabled_gets_nothing_more(shelf):
    webhook_id = listen(shelf)
    done(shelf, owner="ann")
    done(shelf, owner="ann")
    first, _ = due(shelf)
    with shelf.store.write() as conn:
        webhooks.disable(conn, webhook_id, now=shelf.now, why="it answered 410")
    assert outbox.backlog(shelf.conn) == 0
    fail(shelf, first.number, shelf.now + 5)
    assert outbox.backlog(shelf.conn) == 0, "nor what was under way"
    assert {one.state for one in log(shelf)} == {"failed"}
    with shelf.store.write() as conn:
        with pytest.raises(InvalidInput, match="enable it first"):
            outbox.redeliver(conn, first.id, owner="ann", now=shelf.now)
        webhooks.change(conn, webhook_id, owner="ann", now=shelf.now, enabled=True)
        outbox.redeliver(conn, first.id, owner="ann", now=shelf.now)
    assert [one.id for one in due(shelf)] == [first.id]


def test_news_of_a_purged_job_goes_with_the_webhook_that_waited_for_it(shelf):
    webhook_id = listen(shelf)
    for _ in range(2):
        job_id = done(shelf, owner="ann")
        erasures.purge(shelf.store, job_id=job_id, now=shelf.now)
        with shelf.store.write() as conn:
            webhooks.change(conn, webhook_id, owner="ann", now=shelf.now, enabled=False)
        assert outbox.backlog(shelf.conn) == 0
        assert violations(shelf.store) == []
        with shelf.store.write() as conn:
            webhooks.change(conn, webhook_id, owner="ann", now=shelf.now, enabled=True)


def test_what_is_due_goes_to_the_new_address(shelf):
    webhook_id = listen(shelf)
    done(shelf, owner="ann")
    with shelf.store.write() as conn:
        webhooks.change(conn, webhook_id, owner="ann", now=shelf.now, url="https://moved.example")
    assert [one.url for one in due(shelf)] == ["https://moved.example"]


def test_a_delivery_can_be_made_once_more(shelf, news):
    with shelf.store.write() as conn:
        outbox.written(conn, number=news.number, body=b"body")
    arrive(shelf, news.number)
    shelf.now += HOUR
    with shelf.store.write() as conn:
        outbox.redeliver(conn, news.id, owner="ann", now=shelf.now)
        for wrong in ({"owner": "bob"}, {"owner": "ann", "delivery_id": "dlv_none"}):
            asked = {"delivery_id": news.id} | wrong
            with pytest.raises(JobNotFound, match="no delivery"):
                outbox.redeliver(conn, asked.pop("delivery_id"), now=shelf.now, **asked)
    (again,) = due(shelf)
    assert (again.id, again.body, again.attempts) == (news.id, b"body", 0)


def test_a_test_event_is_of_no_job(shelf):
    webhook_id = listen(shelf)
    with shelf.store.write() as conn:
        sent = outbox.test_event(conn, endpoint=webhook_id, owner="ann", now=shelf.now)
        webhooks.disable(conn, webhook_id, now=shelf.now, why="a pause")
        second = outbox.test_event(conn, endpoint=webhook_id, owner="ann", now=shelf.now)
    (one,) = due(shelf)
    assert (one.id, one.job_id, one.event, one.endpoint) == (
        second,
        None,
        "webhook.test",
        webhook_id,
    )
    fail(shelf, one.number, shelf.now + 5)
    assert {(t.delivery, t.state) for t in log(shelf)} == {(sent, "failed"), (second, "failed")}


def test_the_log_is_the_owners_and_can_be_narrowed(shelf):
    first, second = listen(shelf), listen(shelf, url="https://two.example")
    one = done(shelf, owner="ann")
    shelf.now += 1
    other = done(shelf, owner="ann")
    for delivery in due(shelf):
        arrive(shelf, delivery.number)
    assert [t.job_id for t in log(shelf)] == [other, other, one, one]
    assert {t.endpoint for t in log(shelf, job_id=one)} == {first, second}
    assert {t.job_id for t in log(shelf, endpoint=second)} == {one, other}
    assert len(log(shelf, limit=3)) == 3
    assert outbox.log(shelf.conn, owner="bob") == []
    assert log(shelf, job_id="job_none") == []


# -- what becomes of it -------------------------------------------------------------------------


def test_a_purge_takes_what_was_said_and_leaves_what_is_to_be_said(shelf, news):
    with shelf.store.write() as conn:
        outbox.written(conn, number=news.number, body=b"with the file's name")
    fail(shelf, news.number, shelf.now, error="it quoted the file's name")
    shelf.purge(news.job_id)
    (tried,) = log(shelf)
    assert tried.error is None
    (again,) = due(shelf)
    assert (again.id, again.body, again.event) == (news.id, None, "job.completed")
    with shelf.store.write() as conn:
        assert not outbox.written(conn, number=again.number, body=b"rendered before the purge")
    arrive(shelf, again.number)
    assert log(shelf) == [], "its address was of the job"
    assert shelf.conn.execute("SELECT count(*) FROM tries").fetchone() == (0,)
    assert violations(shelf.store) == []


def test_a_purge_takes_what_has_arrived(shelf, news):
    arrive(shelf, news.number)
    shelf.purge(news.job_id)
    assert log(shelf) == []
    assert violations(shelf.store) == []


def test_an_expired_result_is_quoted_by_no_news(shelf):
    job_id = done(shelf, owner="ann", callback_url=CALLBACK, result_retain=10.0)
    (news,) = due(shelf)
    with shelf.store.write() as conn:
        outbox.written(conn, number=news.number, body=b"body")
    shelf.now += 11
    assert erasures.expire(shelf.store, now=shelf.now) == 1
    assert shelf.job(job_id).result_gone
    shelf.now += 60
    assert [one.body for one in due(shelf)] == [None]


def test_the_log_is_kept_for_a_month(shelf, news):
    done(shelf, owner="ann", callback_url=CALLBACK)
    arrive(shelf, news.number)
    shelf.now += outbox.KEPT_SECONDS
    erasures.expire(shelf.store, now=shelf.now)
    assert len(log(shelf)) == 1
    shelf.now += 1
    erasures.expire(shelf.store, now=shelf.now)
    assert log(shelf) == []
    assert outbox.backlog(shelf.conn) == 1, "what has not arrived is not forgotten"
