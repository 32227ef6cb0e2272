"""What the server does by itself: what has expired goes, and what a crash left."""

from __future__ import annotations

import asyncio
import os
import time

import pytest
from verbs_room import SETTINGS, done, opened

from toolkit.server import attendance
from toolkit.server.verbs import Verbs
from toolkit.store import erasures


@pytest.fixture
def store(tmp_path, monkeypatch):
    for name in ("LOOK_EVERY", "SWEEP_EVERY", "GATHER"):
        monkeypatch.setattr(attendance, name, 0.02)
    with opened(tmp_path) as store:
        yield store


def run_until(store, holds):
    async def main():
        async with Verbs(store, SETTINGS, work=False):
            async with asyncio.timeout(10):
                while not holds():
                    await asyncio.sleep(0.02)

    asyncio.run(main())


def test_what_has_expired_is_erased_though_no_runner_is_there(store):
    done(store, b"x" * 200_000, result_retain=0.1)
    kept = done(store, b"y" * 200_000)

    def blobs():
        return list((store.files / "blobs").glob("*/*"))

    assert len(blobs()) == 2
    run_until(store, lambda: len(blobs()) == 1)
    with_result = "SELECT id FROM jobs WHERE result IS NOT NULL"
    assert store.read().execute(with_result).fetchall() == [(kept,)]


def test_an_error_does_not_end_it_and_is_told(store, monkeypatch, caplog):
    made = done(store, b"x" * 200_000, result_retain=0.1)
    failures, expire = [OSError("no room")], erasures.expire

    def failing(*args, **more):
        if failures:
            raise failures.pop()
        return expire(*args, **more)

    monkeypatch.setattr(erasures, "expire", failing)
    result = "SELECT result IS NULL FROM jobs WHERE id = ?"
    run_until(store, lambda: store.read().execute(result, [made]).fetchone() == (1,))
    assert "the queue was not looked after" in caplog.text


def test_a_flaw_is_told_and_makes_the_server_unready(store, monkeypatch, caplog):
    def flawed(*_, **__):
        raise ValueError("a flaw")

    monkeypatch.setattr(erasures, "expire", flawed)

    async def main():
        async with Verbs(store, SETTINGS, work=False) as verbs, asyncio.timeout(10):
            while not verbs.ready():
                await asyncio.sleep(0.02)
            return verbs.ready()

    assert asyncio.run(main()) == ["the queue is not looked after: see the server's log"]
    assert "a flaw" in caplog.text


def test_what_a_crash_left_of_an_upload_is_removed(store):
    drafts = store.files / "drafts"
    drafts.mkdir(exist_ok=True)
    old, new = drafts / "old", drafts / "new"
    old.write_bytes(b"half")
    new.write_bytes(b"half")
    two_hours_ago = time.time() - 7200
    os.utime(old, (two_hours_ago, two_hours_ago))
    run_until(store, lambda: not old.exists())
    assert new.exists()
