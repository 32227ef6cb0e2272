"""Exports: what pandas reads back is the frame, and a file is there whole or not at all."""

from __future__ import annotations

import errno
from contextlib import suppress

import made
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from toolkit import frames
from toolkit.document.blocks import Heading, Paragraph
from toolkit.document.markdown import markdown as render
from toolkit.errors import InvalidOption, UnreadablePath
from toolkit.export import markdown, parquet
from toolkit.export.replacing import replacing
from toolkit.export.rows import BLOCK_NAMES, DOCUMENT_NAMES, JOB_NAMES, PAGE_NAMES
from toolkit.jobs.job import Job
from toolkit.jobs.state import JobState


def job(number: int, filename: str | None = "report.pdf", **more) -> Job:
    return Job(
        id=f"job_{number:016x}",
        number=number,
        tool="parse",
        status=JobState.COMPLETED,
        filename=filename,
        origin=None,
        sha256="ab" * 32,
        size=10,
        media_type="application/pdf",
        batch=None,
        owner="",
        priority=0,
        created_at=1_760_000_000.123456,
        **more,
    )


DOCUMENT = made.document([made.block(Heading, text="One"), made.block(Paragraph, text="Two é")])


@given(documents=st.lists(st.none() | made.documents(), min_size=1, max_size=3))
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_pandas_reads_back_the_frames(tmp_path, documents):
    pairs = [
        (job(number, error_code="TIMEOUT" if document is None else None), document)
        for number, document in enumerate(documents)
    ]
    read = [pair for pair in pairs if pair[1] is not None]
    written = parquet.write(iter(pairs), tmp_path)
    assert [path.name for path in written] == [
        "jobs.parquet",
        "documents.parquet",
        "pages.parquet",
        "blocks.parquet",
    ]
    expected = [
        frames.jobs(j for j, _ in pairs),
        frames.documents(read),
        frames.pages(read),
        frames.blocks(read),
    ]
    for path, frame in zip(written, expected, strict=True):
        found = pd.read_parquet(path)
        if len(frame):
            pd.testing.assert_frame_equal(found, frame)
        else:
            assert list(found.columns) == list(frame.columns)


def test_the_rows_have_the_columns_of_the_frames():
    assert tuple(frames.JOB_COLUMNS) == JOB_NAMES
    assert tuple(frames.BLOCK_COLUMNS) == BLOCK_NAMES
    assert tuple(frames.PAGE_COLUMNS) == PAGE_NAMES
    assert tuple(frames.DOCUMENT_COLUMNS) == DOCUMENT_NAMES


def test_many_blocks_come_in_row_groups(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet, "_ROWS_AT_ONCE", 10)
    pairs = ((job(number), DOCUMENT) for number in range(50))
    *_, blocks = parquet.write(pairs, tmp_path)
    assert pq.ParquetFile(blocks).metadata.num_row_groups == 10
    assert pd.read_parquet(blocks)["job_id"].nunique() == 50


def test_no_documents_make_empty_tables(tmp_path):
    for path in parquet.write([], tmp_path / "new" / "folder"):
        assert pq.read_metadata(path).num_rows == 0


def test_an_export_that_breaks_leaves_what_was_there(tmp_path):
    parquet.write([(job(1), DOCUMENT)], tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def broken():
        yield job(2), DOCUMENT
        raise RuntimeError("the store went away")

    with pytest.raises(RuntimeError):
        parquet.write(broken(), tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_markdown_is_a_file_a_document(tmp_path):
    pairs = [
        (job(1, "in/report.pdf"), DOCUMENT),
        (job(2, "other/report.pdf"), DOCUMENT),
        (job(3, "failed.pdf"), None),
        (job(4, None), DOCUMENT),
    ]
    written = markdown.write(iter(pairs), tmp_path, style="plain")
    assert [path.name for path in written] == ["report.md", "report-2.md", "report-3.md"]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(p.name for p in written)
    assert written[0].read_bytes() == render(DOCUMENT, "plain").encode()


def test_markdown_is_written_as_its_job_asked(tmp_path):
    asked = {"style": "plain", "table_format": "json"}
    odd = {"style": 5, "table_format": ["html"]}
    pairs = [(replace(job(n), options=options), DOCUMENT) for n, options in ((1, asked), (2, odd))]
    first, second = markdown.write(pairs, tmp_path)
    assert first.read_text("utf-8") == render(DOCUMENT, "plain", "json")
    assert second.read_text("utf-8") == render(DOCUMENT)
    [over] = markdown.write(pairs[:1], tmp_path / "over", style="rich", table_format="html")
    assert over.read_text("utf-8") == render(DOCUMENT, "rich", "html")


def test_an_unknown_style_is_refused(tmp_path):
    with pytest.raises(InvalidOption):
        markdown.write([(job(1), DOCUMENT)], tmp_path, style="fancy")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("write", [markdown.write, parquet.write])
def test_a_folder_that_cannot_be_is_said_so(tmp_path, write):
    (tmp_path / "file").write_text("x")
    with pytest.raises(UnreadablePath, match="cannot be written"):
        write([(job(1), DOCUMENT)], tmp_path / "file" / "out")


def test_a_full_disk_is_said_so(tmp_path):
    def fill() -> None:
        with replacing(tmp_path / "a.bin"):
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(UnreadablePath, match="No space left"):
        fill()
    assert not list(tmp_path.iterdir())


def test_a_file_takes_its_place_only_when_it_is_whole(tmp_path):
    path = tmp_path / "a.bin"
    with replacing(path) as file:
        file.write(b"old")
        assert not path.exists()
    with suppress(ValueError), replacing(path) as file:
        file.write(b"new")
        raise ValueError
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
