"""A file is known by its bytes, never by its name."""

from __future__ import annotations

import hashlib
import io
import zipfile

import pytest
from engine_made import pdf, picture, text

from toolkit.engine import source as source_module
from toolkit.engine.source import PPTX, Source, sniffed
from toolkit.errors import EmptyFile, UnreadablePath, UnsupportedFileType

MADE = pdf(text(["Hello"]))


def zipped(name: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(name, "x")
    return stream.getvalue()


def png() -> bytes:
    stream = io.BytesIO()
    picture().save(stream, "PNG")
    return stream.getvalue()


def test_a_pdf_under_any_name(tmp_path):
    path = tmp_path / "photo.jpg"
    path.write_bytes(MADE)
    source = Source.from_path(path)
    assert source.media_type == "application/pdf"
    assert source.filename == "photo.jpg"
    assert source.sha256 == hashlib.sha256(MADE).hexdigest()
    assert source.size == len(MADE)
    assert source.bytes() == MADE


def test_the_header_may_stand_a_little_later_or_be_lost():
    assert sniffed(b"\n" * 500 + MADE) == "application/pdf"
    assert sniffed(MADE[9:]) == "application/pdf"


@pytest.mark.parametrize(
    ("content", "seems"),
    [
        (b"\0\0\0\x20ftypavif" + bytes(100), "binary.*images can be read"),
        (zipped("word/document.xml"), "Word"),
        (zipped("xl/workbook.xml"), "Excel"),
        (zipped("a.txt"), "application/zip"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), "old Office"),
        (b"<!DOCTYPE html><html></html>", "HTML"),
        ("Grüße, nur Text".encode(), "plain text"),
        (bytes(range(256)) * 4, "binary"),
    ],
)
def test_what_is_no_pdf_is_named(content, seems):
    with pytest.raises(UnsupportedFileType, match=seems):
        Source.from_bytes(content, "report.pdf")


def test_no_bytes_and_no_file(tmp_path):
    with pytest.raises(EmptyFile):
        Source.from_bytes(b"", "empty.pdf")
    with pytest.raises(UnreadablePath, match=r"nowhere\.pdf"):
        Source.from_path(tmp_path / "nowhere.pdf")
    with pytest.raises(UnreadablePath):
        Source.from_path(tmp_path)


def test_the_content_is_not_shown():
    assert "PDF-1" not in repr(Source.from_bytes(MADE, "a.pdf"))


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_list_of_contents_that_is_packed_to_harm_is_not_unpacked(method, monkeypatch):
    """473 bytes of bzip2 would make 400 MB, in the process of whoever hands the file in."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        archive.writestr("[Content_Types].xml", bytes(2**20))
    whole = stream.getvalue()
    monkeypatch.setattr(zipfile.ZipFile, "open", None)
    assert sniffed(whole) == "application/zip"


def test_parts_that_are_damaged_in_any_way_still_have_a_type():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("[Content_Types].xml", bytes(99))
    broken = stream.getvalue().replace(b"]\0\0\x80", b"\xff\xff\xff\xff")
    assert broken != stream.getvalue()
    assert sniffed(broken) == "application/zip"


def test_a_list_of_names_without_end_is_not_read(monkeypatch):
    monkeypatch.setattr(source_module, "_LONGEST_LISTING", 50)
    # What is beside the parts themselves says it still.
    assert sniffed(zipped("ppt/presentation.xml")) == PPTX
    assert sniffed(zipped("a.txt")) == "application/zip"
