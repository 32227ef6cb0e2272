"""Text aslant, on its side, from right to left, and from top to bottom."""

from __future__ import annotations

import math

import numpy as np
import pytest
from engine_made import document, pdf, prose, sheet
from reading_made import page_of, written
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import CIDFont, UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from toolkit.document.blocks import TextSource
from toolkit.document.normal import unshaped
from toolkit.engine.marks import Glyphs
from toolkit.engine.oblique import slants
from toolkit.engine.readers.oxide import direction
from toolkit.engine.readers.vertical import with_columns
from toolkit.engine.words import find_lines

LINES = ["Some text of the page that is here", "A second line of it", "And a third one"]


def turned(lines: list[str], degrees: float, *, x: float = 300, y: float = 400) -> bytes:
    """*lines* below each other, turned counter-clockwise around (x, y)."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    shown = b" Tj 0 -16 Td ".join(b"(%s)" % line.encode() for line in lines)
    matrix = b"%.6f %.6f %.6f %.6f %g %g Tm" % (cos, sin, -sin, cos, x, y)
    return b"BT /F1 12 Tf %s %s Tj ET\n" % (matrix, shown)


def said(made: bytes) -> list[str]:
    return [block.text for block in document(made, ocr="never").pages[0].blocks]


@pytest.mark.parametrize("degrees", [45, -45, 30, 60, 135, 200])
def test_a_stamp_aslant_is_not_mixed_with_the_lines_under_it(degrees):
    body = b"".join(written(line, y=500 - at * 14) for at, line in enumerate(prose(20)))
    made = page_of(body + turned(["CONFIDENTIAL"], degrees))
    assert said(made) == [" ".join(prose(20)), "CONFIDENTIAL"]
    assert all(block.verified for block in document(made, ocr="never").pages[0].blocks)


@pytest.mark.parametrize("degrees", [10, -12, 45, 90, 170, 180, 270])
def test_a_page_that_stands_aslant_is_read_upright(degrees):
    made = page_of(turned(LINES, degrees))
    blocks = document(made, ocr="never").pages[0].blocks
    assert [block.text for block in blocks] == [" ".join(LINES)]
    assert blocks[0].text_source is TextSource.VERIFIED
    x0, y0, x1, y1 = blocks[0].bbox
    assert 0 <= x0 < x1 <= 1
    assert 0 <= y0 < y1 <= 1


def test_a_scan_a_little_askew_is_upright():
    assert direction(np.array([1.5, -2.0, 4.9, 88.0, 93.0, 359.0])).tolist() == [0, 0, 0, 90, 90, 0]
    assert direction(np.array([6.0, -6.4, 45.4, 181.0])).tolist() == [6, 354, 45, 180]


def test_directions_that_are_nearly_one_are_one():
    angles = np.array([0, 44, 45, 45, 46, 90, 120, 300], dtype=np.int16)
    found = {angle: some.tolist() for angle, some in slants(angles, np.arange(8))}
    assert found == {45: [1, 2, 3, 4], 120: [6], 300: [7]}


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_both_readers_know_which_way_text_on_its_side_goes(degrees, monkeypatch):
    monkeypatch.setattr("toolkit.engine.readers.pdf._differs", lambda one, two: True)
    made = page_of(written("Upright text", y=100) + turned(["Text on its side"], degrees))
    assert "Text on its side" in said(made)


HEBREW = "\u05e9\u05dc\u05d5\u05dd", "\u05e2\u05d5\u05dc\u05dd"


def glyphs(chars: str, places: list[tuple[float, float]], size: float = 10) -> Glyphs:
    origins = np.array(places, dtype=float)
    boxes = np.column_stack(
        (origins[:, 0], origins[:, 1] - 8, origins[:, 0] + 5, origins[:, 1] + 2)
    )
    none = np.zeros(len(chars), dtype=bool)
    return Glyphs(
        chars,
        boxes,
        origins,
        np.full(len(chars), size),
        np.zeros(len(chars), dtype=np.int16),
        *(none,) * 3,
        np.zeros(len(chars), dtype=np.int32),
        ("F",),
        none,
        none,
    )


def row(visual: str) -> Glyphs:
    """Characters as they stand from left to right."""
    return glyphs(visual, [(5.0 * at, 100.0) for at in range(len(visual))])


@pytest.mark.parametrize(
    ("visual", "logical"),
    [
        (f"{HEBREW[1][::-1]} {HEBREW[0][::-1]}", f"{HEBREW[0]} {HEBREW[1]}"),
        (f"2024 {HEBREW[0][::-1]}", f"{HEBREW[0]} 2024"),
        (f"{HEBREW[1][::-1]} 12.5% {HEBREW[0][::-1]}", f"{HEBREW[0]} 12.5% {HEBREW[1]}"),
        (f"{HEBREW[1][::-1]} PDF file {HEBREW[0][::-1]}", f"{HEBREW[0]} PDF file {HEBREW[1]}"),
        (f"The word {HEBREW[0][::-1]} means peace", f"The word {HEBREW[0]} means peace"),
    ],
)
def test_text_from_right_to_left_is_in_the_order_of_reading(visual, logical):
    assert [line.text for line in find_lines(row(visual))] == [logical]


def test_the_shapes_of_arabic_letters_are_their_letters():
    shapes = "\ufe8d\ufedf\ufeb4\ufefc\ufee1"
    letters = "\u0627\u0644\u0633\u0644\u0627\u0645"
    assert find_lines(row(shapes[::-1]))[0].text == letters
    assert unshaped(shapes) == letters
    # What is no letter's shape is left as it is.
    assert unshaped("\ufd3e\ufd3f") == "\ufd3e\ufd3f"


COLUMNS = [
    "\u7e26\u66f8\u304d\u306e\u65e5\u672c\u8a9e\u306e\u6587\u7ae0\u3067\u3059\u3002",
    "\u6b21\u306e\u884c\u306f\u5de6\u306b\u3042\u308a\u307e\u3059\u3002",
    "\u4e09\u884c\u76ee\u306e\u6587\u7ae0\u3002",
]


def test_columns_are_read_from_the_top_and_from_the_right():
    pdfmetrics.registerFont(CIDFont("HeiseiMin-W3", "UniJIS-UCS2-V"))

    def paint(canvas: Canvas) -> None:
        words = canvas.beginText()
        words.setFont("HeiseiMin-W3-UniJIS-UCS2-V", 14)
        for at, line in enumerate(COLUMNS):
            words.setTextOrigin(500 - 22 * at, 700)
            words._code.append(f"<{line.encode('utf-16-be').hex()}> Tj")
        canvas.drawText(words)

    made = pdf(paint)
    assert "".join(said(made)) == "".join(COLUMNS)
    assert set(sheet(made).glyphs.angles.tolist()) == {270}


def test_a_page_of_rows_stays_one_of_rows():
    pdfmetrics.registerFont(UnicodeCIDFont("HeiseiMin-W3"))

    def paint(canvas: Canvas) -> None:
        canvas.setFont("HeiseiMin-W3", 14)
        for at, line in enumerate(COLUMNS * 3):
            canvas.drawString(100, 700 - 17 * at, line)

    assert set(sheet(pdf(paint)).glyphs.angles.tolist()) == {0}


def test_a_column_beside_rows_is_told_from_them():
    rows = [(100.0 + 10 * x, 300.0 + 15 * y) for y in range(3) for x in range(6)]
    column = [(400.0, 200.0 + 10.5 * y) for y in range(8)]
    both = with_columns(glyphs("\u6587" * 26, rows + column))
    assert both.angles.tolist() == [0] * 18 + [270] * 8
    assert [len(line.glyphs) for line in find_lines(both)] == [6, 6, 6, 8]


def test_one_sign_a_row_is_no_column():
    apart = glyphs("\u7537\u5973" * 4, [(100.0, 100.0 + 16 * at) for at in range(8)])
    assert with_columns(apart) is apart
