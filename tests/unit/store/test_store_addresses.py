"""Inputs by address: kept beside the job, fetched into it, erased with it."""

from __future__ import annotations

from hashlib import sha256

import msgspec
import pytest
from shelf import Shelf, traces
from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from toolkit.errors import IdempotencyConflict, InvalidInput, LeaseLost
from toolkit.jobs import JobState, Outcome, Submission
from toolkit.store import arrivals, blobs, erasures, jobs, queue, schema, stamp
from toolkit.store.addresses import Arrival, arrived
from toolkit.store.invariants import violations
from toolkit.store.store import Store

URL = "https://ann:secret@files.example.test/report.pdf?signature=qwzsignature"
BODY = b"qwzbody " * 100


@pytest.fixture(autouse=True)
def sound(shelf):
    yield
    assert violations(shelf.store) == []


def landed(shelf: Shelf, body: bytes = BODY, *, name: str = "report.pdf") -> Arrival:
    draft = shelf.store.files / "draft"
    draft.write_bytes(body)
    return Arrival(
        draft=draft,
        sha256=sha256(body).hexdigest(),
        size=len(body),
        media_type="application/pdf",
        filename=name,
    )


def arrive(shelf: Shelf, job, body: bytes = BODY):
    arrival = landed(shelf, body)
    with shelf.store.write() as conn:
        return arrived(conn, shelf.store, job=job, arrival=arrival, now=shelf.now)


def addresses(shelf: Shelf) -> list[tuple]:
    return shelf.conn.execute("SELECT job, url FROM addresses ORDER BY job").fetchall()


# -- taken in --------------------------------------------------------------------------------------


def test_a_job_keeps_its_address_until_it_is_fetched(shelf):
    job_id = shelf.add(url=URL, origin="a column").job_id
    assert (shelf.job(job_id).url, shelf.job(job_id).sha256) == (URL, None)
    claimed = shelf.only()
    assert (claimed.url, claimed.sha256) == (URL, None)
    there = arrive(shelf, claimed)
    assert there == msgspec.structs.replace(
        claimed,
        url=None,
        sha256=sha256(BODY).hexdigest(),
        size=len(BODY),
        media_type="application/pdf",
        filename="report.pdf",
    )
    kept = shelf.job(job_id)
    assert (kept.sha256, kept.size, kept.url) == (there.sha256, len(BODY), None)
    assert (kept.filename, kept.origin, kept.status) == ("report.pdf", "a column", "processing")
    assert jobs.source_of(shelf.store, kept).read_bytes() == BODY
    assert addresses(shelf) == []
    shelf.complete(there)


def test_many_addresses_stay_in_their_order_among_other_jobs(shelf):
    asked = [
        Submission(tool="echo", url=f"https://x.test/{n}" if n % 2 else None) for n in range(6)
    ]
    with shelf.store.write() as conn:
        queue.enqueue_many(conn, asked, now=shelf.now)
    assert [job.url for job in jobs.jobs(shelf.conn)] == [one.url for one in asked]


def test_an_input_is_there_or_fetched_not_both(shelf):
    with pytest.raises(InvalidInput, match="not both"):
        shelf.add(content=b"x", url=URL)


def test_a_refused_job_keeps_no_address(shelf):
    job_id = shelf.add(url=URL, refused=("ADDRESS_REFUSED", "no")).job_id
    assert shelf.job(job_id).status is JobState.FAILED
    assert addresses(shelf) == []


def test_an_unknown_input_is_not_answered_like_no_input(shelf):
    shelf.finished(b"the answer to nothing")
    assert shelf.add().status is JobState.COMPLETED
    assert shelf.add(url=URL).status is JobState.QUEUED


def test_an_idempotency_key_stands_for_its_address(shelf):
    first = shelf.add(url=URL, idempotency_key="k")
    assert shelf.add(url=URL, idempotency_key="k").job_id == first.job_id
    with pytest.raises(IdempotencyConflict):
        shelf.add(url=URL + "2", idempotency_key="k")


def test_keys_of_files_that_know_no_addresses_still_count():
    """The hash of a submission without an address is what the first version made of it."""
    asked = msgspec.structs.asdict(Submission(tool="echo", filename="a.pdf"))
    for later in ("url", "presentation", "idempotency_key", "batch", "origin", "media_type"):
        del asked[later]
    before = sha256(msgspec.json.Encoder(order="sorted").encode(asked)).digest()
    assert arrivals._hash_of(Submission(tool="echo", filename="a.pdf")) == before


# -- arriving --------------------------------------------------------------------------------------


def test_what_arrives_for_a_job_that_was_taken_away_is_nobodys(shelf):
    shelf.add(url=URL)
    job = shelf.only()
    shelf.cancel(job.id)
    with pytest.raises(LeaseLost):
        arrive(shelf, job)
    assert (shelf.store.files / "draft").exists()
    assert not list((shelf.store.files / "blobs").glob("*/*"))
    assert shelf.job(job.id).url == URL


def test_an_earlier_claim_cannot_hand_in(shelf):
    shelf.add(url=URL)
    before = shelf.only()
    shelf.now += 100
    shelf.rescue()
    again = shelf.only()
    with pytest.raises(LeaseLost):
        arrive(shelf, before)
    shelf.complete(arrive(shelf, again))


def test_bytes_that_the_store_has_already_are_not_kept_twice(shelf):
    shelf.finished(content=BODY)
    shelf.add(url=URL, bypass_cache=True)
    shelf.complete(arrive(shelf, shelf.only()))
    assert len(list((shelf.store.files / "blobs").glob("*/*"))) == 1
    assert not (shelf.store.files / "draft").exists()


def test_a_retry_after_the_arrival_needs_no_network(shelf):
    shelf.add(url=URL)
    there = arrive(shelf, shelf.only())
    shelf.fail(there)
    shelf.retry(there.id)
    assert (shelf.only().url, shelf.job(there.id).sha256) == (None, there.sha256)


def test_a_retry_before_it_fetches_again(shelf):
    shelf.add(url=URL)
    shelf.fail(shelf.only())
    shelf.retry(jobs.job_ids(shelf.conn)[0])
    assert shelf.only().url == URL


# -- the cache -------------------------------------------------------------------------------------


def test_a_known_answer_completes_the_job_as_it_arrives(shelf):
    first = shelf.finished(Outcome(content=b"known", pages=3), content=BODY, owner="ann")
    job_id = shelf.add(url=URL, owner="ann").job_id
    assert arrive(shelf, shelf.only()) is None
    ended = shelf.job(job_id)
    assert (ended.status, ended.cache_hit, ended.pages) == (JobState.COMPLETED, True, 3)
    (attempt,) = jobs.attempts(shelf.conn, job_id)
    assert attempt.outcome == "succeeded"
    rows = "SELECT jobs, pages, cached_jobs, cached_pages FROM usage"
    assert shelf.conn.execute(rows).fetchall() == [(2, 6, 1, 3)]
    shelf.purge(first)
    assert shelf.job(job_id).has_result


@pytest.mark.parametrize(
    "other",
    [
        *({"bypass_cache": True}, {"one_time": True}, {"secrets": {"password": "x"}}),
        *({"owner": "bob"}, {"options": {"pages": "1"}}, {"tool": "slow"}),
    ],
)
def test_another_question_has_another_answer(shelf, other):
    shelf.finished(b"known", content=BODY)
    shelf.add(**{"tool": "echo", "url": URL} | other)
    there = arrive(shelf, shelf.only())
    assert there is not None
    shelf.complete(there)


def test_what_was_fetched_answers_later_jobs(shelf):
    shelf.add(url=URL)
    shelf.complete(arrive(shelf, shelf.only()))
    assert shelf.add(content=BODY).status is JobState.COMPLETED
    shelf.add(url=URL)
    assert arrive(shelf, shelf.only()) is None


# -- erasing ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["queued", "processing", "failed", "cancelled"])
def test_a_purge_erases_the_address(shelf, state):
    job_id = shelf.add(url=URL).job_id
    if state != "queued":
        job = shelf.only()
        if state == "failed":
            shelf.fail(job)
        if state == "cancelled":
            shelf.cancel(job_id)
    assert traces(shelf.store, ["qwzsignature"])
    assert shelf.purge(job_id) == "done"
    assert traces(shelf.store, ["qwzsignature"]) == []
    assert shelf.job(job_id).url is None


def test_a_purge_after_the_arrival_erases_the_file(shelf):
    job_id = shelf.add(url=URL).job_id
    shelf.complete(arrive(shelf, shelf.only()))
    assert shelf.purge(job_id) == "done"
    assert traces(shelf.store, ["qwzsignature", "qwzbody"]) == []


def test_an_address_expires_as_its_source_would_have(shelf):
    forever = shelf.add(url=URL + "1").job_id
    shelf.fail(shelf.only())
    brief = shelf.add(url=URL + "2", retain=60.0).job_id
    shelf.fail(shelf.only())
    shelf.now += 59
    assert erasures.expire(shelf.store, now=shelf.now) == 0
    shelf.now += 2
    assert erasures.expire(shelf.store, now=shelf.now) == 1
    assert erasures.expire(shelf.store, now=shelf.now) == 0
    assert (shelf.job(brief).url, shelf.job(forever).url) == (None, URL + "1")
    with pytest.raises(Exception, match="input was erased"):
        shelf.retry(brief)


def test_the_search_for_what_expires_reads_no_whole_table(shelf):
    plan = shelf.conn.execute(f"EXPLAIN QUERY PLAN {erasures._SOURCES_DUE}", [1.0]).fetchall()
    steps = [step for *_, step in plan]
    assert any("sources_to_expire" in step for step in steps)
    assert not any(step.startswith("SCAN jobs") for step in steps)


# -- files of the first version --------------------------------------------------------------------


def test_a_file_of_the_first_version_learns_of_addresses(tmp_path, monkeypatch):
    path = tmp_path / "old.db"
    first = Migrations("pagequeue")
    first(name="0001_the_spine")(schema._the_spine)
    with monkeypatch.context() as old:
        old.setattr(schema, "MIGRATIONS", first)
        old.setattr(stamp, "VERSION", 1)
        with Store.open(path) as store, store.write() as conn:
            conn.execute("INSERT INTO batches (id, name, created_at) VALUES ('bat_1', 'kept', 1)")
    assert "addresses" not in Database(path).table_names()
    with Store.open(path) as store:
        assert store.read().execute("SELECT name FROM batches").fetchall() == [("kept",)]
        assert store.read().execute("PRAGMA user_version").fetchone() == (stamp.VERSION,)
        assert violations(store) == []
    shelf = Shelf(path)
    assert shelf.job(shelf.add(url=URL).job_id).url == URL
    shelf.store.close()


def test_a_blob_that_arrived_waits_for_nobody(shelf):
    """A pin would keep its bytes for an hour after a purge."""
    shelf.add(url=URL)
    arrive(shelf, shelf.only())
    assert shelf.conn.execute("SELECT uses, pinned FROM blobs").fetchall() == [(1, 0)]
    assert blobs.path(shelf.store, sha256(BODY).hexdigest()).exists()
