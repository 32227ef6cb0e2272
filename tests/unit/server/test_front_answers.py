"""What every answer has: the dialect's own words where it refuses, an id, a log line, figures."""

from __future__ import annotations

import asyncio
import sqlite3

import pytest
from front_stage import Stage, bearer

from toolkit.errors import DamagedFile, InternalError, ToolkitError
from toolkit.settings import Settings
from toolkit.store.store import Store


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "a.db") as store:
        yield store


@pytest.fixture
def stage(store):
    return Stage(store)


def asked(stage, method, path, **more):
    async def ask():
        async with stage.client() as client:
            return await client.request(method, path, **more)

    return asyncio.run(ask())


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/v1/jobs/job_1", "GET, DELETE"),
        ("/api/queue", "GET, DELETE"),
        ("/v1/extract", "POST"),
        ("/v1/jobs/stats", "GET"),
    ],
)
@pytest.mark.parametrize("method", ["PUT", "PATCH", "HEAD", "OPTIONS", "BREW"])
def test_another_method_is_405_with_one_allow(stage, path, allowed, method):
    answer = asked(stage, method, path)
    assert answer.status_code == 405
    assert answer.headers.get_list("allow") == [allowed]
    if method == "HEAD":
        return
    error = answer.json()["error"]
    assert isinstance(error, str) if path.startswith("/api") else error["code"]


@pytest.mark.parametrize("path", ["/docs", "/openapi.json", "/healthz", "/metrics"])
def test_pages_answer_to_get_and_head_alone(stage, path):
    answer = asked(stage, "POST", path)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/v1",
        "/v1/",
        "/v1/jobs/a/b",
        "/v1/jobs/a%2Fb",
        "/v1/jobs/",
        "/v1/../etc/passwd",
        "/%00",
    ],
)
def test_an_unknown_path_is_404_in_our_own_words(stage, path):
    answer = asked(stage, "GET", path)
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "NOT_FOUND"


def test_an_unknown_path_below_a_dialect_is_404_in_its_words(stage):
    answer = asked(stage, "GET", "/api/queue/nothing")
    assert (answer.status_code, type(answer.json()["error"])) == (404, str)
    assert asked(stage, "GET", "/api/queued").json()["error"]["code"] == "NOT_FOUND"


def test_fixed_words_come_before_parameters(stage):
    answer = asked(stage, "GET", "/v1/jobs/stats", headers=bearer(stage.key()))
    assert answer.json() == {"owner": "ann", "anonymous": False}


def test_a_parameter_that_is_given_twice_is_refused(stage):
    answer = asked(stage, "GET", "/v1/jobs/job_1?job_token=a&job_token=right")
    assert answer.status_code == 422
    assert "job_token" in answer.json()["error"]["message"]
    many = "&".join(f"p{n}=1" for n in range(101))
    assert asked(stage, "GET", f"/v1/jobs/job_1?{many}").status_code == 422


def test_a_body_that_is_no_form_has_its_limit_declared_or_not(stage):
    headers = bearer(stage.key())

    async def pieces():
        for _ in range(20):
            yield b"x" * 60_000

    assert asked(stage, "POST", "/v1/extract", headers=headers, content=b"{}").status_code == 200
    for content in (b"x" * (2**20 + 1), pieces()):
        answer = asked(stage, "POST", "/v1/extract", headers=headers, content=content)
        assert (answer.status_code, answer.json()["error"]["code"]) == (413, "FILE_TOO_LARGE")


@pytest.mark.parametrize("error", [RuntimeError("s3cret"), InternalError("s3cret")])
@pytest.mark.parametrize("path", ["/v1/jobs/job_1?job_token=right", "/api/queue?jobId=job_1"])
def test_what_must_never_happen_is_500_without_details_and_logged_with_its_id(stage, error, path):
    stage.verbs.raises = error
    answer = asked(stage, "GET", path, headers={"X-Job-Token": "right"})
    assert answer.status_code == 500
    assert "s3cret" not in answer.text
    assert "error" in answer.json()
    failed = [line for line in stage.lines() if line["event"] == "failed"]
    assert [line["request_id"] for line in failed] == [answer.headers["x-request-id"]]
    assert "s3cret" in failed[0]["exception"]


def test_a_database_that_another_keeps_to_itself_is_asked_for_again_later(stage):
    stage.verbs.raises = sqlite3.OperationalError("database is locked")
    answer = asked(stage, "GET", "/v1/jobs/job_1", headers=bearer(stage.key()))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "locked" not in answer.text


def test_an_error_of_ours_is_the_dialects_to_tell(stage):
    stage.verbs.raises = DamagedFile("no PDF")
    answer = asked(stage, "GET", "/v1/jobs/job_1", headers=bearer(stage.key()))
    assert answer.json() == {"error": {"code": "DAMAGED_FILE", "message": "no PDF"}}
    assert not [line for line in stage.lines() if line["event"] == "failed"]


@pytest.mark.parametrize(
    ("offered", "kept"),
    [("abc-1", True), ("a" * 129, False), ("a b", False), ("a\x01", False), ('"}', False)],
)
def test_an_id_that_is_sane_is_kept_and_told_again(stage, offered, kept):
    answer = asked(stage, "GET", "/healthz", headers={"X-Request-Id": offered})
    assert (answer.headers["x-request-id"] == offered) is kept
    assert stage.lines()[-1]["request_id"] == answer.headers["x-request-id"]


def test_a_line_a_request_with_the_template_and_never_the_path(stage):
    secret = stage.key()
    asked(stage, "GET", "/v1/jobs/job_77?job_token=", headers=bearer(secret))
    line = stage.lines()[-1]
    assert {name: line[name] for name in ("event", "method", "route", "status", "owner")} == {
        "event": "request",
        "method": "GET",
        "route": "/v1/jobs/{job_id}",
        "status": 200,
        "owner": "ann",
    }
    assert line["ms"] >= 0
    asked(stage, "GET", "/wp-admin.php?x=1")
    assert stage.lines()[-1]["route"] == "(none)"


def test_every_answer_is_kept_from_caches_and_guesses(stage):
    for path in ("/v1/jobs/stats", "/nothing", "/healthz"):
        headers = asked(stage, "GET", path).headers
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"


def test_a_body_that_does_not_arrive_is_408(store, monkeypatch):
    stage = Stage(store, settings=Settings(upload_seconds=0.05))

    async def slow():
        yield b"{"
        await asyncio.sleep(5)

    answer = asked(stage, "POST", "/v1/extract", headers=bearer(stage.key()), content=slow())
    assert (answer.status_code, answer.headers["connection"]) == (408, "close")
    assert answer.json()["error"]["code"] == "REQUEST_TIMEOUT"


def test_alive_is_alive_and_ready_says_what_is_wrong(stage):
    assert asked(stage, "GET", "/healthz").json() == {"status": "ok"}
    assert asked(stage, "GET", "/readyz").json() == {"status": "ready", "problems": []}
    stage.verbs.problems.append("nothing is written")
    answer = asked(stage, "GET", "/readyz")
    assert (answer.status_code, answer.json()["problems"]) == (503, ["nothing is written"])


def test_not_ready_where_the_disk_is_full_or_the_database_gone(stage, monkeypatch):
    monkeypatch.setattr("toolkit.server.health.LEAST_DISK", 2**80)
    assert asked(stage, "GET", "/readyz").json()["problems"] == ["the disk is nearly full"]

    def broken(durable=True):
        raise ToolkitError("/secret/path is gone")

    monkeypatch.setattr(stage.store, "write", broken)
    answer = asked(stage, "GET", "/readyz")
    assert answer.status_code == 503
    assert answer.json()["problems"] == ["the database cannot be read and written"]


def test_figures_are_for_the_operator(stage):
    asked(stage, "GET", "/v1/jobs/job_1?job_token=right")
    asked(stage, "BREW", "/v1/jobs/job_1")
    assert asked(stage, "GET", "/metrics").status_code == 401
    assert asked(stage, "GET", "/metrics", headers=bearer(stage.key())).status_code == 403
    admin = bearer(stage.key(scopes=["admin"]))
    text = asked(stage, "GET", "/metrics", headers=admin).text
    row = 'dialect="v1",method="{}",route="/v1/jobs/{{job_id}}",status="{}"'
    assert f"pagequeue_requests_total{{{row.format('GET', 200)}}} 1.0" in text
    assert f"pagequeue_requests_total{{{row.format('other', 405)}}} 1.0" in text
    for name in ("runners", "slots", "webhooks_waiting", "event_streams"):
        assert f"\npagequeue_{name} 0.0\n" in text
    assert "pagequeue_request_seconds_bucket" in text


def test_the_figures_of_the_queue_are_those_of_the_file(store):
    from toolkit.jobs import Submission
    from toolkit.store import queue, tools
    from toolkit.tools.parse import PARSE

    with store.write() as conn:
        tools.register(conn, PARSE)
        queue.enqueue(conn, Submission(tool="parse", filename="a.pdf"), now=1.0)
    stage = Stage(store)
    text = asked(stage, "GET", "/metrics", headers=bearer(stage.key(scopes=["admin"]))).text
    assert 'pagequeue_jobs{state="queued",tool="parse"} 1.0' in text
    assert 'pagequeue_queue_depth{tool="parse"} 1.0' in text
