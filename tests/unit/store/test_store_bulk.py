"""Many jobs at once are the same jobs as one by one, and are counted, whatever happens."""

from __future__ import annotations

import sqlite3

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shelf import Shelf
from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from toolkit.errors import IdempotencyConflict, UnknownTool
from toolkit.jobs import Submission
from toolkit.store import batches, blobs, bulk, jobs, queue, schema, stamp
from toolkit.store.invariants import violations
from toolkit.store.store import Store

CONTENTS = (b"one", b"two", b"three")


@pytest.fixture
def shelf(tmp_path):
    made = Shelf(tmp_path / "jobs.db")
    yield made
    made.store.close()


def crowds() -> st.SearchStrategy[list[dict[str, object]]]:
    """Lists of submissions, most of them alike, some special in some way."""
    alike = st.fixed_dictionaries(
        {"tool": st.sampled_from(["echo", "echo", "slow"])},
        optional={
            "filename": st.sampled_from(["a.pdf", "b.pdf"]),
            "content": st.sampled_from(CONTENTS),
            "options": st.dictionaries(st.sampled_from("xy"), st.integers(0, 2), max_size=2),
            "limits": st.just({"attempts": 1}),
            "batch": st.booleans(),
            "priority": st.integers(-1, 1),
            "owner": st.sampled_from(["", "ann"]),
            "retain": st.sampled_from([None, 0.0, 60.0]),
        },
    )
    special = st.sampled_from(
        [
            {"idempotency_key": "k"},
            {"secrets": {"password": "x"}},
            {"refused": ("FILE_TOO_LARGE", "too large")},
            {"url": "https://example.org/a.pdf", "content": None},
            {"content": b"answered"},
            {"one_time": True},
            {"callback_url": "https://example.org/hook"},
        ]
    )
    each = st.one_of(alike, alike, alike, st.builds(lambda a, b: {**a, **b}, alike, special))
    return st.lists(each, max_size=40)


def submission(shelf: Shelf, asked: dict[str, object], batch: str) -> Submission:
    asked = dict(asked)
    content = asked.pop("content", None)
    if asked.pop("batch", False):
        asked["batch"] = batch
    if content is not None:
        asked |= {"sha256": blobs.add_bytes(shelf.store, content), "size": len(content)}
    return Submission(**asked)


def outcome(shelf: Shelf, crowd: list[dict[str, object]], *, together: bool) -> list[object]:
    """All that the file says of the *crowd*, without what is chance."""
    shelf.add(content=b"answered")
    shelf.complete(shelf.only())
    with shelf.store.write() as conn:
        batch = batches.create(conn, name="all", now=shelf.now)
    asked = [submission(shelf, one, batch) for one in crowd]
    taken, error = [], None
    try:
        with shelf.store.write() as conn:
            if together:
                taken = queue.enqueue_many(conn, asked, now=shelf.now)
            else:
                taken = [queue.enqueue(conn, one, now=shelf.now) for one in asked]
    except IdempotencyConflict as exc:  # one key for two submissions: none of them is taken in
        error = str(exc)
    assert violations(shelf.store) == []
    assert len({one.token for one in taken}) == len(taken)
    rows = [msgspec.structs.asdict(job) for job in jobs.jobs(shelf.conn)]
    numbers = {row["id"]: row["number"] for row in rows}
    for row in rows:
        del row["id"], row["batch"]
    counters = "SELECT queued, completed, failed FROM {} ORDER BY number"
    counts = [shelf.conn.execute(counters.format(t)).fetchall() for t in ("tools", "batches")]
    uses = shelf.conn.execute("SELECT sha256, uses, pinned FROM blobs ORDER BY sha256").fetchall()
    answers = [(numbers[one.job_id], one.status, one.repeated) for one in taken]
    return [rows, counts, uses, answers, error]


@given(crowds())
@settings(max_examples=40, deadline=None)
def test_many_are_the_same_as_one_by_one(tmp_path_factory, crowd):
    found = []
    for together in (False, True):
        shelf = Shelf(tmp_path_factory.mktemp("crowd") / "jobs.db")
        found.append(outcome(shelf, crowd, together=together))
        shelf.store.close()
    assert found[0] == found[1]


@pytest.mark.parametrize("count", [1, 15, 16, 17, 1023, 1024, 1025, 3000])
def test_every_job_of_a_list_has_its_own_id_and_token(shelf, count):
    asked = [Submission(tool="echo", filename=str(n)) for n in range(count)]
    with shelf.store.write() as conn:
        taken = queue.enqueue_many(conn, asked, now=shelf.now)
    assert len({one.job_id for one in taken}) == len({one.token for one in taken}) == count
    found = jobs.jobs(shelf.conn)
    assert [(job.id, job.filename) for job in found] == [
        (one.job_id, asked.filename) for one, asked in zip(taken, asked, strict=True)
    ]
    assert violations(shelf.store) == []


def test_lists_that_follow_each_other_share_no_ids(shelf):
    with shelf.store.write() as conn:
        taken = [
            one.job_id
            for tool in ("echo", "slow", "echo", "slow")
            for one in queue.enqueue_many(conn, [Submission(tool=tool)] * 3, now=shelf.now)
        ]
    assert len(set(taken)) == 12


def test_a_fault_that_the_caller_swallows_still_leaves_everything_counted(shelf):
    asked = [*[Submission(tool="echo")] * 20, Submission(tool="nobody")]
    with shelf.store.write() as conn, pytest.raises(UnknownTool):
        queue.enqueue_many(conn, asked, now=shelf.now)
    assert violations(shelf.store) == []
    shelf.add()
    assert violations(shelf.store) == []


def test_rows_that_could_not_be_counted_are_not_committed(shelf, monkeypatch):
    """As by an interrupt between the rows and their count, which the caller ignores."""
    monkeypatch.setattr(bulk, "_COUNT", "UPDATE {} SET no_such_column = ? WHERE number = ?")
    conn = shelf.conn
    conn.execute("BEGIN IMMEDIATE")
    with pytest.raises(sqlite3.OperationalError):
        queue.enqueue_many(conn, [Submission(tool="echo")] * 20, now=shelf.now)
    assert not conn.in_transaction
    monkeypatch.undo()
    assert jobs.jobs(shelf.conn) == []
    assert violations(shelf.store) == []
    shelf.add()
    assert violations(shelf.store) == []


def up_to(monkeypatch: pytest.MonkeyPatch, version: int) -> None:
    """The migrations of an earlier version, and no later one."""
    earlier = Migrations("pagequeue")
    for step in schema.MIGRATIONS.pending(Database(memory=True))[:version]:
        earlier(name=step.name)(step.fn)
    monkeypatch.setattr(schema, "MIGRATIONS", earlier)
    monkeypatch.setattr(stamp, "VERSION", version)


def test_a_file_of_the_version_before_counts_on(tmp_path, monkeypatch):
    path = tmp_path / "jobs.db"
    with monkeypatch.context() as before:
        up_to(before, 2)
        old = Shelf(path)
        old.add(content=b"in")
        old.complete(old.only())
        old.add()
        rows = old.conn.execute("SELECT * FROM jobs ORDER BY number").fetchall()
        old.store.close()
    with Store.open(path) as store:
        assert store.read().execute("PRAGMA user_version").fetchone() == (stamp.VERSION,)
        assert store.read().execute("SELECT * FROM jobs ORDER BY number").fetchall() == rows
        with store.write() as conn:
            queue.enqueue_many(conn, [Submission(tool="echo")] * 40, now=2e6)
            queue.enqueue(conn, Submission(tool="echo"), now=2e6)
        assert jobs.counts(store.read())["queued"] == 42
        assert violations(store) == []
