"""The whole application: what an answer tells of the work it shows, and what goes with it."""

from __future__ import annotations

import asyncio
import io
import time
from contextlib import asynccontextmanager

import httpx
import pytest
from made import block, document
from verbs_room import SETTINGS, done, finish, job, opened

from toolkit.document import wire
from toolkit.document.blocks import Paragraph
from toolkit.server.app import create_app
from toolkit.server.logs import logger
from toolkit.store import keys

DOCUMENT = wire.encode(document([block(Paragraph, text="Hello")]))
PAGES = "x-usage-pages-this-month"


@pytest.fixture
def store(tmp_path):
    with opened(tmp_path) as store:
        yield store


class Front:
    """The whole application, asked with a key of Ann's."""

    def __init__(self, store, **limits) -> None:
        with store.write() as conn:
            self.secret = keys.create(conn, owner="ann", now=time.time(), **limits).secret
        log = logger(as_json=True, stream=io.StringIO())
        self.app = create_app(store, settings=SETTINGS, work=False, log=log)

    @asynccontextmanager
    async def client(self):
        shown = {"Authorization": f"Bearer {self.secret}"}
        async with (
            self.app.router.lifespan_context(self.app),
            httpx.AsyncClient(
                transport=httpx.ASGITransport(self.app), base_url="http://a", headers=shown
            ) as client,
        ):
            yield client

    async def broken_off(self, path: str) -> int:
        """The status of an answer whose client left while it was written."""
        statuses = []
        asked = [{"type": "http.request", "body": b"", "more_body": False}]

        async def receive():
            return asked.pop() if asked else {"type": "http.disconnect"}

        async def send(message):
            if message["type"] == "http.response.start":
                statuses.append(message["status"])

        scope = {
            "type": "http",
            "method": "GET",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [(b"authorization", f"Bearer {self.secret}".encode()), (b"host", b"a")],
        }
        await self.app(scope, receive, send)
        return statuses[0]


def test_the_pages_told_are_those_after_the_work_that_is_shown(store):
    front, made = Front(store), job(store)

    async def ask():
        async with front.client() as client:
            before = await client.get(f"/v1/jobs/{made}")
            await asyncio.to_thread(finish, store, DOCUMENT, wire.MEDIA_TYPE)
            return before, await client.get(f"/v1/jobs/{made}"), await client.get("/v1/jobs")

    before, after, listed = asyncio.run(ask())
    told = [answer.headers[PAGES] for answer in (before, after, listed)]
    assert (after.json()["status"], told) == ("completed", ["0", "1", "1"])


def test_a_waiting_answer_tells_the_pages_of_the_job_that_it_waited_for(store):
    front, made = Front(store), job(store)

    async def ask():
        async with front.client() as client:
            held = asyncio.create_task(
                client.get(f"/v1/jobs/{made}", headers={"Prefer": "wait=20"})
            )
            await asyncio.sleep(0.2)
            await asyncio.to_thread(finish, store, DOCUMENT, wire.MEDIA_TYPE)
            return await held

    answer = asyncio.run(ask())
    assert (answer.json()["status"], answer.headers[PAGES]) == ("completed", "1")


def test_a_job_that_used_up_the_pages_is_found_again_by_its_idempotency_key(store):
    front = Front(store, pages_per_month=1)

    async def ask():
        async with front.client() as client:

            async def hand_in(key):
                asked = {"type": "parrot", "options": {}}
                answer = await client.post("/v1/jobs", json=asked, headers={"Idempotency-Key": key})
                return answer.status_code, answer.json().get("job_id")

            first = await hand_in("a")
            await asyncio.to_thread(finish, store, b"x")
            return first, await hand_in("a"), await hand_in("b")

    (taken, made), again, other = asyncio.run(ask())
    assert (taken, again, other) == (202, (200, made), (402, None))


def test_what_is_not_retained_stays_for_who_comes_after_one_that_left(store):
    front = Front(store)
    made = done(store, DOCUMENT, wire.MEDIA_TYPE, result_retain=0.0)

    async def ask():
        async with front.client() as client:
            assert await front.broken_off(f"/v1/jobs/{made}") == 200
            return [(await client.get(f"/v1/jobs/{made}")).json()["document"] for _ in range(2)]

    first, second = asyncio.run(ask())
    assert first["pages"][0]["blocks"][0]["text"] == "Hello"
    assert second is None


def test_what_is_not_retained_does_not_go_with_an_answer_that_does_not_hold_it(store):
    front = Front(store)
    made = done(store, b'{"found": 1}', "application/json", result_retain=0.0)

    async def ask():
        async with front.client() as client:
            looked = await client.get(f"/v1/jobs/{made}")
            assert (looked.json()["document"], looked.json()["status"]) == (None, "completed")
            listed = (await client.get(f"/api/jobs/{made}")).json()["result"]
            return listed, (await client.get(f"/v1/jobs/{made}/result")).status_code

    assert asyncio.run(ask()) == ({"found": 1}, 410)


def test_an_empty_token_is_a_wrong_one(store):
    front, made = Front(store), job(store)

    async def ask():
        async with front.client() as client:
            asked = [f"/api/queue?jobId={one}&jobToken=" for one in (made, "nobody's")]
            return [(await client.get(path)).status_code for path in asked]

    assert asyncio.run(ask()) == [403, 404]
