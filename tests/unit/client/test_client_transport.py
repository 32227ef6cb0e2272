"""The way to a server: what is repeated, what is refused, and what a broken one comes to."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from functools import partial

import pytest
from odd_server import HELLO, OddServer, fault, reply

import toolkit
from toolkit.errors import (
    FileTooLarge,
    IllegalMove,
    InvalidInput,
    JobNotFound,
    KeyRefused,
    QuotaExceeded,
    RateLimited,
    ServerFailed,
    ServerUnreachable,
    ToolkitError,
)

KEY = "pk_test_" + "k" * 43


def connected(*answers, **how):
    """A server that greets and then answers so, and a client of it."""
    server = OddServer(reply(HELLO), *answers)
    return server, toolkit.connect(server.url, key=KEY, **how)


# --- what is repeated -----------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["429 Slow", "502 Bad", "503 Busy", "504 Late"])
def test_a_reading_verb_is_repeated(status):
    server, ws = connected(reply(b"no", status), reply(b"no", status), reply(b"[]"))
    with server, ws:
        assert ws.ids() == []
        assert len(server.requests) == 4


def test_a_connection_that_breaks_is_tried_again():
    server, ws = connected(lambda c: None, lambda c: c.sendall(b"HTTP/1.1 2"), reply(b"[]"))
    with server, ws:
        assert ws.ids() == []


def test_what_may_have_been_done_is_not_done_twice():
    server, ws = connected(lambda c: None, reply(b"3"))
    with server, ws:
        with pytest.raises(ServerUnreachable, match="broke the connection off"):
            ws.cancel(["job_1"])
        assert len(server.requests) == 2
    server, ws = connected(reply(b"", "502 Bad"), reply(b"3"))
    with server, ws, pytest.raises(ServerUnreachable, match="502"):
        ws.retry(["job_1"])


@pytest.mark.parametrize("status", ["429 Slow", "503 Busy"])
def test_what_was_surely_not_done_is_asked_again(status):
    server, ws = connected(reply(b"", status), reply(b"3"))
    with server, ws:
        assert ws.cancel(["job_1"]) == 3


def test_it_comes_back_when_the_server_says():
    server, ws = connected(fault("RATE_LIMITED", status="429 Slow", Retry_After="1"), reply(b"[]"))
    with server, ws:
        start = time.monotonic()
        assert ws.ids() == []
        assert time.monotonic() - start >= 1


def test_an_hour_is_not_waited_for():
    server, ws = connected(fault("RATE_LIMITED", status="429 Slow", Retry_After="3600"))
    with server, ws:
        start = time.monotonic()
        with pytest.raises(RateLimited, match="why") as caught:
            ws.ids()
        assert caught.value.retry_after == 3600
        assert time.monotonic() - start < 30
        assert len(server.requests) == 2


def test_it_gives_up_in_the_end():
    server, ws = connected(reply(b"", "503 Busy"))
    with server, ws, pytest.raises(ServerUnreachable, match="503 Service Unavailable"):
        ws.ids()
    assert len(server.requests) == 1 + 5


def test_an_upload_that_breaks_is_sent_again_with_its_key():
    batch, taken = b'{"id":"bat_1","name":"n"}', b'{"job_id":"job_1","status":"queued"}'
    server, ws = connected(reply(batch), reply(b"", "502 Bad"), reply(taken))
    with server, ws:
        ws.submit(("a.pdf", b"%PDF-1.4 x"))
        first, second = server.requests[2:]
        assert first == second
        assert b"%PDF-1.4 x" in first
        assert b"idempotency-key: " in first.lower()


# --- what the server says -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (fault("JOB_NOT_FOUND", status="404 No"), JobNotFound),
        (fault("ILLEGAL_MOVE", status="409 No"), IllegalMove),
        (fault("UNAUTHORIZED", status="401 No"), KeyRefused),
        (fault("QUOTA_EXCEEDED", status="402 No"), QuotaExceeded),
        (fault("FILE_TOO_LARGE", status="413 No"), FileTooLarge),
        (reply(b"<html>", "413 No", "text/html"), FileTooLarge),
        (fault("VALIDATION_ERROR"), InvalidInput),
        (fault("OF_TOMORROW"), ToolkitError),
        (fault("INTERNAL_ERROR", status="500 No"), ServerFailed),
        (reply(b"<html>", "500 No", "text/html"), ServerFailed),
        (reply(b"<html>", "404 No", "text/html"), ServerFailed),
        (reply(b"<html>log in", "200 OK", "text/html"), ServerFailed),
        (reply(b"{]"), ServerFailed),
        (reply(b"[" * 100_000), ServerFailed),
        (reply(b'{"not":"a job"}'), ServerFailed),
        (reply(b"", "204 Nothing"), ServerFailed),
        (reply(b"\x1f\x8b", Content_Encoding="gzip"), ServerFailed),
        (b"SSH-2.0-OpenSSH_9.2\r\n", ServerUnreachable),
        (reply(b"[]")[:-1], ServerUnreachable),
    ],
)
def test_every_answer_is_an_error_of_ours(answer, kind):
    server, ws = connected(answer)
    with server, ws, pytest.raises(ToolkitError) as caught:
        ws.look("job_1")
    assert type(caught.value) is kind


def test_a_message_is_bounded():
    server, ws = connected(fault("VALIDATION_ERROR", "x" * 50_000))
    with server, ws, pytest.raises(InvalidInput) as caught:
        ws.look("job_1")
    assert len(str(caught.value)) <= 4000


def test_an_answer_without_end_is_not_read(monkeypatch):
    monkeypatch.setattr("toolkit.client.questions.MOST_JSON", 10_000)
    sent = []

    def endless(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n[")
        for _ in range(10_000):
            connection.sendall(b" " * 10_000)
            sent.append(1)

    server, ws = connected(endless)
    with server, ws, pytest.raises(ServerFailed, match="more than 10,000 bytes"):
        ws.ids()
    assert len(sent) < 5_000


def test_a_silent_server_is_given_up():
    server, ws = connected(lambda c: server.ended.wait(20), timeout=0.3)
    with server, ws, pytest.raises(ServerUnreachable, match="did not answer in time"):
        ws.cancel(["job_1"])


def test_a_server_that_dribbles_is_given_up():
    def dribble(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
        while not server.ended.wait(0.1):
            connection.sendall(b" ")

    server, ws = connected(dribble, timeout=0.5)
    with server, ws:
        start = time.monotonic()
        with pytest.raises(ServerUnreachable, match="did not answer in time"):
            ws.cancel(["job_1"])
        assert time.monotonic() - start < 20


def test_nobody_is_there():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(ServerUnreachable, match="cannot be reached"):
        toolkit.connect(f"http://127.0.0.1:{port}", timeout=5)


def test_no_redirect_is_followed_and_the_key_stays_here():
    with OddServer(reply(HELLO)) as other:
        where = f"{other.url}/v1/desk/hello?token=s3"
        for status in ("301 Moved", "302 Found", "307 Temporary", "308 Permanent"):
            with (
                OddServer(reply(b"", status, Location=where)) as server,
                pytest.raises(ServerFailed, match=f"sends us on to .*{other.port}") as caught,
            ):
                toolkit.connect(server.url, key=KEY)
            assert "s3" not in str(caught.value)
        assert other.requests == []


# --- where it may be called from ------------------------------------------------------------------


def test_sync_verbs_work_inside_a_running_event_loop():
    server, ws = connected(reply(b"[]"))

    async def cell():
        return ws.ids()

    with server, ws:
        assert asyncio.run(cell()) == []


def test_a_coroutine_hands_in_beside_its_event_loop():
    batch, taken = b'{"id":"bat_1","name":"n"}', b'{"job_id":"job_1","status":"queued"}'

    def slowly(connection):
        time.sleep(0.5)
        connection.sendall(reply(taken))

    server, _ = connected(reply(batch), slowly)
    ticks = 0

    async def ticking():
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0.01)

    async def both():
        async with _ as ws:
            other = asyncio.create_task(ticking())
            made = await ws.asubmit(("a.pdf", b"%PDF-1.4 x"), name="n")
            other.cancel()
            return made

    with server:
        assert asyncio.run(both()).id == "bat_1"
    assert ticks > 5


def test_many_threads_share_a_client():
    server, ws = connected(reply(b"[]"))
    answers = []
    with server, ws:
        threads = [threading.Thread(target=lambda: answers.append(ws.ids())) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert answers == [[]] * 20


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_process_has_connections_of_its_own():
    keep = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[]"

    def stay(connection):
        connection.sendall(keep)
        connection.recv(1)  # the next request on the same connection
        connection.sendall(keep)

    server, ws = connected(stay)
    with server, ws:
        assert ws.ids() == []
        child = os.fork()
        if child == 0:
            code = 1
            try:
                code = 0 if ws.ids() == [] else 2
                ws.close()
            finally:
                os._exit(code)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 0
        assert ws.ids() == []


def test_a_closed_client_says_so():
    server, ws = connected(reply(b"[]"))
    with server:
        ws.close()
        ws.close()
        with pytest.raises(InvalidInput, match="closed"):
            ws.ids()
        assert repr(ws).endswith(", closed>")
        assert "VALIDATION_ERROR" in ws._repr_html_()


def test_closing_ends_what_others_wait_for():
    server, ws = connected(lambda c: server.ended.wait(20))
    told = []

    def wait():
        try:
            ws.ids()
        except ToolkitError as exc:
            told.append(exc)

    with server:
        thread = threading.Thread(target=wait)
        thread.start()
        while len(server.requests) < 2:
            time.sleep(0.01)
        ws.close()
        thread.join(10)
    assert [type(one) for one in told] == [InvalidInput]


def test_a_server_below_a_path():
    with OddServer(reply(HELLO)) as server:
        toolkit.connect(f"{server.url}/below/it/", key=KEY).close()
        assert server.requests[0].startswith(b"POST /below/it/v1/desk/hello HTTP/1.1")


def test_a_client_that_nobody_closed_keeps_no_process():
    """Not its end, nor a word of it: the script below is run to its last line and leaves."""
    with OddServer(reply(HELLO), reply(b"[]")) as server:
        script = f"import toolkit; ws = toolkit.connect({server.url!r}); print(ws.ids())"
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", script],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert (done.returncode, done.stdout.strip()) == (0, "[]")
    assert done.stderr == ""


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="this system has no such signal")
def test_a_wait_is_interrupted_at_once():
    server, ws = connected(lambda c: server.ended.wait(20))
    with server, ws:
        stop = partial(signal.pthread_kill, threading.main_thread().ident, signal.SIGINT)
        threading.Timer(0.3, stop).start()
        start = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            ws.ids()
        assert time.monotonic() - start < 10


def test_a_watch_never_raises():
    server, ws = connected(fault("UNAUTHORIZED", status="401 No"))
    with server, ws, ws.changes() as watch:
        assert watch.wait(0.2)


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="this system has no unix sockets")
def test_a_unix_socket(tmp_path):
    place = str(tmp_path / "desk.sock")
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(place)
    listening.listen()

    def serve():
        connection, _ = listening.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(reply(HELLO))

    thread = threading.Thread(target=serve)
    thread.start()
    with toolkit.connect(f"http+unix://{place}", key=KEY) as ws:
        assert ws.owner == "ann"
        assert ws.place == f"http+unix://{place}"
    thread.join()
    listening.close()
