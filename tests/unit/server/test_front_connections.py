"""Connections that dawdle, one by one, on a server in this process."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager

import uvicorn
from uvicorn.server import ServerState

from toolkit.server import connections
from toolkit.server.connections import Patient

HEAD = b"HTTP/1.1\r\nHost: localhost\r\n"


async def application(scope, receive, send):
    """/endless answers for ever, anything else at once and without reading the body."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    while scope["path"] == "/endless":
        await send({"type": "http.response.body", "body": b"x" * 65_536, "more_body": True})
        if scope["state"]["connections"]() == 0:
            return
        await asyncio.sleep(0)
    await send({"type": "http.response.body", "body": b"done"})


@asynccontextmanager
async def connected(*, head_seconds=30.0):
    """A reader and a writer to a server of one connection, and its open connections."""
    state = ServerState()
    config = uvicorn.Config(application, log_config=None, lifespan="off", ws="none")
    config.load()

    def accept() -> Patient:
        count = {"connections": lambda: len(state.connections)}
        return Patient(
            head_seconds=head_seconds, config=config, server_state=state, app_state=count
        )

    server = await asyncio.get_running_loop().create_server(accept, "127.0.0.1", 0)
    async with server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        yield reader, writer, state
        writer.close()
        for task in list(state.tasks):
            task.cancel()
        await asyncio.sleep(0)


async def until(condition, seconds=10.0):
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


def test_an_answer_that_nobody_takes_is_given_up(monkeypatch):
    monkeypatch.setattr(connections, "STALL", 0.1)

    async def dawdle():
        async with connected() as (_, writer, state):
            writer.write(b"GET /endless " + HEAD + b"\r\n")
            await until(lambda: state.connections)
            await until(lambda: not state.connections)

    asyncio.run(dawdle())


def test_an_answer_that_is_taken_slowly_goes_on(monkeypatch):
    monkeypatch.setattr(connections, "STALL", 0.8)

    async def sip():
        async with connected() as (reader, writer, state):
            writer.write(b"GET /endless " + HEAD + b"\r\n")
            # As much as the system's buffers hold within the time, again and again.
            for _ in range(25):
                await reader.readexactly(2_000_000)
                await asyncio.sleep(0.1)
            return len(state.connections)

    assert asyncio.run(sip()) == 1


def test_the_rest_of_a_body_that_was_not_wanted_is_read_but_not_for_ever(monkeypatch):
    monkeypatch.setattr(connections, "LEFTOVER_SECONDS", 0.3)

    async def send_on():
        async with connected() as (reader, writer, state):
            writer.write(b"POST / " + HEAD + b"Content-Length: 100000000\r\n\r\n")
            assert (await reader.readuntil(b"done")).startswith(b"HTTP/1.1 200")
            began = time.monotonic()
            while state.connections:
                assert time.monotonic() - began < 20
                writer.write(b"x" * 1000)
                await asyncio.sleep(0.01)
            return time.monotonic() - began

    assert asyncio.run(send_on()) > 0.2


def test_a_whole_body_that_was_not_wanted_leaves_the_connection_of_use():
    async def two():
        async with connected() as (reader, writer, _):
            for _ in range(2):
                writer.write(b"POST / " + HEAD + b"Content-Length: 300000\r\n\r\n" + b"x" * 300_000)
                await reader.readuntil(b"done")
            return True

    assert asyncio.run(two())


def test_who_waits_to_be_told_to_go_on_is_not_where_nobody_reads():
    async def ask():
        async with connected() as (reader, writer, _):
            expect = b"Content-Length: 9\r\nExpect: 100-continue\r\n\r\n"
            writer.write(b"POST / " + HEAD + expect)
            return await reader.readuntil(b"done")

    assert asyncio.run(ask()).startswith(b"HTTP/1.1 200")


def test_a_wish_for_another_protocol_is_passed_over(caplog):
    async def wish():
        async with connected() as (reader, writer, _):
            writer.write(b"GET / " + HEAD + b"Connection: upgrade\r\nUpgrade: websocket\r\n\r\n")
            return await reader.readuntil(b"done")

    assert asyncio.run(wish()).startswith(b"HTTP/1.1 200")
    assert caplog.records == []


def test_an_idle_connection_that_has_said_nothing_is_closed():
    async def idle():
        async with connected(head_seconds=0.1) as (reader, _, state):
            answer = await asyncio.wait_for(reader.read(), 10)
            await until(lambda: not state.connections)
            return answer

    assert asyncio.run(idle()).startswith(b"HTTP/1.1 408 ")
