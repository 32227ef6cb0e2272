"""Rates and quotas: counted in windows, decided before the body, and kept over a restart."""

from __future__ import annotations

import asyncio

import pytest
from front_stage import Stage, bearer

from toolkit.errors import RateLimited
from toolkit.server import auth
from toolkit.server.limits import Pages, Rates
from toolkit.store import keys, usage, windows
from toolkit.store.store import Store

NOON = 1_800_000_000.0  # a moment at which a minute, but no hour, begins


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "a.db") as store:
        yield store


def key_of(store, **limits):
    with store.write() as conn:
        return keys.create(conn, owner="ann", now=NOON, **limits).key


def test_a_window_is_filled_ends_and_begins_anew(store):
    key, rates = key_of(store, per_minute=2), Rates({})
    assert rates.spend(key, NOON + 10).left == 1
    last = rates.spend(key, NOON + 20)
    assert (last.limit, last.left, last.reset) == (2, 0, 40)
    with pytest.raises(RateLimited) as refused:
        rates.spend(key, NOON + 30)
    assert refused.value.retry_after == 30
    assert rates.spend(key, NOON + 60).left == 1


def test_what_is_told_is_the_narrowest_window_and_a_refusal_counts_nowhere(store):
    key, rates = key_of(store, per_minute=2, per_hour=3), Rates({})
    rates.spend(key, NOON)
    assert rates.spend(key, NOON + 1).limit == 2
    for _ in range(5):
        with pytest.raises(RateLimited):
            rates.spend(key, NOON + 2)
    told = rates.spend(key, NOON + 61)
    assert (told.limit, told.left) == (3, 0)
    with pytest.raises(RateLimited) as refused:
        rates.spend(key, NOON + 130)
    assert refused.value.retry_after > 60


def test_a_key_without_a_limit_is_not_counted(store):
    rates = Rates({})
    assert rates.spend(key_of(store), NOON) is None
    assert rates.taken() == {}


def test_counts_outlive_a_restart(store):
    key, rates = key_of(store, per_day=2), Rates({})
    rates.spend(key, NOON)
    with store.write() as conn:
        windows.keep(conn, rates.taken())
    again = Rates(windows.load(store.read(), now=NOON + 5))
    again.spend(key, NOON + 5)
    with pytest.raises(RateLimited):
        again.spend(key, NOON + 6)


def test_windows_that_ended_are_forgotten_once_they_are_written(store):
    key, rates = key_of(store, per_minute=2), Rates({})
    rates.spend(key, NOON)
    rates.forget(NOON + 100)
    assert len(rates.taken()) == 1
    rates.forget(NOON + 100)
    assert rates._windows == {}


def test_a_clock_that_is_set_back_locks_nobody_out(store):
    key, rates = key_of(store, per_minute=1), Rates({})
    rates.spend(key, NOON + 3_600)
    assert rates.spend(key, NOON).left == 0


def test_what_is_held_of_owners_does_not_grow(store, monkeypatch):
    monkeypatch.setattr("toolkit.server.limits.MOST_OWNERS", 3)
    pages = Pages(store)
    for n in range(10):
        pages.this_month(f"owner {n}", NOON)
    assert len(pages._known) <= 4


def test_a_success_tells_and_a_refusal_says_when(store, monkeypatch):
    monkeypatch.setattr(auth.time, "time", lambda: NOON + 12)
    stage = Stage(store)
    secret = stage.key(per_minute=2, pages_per_month=50)

    async def ask():
        async with stage.client() as client:
            return [await client.get("/v1/jobs/j", headers=bearer(secret)) for _ in range(3)]

    first, _, third = asyncio.run(ask())
    told = {name: first.headers[name] for name in first.headers if name.startswith("x-ratelimit")}
    assert told == {
        "x-ratelimit-limit": "2",
        "x-ratelimit-remaining": "1",
        "x-ratelimit-reset": "48",
    }
    assert first.headers["x-usage-pages-this-month"] == "0"
    assert first.headers["x-usage-pages-limit"] == "50"
    assert (third.status_code, third.headers["retry-after"]) == (429, "48")
    assert "x-ratelimit-limit" not in third.headers
    assert windows.load(store.read(), now=NOON + 13) == {
        (keys.keys(store.read())[0].id, 60): (NOON, 2)
    }


async def never():
    yield b"12345"
    raise AssertionError("the body was read")


@pytest.mark.parametrize("refused", ["rate", "quota", "key", "scope"])
def test_who_is_refused_is_so_before_the_body_is_read(store, monkeypatch, refused):
    stage = Stage(store)
    limits = {
        "rate": {"per_minute": 1, "pages_per_month": 9},
        "quota": {"pages_per_month": 7},
        "scope": {"scopes": ["jobs:read"]},
    }
    secret = stage.key(**limits.get(refused, {}))
    if refused == "quota":
        monkeypatch.setattr(usage, "pages_this_month", lambda *_, **__: 7)

    async def ask():
        async with stage.client() as client:
            if refused == "rate":
                await client.get("/v1/usage", headers=bearer(secret))
            headers = bearer("pk_live_x" if refused == "key" else secret)
            return await client.post("/v1/extract", headers=headers, content=never())

    answer = asyncio.run(ask())
    status = {"rate": 429, "quota": 402, "key": 401, "scope": 403}[refused]
    assert (answer.status_code, answer.is_error) == (status, True)
    if refused == "quota":
        assert answer.json()["error"]["code"] == "QUOTA_EXCEEDED"


def test_a_test_key_is_outside_of_the_quota(store, monkeypatch):
    monkeypatch.setattr(usage, "pages_this_month", lambda *_, **__: 7)
    stage = Stage(store)
    secret = stage.key(pages_per_month=7, kind="test")

    async def ask():
        async with stage.client() as client:
            return await client.post("/v1/extract", headers=bearer(secret), content=b"{}")

    answer = asyncio.run(ask())
    assert (answer.status_code, answer.headers["x-usage-pages-limit"]) == (200, "unlimited")


def test_a_key_without_limits_is_told_so(store):
    stage = Stage(store)
    secret = stage.key()

    async def ask():
        async with stage.client() as client:
            return await client.get("/v1/jobs/j", headers=bearer(secret))

    told = asyncio.run(ask()).headers
    names = ("limit", "remaining", "reset")
    assert [told[f"x-ratelimit-{name}"] for name in names] == ["unlimited", "unlimited", "0"]
    assert told["x-usage-pages-limit"] == "unlimited"
