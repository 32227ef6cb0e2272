"""Bad input gives a clear error with its code; what can be read is read."""

from __future__ import annotations

import pdf_oxide
import pytest
from engine_made import document, glyphs, objects, one_page, pdf, prose, sheet, text, with_noise
from reportlab.lib.pdfencrypt import StandardEncryption

from toolkit.document.document import Document
from toolkit.engine.options import ParseOptions
from toolkit.engine.pipeline import parse
from toolkit.engine.readers import oxide
from toolkit.engine.readers.oxide import mended
from toolkit.engine.readers.pdf import read, source_texts
from toolkit.engine.source import Source
from toolkit.errors import (
    DamagedFile,
    InvalidOption,
    OcrUnavailable,
    PasswordProtected,
    ToolkitError,
    TooManyPages,
)
from toolkit.jobs.tool import Limits

TWO = pdf(text(prose(20)), text(prose(20, start=7)))


def said(found: Document) -> str:
    return "\n".join(getattr(block, "text", "") for block in found.blocks)


def locked(user: str) -> bytes:
    return pdf(text(["Secret words"]), encrypt=StandardEncryption(user, "owner", strength=128))


def test_encrypted_needs_its_password():
    for content in (
        locked("key"),
        pdf_oxide.PdfDocument.from_bytes(TWO).to_bytes_encrypted("key", "owner"),
    ):
        with pytest.raises(PasswordProtected, match="no password"):
            document(content)
        with pytest.raises(PasswordProtected, match="wrong"):
            document(content, password="guess")
        assert said(document(content, password="key"))
        assert said(document(content, password="owner"))


def test_an_empty_user_password_opens_by_itself():
    assert said(document(locked(""))) == "Secret words"
    assert said(document(locked(""), password="needless")) == "Secret words"


def test_a_password_for_an_open_file_does_no_harm():
    assert document(TWO, password="needless").source.page_count == 2


@pytest.mark.parametrize(
    "content", [b"%PDF-1.7\ngarbage", b"%PDF-1.7\n" + bytes(2000), TWO[: len(TWO) // 2]]
)
def test_beyond_repair_is_damaged(content):
    with pytest.raises(DamagedFile):
        document(content)


def test_a_lost_end_or_head_is_repaired():
    for content in (TWO[:-150], TWO[9:]):
        assert document(content).source.page_count == 2


def test_a_broken_page_is_listed_and_the_others_come_through():
    found = document(with_noise(TWO, 1))
    assert [page.page for page in found.pages] == [1]
    [failure] = found.extraction.per_page_failures
    assert (failure.page, failure.code) == (2, "PAGE_UNREADABLE")


def test_a_blank_page_is_no_failure():
    found = document(pdf(text(["Words"]), lambda canvas: None))
    assert [len(page.blocks) for page in found.pages] == [1, 0]
    assert found.extraction.per_page_failures == ()


def test_a_page_tree_that_holds_itself():
    content = objects(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R 4 0 R]/Count 2>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 300]/Contents 5 0 R"
        b"/Resources<</Font<</F1 6 0 R>>>>>>",
        b"<</Type/Pages/Kids[4 0 R]/Count 1/MediaBox[0 0 300 300]>>",
        b"<</Length 40>>stream\nBT /F1 12 Tf 20 200 Td (First) Tj ET     \nendstream",
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    )
    found = document(content)
    assert said(found) == "First"
    assert {failure.code for failure in found.extraction.per_page_failures} == {"PAGE_UNREADABLE"}


def test_too_many_pages_unless_narrowed():
    content = pdf(*(text([f"Page {n}"]) for n in range(1, 6)))
    source = Source.from_bytes(content, "five.pdf")
    with pytest.raises(TooManyPages, match="pages="):
        parse(source, ParseOptions(), limits=Limits(max_pages=3))
    found = parse(source, ParseOptions(pages="2,4-5"), limits=Limits(max_pages=3))
    assert [page.page for page in found.pages] == [2, 4, 5]
    assert found.source.page_count == 5
    with pytest.raises(InvalidOption):
        document(content, pages="9")


def test_cut_pages_are_left_out_and_listed():
    seen = []
    found = parse(
        Source.from_bytes(TWO, "two.pdf"),
        ParseOptions(),
        report=seen.append,
        cut_pages={1: ("PAGE_TIMEOUT", "it hung")},
    )
    assert [page.page for page in found.pages] == [2]
    assert found.extraction.per_page_failures[0].message == "it hung"
    assert [(p.page, p.pages) for p in seen] == [(0, 2), (2, 2)]
    with pytest.raises(ToolkitError) as caught:
        parse(
            Source.from_bytes(TWO, "two.pdf"),
            ParseOptions(),
            cut_pages={1: ("PAGE_TIMEOUT", "a"), 2: ("PAGE_TIMEOUT", "b")},
        )
    assert caught.value.code == "PAGE_TIMEOUT"


def test_each_page_is_announced_before_it_is_begun():
    seen = []
    parse(Source.from_bytes(TWO, "two.pdf"), ParseOptions(), report=seen.append)
    assert [(p.page, p.pages, p.percent) for p in seen] == [(0, 2, 0.0), (1, 2, 0.0), (2, 2, 50.0)]


def test_a_page_of_more_characters_than_any_page_shows(monkeypatch):
    monkeypatch.setattr(oxide, "_MOST_GLYPHS", 500)
    with pytest.raises(DamagedFile, match="characters"):
        document(TWO)


def test_an_image_of_a_size_that_nobody_has_memory_for():
    image = (
        b"<</Type/XObject/Subtype/Image/Width 60000/Height 60000/BitsPerComponent 8"
        b"/ColorSpace/DeviceGray/Length 4>>stream\nabcd\nendstream"
    )
    content = b"BT /F1 12 Tf 50 700 Td (Beside it) Tj ET q 400 0 0 400 50 50 cm /I Do Q"
    found = document(one_page(content, resources=b"/XObject<</I 6 0 R>>", extra=[image]))
    assert "Beside it" in said(found)


def test_a_page_of_monstrous_size():
    found = document(pdf(text(["Small words"]), size=(200_000, 200_000)))
    assert said(found) == "Small words"
    assert all(0 <= share <= 1 for block in found.blocks for share in block.bbox)


def test_text_in_nested_forms_is_found():
    def paint(canvas):
        canvas.setFont("Helvetica", 11)
        canvas.beginForm("inner")
        canvas.drawString(70, 600, "Inside two forms")
        canvas.endForm()
        canvas.beginForm("outer")
        canvas.doForm("inner")
        canvas.endForm()
        canvas.doForm("outer")

    assert said(document(pdf(paint))) == "Inside two forms"


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_turned_page_is_read_as_it_is_seen(turn):
    stream = (
        b"BT /F1 12 Tf %s Tm (Seen upright) Tj ET"
        % {
            0: b"1 0 0 1 100 700",
            90: b"0 1 -1 0 100 100",
            180: b"-1 0 0 -1 500 100",
            270: b"0 -1 1 0 500 700",
        }[turn]
    )
    content = one_page(stream).replace(b"/MediaBox", b"/Rotate %d/MediaBox" % turn)
    found = document(content)
    assert said(found) == "Seen upright"
    [block] = found.blocks
    x0, y0, x1, y1 = block.bbox
    assert x0 < 0.3
    assert y1 < 0.3
    assert x1 - x0 > y1 - y0
    width, height = found.source.page_sizes[0]
    assert (width > height) == (turn in (90, 270))


def test_the_crop_box_is_the_page():
    content = one_page(
        b"BT /F1 12 Tf 120 720 Td (Inside) Tj ET BT /F1 12 Tf 10 20 Td (Outside) Tj ET"
    )
    content = content.replace(
        b"/MediaBox[0 0 600 800]", b"/MediaBox[0 0 600 800]/CropBox[100 100 500 760]"
    )
    found = document(content)
    assert said(found) == "Inside"
    assert found.source.page_sizes == ((round(400 / 72, 3), round(660 / 72, 3)),)


def test_white_space_decoded_in_the_wrong_alphabet_is_put_right():
    rows = [(char, n) for n, char in enumerate("a\u00e2\u20ac\u201ab\u00c2\u00a0c\u00c2d")]
    assert "".join(row[0] for row in mended(rows)) == "a\u2002b\u00a0c\u00c2d"


def test_both_readers_agree_on_text_and_place():
    from toolkit.engine.readers.oxide import OxideFile
    from toolkit.engine.readers.pdfium import PdfiumFile

    first, second = OxideFile(TWO, None), PdfiumFile(TWO, None)
    frame = first.frame(1)
    assert frame == second.frame(1)
    one, two = first.glyphs(1, frame), second.glyphs(1, frame)
    assert "".join(one.text.split()) == "".join(two.text.split())
    assert abs(one.origins[0] - two.origins[0]).max() < 0.5
    assert abs(one.sizes[0] - two.sizes[0]) < 0.1


def test_source_texts_are_what_spans_point_into():
    texts = dict(source_texts(Source.from_bytes(TWO, "two.pdf")))
    assert list(texts) == [1, 2]
    assert texts[1] == glyphs(TWO).text


def test_ocr_that_is_not_there_is_said(monkeypatch):
    monkeypatch.setattr("toolkit.engine.opened.available", lambda: False)
    with pytest.raises(OcrUnavailable, match="pip install"):
        document(TWO, ocr="force")


def test_marks_of_a_page():
    def paint(canvas):
        canvas.rect(100, 100, 200, 50)
        canvas.line(50, 500, 300, 500)

    found = sheet(pdf(paint))
    assert len(found.rules) == 5
    assert found.painted
    assert read(Source.from_bytes(TWO, "t.pdf"), ParseOptions()).sheet(2).number == 2
