"""``/v1/webhooks`` on the real application: every operation, every status, and nobody else's."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import asynccontextmanager

import httpx
import jsonschema
import pytest
from standardwebhooks.webhooks import Webhook

from toolkit.server.app import create_app
from toolkit.server.webhook_routes import OPERATIONS, SCHEMAS
from toolkit.settings import Settings
from toolkit.store import keys, outbox, webhooks
from toolkit.store.store import Store

URL = "https://receiver.example.test/hook?token=1"
ROTATED = "/v1/webhooks/signing-secret/rotate"


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "a.db") as store:
        yield store


class Desk:
    """Requests as one owner; each answer is held against what OpenAPI says of it."""

    def __init__(self, client: httpx.AsyncClient, secret: str) -> None:
        self._client = client
        self._headers = {"Authorization": f"Bearer {secret}"}

    async def __call__(self, method: str, path: str, status: int, **more) -> dict:
        headers = {**self._headers, **more.pop("headers", {})}
        answer = await self._client.request(method, path, headers=headers, **more)
        assert answer.status_code == status, answer.text
        _as_documented(method, path, answer)
        return answer.json() if answer.content else {}


def _as_documented(method: str, path: str, answer: httpx.Response) -> None:
    parts = path.partition("?")[0].split("/")

    def fits(template: str) -> bool:
        wanted = template.split("/")
        pairs = zip(wanted, parts, strict=False)
        return len(parts) == len(wanted) and all(w[0:1] == "{" or w == p for w, p in pairs)

    operation = next(o for known, template, o in OPERATIONS if known == method and fits(template))
    said = operation["responses"][str(answer.status_code)]
    if "content" not in said:
        assert answer.content == b""
        return
    schema = said["content"][answer.headers["content-type"]]["schema"]
    jsonschema.validate(answer.json(), {**schema, "components": {"schemas": dict(SCHEMAS)}})


@asynccontextmanager
async def served(store, *, settings=None):
    app = create_app(store, settings=settings or Settings(), work=False)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=("203.0.113.9", 5))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://api.example") as client,
    ):
        yield client


def key(store, owner="ann", **more) -> str:
    with store.write() as conn:
        return keys.create(conn, owner=owner, now=time.time(), **more).secret


def run(store, steps, *, owner="ann", scopes=None, settings=None):
    """Run *steps*, a coroutine function that takes the owner's desk."""
    secret = key(store, owner, **({} if scopes is None else {"scopes": scopes}))

    async def go():
        async with served(store, settings=settings) as client:
            return await steps(Desk(client, secret))

    return asyncio.run(go())


# -- what can be done ------------------------------------------------------------------------------


def test_the_life_of_a_webhook(store):
    async def steps(ask):
        made = await ask("POST", "/v1/webhooks", 201, json={"url": URL, "description": "mine"})
        place = f"/v1/webhooks/{made['id']}"
        assert made["secret"].startswith("whsec_")
        assert (made["url"], made["enabled"], made["description"]) == (URL, True, "mine")
        assert set(made["events"]) == {"job.completed", "job.failed", "job.cancelled"}
        shown = {name: value for name, value in made.items() if name != "secret"}
        # The secret was shown once.
        assert await ask("GET", place, 200) == shown
        assert await ask("GET", "/v1/webhooks", 200) == {"webhooks": [shown]}

        changed = await ask("PATCH", place, 200, json={"events": ["job.failed"], "enabled": False})
        assert (changed["events"], changed["enabled"]) == (["job.failed"], False)
        assert changed["disabled_at"]
        again = await ask("PATCH", place, 200, json={"enabled": True})
        assert (again["enabled"], again["disabled_at"], again["url"]) == (True, None, URL)
        assert await ask("PATCH", place, 200, json={}) == again

        rotated = await ask("POST", f"{place}/rotate?overlap_seconds=60", 200)
        assert rotated["secret"] not in ("", made["secret"])
        with store.write() as conn:
            valid = webhooks.secrets_of(conn, endpoint=made["id"], now=time.time())
        assert valid == (rotated["secret"], made["secret"])

        await ask("DELETE", place, 204)
        await ask("GET", place, 404)
        await ask("DELETE", place, 404)

    run(store, steps)


def test_a_test_event_is_tried_and_logged(store):
    async def steps(ask):
        made = await ask("POST", "/v1/webhooks", 201, json={"url": URL})
        place = f"/v1/webhooks/{made['id']}"
        sent = await ask("POST", f"{place}/test", 202)
        for _ in range(400):
            tried = (await ask("GET", f"{place}/deliveries", 200))["deliveries"]
            if tried and tried[0]["attempt"]:
                break
            await asyncio.sleep(0.05)
        (one,) = tried
        assert (one["delivery_id"], one["event"]) == (sent["delivery_id"], "webhook.test")
        assert (one["webhook_id"], one["job_id"], one["attempt"]) == (made["id"], None, 1)
        # No resolver knows it, and the query is nobody's business.
        assert "receiver.example.test is not found" in one["error"]
        assert one["url"] == "https://receiver.example.test/hook?…"
        assert (await ask("GET", "/v1/deliveries?limit=1", 200))["deliveries"] == tried
        assert await ask("GET", "/v1/deliveries?job_id=job_1", 200) == {"deliveries": []}
        again = await ask("POST", f"/v1/deliveries/{one['delivery_id']}/redeliver", 202)
        assert again == sent

    run(store, steps, settings=Settings(delivery_wait=1000.0))


def test_the_secret_for_the_addresses_of_jobs(store):
    async def steps(ask):
        first = await ask("GET", "/v1/webhooks/signing-secret", 200)
        (old,) = first["secrets"]
        assert await ask("GET", "/v1/webhooks/signing-secret", 200) == first
        new = (await ask("POST", ROTATED, 200))["secret"]
        assert (await ask("GET", "/v1/webhooks/signing-secret", 200))["secrets"] == [new, old]
        newest = (await ask("POST", f"{ROTATED}?overlap_seconds=0", 200))["secret"]
        assert (await ask("GET", "/v1/webhooks/signing-secret", 200))["secrets"] == [newest]
        Webhook(newest)

    run(store, steps)


# -- what is refused -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        *("http://receiver.example.test/", "ftp://x.org/", "x", "", "https://", "https:///hook"),
        *("https://ann:pw@x.org/", "https://127.0.0.1/", "https://2130706433/", "https://[::1]/"),
        *("https://localhost/", "https://169.254.169.254/", "https://0x7f.1/", "https://10.0.0.1/"),
        *("https://x.org/" + "a" * 2000, "https://x.org/\x00", "https://x.org/\n", "https://a b/"),
        *("https://x.org:0/", "https://x.org:99999/", "javascript:alert(1)"),
    ],
)
def test_addresses_that_lead_nowhere_good(store, url):
    async def steps(ask):
        await ask("POST", "/v1/webhooks", 422, json={"url": url})
        made = await ask("POST", "/v1/webhooks", 201, json={"url": URL})
        await ask("PATCH", f"/v1/webhooks/{made['id']}", 422, json={"url": url})
        assert (await ask("GET", f"/v1/webhooks/{made['id']}", 200))["url"] == URL

    run(store, steps)


def test_what_the_operator_allows_is_allowed(store):
    async def steps(ask):
        await ask("POST", "/v1/webhooks", 201, json={"url": "http://127.0.0.1:8000/hook"})

    run(store, steps, settings=Settings(webhook_private="127.0.0.1", webhook_plain=1))


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{", b"[]", b"null", b"1", b"\xff", b"[" * 5000, b'{"url": 1}', b"{}"),
        json.dumps({"url": URL, "events": []}).encode(),
        json.dumps({"url": URL, "events": ["job.born"]}).encode(),
        json.dumps({"url": URL, "events": "job.failed"}).encode(),
        json.dumps({"url": URL, "events": None}).encode(),
        json.dumps({"url": URL, "wish": 1}).encode(),
        json.dumps({"url": URL, "description": "a\x00b"}).encode(),
        json.dumps({"url": URL, "description": "a" * 2001}).encode(),
        b'{"url": "https://x.org/\\ud800"}',
    ],
)
def test_bodies_that_are_none(store, body):
    async def steps(ask):
        await ask("POST", "/v1/webhooks", 422, content=body)
        assert await ask("GET", "/v1/webhooks", 200) == {"webhooks": []}

    run(store, steps)


def test_a_body_without_end_is_cut_off(store):
    async def steps(ask):
        await ask("POST", "/v1/webhooks", 413, content=b" " * 100_000)

    run(store, steps)


@pytest.mark.parametrize(
    "query",
    [
        *("limit=0", "limit=1001", "limit=x", "limit=", "limit=1&limit=2", "limit=1.5"),
        *("limit=１", "job_id=", "job_id=" + "a" * 101),
    ],
)
def test_queries_that_are_none(store, query):
    async def steps(ask):
        await ask("GET", f"/v1/deliveries?{query}", 422)

    run(store, steps)


@pytest.mark.parametrize("overlap", ["-1", "x", "", "nan", "604801", "1e9"])
def test_overlaps_that_are_none(store, overlap):
    async def steps(ask):
        await ask("POST", f"{ROTATED}?overlap_seconds={overlap}", 422)

    run(store, steps)


def paths(webhook="whk_0", delivery="dlv_0"):
    return [
        (method, path.format(webhook_id=webhook, delivery_id=delivery), operation)
        for method, path, operation in OPERATIONS
    ]


def test_nobody_comes_in_without_a_key_or_with_a_wrong_one(store):
    async def steps(ask):
        for shown in ({"Authorization": "Bearer nonsense"}, {"Authorization": ""}):
            for method, path, _ in paths():
                await ask(method, path, 401, headers=shown, json={"url": URL})

    run(store, steps)


def test_who_may_read_changes_nothing_and_sees_no_secret(store):
    with store.write() as conn:
        made, _ = webhooks.create(
            conn, owner="ann", url=URL, events=webhooks.EVENTS, now=time.time()
        )

    async def steps(ask):
        for method, path, operation in paths(made.id):
            if method == "GET" and operation["operationId"] != "callbackSecrets":
                await ask(method, path, 200)
            else:
                await ask(method, path, 403, json={"url": URL})
        assert "whsec_" not in json.dumps(await ask("GET", f"/v1/webhooks/{made.id}", 200))

    run(store, steps, scopes=["jobs:read"])


def test_another_owners_webhooks_are_not_there(store):
    with store.write() as conn:
        made, _ = webhooks.create(
            conn, owner="bob", url=URL, events=webhooks.EVENTS, now=time.time()
        )
        outbox.test_event(conn, endpoint=made.id, owner="bob", now=time.time() + 1000)
        (theirs,) = conn.execute("SELECT delivery_id FROM outbox").fetchone()

    async def steps(ask):
        for method, path, _ in paths(made.id, theirs):
            if made.id in path or theirs in path:
                await ask(method, path, 404, json={})
        assert await ask("GET", "/v1/webhooks", 200) == {"webhooks": []}
        assert await ask("GET", "/v1/deliveries", 200) == {"deliveries": []}

    run(store, steps)
    assert webhooks.endpoint(store.read(), made.id).enabled


def test_too_often_is_too_often(store):
    secret = key(store, per_minute=1)

    async def go():
        async with served(store) as client:
            ask = Desk(client, secret)
            first = await client.get("/v1/webhooks", headers={"X-API-Key": secret})
            assert first.status_code == 200
            # As on every other path of this dialect.
            assert first.headers["x-ratelimit-remaining"] == "0"
            assert first.headers["x-usage-pages-limit"] == "unlimited"
            await ask("GET", "/v1/webhooks", 429)

    asyncio.run(go())


def test_everything_that_is_documented_is_routed_and_in_the_document(store):
    async def steps(ask):
        answer = await ask._client.get("/openapi/v1.json")
        document = answer.json()
        for method, path, operation in OPERATIONS:
            assert (
                document["paths"][path][method.lower()]["operationId"] == operation["operationId"]
            )
        assert set(SCHEMAS) <= set(document["components"]["schemas"])
        for path, allowed in (
            ("/v1/webhooks", {"GET", "HEAD", "POST"}),
            ("/v1/webhooks/whk_0", {"GET", "HEAD", "PATCH", "DELETE"}),
            ("/v1/webhooks/signing-secret", {"GET", "HEAD"}),
            (ROTATED, {"POST"}),
            ("/v1/webhooks/whk_0/rotate", {"POST"}),
        ):
            wrong = await ask._client.put(path)
            assert wrong.status_code == 405
            assert set(wrong.headers["allow"].split(", ")) == allowed, path

    run(store, steps)
