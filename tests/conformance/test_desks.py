"""One suite for every desk: a workspace in a file, and a client of a server far away."""

from __future__ import annotations

import asyncio
import io
import threading
import time
from pathlib import Path

import pandas as pd
import pytest
from desk_served import Served

import toolkit
from toolkit import samples
from toolkit.dialects.desk_wire import VERBS, Entry, Terms
from toolkit.document import Accept, CorrectText
from toolkit.document.reviews import Review
from toolkit.errors import (
    DamagedFile,
    IllegalMove,
    InvalidInput,
    InvalidOption,
    JobNotFound,
    KeyRefused,
    PageUnreadable,
    QuotaExceeded,
    ResultGone,
    ResultNotReady,
    ScopeMissing,
    StillRunning,
    UnknownTool,
)
from toolkit.jobs import JobState
from toolkit.server.owned import OwnedDesk
from toolkit.widgets.board import Board

NOTES = [(f"{n}.txt", b"note %d" % n) for n in range(4)]


def pdf(number):
    """Bytes that pass for a PDF at the door, another one for each number."""
    return b"%PDF-1.4 number " + str(number).encode()


@pytest.fixture(scope="module", autouse=True)
def tools():
    @toolkit.tool("echo", local=True)
    def echo(task):
        return task.source.read_bytes().upper()

    @toolkit.tool("slowly", local=True, cacheable=False)
    def slowly(task):
        import time

        time.sleep(30)


@pytest.fixture(scope="module")
def calm():
    """Runners that stay a moment: each start costs a second."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PAGEQUEUE_LINGER", "4")
        patch.setenv("PAGEQUEUE_SLOTS", "2")
        yield


@pytest.fixture(scope="module")
def quiet(tools, calm, tmp_path_factory):
    """A server that starts no runner."""
    served = Served(tmp_path_factory.mktemp("quiet") / "served.db", work=False)
    yield served
    served.stop()


@pytest.fixture(scope="module")
def busy(tools, calm, tmp_path_factory):
    """A server whose jobs are worked on."""
    served = Served(tmp_path_factory.mktemp("busy") / "served.db", work=True)
    yield served
    served.stop()


@pytest.fixture(scope="module", params=["near", "far"])
def where(request):
    return request.param


@pytest.fixture
def ws(where, quiet, tmp_path, monkeypatch):
    """A desk without a runner; the test's folder is the current one."""
    monkeypatch.chdir(tmp_path)
    with toolkit.open("queue.db", work=False) if where == "near" else quiet.connect() as desk:
        yield desk


@pytest.fixture
def working(where, busy, calm, tmp_path, monkeypatch):
    """A desk whose jobs are worked on."""
    monkeypatch.chdir(tmp_path)
    with toolkit.open("queue.db") if where == "near" else busy.connect() as desk:
        yield desk
        desk.cancel(desk.ids(status=["queued", "processing", "retrying"]))


@pytest.fixture(scope="module")
def documents(tmp_path_factory):
    folder = tmp_path_factory.mktemp("documents")
    samples.write(folder, only=("invoice", "paper"))
    return folder


@pytest.fixture(scope="module")
def read(where, busy, calm, documents, tmp_path_factory):
    """A batch of documents that was read. Nothing of it is changed."""
    place = tmp_path_factory.mktemp("read") / "queue.db"
    with toolkit.open(place) if where == "near" else busy.connect() as desk:
        yield desk.submit(documents, name="read").wait(timeout=120)


@pytest.fixture(scope="module")
def truth(documents, calm, tmp_path_factory):
    """The same documents, read near by."""
    with toolkit.open(tmp_path_factory.mktemp("truth") / "queue.db") as desk:
        yield desk.submit(documents).wait(timeout=120)


def states(batch):
    return [str(handle.status) for handle in batch]


# --- handing in -----------------------------------------------------------------------------------


def test_every_input_is_a_job_in_its_order(ws):
    Path("b.pdf").write_bytes(pdf(1))
    Path("a.pdf").write_bytes(pdf(2))
    table = pd.DataFrame({"path": [Path("a.pdf")]})
    Path("d.pdf").write_bytes(pdf(4))
    with Path("d.pdf").open("rb") as file:
        batch = ws.submit(["b.pdf", ("c.pdf", pdf(3)), "https://x.org/e.pdf", table["path"], file])
    assert [handle.filename for handle in batch] == ["b.pdf", "c.pdf", "e.pdf", "a.pdf", "d.pdf"]
    assert states(batch) == ["queued"] * 5
    assert [handle.job.origin for handle in batch][:2] == ["b.pdf", "c.pdf"]


def test_a_folder_says_what_it_left_out(ws):
    Path("docs/inner").mkdir(parents=True)
    Path("docs/inner/a.pdf").write_bytes(pdf(1))
    Path("docs/notes.txt").write_text("x")
    batch = ws.submit("docs")
    assert [handle.filename for handle in batch] == ["a.pdf"]
    assert batch.left_out == 1
    assert "1 file of other types left out" in repr(batch)


def test_what_cannot_be_taken_is_a_failed_job_and_the_rest_goes_on(ws):
    Path("good.pdf").write_bytes(pdf(1))
    Path("empty.pdf").touch()
    Path("text.pdf").write_text("just words")
    batch = ws.submit(["empty.pdf", "text.pdf", "nofile.pdf", "good.pdf", "*.xyz", "ftp://x/y.pdf"])
    assert {handle.filename: handle.job.error_code for handle in batch} == {
        "empty.pdf": "EMPTY_FILE",
        "text.pdf": "UNSUPPORTED_FILE_TYPE",
        "nofile.pdf": "UNREADABLE_PATH",
        "good.pdf": None,
        "*.xyz": "UNREADABLE_PATH",
        "y.pdf": "UNREADABLE_PATH",
    }
    assert [handle.filename for handle in batch][3] == "good.pdf"


def test_the_same_bytes_become_one_job(ws):
    Path("a.pdf").write_bytes(pdf(1))
    Path("copy.pdf").write_bytes(pdf(1))
    batch = ws.submit(["a.pdf", "copy.pdf", ("again.pdf", pdf(1)), "no.pdf", "no.pdf"])
    assert [handle.filename for handle in batch] == ["a.pdf", "no.pdf"]
    assert batch.duplicates == (("copy.pdf", "a.pdf"), ("again.pdf", "a.pdf"), ("no.pdf", "no.pdf"))
    assert batch.purge() == {"done": 2, "pending": 0}


def test_options_priority_and_limits_arrive(ws):
    batch = ws.submit(
        ("a.pdf", pdf(1)), options={"pages": "1-2"}, priority=7, limits={"memory": 1e9}
    )
    job = batch[0].job
    assert (job.options["pages"], job.priority, job.limits) == ("1-2", 7, {"memory": 1e9})


def test_a_password_is_in_no_place_that_a_person_reads(ws):
    batch = ws.submit(("a.pdf", pdf(1)), options={"password": "sesame-open"})
    again = ws.submit(("b.pdf", pdf(2)), password="sesame-open")
    for handle in (*batch, *again):
        assert "sesame-open" not in repr(handle.job) + str(handle.job.options)


def test_names_of_every_kind_arrive(ws):
    names = [
        "half\udcff.pdf",
        "line\nbreak\x1b[31m.pdf",
        'quo"te\\.pdf',
        "Übersicht 年.pdf",
        "x" * 300,
    ]
    batch = ws.submit([(name, pdf(n)) for n, name in enumerate(names)])
    assert batch[0].filename == "half?.pdf"
    assert [handle.filename for handle in batch][2:4] == ['quo"te\\.pdf', "Übersicht 年.pdf"]
    assert all("\x1b" not in repr(handle) for handle in batch)


def test_nothing_is_an_empty_batch(ws):
    batch = ws.submit([])
    assert len(batch) == 0
    assert batch.wait(timeout=5).done
    assert batch.blocks().empty
    assert "no jobs" in repr(batch)


def test_more_than_a_round_of_refusals_keeps_its_order(ws):
    names = [f"none {n}.pdf" for n in range(205)]
    batch = ws.submit(names)
    assert [handle.filename for handle in batch] == names
    assert set(states(batch)) == {"failed"}


def test_several_threads_hand_in_at_once(ws):
    batches = []

    def hand_in(start):
        batches.append(ws.submit([(f"{n}.pdf", pdf(n)) for n in range(start, start + 5)]))

    threads = [threading.Thread(target=hand_in, args=(n * 100,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(batch) for batch in batches] == [5] * 4
    assert ws.counts()[JobState.QUEUED] == 20


def test_a_job_without_an_input(ws):
    batch = ws.submit(None, tool="terrain", options={"resolution": 64})
    assert [(handle.filename, handle.job.sha256) for handle in batch] == [("", None)]
    assert ws.rehearse(None, tool="terrain").files == 1
    for inputs, tool in ((None, "parse"), ("a.pdf", "terrain")):
        with pytest.raises(InvalidInput, match="file"):
            ws.submit(inputs, tool=tool)
    assert len(ws.batches()) == 1


def test_an_archive_is_its_members(ws):
    import zipfile

    with zipfile.ZipFile("two.zip", "w") as archive:
        archive.writestr("a.pdf", pdf(1))
        archive.writestr("in/b.pdf", pdf(2))
    assert [handle.job.origin for handle in ws.submit("two.zip")] == [
        "two.zip!/a.pdf",
        "two.zip!/in/b.pdf",
    ]


def test_a_rehearsal_queues_nothing(ws):
    Path("a.pdf").write_bytes(pdf(1))
    seen = ws.rehearse(["a.pdf", ("b.pdf", pdf(1)), "no.pdf", "https://x.org/c.pdf"])
    assert seen.kinds == {"PDF": (1, len(pdf(1))), "address": (1, 0)}
    assert seen.duplicates == (("b.pdf", "a.pdf"),)
    assert [code for _, code, _ in seen.refused] == ["UNREADABLE_PATH"]
    assert ws.batches() == []


def test_an_address_is_shown_without_its_secrets(where, ws):
    (handle,) = ws.submit("https://x.org/a.pdf?signature=abc")
    assert "abc" not in repr(handle) + repr(handle.job) + ws.jobs().to_csv()
    if where == "far":
        assert "abc" not in str(handle.job.url)


# --- finding --------------------------------------------------------------------------------------


def test_a_batch_is_found_by_name_by_id_and_as_the_latest(ws):
    first, second = (ws.submit(NOTES, tool="echo", name=name) for name in ("march", "april"))
    assert ws.batch("march").id == first.id
    assert ws.batch(first.id).name == "march"
    assert ws.batch().id == second.id
    assert [batch.name for batch in ws.batches()] == ["april", "march"]
    with pytest.raises(JobNotFound, match="'march'"):
        ws.batch("may")


def test_jobs_are_found_counted_and_sorted(ws):
    batch = ws.submit([("b.txt", b"1"), ("A.txt", b"2"), ("c.txt", b"3")], tool="echo", name="one")
    ws.submit(("d.pdf", pdf(1)))
    b, a, c = (handle.id for handle in batch)
    assert [job.id for job in ws.find(batch=batch.id)] == [b, a, c]
    assert [job.filename for job in ws.find(text="C.TX")] == ["c.txt"]
    assert [job.filename for job in ws.find(tool="parse")] == ["d.pdf"]
    assert [job.filename for job in ws.find(newest_first=True, limit=2)] == ["d.pdf", "c.txt"]
    assert ws.find(limit=0) == []
    assert ws.ids(batch=batch.id, sort="file") == [a, b, c]
    assert ws.ids(batch=batch.id, sort="file", descending=True) == [c, b, a]
    assert ws.ids(text="a.txt") == [a]
    ws.cancel([a])
    assert ws.ids(status="cancelled") == [a]
    assert set(ws.ids(status={"queued", "cancelled"}, batch=batch.id)) == {a, b, c}
    assert [job.id for job in ws.look_at([c, "job_none", a])] == [c, a]
    assert ws.counts(batch=batch.id)[JobState.CANCELLED] == 1
    assert ws.counts()[JobState.QUEUED] == 3
    assert list(ws.counts()) == list(JobState)
    assert list(ws.jobs(text=".txt")["file"]) == ["b.txt", "A.txt", "c.txt"]


def test_many_jobs_come_in_pages_and_none_twice(ws, monkeypatch):
    monkeypatch.setattr("toolkit.client.remote.MOST_JOBS", 7)
    names = [f"none {n:02}.pdf" for n in range(23)]
    ws.submit(names)
    assert [job.filename for job in ws.find()] == names
    assert [job.filename for job in ws.find(newest_first=True)] == names[::-1]
    assert [job.filename for job in ws.find(limit=8)] == names[:8]
    assert [job.filename for job in ws.look_at(ws.ids())] == names


def test_a_glance_and_the_stats(ws):
    batch = ws.submit([*NOTES, "nowhere.txt"], tool="echo")
    for seen in (ws.glance(), batch.glance()):
        assert (seen.total, seen.active, seen.ended) == (5, 4, 1)
        assert (seen.pages, seen.runners, seen.seconds_left) == (0, 0, None)
        assert [(one.code, one.filename) for one in seen.failures] == [
            ("UNREADABLE_PATH", "nowhere.txt")
        ]
    stats = ws.stats()
    assert stats.loc["echo", ["state", "queued", "failed"]].tolist() == ["open", 4, 1]
    assert "parse" in [one.name for one in ws.tools()]
    assert {one.name: one.waiting for one in ws.tools()}["echo"] >= 4


def test_handles_and_frames(ws):
    batch = ws.submit(NOTES, tool="echo")
    assert batch["1.txt"].id == batch[1].id == ws.job(batch[1].id).id
    assert [handle.filename for handle in batch[1:]] == ["1.txt", "2.txt", "3.txt"]
    assert list(batch.jobs()["file"]) == [name for name, _ in NOTES]
    assert batch.failures().empty
    assert batch[0].attempts() == []


# --- steering -------------------------------------------------------------------------------------


def test_cancel_retry_and_reprioritise(ws):
    batch = ws.submit(NOTES, tool="echo")
    assert batch.reprioritise(5) == 4
    assert {handle.job.priority for handle in batch} == {5}
    assert (batch.cancel(), batch.cancel()) == (4, 0)
    assert (batch.retry(), batch.counts()["queued"]) == (4, 4)
    handle = batch[0]
    with pytest.raises(IllegalMove, match="queued job cannot retry"):
        handle.retry()
    assert handle.cancel().status is JobState.CANCELLED
    with pytest.raises(IllegalMove):
        handle.cancel()


def test_purging_erases_and_leaves_tombstones(ws):
    batch = ws.submit(NOTES, tool="echo")
    assert batch.purge() == {"done": 4, "pending": 0}
    assert all(handle.job.purged and handle.filename is None for handle in batch)
    assert batch.purge() == {"done": 4, "pending": 0}
    assert batch[0].purge() == "done"


def test_pause_resume_and_drain(ws):
    ws.submit(NOTES, tool="echo")
    try:
        ws.pause("echo")
        assert ws.stats().loc["echo", "state"] == "paused"
        ws.resume("echo")
        ws.drain("echo")
        assert ws.stats().loc["echo", "state"] == "draining"
        with pytest.raises(InvalidInput, match="drained"):
            ws.submit(NOTES, tool="echo")
    finally:
        ws.resume("echo")
    assert ws.stats().loc["echo", "state"] == "open"


# --- waiting --------------------------------------------------------------------------------------


def test_a_wait_that_is_too_long_stops_nothing(ws):
    batch = ws.submit(NOTES, tool="echo")
    with pytest.raises(StillRunning, match="4 jobs are not done"):
        batch.wait(timeout=0.05)
    with pytest.raises(TimeoutError):
        batch[0].wait(timeout=0)
    with pytest.raises(StillRunning):
        list(batch.as_completed(timeout=0.05))
    assert batch.counts()["queued"] == 4


def test_waiting_three_ways(working):
    batch = working.submit(NOTES, tool="echo")
    assert batch.wait(timeout=120) is batch
    assert [handle.result() for handle in batch] == [f"NOTE {n}".encode() for n in range(4)]

    async def awaited():
        assert await batch is batch
        assert (await batch[0]).status is JobState.COMPLETED
        return [handle.id async for handle in batch.as_completed()]

    finished = asyncio.run(awaited())
    assert sorted(finished) == sorted(handle.id for handle in batch)
    assert [handle.id for handle in batch.as_completed(timeout=60)] == finished
    assert batch.stats().jobs == 4


def test_an_awaited_batch_can_be_given_up(working):
    batch = working.submit(("n.txt", b"x"), tool="slowly")

    async def patient():
        await asyncio.wait_for(batch, 0.5)

    start = time.monotonic()
    with pytest.raises(TimeoutError):
        asyncio.run(patient())
    assert time.monotonic() - start < 20
    assert batch.cancel() == 1


def test_a_change_is_noticed_and_silence_too(ws):
    batch = ws.submit(NOTES, tool="echo")
    with ws.changes() as watch:
        while watch.wait(0.3):  # what was there before may be told once
            pass
        noticed = []
        waiting = threading.Thread(target=lambda: noticed.append(watch.wait(20)))
        if isinstance(ws, toolkit.Workspace):
            # A watch belongs to one thread, and a file's commits of one's own are no news.
            with toolkit.open("queue.db", work=False) as other:
                other.cancel([batch[0].id])
            assert watch.wait(5)
        else:
            waiting.start()
            ws.cancel([batch[0].id])
            waiting.join(20)
            assert noticed == [True]


def test_a_file_that_is_damaged_says_so_in_its_job(working):
    batch = working.submit(("broken.pdf", b"%PDF-1.4 there is nothing more")).wait(timeout=120)
    assert isinstance(batch[0].error, DamagedFile)
    for asked in (batch[0].document, batch[0].result):
        with pytest.raises(DamagedFile):
            asked()
    assert [one.outcome for one in batch[0].attempts()] == ["failed"]
    assert batch.stats().failures == {"DAMAGED_FILE": 1}
    assert batch.retry() == 1


# --- reading --------------------------------------------------------------------------------------

_THEIRS = ["job_id", "document_id", "engine"]


def test_frames_are_the_same_near_and_far(read, truth):
    for one, other in ((read.blocks(), truth.blocks()), (read.pages(), truth.pages())):
        assert len(one) > 3
        assert list(one.columns) == list(other.columns)
        pd.testing.assert_series_equal(one.dtypes, other.dtypes)
        for name in one:
            if isinstance(one[name].dtype, pd.CategoricalDtype):
                mine, theirs = one[name].cat.categories, other[name].cat.categories
                pd.testing.assert_index_equal(mine, theirs, exact=True)
        assert one.attrs == other.attrs
        pd.testing.assert_frame_equal(
            one.drop(columns=_THEIRS), other.drop(columns=_THEIRS), check_exact=True
        )


def test_frames_in_many_pieces_are_the_same(read, monkeypatch):
    ids = [handle.id for handle in read]
    whole = read.desk.blocks(job_ids=ids), read.desk.pages(job_ids=ids)
    monkeypatch.setattr("toolkit.server.desk_frames.ROUND", 1)
    monkeypatch.setattr("toolkit.client.remote.MOST_IDS", 3)
    for one, other in zip(whole, (read.blocks(), read.pages()), strict=True):
        pd.testing.assert_frame_equal(one, other, check_exact=True)
    pd.testing.assert_frame_equal(whole[0], read.desk.blocks(job_ids=ids), check_exact=True)
    assert read.review_progress().blocks == len(whole[0])


def test_frames_of_some_jobs_and_of_none(read):
    ids = [handle.id for handle in read]
    some = read.desk.blocks(job_ids=ids[2:0:-1])
    assert list(dict.fromkeys(some["job_id"])) == ids[2:0:-1]
    empty = read.desk.blocks(job_ids=[])
    assert empty.empty
    pd.testing.assert_series_equal(empty.dtypes, some.dtypes)
    assert read.desk.pages(batch="bat_none").empty
    assert read.desk.blocks(job_ids=["job_none"]).empty
    assert len(read.desk.blocks(batch=read.id)) == len(read.blocks())


def test_frames_in_the_words_of_documents(read):
    tables = read.blocks().doc.filter(type="table", file="invoice_*.pdf", min_confidence=0.5)
    assert len(tables) == 3
    with pytest.raises(InvalidOption, match="'table'"):
        tables.doc.filter(type="tabel")
    with tables.doc.show() as inspector:
        assert inspector is not None


def test_documents_and_tables(read, truth):
    documents = read.documents()
    assert [one.source.filename for one in documents] == [handle.filename for handle in read]
    assert list(documents[0].blocks) == list(truth.documents()[0].blocks)
    assert read.desk.documents(batch=read.id)[1].pages == truth.documents()[1].pages
    mine, theirs = read.tables(typed=True), truth.tables(typed=True)
    assert len(mine) == len(theirs) > 2
    for one, other in zip(mine, theirs, strict=True):
        pd.testing.assert_frame_equal(one, other)
        assert one.attrs["bbox"] == other.attrs["bbox"]


def test_a_page_as_a_picture(read):
    drawn = read.desk.page_image(read[0].id, 1, width=300)
    assert drawn[:4] == b"RIFF"
    assert drawn[8:12] == b"WEBP"
    with pytest.raises(PageUnreadable, match="page 99"):
        read.desk.page_image(read[0].id, 99)


def test_export_and_sql(read, tmp_path):
    files = read.export(tmp_path / "out", to=["parquet", "markdown"])
    assert {"blocks.parquet", "paper.md", "dictionary.md"} <= {path.name for path in files}
    assert len(pd.read_parquet(tmp_path / "out" / "blocks.parquet")) == len(read.blocks())
    with pytest.raises(InvalidOption, match="parquet"):
        read.export(tmp_path, to="parqet")
    found = read.sql("SELECT count(*) AS n FROM blocks")
    assert found["n"].tolist() == [len(read.blocks())]


def test_widgets_stand_on_it(read):
    with Board(read.desk, batch=read.id, title="t") as board:
        assert board.widget is not None
    with read.board() as board:
        assert board.widget is not None
    for inspector in (read.inspect(), toolkit.inspect(read.desk), read[0].inspect()):
        with inspector:
            assert inspector.frame()["file"].iloc[0] == "invoice_401.pdf"
            assert len(inspector.next_to_review().frame()) > 3
    with read.desk.submit_panel() as panel:
        assert panel.widget is not None
    panel = read.desk.explore()
    panel.close()


def test_a_board_follows(ws):
    batch = ws.submit(NOTES, tool="echo")
    with batch.board() as board:
        assert board._view.glance["counts"]["queued"] == 4
        ws.cancel([batch[0].id])
        for _ in range(200):
            if board._view.glance["counts"]["cancelled"] == 1:
                break
            time.sleep(0.05)
        assert (
            board._view.glance["counts"] | {"queued": 3, "cancelled": 1}
            == (board._view.glance["counts"])
        )


def test_values_show_themselves_in_one_line(read):
    for value in (read, read[0], read.stats(), read.desk):
        assert "\n" not in repr(value)
        assert "<script" not in value._repr_html_()
    gone = toolkit.Batch(read.desk, "bat_none")
    assert "JOB_NOT_FOUND" in repr(gone)
    assert "JOB_NOT_FOUND" in gone._repr_html_()
    assert "JOB_NOT_FOUND" in repr(toolkit.JobHandle(read.desk, "job_none"))


# --- reviewing ------------------------------------------------------------------------------------


def test_reviews_are_kept_counted_and_undone(working, documents):
    batch = working.submit(documents / "invoice_401.pdf").wait(timeout=120)
    block = batch.blocks().query("type == 'paragraph'").iloc[0]
    kept = batch.review(block["block_id"], CorrectText(text="as it should be"), reviewer="ann")
    assert (kept.reviewer, kept.was, kept.job_id) == ("ann", block["text"], batch[0].id)
    other = batch.blocks().iloc[0]["block_id"]
    batch.review(other, Accept())
    progress = batch.review_progress()
    assert (progress.reviewed, progress.wrong, progress.accepted) == (2, 1, 1)
    assert "as it should be" in batch.blocks(reviewed=True)["text"].tolist()
    assert "as it should be" not in batch.blocks()["text"].tolist()
    frame = batch.reviews()
    assert frame["reviewer"].tolist()[0] == "ann"
    assert frame["reviewer"].tolist()[1]
    working.undo_review(batch[0].id, kept.id)
    assert [one.active for one in working.reviews([batch[0].id])] == [False, True]
    with pytest.raises(InvalidInput, match="undone before"):
        working.undo_review(batch[0].id, kept.id)
    with pytest.raises(InvalidInput):
        working.review(batch[0].id, Review(block_ids=("blk_none",), change=Accept()))


# --- errors ---------------------------------------------------------------------------------------

WRONG = {
    "no such job": (JobNotFound, lambda ws: ws.look("job_none")),
    "no such handle": (JobNotFound, lambda ws: ws.job("job_none")),
    "no attempts": (JobNotFound, lambda ws: ws.attempts("job_none")),
    "no result": (JobNotFound, lambda ws: ws.result("job_none")),
    "no document": (JobNotFound, lambda ws: ws.document("job_none")),
    "no page": (JobNotFound, lambda ws: ws.page_image("job_none", 1)),
    "no batch": (JobNotFound, lambda ws: ws.counts(batch="bat_none")),
    "no glance": (JobNotFound, lambda ws: ws.glance(batch="bat_none")),
    "nothing to cancel": (JobNotFound, lambda ws: ws.cancel(["job_none"])),
    "nothing to retry": (JobNotFound, lambda ws: ws.retry(["job_none"])),
    "nothing to purge": (JobNotFound, lambda ws: ws.purge(["job_none"])),
    "no sort": (InvalidOption, lambda ws: ws.ids(sort="colour")),
    "no state": (InvalidInput, lambda ws: ws.find(status="lost")),
    "no input": (InvalidInput, lambda ws: ws.submit(5)),
    "no tool": (UnknownTool, lambda ws: ws.submit("a.pdf", tool="pares")),
    "no option": (InvalidOption, lambda ws: ws.submit("a.pdf", options={"pagse": "1"})),
    "no json": (InvalidOption, lambda ws: ws.submit("a.txt", tool="echo", options={"a": object()})),
    "no limit": (InvalidOption, lambda ws: ws.submit("a.pdf", limits={"memroy": 5})),
    "half a priority": (InvalidInput, lambda ws: ws.submit("a.pdf", priority=1.5)),
    "any priority": (InvalidInput, lambda ws: ws.submit("a.pdf", priority=10**9)),
    "password": (InvalidOption, lambda ws: ws.submit("a.pdf", password=5)),
    "nothing to pause": (UnknownTool, lambda ws: ws.pause("pares")),
    "rehearsal": (InvalidOption, lambda ws: ws.rehearse("a.pdf", options={"pagse": "1"})),
    "sql": (InvalidInput, lambda ws: ws.sql("SELEKT")),
}


@pytest.mark.parametrize("name", WRONG)
def test_an_error_is_the_same_near_and_far(ws, name):
    kind, act = WRONG[name]
    with pytest.raises(kind) as caught:
        act(ws)
    assert type(caught.value) is kind
    assert ws.batches() == []


def test_results_that_are_not_there(ws):
    batch = ws.submit(NOTES, tool="echo")
    with pytest.raises(ResultNotReady, match="is queued"):
        batch[0].result()
    with pytest.raises(InvalidInput):
        ws.page_image(ws.submit("nowhere.pdf")[0].id, 1)
    batch.purge()
    with pytest.raises(ResultGone):
        ws.page_image(batch[0].id, 1)
    with pytest.raises(IllegalMove, match="cannot"):
        batch[0].cancel()


def test_a_document_is_asked_of_a_parse_only(working):
    batch = working.submit(("n.txt", b"x"), tool="echo").wait(timeout=120)
    with pytest.raises(InvalidInput, match="use result"):
        batch[0].document()
    assert list(working.documents()) == []
    batch.purge()
    with pytest.raises(ResultGone):
        batch[0].result()


def test_an_open_file_of_text_is_refused(ws):
    batch = ws.submit([io.StringIO("words")])
    assert batch[0].job.error_code == "VALIDATION_ERROR"


# --- only far away --------------------------------------------------------------------------------


def test_two_owners_see_nothing_of_each_other(busy, documents):
    with busy.connect("ann") as ann, busy.connect("bob") as bob:
        mine = ann.submit(documents / "invoice_401.pdf", name="mine").wait(timeout=120)
        job = mine[0].id
        kept = mine.review(mine.blocks().iloc[0]["block_id"], Accept())
        for act in (
            lambda: bob.look(job),
            lambda: bob.attempts(job),
            lambda: bob.result(job),
            lambda: bob.document(job),
            lambda: bob.page_image(job, 1),
            lambda: bob.cancel([job]),
            lambda: bob.retry([job]),
            lambda: bob.purge([job]),
            lambda: bob.review(job, Review(block_ids=("x",), change=Accept())),
            lambda: bob.undo_review(job, kept.id),
        ):
            with pytest.raises(JobNotFound) as caught:
                act()
            assert str(caught.value) == f"there is no job {job!r}"
        for act in (lambda: bob.counts(batch=mine.id), lambda: bob.glance(batch=mine.id)):
            with pytest.raises(JobNotFound) as caught:
                act()
            assert str(caught.value) == f"there is no batch {mine.id!r}"
        assert bob.find() == bob.find(batch=mine.id) == bob.look_at([job]) == bob.ids() == []
        assert bob.ids(batch=mine.id) == bob.reviews([job]) == bob.batches() == []
        assert bob.blocks(job_ids=[job]).empty
        assert bob.blocks(batch=mine.id).empty
        assert bob.pages().empty
        assert sum(bob.counts().values()) == bob.glance().total == 0
        assert bob.review_progress([job]).blocks == 0
        assert bob.reprioritise([job], 5) == 0
        assert bob.stats().loc["parse", "completed"] == 0
        assert len(mine.blocks()) > 3
        assert len(ann.reviews([job])) == 1


def test_nobody_hands_in_to_anothers_batch(quiet):
    with quiet.connect() as ann, quiet.connect() as bob:
        batch = ann.submit([])
        entry = Entry(key="k", filename="a.pdf", url="https://x.org/a.pdf")
        with pytest.raises(JobNotFound, match="there is no batch"):
            bob._ask("take", batch=batch.id, terms=Terms(), entries=(entry,))
        assert len(batch) == 0


def test_every_verb_of_the_wire_is_held_to_its_owner():
    """Whatever is asked of a desk as it is, an owned one answers itself, or it is for all."""
    for_all = {"pause", "resume", "drain"}
    of_the_server = {"hello", "changes", "check", "new_batch", "take"}
    own = {"batches": "batch_rows"}
    for verb in VERBS.keys() - for_all - of_the_server:
        assert own.get(verb, verb) in vars(OwnedDesk), verb
    assert all(VERBS[verb].scope == "admin" for verb in for_all)


def test_a_key_says_what_it_may_do(quiet):
    with quiet.connect("cleo", scopes=("jobs:read",)) as reader:
        assert reader.owner == "cleo"
        assert reader.batches() == []
        with pytest.raises(ScopeMissing, match="extract:write"):
            reader.submit([])
        with pytest.raises(ScopeMissing):
            reader.pause("parse")
    with pytest.raises(KeyRefused):
        toolkit.connect(quiet.url)
    with pytest.raises(KeyRefused):
        toolkit.connect(quiet.url, key="pk_live_" + "x" * 43)


def test_a_quota_that_is_used_up_takes_nothing_in(quiet):
    with quiet.connect(pages_per_month=0) as poor, pytest.raises(QuotaExceeded):
        poor.submit(("a.pdf", pdf(1)))


def test_without_keys_the_file_and_the_server_show_the_same(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with toolkit.open("queue.db", work=False) as near:
        mine = near.submit(NOTES, tool="echo", name="march")
        served = Served(tmp_path / "queue.db", work=False, anonymous=True)
        try:
            with toolkit.connect(served.url) as far:
                assert far.owner == ""
                assert [job.id for job in far.batch("march").desk.find()] == [h.id for h in mine]
                far.submit(("a.pdf", pdf(1)), name="april")
                assert far.batch("march").cancel() == 4
            with served.connect("ann") as ann:
                ann.submit(("b.pdf", pdf(2)))
                assert len(ann.ids()) == 1
            with toolkit.connect(served.url) as far:
                assert len(far.ids()) == 5
        finally:
            served.stop()
        assert mine.counts()["cancelled"] == 4
        assert len(near.batch("april")) == 1


def test_a_wait_outlives_the_server(tmp_path):
    served = Served(tmp_path / "served.db", work=False)
    with served.connect() as ws:
        batch = ws.submit(NOTES, tool="echo")
        ended = []
        waiting = threading.Thread(target=lambda: ended.append(batch.wait(60).counts()))
        waiting.start()
        time.sleep(0.3)
        served.stop()
        served = Served(tmp_path / "served.db", work=False, port=served.port)
        assert batch.cancel() == 4
        waiting.join(60)
        assert ended[0]["cancelled"] == 4
    served.stop()


def test_a_batch_of_yesterday_is_found_by_another_client(quiet):
    with quiet.connect("dora") as one:
        one.submit(NOTES, tool="echo", name="march")
    with quiet.connect("dora") as other:
        assert len(other.batch("march")) == 4
