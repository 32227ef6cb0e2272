"""Text that is drawn as outlines stands in no text layer, and is read all the same."""

from __future__ import annotations

import io

import cv2
import numpy as np
import pytest
from engine_made import document, pdf, prose, sheet, text
from pypdfium2 import PdfDocument
from reportlab.pdfgen.canvas import FILL_EVEN_ODD, Canvas

from toolkit.document.blocks import Image, TextSource
from toolkit.document.text import text_of
from toolkit.engine.ocr import available
from toolkit.engine.scans_unread import outlined_text
from toolkit.engine.words import find_lines

pytestmark = pytest.mark.skipif(not available(), reason="the extra ocr is not installed")

SAID = (
    "The committee met on the river bank in Geneva.",
    "It rejected the second proposal of the engineers.",
    "Further details are available at the registry.",
)
SCALE = 12


def shapes(said, size):
    """For each letter of *said* its outlines, in points from the left end of its baseline."""
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=(500, 40))
    canvas.setFont("Helvetica", size)
    canvas.drawString(0, 20, said)
    canvas.save()
    with PdfDocument(file.getvalue()) as opened:
        pixels = opened[0].render(scale=SCALE).to_pil().convert("L")
    ink = (np.asarray(pixels) < 128).astype(np.uint8)
    found, tree = cv2.findContours(ink, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    for at, outline in enumerate(found):
        if tree[0][at][3] < 0:
            holes = [hole for hole, node in zip(found, tree[0], strict=True) if node[3] == at]
            yield [cv2.approxPolyDP(each, 1.0, True)[:, 0] / SCALE for each in (outline, *holes)]


def drawn(lines, *, left=70.0, top=500.0, size=11.0, step=16.0, whole=False):
    """A painter of *lines* as outlines: a path a letter, or (*whole*) one path a line."""

    def paint(canvas):
        for at, line in enumerate(lines):
            path = canvas.beginPath()
            for letter in shapes(line, size):
                path = path if whole else canvas.beginPath()
                for outline in letter:
                    points = [(left + x, top - at * step + 20 - y) for x, y in outline.tolist()]
                    path.moveTo(*points[0])
                    for point in points[1:]:
                        path.lineTo(*point)
                    path.close()
                if not whole:
                    canvas.drawPath(path, stroke=0, fill=1, fillMode=FILL_EVEN_ODD)
            if whole:
                canvas.drawPath(path, stroke=0, fill=1, fillMode=FILL_EVEN_ODD)

    return paint


def page(*painters):
    def paint(canvas):
        text(prose(5), y=760)(canvas)
        for painter in painters:
            painter(canvas)

    return pdf(paint)


def regions(content):
    read = sheet(content)
    return outlined_text(read, find_lines(read.glyphs))


@pytest.mark.parametrize("whole", [False, True])
def test_outlined_lines_are_read_into_the_page(whole):
    made = document(page(drawn(SAID, whole=whole)))
    assert [type(block).__name__ for block in made.blocks] == ["Paragraph", "Paragraph"]
    first, second = made.blocks
    assert first.verified
    assert text_of(second) == " ".join(SAID)
    assert second.text_source is TextSource.INFERRED
    assert not any(isinstance(block, Image) for block in made.blocks)


def test_lines_under_each_other_are_one_region():
    (region,) = regions(page(drawn(SAID)))
    assert region.left == pytest.approx(70, abs=2)
    assert region.height == pytest.approx(2 * 16 + 11, abs=5)


def test_outlines_under_the_words_of_the_text_layer_are_not_read_again():
    over = page(drawn(SAID), text(SAID, x=70, y=500, size=11, leading=16))
    assert regions(over) == []


def test_dots_of_a_plot_and_bars_are_no_letters():
    def plot(canvas):
        for at in range(40):
            canvas.circle(80 + 9 * at, 400 + (at * 37) % 60, 2.5, stroke=0, fill=1)
            canvas.circle(80 + 9 * at, 300, 2.5, stroke=0, fill=1)
            canvas.rect(80 + 9 * at, 200, 6, 4 + at, stroke=0, fill=1)

    assert regions(page(plot)) == []


def test_a_page_without_outlines_has_no_regions():
    assert regions(page()) == []


def test_a_drawing_of_very_many_paths_is_left_alone():
    def map_of(canvas):
        for at in range(4200):
            canvas.circle(80 + at % 400, 100 + at // 20, 1.5 + at % 3, stroke=0, fill=1)

    assert regions(page(map_of, drawn(SAID, top=600))) == []
