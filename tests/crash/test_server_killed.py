"""The server is killed by -9 amid uploads, downloads and waits: no accepted job is lost."""

from __future__ import annotations

import hashlib
import http.client
import json
import random
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from toolkit.store import blobs, erasures, jobs
from toolkit.store.invariants import violations

sys.path.insert(0, str(Path(__file__).parents[1] / "conformance"))

from serving import Serving, until

pytestmark = pytest.mark.crash

ROUNDS = 2
WRITERS = 4


@pytest.fixture
def serving(tmp_path) -> Iterator[Serving]:
    (tmp_path / "served").mkdir()
    serving = Serving(tmp_path / "served", "echo", "sleep", "large")
    yield serving
    serving.close()


def die(serving: Serving) -> None:
    """Kill the server, and only it, without a word."""
    assert serving.process is not None
    serving.process.kill()
    serving.process.wait()


class Writer(threading.Thread):
    """Hands files in, one after the other; what gets no answer is handed in again."""

    def __init__(self, serving: Serving, key: str, name: int, stop: threading.Event) -> None:
        super().__init__()
        self.writer, self.stop = name, stop
        self.accepted: dict[str, tuple[str, str, str]] = {}
        self.differing: list[tuple[str, str, str]] = []
        self.strange: list[tuple[int, str]] = []
        self.client = serving.client(key)

    def run(self) -> None:
        with self.client:
            self._write()

    def _write(self) -> None:
        dice = random.Random(self.writer)
        number = 0
        while not self.stop.is_set():
            number += 1
            name = f"{self.writer}-{number}"
            text = name + " " + dice.randbytes(dice.randrange(100, 60_000)).hex()
            while not self.stop.is_set() and name not in self.accepted:
                self._hand_in(name, text)
            if name in self.accepted and dice.random() < 0.2:
                self._hand_in(name, text)

    def _hand_in(self, name: str, text: str) -> None:
        try:
            said = self.client.post(
                "/api/queue/jobs",
                headers={"Idempotency-Key": name},
                data={"tool": "echo"},
                files={"file": (f"{name}.txt", text.encode())},
                timeout=20,
            )
        except httpx.TransportError:
            time.sleep(0.02)
            return
        if said.status_code == 503:  # it is not ready yet
            return
        if said.status_code not in {200, 202}:
            self.strange.append((said.status_code, said.text[:300]))
            return
        job = said.json()
        digest = hashlib.sha256(text.encode()).hexdigest()
        first = self.accepted.setdefault(name, (job["jobId"], job["jobToken"], digest))
        if first[0] != job["jobId"]:
            self.differing.append((name, first[0], job["jobId"]))


def test_no_accepted_job_is_lost_and_no_half_file_is_left(serving):
    serving.start("--no-work")
    key = serving.minted("ada").secret
    stop = threading.Event()
    writers = [Writer(serving, key, number, stop) for number in range(WRITERS)]
    for writer in writers:
        writer.start()
    try:
        dice = random.Random(5)
        for _ in range(ROUNDS):
            time.sleep(0.5 + dice.random())
            die(serving)
            serving.start("--no-work")
        time.sleep(0.5)
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    assert [fault for writer in writers for fault in writer.strange] == []
    assert [fault for writer in writers for fault in writer.differing] == []
    accepted = {name: job for writer in writers for name, job in writer.accepted.items()}
    assert len(accepted) > 3 * WRITERS
    hold_to_what_was_said(serving, accepted)
    in_store = jobs.counts(serving.store.read())
    # Each writer may have one more whose answer it did not live to see.
    assert len(accepted) <= in_store["queued"] <= len(accepted) + WRITERS
    # What was half written is kept for an hour, in case somebody writes it still.
    erasures.sweep(serving.store, now=time.time() + 2 * 3600)
    assert serving.drafts() == []
    kept = [file.name for file in (serving.store.files / "blobs").glob("*/*")]
    known = serving.store.read().execute("SELECT hex(sha256) FROM blobs").fetchall()
    assert sorted(kept) == sorted(name.lower() for (name,) in known)
    assert violations(serving.store) == []
    serving.stop()


def hold_to_what_was_said(serving: Serving, accepted: dict[str, tuple[str, str, str]]) -> None:
    with serving.client() as client:
        for name, (job_id, token, digest) in accepted.items():
            asked = {"jobId": job_id, "jobToken": token}
            assert client.get("/api/queue", params=asked).json()["status"] == "pending"
            kept = jobs.source_of(serving.store, serving.job(job_id))
            assert kept is not None
            assert hashlib.sha256(kept.read_bytes()).hexdigest() == digest, name
            assert kept == blobs.path(serving.store, digest)


def test_what_was_accepted_is_done_by_the_runner_that_is_there(serving):
    """The runner is a process of its own: it goes on while the server is dead."""
    serving.start()
    key = serving.minted("ada").secret
    with serving.client(key) as client:
        made = [
            client.post("/v1/jobs", json={"type": "sleep", "options": {"seconds": 0.3, "n": n}})
            for n in range(8)
        ]
        ids = [said.json()["job_id"] for said in made]
        # An answer waits for the job's row, not for the runner, which is called right after.
        until(
            lambda: client.get(f"/v1/jobs/{ids[0]}").json()["status"],
            lambda status: status != "queued",
        )
    die(serving)
    until(lambda: jobs.counts(serving.store.read())["completed"], lambda done: done >= 4)
    serving.start()
    with serving.client(key) as client:
        for job_id in ids:
            seen = until(
                lambda job_id=job_id: client.get(f"/v1/jobs/{job_id}").json(),
                lambda job: job["status"] == "completed",
            )
            assert seen["retry_count"] == 0
    serving.stop()


def test_a_claim_on_a_one_time_result_comes_back(serving):
    serving.start("--no-work")
    key = serving.minted("ada").secret
    with serving.client(key) as client:
        said = client.post(
            "/api/queue/jobs",
            data={"tool": "echo"},
            files={"file": ("a.txt", b"x")},
        ).json()
    content = hashlib.sha256(b"seed").digest() * (32 * 2**20 // 32)
    serving.finish(said["jobId"], content)
    path = f"/api/queue/result?jobId={said['jobId']}&jobToken={said['jobToken']}"
    connection = http.client.HTTPConnection("127.0.0.1", serving.port, timeout=20)
    connection.request("GET", path)
    begun = connection.getresponse()
    assert begun.status == 200
    begun.read(1000)
    die(serving)
    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        begun.read()
    connection.close()
    serving.start("--no-work")
    with serving.client() as client:
        assert client.get(path).status_code == 410, "who has the claim may be alive for all we know"
        a_minute_later(serving)
        whole = client.get(path)
        assert whole.content == content
        assert client.get(path).status_code == 410
    serving.stop()


def a_minute_later(serving: Serving) -> None:
    """Let the leases end that last no longer than a minute."""
    with serving.store.write() as conn:
        conn.execute("UPDATE fetches SET lease_until = lease_until - 60")


def test_those_who_wait_are_told_by_the_next_one(serving):
    serving.start("--no-work")
    key = serving.minted("ada").secret
    with serving.client(key) as client:
        made = [client.post("/v1/jobs", json={"type": "echo", "options": {"n": n}}).json()
                for n in range(10)]  # fmt: skip
    broken: list[str] = []

    def wait(job: dict[str, Any], how: str) -> None:
        path = f"{serving.url}/v1/jobs/{job['job_id']}"
        headers = {"Authorization": f"Bearer {key}", "Prefer": "wait=30"}
        try:
            if how == "events":
                with httpx.stream("GET", f"{path}/events", headers=headers, timeout=40) as said:
                    said.read()
            else:
                httpx.get(path, headers=headers, timeout=40)
        except httpx.TransportError as exc:
            broken.append(type(exc).__name__)

    waiters = [
        threading.Thread(target=wait, args=(job, how))
        for job in made
        for how in ("events", "prefer")
    ]
    for waiter in waiters:
        waiter.start()
    time.sleep(1)
    die(serving)
    for waiter in waiters:
        waiter.join(30)
    assert len(broken) == len(waiters)
    serving.start("--no-work")
    for job in made:
        serving.cancel(job["job_id"])
    with serving.client(key) as client:
        for job in made:
            path = f"/v1/jobs/{job['job_id']}"
            assert client.get(path, headers={"Prefer": "wait=30"}).json()["status"] == "cancelled"
            with client.stream("GET", f"{path}/events") as stream:
                told = [line for line in stream.iter_lines() if line.startswith("data:")]
            assert json.loads(told[-1][5:])["status"] == "cancelled"
    serving.stop()


def test_a_server_that_is_asked_to_end_finishes_what_it_has_begun(serving):
    """SIGTERM amid uploads and waits: no answer is cut off, and nothing that came in is lost."""
    serving.start("--no-work")
    key = serving.minted("ada").secret
    stop = threading.Event()
    writers = [Writer(serving, key, number, stop) for number in range(4)]
    for writer in writers:
        writer.start()
    with serving.client(key) as client:
        waited = client.post("/v1/jobs", json={"type": "echo"}).json()["job_id"]
    streamed: list[bytes] = []

    def stream() -> None:
        with suppress(httpx.TransportError):
            headers = {"Authorization": f"Bearer {key}"}
            path = f"{serving.url}/v1/jobs/{waited}/events"
            with httpx.stream("GET", path, headers=headers, timeout=60) as said:
                streamed.append(said.read())

    watcher = threading.Thread(target=stream)
    watcher.start()
    time.sleep(1)
    try:
        begun = time.monotonic()
        serving.stop()
        assert time.monotonic() - begun < 20
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    watcher.join(30)
    assert streamed, "a stream is ended, not broken"
    assert [fault for writer in writers for fault in writer.strange] == []
    serving.start("--no-work")
    hold_to_what_was_said(
        serving, {name: job for writer in writers for name, job in writer.accepted.items()}
    )
    assert serving.drafts() == []
    serving.stop()
