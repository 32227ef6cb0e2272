"""Who comes in by what: keys, tokens, scopes, and how often one may be wrong."""

from __future__ import annotations

import asyncio
import time

import front_stage
import pytest
from front_stage import Stage, bearer

from toolkit.store import keys
from toolkit.store.store import Store


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "a.db") as store:
        yield store


def run(coroutine):
    return asyncio.run(coroutine)


@pytest.mark.parametrize("how", ["bearer", "Bearer", "x-api-key"])
def test_a_key_opens_by_either_header(store, how):
    stage = Stage(store)
    secret = stage.key()
    headers = {"X-API-Key": secret} if how == "x-api-key" else {"Authorization": f"{how} {secret}"}

    async def ask():
        async with stage.client() as client:
            return await client.get("/v1/jobs/job_1", headers=headers)

    answer = run(ask())
    assert (answer.status_code, answer.json()["owner"]) == (200, "ann")


@pytest.mark.parametrize("kind", ["live", "test", "tool"])
def test_a_key_of_any_beginning_opens_and_a_test_keys_jobs_are_apart(store, kind):
    stage = Stage(store)
    secret = stage.key(kind=kind)

    async def ask():
        async with stage.client() as client:
            return await client.get("/v1/jobs/job_1", headers=bearer(secret))

    assert run(ask()).json()["owner"] == ("ann/test" if kind == "test" else "ann")


@pytest.mark.parametrize(
    "headers", [{}, bearer("pk_live_wrong"), {"Authorization": "Basic abc"}, bearer("ключ")]
)
def test_without_a_key_that_holds_it_is_401_with_the_way_in(store, headers):
    stage = Stage(store)
    headers = {name: text.encode() for name, text in headers.items()}

    async def ask():
        async with stage.client() as client:
            return await client.get("/v1/usage", headers=headers)

    answer = run(ask())
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "UNAUTHORIZED"
    assert answer.headers["www-authenticate"] == "Bearer"
    assert "x-usage-pages-limit" not in answer.headers


def test_a_key_that_is_revoked_stops_at_once(store):
    stage = Stage(store)
    secret = stage.key()
    [key] = keys.keys(store.read())

    async def ask():
        async with stage.client() as client:
            before = await client.get("/v1/jobs/job_1", headers=bearer(secret))
            with store.write() as conn:
                keys.revoke(conn, key.id, now=time.time())
            return before, await client.get("/v1/jobs/job_1", headers=bearer(secret))

    assert [answer.status_code for answer in run(ask())] == [200, 401]


def test_a_scope_that_is_missing_is_named_and_admin_has_all(store):
    stage = Stage(store)
    narrow, wide = stage.key(scopes=["jobs:read"]), stage.key(scopes=["admin"])

    async def ask():
        async with stage.client() as client:
            refused = await client.delete("/v1/jobs/job_1", headers=bearer(narrow))
            return refused, await client.delete("/v1/jobs/job_1", headers=bearer(wide))

    refused, done = run(ask())
    assert (refused.status_code, done.status_code) == (403, 200)
    assert refused.json()["error"]["code"] == "INSUFFICIENT_SCOPE"
    assert "jobs:write" in refused.json()["error"]["message"]


def test_a_token_opens_its_job_alone_and_does_what_the_key_may_not(store):
    stage = Stage(store)
    narrow = stage.key(scopes=["jobs:read"])

    async def ask():
        async with stage.client() as client:
            return [
                await client.get("/v1/jobs/job_1?job_token=right"),
                await client.get("/v1/jobs/job_1", headers={"X-Job-Token": "right"}),
                await client.get("/v1/jobs/job_1", headers={"X-Job-Token": "wrong"}),
                await client.get("/v1/jobs/job_2", headers={"X-Job-Token": "right"}),
                await client.delete("/v1/jobs/job_1?job_token=right", headers=bearer(narrow)),
                await client.get("/v1/jobs/job_1?job_token=right", headers=bearer("pk_live_no")),
            ]

    assert [answer.status_code for answer in run(ask())] == [200, 200, 403, 404, 200, 401]


def test_where_a_token_alone_opens_what_is_missing_comes_before_what_is_wrong(store):
    stage = Stage(store)

    async def ask():
        async with stage.client() as client:
            return [
                await client.get("/api/queue"),
                await client.get("/api/queue?jobId=job_1"),
                await client.get("/api/queue?jobId=job_1&jobToken=wrong"),
                await client.get("/api/queue?jobId=&jobToken=right"),
                await client.get("/api/queue?jobId=job_9&jobToken=right"),
                await client.get("/api/queue?jobId=job_1&jobToken=right"),
                await client.get("/api/queue?jobId=job_1&jobToken=wrong&jobToken=right"),
            ]

    answers = run(ask())
    assert [answer.status_code for answer in answers] == [400, 403, 403, 404, 404, 200, 400]
    assert all(isinstance(answer.json()["error"], str) for answer in answers if answer.is_error)


def test_a_careless_program_does_not_lock_its_neighbours_out(store):
    stage = Stage(store)
    secret = stage.key()

    async def ask():
        async with stage.client() as client:
            wrong = [await client.get("/v1/usage", headers=bearer(f"pk_{n}")) for n in range(400)]
            return wrong, await client.get("/v1/usage", headers=bearer(secret))

    wrong, right = run(ask())
    assert {answer.status_code for answer in wrong} == {401}
    assert right.status_code == 200


def test_nothing_secret_is_logged(store):
    stage = Stage(store)
    secret = stage.key()

    async def ask():
        async with stage.client() as client:
            await client.get("/v1/jobs/job_1?job_token=right", headers=bearer(secret))
            await client.get("/v1/usage", headers=bearer("pk_live_typo"))
            await client.get("/api/queue?jobId=job_1&jobToken=wrong")
            stage.verbs.raises = RuntimeError("boom")
            await client.get("/v1/jobs/job_1?job_token=right", headers={"X-API-Key": secret})

    run(ask())
    log = stage.log.getvalue()
    assert all(word not in log for word in (secret, "pk_live_typo", "right", "wrong", "job_1"))


def test_each_use_of_a_key_is_noted(store):
    stage = Stage(store)
    secret = stage.key()

    async def ask():
        async with stage.client() as client:
            await client.get("/v1/jobs/job_1", headers=bearer(secret))

    run(ask())
    [key] = keys.keys(store.read())
    assert time.time() - key.last_used_at < 60
    assert stage.verbs.pen.written == 1
    assert front_stage.count(store.read(), "windows") == 0
