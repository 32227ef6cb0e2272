"""A file that an earlier version wrote: opened, it goes on where it stood, and can what is new."""

from __future__ import annotations

from pathlib import Path

import pytest
from shelf import Shelf
from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from toolkit.store import (
    fetches,
    jobs,
    keys,
    outbox,
    presentations,
    queue,
    results,
    schema,
    stamp,
    usage,
    webhooks,
)
from toolkit.store.invariants import violations
from toolkit.store.packing import pack
from toolkit.store.store import Store
from toolkit.store.unpacking import unpack

BEFORE_KEYS = 4


@pytest.fixture
def as_of_4(monkeypatch):
    """Files are made as schema 4 has them, within ``with as_of_4():``."""

    def patched():
        context = monkeypatch.context()
        patch = context.__enter__()
        earlier = Migrations("pagequeue")
        for step in schema.MIGRATIONS.pending(Database(memory=True))[:BEFORE_KEYS]:
            earlier(name=step.name)(step.fn)
        patch.setattr(schema, "MIGRATIONS", earlier)
        patch.setattr(stamp, "VERSION", BEFORE_KEYS)
        return context

    return patched


def worked_with(path: Path) -> list[str]:
    """A file of schema 4 with a job in every state; the ids."""
    shelf = Shelf(path)
    tables = {name for (name,) in shelf.conn.execute("SELECT name FROM sqlite_master").fetchall()}
    assert "keys" not in tables, "or it is no file of schema 4"
    one = shelf.finished(b"x" * 70_000, content=b"in", owner="ann", callback_url="https://old")
    shelf.add(bypass_cache=True)
    shelf.fail(shelf.only())
    shelf.cancel(shelf.add(owner="ann", bypass_cache=True).job_id)
    shelf.add(bypass_cache=True)
    shelf.postpone(shelf.only(), after=100)
    running = shelf.add(owner="ann", bypass_cache=True, secrets={"password": "x"}).job_id
    assert shelf.only().id == running
    waiting = shelf.add(content=b"two", owner="ann", callback_url="https://old/2").job_id
    shelf.store.close()
    return [one, running, waiting]


@pytest.fixture
def old(tmp_path, as_of_4) -> tuple[Path, list[str]]:
    path = tmp_path / "jobs.db"
    context = as_of_4()
    try:
        return path, worked_with(path)
    finally:
        context.__exit__(None, None, None)


def test_nothing_of_it_is_lost_or_told_late(old):
    path, (one, running, waiting) = old
    with Store.open(path) as store:
        conn = store.read()
        assert conn.execute("PRAGMA user_version").fetchone() == (stamp.VERSION,)
        assert violations(store) == []
        assert [job.status for job in jobs.jobs(conn)] == [
            *("completed", "failed", "cancelled", "retrying", "processing", "queued")
        ]
        assert results.content(store, one) == b"x" * 70_000
        assert outbox.backlog(conn) == 0, "what ended before is no news"
        assert jobs.secrets_of(conn, running) == {"password": "x"}
        assert presentations.of(conn, waiting) == {}
        assert jobs.counts(conn, owner="ann") == {
            **dict.fromkeys(("completed", "cancelled", "processing", "queued"), 1),
            **dict.fromkeys(("failed", "retrying"), 0),
        }
        assert [row.pages for row in usage.report(conn, owner="ann")] == [1]


def test_it_goes_on_and_can_what_is_new(old):
    path, (one, running, waiting) = old
    with Store.open(path) as store:
        with store.write() as conn:
            minted = keys.create(conn, owner="ann", now=2e6)
            asked = {"owner": "ann", "url": "https://hook", "events": webhooks.EVENTS}
            webhooks.create(conn, **asked, now=2e6)
            queue.complete(
                conn, job_id=running, runner="r1", attempt=1, result_id=None, pages=3, now=2e6
            )
            (job,) = queue.claim(conn, runner="r1", now=2e6, lease=30.0)
            assert job.id == waiting
            queue.cancel(conn, job_id=waiting, now=2e6)
            taken = fetches.claim(conn, job_id=one, now=2e6)
            fetches.finish(conn, store, job_id=one, claim=taken, now=2e6)
            news = outbox.due(conn, now=2e6, limit=9, lease=1.0)
        assert keys.found(store.read(), minted.secret, now=2e6) == minted.key
        assert sorted((one.job_id, one.event, one.url) for one in news) == sorted(
            [
                (running, "job.completed", "https://hook"),
                (waiting, "job.cancelled", "https://hook"),
                (waiting, "job.cancelled", "https://old/2"),
            ]
        )
        assert violations(store) == []


def test_a_pack_of_then_can_be_unpacked_now(tmp_path, as_of_4):
    context = as_of_4()
    try:
        worked_with(tmp_path / "jobs.db")
        with Store.open(tmp_path / "jobs.db") as store:
            made = pack(store, tmp_path / "old.pagequeue", now=2e6)
    finally:
        context.__exit__(None, None, None)
    with Store.open(unpack(made.path, tmp_path / "there", now=2e6)) as store:
        assert violations(store) == []
        assert len(jobs.jobs(store.read())) == 6
        assert outbox.backlog(store.read()) == 0


def test_what_is_this_machines_own_does_not_travel(shelf, tmp_path):
    """Keys, secrets, news and rate windows stay; how an answer is written goes along."""
    shelf.finished(b"done", owner="ann", callback_url="https://call", presentation={"style": "x"})
    with shelf.store.write() as conn:
        keys.create(conn, owner="ann", now=shelf.now)
        asked = {"owner": "ann", "url": "https://hook", "events": webhooks.EVENTS}
        endpoint, _ = webhooks.create(conn, **asked, now=shelf.now)
        webhooks.callback_secrets(conn, owner="ann", now=shelf.now)
        outbox.test_event(conn, endpoint=endpoint.id, owner="ann", now=shelf.now)
        (news, *_) = outbox.due(conn, now=shelf.now, limit=9, lease=1.0)
        outbox.delivered(conn, number=news.number, now=shelf.now, status=200, seconds=0.1)
        fetches.claim(conn, job_id=jobs.job_ids(conn)[0], now=shelf.now)
        conn.execute("INSERT INTO windows VALUES ('key_a', 60, 1, 1)")
    made = pack(shelf.store, tmp_path / "x.pagequeue", now=shelf.now)
    with Store.open(unpack(made.path, tmp_path / "there", now=shelf.now)) as store:
        conn = store.read()
        for table in ("keys", "windows", "webhooks", "signing_secrets", "outbox", "tries"):
            assert conn.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,), table
        assert conn.execute("SELECT count(*) FROM fetches").fetchone() == (0,)
        assert presentations.of(conn, jobs.job_ids(conn)[0]) == {"style": "x"}
        assert violations(store) == []
