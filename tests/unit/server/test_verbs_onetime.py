"""One-time results over real connections: one gets it, whole, and who breaks off may come again."""

from __future__ import annotations

import asyncio
import hashlib
import socket
import time

import httpx
import pytest
from verbs_room import done, opened, serving, serving_all

from toolkit.store import fetches, invariants

SMALL = b"only once"
# More than the kernel's buffers of both ends hold.
LARGE = hashlib.shake_256(b"seed").digest(24_000_000)


@pytest.fixture
def store(tmp_path):
    with opened(tmp_path) as store:
        yield store
        assert invariants.violations(store) == []


def claims(store):
    return store.read().execute("SELECT count(*) FROM fetches").fetchone()[0]


def settled(store):
    until = time.monotonic() + 20
    while claims(store):
        assert time.monotonic() < until, "the claim was never given back"
        time.sleep(0.01)


@pytest.mark.parametrize("content", [SMALL, LARGE, b""])
@pytest.mark.parametrize("asked", [{"one_time": True}, {"result_retain": 0.0}])
def test_it_is_fetched_once_and_gone(store, content, asked):
    made = done(store, content, **asked)
    with serving(store) as (address, _):
        assert httpx.head(f"{address}/{made}/result").status_code == 405
        answer = httpx.get(f"{address}/{made}/result", headers={"Range": "bytes=0-1"})
        assert (answer.status_code, answer.content) == (200, content)
        told = answer.headers
        assert (told["cache-control"], "etag" in told, "accept-ranges" in told) == (
            "no-store",
            False,
            False,
        )
        assert httpx.get(f"{address}/{made}/result").status_code == 410
    assert claims(store) == 0
    assert list((store.files / "blobs").glob("*/*")) == []


@pytest.mark.parametrize("content", [SMALL, LARGE[:3_000_000]])
def test_of_a_hundred_at_once_one_gets_it(store, content):
    made = done(store, content, one_time=True)

    async def main(address):
        async with httpx.AsyncClient(
            timeout=60, limits=httpx.Limits(max_connections=100)
        ) as client:
            answers = [client.get(f"{address}/{made}/result") for _ in range(100)]
            return await asyncio.gather(*answers)

    with serving(store) as (address, _):
        answers = asyncio.run(main(address))
    assert sorted({answer.status_code for answer in answers}) == [200, 410]
    [one] = [answer for answer in answers if answer.status_code == 200]
    assert one.content == content


def part_of(address, path, size):
    """Fetches the first *size* bytes of the answer, and breaks off."""
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as line:
        line.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
        got = 0
        while got < size:
            got += len(line.recv(65536))


@pytest.mark.parametrize("size", [1, 2_000_000])
def test_who_breaks_off_may_come_again(store, size):
    made = done(store, LARGE, one_time=True)
    with serving(store) as (address, _):
        for _ in range(3):
            part_of(address, f"/{made}/result", size)
            settled(store)
        answer = httpx.get(f"{address}/{made}/result", timeout=60)
        assert (answer.status_code, answer.content == LARGE) == (200, True)
        assert httpx.get(f"{address}/{made}/result").status_code == 410


def test_the_whole_application_notices_who_breaks_off(store):
    """Nothing between the socket and the result hides from it that the client has gone."""
    made = done(store, LARGE, one_time=True, owner="")
    path = f"/v1/jobs/{made}/result"
    with serving_all(store) as address:
        for size in (1, 2_000_000):
            part_of(address, path, size)
            settled(store)
        answer = httpx.get(f"{address}{path}", timeout=60)
        assert (answer.status_code, answer.content == LARGE) == (200, True)
        assert httpx.get(f"{address}{path}").status_code == 410


def test_while_one_fetches_nobody_else_does(store):
    made = done(store, LARGE, one_time=True)
    with serving(store) as (address, _):
        with httpx.stream("GET", f"{address}/{made}/result") as first:
            pieces = first.iter_raw(1000)
            got = next(pieces)
            assert httpx.get(f"{address}/{made}/result").status_code == 410
            assert got + b"".join(pieces) == LARGE
        assert httpx.get(f"{address}/{made}/result").status_code == 410


def test_a_claim_of_a_server_that_died_runs_out(store):
    made = done(store, SMALL, one_time=True)
    with store.write() as conn:
        fetches.claim(conn, job_id=made, now=time.time() - 59.0)
    with serving(store) as (address, _):
        assert httpx.get(f"{address}/{made}/result").status_code == 410
        time.sleep(1.1)
        assert httpx.get(f"{address}/{made}/result").content == SMALL


def test_a_slow_reader_keeps_its_claim(store, monkeypatch):
    from toolkit.server import onetime

    monkeypatch.setattr(onetime, "RENEW", 0.05)
    made = done(store, LARGE, one_time=True)
    with (
        serving(store) as (address, _),
        httpx.stream("GET", f"{address}/{made}/result") as first,
    ):
        pieces = first.iter_raw(1000)
        got = next(pieces)
        read = "SELECT lease_until FROM fetches"
        [before] = store.read().execute(read).fetchone()
        until = time.monotonic() + 10
        while store.read().execute(read).fetchone() == (before,):
            assert time.monotonic() < until
            time.sleep(0.02)
        assert got + b"".join(pieces) == LARGE


def test_one_whose_claim_was_lost_gets_nothing_whole(store, monkeypatch):
    """As after a machine has slept: the claim ran out, and somebody else has the result."""
    from toolkit.server import onetime

    monkeypatch.setattr(onetime, "RENEW", 0.0)
    made = done(store, LARGE, one_time=True)
    with serving(store) as (address, _):
        with httpx.stream("GET", f"{address}/{made}/result") as first:
            with store.write() as conn:
                conn.execute("UPDATE fetches SET claim = claim + 1")
            with pytest.raises(httpx.RemoteProtocolError):
                first.read()
        assert claims(store) == 1
        with store.write() as conn:
            conn.execute("UPDATE fetches SET lease_until = 0")
        assert httpx.get(f"{address}/{made}/result").content == LARGE


def test_a_reader_that_takes_nothing_is_given_up(store, monkeypatch):
    from toolkit.server import onetime

    monkeypatch.setattr(onetime, "STALL", 0.3)
    made = done(store, LARGE, one_time=True)
    with serving(store) as (address, _):
        with httpx.stream("GET", f"{address}/{made}/result") as first:
            settled(store)
            with pytest.raises(httpx.HTTPError):
                first.read()
        monkeypatch.setattr(onetime, "STALL", 60.0)
        assert httpx.get(f"{address}/{made}/result").content == LARGE
