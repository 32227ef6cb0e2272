"""How the work is watched, waited for, and stopped."""

import asyncio

import pytest

import toolkit


def test_wait(ws, documents):
    batch = ws.submit(documents).wait(timeout=120)
    assert batch.done
    assert batch.counts()["completed"] == len(batch)


def test_await(ws, documents):
    async def reading():
        return await ws.submit(documents)

    assert asyncio.run(reading()).done


def test_each_job_as_it_ends(ws, documents):
    names = [job.filename for job in ws.submit(documents).as_completed(timeout=120)]
    assert sorted(names) == sorted(path.name for path in documents.iterdir())


def test_a_wait_that_ends_early_stops_nothing(ws, documents):
    batch = ws.submit(documents)
    with pytest.raises(toolkit.StillRunning):
        batch.wait(timeout=0)
    assert batch.wait(timeout=120).done


def test_cancel_and_retry(tmp_path, documents):
    with toolkit.open(tmp_path / "quiet.db", work=False) as ws:  # nobody works: all wait
        batch = ws.submit(f"{documents}/invoice_*.pdf")
        assert batch.cancel() == 3
        assert batch.counts()["cancelled"] == 3
        assert batch.retry() == 3
        assert batch.counts()["queued"] == 3


def test_what_was_read_before_is_known(ws, documents):
    ws.submit(documents).wait(timeout=120)
    again = ws.submit(documents)
    assert again.done
    assert again.jobs()["cache_hit"].all()


def test_the_file_remembers(tmp_path, documents):
    with toolkit.open(tmp_path / "later.db", work=False) as ws:
        ws.submit(f"{documents}/invoice_*.pdf", name="march")
    # another day, another process
    with toolkit.open(tmp_path / "later.db") as ws:
        batch = ws.batch("march").wait(timeout=120)
        assert batch.counts()["completed"] == 3


def test_purge_leaves_no_content(ws, documents):
    batch = ws.submit(documents / "paper.pdf").wait(timeout=120)
    batch.purge()
    assert batch.blocks().empty
    with pytest.raises(toolkit.ResultGone):
        batch[0].document()


def test_a_tool_of_your_own(ws):
    @toolkit.tool("shout", local=True)
    def shout(task: toolkit.Task) -> bytes:
        return task.source.read_bytes().upper()

    batch = ws.submit(("note.txt", b"hear, hear"), tool="shout").wait(timeout=120)
    assert batch[0].result() == b"HEAR, HEAR"
