"""A deck comes out as it was made: every kind of shape, against what python-pptx put in."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Pictures
from pptx import Presentation
from pptx.chart.data import BubbleChartData, CategoryChartData, XyChartData
from pptx.enum.chart import XL_CHART_TYPE as CHARTS
from pptx.enum.shapes import MSO_CONNECTOR, MSO_SHAPE
from pptx.oxml import parse_xml
from pptx.util import Emu, Inches

from toolkit.document.blocks import (
    Chart,
    ChartType,
    Diagram,
    Heading,
    Image,
    ListBlock,
    PageFooter,
    Paragraph,
    Proof,
    Role,
    Table,
    TextSource,
)
from toolkit.document.document import Document, SourceKind
from toolkit.document.markdown import markdown
from toolkit.document.text import text_of
from toolkit.document.wire import decode, encode
from toolkit.engine.options import ParseOptions
from toolkit.engine.pipeline import parse
from toolkit.engine.slides import source_texts
from toolkit.engine.source import Source
from toolkit.engine.trust import proven

MARKUP = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'


class Made:
    """A deck of one blank slide, to be painted on and parsed."""

    def __init__(self, layout: int = 6) -> None:
        self.deck = Presentation()
        self.slide = self.deck.slides.add_slide(self.deck.slide_layouts[layout])
        self.shapes: Any = self.slide.shapes

    @property
    def source(self) -> Source:
        stream = io.BytesIO()
        self.deck.save(stream)
        return Source.from_bytes(stream.getvalue(), "made.pptx")

    def document(self, **options: object) -> Document:
        source = self.source
        document = parse(source, ParseOptions.from_mapping(options))
        texts = dict(source_texts(source))
        for block in document.blocks:
            if block.verified:
                assert proven(texts[block.page], block), block
                assert block.proof is Proof.PPTX_SHAPE
        assert decode(encode(document)) == document
        return document

    def blocks(self, **options: object) -> list[Any]:
        return list(self.document(**options).blocks)

    def say(self, text: str, left: float, top: float, wide: float = 2, high: float = 0.5) -> Any:
        box = self.shapes.add_textbox(Inches(left), Inches(top), Inches(wide), Inches(high))
        box.text_frame.text = text
        return box

    def node(self, text: str, left: float, top: float) -> Any:
        place = (Inches(left), Inches(top), Inches(1), Inches(0.5))
        shape = self.shapes.add_shape(MSO_SHAPE.RECTANGLE, *place)
        shape.text_frame.text = text
        return shape

    def join(self, one: Any, other: Any, arrow: str | None = None) -> Any:
        line = self.shapes.add_connector(MSO_CONNECTOR.STRAIGHT, 0, 0, 0, 0)
        line.begin_connect(one, 3)
        line.end_connect(other, 1)
        if arrow:
            line.line._get_or_add_ln().append(parse_xml(f'<a:{arrow} {MARKUP} type="triangle"/>'))
        return line

    def chart(self, kind: Any, given: Any) -> Chart:
        place = (Inches(1), Inches(1), Inches(6), Inches(4))
        self.shapes.add_chart(kind, *place, given)
        [chart] = self.blocks()
        assert isinstance(chart, Chart)
        return chart


def texts(blocks: list[Any]) -> list[str]:
    return [text_of(block) for block in blocks]


def test_a_title_a_subtitle_and_their_levels():
    made = Made(layout=0)
    made.shapes.title.text = "The year"
    made.slide.placeholders[1].text = "in numbers"
    title, subtitle = made.blocks()
    assert (title.text, title.level, title.role) == ("The year", 1, Role.TITLE)
    assert (subtitle.text, subtitle.level, subtitle.role) == ("in numbers", 2, Role.SUBTITLE)
    assert isinstance(subtitle, Heading)
    # The place comes from the layout, since the slide says none.
    layout = made.deck.slide_layouts[0].placeholders[0]
    assert title.bbox[0] == pytest.approx(layout.left / made.deck.slide_width, abs=1e-4)
    assert title.bbox[3] == pytest.approx(
        (layout.top + layout.height) / made.deck.slide_height, abs=1e-4
    )


def test_a_body_with_levels_is_a_list():
    made = Made(layout=1)
    frame = made.slide.placeholders[1].text_frame
    frame.text = "first"
    for text, level in (("inner", 1), ("innermost", 2), ("second", 0)):
        paragraph = frame.add_paragraph()
        paragraph.text, paragraph.level = text, level
    [listing] = made.blocks()
    assert isinstance(listing, ListBlock)
    assert listing.items == ("first", "inner", "innermost", "second")
    assert listing.levels == (0, 1, 2, 0)
    assert not listing.ordered


def test_one_paragraph_is_a_paragraph_and_plain_ones_are_no_list():
    made = Made(layout=1)
    made.slide.placeholders[1].text_frame.text = "alone"
    made.say("one\ntwo", 1, 6)
    assert [(type(b), b.text) for b in made.blocks()] == [
        (Paragraph, "alone"),
        (Paragraph, "one"),
        (Paragraph, "two"),
    ]


def test_numbered_paragraphs_are_an_ordered_list():
    made = Made()
    box = made.say("one\ntwo", 1, 1)
    for paragraph in box.text_frame.paragraphs:
        number = f'<a:buAutoNum {MARKUP} type="arabicPeriod"/>'
        paragraph._p.get_or_add_pPr().append(parse_xml(number))
    document = made.document()
    [listing] = document.blocks
    assert (listing.items, listing.ordered) == (("one", "two"), True)
    assert markdown(document) == "1. one\n2. two\n"


def test_merged_cells_span():
    made = Made()
    place = (Inches(1), Inches(1), Inches(6), Inches(2))
    table = made.shapes.add_table(3, 3, *place).table
    for row in range(3):
        for column in range(3):
            table.cell(row, column).text = f"{row}{column}"
    table.cell(1, 0).merge(table.cell(2, 0))
    table.cell(0, 1).merge(table.cell(0, 2))
    [block] = made.blocks()
    assert isinstance(block, Table)
    assert block.text_source is TextSource.VERIFIED
    spans = {(c.row, c.column): (c.row_span, c.column_span) for c in block.cells}
    assert spans == {(0, 0): (1, 1), (0, 1): (1, 2), (1, 0): (2, 1)} | {
        (row, column): (1, 1) for row in (1, 2) for column in (1, 2)
    }
    merged = {(c.row, c.column): c.text.split() for c in block.cells}
    assert merged[1, 0] == ["10", "20"]
    assert block.header_rows == 1
    assert block.headers[0] == "00"
    assert block.headers[1] == block.headers[2]
    assert [row[1:] for row in block.rows] == [("11", "12"), ("21", "22")]
    assert block.cells[0].bbox == pytest.approx(
        (0.1, 1 / 7.5, 0.3, 1 / 7.5 + 2 / 3 / 7.5), abs=1e-3
    )


CATEGORY_CHARTS = {
    CHARTS.COLUMN_CLUSTERED: ChartType.COLUMN,
    CHARTS.BAR_STACKED: ChartType.BAR,
    CHARTS.LINE_MARKERS: ChartType.LINE,
    CHARTS.AREA: ChartType.AREA,
    CHARTS.PIE: ChartType.PIE,
    CHARTS.DOUGHNUT: ChartType.DOUGHNUT,
    CHARTS.RADAR: ChartType.RADAR,
}


@pytest.mark.parametrize("kind", CATEGORY_CHARTS)
def test_a_chart_gives_its_numbers_exactly(kind):
    given = CategoryChartData()
    given.categories = ["North", "South & East", "West"]
    series = [("2024", (1.1, None, 1e-7)), ("2025", (-3.0, 0.1 + 0.2, 123456789.125))]
    # A pie has one series.
    series = series[: 1 if kind is CHARTS.PIE else 2]
    for name, values in series:
        given.add_series(name, values)
    chart = Made().chart(kind, given)
    assert chart.chart_type is CATEGORY_CHARTS[kind]
    assert chart.categories == ("North", "South & East", "West")
    assert [(s.name, s.values) for s in chart.series] == series
    assert chart.data_table[0] == ("", *(name for name, _ in series))
    assert chart.data_table[2] == ("South & East", *(values[1] for _, values in series))
    assert chart.text_source is TextSource.VERIFIED


def test_a_chart_has_its_titles():
    made = Made()
    given = CategoryChartData()
    given.categories = ["a"]
    given.add_series("s", (1,))
    place = (Inches(1), Inches(1), Inches(6), Inches(4))
    chart = made.shapes.add_chart(CHARTS.COLUMN_CLUSTERED, *place, given).chart
    chart.has_title = True
    chart.chart_title.text_frame.text = "Sales\nby region"
    chart.value_axis.has_title = True
    chart.value_axis.axis_title.text_frame.text = "EUR"
    block, axis = made.blocks()
    assert block.title.split() == ["Sales", "by", "region"]
    assert (axis.text, axis.target) == ("EUR", block.id)


def test_categories_that_are_dates_or_levels():
    import datetime

    given = CategoryChartData()
    given.categories = [datetime.date(2024, 1, 31), datetime.date(2024, 2, 29)]
    given.add_series("s", (1, 2))
    assert Made().chart(CHARTS.LINE, given).categories == ("2024-01-31", "2024-02-29")
    given = CategoryChartData()
    for name, inner in (("US", ["CA", "NY"]), ("UK", ["London"])):
        outer = given.add_category(name)
        for one in inner:
            outer.add_sub_category(one)
    given.add_series("s", (1, 2, 3))
    assert Made().chart(CHARTS.COLUMN_CLUSTERED, given).categories == (
        "US / CA",
        "US / NY",
        "UK / London",
    )


def test_points_keep_both_their_numbers():
    given = XyChartData()
    one, two = given.add_series("one"), given.add_series("two")
    one.add_data_point(0.5, 2)
    one.add_data_point(1.5, 4)
    two.add_data_point(-1, 8)
    chart = Made().chart(CHARTS.XY_SCATTER, given)
    assert chart.chart_type is ChartType.SCATTER
    assert chart.data_table == (
        ("series", "x", "y"),
        ("one", 0.5, 2.0),
        ("one", 1.5, 4.0),
        ("two", -1.0, 8.0),
    )
    assert chart.series[0].values == (2.0, 4.0)
    bubbles = BubbleChartData()
    bubbles.add_series("b").add_data_point(1, 2, 3)
    chart = Made().chart(CHARTS.BUBBLE, bubbles)
    assert chart.chart_type is ChartType.BUBBLE
    assert chart.data_table == (("series", "x", "y", "size"), ("b", 1.0, 2.0, 3.0))


def test_a_chart_of_two_kinds_is_a_combo():
    made = Made()
    given = CategoryChartData()
    given.categories = ["a", "b"]
    given.add_series("bars", (1, 2))
    given.add_series("line", (3, 4))
    place = (Inches(1), Inches(1), Inches(6), Inches(4))
    frame = made.shapes.add_chart(CHARTS.COLUMN_CLUSTERED, *place, given)
    plot = frame.chart._chartSpace.find(".//{*}barChart")
    lines = parse_xml(
        '<c:lineChart xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"/>'
    )
    lines.append(plot.findall("{*}ser")[1])
    plot.addnext(lines)
    [chart] = made.blocks()
    assert chart.chart_type is ChartType.COMBO
    assert [s.name for s in chart.series] == ["bars", "line"]
    assert chart.data_table[1:] == (("a", 1.0, 3.0), ("b", 2.0, 4.0))


def picture(width: int = 400, height: int = 200) -> io.BytesIO:
    stream = io.BytesIO()
    Pictures.new("RGBA", (width, height), (255, 0, 0, 255)).save(stream, "PNG")
    stream.seek(0)
    return stream


def test_a_picture_has_its_bytes_its_place_and_its_alternative_text():
    made = Made()
    shape = made.shapes.add_picture(picture(), Inches(1), Inches(1), Inches(2), Inches(1))
    shape._element.nvPicPr.cNvPr.set("descr", "A red wall")
    [image] = made.blocks(ocr="never")
    assert isinstance(image, Image)
    assert (image.alt, image.text_source) == ("A red wall", TextSource.DERIVED)
    assert image.bbox == pytest.approx((0.1, 1 / 7.5, 0.3, 2 / 7.5), abs=1e-4)
    shown = Pictures.open(io.BytesIO(base64.b64decode(image.image_b64)))
    assert shown.size == (240, 120)
    assert shown.getpixel((100, 50))[0] > 240
    [without] = made.blocks(preserve_images=False)
    assert (without.image_b64, without.alt, without.bbox) == (None, "A red wall", image.bbox)
    assert without.id == image.id


def test_a_cropped_picture_shows_what_the_slide_shows():
    stream = io.BytesIO()
    whole = Pictures.new("RGB", (400, 200), "red")
    whole.paste("blue", (200, 0, 400, 200))
    whole.save(stream, "PNG")
    stream.seek(0)
    made = Made()
    shape = made.shapes.add_picture(stream, Inches(1), Inches(1), Inches(4), Inches(4))
    shape.crop_left = 0.5
    [image] = made.blocks()
    shown = Pictures.open(io.BytesIO(base64.b64decode(image.image_b64))).convert("RGB")
    colours = {shown.getpixel((x, 50)) for x in range(0, shown.width, 20)}
    assert all(blue > 200 > 60 > red for red, _, blue in colours)


def test_groups_move_scale_and_nest():
    made = Made()
    outer = made.shapes.add_group_shape()
    inner = outer.shapes.add_group_shape()
    box = inner.shapes.add_textbox(Inches(1), Inches(1), Inches(1), Inches(1))
    box.text_frame.text = "deep"
    # The inner group is shown at half its size, the outer one at twice, and moved.
    frame = inner._element.grpSpPr.get_or_add_xfrm()
    for tag, (x, y) in {"off": (2, 2), "ext": (1, 1), "chOff": (0, 0), "chExt": (2, 2)}.items():
        element = getattr(frame, f"get_or_add_{tag}")()
        names = ("x", "y") if "ff" in tag else ("cx", "cy")
        for name, value in zip(names, (x, y), strict=True):
            element.set(name, str(Inches(value)))
    frame = outer._element.grpSpPr.get_or_add_xfrm()
    for tag, (x, y) in {"off": (1, 1), "ext": (8, 6), "chOff": (1, 1), "chExt": (4, 3)}.items():
        element = getattr(frame, f"get_or_add_{tag}")()
        names = ("x", "y") if "ff" in tag else ("cx", "cy")
        for name, value in zip(names, (x, y), strict=True):
            element.set(name, str(Inches(value)))
    [block] = made.blocks()
    # 1 inch in the inner group is at 2.5 in the outer one, which is at 1 + (2.5 - 1) * 2 = 4.
    assert block.bbox == pytest.approx((0.4, 4 / 7.5, 0.5, 5 / 7.5), abs=1e-4)


def test_a_turned_shape_takes_the_place_that_it_is_seen_at():
    made = Made()
    box = made.say("upright", 2, 3, wide=4, high=1)
    box.rotation = 90
    [block] = made.blocks()
    assert block.bbox == pytest.approx((0.35, 1.5 / 7.5, 0.45, 5.5 / 7.5), abs=1e-4)


def test_connected_shapes_are_a_diagram():
    made = Made()
    a, b, c = (made.node(text, 1 + 2 * at, 2) for at, text in enumerate(("Draft", "Check", "Ship")))
    made.say("beside", 1, 5)
    made.join(a, b, "tailEnd")
    made.join(c, b, "headEnd")
    made.join(a, c)
    diagram, beside = made.blocks()
    assert isinstance(diagram, Diagram)
    names = {node.id: node.label for node in diagram.nodes}
    assert [(names[e.source], names[e.target]) for e in diagram.edges] == [
        ("Draft", "Check"),
        ("Check", "Ship"),
        ("Draft", "Ship"),
    ]
    assert beside.text == "beside"
    assert diagram.text_source is TextSource.VERIFIED
    assert diagram.nodes[0].bbox == pytest.approx((0.1, 2 / 7.5, 0.2, 2.5 / 7.5), abs=1e-4)


def test_an_arrow_that_is_glued_to_nothing_counts_where_it_touches():
    made = Made()
    made.node("left", 1, 2)
    made.node("right", 5, 2)
    ends = (Inches(2), Inches(2.25), Inches(4.95), Inches(2.25))
    line = made.shapes.add_connector(MSO_CONNECTOR.STRAIGHT, *ends)
    assert [type(b) for b in made.blocks()] == [Paragraph, Paragraph]
    line.line._get_or_add_ln().append(parse_xml(f'<a:tailEnd {MARKUP} type="arrow"/>'))
    [diagram] = made.blocks()
    assert [node.label for node in diagram.nodes] == ["left", "right"]
    assert [(e.source, e.target) for e in diagram.edges] == [("n1", "n2")]


def test_notes_hidden_slides_and_furniture():
    made = Made(layout=1)
    made.shapes.title.text = "Shown"
    made.slide.notes_slide.notes_text_frame.text = "say this\nand that"
    hidden = made.deck.slides.add_slide(made.deck.slide_layouts[5])
    hidden.shapes.title.text = "Kept back"
    hidden._element.set("show", "0")
    layout = made.deck.slide_layouts[5]
    for placeholder in layout.placeholders:
        if placeholder.placeholder_format.type in (13, 15):
            copy = parse_xml(placeholder._element.xml)
            for body in copy.findall(".//{*}t"):
                body.text = "7" if "13" in str(placeholder.placeholder_format.type) else "foot"
            hidden.shapes._spTree.append(copy)
    document = made.document()
    assert [(page.page, page.hidden) for page in document.pages] == [(1, False), (2, True)]
    title, notes = document.pages[0].blocks
    assert (notes.text, notes.role) == ("say this\nand that", Role.SPEAKER_NOTES)
    assert title.text == "Shown"
    assert document.pages[1].blocks[0].text == "Kept back"
    assert all(isinstance(block, PageFooter) for block in document.pages[1].blocks[1:])
    assert b'"hidden":true' in encode(document)


def test_links_keep_their_text_and_are_never_followed():
    made = Made()
    run = made.say("", 1, 1).text_frame.paragraphs[0].add_run()
    run.text = "the report"
    run.hyperlink.address = "http://127.0.0.1:9/never"
    shape = made.shapes.add_picture(picture(), Inches(1), Inches(3))
    rel = made.slide.part.relate_to("http://127.0.0.1:9/x.png", "http://x/image", is_external=True)
    blip = shape._element.find(".//{*}blip")
    name = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
    del blip.attrib[f"{name}embed"]
    blip.set(f"{name}link", rel)
    said, image = made.blocks()
    assert said.text == "the report"
    assert image.image_b64 is None
    assert image.bbox[3] > 0.4


def test_the_title_comes_first_and_columns_are_read_down():
    made = Made(layout=5)
    made.say("right bottom", 5.5, 4, wide=4, high=2)
    made.say("right top", 5.5, 2, wide=4, high=1.9)
    made.say("left bottom", 0.5, 4, wide=4, high=2)
    made.say("left top", 0.5, 2, wide=4, high=1.9)
    made.say("below all", 0.5, 6.5, wide=9)
    made.shapes.title.text = "Above"
    # The title stands last in the file.
    made.shapes._spTree.append(made.shapes.title._element)
    assert texts(made.blocks()) == [
        *("Above", "left top", "left bottom", "right top", "right bottom", "below all")
    ]


def test_a_grid_of_cards_is_read_across():
    made = Made()
    for text in "fbdace":
        place = "abcdef".index(text)
        made.say(text, 0.5 + 3 * (place % 3), 1 + 3 * (place // 3), wide=2.5, high=2.5)
    assert texts(made.blocks()) == list("abcdef")


def test_what_the_document_says_of_itself():
    made = Made()
    made.say("words", 1, 1)
    made.deck.slide_width, made.deck.slide_height = Emu(12192000), Emu(6858000)
    document = made.document()
    assert document.source.kind is SourceKind.PPTX
    assert document.source.page_sizes == ((13.333, 7.5),)
    assert document.extraction.faithfulness_score == 1.0
    assert document.extraction.per_page_failures == ()
    again = made.document()
    assert [b.id for b in document.blocks] == [b.id for b in again.blocks]


def test_smart_art_gives_its_points():
    path = Path(__file__).parents[2] / ".." / "shared" / "corpus" / "pptx" / "smartart-simple.pptx"
    if not path.exists():
        pytest.skip("the corpus is not here")
    document = parse(Source.from_path(path), ParseOptions())
    [diagram] = [block for block in document.blocks if isinstance(block, Diagram)]
    assert [node.label for node in diagram.nodes] == ["abc", "def", "ghi"]
    assert all(node.bbox for node in diagram.nodes)
    assert diagram.verified
