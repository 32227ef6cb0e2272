"""The queue with job tokens: what a client of the reference does, and what it may be answered.

The published document has no sample code. A client of it polls with id and token, cancels while
the job waits, and downloads once; every answer is held against the document.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import jsonschema
import pytest
from serving import SHARED, Serving, until

from toolkit.errors import DamagedFile
from toolkit.jobs import Outcome

STATUS = "/api/queue"
RESULT = "/api/queue/result"
PUBLISHED = SHARED / "reference" / "A.openapi.json"
INVOICE = b"%PDF-1.4 not looked at by the tools here"


def submit(serving: Serving, key: str, tool: str, **options: Any) -> dict[str, Any]:
    with serving.client(key) as client:
        said = client.post(
            "/api/queue/jobs",
            data={"tool": tool, "options": json.dumps(options)},
            files={"file": ("a note.txt", b"said to the end")},
        )
    assert said.status_code == 202, said.text
    assert int(said.headers["retry-after"]) >= 1
    assert said.headers["location"]
    return said.json()


def named(job: dict[str, Any]) -> dict[str, str]:
    return {"jobId": job["jobId"], "jobToken": job["jobToken"]}


@pytest.fixture
def anyone(still: Serving):
    """A client without a key: the token alone authorises."""
    with still.client() as client:
        yield Documented(client)


class Documented:
    """A client that holds every answer against the published document, where that is at hand."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client
        self.paths = json.loads(PUBLISHED.read_text())["paths"] if PUBLISHED.exists() else {}

    def ask(self, method: str, path: str, params: dict[str, str]) -> httpx.Response:
        said = self.client.request(method, path, params=params)
        if self.paths:
            self._hold(self.paths[path][method.lower()]["responses"], said)
        return said

    def get(self, path: str, params: dict[str, str]) -> httpx.Response:
        return self.ask("GET", path, params)

    def delete(self, path: str, params: dict[str, str]) -> httpx.Response:
        return self.ask("DELETE", path, params)

    @staticmethod
    def _hold(documented: dict[str, Any], said: httpx.Response) -> None:
        assert str(said.status_code) in documented, said.text
        for kind, media in documented[str(said.status_code)].get("content", {}).items():
            assert said.headers["content-type"].split(";")[0] == kind
            if kind == "application/json":
                jsonschema.validate(said.json(), media["schema"])


def test_a_client_polls_with_its_token_and_downloads_once(live, live_key):
    job = submit(live, live_key, "echo", n=1)
    assert job["status"] in {"pending", "processing"}
    assert isinstance(job["position"], int)
    assert isinstance(job["estimatedWaitMs"], int)
    with live.client() as client:
        anyone = Documented(client)
        seen = until(
            lambda: anyone.get(STATUS, named(job)).json(),
            lambda s: s["status"] in ("done", "error"),
        )
        assert seen == {"status": "done", "position": 0, "estimatedWaitMs": 0}
        # The addresses that were given lead there too.
        assert client.get(job["statusUrl"]).json() == seen
        first = client.get(job["resultUrl"])
        assert first.status_code == 200
        assert json.loads(first.content)["text"] == "said to the end"
        assert first.headers["content-type"] == "application/octet-stream"
        assert "attachment" in first.headers["content-disposition"]
        assert "filename" in first.headers["content-disposition"]
        assert anyone.get(RESULT, named(job)).status_code == 410
        assert anyone.get(STATUS, named(job)).json()["status"] == "done"


def test_a_job_that_waits_is_cancelled_once(still, still_key, anyone):
    job = submit(still, still_key, "echo", n=2)
    assert anyone.get(STATUS, named(job)).json()["status"] == "pending"
    assert anyone.get(RESULT, named(job)).status_code == 202
    said = anyone.delete(STATUS, named(job))
    assert (said.status_code, said.json()) == (200, {"cancelled": True})
    seen = anyone.get(STATUS, named(job)).json()
    assert (seen["status"], seen["error"], seen["position"]) == ("error", "cancelled", 0)
    assert anyone.get(RESULT, named(job)).status_code == 404
    assert anyone.delete(STATUS, named(job)).status_code == 404


def test_a_job_that_runs_is_not_cancelled(still, still_key, anyone):
    job = submit(still, still_key, "echo", n=3)
    still.begin(job["jobId"])
    said = anyone.delete(STATUS, named(job))
    assert (said.status_code, said.json()) == (200, {"cancelled": False})
    assert anyone.get(STATUS, named(job)).json()["status"] == "processing"
    assert anyone.get(RESULT, named(job)).status_code == 202
    still.finish(job["jobId"])
    assert anyone.delete(STATUS, named(job)).status_code == 404
    assert anyone.get(RESULT, named(job)).content == b"done"


def test_a_job_that_failed_says_why_and_has_no_result(still, still_key, anyone):
    job = submit(still, still_key, "echo", n=4)
    still.put_off(job["jobId"], DamagedFile("not yet"))
    assert anyone.get(STATUS, named(job)).json()["status"] == "pending"
    assert anyone.get(RESULT, named(job)).status_code == 202
    job = submit(still, still_key, "echo", n=5)
    still.spoil(job["jobId"], DamagedFile("the trailer is missing"))
    seen = anyone.get(STATUS, named(job)).json()
    assert (seen["status"], seen["error"]) == ("error", "the trailer is missing")
    assert anyone.get(RESULT, named(job)).status_code == 404
    assert anyone.delete(STATUS, named(job)).status_code == 404


def test_a_wrong_token_and_a_missing_one(still, still_key, anyone):
    job, other = (submit(still, still_key, "echo", n=n) for n in (6, 7))
    wrong = {"jobId": job["jobId"], "jobToken": other["jobToken"]}
    for path in (STATUS, RESULT):
        assert anyone.get(path, wrong).status_code == 403
        assert anyone.get(path, {**wrong, "jobToken": ""}).status_code == 403
        assert anyone.get(path, {**wrong, "jobId": "job_0000000000000000"}).status_code == 404
        assert anyone.get(path, {**named(job), "jobId": ""}).status_code == 404
    assert anyone.delete(STATUS, wrong).status_code == 403
    for left_out in ("jobId", "jobToken"):
        asked = {k: v for k, v in named(job).items() if k != left_out}
        assert anyone.get(STATUS, asked).status_code == 400
        # 400 is not in the reference here.
        assert anyone.delete(STATUS, asked).status_code == {"jobId": 404, "jobToken": 403}[left_out]
    assert anyone.get(STATUS, named(job)).json()["status"] == "pending"
    with still.client(still_key) as owner:
        # Not even the owner's key stands in for the token.
        assert owner.get(STATUS, params={"jobId": job["jobId"]}).status_code == 400


def test_other_methods_name_those_that_there_are(still):
    with still.client() as client:
        for method in ("POST", "PUT", "PATCH"):
            said = client.request(method, STATUS)
            assert said.status_code == 405
            (allow,) = said.headers.get_list("allow")
            assert {word.strip() for word in allow.split(",")} == {"GET", "DELETE"}
        for method in ("HEAD", "DELETE", "POST"):
            assert client.request(method, RESULT).status_code == 405


def test_a_result_that_has_expired_is_gone(still, still_key, anyone):
    job = submit(still, still_key, "echo", n=8)
    still.finish(job["jobId"])
    still.expire()
    assert anyone.get(RESULT, named(job)).status_code == 410
    assert anyone.get(STATUS, named(job)).json()["status"] == "done"


def test_of_a_hundred_clients_one_gets_the_result_whole(still, still_key):
    job = submit(still, still_key, "echo", n=9)
    content = b"".join(hashlib.sha256(b"%d" % n).digest() for n in range(100_000))
    still.finish(job["jobId"], content)
    start = threading.Barrier(100)

    def fetch(_: int) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", still.port, timeout=60)
        connection.connect()
        start.wait(60)
        connection.request("GET", f"{RESULT}?jobId={job['jobId']}&jobToken={job['jobToken']}")
        said = connection.getresponse()
        got = said.status, said.read()
        connection.close()
        return got

    with ThreadPoolExecutor(100) as clients:
        answers = list(clients.map(fetch, range(100)))
    assert sorted(status for status, _ in answers) == [200] + [410] * 99
    assert next(body for status, body in answers if status == 200) == content


def test_a_client_that_breaks_off_may_come_back(still, still_key, anyone):
    job = submit(still, still_key, "echo", n=10)
    content = hashlib.sha256(b"seed").digest() * (64 * 2**20 // 32)
    still.finish(job["jobId"], Outcome(content=content, filename="large.bin"))
    for already in (0, 1, 2**20):
        # The server learns that a client has left when it cannot send on.
        said = until(lambda: download(still, job), lambda said: said.status == 200)
        assert len(said.read(already)) == already
        assert anyone.get(RESULT, named(job)).status_code == 410, "while one has it, it is taken"
        said.close()
    whole = until(lambda: anyone.get(RESULT, named(job)), lambda said: said.status_code == 200)
    assert hashlib.sha256(whole.content).digest() == hashlib.sha256(content).digest()
    assert anyone.get(RESULT, named(job)).status_code == 410


def download(serving: Serving, job: dict[str, Any]) -> http.client.HTTPResponse:
    """An answer whose body has not been read; to close it breaks the connection off."""
    connection = http.client.HTTPConnection("127.0.0.1", serving.port, timeout=60)
    connection.request(
        "GET",
        f"{RESULT}?jobId={job['jobId']}&jobToken={job['jobToken']}",
        headers={"Connection": "close"},
    )
    said = connection.getresponse()
    if said.status != 200:
        said.close()
    return said


def test_a_part_of_it_cannot_be_had(still, still_key):
    job = submit(still, still_key, "echo", n=11)
    still.finish(job["jobId"], b"0123456789")
    with still.client() as client:
        assert client.head(RESULT, params=named(job)).status_code == 405
        said = client.get(RESULT, params=named(job), headers={"Range": "bytes=0-3"})
        assert (said.status_code, said.content) == (200, b"0123456789")
        assert "accept-ranges" not in said.headers or said.headers["accept-ranges"] == "none"
        assert client.get(RESULT, params=named(job)).status_code == 410


def test_nothing_of_it_is_left_on_the_disk(still, still_key):
    job = submit(still, still_key, "echo", n=12)
    rare = b"quatsinomorph" + b"-" * 200_000
    still.finish(job["jobId"], rare)
    with still.client() as client:
        assert client.get(RESULT, params=named(job)).content == rare
    until(lambda: still.places_of("quatsinomorph"), lambda places: not places, seconds=20)


def test_position_and_wait_move_as_jobs_end(still, still_key, anyone):
    jobs = [submit(still, still_key, "talk", n=n) for n in range(3)]
    at = [anyone.get(STATUS, named(job)).json() for job in jobs]
    assert [one["position"] for one in at] == [1, 2, 3]
    waits = [one["estimatedWaitMs"] for one in at]
    assert waits == sorted(waits)
    assert waits[2] > 0
    still.begin(jobs[0]["jobId"])
    still.finish(jobs[0]["jobId"])
    assert [anyone.get(STATUS, named(j)).json()["position"] for j in jobs] == [0, 1, 2]
    assert anyone.get(STATUS, named(jobs[0])).json()["estimatedWaitMs"] == 0
