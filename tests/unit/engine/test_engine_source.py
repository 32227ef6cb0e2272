"""A file is known by its bytes, never by its name."""

from __future__ import annotations

import hashlib
import io
import zipfile

import pytest
from engine_made import pdf, picture, text

from toolkit.engine.source import Source, sniffed
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
        (png(), "image/png"),
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
