"""Handing in, looking, listing, cancelling and purging over HTTP, without the HTTP."""

from __future__ import annotations

import asyncio
import hashlib
import time

import msgspec
import pytest
from made import block, document
from verbs_room import ANN, BOB, PDF, SETTINGS, claim, done, finish, job, opened, sent

from toolkit.dialects.exchange import Cancel, Query, Wanted
from toolkit.document import wire
from toolkit.document.blocks import Paragraph
from toolkit.errors import (
    AddressRefused,
    EmptyFile,
    IdempotencyConflict,
    IllegalMove,
    InvalidInput,
    InvalidOption,
    JobNotFound,
    ResultGone,
    TokenRefused,
    UnknownTool,
    UnsupportedFileType,
)
from toolkit.jobs import JobState
from toolkit.server.calls import Caller
from toolkit.server.verbs import Verbs
from toolkit.store import erasures, invariants, jobs, tools

DOCUMENT = wire.encode(document([block(Paragraph, text="Hello")]))


@pytest.fixture
def store(tmp_path):
    with opened(tmp_path) as store:
        yield store
        assert invariants.violations(store) == []
        assert list((store.files / "drafts").glob("*")) == []


@pytest.fixture
def run(store):
    """Runs what is given the verbs, and gives what it returns."""

    def run(act):
        async def main():
            async with Verbs(store, SETTINGS, work=False) as verbs:
                return await act(verbs)

        return asyncio.run(main())

    return run


def test_a_submission_becomes_a_job(store, run):
    wanted = Wanted(
        options={"pages": "1-2"}, presentation={"style": "plain"}, retain=60.0, filename="b.pdf"
    )
    view = run(lambda verbs: verbs.submit(ANN, wanted, sent(store)))
    made = view.job
    assert (made.owner, made.filename, made.status) == ("ann", "b.pdf", JobState.QUEUED)
    assert (made.retain, made.result_retain, made.sha256) == (
        60.0,
        86_400.0,
        hashlib.sha256(PDF).hexdigest(),
    )
    shown = {"style": "plain", "table_format": "auto"}
    assert (view.position, view.presentation, view.document) == (1, shown, None)
    assert view.seconds > view.wait >= 0
    assert jobs.source_of(store, made).read_bytes() == PDF
    assert jobs.holds_token(store.read(), made.id, view.token)


@pytest.mark.parametrize(
    ("wanted", "file", "error"),
    [
        (Wanted(), None, InvalidInput),
        (Wanted(tool="pars"), None, UnknownTool),
        (Wanted(options={"ocrr": "auto"}), {}, InvalidOption),
        (Wanted(options={"pages": "x"}), {}, InvalidOption),
        (Wanted(), {"content": b"just text", "media_type": "text/plain"}, UnsupportedFileType),
        (Wanted(), {"content": b""}, EmptyFile),
        (Wanted(url="https://example.com/a.pdf"), {}, InvalidInput),
        (Wanted(url="ftp://example.com/a.pdf"), None, AddressRefused),
        (Wanted(url="file:///etc/passwd"), None, AddressRefused),
        (Wanted(url="https://exa mple.com/\r\nHost: x"), None, AddressRefused),
        (Wanted(url="https://[::1/a.pdf"), None, AddressRefused),
        (Wanted(url="https:///a.pdf"), None, AddressRefused),
        (Wanted(callback_url="http://example.com/hook"), {}, AddressRefused),
        (Wanted(callback_url="https://127.0.0.1/hook"), {}, AddressRefused),
        (Wanted(idempotency_key="k" * 256), {}, InvalidInput),
        (Wanted(reuse="job_0000000000000000"), None, JobNotFound),
        (Wanted(reuse="../../etc"), None, JobNotFound),
    ],
)
def test_what_cannot_be_done_makes_no_job(store, run, wanted, file, error):
    received = None if file is None else sent(store, **file)
    with pytest.raises(error):
        run(lambda verbs: verbs.submit(ANN, wanted, received))
    if received is not None:
        received.discard()
    assert jobs.jobs(store.read()) == []


def test_a_tool_that_is_drained_takes_no_file_in(store, run):
    with store.write() as conn:
        tools.drain(conn, name="parrot")
    received = sent(store)
    with pytest.raises(InvalidInput, match="drained"):
        run(lambda verbs: verbs.submit(ANN, Wanted(tool="parrot"), received))
    received.discard()
    assert list((store.files / "blobs").glob("*/*")) == []


def test_an_address_is_kept_for_the_runner(store, run):
    url = "https://ann:secret@example.com/a.pdf?sig=1"
    view = run(lambda verbs: verbs.submit(ANN, Wanted(url=url), None))
    assert view.job.url == url
    assert "secret" not in (view.job.origin or "")


def test_the_same_key_gives_the_same_job_and_another_submission_a_conflict(store, run):
    async def act(verbs):
        wanted = Wanted(tool="parrot", idempotency_key="k1")
        both = [verbs.submit(ANN, wanted, sent(store, name=f"{n}.pdf")) for n in "aa"]
        first, again = await asyncio.gather(*both)
        assert first.job.id == again.job.id
        assert first.token != again.token
        other = await verbs.submit(BOB, wanted, sent(store))
        assert other.job.id != first.job.id
        received = sent(store, b"other")
        with pytest.raises(IdempotencyConflict):
            await verbs.submit(ANN, wanted, received)
        received.discard()
        return [first.token, again.token], first.job.id

    received = sent(store)
    tokens, made = run(act)
    received.discard()
    assert all(jobs.holds_token(store.read(), made, token) for token in tokens)
    assert len(list((store.files / "blobs").glob("*/*"))) == 1


def test_an_earlier_jobs_file_is_used_again(store, run):
    async def act(verbs):
        first = await verbs.submit(ANN, Wanted(tool="parrot"), sent(store))
        for name in (first.job.id, first.job.document_id):
            again = await verbs.submit(ANN, Wanted(tool="parrot", reuse=name), None)
            assert (again.job.sha256, again.job.filename) == (first.job.sha256, "a.pdf")
        with pytest.raises(JobNotFound):
            await verbs.submit(BOB, Wanted(tool="parrot", reuse=first.job.id), None)
        bare = await verbs.submit(ANN, Wanted(tool="parrot"), None)
        with pytest.raises(InvalidInput, match="had no file"):
            await verbs.submit(ANN, Wanted(tool="parrot", reuse=bare.job.id), None)
        await verbs.purge(ANN, first.job.id)
        with pytest.raises(ResultGone, match="not kept"):
            await verbs.submit(ANN, Wanted(tool="parrot", reuse=first.job.id), None)

    run(act)


def test_waiting_ends_with_the_job_or_with_patience(store, run):
    async def act(verbs):
        began = time.monotonic()
        view = await verbs.submit(ANN, Wanted(tool="parrot", wait=0.2), None)
        assert (view.job.status, time.monotonic() - began >= 0.2) == (JobState.QUEUED, True)
        waiting = asyncio.create_task(verbs.look(ANN, view.job.id, Query(wait=20.0), document=True))
        await asyncio.sleep(0.1)
        assert not waiting.done()
        await asyncio.to_thread(finish, store, DOCUMENT, wire.MEDIA_TYPE)
        view = await asyncio.wait_for(waiting, 5)
        assert (view.job.status, view.document) == (JobState.COMPLETED, DOCUMENT)

    run(act)


def test_a_shutdown_answers_who_waits(store, run):
    async def act(verbs):
        made = job(store)
        waiting = asyncio.create_task(verbs.look(ANN, made, Query(wait=30.0), document=True))
        await asyncio.sleep(0.1)
        verbs.end_waits()
        view = await asyncio.wait_for(waiting, 2)
        assert view.job.status is JobState.QUEUED
        began = time.monotonic()
        await verbs.look(ANN, made, Query(wait=30.0), document=True)
        assert time.monotonic() - began < 2
        assert verbs.ready() != []

    run(act)


def test_a_job_that_is_claimed_while_it_is_looked_at_stood_first(store, run):
    made = job(store)
    waiting = jobs.job(store.read(), made)
    claim(store)

    async def act(verbs):
        view = await verbs.views.view(waiting, document=False)
        assert (view.job.status, view.position) == (JobState.QUEUED, 1)

    run(act)


def test_what_is_shown_of_a_result(store, run):
    text = done(store, b"plain", "text/plain")
    json = done(store, b'{"a": 1}', "application/json")
    doc = done(store, DOCUMENT, wire.MEDIA_TYPE)
    large = done(store, msgspec.json.encode(["x" * 2_000_000]), "application/json")
    once = done(store, DOCUMENT, wire.MEDIA_TYPE, one_time=True)

    async def act(verbs):
        for _ in range(2):
            seen = {
                made: await verbs.look(ANN, made, Query(), document=True)
                for made in (text, json, doc, large, once)
            }
            told = {made: (view.document, view.result) for made, view in seen.items()}
            assert told == {
                text: (None, None),
                json: (None, b'{"a": 1}'),
                doc: (DOCUMENT, None),
                large: (None, None),
                once: (None, None),
            }
            assert seen[text].result_media_type == "text/plain"
            assert seen[doc].result_size == len(DOCUMENT)
            assert (seen[doc].seconds, seen[doc].position) == (0.0, 0)
        bare = await verbs.look(ANN, doc, Query(), document=False)
        assert bare.document is None
        await verbs.purge(ANN, doc)
        gone = await verbs.look(ANN, doc, Query(), document=True)
        assert (gone.document, gone.job.purged, gone.result_size) == (None, True, None)

    run(act)


def test_a_result_is_gone_when_its_time_is_over_swept_or_not(store, run):
    made = done(store, DOCUMENT, wire.MEDIA_TYPE, result_retain=0.05)
    time.sleep(0.06)

    async def act(verbs):
        view = await verbs.look(ANN, made, Query(), document=True)
        assert (view.document, view.job.has_result, view.job.result_gone) == (None, False, True)

    run(act)


def test_what_is_not_retained_goes_when_it_was_told(store, run):
    made = done(store, DOCUMENT, wire.MEDIA_TYPE, result_retain=0.0)
    kept = done(store, DOCUMENT, wire.MEDIA_TYPE)

    async def act(verbs):
        erasures.expire(store, now=time.time() + 5)
        for one in (made, kept):
            view = await verbs.look(ANN, one, Query(), document=True)
            assert view.document == DOCUMENT
        await verbs.delivered(await verbs.look(ANN, made, Query(), document=True))
        assert (await verbs.look(ANN, made, Query(), document=True)).document is None
        assert (await verbs.look(ANN, kept, Query(), document=True)).document == DOCUMENT

    run(act)


def test_another_owners_job_is_not_found_in_the_same_words(store, run):
    made = done(store, DOCUMENT, wire.MEDIA_TYPE)

    async def act(verbs):
        verbs_of_one = [
            lambda who, one: verbs.look(who, one, Query(), document=True),
            lambda who, one: verbs.cancel(who, one, Cancel()),
            lambda who, one: verbs.purge(who, one),
            lambda who, one: verbs.result(who, one, None, octets=False),
            lambda who, one: verbs.events(who, one, None),
            lambda who, one: verbs.page_image(who, one, 1, None),
            lambda who, one: verbs.block_image(who, one, "b", None),
        ]
        for verb in verbs_of_one:
            said = []
            for who, one in ((BOB, made), (ANN, "job_ffffffffffffffff"), (ANN, "é\ud800" * 99)):
                with pytest.raises(JobNotFound) as caught:
                    await verb(who, one)
                said.append(str(caught.value).replace(one, "…"))
            assert said[0] == said[1]

    run(act)


def test_tokens_open_their_own_job(store, run):
    async def act(verbs):
        view = await verbs.submit(ANN, Wanted(tool="parrot"), None)
        caller = await verbs.by_token(view.job.id, view.token)
        assert caller.owner == "ann"
        assert caller.may("jobs:read")
        for wrong in ("", "x" * 43, view.token[:-1]):
            with pytest.raises(TokenRefused):
                await verbs.by_token(view.job.id, wrong)
        with pytest.raises(JobNotFound):
            await verbs.by_token("job_ffffffffffffffff", view.token)

    run(act)


def test_cancelling(store, run):
    running, waiting = job(store), job(store)
    assert claim(store).id == running

    async def act(verbs):
        view, now = await verbs.cancel(ANN, running, Cancel(only_waiting=True))
        assert (view.job.status, now) == (JobState.PROCESSING, False)
        view, now = await verbs.cancel(ANN, waiting, Cancel(only_waiting=True))
        assert (view.job.status, now) == (JobState.QUEUED, True)
        view, now = await verbs.cancel(ANN, running, Cancel())
        assert (view.job.status, now) == (JobState.PROCESSING, True)
        for one in (running, waiting):
            with pytest.raises(IllegalMove) as caught:
                await verbs.cancel(ANN, one, Cancel())
            assert caught.value.state == "cancelled"

    run(act)


def test_lists_go_on_where_they_stopped(store, run):
    made = [job(store) for _ in range(5)]
    job(store, owner="bob")

    async def act(verbs):
        seen, cursor = [], None
        for size in (2, 2, 1):
            page = await verbs.list(ANN, Query(limit=2, cursor=cursor))
            assert (len(page.views), page.total) == (size, 5)
            seen += [view.job.id for view in page.views]
            cursor = page.cursor
        assert (seen, cursor) == (made[::-1], None)
        page = await verbs.list(ANN, Query(limit=2, offset=3))
        assert [view.job.id for view in page.views] == [made[1], made[0]]
        assert [view.position for view in page.views] == [2, 1]
        # Each takes 2 s, and the second waits for the first.
        assert [(view.wait, view.seconds) for view in page.views] == [(2.0, 4.0), (0.0, 2.0)]
        cursor = (await verbs.list(ANN, Query(limit=2))).cursor
        for wrong in ("x", "é", "A" * 22, cursor[:-1], cursor + "AAAA"):
            with pytest.raises(InvalidInput, match="cursor"):
                await verbs.list(ANN, Query(cursor=wrong))
        with pytest.raises(InvalidInput, match="cursor"):
            await verbs.list(BOB, Query(cursor=cursor))
        with pytest.raises(InvalidInput, match="cursor"):
            await verbs.list(ANN, Query(cursor=cursor, tool="parrot"))

    run(act)


def test_lists_are_filtered(store, run):
    ended, running, waiting = done(store, b"x"), job(store), job(store)
    assert claim(store).id == running

    async def act(verbs):
        async def ids(query):
            return {view.job.id for view in (await verbs.list(ANN, query)).views}

        assert await ids(Query(status="completed")) == {ended}
        assert await ids(Query(status=("queued", "retrying"))) == {waiting}
        assert await ids(Query(tool="parse")) == set()
        mine = await verbs.mine(ANN)
        assert {view.job.id for view in mine.views} == {running, waiting}
        assert (await verbs.mine(BOB)).views == ()

    run(act)


def test_what_there_is_and_what_was_used(store, run):
    done(store, b"x")

    async def act(verbs):
        assert {"parrot", "parse"} <= {row.tool for row in await verbs.stats(ANN)}
        assert {"parrot", "parse"} <= {one.name for one in await verbs.tools(ANN)}
        used = await verbs.usage(ANN, None)
        assert [(row.owner, row.tool, row.jobs, row.pages) for row in used.rows] == [
            ("ann", "parrot", 1, 1)
        ]
        assert used.pages_this_month == 1
        assert (await verbs.usage(BOB, None)).rows == []
        everybody = Caller(owner="root", scopes=frozenset({"admin"}))
        assert len((await verbs.usage(everybody, None)).rows) == 1
        with pytest.raises(InvalidInput):
            await verbs.usage(ANN, "2026-13")

    run(act)
