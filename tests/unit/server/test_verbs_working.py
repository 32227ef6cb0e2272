"""The verbs with a runner of their own: a file goes in, and its document comes out."""

from __future__ import annotations

import asyncio
import time

import msgspec
import psutil
import pytest
from verbs_room import ANN, SETTINGS, sent

from toolkit import samples
from toolkit.dialects.exchange import Query, Wanted
from toolkit.jobs import JobState
from toolkit.server.verbs import Verbs
from toolkit.store.store import Store


@pytest.fixture
def store(tmp_path, monkeypatch):
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("PAGEQUEUE_LINGER", "0.2")
    with Store.open(tmp_path / "queue.db") as store:
        yield store
    until = time.monotonic() + 20
    while any(
        str(tmp_path) in " ".join(one.info["cmdline"] or ())
        for one in psutil.process_iter(["cmdline"])
    ):
        assert time.monotonic() < until, "a runner is left"
        time.sleep(0.05)


def test_a_file_becomes_a_document_and_then_an_answer_at_once(store, tmp_path):
    samples.write(tmp_path / "made")
    content = (tmp_path / "made" / "invoice_401.pdf").read_bytes()

    async def main():
        async with Verbs(store, SETTINGS, work=True) as verbs:
            wanted = Wanted(wait=60.0)
            first = await verbs.submit(ANN, wanted, sent(store, content))
            assert first.job.status is JobState.COMPLETED, first.job
            again = await verbs.submit(ANN, wanted, sent(store, content))
            assert (again.job.cache_hit, again.document) == (True, first.document)
            failing = await verbs.submit(ANN, wanted, sent(store, b"%PDF-1.7 nothing"))
            assert failing.job.status is JobState.FAILED
            looked = await verbs.look(ANN, first.job.id, Query(), document=True)
            assert looked.document == first.document
            return first

    view = asyncio.run(main())
    told = msgspec.json.decode(view.document)
    assert told["source"]["filename"] == "a.pdf"
    assert "401" in str(told["pages"])
