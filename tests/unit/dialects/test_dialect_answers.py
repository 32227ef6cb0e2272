"""Every state of a job in every dialect, as the contract's tables have it."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest
import speaking
from jsonschema import Draft4Validator
from speaking import JOB, NOW, ROOT, call, headers, job, route, told, view

from toolkit.desk import Offered
from toolkit.dialects.exchange import Call, Listing, Usage
from toolkit.dialects.v1_writing import job_fields
from toolkit.jobs.state import JobState

STATES = list(JobState)
ACTIVE = ("queued", "processing", "retrying")
NAMES = {
    # as in the first table of the contract
    "queued": ("pending", "queued", "queued", "queued"),
    "processing": ("processing", "processing", "processing", "running"),
    "retrying": ("pending", "queued", "retrying", "queued"),
    "completed": ("done", "completed", "completed", "done"),
    "failed": ("error", "failed", "failed", "error"),
    "cancelled": ("error", "cancelled", "cancelled", "error"),
}
LOOKS = {
    "token_queue": ("GET", ""),
    "v1": ("GET", "/jobs/{job_id}"),
    "job_list": ("GET", "/{job_id}"),
    "tool_queue": ("GET", "/{job_id}"),
}
REFERENCE = Path(__file__).parents[3] / ".." / "shared" / "reference" / "A.openapi.json"


def looked(name: str, state: JobState, **own):
    found = route(name, *LOOKS[name])
    reply = found.write(call(path={"job_id": JOB}), view(state, **own))
    speaking.measure(speaking.spoken(name), found, reply)
    assert reply.status == 200
    return told(reply), headers(reply)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("column", range(4))
def test_each_state_has_its_word(state, column):
    name = list(LOOKS)[column]
    body, _ = looked(name, state)
    assert body["status"] == NAMES[state][column]


@pytest.mark.parametrize("state", STATES)
def test_the_token_queue_tells_where_a_job_is(state):
    body, _ = looked("token_queue", state)
    waits = state in ("queued", "retrying")
    assert body["position"] == (3 if waits else 0)
    assert body["estimatedWaitMs"] == (2400 if waits else 0)
    errors = {"failed": "page 3 cannot be read", "cancelled": "cancelled"}
    assert body.get("error") == errors.get(state)
    assert set(body) - {"error"} == {"status", "position", "estimatedWaitMs"}


@pytest.mark.parametrize("state", STATES)
def test_v1_tells_a_job_whole(state):
    body, _ = looked("v1", state)
    assert list(body) == [
        *("job_id", "status", "file_info", "created_at", "started_at", "completed_at"),
        *("estimated_seconds", "status_url", "expires_at", "cache_hit", "error"),
        *("type", "progress", "stage", "position", "runners", "retry_count"),
        *("document", "markdown"),
    ]
    assert body["file_info"] == {
        "filename": "doc.pdf",
        "size_bytes": 184_321,
        "mime_type": "application/pdf",
    }
    ended = state not in ACTIVE
    assert body["created_at"] == "2026-05-14T12:00:00.000Z"
    assert body["started_at"] == (None if state == "queued" else "2026-05-14T12:00:01.000Z")
    assert body["completed_at"] == ("2026-05-14T12:00:08.000Z" if ended else None)
    assert body["estimated_seconds"] == (0 if ended else 5)
    assert body["status_url"] == f"{ROOT}/v1/jobs/{JOB}"
    # counted from submission before the end, from completion after it
    day = "2026-05-15T12:00:0"
    assert body["expires_at"] == f"{day}{'8' if ended else '0'}.000Z"
    assert body["cache_hit"] is False
    assert (body["document"] is None) == (body["markdown"] is None) == (state != "completed")


@pytest.mark.parametrize("state", STATES)
def test_v1_asks_to_come_back_while_a_job_has_not_ended(state):
    _, found = looked("v1", state)
    assert found.get("Retry-After") == ("5" if state in ACTIVE else None)


@pytest.mark.parametrize(("seconds", "pause"), [(0.0, "1"), (0.2, "1"), (7.01, "8"), (9e9, "30")])
def test_a_pause_is_a_whole_number_of_seconds_and_bounded(seconds, pause):
    _, found = looked("v1", JobState.QUEUED, seconds=seconds)
    assert found["Retry-After"] == pause


def test_v1_says_why_a_job_ended_without_a_result():
    failed, _ = looked("v1", JobState.FAILED)
    assert failed["error"] == {"code": "PAGE_UNREADABLE", "message": "page 3 cannot be read"}
    assert failed["retry_count"] == 2
    cancelled, _ = looked("v1", JobState.CANCELLED)
    assert cancelled["error"]["code"] == "CANCELLED"
    for state in ("completed", *ACTIVE):
        assert looked("v1", JobState(state))[0]["error"] is None


@pytest.mark.parametrize("gone", [{"purged": True}, {"result_gone": True}])
def test_what_is_gone_is_told_nowhere(gone):
    own = {"job": job(JobState.COMPLETED, **gone)}
    body, _ = looked("v1", JobState.COMPLETED, **own)
    assert (body["status"], body["document"], body["markdown"]) == ("completed", None, None)
    assert body["file_info"]["filename"] is None
    listed, _ = looked("job_list", JobState.COMPLETED, **own)
    assert (listed["result"], listed["metadata"]["filename"]) == (None, None)
    tool, _ = looked("tool_queue", JobState.COMPLETED, **own)
    assert (tool["hasResult"], tool["resultUrl"]) == (False, None)


def test_what_is_kept_for_ever_never_expires():
    own = {"job": job(JobState.COMPLETED, result_retain=None, result_expires_at=None)}
    assert looked("v1", JobState.COMPLETED, **own)[0]["expires_at"] is None
    assert looked("tool_queue", JobState.COMPLETED, **own)[0]["expiresAt"] is None


def test_a_moment_beyond_the_calendar_is_no_error():
    own = {"job": job(result_retain=1e15)}
    assert looked("v1", JobState.QUEUED, **own)[0]["expires_at"].startswith("9999-12-31")
    assert looked("tool_queue", JobState.QUEUED, **own)[0]["expiresAt"] > 0


@pytest.mark.parametrize("state", STATES)
def test_the_job_list_tells_a_job(state):
    body, _ = looked("job_list", state)
    shown = {"id", "type", "status", "progress", "document_id", "created_at", "input_url"}
    shown |= {"result", "metadata", "updated_at", "stage"}
    shown |= set() if state in ACTIVE else {"completed_at"}
    shown |= {"error", "error_code", "retry_count"} if state == "failed" else set()
    assert set(body) == shown
    assert body["document_id"] == "doc_0123456789abcdef"
    assert body["metadata"]["file_type"] == "pdf"
    assert body["progress"] == {"completed": 100, "processing": 45}.get(state, 0)
    assert (body["result"] is None) == (state != "completed")


def test_the_job_list_has_six_codes_for_failures():
    body, _ = looked("job_list", JobState.FAILED)
    assert body["error_code"] == "PARSE_ERROR"  # PAGE_UNREADABLE is a case of it
    assert (body["error"], body["retry_count"]) == ("page 3 cannot be read", 2)
    for code, parent in (
        ("PDF_PASSWORD_PROTECTED", "PARSE_ERROR"),
        ("FILE_TOO_LARGE", "VALIDATION_ERROR"),
        ("OCR_UNAVAILABLE", "OCR_ERROR"),
        ("CHILD_CRASHED", "INTERNAL_ERROR"),
        ("SOMETHING_NEW", "INTERNAL_ERROR"),
        ("TIMEOUT", "TIMEOUT"),
        ("QUOTA_EXCEEDED", "QUOTA_EXCEEDED"),
    ):
        own = {"job": job(JobState.FAILED, error_code=code)}
        assert looked("job_list", JobState.FAILED, **own)[0]["error_code"] == parent


def test_a_failure_without_words_is_told_all_the_same():
    own = {"job": job(JobState.FAILED, error=None, error_code=None)}
    assert looked("token_queue", JobState.FAILED, **own)[0]["error"]
    assert looked("v1", JobState.FAILED, **own)[0]["error"]["code"] == "INTERNAL_ERROR"
    assert looked("job_list", JobState.FAILED, **own)[0]["error_code"] == "INTERNAL_ERROR"
    assert looked("tool_queue", JobState.FAILED, **own)[0]["error"]


@pytest.mark.parametrize(
    ("own", "shown"),
    [
        ({"url": "https://ann:secret@x.org/a.pdf?key=1"}, "https://x.org/a.pdf?…"),
        ({"origin": "https://x.org/a.pdf"}, "https://x.org/a.pdf"),
        ({"origin": "/home/ann/a.pdf"}, None),
        ({"origin": None}, None),
    ],
)
def test_an_address_is_shown_without_its_secrets(own, shown):
    body, _ = looked("job_list", JobState.QUEUED, job=job(**own))
    assert body["input_url"] == shown


def test_results_of_other_tools_are_their_own():
    made = job(JobState.COMPLETED, tool="extract")
    own = {"job": made, "document": None, "result_media_type": "application/json"}
    body, _ = looked("job_list", JobState.COMPLETED, result=b'{"total": 12}', **own)
    assert body["result"] == {"total": 12}
    own["result_media_type"] = "application/zip"
    body, _ = looked("job_list", JobState.COMPLETED, **own)
    assert body["result"]["url"] == f"{ROOT}/v1/jobs/{JOB}/result"
    assert body["result"]["media_type"] == "application/zip"


@pytest.mark.parametrize("state", STATES)
def test_the_tool_queue_tells_a_job_in_milliseconds(state):
    own = {"job": job(state, result_retain=3600.0)}
    if state == "completed":
        own = {"job": job(state, result_retain=3600.0, result_expires_at=NOW + 8 + 3600)}
    body, _ = looked("tool_queue", state, **own)
    ended = state not in ACTIVE
    milliseconds = int(NOW) * 1000
    errors = {"failed": "page 3 cannot be read", "cancelled": "cancelled"}
    known = {
        "jobId": JOB,
        "toolType": "parse",
        "status": NAMES[state][3],
        "position": 3 if state in ("queued", "retrying") else 0,
        "estimatedWaitMs": 2400 if state in ("queued", "retrying") else 0,
        "createdAt": milliseconds,
        "startedAt": None if state == "queued" else milliseconds + 1000,
        "completedAt": milliseconds + 8000 if ended else None,
        "hasResult": state == "completed",
        "resultUrl": f"/queue/api/tools/v1/queue/{JOB}/result" if state == "completed" else None,
        "expiresAt": milliseconds + 3_600_000 + (8000 if ended else 0),
    }
    assert body == known | ({"error": errors[state]} if state in errors else {})


SUBMITS = {
    "v1": ("POST", "/extract"),
    "token_queue": ("POST", "/jobs"),
    "job_list": ("POST", ""),
    "tool_queue": ("POST", ""),
}


def submitted(name: str, state: JobState, given: Call | None = None, **own):
    found = route(name, *SUBMITS[name])
    reply = found.write(given or call("POST"), view(state, token="t0k/n+", **own))
    speaking.measure(speaking.spoken(name), found, reply)
    return reply.status, told(reply), headers(reply)


@pytest.mark.parametrize("state", STATES)
def test_v1_takes_a_job_in_or_answers_with_it(state):
    status, body, found = submitted("v1", state)
    where = f"{ROOT}/v1/jobs/{JOB}"
    assert found["Location"] == where
    assert body["job_token"] == "t0k/n+"
    if state in ACTIVE:
        assert status == 202
        assert set(body) == {*("job_id", "status", "status_url", "estimated_seconds", "job_token")}
        assert (body["status_url"], body["estimated_seconds"]) == (where, 5)
        assert found["Retry-After"] == "5"
    else:
        assert status == 200
        assert body["job_id"] == JOB
        assert (body["document"] is None) == (state != "completed")
        assert "Retry-After" not in found


@pytest.mark.parametrize("state", STATES)
def test_the_token_queue_takes_a_job_in(state):
    status, body, found = submitted("token_queue", state)
    named = f"?jobId={JOB}&jobToken=t0k%2Fn%2B"
    assert status == 202
    assert (body["jobId"], body["jobToken"]) == (JOB, "t0k/n+")
    assert body["statusUrl"] == found["Location"] == f"{ROOT}/api/queue{named}"
    assert body["resultUrl"] == f"{ROOT}/api/queue/result{named}"
    assert int(found["Retry-After"]) >= 1


@pytest.mark.parametrize("state", STATES)
def test_the_job_list_takes_a_job_in(state):
    status, body, found = submitted("job_list", state)
    assert (status, body["id"], body["status"]) == (202, JOB, state)
    assert body["document_id"] == "doc_0123456789abcdef"
    assert found["Location"] == f"{ROOT}/api/jobs/{JOB}"
    assert int(found["Retry-After"]) >= 1


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("form", [{"mode": "async"}, {}])
def test_the_tool_queue_takes_a_job_in(state, form):
    status, body, _ = submitted("tool_queue", state, call("POST", form=form))
    assert status == 202
    assert body == {
        "ok": True,
        "jobId": JOB,
        "position": 3 if state in ("queued", "retrying") else 0,
        "estimatedWaitMs": 2400 if state in ("queued", "retrying") else 0,
        "statusUrl": f"/queue/api/tools/v1/queue/{JOB}",
    }


@pytest.mark.parametrize("state", STATES)
def test_the_tool_queue_answers_when_the_job_has_ended(state):
    status, body, _ = submitted("tool_queue", state, call("POST", form={"mode": "sync"}))
    if state in ACTIVE:
        assert (status, body["ok"], "status" in body) == (202, True, False)
    elif state == "completed":
        assert (status, body["ok"], body["status"]) == (200, True, "done")
        assert body["result"]["filename"] == "doc.pdf.json"
        assert body["resultUrl"] == f"/queue/api/tools/v1/queue/{JOB}/result"
    else:
        assert (status, body["ok"], body["status"]) == (200, False, "error")
        assert set(body) == {"ok", "jobId", "status", "error"}


def written(name: str, method: str, path: str, answer, given: Call | None = None):
    found = route(name, method, path)
    reply = found.write(given or call(method), answer)
    speaking.measure(speaking.spoken(name), found, reply)
    return reply


@pytest.mark.parametrize("state", ACTIVE)
def test_cancelling_is_told(state):
    before = view(JobState(state))
    assert written("v1", "DELETE", "/jobs/{job_id}", (before, True)).status == 204
    listed = told(written("job_list", "DELETE", "/{job_id}", (before, True)))
    assert listed == {"success": True, "job_id": JOB, "status": "cancelled"}
    for now in (True, False):
        assert told(written("token_queue", "DELETE", "", (before, now))) == {"cancelled": now}


def test_purging_says_nothing_more():
    reply = written("v1", "POST", "/jobs/{job_id}/purge", None)
    assert (reply.status, reply.body) == (204, None)


def test_lists():
    views = tuple(view(state) for state in STATES)
    page = told(written("v1", "GET", "/jobs", Listing(views=views, total=9, cursor="c7")))
    assert page["next_cursor"] == "c7"
    assert [one["status"] for one in page["jobs"]] == [NAMES[state][1] for state in STATES]
    assert all(set(one) == set(looked("v1", STATES[0])[0]) for one in page["jobs"])
    assert all(one["document"] is None for one in page["jobs"])

    for offset, more in ((0, True), (3, False), (99, False)):
        asked = call(query={"offset": str(offset)})
        listing = Listing(views=views if offset < 9 else (), total=9)
        page = told(written("job_list", "GET", "", listing, asked))
        assert (page["total"], page["has_more"]) == (9, more)
    row = told(written("job_list", "GET", "", Listing(views=(view(),), total=1)))["jobs"][0]
    assert set(row) == {"id", "type", "status", "progress", "document_id", "created_at"}

    own = told(written("tool_queue", "GET", "/my-jobs", Listing(views=views[:2])))
    assert own["ok"] is True
    assert [one["status"] for one in own["jobs"]] == ["queued", "running"]


def test_statistics_tools_and_usage():
    tool = SimpleNamespace(
        tool="material", label="Material Generator", concurrency=8, queued=5, processing=2,
        retrying=1, completed=1234, failed=12, cancelled=3, mean_seconds=0.85,
    )  # fmt: skip
    body = told(written("tool_queue", "GET", "/stats", [tool]))
    assert body == {
        "ok": True,
        "queues": {
            "material": {
                "label": "Material Generator",
                "maxConcurrent": 8,
                "active": 2,
                "queued": 6,
                "completed": 1234,
                "failed": 12,
                "avgDurationMs": 850,
            }
        },
    }
    assert told(written("v1", "GET", "/stats", [tool]))["tools"][0]["mean_seconds"] == 0.85
    offered = [Offered(name="parse", label="Parse", schema={"type": "object"})]
    assert told(written("v1", "GET", "/tools", offered))["tools"][0]["name"] == "parse"
    row = SimpleNamespace(
        month="2026-05", owner="ann", tool="parse", jobs=3, pages=30, cached_jobs=1, cached_pages=9
    )
    usage = Usage(rows=[row], pages_this_month=21, pages_limit=None)
    body = told(written("v1", "GET", "/usage", usage))
    assert body == {
        "usage": [vars(row)],
        "pages_this_month": 21,
        "pages_limit": None,
    }


def test_a_job_is_told_without_its_document_for_webhooks():
    fields = job_fields(view(JobState.COMPLETED), ROOT)
    assert "document" not in fields
    assert "markdown" not in fields
    assert msgspec.json.encode(fields)


@pytest.mark.skipif(not REFERENCE.exists(), reason="the reference is not here")
def test_the_reference_of_the_token_queue_holds_of_our_answers():
    paths = json.loads(REFERENCE.read_text("utf-8"))["paths"]
    for path, operations in paths.items():
        for method in operations:
            ours = route("token_queue", method.upper(), path.removeprefix("/api/queue"))
            documented = operations[method]["responses"].keys()
            assert documented <= ours.operation["responses"].keys()
            assert ours.operation["operationId"] == operations[method]["operationId"]
    schema = paths["/api/queue"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    for state in STATES:
        body, _ = looked("token_queue", state)
        Draft4Validator({**schema, "additionalProperties": False}).validate(body)
    schema = paths["/api/queue"]["delete"]["responses"]["200"]["content"]
    reply = written("token_queue", "DELETE", "", (view(), True))
    Draft4Validator(schema["application/json"]["schema"]).validate(told(reply))
