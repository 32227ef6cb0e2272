"""The process that serves: its address, what it does with rude clients, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from toolkit import samples
from toolkit.store import jobs, keys
from toolkit.store.store import Store


class Served:
    """``pagequeue serve`` as a process, and what it printed first."""

    def __init__(self, folder: Path, *asked: str, **environment: str) -> None:
        self.db = folder / "a.db"
        self.log = folder / "log"
        command = [sys.executable, "-m", "toolkit", "serve", str(self.db), "--no-work", *asked]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=log, env={**os.environ, **environment}
            )
        assert self.process.stdout is not None
        self.address = self.process.stdout.readline().decode().strip()
        assert self.address, self.log.read_text()

    @property
    def place(self) -> tuple[str, int]:
        host, _, port = self.address.removeprefix("http://").rpartition(":")
        return host, int(port)

    def end(self, sig: int = signal.SIGTERM) -> int:
        self.process.send_signal(sig)
        return self.process.wait(30)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    folder = tmp_path_factory.mktemp("served")
    seconds = {"PAGEQUEUE_HEAD_SECONDS": "0.6", "PAGEQUEUE_UPLOAD_SECONDS": "1.0"}
    with Served(folder, "--port", "0", "--anonymous", **seconds) as served:
        yield served
        assert served.end() == 0
        failed = [line for line in served.log.read_text().splitlines() if '"failed"' in line]
        assert failed == []


@pytest.fixture(scope="module")
def paper(tmp_path_factory):
    [made, *_] = samples.write(tmp_path_factory.mktemp("paper"))
    return made.path.read_bytes()


def said_to(served, content: bytes, *, seconds: float = 10.0, wait: float = 0.0) -> bytes:
    """What comes back for raw bytes until the server closes."""
    with socket.create_connection(served.place, timeout=seconds) as raw:
        for piece in content.splitlines(keepends=True) if wait else [content]:
            raw.sendall(piece)
            time.sleep(wait)
        answer = b""
        while piece := raw.recv(65_536):
            answer += piece
        return answer


def is_well(served) -> bool:
    return httpx.get(f"{served.address}/readyz").status_code == 200


def status_and_error(answer: bytes) -> tuple[bytes, str]:
    head, _, body = answer.partition(b"\r\n\r\n")
    return head.split(b" ")[1], json.loads(body)["error"]["code"]


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Long: "
        + b"x" * 200_000
        + b"\r\n\r\n",
        b"GET /" + b"x" * 200_000 + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        + b"".join(b"X-%d: many\r\n" % n for n in range(9_000))
        + b"\r\n",
    ],
    ids=["one", "line", "many"],
)
def test_a_head_too_long_is_refused_in_words(served, head):
    assert status_and_error(said_to(served, head)) == (b"431", "HEADERS_TOO_LARGE")
    assert is_well(served)


@pytest.mark.parametrize(
    "nonsense",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 20 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost : localhost\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"GET /\x01 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ],
)
def test_what_is_no_http_is_refused_in_words(served, nonsense):
    assert status_and_error(said_to(served, nonsense)) == (b"400", "BAD_REQUEST")
    assert is_well(served)


def test_a_body_whose_chunks_make_no_sense_ends_the_request(served):
    head = b"POST /v1/extract HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
    head += b"Content-Type: multipart/form-data; boundary=x\r\n\r\n"
    answer = said_to(served, head + b"ZZ\r\nnonsense\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert is_well(served)


@pytest.mark.parametrize("content", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: localhost\r\n"])
def test_a_head_that_does_not_come_is_not_waited_for(served, content):
    began = time.monotonic()
    answer = said_to(served, content)
    assert status_and_error(answer) == (b"408", "REQUEST_TIMEOUT")
    assert 0.5 < time.monotonic() - began < 9


def test_a_head_that_comes_drop_by_drop_is_not_waited_for_either(served):
    began = time.monotonic()
    # The clock is not set back by each drop: the connection is gone in mid-head.
    with socket.create_connection(served.place, timeout=10) as raw:
        raw.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
        gone = False
        while not gone and time.monotonic() - began < 20:
            time.sleep(0.02)
            try:
                raw.sendall(b"X-A: b\r\n")
            except ConnectionError:
                gone = True
    assert gone
    assert is_well(served)


def test_the_second_head_of_a_connection_has_its_clock_too(served):
    request = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    answer = said_to(served, request + b"GET / HT")
    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert b"HTTP/1.1 408 Request Timeout" in answer


def test_a_body_that_does_not_come_is_not_waited_for(served):
    head = b"POST /v1/extract HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n"
    head += b"Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\n"
    began = time.monotonic()
    answer = said_to(served, head)
    assert status_and_error(answer) == (b"408", "REQUEST_TIMEOUT")
    assert b"\r\nconnection: close\r\n" in answer.lower()
    assert time.monotonic() - began < 9
    drafts = served.db.with_suffix(".files") / "drafts"
    assert not drafts.exists() or not list(drafts.iterdir())


def test_a_body_that_breaks_off_leaves_nothing(served):
    head = b"POST /v1/extract HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n"
    head += b"Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\n"
    part = b'Content-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n%PDF'
    with socket.create_connection(served.place, timeout=5) as raw:
        raw.sendall(head + part)
    drafts = served.db.with_suffix(".files") / "drafts"
    until = time.monotonic() + 10
    while drafts.exists() and list(drafts.iterdir()) and time.monotonic() < until:
        time.sleep(0.05)
    assert not drafts.exists() or not list(drafts.iterdir())
    assert is_well(served)


def test_a_refusal_arrives_though_the_body_was_not_read(served):
    answer = httpx.post(
        f"{served.address}/v1/extract",
        headers={"Sec-Fetch-Site": "cross-site"},
        content=b"x" * 20_000_000,
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "FORBIDDEN")


def test_nothing_tells_what_it_is_made_of(served):
    assert "server" not in httpx.get(f"{served.address}/healthz").headers


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_well_whatever_waits(tmp_path, paper, sig):
    with Served(tmp_path, "--port", "0", "--anonymous") as served:
        files = {"file": ("a.pdf", paper)}
        with httpx.Client(base_url=served.address, timeout=40) as client:
            job = client.post("/v1/extract", files=files).json()["job_id"]
            with ThreadPoolExecutor(2) as pool:
                poll = pool.submit(
                    lambda: httpx.get(
                        f"{served.address}/v1/jobs/{job}", headers={"Prefer": "wait=30"}, timeout=40
                    )
                )
                events = pool.submit(
                    lambda: httpx.get(f"{served.address}/v1/jobs/{job}/events", timeout=40)
                )
                time.sleep(1.0)
                began = time.monotonic()
                assert served.end(sig) == 0
                assert time.monotonic() - began < 8
                assert (poll.result().status_code, poll.result().json()["status"]) == (
                    200,
                    "queued",
                )
                assert events.result().status_code == 200
        lines = [json.loads(line) for line in served.log.read_text().splitlines()]
        assert [line for line in lines if line["level"] not in {"info"}] == []


def test_what_was_answered_before_the_end_is_there_after_it(tmp_path, paper):
    """SIGTERM under load: each job that was promised exists, and none that was not."""
    promised: list[str] = []
    broken: list[str] = []

    def submit_again_and_again(client: httpx.Client) -> None:
        while True:
            try:
                answer = client.post("/v1/extract", files={"file": ("a.pdf", paper)})
            except httpx.TransportError as exc:
                broken.append(type(exc).__name__)
                return
            if answer.status_code != 202:
                broken.append(answer.text)
                return
            promised.append(answer.json()["job_id"])

    with Served(tmp_path, "--port", "0", "--anonymous") as served:
        clients = [httpx.Client(base_url=served.address, timeout=40) for _ in range(8)]
        threads = [threading.Thread(target=submit_again_and_again, args=(one,)) for one in clients]
        for thread in threads:
            thread.start()
        time.sleep(1.5)
        assert served.end() == 0
        for thread, client in zip(threads, clients, strict=True):
            thread.join()
            client.close()
        log = served.log.read_text()
    assert len(promised) > 8
    with Store.open(served.db, create=False) as store:
        there = {job.id for job in jobs.jobs(store.read())}
    assert set(promised) <= there
    # Whoever was not answered was not taken in either, or at most while the answer was under way.
    assert len(there) - len(promised) <= len(clients)
    assert '"failed"' not in log


def test_a_unix_socket_is_this_users_and_goes_with_the_server(tmp_path):
    place = tmp_path / "s"
    stale = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    stale.bind(str(place))
    stale.close()
    asked = ("--uds", str(place), "--anonymous", "--root-path", "/user/ann/pagequeue")
    with Served(tmp_path, *asked) as served:
        assert served.address == f"unix:{place}"
        assert place.stat().st_mode & 0o777 == 0o600
        with httpx.Client(transport=httpx.HTTPTransport(uds=str(place))) as client:
            answer = client.get("http://hub.example/openapi/v1.json")
            assert answer.json()["servers"] == [{"url": "/user/ann/pagequeue"}]
        again = subprocess.run(
            [sys.executable, "-m", "toolkit", "serve", str(served.db), "--uds", str(place)],
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert again.returncode == 2
        assert "cannot listen" in again.stderr
        assert served.end() == 0
    assert not place.exists()


def test_with_keys_the_way_in_is_a_key(tmp_path):
    with Served(tmp_path, "--port", "0", "--host", "0.0.0.0") as served:
        with Store.open(served.db) as store, store.write() as conn:
            minted = keys.create(conn, owner="ann", now=time.time(), per_day=2)
        address = f"http://127.0.0.1:{served.place[1]}/v1/jobs"
        headers = {"Authorization": f"Bearer {minted.secret}"}
        assert httpx.get(address).status_code == 401
        assert httpx.get(address, headers=headers).headers["x-ratelimit-remaining"] == "1"
        assert served.end() == 0
    with Served(tmp_path, "--port", "0") as served:
        assert httpx.get(f"{served.address}/v1/jobs", headers=headers).status_code == 200
        assert httpx.get(f"{served.address}/v1/jobs", headers=headers).status_code == 429


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (["--anonymous", "--host", "0.0.0.0"], "without keys everybody"),
        (["--port", "0", "--root-path", "/a/../b"], "cannot be a root path"),
        (["--port", "0", "--proxy", "example.com"], "a proxy is named by its address"),
        (["--db", "b.db"], "named twice"),
    ],
)
def test_what_cannot_be_served_is_refused_in_words(tmp_path, asked, words):
    command = [sys.executable, "-m", "toolkit", "serve", str(tmp_path / "a.db"), *asked]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert words in done.stderr
    assert done.stdout == ""


def test_a_port_that_is_taken_is_said(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "toolkit", "serve", str(tmp_path / "a.db"), "--port", port]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert f"cannot listen at http://127.0.0.1:{port}" in done.stderr


def test_a_missing_extra_is_named(tmp_path):
    code = (
        "import sys; sys.modules['uvicorn'] = None; sys.argv[1:] = ['serve', sys.argv[1]]\n"
        "from toolkit.cli import main; main()"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "a.db")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "pip install 'pagequeue[server]'" in done.stderr
    assert not (tmp_path / "a.db").exists()
