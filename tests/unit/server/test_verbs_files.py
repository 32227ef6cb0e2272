"""Results as files: named for any system, in part, and not again when they have not changed."""

from __future__ import annotations

import asyncio
import hashlib
from email.message import Message

import httpx
import pytest
from verbs_room import SETTINGS, app, done, job, opened

from toolkit.document import wire
from toolkit.server.verbs import Verbs
from toolkit.store import queue

SMALL = b"0123456789" * 10
LARGE = hashlib.shake_256(b"seed").digest(1_000_003)


@pytest.fixture
def store(tmp_path):
    with opened(tmp_path) as store:
        yield store


@pytest.fixture
def get(store):
    def send(path, method="GET", **headers):
        async def main():
            verbs = Verbs(store, SETTINGS, work=False)
            transport = httpx.ASGITransport(app(verbs))
            async with verbs, httpx.AsyncClient(transport=transport, base_url="http://x") as client:
                told = {name.replace("_", "-"): value for name, value in headers.items()}
                return await client.request(method, path, headers=told)

        return asyncio.run(main())

    return send


@pytest.mark.parametrize("content", [SMALL, LARGE, b""])
def test_a_result_comes_whole_with_its_type_and_name(store, get, content):
    made = done(store, content, "text/csv; charset=utf-8", filename="Größe 年.pdf")
    answer = get(f"/{made}/result")
    assert (answer.status_code, answer.content) == (200, content)
    told = answer.headers
    assert told["content-type"] == "text/csv; charset=utf-8"
    assert told["content-length"] == str(len(content))
    assert told["x-content-type-options"] == "nosniff"
    assert "sandbox" in told["content-security-policy"]
    assert told["accept-ranges"] == "bytes"
    said = Message()
    said["content-disposition"] = told["content-disposition"]
    assert said.get_content_disposition() == "attachment"
    assert "filename*=UTF-8''Gr%C3%B6%C3%9Fe%20%E5%B9%B4.csv" in told["content-disposition"]
    head = get(f"/{made}/result", "HEAD")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers == told


def test_a_document_is_json_of_its_own_kind(store, get):
    made = done(store, b"{}", "application/json", filename="report.v2.pdf")
    assert 'filename="report.v2.json"' in get(f"/{made}/result").headers["content-disposition"]
    assert wire.MEDIA_TYPE.endswith("+json")


@pytest.mark.parametrize("kind", ["text/html\r\nX: y", "", "no type", "a/b; c=\u00e9", "x" * 200])
def test_a_type_that_is_none_is_not_sent(store, get, kind):
    made = done(store, b"x", kind, filename='a"b\\c%\r\n.pdf')
    told = get(f"/{made}/result").headers
    assert told["content-type"] == "application/octet-stream"
    assert "\r" not in told["content-disposition"]
    assert "x" not in told


@pytest.mark.parametrize("content", [SMALL, LARGE])
@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=10-19", 10, 20),
        ("bytes=90-", 90, None),
        ("bytes=-7", -7, None),
        ("bytes=-99999999", 0, None),
        ("bytes=50-99999999999", 50, None),
    ],
)
def test_a_part(store, get, content, asked, start, end):
    made = done(store, content)
    answer = get(f"/{made}/result", range=asked)
    whole = len(content)
    part = content[start:end]
    first = start % whole if start else 0
    assert (answer.status_code, answer.content) == (206, part)
    assert answer.headers["content-range"] == f"bytes {first}-{first + len(part) - 1}/{whole}"


@pytest.mark.parametrize("asked", ["bytes=100-", "bytes=1000-2000", "bytes=-0"])
def test_a_part_that_is_not_there(store, get, asked):
    made = done(store, SMALL)
    answer = get(f"/{made}/result", range=asked)
    assert (answer.status_code, answer.content) == (416, b"")
    assert answer.headers["content-range"] == "bytes */100"


@pytest.mark.parametrize(
    "asked",
    [f"bytes={what}" for what in ("0-1,5-6", "9-2", "", "-", "x-", "9" * 99)] + ["rows=1-2"],
)
def test_what_is_no_part_is_the_whole(store, get, asked):
    made = done(store, SMALL)
    answer = get(f"/{made}/result", range=asked)
    assert (answer.status_code, answer.content) == (200, SMALL)


def test_conditions(store, get):
    made = done(store, SMALL)
    etag = get(f"/{made}/result").headers["etag"]
    path = f"/{made}/result"
    assert get(f"/{done(store, SMALL)}/result").headers["etag"] == etag
    assert get(f"/{done(store, LARGE)}/result").headers["etag"] != etag
    for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        answer = get(path, if_none_match=known)
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", etag)
    assert get(path, if_none_match='"other"').status_code == 200
    assert get(path, if_match=etag).status_code == 200
    assert get(path, if_match='"other"').status_code == 412
    assert get(path, if_match=f"W/{etag}").status_code == 412
    assert get(path, range="bytes=0-4", if_range=etag).status_code == 206
    assert get(path, range="bytes=0-4", if_range='"other"').status_code == 200


def test_results_that_are_not_there(store, get):
    waiting = job(store)
    answer = get(f"/{waiting}/result")
    assert (answer.status_code, answer.json()["code"]) == (409, "RESULT_NOT_READY")
    with store.write() as conn:
        queue.cancel(conn, job_id=waiting, now=2e9)
    assert get(f"/{waiting}/result").status_code == 409
    over = done(store, SMALL, result_retain=0.001)
    assert get(f"/{over}/result").status_code == 410
    assert get("/job_0000000000000000/result").status_code == 404


def test_a_part_is_asked_for_by_get_alone(store, get):
    made = done(store, SMALL)
    answer = get(f"/{made}/result", "HEAD", range="bytes=0-4")
    assert (answer.status_code, answer.headers["content-length"]) == (200, "100")
