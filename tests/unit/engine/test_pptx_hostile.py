"""Decks that are damaged or mean harm end with a code, or come through without the bad part."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

import pytest
from pptx import Presentation
from pptx.util import Inches
from pptx_made import changed, deck, document, png, said, saved, source

from toolkit.document.blocks import Image
from toolkit.document.text import text_of
from toolkit.engine.options import ParseOptions
from toolkit.engine.pipeline import parse
from toolkit.engine.readers import pptx_package, pptx_shapes
from toolkit.engine.source import PPTX, Source, sniffed
from toolkit.errors import (
    DamagedFile,
    FileTooLarge,
    InvalidOption,
    PageUnreadable,
    PasswordProtected,
    TooManyPages,
    UnsupportedFileType,
)
from toolkit.jobs.job import Progress
from toolkit.jobs.tool import Limits

THREE = deck(said("one"), said("two"), said("three"))


def texts(made):
    return {page.page: [text_of(block) for block in page.blocks] for page in made.pages}


def failed(made):
    return [(f.page, f.code) for f in made.extraction.per_page_failures]


def zipped(**members: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return stream.getvalue()


def test_a_deck_is_known_by_what_its_list_of_contents_says():
    assert sniffed(THREE) == PPTX
    for kind, seems in (
        ("wordprocessingml.document.main+xml", "Word"),
        ("spreadsheetml.sheet.main+xml", "Excel"),
    ):
        listed = f'<Types><Override ContentType="application/vnd.x-{kind}"/></Types>'
        content = zipped(**{"[Content_Types].xml": listed, "ppt/embeddings/a.xlsx": "x"})
        with pytest.raises(UnsupportedFileType, match=seems):
            Source.from_bytes(content, "deck.pptx")


def test_a_slide_show_is_a_deck_too():
    show = changed(
        THREE,
        **{
            "[Content_Types].xml": lambda blob: blob.replace(
                b"presentationml.presentation.main", b"presentationml.slideshow.main"
            )
        },
    )
    assert texts(document(show))[1] == ["one"]


@pytest.mark.parametrize("share", [0.2, 0.5, 0.95])
def test_a_file_that_is_cut_off_is_damaged(share):
    with pytest.raises(DamagedFile, match="cut off"):
        document(THREE[: int(len(THREE) * share)])


def test_an_encrypted_file_says_so():
    name = "EncryptedPackage".encode("utf-16-le")
    content = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + name + bytes(100)
    with pytest.raises(PasswordProtected, match="encrypted"):
        Source.from_bytes(content, "secret.pptx")
    with pytest.raises(UnsupportedFileType, match="old Office"):
        Source.from_bytes(content.replace(name, b""), "old.ppt")


def test_an_encrypted_archive_says_so():
    content = bytearray(THREE)
    at = content.find(b"PK\x01\x02")
    while at >= 0:
        content[at + 8] |= 1
        at = content.find(b"PK\x01\x02", at + 4)
    with pytest.raises(PasswordProtected):
        document(bytes(content))


def test_a_deck_without_slides():
    with pytest.raises(DamagedFile, match="no slides"):
        document(saved(Presentation()))


def test_a_zip_bomb_is_not_unpacked(monkeypatch):
    monkeypatch.setattr(pptx_package, "_MOST_XML", 2**20)
    bomb = changed(THREE, slide2_xml=lambda _: b"<x>" + bytes(2**21))
    assert len(bomb) < 2**17
    with pytest.raises(FileTooLarge, match="bomb"):
        document(bomb)
    monkeypatch.setattr(pptx_package, "_MOST_BYTES", 2**20)
    with pytest.raises(FileTooLarge, match="unpacks to"):
        document(bomb)
    monkeypatch.setattr(pptx_package, "_MOST_MEMBERS", 5)
    with pytest.raises(FileTooLarge, match="parts"):
        document(THREE)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_part_that_is_packed_in_another_way_takes_no_other_down(method):
    """No deck is; and such a part unpacks to any size at once, or breaks in ways of its own."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(THREE)) as old, zipfile.ZipFile(stream, "w") as new:
        for name in old.namelist():
            odd = name.endswith("slide2.xml")
            new.writestr(name, old.read(name), method if odd else zipfile.ZIP_DEFLATED)
    made = document(stream.getvalue())
    assert texts(made) == {1: ["one"], 3: ["three"]}
    assert failed(made) == [(2, "PAGE_UNREADABLE")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_are_refused(encoding):
    laughs = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><x>&b;</x>'
    with pytest.raises(DamagedFile, match="entities"):
        document(changed(THREE, slide2_xml=lambda _: laughs.encode(encoding)))


def test_a_broken_slide_takes_no_other_down():
    made = document(changed(THREE, slide2_xml=lambda blob: blob[: len(blob) // 2]))
    assert texts(made) == {1: ["one"], 3: ["three"]}
    assert failed(made) == [(2, PageUnreadable.code)]
    assert made.source.page_count == 3


def test_a_missing_slide_takes_no_other_down():
    made = document(changed(THREE, slide3_xml=lambda _: None))
    assert texts(made) == {1: ["one"], 2: ["two"]}
    assert failed(made) == [(3, PageUnreadable.code)]


def test_a_slide_that_cannot_be_unpacked_takes_no_other_down():
    with zipfile.ZipFile(io.BytesIO(THREE)) as archive:
        member = archive.getinfo("ppt/slides/slide1.xml")
    content = bytearray(THREE)
    start = member.header_offset + 30 + len(member.filename) + 40
    content[start : start + 60] = b"\xff" * 60
    made = document(bytes(content))
    assert texts(made) == {2: ["two"], 3: ["three"]}
    assert failed(made) == [(1, PageUnreadable.code)]


def test_broken_relationships_cost_one_slide_at_most():
    made = document(
        changed(THREE, **{"slide2.xml.rels": lambda blob: blob.replace(b"Target=", b"Tarot=")})
    )
    assert texts(made) == {1: ["one"], 2: ["two"], 3: ["three"]}


def test_where_no_slide_can_be_read_the_file_is_damaged():
    broken = changed(deck(said("one")), slide1_xml=lambda blob: blob[:300])
    with pytest.raises(DamagedFile, match="no slide could be read"):
        document(broken)


def test_a_broken_layout_costs_no_text():
    made = document(changed(THREE, slideLayout7_xml=lambda blob: blob[: len(blob) // 2]))
    assert texts(made) == {1: ["one"], 2: ["two"], 3: ["three"]}


def test_a_broken_shape_is_noted_and_the_others_come_through():
    def chart_gone(slide):
        said("kept")(slide)
        place = (Inches(1), Inches(2), Inches(3), Inches(1))
        slide.shapes.add_table(1, 1, *place)
        slide.shapes._spTree.findall(".//{*}tbl")[0].clear()

    made = document(deck(chart_gone))
    assert texts(made) == {1: ["kept"]}
    assert failed(made) == [(1, PageUnreadable.code)]
    assert "Table" in made.extraction.per_page_failures[0].message


def test_a_place_that_is_no_number_costs_no_text():
    made = document(
        changed(THREE, slide1_xml=lambda blob: blob.replace(b'x="914400"', b'x="here"'))
    )
    assert texts(made)[1] == ["one"]


def test_groups_in_groups_without_end():
    def nest(slide):
        said("beside")(slide)
        tree = slide.shapes
        for _ in range(80):
            tree = tree.add_group_shape().shapes
        tree.add_textbox(0, 0, 9, 9).text_frame.text = "bottom"

    made = document(deck(nest, said("next")))
    assert texts(made) == {1: ["beside"], 2: ["next"]}
    assert "nested" in made.extraction.per_page_failures[0].message
    # Deeper than libxml2 goes: the slide is lost, the other is not.
    deeper = changed(
        deck(nest, said("next")),
        slide1_xml=lambda blob: blob.replace(b"<p:grpSp>", b"<p:grpSp>" * 300),
    )
    assert failed(document(deeper)) == [(1, PageUnreadable.code)]


def test_shapes_without_number(monkeypatch):
    monkeypatch.setattr(pptx_shapes, "_MOST_SHAPES", 2)

    def many(slide):
        for _ in range(4):
            said("x")(slide)

    made = document(deck(many))
    assert texts(made) == {1: ["x", "x"]}
    assert "more than 2" in made.extraction.per_page_failures[0].message


def huge_png(side: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes((side // 8 + 1) * 100))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        [chunk(b"IHDR", head), chunk(b"IDAT", rows), chunk(b"IEND", b"")]
    )


@pytest.mark.parametrize(
    "blob", [huge_png(30_000), b"\x01\x00\x00\x00" + bytes(40) + b" EMF", b"not a picture"]
)
def test_a_picture_that_is_not_opened_keeps_its_place(blob):
    def paint(slide):
        slide.shapes.add_picture(png(), Inches(1), Inches(1), Inches(2), Inches(1))

    [image] = document(changed(deck(paint), **{"image1.png": lambda _: blob})).blocks
    assert isinstance(image, Image)
    assert image.image_b64 is None
    assert image.bbox == pytest.approx((0.1, 1 / 7.5, 0.3, 2 / 7.5), abs=1e-4)


def test_what_nobody_read_is_said(monkeypatch):
    monkeypatch.setattr("toolkit.engine.slides.available", lambda: False)

    def paint(slide):
        slide.shapes.add_picture(png(), Inches(1), Inches(1), Inches(2), Inches(1))

    assert failed(document(deck(paint))) == [(1, "OCR_UNAVAILABLE")]
    assert failed(document(deck(paint), ocr="never")) == []


def test_pages_are_chosen_counted_and_cut():
    assert list(texts(document(THREE, pages="2-"))) == [2, 3]
    with pytest.raises(InvalidOption):
        document(THREE, pages="9")
    with pytest.raises(TooManyPages, match="pages="):
        parse(source(THREE), ParseOptions(), limits=Limits(max_pages=2))
    heard: list[Progress] = []
    made = parse(
        source(THREE),
        ParseOptions(),
        report=heard.append,
        cut_pages={2: ("MEMORY_EXCEEDED", "too much"), 7: ("TIMEOUT", "no such page")},
    )
    assert list(texts(made)) == [1, 3]
    assert failed(made) == [(2, "MEMORY_EXCEEDED")]
    assert [one.page for one in heard] == [0, 1, 3]


def test_a_slide_that_takes_too_long_is_cut_off():
    made = None
    with pytest.raises(Exception, match="no slide could be read") as caught:
        made = parse(source(THREE), ParseOptions(), limits=Limits(page_seconds=0.0))
    assert made is None
    assert caught.value.code == "PAGE_TIMEOUT"
