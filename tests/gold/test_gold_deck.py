"""A made deck with every type of block that slides can say of themselves, against what was written.

Captions, footnotes, callouts and code have no mark of their own in a presentation: a text box is a
paragraph. Everything that has one is here: placeholders, tables, charts, connectors, pictures.
"""

from __future__ import annotations

import copy
import io
from typing import Any

import pytest
from PIL import Image as Picture
from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.enum.shapes import MSO_CONNECTOR, MSO_SHAPE
from pptx.util import Emu, Inches

from toolkit.document.blocks import Block, Chart, Diagram, Image, Proof, Table
from toolkit.document.document import Document
from toolkit.document.text import text_of
from toolkit.engine.options import ParseOptions
from toolkit.engine.pipeline import parse
from toolkit.engine.source import Source

FOOT = "Friends of the Fox"
ITEMS = ((0, "bring a lamp"), (1, "with oil"), (0, "count every fox"))
HEAD = (("Valley", "Foxes", "Foxes"), ("Valley", "2023", "2024"))
ROWS = (("Upper", "14", "19"), ("Lower", "9", "11"))
EDGES = (("Count", "Compare"), ("Compare", "Publish"))

TRUTH: dict[int, list[tuple[str, str, str | None]]] = {
    1: [
        ("heading", "The Autumn Count", "title"),
        ("heading", "Nine valleys, one office", "subtitle"),
        ("page_footer", FOOT, None),
        ("page_footer", "1", "page_number"),
        ("paragraph", "Welcome everybody.", "speaker_notes"),
    ],
    2: [
        ("heading", "Rules", "title"),
        ("list", "\n".join(text for _, text in ITEMS), "body"),
        ("page_footer", FOOT, None),
        ("page_footer", "2", "page_number"),
    ],
    3: [
        ("heading", "Results", "title"),
        ("table", "\n".join("\t".join(row) for row in (*HEAD, *ROWS)), None),
        ("chart", "Foxes|Upper:19|Lower:11", None),
    ],
    4: [
        ("heading", "From count to report", "title"),
        ("diagram", "Count|Compare|Publish|Count>Compare|Compare>Publish", None),
        ("image", "A fox, from afar", None),
        ("paragraph", "Taken at dawn.", "body"),
    ],
}


class Deck:
    """Slides in the making."""

    def __init__(self) -> None:
        self.file: Any = Presentation()

    def slide(self, layout: int, title: str) -> Any:
        made = self.file.slides.add_slide(self.file.slide_layouts[layout])
        made.shapes.title.text = title
        return made

    def foot(self, slide: Any, number: int) -> None:
        """The footer and the number, which stand in the layout and are copied to the slide."""
        for place in slide.slide_layout.placeholders:
            if place.placeholder_format.type in (15, 13):  # footer, slide number
                own = copy.deepcopy(place._element)
                slide.shapes._spTree.append(own)
                words = FOOT if place.placeholder_format.type == 15 else str(number)
                slide.shapes[-1].text_frame.text = words

    def bytes(self) -> bytes:
        stream = io.BytesIO()
        self.file.save(stream)
        return stream.getvalue()


def deck() -> bytes:
    made = Deck()
    first = made.slide(0, "The Autumn Count")
    first.placeholders[1].text = "Nine valleys, one office"
    made.foot(first, 1)
    first.notes_slide.notes_text_frame.text = "Welcome everybody."
    second = made.slide(1, "Rules")
    frame = second.placeholders[1].text_frame
    for at, (level, text) in enumerate(ITEMS):
        line = frame.paragraphs[0] if at == 0 else frame.add_paragraph()
        line.text, line.level = text, level
    made.foot(second, 2)
    _results(made)
    _drawings(made)
    return made.bytes()


def _results(made: Deck) -> None:
    slide = made.slide(5, "Results")
    table = slide.shapes.add_table(4, 3, *map(Inches, (0.5, 1.6, 4, 2))).table
    for r, row in enumerate((*HEAD, *ROWS)):
        for c, text in enumerate(row):
            hidden = (r, c) in ((1, 0), (0, 2))
            table.cell(r, c).text = "" if hidden else text
    table.cell(0, 0).merge(table.cell(1, 0))
    table.cell(0, 1).merge(table.cell(0, 2))
    numbers: Any = CategoryChartData()
    numbers.categories = [row[0] for row in ROWS]
    numbers.add_series("Foxes", [int(row[2]) for row in ROWS])
    box = map(Inches, (5, 1.6, 4.5, 4))
    chart = slide.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, *box, numbers).chart
    chart.has_title = True
    chart.chart_title.text_frame.text = "Foxes"


def _drawings(made: Deck) -> None:
    slide = made.slide(5, "From count to report")
    shapes = {}
    for at, name in enumerate(("Count", "Compare", "Publish")):
        box = map(Inches, (0.5 + 3 * at, 2, 2, 1))
        shapes[name] = slide.shapes.add_shape(MSO_SHAPE.RECTANGLE, *box)
        shapes[name].text_frame.text = name
    for start, end in EDGES:
        line = slide.shapes.add_connector(MSO_CONNECTOR.STRAIGHT, *[Emu(0)] * 4)
        line.begin_connect(shapes[start], 3)
        line.end_connect(shapes[end], 1)
        stroke = line.line._get_or_add_ln()
        tag = stroke.tag.replace("}ln", "}tailEnd")
        stroke.append(stroke.makeelement(tag, {"type": "triangle"}))
    stream = io.BytesIO()
    Picture.effect_noise((120, 80), 50).convert("RGB").save(stream, "PNG")
    stream.seek(0)
    picture = slide.shapes.add_picture(stream, *map(Inches, (0.5, 4, 2.4, 1.6)))
    picture._element.nvPicPr.cNvPr.set("descr", "A fox, from afar")
    words = slide.shapes.add_textbox(*map(Inches, (0.5, 6, 4, 0.5)))
    words.text_frame.text = "Taken at dawn."


@pytest.fixture(scope="module", params=["standard", "advanced"])
def document(request) -> Document:
    options = ParseOptions.from_mapping({"profile": request.param, "ocr": "never"})
    return parse(Source.from_bytes(deck(), "count.pptx"), options)


def said(block: Block) -> str:
    match block:
        case Table(headers=headers, rows=rows, header_rows=2):
            # The names of a head of two levels are joined; a cell over both is named once.
            tops = [name.split(" / ") for name in headers]
            head = [[name[0] for name in tops], [name[-1] for name in tops]]
            return "\n".join("\t".join(row) for row in (*head, *rows))
        case Chart(title=title, categories=categories, series=series):
            values = zip(categories, series[0].values, strict=True)
            return "|".join([title or "", *(f"{name}:{value:g}" for name, value in values)])
        case Diagram(nodes=nodes, edges=edges):
            labels = {node.id: node.label for node in nodes}
            pairs = [f"{labels[edge.source]}>{labels[edge.target]}" for edge in edges]
            return "|".join([*labels.values(), *pairs])
        case Image(alt=alt):
            return alt or ""
    return text_of(block)


@pytest.mark.parametrize("page", TRUTH)
def test_every_block_is_what_it_is_where_it_is(document, page):
    found = [
        (str(type(block).__struct_config__.tag), said(block), block.role)
        for block in document.blocks
        if block.page == page
    ]
    assert found == TRUTH[page]


def test_all_that_has_text_is_proven_by_its_shape(document):
    written = [block for block in document.blocks if text_of(block)]
    assert {block.proof for block in written} == {Proof.PPTX_SHAPE}
    assert all(block.verified for block in written)
    assert document.extraction.faithfulness_score == 1.0
