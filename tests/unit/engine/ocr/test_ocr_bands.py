"""Pictures far longer or larger than one look takes: every line is found, and once."""

from __future__ import annotations

import io

import numpy as np
import pytest
from ocr_pages import PROSE
from PIL import Image, ImageDraw, ImageFont
from rapidfuzz.distance import Levenshtein

from toolkit.document.blocks import Table
from toolkit.engine import ocr
from toolkit.engine.ocr import bands
from toolkit.engine.ocr.detection import MOST_PIXELS
from toolkit.engine.options import ParseOptions
from toolkit.engine.pipeline import parse
from toolkit.engine.source import Source

pytestmark = pytest.mark.skipif(not ocr.available(), reason="the extra ocr is not installed")

GOODS = ("Apples", "Brown bread", "Milk", "Salted butter", "Green tea", "Onions", "Flour")


def receipt(height: int) -> tuple[Image.Image, list[tuple[str, str]]]:
    """A till's strip of 800 × *height* pixels, and what stands on it, row by row."""
    image = Image.new("RGB", (800, height), "white")
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(26)
    rows = []
    for at, y in enumerate(range(60, height - 80, 42)):
        row = (f"{GOODS[at % 7]} {at + 101}", f"{at * 37 % 90 + 10}.{at * 53 % 90 + 10}")
        for x, words in zip((40, 620), row, strict=True):
            pen.text((x, y), words, fill="black", font=font)
        rows.append(row)
    return image, rows


def test_a_receipt_of_several_pages_length_is_read_to_its_end():
    image, rows = receipt(6000)
    stream = io.BytesIO()
    image.save(stream, "PNG")
    found = parse(Source.from_bytes(stream.getvalue(), "till.png"), ParseOptions())
    [table] = found.blocks
    assert isinstance(table, Table)
    assert len(table.rows) == len(rows) > 130
    read = "".join(cell.text for cell in table.cells)
    truth = "".join("".join(row) for row in rows)
    assert Levenshtein.distance(read, truth) < 0.01 * len(truth)
    assert found.extraction.per_page_failures == ()


def test_a_large_sheet_of_small_type_is_looked_at_more_closely():
    # As an A3 at 300 dots an inch: at one look its lines are eight pixels high.
    image = Image.new("RGB", (3300, 4600), "white")
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(28)
    places = [(x, y) for x in (300, 1800) for y in range(300, 1800, 60)]
    for at, place in enumerate(places):
        pen.text(place, PROSE[at % 5], fill="black", font=font)
    lines = ocr.recognise(image).lines
    truth = sorted(PROSE[at % 5] for at in range(len(places)))
    read = sorted(line.text for line in lines)
    assert len(read) == len(truth)
    assert Levenshtein.distance("".join(read), "".join(truth)) < 0.01 * len("".join(truth))


@pytest.mark.parametrize("size", [(800, 9000), (3300, 4600), (5000, 900), (3000, 1)])
def test_no_look_is_larger_than_the_model_takes(monkeypatch, size):
    looks = []

    def quads_at(picture, scale):
        height, width = picture.shape[:2]
        looks.append(round(height * scale) * round(width * scale))
        # Lines of small type, so that a second look is worth it.
        small = np.array([[9, 9], [90, 9], [90, 13], [9, 13]], np.float32) / scale
        return np.repeat(small[None], 20, axis=0)

    monkeypatch.setattr(bands, "quads_at", quads_at)
    bands.text_quads(np.zeros((size[1], size[0], 3), np.uint8))
    assert looks
    assert max(looks) <= MOST_PIXELS


def test_a_line_that_two_bands_show_is_one_line_and_whole(monkeypatch):
    def box(left, top, right, bottom):
        return [[left, top], [right, top], [right, bottom], [left, bottom]]

    # In the picture: one line that both see, one that the first band cuts, one of each alone.
    shown = [
        [box(10, 500, 200, 530), box(10, 1150, 200, 1180), box(10, 1255, 200, 1280)],
        [box(10, 1151, 200, 1181), box(10, 1255, 200, 1300), box(10, 1600, 200, 1630)],
    ]
    tops = iter([0, 1280 - bands.OVERLAP])

    def quads_at(picture, scale):
        top = next(tops)
        return np.array(shown[top > 0], np.float32) - np.float32([0, top])

    monkeypatch.setattr(bands, "quads_at", quads_at)
    found = bands.text_quads(np.zeros((2200, 700, 3), np.uint8))
    spans = sorted((quad[:, 1].min(), quad[:, 1].max()) for quad in found)
    assert spans == [(500, 530), (1150, 1180), (1255, 1300), (1600, 1630)]


def test_time_can_be_up_between_two_bands(monkeypatch):
    looks = []
    nothing = np.empty((0, 4, 2), np.float32)
    monkeypatch.setattr(bands, "quads_at", lambda *_: nothing)
    bands.text_quads(np.zeros((6000, 800, 3), np.uint8), lambda: looks.append(None))
    assert len(looks) >= 5
