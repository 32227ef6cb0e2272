"""Bytes beside the database: once each, for as long as they are needed; results in and out."""

from __future__ import annotations

import hashlib
import os

import pytest
from made import block, document

from toolkit.document import wire
from toolkit.document.blocks import Heading, Paragraph
from toolkit.errors import (
    JobNotFound,
    ResultGone,
    ResultNotReady,
    StoreDamaged,
    ToolkitError,
    UnreadablePath,
)
from toolkit.jobs import Outcome
from toolkit.store import batches, blobs, jobs, results
from toolkit.store.invariants import violations

DAY = 86_400.0


def files(shelf) -> list[str]:
    return sorted(p.name for p in (shelf.store.files / "blobs").rglob("*") if p.is_file())


def drafts(shelf) -> list:
    return list((shelf.store.files / "drafts").glob("*"))


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_equal_bytes_are_kept_once(shelf, tmp_path):
    copy = tmp_path / "copy.pdf"
    copy.write_bytes(b"bytes")
    assert blobs.add_bytes(shelf.store, b"bytes") == sha(b"bytes")
    assert blobs.add_file(shelf.store, copy) == (sha(b"bytes"), 5)
    assert blobs.add_bytes(shelf.store, b"bytes") == sha(b"bytes")
    assert files(shelf) == [sha(b"bytes")]
    assert drafts(shelf) == []
    assert blobs.path(shelf.store, sha(b"bytes")).read_bytes() == b"bytes"


def test_a_large_file_is_copied_without_being_read_whole(shelf, tmp_path, monkeypatch):
    monkeypatch.setattr(blobs, "_IN_MEMORY", 10)
    monkeypatch.setattr(blobs, "_CHUNK", 7)
    large = tmp_path / "large.bin"
    large.write_bytes(b"0123456789" * 5)
    for _ in range(2):
        assert blobs.add_file(shelf.store, large) == (sha(b"0123456789" * 5), 50)
    assert files(shelf) == [sha(b"0123456789" * 5)]
    assert drafts(shelf) == []


@pytest.mark.parametrize("content", [b"", b"\0", b"x" * 3_000_000])
def test_bytes_of_any_length(shelf, content):
    name = blobs.add_bytes(shelf.store, content)
    assert blobs.path(shelf.store, name).read_bytes() == content


@pytest.mark.parametrize("what", ["missing", "a folder"])
def test_what_cannot_be_read_is_named(shelf, tmp_path, what):
    path = tmp_path if what == "a folder" else tmp_path / "missing.pdf"
    with pytest.raises(UnreadablePath, match=path.name):
        blobs.add_file(shelf.store, path)


def test_a_file_with_a_hostile_name_is_kept_under_ours(shelf, tmp_path):
    hostile = tmp_path / "..%2f..;rm -rf $HOME\n'\"\u202e.pdf"
    hostile.write_bytes(b"bytes")
    name, size = blobs.add_file(shelf.store, hostile)
    job_id = shelf.add(sha256=name, size=size, filename="../../../etc/passwd").job_id
    source = jobs.source_of(shelf.store, shelf.job(job_id))
    assert source == shelf.store.files / "blobs" / name[:2] / name
    assert files(shelf) == [name]


@pytest.mark.parametrize("name", ["../../../etc/passwd", "/etc/passwd", "ab/../../../x"])
def test_no_name_leads_out_of_the_folder(shelf, name):
    """Refused, or inside: never elsewhere."""
    try:
        found = blobs.path(shelf.store, name)
    except ToolkitError:
        return
    inside = (shelf.store.files / "blobs").resolve()
    assert inside in found.resolve().parents


def test_what_nobody_used_is_swept_after_its_time(shelf):
    blobs.add_bytes(shelf.store, b"bytes")
    now = shelf.store.path.stat().st_mtime
    assert blobs.sweep(shelf.store, now=now) == 0, "a submission may be on its way"
    assert blobs.sweep(shelf.store, now=now + DAY) == 1
    assert files(shelf) == []
    assert violations(shelf.store) == []


def test_what_is_used_is_never_swept(shelf):
    job_id = shelf.add(content=b"bytes").job_id
    shelf.cancel(job_id)
    now = shelf.store.path.stat().st_mtime
    assert blobs.sweep(shelf.store, now=now + 1000 * DAY) == 0
    assert jobs.source_of(shelf.store, shelf.job(job_id)).read_bytes() == b"bytes"


def test_bytes_that_come_again_wait_anew(shelf):
    """Purged by one job, added again for the next: the pin is there."""
    first = shelf.add(content=b"bytes").job_id
    name = blobs.add_bytes(shelf.store, b"bytes")
    shelf.purge(first)
    assert files(shelf) == [name]
    second = shelf.add(sha256=name, size=5).job_id
    assert jobs.source_of(shelf.store, shelf.job(second)).read_bytes() == b"bytes"


def test_what_a_crash_left_is_swept(shelf):
    kept = blobs.add_bytes(shelf.store, b"kept")
    shelf.add(sha256=kept)
    # Killed between the rename and the commit; and in the middle of a copy.
    stray = blobs.path(shelf.store, "cd" * 32)
    stray.parent.mkdir(parents=True, exist_ok=True)
    stray.write_bytes(b"stray")
    half = blobs.written(shelf.store, b"half")
    now = half.stat().st_mtime
    assert blobs.sweep(shelf.store, now=now) == 1, "a draft may still be written"
    assert blobs.sweep(shelf.store, now=now + DAY) == 1
    assert (files(shelf), drafts(shelf)) == ([kept], [])
    assert violations(shelf.store) == []


def test_somebody_elses_file_in_the_folder_is_left_alone(shelf):
    other = shelf.store.files / "blobs" / "ab" / "notes.txt"
    other.parent.mkdir(parents=True)
    other.write_text("mine")
    shelf.sweep()
    assert other.read_text() == "mine"
    assert violations(shelf.store) == []


def test_a_blob_whose_transaction_failed_is_a_stray(shelf):
    shelf.add()
    job = shelf.only()
    made = Outcome(content=b"x" * 70_000)

    def put_and_fail() -> None:
        with shelf.store.write() as conn:
            results.put(conn, shelf.store, outcome=made, job=job, now=shelf.now)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        put_and_fail()
    assert jobs.counts(shelf.conn)["processing"] == 1
    shelf.sweep()
    assert files(shelf) == []
    assert violations(shelf.store) == []


# -- results ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "in_file"), [(0, False), (1, False), (65_536, False), (65_537, True), (300_000, True)]
)
def test_a_result_is_in_the_database_or_large_and_a_file(shelf, size, in_file):
    content = os.urandom(size)
    made = Outcome(content=content, media_type="a/b", filename="out.bin", pages=3)
    job_id = shelf.finished(made)
    assert results.outcome(shelf.store, job_id) == made
    assert results.content(shelf.store, job_id) == content
    assert files(shelf) == ([sha(content)] if in_file else [])
    assert shelf.job(job_id).pages == 3
    assert violations(shelf.store) == []


def test_equal_large_results_share_a_file(shelf):
    first, second = (shelf.finished(b"x" * 70_000, bypass_cache=True) for _ in range(2))
    assert len(files(shelf)) == 1
    shelf.purge(first)
    assert results.content(shelf.store, second) == b"x" * 70_000
    shelf.purge(second)
    assert files(shelf) == []


def test_a_result_that_is_not_there_says_why(shelf):
    job_id = shelf.add().job_id
    with pytest.raises(ResultNotReady, match="queued"):
        results.content(shelf.store, job_id)
    shelf.complete(shelf.only(), b"x" * 70_000)
    blobs.path(shelf.store, sha(b"x" * 70_000)).unlink()
    with pytest.raises(StoreDamaged, match="missing"):
        results.content(shelf.store, job_id)
    shelf.purge(job_id)
    with pytest.raises(ResultGone):
        results.content(shelf.store, job_id)
    with pytest.raises(JobNotFound):
        results.content(shelf.store, "job_none")


def test_a_document_becomes_rows(shelf):
    with shelf.store.write() as conn:
        batch = batches.create(conn, name="mine", now=1.0)
    made = document(
        [block(Heading, text="Title", level=1), block(Paragraph, text="One.")],
        [],
        [block(Paragraph, text="Three.")],
    )
    outcome = Outcome(content=wire.encode(made), media_type=wire.MEDIA_TYPE, pages=3)
    job_id = shelf.finished(outcome, filename="a.pdf", batch=batch)
    shelf.finished(b"no document", batch=batch, options={"x": 1})
    rows = [
        dict(zip(results.BLOCK_COLUMNS, row, strict=True))
        for row in results.block_rows(shelf.conn, job_ids=[job_id])
    ]
    assert [(r["page"], r["type"], r["text"], r["level"]) for r in rows] == [
        (1, "heading", "Title", 1),
        (1, "paragraph", "One.", None),
        (3, "paragraph", "Three.", None),
    ]
    assert {r["file"] for r in rows} == {"a.pdf"}
    assert rows[0]["document_id"] == shelf.job(job_id).document_id
    assert [r["block_id"] for r in rows] == [b.id for b in made.blocks]
    pages = list(results.page_rows(shelf.conn, batch=batch))
    by_page = [dict(zip(results.PAGE_COLUMNS, row, strict=True)) for row in pages]
    assert [(r["page"], r["blocks"]) for r in by_page] == [(1, 2), (2, 0), (3, 1)]
    assert len(list(results.block_rows(shelf.conn))) == 3
    assert list(results.block_rows(shelf.conn, job_ids=[])) == []


def test_what_only_says_that_it_is_a_document_is_refused(shelf):
    shelf.add()
    job = shelf.only()
    with pytest.raises(ToolkitError):
        shelf.complete(job, Outcome(content=b"{}", media_type=wire.MEDIA_TYPE))
    assert shelf.job(job.id).status == "processing"
    assert violations(shelf.store) == []


def test_no_cursor_stays_open_between_rows(shelf):
    """A reader who stops half-way must not hold the log."""
    made = document([block(Paragraph, text=str(n)) for n in range(5)])
    outcome = Outcome(content=wire.encode(made), media_type=wire.MEDIA_TYPE)
    job_id = shelf.finished(outcome, filename="a.pdf")
    rows = results.block_rows(shelf.conn)
    next(rows)
    assert shelf.purge(job_id) == "done"
