"""Reviews by an analyst: of a batch, in frames and exports, sampled, and carried over."""

from __future__ import annotations

import time

import made
import pandas as pd
import pytest
from msgspec.structs import replace

from toolkit.document import (
    Accept,
    Cell,
    CorrectCell,
    CorrectText,
    Heading,
    Merge,
    Note,
    Paragraph,
    Reject,
    Retype,
    Review,
    Table,
    TextSource,
    wire,
)
from toolkit.errors import InvalidInput, JobNotFound, ResultNotReady
from toolkit.frames import BLOCK_COLUMNS, REVIEW_COLUMNS
from toolkit.jobs import Outcome
from toolkit.store import queue, results, runners

DOUBTFUL = {"text_source": TextSource.INFERRED, "proof": None, "confidence": 0.5}


def reading(name: str, *, text: str = "Tota1 1O0"):
    return made.document(
        [made.block(Heading, text=name), made.block(Paragraph, text=text, **DOUBTFUL)]
        + [made.block(Paragraph, text=f"Row {n}") for n in range(8)]
    )


def finish(ws, make) -> None:
    """Complete every queued job with the document that *make* makes of its file name."""
    with ws.store.write() as conn:
        runners.enlist(
            conn,
            runner="r",
            pid=1,
            pid_started=1.0,
            host="elsewhere",
            slots=1,
            port=9,
            now=time.time(),
        )
        for job in queue.claim(conn, runner="r", now=time.time(), lease=30, limit=99):
            answer = Outcome(
                content=wire.encode(make(job.filename)), media_type=wire.MEDIA_TYPE, pages=1
            )
            number = results.put(conn, ws.store, outcome=answer, job=job, now=time.time())
            queue.complete(
                conn,
                job_id=job.id,
                runner="r",
                attempt=job.attempt,
                claim=job.claims,
                result_id=number,
                pages=1,
                now=time.time(),
            )


@pytest.fixture
def batch(ws):
    """Two documents that have different block ids."""
    handed = ws.submit([("a.pdf", b"%PDF-1.7 a"), ("b.pdf", b"%PDF-1.7 b")])

    def make(name):
        document = reading(name)
        if name == "a.pdf":
            return document
        blocks = (replace(b, id=b.id.replace("blk_0", "blk_b")) for b in document.blocks)
        return replace(document, pages=(replace(document.pages[0], blocks=tuple(blocks)),))

    finish(ws, make)
    return handed


def first(batch, text: str) -> str:
    found = batch.blocks()
    return str(found.loc[found["text"] == text, "block_id"].iloc[0])


def test_a_correction_is_in_the_reviewed_frame_and_the_original_stays(batch):
    block = first(batch, "Tota1 1O0")
    kept = batch.review(block, CorrectText("Total 100"), reviewer="ann")
    assert (kept.was, kept.reviewer) == ("Tota1 1O0", "ann")
    original, reviewed = batch.blocks(), batch.blocks(reviewed=True)
    assert (original["text"] == "Tota1 1O0").sum() == 2
    assert (reviewed["text"] == "Tota1 1O0").sum() == 1
    row = reviewed[reviewed["block_id"] == block].iloc[0]
    assert (row["text"], row["text_source"], row["confidence"]) == ("Total 100", "inferred", 1.0)
    for frame in (original, reviewed):
        assert list(frame.columns) == list(BLOCK_COLUMNS)
    assert (original.dtypes == reviewed.dtypes).all()
    assert list(original["file"]) == list(reviewed["file"])


def test_without_reviews_both_frames_are_one(batch):
    pd.testing.assert_frame_equal(batch.blocks(), batch.blocks(reviewed=True))


def test_documents_and_tables_are_given_as_corrected(ws):
    batch = ws.submit([("a.pdf", b"%PDF-1.7 a")])
    cells = [Cell(row=row, column=0, text=text) for row, text in enumerate(["Total", "1O0"])]
    table = made.block(
        Table, headers=("Total",), rows=(("1O0",),), cells=tuple(cells), header_rows=1, **DOUBTFUL
    )
    finish(ws, lambda _: made.document([table]))
    [block] = batch.blocks()["block_id"]
    batch.review(block, CorrectCell(row=1, column=0, text="100"))
    assert batch.documents()[0].pages[0].blocks[0].rows == (("1O0",),)
    assert batch.documents(reviewed=True)[0].pages[0].blocks[0].rows == (("100",),)
    assert batch.documents(reviewed=True)[:1][0].pages[0].blocks[0].rows == (("100",),)
    assert batch.tables()[0].iloc[0, 0] == "1O0"
    assert batch.tables(reviewed=True)[0].iloc[0, 0] == "100"


def test_the_exports_take_either(batch, tmp_path):
    batch.review(first(batch, "Tota1 1O0"), CorrectText("Total 100"))
    for reviewed in (False, True):
        batch.export(tmp_path / str(reviewed), to="markdown", reviewed=reviewed)
    texts = {
        reviewed: "".join(p.read_text("utf-8") for p in (tmp_path / str(reviewed)).glob("*.md"))
        for reviewed in (False, True)
    }
    assert "Total 100" in texts[True]
    assert "Total 100" not in texts[False]


def test_the_frame_of_reviews_says_who_what_and_when(batch, ws):
    block = first(batch, "Tota1 1O0")
    kept = batch.review(block, CorrectText("Total"), reviewer="ann")
    batch.review(block, Note("look again"), reviewer="bob")
    ws.undo_review(kept.job_id, kept.id, reviewer="bob")
    frame = batch.reviews()
    assert list(frame.columns) == list(REVIEW_COLUMNS)
    assert frame["verdict"].tolist() == ["corrected", "noted"]
    assert frame["said"].tolist() == ["Total", "look again"]
    assert frame["active"].tolist() == [False, True]
    assert frame["undone_by"].tolist()[0] == "bob"
    assert frame["file"].tolist() == ["a.pdf", "a.pdf"]


def test_no_reviews_are_a_frame_of_the_same_columns(batch):
    frame = batch.reviews()
    assert (list(frame.columns), len(frame)) == (list(REVIEW_COLUMNS), 0)
    batch.review(first(batch, "a.pdf"), Accept())
    assert (batch.reviews().dtypes == frame.dtypes).all()


def test_somebody_is_always_said_to_have_reviewed_it(batch, monkeypatch):
    monkeypatch.setenv("LOGNAME", "carla")
    assert batch.review(first(batch, "a.pdf"), Accept()).reviewer == "carla"


def test_progress_counts_blocks(batch):
    assert (batch.review_progress().blocks, batch.review_progress().reviewed) == (20, 0)
    batch.review(first(batch, "a.pdf"), Accept())
    batch.review(first(batch, "Tota1 1O0"), Reject())
    found = batch.review_progress()
    assert (found.reviewed, found.accepted, found.wrong) == (2, 1, 1)


def test_a_block_that_several_documents_have_needs_the_job(ws):
    batch = ws.submit([("a.pdf", b"%PDF-1.7 a"), ("b.pdf", b"%PDF-1.7 b")])
    finish(ws, reading)
    block = first(batch, "Tota1 1O0")
    with pytest.raises(InvalidInput, match="2 documents"):
        batch.review(block, Accept())
    batch.review(block, Accept(), job=batch[1].id)
    assert batch.reviews()["job_id"].tolist() == [batch[1].id]
    with pytest.raises(InvalidInput, match="no document"):
        batch.review("blk_none", Accept())


def test_what_was_merged_or_split_is_found_again_for_the_next_review(batch):
    rows = [first(batch, f"Row {n}") for n in range(2)]
    batch.review(rows, Merge())
    batch.review(rows[0], Retype("caption"))
    with pytest.raises(InvalidInput, match="no document"):
        batch.review(rows[1], Accept())
    assert "Row 0 Row 1" in batch.blocks(reviewed=True)["text"].tolist()


def test_a_job_that_has_not_ended_cannot_be_reviewed(ws):
    batch = ws.submit([("a.pdf", b"%PDF-1.7 a")])
    with pytest.raises(ResultNotReady):
        ws.review(batch[0].id, Review(block_ids=("b",), change=Accept()))
    with pytest.raises(JobNotFound):
        ws.review("job_none", Review(block_ids=("b",), change=Accept()))


def test_a_sample_is_reviewed_and_says_how_much_is_wrong(batch):
    drawn = batch.review_sample(6, seed=1)
    assert len(drawn) == 6
    assert (drawn["text"] == "Tota1 1O0").sum() == 2, "the doubtful come first"
    assert batch.error_rate(drawn).rate is None
    for row in drawn.itertuples():
        wrong = row.text == "Tota1 1O0"
        batch.review(row.block_id, CorrectText("Total") if wrong else Accept(), job=row.job_id)
    found = batch.error_rate(drawn)
    assert (found.wrong, found.reviewed, found.left) == (2, 6, 0)
    assert found.rate == pytest.approx(2 / 20)
    assert found.low <= found.rate <= found.high
    with pytest.raises(InvalidInput, match="no sample"):
        batch.error_rate(batch.blocks())


def test_reviews_are_carried_to_another_reading_of_the_same_files(batch, ws):
    block = first(batch, "Tota1 1O0")
    batch.review(block, CorrectText("Total 100"), reviewer="ann")
    batch.review(first(batch, "Row 7"), Accept(), reviewer="ann")
    again = ws.submit([("a.pdf", b"%PDF-1.7 a")], options={"ocr": "never"})

    def make(name):
        blocks = [*reading(name, text="Tota1 100").blocks][:-1]
        renamed = tuple(replace(b, id=b.id.replace("blk", "new")) for b in blocks)
        return replace(reading(name), pages=(replace(reading(name).pages[0], blocks=renamed),))

    finish(ws, make)
    done, left = batch.carry_reviews(again)
    assert [review.change for review in done] == [CorrectText("Total 100")]
    assert [review.reviewer for review in done] == ["ann"]
    assert len(left) == 1
    assert "not in the new reading" in left[0].reason
    assert "Total 100" in again.blocks(reviewed=True)["text"].tolist()
    assert batch.carry_reviews(again)[0] == [], "nothing is said twice"
