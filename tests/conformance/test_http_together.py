"""Many at once, and several doors to one job: what is said through one holds for the others."""

from __future__ import annotations

import hashlib
import http.client
import json
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import httpx
import pytest
from serving import Serving, until
from stage import Stage

from toolkit.errors import ChildCrashed
from toolkit.jobs import Outcome

CROWD = 40


@pytest.fixture(scope="module")
def at(still: Serving, invoices: list[Any]):
    stage = Stage(still, invoices[0].read_bytes())
    yield stage
    stage.http.close()


def together(call: Callable[[int], Any], count: int = CROWD) -> list[Any]:
    """What *call* gives to each of so many who ask in the same moment."""
    start = threading.Barrier(count)

    def one(number: int) -> Any:
        start.wait(60)
        return call(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def ask(serving: Serving, key: str, method: str, path: str, **more: Any) -> httpx.Response:
    with serving.client(key) as client:
        return client.request(method, path, **more)


def test_the_same_key_of_a_crowd_is_one_job(at):
    headers = {"Idempotency-Key": f"crowd {time.time_ns()}"}
    files = {"file": ("a.pdf", at.invoice + b"\n% crowd")}
    said = together(
        lambda n: ask(at.serving, at.key, "POST", "/v1/extract", files=files, headers=headers)
    )
    assert {one.status_code for one in said} == {202}
    assert len({one.json()["job_id"] for one in said}) == 1
    assert len({one.json()["job_token"] for one in said}) == CROWD
    assert at.serving.drafts() == []


def test_a_crowd_gets_what_the_limit_allows_and_no_more(at):
    key = at.mint(owner="crowd", per_day=10)
    said = together(lambda n: ask(at.serving, key, "GET", "/v1/jobs").status_code)
    assert sorted(said) == [200] * 10 + [429] * (CROWD - 10)


def test_of_those_who_cancel_one_did_it(at):
    job_id = at.waiting()
    said = together(lambda n: ask(at.serving, at.key, "DELETE", f"/v1/jobs/{job_id}").status_code)
    assert sorted(said) == [204] + [409] * (CROWD - 1)


def test_those_who_wait_hold_nobody_up(at):
    job_id = at.waiting()
    wait = {"Prefer": "wait=30"}
    answers: list[str] = []

    def linger() -> None:
        said = ask(at.serving, at.key, "GET", f"/v1/jobs/{job_id}", headers=wait)
        answers.append(said.json()["status"])

    waiters = [threading.Thread(target=linger) for _ in range(60)]
    for waiter in waiters:
        waiter.start()
    time.sleep(0.5)
    begun = time.monotonic()
    assert at.call("GET", "/v1/jobs").status_code == 200
    assert time.monotonic() - begun < 3
    at.serving.cancel(job_id)
    for waiter in waiters:
        waiter.join(20)
    assert answers == ["cancelled"] * 60


def test_a_one_time_result_is_to_be_had_by_one_door_alone(at):
    said = at.tokened("waiting")
    job_id, rare = said["jobId"], f"einmaligkeit{time.time_ns()}"
    made = Outcome(content=json.dumps({"x": rare}).encode(), media_type="application/json")
    at.serving.finish(job_id, made)
    for path in (f"/v1/jobs/{job_id}", f"/api/jobs/{job_id}", f"/api/tools/v1/queue/{job_id}"):
        assert rare not in at.call("GET", path).text, path
    assert at.call("HEAD", f"/v1/jobs/{job_id}/result").status_code == 405
    assert at.call("GET", f"/api/tools/v1/queue/{job_id}/result").json() == {"x": rare}
    asked = {"jobId": job_id, "jobToken": said["jobToken"]}
    assert at.call("GET", "/api/queue/result", "", params=asked).status_code == 410
    assert at.call("GET", f"/v1/jobs/{job_id}/result").status_code == 410


def test_a_job_is_the_same_through_every_door(at):
    said = at.tokened("waiting")
    job_id = said["jobId"]
    asked = {"jobId": job_id, "jobToken": said["jobToken"]}

    def seen() -> tuple[str, ...]:
        return (
            at.call("GET", "/api/queue", "", params=asked).json()["status"],
            at.call("GET", f"/v1/jobs/{job_id}").json()["status"],
            at.call("GET", f"/api/jobs/{job_id}").json()["status"],
            at.call("GET", f"/api/tools/v1/queue/{job_id}").json()["status"],
        )

    assert seen() == ("pending", "queued", "queued", "queued")
    job = at.serving.begin(job_id)
    assert seen() == ("processing", "processing", "processing", "running")
    at.serving.report(job, 40, stage="ocr")
    at.serving.put_off(job_id, ChildCrashed("busy"))
    assert seen() == ("pending", "queued", "retrying", "queued")
    at.call("DELETE", f"/api/jobs/{job_id}")
    assert seen() == ("error", "cancelled", "cancelled", "error")


def test_a_purge_in_the_middle_of_a_download(at):
    content = hashlib.sha256(b"x").digest() * (16 * 2**20 // 32)
    job_id = at.completed(Outcome(content=content))
    connection = http.client.HTTPConnection("127.0.0.1", at.serving.port, timeout=30)
    connection.request("GET", f"/v1/jobs/{job_id}/result",
                       headers={"Authorization": f"Bearer {at.key}"})  # fmt: skip
    said = connection.getresponse()
    assert said.read(1000) == content[:1000]
    assert at.call("POST", f"/v1/jobs/{job_id}/purge").status_code == 204
    assert at.call("GET", f"/v1/jobs/{job_id}/result").status_code == 410
    with suppress(http.client.IncompleteRead, ConnectionError):
        rest = said.read()
        # Whoever had the file open may have got it whole, and never anything else.
        assert content.startswith(content[:1000] + rest)
    connection.close()


def test_a_list_is_walked_to_its_end_while_jobs_come_in(at):
    key = at.mint(owner="walker")

    def add(count: int) -> list[str]:
        return [
            at.call("POST", "/v1/jobs", key, json={"type": "echo", "options": {"n": n}}).json()[
                "job_id"
            ]
            for n in range(count)
        ]

    made = add(25)
    walked: list[str] = []
    cursor = None
    while True:
        asked = {"limit": 10, **({"cursor": cursor} if cursor else {})}
        page = at.call("GET", "/v1/jobs", key, params=asked).json()
        walked += [job["job_id"] for job in page["jobs"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
        add(1)
    assert walked == made[::-1]
    assert len(at.call("GET", "/v1/jobs", key).json()["jobs"]) == 20


def test_the_wait_in_a_submission_is_held_to_its_bounds(at):
    for asked, least, most in (("0", 0.9, 15), ("1", 0.9, 15), ("-5", 0.0, 15)):
        begun = time.monotonic()
        said = at.call(
            "POST",
            "/v1/extract",
            files={"file": ("a.pdf", at.invoice)},
            data={"sync": "true", "sync_timeout_seconds": asked, "options": at.fresh()},
        )
        assert said.status_code in {202, 422}
        if said.status_code == 202:
            assert least <= time.monotonic() - begun < most
            assert int(said.headers["retry-after"]) >= 1


def test_how_an_answer_is_written_is_no_part_of_what_is_kept(live, live_key, invoices):
    content = invoices[0].read_bytes() + b"\n% layout"
    with live.client(live_key) as client:

        def parsed(**options: Any) -> dict[str, Any]:
            return client.post(
                "/v1/extract",
                files={"file": ("a.pdf", content)},
                data={"sync": "true", "options": json.dumps(options)},
            ).json()

        first, second = parsed(), parsed(include_layout=True)
    assert (first["cache_hit"], second["cache_hit"]) == (False, True)

    def boxed(job: dict[str, Any]) -> set[bool]:
        return {"bbox" in block for block in job["document"]["pages"][0]["blocks"]}

    assert boxed(first) == {False}
    assert boxed(second) == {True}
    assert first["markdown"] == second["markdown"]


def test_a_job_that_runs_is_stopped(live, live_key):
    with live.client(live_key) as client:
        asked = {"type": "sleep", "options": {"seconds": 60}}
        path = "/v1/jobs/" + client.post("/v1/jobs", json=asked).json()["job_id"]
        until(lambda: client.get(path).json()["status"], lambda seen: seen == "processing")
        assert client.delete(path).status_code == 204
        assert client.get(path).json()["error"]["code"] == "CANCELLED"
        done = client.post("/v1/jobs", json={"type": "echo", "options": {"n": time.time()}})
        path = "/v1/jobs/" + done.json()["job_id"]
        until(lambda: client.get(path).json()["status"], lambda seen: seen == "completed")


# --- what a client may do with a connection -------------------------------------------------------


def line(serving: Serving) -> socket.socket:
    return socket.create_connection(("127.0.0.1", serving.port), timeout=20)


def test_two_requests_in_one_breath(at):
    one = f"GET /v1/tools HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {at.key}\r\n"
    with line(at.serving) as wire:
        wire.sendall((one + "\r\n" + one + "Connection: close\r\n\r\n").encode())
        got = b""
        while piece := wire.recv(65536):
            got += piece
    assert got.count(b"HTTP/1.1 200") == 2


def test_a_client_that_asks_before_it_sends(at):
    body = (
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n'
        + at.invoice
        + b"\r\n--b--\r\n"
    )
    for key, first in ((at.key, b"HTTP/1.1 100"), ("pk_live_none", b"HTTP/1.1 401")):
        with line(at.serving) as wire:
            wire.sendall(
                f"POST /v1/extract HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\n"
                f"Content-Type: multipart/form-data; boundary=b\r\nExpect: 100-continue\r\n"
                f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
            )
            assert wire.recv(12) == first
            if first.endswith(b"100"):
                wire.sendall(body)
                got = b""
                while piece := wire.recv(65536):
                    got += piece
                assert b"HTTP/1.1 202" in got or b"HTTP/1.1 200" in got


def test_an_old_client(at):
    with line(at.serving) as wire:
        wire.sendall(f"GET /v1/tools HTTP/1.0\r\nAuthorization: Bearer {at.key}\r\n\r\n".encode())
        got = b""
        while piece := wire.recv(65536):
            got += piece
    assert got.split(b"\r\n")[0].endswith(b"200 OK")
