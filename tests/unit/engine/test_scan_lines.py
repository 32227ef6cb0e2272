"""What recognition passes over in a line of a scan: bullets, leaders, gutters, weights."""

from __future__ import annotations

import io
import re

import pytest
from engine_made import document
from pypdfium2 import PdfDocument
from reportlab.pdfgen.canvas import Canvas

from toolkit.document.blocks import Heading, ListBlock, Paragraph
from toolkit.document.document import Document
from toolkit.document.text import text_of
from toolkit.engine.ocr import available

pytestmark = pytest.mark.skipif(not available(), reason="the extra ocr is not installed")

WIDTH, HEIGHT = 420, 360
SAID = (
    "The council of the river towns met again in the spring to hear what the engineers had",
    "found out about the dams above the valley and about the state of the bridges there. It",
    "was the third such meeting within a year, and few of those who came had much hope that",
    "it would be the last, since the money for the works had been spent before they began.",
)


def read(draw) -> Document:
    """What a picture of the page says that *draw* draws on a canvas."""
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=(WIDTH, HEIGHT))
    draw(canvas)
    canvas.save()
    picture = io.BytesIO()
    with PdfDocument(file.getvalue()) as pdf:
        pdf[0].render(scale=150 / 72).to_pil().convert("RGB").save(picture, "PNG", dpi=(150, 150))
    return document(picture.getvalue())


def lines(canvas, said, *, left=40.0, top=300.0, step=14.0, font="Helvetica", size=9.0):
    canvas.setFont(font, size)
    for at, line in enumerate(said):
        canvas.drawString(left, top - at * step, line)


def justified(canvas, said, *, left, width, top, size=8.0, step=10.0):
    """Each of *said* but the last stretched to *width*, as a typesetter does."""
    canvas.setFont("Helvetica", size)
    for at, line in enumerate(said):
        words = line.split()
        free = width - sum(canvas.stringWidth(word, "Helvetica", size) for word in words)
        gap = free / (len(words) - 1) if at < len(said) - 1 else 0.28 * size
        x = left
        for word in words:
            canvas.drawString(x, top - at * step, word)
            x += canvas.stringWidth(word, "Helvetica", size) + gap


def texts(made: Document) -> list[str]:
    return [text_of(block) for block in made.blocks]


def test_dots_before_lines_make_a_list():
    items = ("Sawmill residues of any kind", "Liquid biomass from palms", "Waste of building sites")

    def draw(canvas):
        lines(canvas, SAID)
        for at, item in enumerate(items):
            canvas.circle(52, 223 - 16 * at, 1.6, stroke=0, fill=1)
            lines(canvas, [item], left=64, top=220 - 16 * at)

    found = [block for block in read(draw).blocks if isinstance(block, ListBlock)]
    assert [list(block.items) for block in found] == [list(items)]


def test_a_single_dot_before_a_line_is_a_speck():
    def draw(canvas):
        lines(canvas, SAID)
        canvas.circle(30, 300 - 14 + 3, 1.6, stroke=0, fill=1)

    assert not any("•" in text for text in texts(read(draw)))


def test_leaders_have_the_dots_that_are_seen():
    names = ("Genetics of the blood", "Practice", "Materials for the laboratory")

    def draw(canvas):
        canvas.setFont("Helvetica", 10)
        for at, name in enumerate(names):
            y = 300 - 18 * at
            canvas.drawString(40, y, name)
            canvas.drawString(360, y, str(94 + at))
            start = 48 + canvas.stringWidth(name, "Helvetica", 10)
            canvas.drawString(start, y, "." * dots[at])

    dots = (60, 80, 50)
    said = " ".join(texts(read(draw)))
    assert [len(run) for run in re.findall(r"\.{5,}", said)] == list(dots)
    assert all(f"{94 + at}" in said for at in range(3))


def test_an_ellipsis_stays_as_it_is():
    said = " ".join(texts(read(lambda canvas: lines(canvas, ["and so on ... or not", *SAID]))))
    assert "so on ... or not" in said


LEFT = (
    "In July the surveyors established",
    "a profile of the small firms that were",
    "asked. Those who answered told the",
    "surveyors about the state of business",
    "in each phase. Respondents whose firm",
    "had closed were asked the reasons only.",
)
RIGHT = (
    "The size of every one of the firms",
    "was found by the number of people at",
    "work there on the day of the meeting.",
    "Following a decree, firms of five or",
    "fewer people are very small, those of",
    "six to fifty are small.",
)


def test_columns_of_justified_text_are_read_one_after_the_other():
    """Their gutter is narrower than the gaps between the words of some lines."""

    def draw(canvas):
        justified(canvas, LEFT, left=40, width=160, top=300)
        justified(canvas, RIGHT, left=208, width=160, top=300)

    said = re.sub(r"\s+", " ", " ".join(texts(read(draw))))
    assert said.index("reasons only") < said.index("The size of every")
    assert "surveyors established a profile" in said


def test_a_heading_that_runs_into_its_paragraph_is_none():
    def draw(canvas):
        lines(canvas, ["Evaluation."], font="Helvetica-Bold")
        lines(canvas, ["In the public table of large models,"], left=98)
        lines(canvas, SAID, top=286)

    made = read(draw)
    assert not any(isinstance(block, Heading) for block in made.blocks)


def test_a_formula_of_larger_type_is_no_heading():
    def draw(canvas):
        lines(canvas, SAID)
        lines(canvas, ["Cv = 2y - x = 11"], left=150, top=225, size=13)
        lines(canvas, SAID, top=195)

    made = read(draw)
    assert not any(isinstance(block, Heading) for block in made.blocks)
    assert any("Cv" in text for text in texts(made))


def test_a_larger_line_of_words_is_a_heading():
    def draw(canvas):
        lines(canvas, ["What the engineers found"], top=322, size=14, font="Helvetica-Bold")
        lines(canvas, SAID)

    made = read(draw)
    assert [type(block) for block in made.blocks] == [Heading, Paragraph]
