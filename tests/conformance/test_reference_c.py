"""The reference's list of jobs: its own JavaScript poll loop in node, host and key replaced."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from typing import Any

import pytest
from serving import SHARED, Serving, until

from toolkit.errors import ChildCrashed, OcrError

PUBLISHED = SHARED / "reference" / "C.txt"

LOOP = """
async function waitForJob(jobId) {
  const maxAttempts = 30;
  const delay = 2000;
  for (let i = 0; i < maxAttempts; i++) {
    const response = await fetch(`/api/jobs/${jobId}`, {
      headers: { 'Authorization': 'Bearer YOUR_API_KEY' }
    });
    const job = await response.json();
    if (job.status === 'completed') { return job.result; }
    if (job.status === 'failed') { throw new Error(job.error); }
    await new Promise(resolve => setTimeout(resolve, delay));
  }
  throw new Error('Job timed out');
}
"""
# A browser adds the page's host to a path; node has no page.
AROUND = """
const plain = globalThis.fetch;
globalThis.fetch = (path, options) => plain(process.env.HOST + path, options);
waitForJob(process.env.JOB).then(
  result => console.log(JSON.stringify({result})),
  error => console.log(JSON.stringify({error: error.message})),
);
"""


def published() -> str:
    found = re.search(
        r"^async function waitForJob.*?^throw new Error\('Job timed out'\);\n}",
        PUBLISHED.read_text(),
        re.M | re.S,
    )
    assert found, "the page has a poll loop"
    return found[0]


absent = pytest.mark.skipif(not PUBLISHED.exists(), reason="the published page is not here")
loops = pytest.mark.parametrize(
    "code",
    [
        pytest.param(lambda: LOOP, id="as written here"),
        pytest.param(published, id="as published", marks=absent),
    ],
)


def wait_for_job(code: str, serving: Serving, key: str, job_id: str) -> dict[str, Any]:
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    done = subprocess.run(
        ["node", "-e", code.replace("YOUR_API_KEY", key) + AROUND],
        env={**os.environ, "HOST": serving.url, "JOB": job_id},
        capture_output=True,
        text=True,
        timeout=90,
        check=True,
    )
    return json.loads(done.stdout)


def submit(serving: Serving, key: str, asked: dict[str, Any], file: Any = None) -> dict[str, Any]:
    with serving.client(key) as client:
        if file is None:
            said = client.post("/api/jobs", json=asked)
        else:
            fields = {k: v if isinstance(v, str) else json.dumps(v) for k, v in asked.items()}
            content = (file.name, file.read_bytes())
            said = client.post("/api/jobs", data=fields, files={"file": content})
    assert said.status_code == 202, said.text
    return said.json()


@loops
def test_the_poll_loop_gets_the_chunks(live, live_key, invoices, code):
    asked = submit(live, live_key, {"type": "parse"}, invoices[0])
    said = wait_for_job(code(), live, live_key, asked["id"])
    chunks = said["result"]["chunks"]
    assert chunks
    assert all(set(chunk) >= {"content", "page", "block_ids", "metadata"} for chunk in chunks)
    assert all(chunk["content"] for chunk in chunks)
    assert "metadata" in said["result"]


@loops
def test_the_poll_loop_hears_of_a_failure(still, still_key, code):
    asked = submit(still, still_key, {"type": "echo", "config": {"n": 1}})
    still.spoil(asked["id"], OcrError("OCR failed: Unable to process image"))
    said = wait_for_job(code(), still, still_key, asked["id"])
    assert said == {"error": "OCR failed: Unable to process image"}


def test_a_job_in_all_its_states(still, still_key):
    asked = submit(still, still_key, {"type": "echo", "config": {"n": 2}})
    path = f"/api/jobs/{asked['id']}"
    with still.client(still_key) as client:
        seen = client.get(path).json()
        assert (seen["status"], seen["type"], seen["progress"]) == ("queued", "echo", 0)
        assert seen["document_id"]
        job = still.begin(asked["id"])
        still.report(job, 45, stage="chunking")
        seen = client.get(path).json()
        assert (seen["status"], seen["progress"], seen["stage"]) == ("processing", 45, "chunking")
        still.put_off(asked["id"], ChildCrashed("it died"))
        seen = client.get(path).json()
        assert seen["status"] == "retrying"
        assert client.delete(path).json() == {
            "success": True,
            "job_id": asked["id"],
            "status": "cancelled",
        }
        assert client.get(path).json()["status"] == "cancelled"
        again = client.delete(path)
        assert again.status_code == 409
        assert set(again.json()["error"]) == {"code", "message", "details"}
        assert client.get(path).json()["updated_at"] >= seen["created_at"]


def test_a_failed_job_tells_one_of_six_codes(still, still_key):
    asked = submit(still, still_key, {"type": "echo", "config": {"n": 3}})
    still.spoil(asked["id"], ChildCrashed("it died"))
    with still.client(still_key) as client:
        seen = client.get(f"/api/jobs/{asked['id']}").json()
    assert (seen["status"], seen["error"], seen["error_code"]) == (
        "failed",
        "it died",
        "INTERNAL_ERROR",
    )
    assert seen["retry_count"] == 0


def test_a_list_is_cut_into_pages(still):
    key = still.key("lister")
    made = [submit(still, key, {"type": "echo", "config": {"n": n}})["id"] for n in range(5)]
    made.append(submit(still, key, {"type": "talk", "config": {}})["id"])
    still.finish(made[0])
    with still.client(key) as client:

        def asked(**query: Any) -> dict[str, Any]:
            return client.get("/api/jobs", params=query).json()

        assert asked()["total"] == 6
        assert not asked()["has_more"]
        seen = [job["id"] for n in range(3) for job in asked(limit=2, offset=2 * n)["jobs"]]
        assert sorted(seen) == sorted(made)
        assert asked(limit=2)["has_more"]
        assert not asked(limit=2, offset=4)["has_more"]
        (done,) = asked(status="completed")["jobs"]
        assert set(done) >= {"id", "type", "status", "progress", "document_id", "created_at"}
        assert (done["id"], done["progress"]) == (made[0], 100)
        assert done["completed_at"]
        assert asked(status="queued", type="talk")["total"] == 1
        for wrong in (
            {"limit": 101},
            {"limit": 0},
            {"limit": "x"},
            {"offset": -1},
            {"status": "x"},
        ):
            said = client.get("/api/jobs", params=wrong)
            assert (said.status_code, said.json()["error"]["code"]) == (400, "VALIDATION_ERROR")


def test_an_earlier_job_is_read_again(live, live_key, invoices):
    first = submit(live, live_key, {"type": "parse"}, invoices[1])
    with live.client(live_key) as client:

        def ended(job_id: str) -> dict[str, Any]:
            return until(
                lambda: client.get(f"/api/jobs/{job_id}").json(),
                lambda job: job["status"] in {"completed", "failed"},
            )

        done = ended(first["id"])
        assert done["metadata"] == {"filename": invoices[1].name, "file_type": "pdf", "pages": 1}
        for address in (f"jobid://{first['id']}", f"docld://{done['document_id']}"):
            config = {"strategy": "page"}
            again = submit(live, live_key, {"type": "parse", "input": address, "config": config})
            assert ended(again["id"])["result"]["chunks"]
        said = client.post("/api/jobs", json={"type": "parse", "input": "jobid://job_none"})
        assert said.status_code in {400, 404}
        said = client.post("/api/jobs", json={"type": "parse", "input": "http://127.0.0.1:9/a.pdf"})
        refused = said.json() if said.status_code >= 400 else ended(said.json()["id"])
        assert refused.get("error"), "an address in the machine itself is not fetched from"
