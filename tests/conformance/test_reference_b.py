"""The reference's jobs API: its own poll loop and its curl lines run, with host and key replaced.

Where the published page is at hand its code is taken from there; a page loses indentation, so
that is restored. Without it the same few lines are run as they are written here.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import time
from typing import Any

import httpx
import pytest
from serving import SHARED, Serving, until

PUBLISHED = SHARED / "reference" / "B.txt"
HOST, KEY, ID = "https://api.ocrqueen.com", "pk_test_xxx", "5f8a..."

LOOP = """
import time, httpx
HEAD = {"Authorization": "Bearer pk_test_xxx"}
while True:
    r = httpx.get(f"https://api.ocrqueen.com/v1/jobs/{job_id}", headers=HEAD)
    r.raise_for_status()
    job = r.json()
    if job["status"] in ("completed", "failed", "cancelled"):
        break
    time.sleep(int(r.headers.get("Retry-After", "2")))
"""
LINES = [
    'curl https://api.ocrqueen.com/v1/jobs/5f8a... -H "Authorization: Bearer pk_test_xxx"',
    "curl -X DELETE https://api.ocrqueen.com/v1/jobs/5f8a... "
    '-H "Authorization: Bearer pk_test_xxx"',
    "curl -X POST https://api.ocrqueen.com/v1/jobs/5f8a.../purge "
    '-H "Authorization: Bearer pk_test_xxx"',
]


def published_loop() -> str:
    found = re.search(
        r'^import time, httpx$.*?^time\.sleep\(.*?"2"\)\)\)', PUBLISHED.read_text(), re.M | re.S
    )
    assert found, "the page has a poll loop"
    return indented(found[0])


def indented(code: str) -> str:
    """*code* with its indentation restored: one step in after a colon, one out after a break."""
    lines, depth = [], 0
    for line in code.splitlines():
        lines.append("    " * depth + line.strip())
        depth += line.rstrip().endswith(":")
        depth -= line.strip() == "break"
    return "\n".join(lines)


def published_lines() -> list[str]:
    found = re.findall(r"curl .*?pk_test_xxx\"", PUBLISHED.read_text(), re.S)
    return [line.replace("\\\n", " ") for line in found]


def loops() -> list[Any]:
    absent = pytest.mark.skipif(not PUBLISHED.exists(), reason="the published page is not here")
    return [pytest.param(lambda: LOOP, id="as written here"),
            pytest.param(published_loop, id="as published", marks=absent)]  # fmt: skip


def lines() -> list[Any]:
    absent = pytest.mark.skipif(not PUBLISHED.exists(), reason="the published page is not here")
    return [pytest.param(lambda: LINES, id="as written here"),
            pytest.param(published_lines, id="as published", marks=absent)]  # fmt: skip


def submit(serving: Serving, key: str, path: Any, **options: Any) -> dict[str, Any]:
    with serving.client(key) as client, path.open("rb") as file:
        said = client.post(
            "/v1/extract", data={"options": json.dumps(options)}, files={"file": file}
        )
    assert said.status_code == 202, said.text
    assert int(said.headers["retry-after"]) >= 1
    assert said.headers["location"].endswith(f"/v1/jobs/{said.json()['job_id']}")
    return said.json()


@pytest.mark.parametrize("code", loops())
def test_the_poll_loop(live, live_key, invoices, code):
    asked = submit(live, live_key, invoices[0], bypass_cache=True)
    assert set(asked) >= {"job_id", "status", "status_url", "estimated_seconds", "job_token"}
    written = code().replace(HOST, live.url).replace(KEY, live_key)
    named: dict[str, Any] = {"job_id": asked["job_id"]}
    exec(compile(written, "poll loop", "exec"), named)
    job = named["job"]
    assert job["status"] == "completed"
    hold_to_the_page(job, live, invoices[0])


def hold_to_the_page(job: dict[str, Any], serving: Serving, path: Any) -> None:
    """The shape of an answer, as the page shows it."""
    assert job["file_info"] == {
        "filename": path.name,
        "size_bytes": path.stat().st_size,
        "mime_type": "application/pdf",
    }
    for moment in ("created_at", "started_at", "completed_at", "expires_at"):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", job[moment])
    assert job["created_at"] <= job["started_at"] <= job["completed_at"] < job["expires_at"]
    assert job["estimated_seconds"] == 0
    assert job["status_url"] == f"{serving.url}/v1/jobs/{job['job_id']}"
    assert (job["cache_hit"], job["error"]) == (False, None)
    document = job["document"]
    assert document["source"]["kind"] == "pdf"
    assert document["source"]["file_hash"].startswith("sha256:")
    assert document["source"]["page_count"] == len(document["pages"]) == 1
    assert set(document["extraction"]) >= {
        *("model", "profile", "duration_ms", "faithfulness_score", "per_page_failures"),
    }
    blocks = document["pages"][0]["blocks"]
    shared = {"id", "type", "page", "reading_order_index", "text_source", "confidence", "verified"}
    assert all(shared <= set(block) for block in blocks)
    assert any(block["type"] == "table" and block["rows"] for block in blocks)
    assert "INVOICE" in job["markdown"].upper()


@pytest.fixture
def curl():
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")

    def run(line: str, serving: Serving, key: str, job_id: str) -> tuple[int, str]:
        words = shlex.split(line.replace(HOST, serving.url).replace(KEY, key).replace(ID, job_id))
        done = subprocess.run(
            [*words, "-sS", "-w", "\n%{http_code}"], capture_output=True, text=True, check=True
        )
        body, _, status = done.stdout.rpartition("\n")
        return int(status), body

    return run


@pytest.mark.parametrize("written", lines())
def test_the_lines_of_curl(still, still_key, invoices, curl, written):
    look, cancel, purge = written()
    job_id = submit(still, still_key, invoices[0], bypass_cache=True)["job_id"]
    asked = (still, still_key, job_id)
    status, body = curl(look, *asked)
    assert (status, json.loads(body)["status"]) == (200, "queued")
    assert curl(cancel, *asked) == (204, "")
    status, body = curl(cancel, *asked)
    assert (status, json.loads(body)["error"]["code"]) == (409, "JOB_ALREADY_CANCELLED")
    status, body = curl(look, *asked)
    assert (status, json.loads(body)["error"]["code"]) == (200, "CANCELLED")
    assert curl(purge, *asked) == (204, "")
    assert curl(purge, *asked) == (204, "")
    status, body = curl(look, *asked)
    seen = json.loads(body)
    assert (status, seen["status"], seen["file_info"]["filename"]) == (200, "cancelled", None)
    assert curl(look, still, still_key, "job_0000000000000000")[0] == 404


@pytest.mark.parametrize("mode", ["form", "query"])
def test_a_client_that_waits_in_the_request_gets_the_whole_job(live, live_key, invoices, mode):
    asked = {"sync": "true"}
    with live.client(live_key) as client, invoices[1].open("rb") as file:
        said = client.post(
            "/v1/extract",
            params=asked if mode == "query" else None,
            data={"options": '{"bypass_cache": true}', **(asked if mode == "form" else {})},
            files={"file": file},
        )
    assert said.status_code == 200, said.text
    hold_to_the_page({**said.json()}, live, invoices[1])


def test_what_was_done_before_is_answered_at_once(live, live_key, invoices):
    with live.client(live_key) as client:
        for hit in (False, True):
            with invoices[2].open("rb") as file:
                said = client.post(
                    "/v1/extract", data={"sync": "true"}, files={"file": ("other.pdf", file)}
                )
            assert (said.status_code, said.json()["cache_hit"]) == (200, hit)
            assert said.json()["file_info"]["filename"] == "other.pdf"
    with live.client(live.key("grace")) as other, invoices[2].open("rb") as file:
        said = other.post("/v1/extract", data={"sync": "true"}, files={"file": file})
        assert said.json()["cache_hit"] is False, "what one owner had done is no other's"


def test_a_client_that_prefers_to_wait_is_kept_waiting(still, still_key, invoices):
    job_id = submit(still, still_key, invoices[0], bypass_cache=True)["job_id"]
    with still.client(still_key) as client:
        begun = time.monotonic()
        said = client.get(f"/v1/jobs/{job_id}", headers={"Prefer": "wait=1"})
        assert 0.9 < time.monotonic() - begun < 15
        assert (said.status_code, said.json()["status"]) == (200, "queued")
        assert int(said.headers["retry-after"]) >= 1
        assert said.json()["document"] is None
    still.cancel(job_id)
    with still.client(still_key) as client:
        said = client.get(f"/v1/jobs/{job_id}", headers={"Prefer": "wait=30"})
        assert said.json()["status"] == "cancelled"
        assert "retry-after" not in said.headers


def test_the_stream_of_events_sees_the_end(live, live_key, invoices):
    job_id = submit(live, live_key, invoices[0], bypass_cache=True)["job_id"]
    with (
        live.client(live_key) as client,
        client.stream("GET", f"/v1/jobs/{job_id}/events") as stream,
    ):
        assert stream.headers["content-type"].startswith("text/event-stream")
        said = [json.loads(line[5:]) for line in stream.iter_lines() if line.startswith("data:")]
    assert said[-1]["status"] == "completed"
    shares = [one["progress"] for one in said]
    assert shares == sorted(shares)
    assert shares[-1] == 100


def test_the_markdown_and_the_document_are_gone_after_a_purge(live, live_key, invoices):
    asked = submit(live, live_key, invoices[0], bypass_cache=True)
    path = f"/v1/jobs/{asked['job_id']}"
    with live.client(live_key) as client:
        until(lambda: client.get(path).json(), lambda job: job["status"] == "completed")
        assert client.post(f"{path}/purge").status_code == 204
        seen = client.get(path).json()
        assert (seen["status"], seen["document"], seen["markdown"]) == ("completed", None, None)
        assert client.get(f"{path}/result").status_code == 410


def test_the_address_of_a_job_is_the_one_the_caller_uses(still, still_key, invoices):
    with httpx.Client(timeout=30) as client, invoices[0].open("rb") as file:
        said = client.post(
            f"http://localhost:{still.port}/v1/extract",
            headers={"Authorization": f"Bearer {still_key}"},
            files={"file": file},
        )
        assert said.json()["status_url"].startswith(f"http://localhost:{still.port}/v1/jobs/")
