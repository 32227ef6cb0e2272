"""How documents come in."""

import io

import pandas as pd
import pytest

import toolkit


def test_a_folder(ws, documents):
    batch = ws.submit(documents)
    assert [job.filename for job in batch] == sorted(path.name for path in documents.iterdir())


def test_a_pattern(ws, documents):
    batch = ws.submit(f"{documents}/invoice_*.pdf")
    assert len(batch) == 3


def test_bytes_an_open_file_and_a_column(ws, documents):
    content = (documents / "paper.pdf").read_bytes()
    table = pd.DataFrame({"path": [documents / "invoice_401.pdf", documents / "invoice_402.pdf"]})
    with (documents / "invoice_403.pdf").open("rb") as file:
        batch = ws.submit([("my paper.pdf", content), file, table["path"]])
    assert [job.filename for job in batch] == [
        "my paper.pdf",
        "invoice_403.pdf",
        "invoice_401.pdf",
        "invoice_402.pdf",
    ]


def test_submit_does_not_wait(ws, documents):
    batch = ws.submit(documents)
    assert isinstance(batch, toolkit.Batch)
    assert set(batch.counts()) >= {"queued", "processing", "completed", "failed"}


def test_a_file_that_cannot_be_read_is_a_failed_job_and_the_others_go_on(ws, documents):
    batch = ws.submit(["nowhere.pdf", ("words.pdf", b"not a PDF"), documents / "paper.pdf"])
    batch.wait(timeout=120)
    assert [job.status for job in batch] == ["failed", "failed", "completed"]
    assert list(batch.failures()["error_code"]) == ["UNREADABLE_PATH", "UNSUPPORTED_FILE_TYPE"]


def test_the_same_content_twice_is_one_job(ws, documents):
    content = (documents / "paper.pdf").read_bytes()
    batch = ws.submit([documents / "paper.pdf", ("copy.pdf", io.BytesIO(content).read())])
    assert len(batch) == 1
    assert batch.duplicates[0][0] == "copy.pdf"


def test_a_slip_of_the_pen_is_an_error_at_once_that_names_the_right_word(ws, documents):
    with pytest.raises(toolkit.InvalidOption, match="'pages'"):
        ws.submit(documents, options={"pagse": "1-2"})
    with pytest.raises(toolkit.UnknownTool, match="'parse'"):
        ws.submit(documents, tool="pares")


def test_only_some_pages(ws, documents):
    batch = ws.submit(documents / "annual_report.pdf", options={"pages": "2-3"}).wait(timeout=120)
    assert set(batch.blocks()["page"]) == {2, 3}


def test_one_file_without_a_queue(documents):
    document = toolkit.parse(documents / "paper.pdf")
    assert document.source.page_count == 2
    with pytest.raises(toolkit.errors.UnsupportedFileType):
        toolkit.parse(b"not a PDF")
