"""Handing in: what becomes a job, what is refused, what is taken once."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

import toolkit
from toolkit.errors import InvalidInput, InvalidOption, UnknownTool
from toolkit.jobs import JobState
from toolkit.workspace.intake import CHUNK


def pdf(number):
    """Bytes that pass for a PDF at the door, another one for each number."""
    return b"%PDF-1.4 number " + str(number).encode()


def codes(batch):
    return {handle.filename: handle.job.error_code for handle in batch}


def test_every_input_is_a_job_in_its_order(ws):
    Path("b.pdf").write_bytes(pdf(1))
    Path("a.pdf").write_bytes(pdf(2))
    batch = ws.submit(["b.pdf", ("c.pdf", pdf(3)), "a.pdf"])
    assert [handle.filename for handle in batch] == ["b.pdf", "c.pdf", "a.pdf"]
    assert {handle.status for handle in batch} == {JobState.QUEUED}
    assert len(batch) == 3


def test_the_bytes_are_in_the_store_when_submit_returns(ws):
    Path("a.pdf").write_bytes(pdf(1))
    (handle,) = ws.submit("a.pdf")
    Path("a.pdf").unlink()
    stored = ws.store.files / "blobs" / handle.job.sha256[:2] / handle.job.sha256
    assert stored.read_bytes() == pdf(1)


def test_what_cannot_be_taken_is_a_failed_job_and_the_rest_goes_on(ws, monkeypatch):
    monkeypatch.setenv("PAGEQUEUE_MAX_FILE_BYTES", "100")
    Path("good.pdf").write_bytes(pdf(1))
    Path("empty.pdf").touch()
    Path("text.pdf").write_text("just words")
    Path("large.pdf").write_bytes(pdf(1) + b" " * 100)
    batch = ws.submit(["empty.pdf", "text.pdf", "nofile.pdf", "large.pdf", "good.pdf", "*.xyz"])
    assert codes(batch) == {
        "empty.pdf": "EMPTY_FILE",
        "text.pdf": "UNSUPPORTED_FILE_TYPE",
        "nofile.pdf": "UNREADABLE_PATH",
        "large.pdf": "FILE_TOO_LARGE",
        "good.pdf": None,
        "*.xyz": "UNREADABLE_PATH",
    }
    assert list(batch.failures()["error_code"]) == [
        "EMPTY_FILE",
        "UNSUPPORTED_FILE_TYPE",
        "UNREADABLE_PATH",
        "FILE_TOO_LARGE",
        "UNREADABLE_PATH",
    ]


def test_the_same_bytes_become_one_job(ws):
    Path("a.pdf").write_bytes(pdf(1))
    Path("copy.pdf").write_bytes(pdf(1))
    batch = ws.submit(["a.pdf", "copy.pdf", ("again.pdf", pdf(1)), "no.pdf", "no.pdf"])
    assert [handle.filename for handle in batch] == ["a.pdf", "no.pdf"]
    assert batch.duplicates == (("copy.pdf", "a.pdf"), ("again.pdf", "a.pdf"), ("no.pdf", "no.pdf"))
    assert "3 duplicates not taken twice" in repr(batch)
    # nothing of the second and third copy is left waiting for a job of its own
    assert batch.purge()["done"] == 2
    assert [path for path in (ws.store.files / "blobs").rglob("*") if path.is_file()] == []


def test_the_same_bytes_in_another_batch_are_another_job(ws):
    first, second = ws.submit(("a.pdf", pdf(1))), ws.submit(("a.pdf", pdf(1)))
    assert first[0].id != second[0].id
    assert second.duplicates == ()


def test_a_folder_says_what_it_left_out(ws):
    Path("docs").mkdir()
    Path("docs/a.pdf").write_bytes(pdf(1))
    Path("docs/notes.txt").write_text("x")
    batch = ws.submit("docs")
    assert [handle.filename for handle in batch] == ["a.pdf"]
    assert batch.left_out == 1
    assert "1 file of other types left out" in repr(batch)


def test_the_queue_itself_is_never_read_as_an_input(ws):
    Path("a.pdf").write_bytes(pdf(1))
    batch = ws.submit(["queue.db", "queue*"])
    assert {handle.job.error_code for handle in batch} == {"VALIDATION_ERROR"}
    # and a folder passes it over without a word
    assert [handle.filename for handle in ws.submit(".")] == ["a.pdf"]
    # the locks of this process still hold: a write goes through and is seen
    assert ws.cancel(ws.ids(status="queued")) == 1


def test_an_unknown_tool_is_named_with_the_nearest(ws):
    with pytest.raises(UnknownTool, match="did you mean 'parse'"):
        ws.submit("a.pdf", tool="prase")
    assert ws.batches() == []


def test_an_unknown_option_is_named_with_the_nearest(ws):
    with pytest.raises(InvalidOption, match="did you mean 'pages'"):
        ws.submit("a.pdf", options={"page": "1"})
    with pytest.raises(InvalidOption, match="limit"):
        ws.submit("a.pdf", limits={"memroy": 5})
    assert ws.batches() == []


@pytest.mark.parametrize("priority", [1.5, True, "high", 10**9])
def test_a_priority_is_a_whole_number(ws, priority):
    with pytest.raises(InvalidInput, match="priority"):
        ws.submit("a.pdf", priority=priority)


def test_options_and_priority_arrive(ws):
    batch = ws.submit(
        ("a.pdf", pdf(1)), options={"pages": "1-2"}, priority=7, limits={"memory": 1e9}
    )
    job = batch[0].job
    assert (job.options["pages"], job.priority, job.limits) == ("1-2", 7, {"memory": 1e9})


def test_a_password_is_in_no_place_that_a_person_reads(ws):
    batch = ws.submit(("a.pdf", pdf(1)), password="sesame-open")
    job = batch[0].job
    assert "sesame-open" not in repr(job) + str(job.options)
    assert "sesame-open" not in batch.jobs().to_csv()


def test_a_password_may_stand_among_the_options(ws):
    (handle,) = ws.submit(("a.pdf", pdf(1)), options={"password": "sesame-open"})
    assert "password" not in handle.job.options


def test_nothing_is_an_empty_batch(ws):
    batch = ws.submit([])
    assert len(batch) == 0
    assert batch.wait(timeout=1).done
    assert batch.blocks().empty
    assert "no jobs" in repr(batch)


def test_more_than_a_chunk(ws):
    batch = ws.submit([(f"{n}.pdf", pdf(n)) for n in range(CHUNK * 2 + 5)])
    assert [handle.filename for handle in batch][-1] == f"{CHUNK * 2 + 4}.pdf"
    assert batch.counts()["queued"] == CHUNK * 2 + 5


def test_a_name_that_is_no_text_can_be_stored(ws):
    batch = ws.submit([("half\udcff.pdf", pdf(1)), ("line\nbreak\x1b[31m.pdf", pdf(2))])
    assert batch[0].filename == "half?.pdf"
    assert "\x1b" not in repr(batch[1])
    assert "\x1b" not in batch[1]._repr_html_()


def test_several_threads_hand_in_at_once(ws):
    batches = []

    def hand_in(start):
        batches.append(ws.submit([(f"{n}.pdf", pdf(n)) for n in range(start, start + 20)]))

    threads = [threading.Thread(target=hand_in, args=(n * 100,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(len(batch) for batch in batches) == 80
    assert ws.counts()[JobState.QUEUED] == 80


def test_a_file_that_only_looks_starts_no_runner(ws):
    ws.submit(("a.pdf", pdf(1)))
    assert ws.glance().runners == 0
    assert "no runner" in repr(ws.batch())


def test_open_can_refuse_to_make_a_file(tmp_path):
    with pytest.raises(toolkit.errors.UnreadablePath):
        toolkit.open(tmp_path / "none.db", create=False)
    assert not (tmp_path / "none.db").exists()
