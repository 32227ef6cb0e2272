"""The application as it is served: each route of each dialect, described, refused and logged."""

from __future__ import annotations

import asyncio
import io
import json
import time

import httpx
import pytest

from toolkit.dialects.registry import DIALECTS
from toolkit.server import desk_routes, webhook_routes
from toolkit.server.app import create_app
from toolkit.server.logs import logger
from toolkit.store import keys
from toolkit.store.store import Store

ROUTES = [(one.name, route) for one in DIALECTS for route in one.routes]
OTHERS = [*webhook_routes.OPERATIONS, *desk_routes.OPERATIONS]


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "a.db") as store:
        yield store


def asked(store, *requests, log=None, **headers):
    """The answers to (method, path) pairs, of a key that may do everything."""
    with store.write() as conn:
        minted = keys.create(conn, owner="ann", scopes=keys.SCOPES, now=time.time(), **headers)
    shown = {"Authorization": f"Bearer {minted.secret}"}

    async def ask():
        app = create_app(store, work=False, log=logger(as_json=True, stream=log or io.StringIO()))
        transport = httpx.ASGITransport(app, client=("203.0.113.9", 5))
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://a", headers=shown) as client,
        ):
            return [await client.request(method, path) for method, path in requests]

    return asyncio.run(ask())


def filled(path: str) -> str:
    for name, value in (("job_id", "job_0"), ("number", "1"), ("block_id", "blk_0")):
        path = path.replace(f"{{{name}}}", value)
    return path


def test_every_operation_of_every_document_is_there_once(store):
    names = ["", *(f"/{one.name}" for one in DIALECTS)]
    whole, *parts = (
        answer.json() for answer in asked(store, *(("GET", f"/openapi{n}.json") for n in names))
    )
    told = {(m.upper(), path) for path, there in whole["paths"].items() for m in there}
    expected = {(r.method, r.path) for _, r in ROUTES} | {(m, p) for m, p, _ in OTHERS}
    assert told == expected
    ids = [one["operationId"] for there in whole["paths"].values() for one in there.values()]
    assert len(ids) == len(set(ids))
    assert sum(len(part["paths"]) for part in parts) == len(whole["paths"])


@pytest.mark.parametrize("name", ["", *(f"/{one.name}" for one in DIALECTS)])
def test_a_document_refers_to_nothing_that_it_does_not_have(store, name):
    [answer] = asked(store, ("GET", f"/openapi{name}.json"))
    document = answer.json()
    referred = {
        part.partition('"')[0] for part in answer.text.split('"$ref":"#/components/schemas/')[1:]
    }
    assert referred <= set(document["components"]["schemas"])
    schemes = set(document["components"].get("securitySchemes", {}))
    for there in document["paths"].values():
        for operation in there.values():
            assert {one for way in operation.get("security", []) for one in way} <= schemes


@pytest.mark.parametrize(("name", "route"), ROUTES, ids=lambda one: getattr(one, "path", one))
def test_every_path_refuses_other_methods_with_one_allow(store, name, route):
    [answer] = asked(store, ("PATCH", filled(route.path)))
    assert answer.status_code == 405
    allowed = [one.method for n, one in ROUTES if one.path == route.path]
    assert answer.headers.get_list("allow") == [", ".join(allowed)]


def test_every_route_names_itself_in_the_log(store):
    log = io.StringIO()
    requests = [(r.method, filled(r.path)) for _, r in ROUTES]
    requests += [(m, p.replace("{", "").replace("}", "")) for m, p, _ in OTHERS]
    answers = asked(store, *requests, log=log)
    assert [a.status_code for a in answers if a.status_code >= 500] == []
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    told = [line["route"] for line in lines if line["event"] == "request"]
    assert told[: len(ROUTES)] == [r.path for _, r in ROUTES]
    for line, (_, path, _) in zip(told[len(ROUTES) :], OTHERS, strict=True):
        assert line in {path, "/v1/desk/{verb}"}
    assert {line["owner"] for line in lines} <= {"ann", ""}


def test_a_success_of_our_own_dialect_tells_of_rates_and_pages(store):
    paths = [("GET", "/v1/jobs"), ("GET", "/v1/webhooks"), ("GET", "/api/jobs")]
    jobs, hooks, other = asked(store, *paths, per_minute=9, pages_per_month=5)
    for answer, left in ((jobs, "8"), (hooks, "7")):
        assert answer.headers["x-ratelimit-remaining"] == left
        assert answer.headers["x-usage-pages-limit"] == "5"
    assert other.status_code == 200
    assert "x-ratelimit-remaining" not in other.headers
