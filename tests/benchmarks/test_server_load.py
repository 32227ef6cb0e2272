"""The server under 200 clients, beside a bare FastAPI endpoint that keeps nothing: as ratios.

    pytest -m benchmark -s tests/benchmarks/test_server_load.py

The clients are one process of raw sockets on the loopback; server, bare endpoint and clients share
the machine, so only the ratios tell something about another one. Rounds alternate and the median of
three is taken. Both have uvicorn with the same settings; a submission of ours is on the disk before
it is answered. ``PAGEQUEUE_LOAD_SECONDS`` is the length of a round.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from toolkit.jobs import Submission
from toolkit.store import changes, jobs, queue

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "conformance"))

from serving import Serving, free_port  # noqa: E402

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(900)]

CLIENTS = 200
STREAMS = 1000
ROUNDS = 3
SECONDS = float(os.environ.get("PAGEQUEUE_LOAD_SECONDS", "6"))
KEPT = "Host: 127.0.0.1\r\nConnection: keep-alive\r\n"


class Bare:
    """The bare endpoint, as a process."""

    def __init__(self) -> None:
        self.port = free_port()
        command = [sys.executable, "-P", str(HERE / "bare_server.py"), str(self.port)]
        self.process = subprocess.Popen(command)
        self.url = f"http://127.0.0.1:{self.port}"
        until = time.monotonic() + 60
        while not self._answers():
            assert time.monotonic() < until
            time.sleep(0.05)

    def _answers(self) -> bool:
        with suppress(httpx.TransportError):
            return httpx.get(f"{self.url}/readyz").status_code == 200
        return False

    def close(self) -> None:
        self.process.terminate()
        self.process.wait()


@pytest.fixture(scope="module", autouse=True)
def many_sockets() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    serving = Serving(tmp_path_factory.mktemp("load"), "echo")
    try:
        serving.start("--no-work")
        yield serving
        serving.stop()
    finally:
        serving.close()


@pytest.fixture(scope="module")
def key(ours: Serving) -> str:
    return ours.key("load")


@pytest.fixture(scope="module")
def bare() -> Iterator[Bare]:
    server = Bare()
    yield server
    server.close()


def load(port: int, requests: list[str], *, seconds: float = SECONDS) -> dict[str, Any]:
    asked = {"scenario": "ask", "port": port, "clients": CLIENTS, "requests": requests}
    done = subprocess.run(
        [sys.executable, "-P", str(HERE / "wire_load.py")],
        input=json.dumps(asked | {"seconds": seconds}),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def alternate(
    name: str, servers: dict[str, Any], requests: dict[str, list[str]], wanted: int
) -> dict[str, dict[str, float]]:
    """The median rounds of each server, printed with their ratio; every answer was *wanted*."""
    rounds: dict[str, list[dict[str, float]]] = {who: [] for who in servers}
    for turn in range(ROUNDS + 1):
        for who, server in servers.items():
            process = psutil.Process(server.process.pid)
            before = sum(process.cpu_times()[:2])
            said = load(server.port, requests[who], seconds=1.5 if turn == 0 else SECONDS)
            cpu = sum(process.cpu_times()[:2]) - before
            assert said["broken"] == 0, said
            assert set(said["statuses"]) == {str(wanted)}, said
            if turn:  # the first one warms up
                rounds[who].append(
                    {
                        "rate": said["answers"] / said["seconds"],
                        **{name: said[name] for name in ("p50", "p99")},
                        "cpu": cpu / said["answers"],
                    }
                )
    middle = {
        who: {field: statistics.median(one[field] for one in each) for field in each[0]}
        for who, each in rounds.items()
    }
    for who, told in middle.items():
        print(
            f"{name:14} {who:12} {told['rate']:7.0f}/s  p50 {told['p50'] * 1e3:6.1f} ms  "
            f"p99 {told['p99'] * 1e3:6.1f} ms  {told['cpu'] * 1e6:6.0f} µs of a processor each"
        )
    share = middle["ours"]["rate"] / middle["bare"]["rate"]
    print(f"{name:14} ratio        {share:7.2f} of the bare endpoint's rate")
    return middle


def form(key: str, number: str = "@@@@@@@@@@") -> str:
    """A small PDF as a form; the mark in it becomes another number each time."""
    content = "%PDF-1.4\n" + "% a line of no importance\n" * 80 + f"% {number}\n%%EOF\n"
    body = (
        '--b\r\nContent-Disposition: form-data; name="options"\r\n\r\n{}\r\n'
        '--b\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n'
        f"Content-Type: application/pdf\r\n\r\n{content}\r\n--b--\r\n"
    )
    return (
        f"POST /v1/extract HTTP/1.1\r\n{KEPT}Authorization: Bearer {key}\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    )


def look(path: str, key: str = "") -> str:
    opens = f"Authorization: Bearer {key}\r\n" if key else ""
    return f"GET {path} HTTP/1.1\r\n{KEPT}{opens}\r\n"


def test_submissions(ours, bare, key):
    servers = {"ours": ours, "bare": bare}
    requests = {who: [form(key)] for who in servers}
    before = jobs.counts(ours.store.read())["queued"]
    middle = alternate("submissions", servers, requests, 202)
    made = jobs.counts(ours.store.read())["queued"] - before
    print(f"{'':14} {made} jobs on the disk")
    assert ours.drafts() == []
    assert middle["ours"]["rate"] / middle["bare"]["rate"] > 0.1


def waiting(ours: Serving, count: int) -> list[tuple[str, str]]:
    """(id, token) of new jobs of the owner of the key."""
    asked = [Submission(tool="echo", options={"n": n}, owner="load") for n in range(count)]
    with ours.store.write() as conn:
        taken = queue.enqueue_many(conn, asked, now=time.time())
    changes.ring(ours.store)
    return [(one.job_id, one.token) for one in taken]


def test_polls_with_a_key(ours, bare, key):
    made = waiting(ours, CLIENTS)
    requests = {
        "ours": [look(f"/v1/jobs/{job_id}", key) for job_id, _ in made],
        "bare": [look(f"/v1/jobs/{job_id}", key) for job_id, _ in made],
    }
    middle = alternate("polls", {"ours": ours, "bare": bare}, requests, 200)
    assert middle["ours"]["rate"] / middle["bare"]["rate"] > 0.2


def test_polls_with_a_token(ours, bare):
    made = waiting(ours, CLIENTS)
    requests = {
        "ours": [look(f"/api/queue?jobId={job_id}&jobToken={token}") for job_id, token in made],
        "bare": [look(f"/v1/jobs/{job_id}") for job_id, _ in made],
    }
    middle = alternate("token polls", {"ours": ours, "bare": bare}, requests, 200)
    assert middle["ours"]["rate"] / middle["bare"]["rate"] > 0.2


class Streams:
    """A process that holds event streams open until each has seen its job's end."""

    def __init__(self, port: int, requests: list[str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-P", str(HERE / "wire_load.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdin is not None
        asked = {"scenario": "stream", "port": port, "clients": CLIENTS, "requests": requests}
        json.dump(asked, self.process.stdin)
        self.process.stdin.close()

    def opened(self) -> None:
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "open\n"

    def said(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        said = json.loads(self.process.stdout.readline())
        self.process.wait()
        self.process.stdout.close()
        return said


def memory(process: Any) -> float:
    """The proportional set size, in MB."""
    return psutil.Process(process.pid).memory_full_info().pss / 2**20


def test_event_streams(ours, bare, key):
    def end_ours() -> None:
        with ours.store.write() as conn:
            for job_id, _ in made:
                queue.cancel(conn, job_id=job_id, now=time.time())
        changes.ring(ours.store)

    idle = memory(ours.process)
    ends = {"ours": end_ours, "bare": lambda: httpx.post(f"{bare.url}/end")}
    rates: dict[str, list[float]] = {"ours": [], "bare": []}
    for _ in range(ROUNDS):
        made = waiting(ours, STREAMS)
        for who, server in (("ours", ours), ("bare", bare)):
            paths = [f"/v1/jobs/{job_id}/events" for job_id, _ in made]
            streams = Streams(server.port, [look(path, key) for path in paths])
            streams.opened()
            full = memory(server.process)
            ends[who]()
            ended_at = time.time()
            said = streams.said()
            assert (said["answers"], said["broken"]) == (STREAMS, 0), said
            assert len(said["ended_at"]) == STREAMS
            rates[who].append(said["answers"] / said["seconds"])
            print(
                f"{'streams':14} {who:12} {rates[who][-1]:7.0f}/s opened  "
                f"p50 {said['p50'] * 1e3:6.1f} ms  p99 {said['p99'] * 1e3:6.1f} ms  "
                f"{STREAMS} open, {full:.0f} MB; "
                f"the last saw the end after {max(said['ended_at'][-1] - ended_at, 0.0):.2f} s"
            )
    share = statistics.median(rates["ours"]) / statistics.median(rates["bare"])
    print(f"{'streams':14} ratio        {share:7.2f} of the bare endpoint's rate")
    print(f"{'memory':14} ours         {idle:.0f} MB before, {memory(ours.process):.0f} MB after")
    assert share > 0.3
