"""Frames: their columns are a contract, empty or full, and Parquet keeps it."""

from __future__ import annotations

import made
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit import frames
from toolkit.document.blocks import Heading, Paragraph, Proof, Role, Table, TextSource
from toolkit.document.document import PageFailure
from toolkit.frames.columns import Columns
from toolkit.jobs.job import Job
from toolkit.jobs.state import JobState

DOCUMENT = made.document(
    [
        made.block(Heading, text="Results", level=2, role=Role.SECTION),
        made.block(Table, headers=("a", "b"), rows=(("1", "2"),), confidence=0.9),
    ],
    [
        made.block(
            Paragraph,
            text="Net Revenue",
            text_source=TextSource.INFERRED,
            proof=None,
            confidence=0.5,
        )
    ],
)
JOB = Job(
    id="job_0123456789abcdef",
    number=7,
    tool="parse",
    status=JobState.COMPLETED,
    filename="other.pdf",
    origin="/in/other.pdf",
    sha256="ab" * 32,
    size=1234,
    media_type="application/pdf",
    batch="bat_1",
    owner="",
    priority=0,
    created_at=1_760_000_000.25,
    started_at=1_760_000_001.75,
    ended_at=1_760_000_003.0,
    progress=100.0,
    pages=2,
    attempt=1,
    has_result=True,
)
QUEUED = Job(
    id="job_2",
    number=8,
    tool="parse",
    status=JobState.QUEUED,
    filename=None,
    origin=None,
    sha256=None,
    size=0,
    media_type="application/pdf",
    batch=None,
    owner="",
    priority=0,
    created_at=1_760_000_000.0,
)

FRAMES = [
    (frames.jobs, frames.JOB_COLUMNS, [JOB, QUEUED]),
    (frames.blocks, frames.BLOCK_COLUMNS, [(JOB, DOCUMENT)]),
    (frames.pages, frames.PAGE_COLUMNS, [(JOB, DOCUMENT)]),
    (frames.documents, frames.DOCUMENT_COLUMNS, [(JOB, DOCUMENT)]),
]
of_all = pytest.mark.parametrize(
    ("make", "columns", "origins"), FRAMES, ids=["jobs", "blocks", "pages", "documents"]
)


def assert_contract(frame: pd.DataFrame, columns: Columns) -> None:
    assert list(frame.columns) == list(columns)
    for name, dtype in columns.items():
        assert frame[name].dtype == dtype, name


@of_all
def test_columns_and_dtypes_are_those_promised(make, columns, origins):
    frame = make(origins)
    assert len(frame)
    assert_contract(frame, columns)


@of_all
def test_the_empty_frame_has_the_same(make, columns, origins):
    frame = make([])
    assert len(frame) == 0
    assert_contract(frame, columns)
    pd.testing.assert_frame_equal(frame, make(iter(origins)).iloc[:0])


@of_all
def test_parquet_keeps_values_and_dtypes(make, columns, origins, tmp_path):
    frame = make(origins)
    frame.to_parquet(tmp_path / "frame.parquet")
    again = pd.read_parquet(tmp_path / "frame.parquet")
    assert_contract(again, columns)
    pd.testing.assert_frame_equal(again, frame)


@given(st.lists(made.documents(), max_size=2))
@settings(max_examples=40, deadline=None)
def test_any_documents_become_frames_of_the_contract(documents):
    pairs = [(JOB, document) for document in documents]
    for make, columns, _ in FRAMES[1:]:
        assert_contract(make(pairs), columns)
    frame = frames.blocks(pairs)
    assert list(frame["block_id"]) == [block.id for d in documents for block in d.blocks]
    assert (frame["verified"] == (frame["text_source"] == "verified")).all()
    assert (frame["verified"] == frame["proof"].notna()).all()


def test_every_block_knows_where_it_comes_from():
    heading, table, paragraph = frames.blocks([(JOB, DOCUMENT)]).to_dict("records")
    for row in (heading, table, paragraph):
        assert row["job_id"] == JOB.id
        assert row["document_id"] == "doc_0123456789abcdef"
        assert row["file"] == "other.pdf"
        assert row["file_hash"] == DOCUMENT.source.file_hash
        assert row["engine"] == DOCUMENT.extraction.model
    assert (heading["page"], heading["reading_order_index"], heading["level"]) == (1, 0, 2)
    assert (heading["x0"], heading["y0"], heading["x1"], heading["y1"]) == (0.1, 0.2, 0.9, 0.3)
    assert (heading["role"], heading["proof"]) == ("section", Proof.TEXT_LAYER)
    assert table["text"] == "a\tb\n1\t2"
    assert pd.isna(table["level"])
    assert (paragraph["page"], paragraph["verified"], paragraph["confidence"]) == (2, False, 0.5)


def test_a_document_alone_names_its_own_file():
    frame = frames.blocks([DOCUMENT])
    assert set(frame["file"]) == {"report.pdf"}
    assert frame["job_id"].isna().all()


def test_rows_of_a_store_pass_as_they_are():
    ours = frames.blocks([(JOB, DOCUMENT)])
    plain = ours.astype(object).where(ours.notna(), None)
    pd.testing.assert_frame_equal(frames.blocks(plain.itertuples(index=False, name=None)), ours)


def test_the_store_has_the_same_columns():
    documents = pytest.importorskip("toolkit.store.documents")
    assert tuple(frames.BLOCK_COLUMNS) == documents.BLOCK_COLUMNS
    assert tuple(frames.PAGE_COLUMNS) == documents.PAGE_COLUMNS


def test_times_and_durations_of_jobs():
    done, queued = frames.jobs([JOB, QUEUED]).to_dict("records")
    assert done["created_at"] == pd.Timestamp("2025-10-09 08:53:20.25", tz="UTC")
    assert (done["waited_s"], done["ran_s"]) == (1.5, 1.25)
    assert done["file_hash"] == "sha256:" + "ab" * 32
    assert pd.isna([queued[name] for name in ("started_at", "ended_at", "waited_s", "ran_s")]).all()
    assert pd.isna(queued["file_hash"])


def test_pages_that_failed_are_rows_too():
    from msgspec.structs import replace

    failures = (
        PageFailure(page=2, code="PAGE_TIMEOUT", message="cut off"),
        PageFailure(page=2, code="OCR_UNAVAILABLE", message="no OCR"),
    )
    extraction = replace(DOCUMENT.extraction, per_page_failures=failures)
    document = replace(DOCUMENT, extraction=extraction, pages=DOCUMENT.pages[:1])
    first, second = frames.pages([(JOB, document)]).to_dict("records")
    assert (first["page"], first["blocks"], first["width_inches"]) == (1, 2, 8.5)
    assert pd.isna(first["failure_code"])
    assert (second["page"], second["blocks"]) == (2, 0)
    assert (second["failure_code"], second["failure"]) == ("PAGE_TIMEOUT", "cut off; no OCR")
    (row,) = frames.documents([(JOB, document)]).to_dict("records")
    assert (row["page_count"], row["pages"], row["blocks"], row["failures"]) == (2, 1, 2, 2)
