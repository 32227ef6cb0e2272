"""Whatever a call holds, reading it gives a question or an error of ours."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from speaking import ROOT, ROUTES, UPLOAD, called, route

from toolkit.dialects.exchange import Call, Cancel, Query, Wanted
from toolkit.errors import ToolkitError

NAMES = (
    *("options", "sync", "sync_timeout_seconds", "type", "input", "config", "webhook_url"),
    *("tool", "mode", "limit", "offset", "status", "cursor", "month", "jobId", "jobToken"),
    *("callback_url", "retain_hours", "result_retain_hours", "bypass_cache", "one_time"),
    *("pages", "password", "strategy", "max_chunk_size", "overlap", "include_layout"),
    *("number", "block_id", "hills", "prefer", "idempotency-key", "extraction_profile"),
)
numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
plain = st.none() | st.booleans() | numbers | st.text(max_size=20)
values = st.recursive(
    plain,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=8,
)
objects = st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=9), values, max_size=6)
words = st.sampled_from(
    (
        *("true", "false", "0", "1", "-1", "1e999", "9" * 5000, "parse", "terrain", "sync"),
        *("queued", "wait=3", "https://x.org", "docld://doc_1", "jobid://", "2026-11", "\x00"),
        *("{}", "[", '{"pages": 1}', '{"password": null}', "\ud800", "٣", "１"),
    )
)
texts = words | st.text(max_size=30) | objects.map(lambda o: msgspec.json.encode(o).decode())
fields = st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=9), texts, max_size=6)
bodies = st.just(b"") | st.binary(max_size=50) | objects.map(msgspec.json.encode)
calls = st.builds(
    Call,
    method=st.just("POST"),
    root=st.just(ROOT),
    path=fields,
    query=fields,
    headers=fields,
    form=fields,
    body=bodies,
    upload=st.none() | st.just(UPLOAD),
)


@pytest.mark.parametrize("found", [r for _, r in ROUTES if r.read], ids=called)
@settings(max_examples=150, deadline=None)
@given(call=calls)
def test_reading_raises_nothing_but_errors_of_ours(found, call):
    try:
        asked = found.read(call)
    except ToolkitError as error:
        reply = found.fault(error)
        assert 202 <= reply.status < 500
        return
    match asked:
        case Wanted():
            assert 0 <= asked.wait <= 120
            assert 0 <= asked.retain <= 168 * 3600
            assert 0 <= asked.result_retain <= 168 * 3600
            assert asked.url is None or asked.reuse is None
            assert asked.options.get("password") is None
            # what is asked is kept as JSON
            msgspec.json.encode(asked)
        case Query():
            assert 1 <= asked.limit <= 1000
            assert 0 <= asked.wait <= 30
            assert asked.offset >= 0
        case _:
            assert asked is None or isinstance(asked, Cancel | int | str)


@settings(max_examples=100, deadline=None)
@given(call=calls)
def test_the_job_and_its_token_are_texts(call):
    assert isinstance(call.job_id, str)
    assert call.token is None or isinstance(call.token, str)


def _asked_in_json(name: str, path: str):
    found = route(name, "POST", path)
    schema = found.operation["requestBody"]["content"]["application/json"]["schema"]
    return found, Draft202012Validator(schema)


@pytest.mark.parametrize(("name", "path"), [("v1", "/jobs"), ("job_list", "")])
@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_what_is_read_of_json_is_what_the_schema_allows(name, path, data):
    found, validator = _asked_in_json(name, path)
    properties = sorted(validator.schema["properties"])
    likely = st.sampled_from(
        ("parse", "sleep", "https://x.org", "docld://doc_1", True, 1, 0.5, 2.0, "2", "true", 169)
    )
    inner = st.sampled_from((*properties, "strategy", "max_chunk_size", "overlap"))
    body = data.draw(
        st.dictionaries(
            st.sampled_from((*properties, "unknown")),
            st.none() | likely | values | st.dictionaries(inner, likely | st.none(), max_size=3),
            max_size=4,
        )
    )
    call = Call(method="POST", root=ROOT, body=msgspec.json.encode(body), upload=None)
    try:
        found.read(call)
    except ToolkitError:
        return
    # read again as the server reads it: 1.0 may have become 1
    validator.validate(msgspec.json.decode(call.body))


@pytest.mark.parametrize(
    "found", [r for _, r in ROUTES if r.method == "GET" and r.read], ids=called
)
@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_what_is_read_of_parameters_is_what_their_schemas_allow(found, data):
    described = found.operation.get("parameters", ())
    drawn = {p["name"]: data.draw(st.none() | texts) for p in described}
    for place in ("query", "path"):
        for one in described:
            if one["in"] == place and one["required"] and drawn[one["name"]] is None:
                drawn[one["name"]] = "3"
    given = {
        place: {
            p["name"]: drawn[p["name"]]
            for p in described
            if p["in"] == place and drawn[p["name"]] is not None
        }
        for place in ("query", "path")
    }
    try:
        found.read(Call(method="GET", root=ROOT, **given))
    except ToolkitError:
        return
    for one in described:
        text = given.get(one["in"], {}).get(one["name"])
        if text is None or one["name"] == "job_id":
            continue
        kind = one["schema"].get("type")
        value = int(text) if kind == "integer" else text
        Draft202012Validator(one["schema"]).validate(value)
