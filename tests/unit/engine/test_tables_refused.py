"""What stands in columns and is no table: text, contents, references, charts."""

from __future__ import annotations

from engine_made import HEIGHT, WIDTH, both, document, pdf, prose, text

from toolkit.document.blocks import Table


def tables(*painters):
    read = document(pdf(both(*painters)), ocr="never")
    return [block for block in read.blocks if isinstance(block, Table)]


def across(*heights):
    def paint(canvas):
        for y in heights:
            canvas.line(70, y, WIDTH - 70, y)

    return paint


def at(*placed, size=9):
    def paint(canvas):
        canvas.setFont("Helvetica", size)
        for x, y, word in placed:
            canvas.drawString(x, y, word)

    return paint


def test_columns_of_text_between_the_lines_of_header_and_footer():
    left, right = text(prose(40, 6), y=720), text(prose(40, 6, 9), x=320, y=720)
    assert tables(left, right, across(HEIGHT - 60, HEIGHT - 90, 60)) == []


def test_contents_between_lines():
    entries = [(80, 700 - 16 * n, f"Chapter of the {word}") for n, word in enumerate(prose(9, 1))]
    pages = [(480, 700 - 16 * n, str(3 + 7 * n)) for n in range(9)]
    assert tables(at(*entries), at(*pages), text(prose(4))) == []


def test_references_with_their_numbers_hanging():
    numbers = [(70, 700 - 24 * n, f"[{n + 1}]") for n in range(8)]
    works = [(95, 700 - 24 * n, " ".join(prose(1, 13, n))) for n in range(8)]
    assert tables(at(*numbers), at(*works)) == []


def test_the_lines_and_labels_of_a_chart():
    lines = across(*(700 - 20 * n for n in range(8)))
    axis = [(50, 697 - 20 * n, str(140 - 20 * n)) for n in range(8)]
    bars = [(110 + 70 * n, 580 + 13 * n, str(20 + 9 * n)) for n in range(5)]
    years = [(105 + 70 * n, 540, str(2016 + n)) for n in range(5)]
    assert tables(lines, at(*axis), at(*bars), at(*years), text(prose(5))) == []


def test_a_frame_around_text():
    def frame(canvas):
        canvas.rect(60, 560, 400, 120)

    assert tables(frame, text(prose(8, 10), y=660), text(prose(5, 10), y=500)) == []
