"""The tables of routes: every row of the contract, and an OpenAPI document that holds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
import speaking
from jsonschema import Draft202012Validator
from speaking import ROUTES, called

from toolkit.dialects import tool_queue
from toolkit.dialects.registry import DIALECTS
from toolkit.tools.assets import material, model, terrain

CONTRACT = {
    "v1": {
        ("POST", "/v1/extract", "submit", "key", "extract:write"),
        ("POST", "/v1/jobs", "submit", "key", "extract:write"),
        ("GET", "/v1/jobs", "list", "key", "jobs:read"),
        ("GET", "/v1/jobs/{job_id}", "look", "key or token", "jobs:read"),
        ("DELETE", "/v1/jobs/{job_id}", "cancel", "key or token", "jobs:write"),
        ("POST", "/v1/jobs/{job_id}/purge", "purge", "key", "jobs:write"),
        ("GET", "/v1/jobs/{job_id}/events", "events", "key or token", "jobs:read"),
        ("GET", "/v1/jobs/{job_id}/result", "result", "key or token", "jobs:read"),
        ("HEAD", "/v1/jobs/{job_id}/result", "result", "key or token", "jobs:read"),
        ("GET", "/v1/jobs/{job_id}/pages/{number}.png", "page_image", "key or token", "jobs:read"),
        ("GET", "/v1/jobs/{job_id}/images/{block_id}", "block_image", "key or token", "jobs:read"),
        ("GET", "/v1/tools", "tools", "key", "jobs:read"),
        ("GET", "/v1/stats", "stats", "key", "jobs:read"),
        ("GET", "/v1/usage", "usage", "key", "usage:read"),
    },
    "token_queue": {
        ("POST", "/api/queue/jobs", "submit", "key", "extract:write"),
        ("GET", "/api/queue", "look", "token", ""),
        ("DELETE", "/api/queue", "cancel", "token", ""),
        ("GET", "/api/queue/result", "result", "token", ""),
    },
    "job_list": {
        ("POST", "/api/jobs", "submit", "key", "extract:write"),
        ("GET", "/api/jobs", "list", "key", "jobs:read"),
        ("GET", "/api/jobs/{job_id}", "look", "key", "jobs:read"),
        ("DELETE", "/api/jobs/{job_id}", "cancel", "key", "jobs:write"),
    },
    "tool_queue": {
        ("POST", "/api/tools/v1/queue", "submit", "key", "extract:write"),
        ("GET", "/api/tools/v1/queue/stats", "stats", "key", "jobs:read"),
        ("GET", "/api/tools/v1/queue/my-jobs", "mine", "key", "jobs:read"),
        ("GET", "/api/tools/v1/queue/{job_id}", "look", "key", "jobs:read"),
        ("GET", "/api/tools/v1/queue/{job_id}/result", "result", "key", "jobs:read"),
    },
}


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_the_routes_are_those_of_the_contract(dialect):
    found = {(r.method, r.path, r.verb, r.access, r.scope) for r in dialect.routes}
    assert found == CONTRACT[dialect.name]
    assert len(found) == len(dialect.routes)
    assert all(route.path.startswith(dialect.prefix) for route in dialect.routes)


def test_only_the_result_of_a_token_is_octets():
    assert [called(r) for _, r in ROUTES if r.octets] == ["GET /api/queue/result"]


def test_a_fixed_path_comes_before_one_that_takes_any_part():
    for dialect in DIALECTS:
        seen: list[str] = []
        for route in dialect.routes:
            pattern = re.sub(r"\{\w+\}", "[^/]+", route.path)
            shadowed = [p for p in seen if re.fullmatch(p, route.path) and p != pattern]
            assert not shadowed, called(route)
            seen.append(pattern)


def document(dialect) -> dict[str, Any]:
    paths: dict[str, Any] = {}
    for route in dialect.routes:
        paths.setdefault(route.path, {})[route.method.lower()] = route.operation
    return {
        "openapi": "3.1.0",
        "info": {"title": dialect.title, "version": "1"},
        "paths": paths,
        "components": dialect.components,
    }


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_the_openapi_document_can_be_used(dialect):
    schema = schemathesis.openapi.from_dict(document(dialect))
    schema.validate()
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) == len(dialect.routes)


def walked(found: Any) -> Iterator[dict[str, Any]]:
    if isinstance(found, dict):
        yield found
    inner = found.values() if isinstance(found, dict) else found if _many(found) else ()
    for one in inner:
        yield from walked(one)


def _many(found: Any) -> bool:
    return isinstance(found, list | tuple)


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_every_reference_leads_somewhere_and_every_schema_is_one(dialect):
    schemas = dialect.components["schemas"]
    whole = document(dialect)
    named = {one["$ref"].rpartition("/")[2] for one in walked(whole) if "$ref" in one}
    assert named <= schemas.keys()
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)
    for one in walked(whole["paths"]):
        if "schema" in one:
            Draft202012Validator.check_schema(one["schema"])


def test_names_are_told_apart_over_all_dialects():
    names = [name for dialect in DIALECTS for name in dialect.components["schemas"]]
    assert len(names) == len(set(names))
    ids = [route.operation["operationId"] for _, route in ROUTES]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(("dialect", "route"), ROUTES, ids=lambda x: getattr(x, "path", ""))
def test_an_operation_says_what_its_route_needs(dialect, route):
    operation = route.operation
    placed = {p["name"] for p in operation.get("parameters", ()) if p["in"] == "path"}
    assert placed == set(re.findall(r"\{(\w+)\}", route.path))
    schemes = {name for one in operation["security"] for name in one}
    wanted = {"key": {"key"}, "token": set(), "key or token": {"key", "jobToken"}}
    assert schemes == wanted[route.access]
    assert schemes <= dialect.components["securitySchemes"].keys()
    if route.scope:
        assert {"401", "403", "429"} <= operation["responses"].keys()
    else:
        assert "429" not in operation["responses"]  # no key, no rate
    assert ("requestBody" in operation) == (route.verb == "submit")


@pytest.mark.parametrize("tool", [material, terrain, model], ids=lambda tool: tool.__name__)
def test_the_fields_of_the_tools_are_those_that_they_check(tool):
    fields = tool_queue.TOOLS[tool.__name__.rpartition(".")[2]]
    own = {name: schema for name, schema in fields.items() if name not in ("image", "file")}
    submit = speaking.route("tool_queue", "POST", "").operation
    form = submit["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert fields.keys() <= form["properties"].keys()
    known = tool.schema()["properties"]
    assert own.keys() == known.keys()
    for field, schema in own.items():
        for word in ("minimum", "maximum"):
            assert schema.get(word) == known[field].get(word), (field, word)
        if known[field].get("type") in ("integer", "number"):
            assert schema["type"] == known[field]["type"]
            assert schema["default"] == known[field]["default"]
