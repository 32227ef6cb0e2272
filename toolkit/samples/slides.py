"""A deck of slides: levels of text, a merged table, native charts, a diagram of connectors, a
picture, a group, notes, and a slide that is not shown."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any

from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE, XL_LEGEND_POSITION
from pptx.enum.shapes import MSO_CONNECTOR, MSO_SHAPE
from pptx.oxml.ns import qn
from pptx.util import Emu, Inches, Pt

from toolkit.samples.packing import undated
from toolkit.samples.picture import painted
from toolkit.samples.sample import Expected, Sample

__all__ = ["slides"]

_TITLE, _TITLE_AND_BODY, _TITLE_ONLY = 0, 1, 5
_Numbers: Any = CategoryChartData  # python-pptx has no types
_REGIONS = ("North", "Middle", "South")
_QUARTERS = ("Q1", "Q2", "Q3", "Q4")


def slides(path: Path, dice: Random) -> Sample:
    """Seven slides of a made-up water authority; their figures hang together."""
    deck = _Deck()
    counts = [[dice.randint(18, 64) for _ in _QUARTERS] for _ in _REGIONS]
    _opening(deck)
    _agenda(deck)
    _stations(deck, counts)
    _charts(deck, counts)
    _alarm(deck)
    _site(deck)
    _reserve(deck)
    deck.save(path)
    return Sample(
        path=path,
        truth=tuple(deck.truth),
        fields={"title": "Gauges of the Year", "stations": str(sum(map(sum, counts)))},
    )


class _Deck:
    """Slides in the making; what is put on them is written down."""

    def __init__(self) -> None:
        self._deck: Any = Presentation()
        self._deck.slide_width, self._deck.slide_height = Inches(13.333), Inches(7.5)
        self.truth: list[Expected] = []
        self.page = 0

    def slide(self, layout: int, title: str) -> Any:
        """The next slide, with its title."""
        made = self._deck.slides.add_slide(self._deck.slide_layouts[layout])
        self.page += 1
        made.shapes.title.text = title
        made.shapes.title.left, made.shapes.title.top = Inches(0.7), Inches(0.4)
        made.shapes.title.width, made.shapes.title.height = Inches(11.9), Inches(1)
        self.add("heading", title, level=1)
        return made

    def add(self, kind: str, text: str, **more: Any) -> None:
        self.truth.append(Expected(type=kind, text=text, page=self.page, **more))

    def notes(self, slide: Any, text: str) -> None:
        slide.notes_slide.notes_text_frame.text = text
        self.add("paragraph", text)

    def save(self, path: Path) -> None:
        self._deck.core_properties.title = "Gauges of the Year"
        stream = BytesIO()
        self._deck.save(stream)
        path.write_bytes(undated(stream.getvalue()))


def _opening(deck: _Deck) -> None:
    slide = deck.slide(_TITLE, "Gauges of the Year")
    words = "Report of the Water Authority to its Council"
    subtitle = slide.placeholders[1]
    subtitle.text = words
    subtitle.left, subtitle.top = Inches(0.7), Inches(3)
    subtitle.width, subtitle.height = Inches(11.9), Inches(1)
    deck.add("heading", words, level=2)
    deck.notes(slide, "Welcome the council. Mention that the figures were audited in February.")


def _agenda(deck: _Deck) -> None:
    slide = deck.slide(_TITLE_AND_BODY, "What we will talk about")
    body = slide.placeholders[1]
    body.left, body.top, body.width, body.height = map(Inches, (0.7, 1.7, 11.9, 5))
    lines = (
        (0, "Stations in service"),
        (1, "by region and by quarter"),
        (1, "compared with the plan"),
        (0, "How an alarm travels"),
        (2, "from the gauge to the fire brigade"),
        (0, "The new site at Avonmouth"),
    )
    frame = body.text_frame
    for at, (level, text) in enumerate(lines):
        line = frame.paragraphs[0] if at == 0 else frame.add_paragraph()
        line.text, line.level = text, level
    deck.add("list", "\n".join(text for _, text in lines))


def _stations(deck: _Deck, counts: Sequence[Sequence[int]]) -> None:
    """A table whose head has two levels, with cells that span."""
    slide = deck.slide(_TITLE_ONLY, "Stations in service")
    head = [("Region", "First half", "", "Second half", ""), ("", *_QUARTERS)]
    body = [(name, *map(str, row)) for name, row in zip(_REGIONS, counts, strict=True)]
    rows = [*head, *body]
    frame = slide.shapes.add_table(5, 5, *map(Inches, (0.7, 1.7, 11.9, 3)))
    table = frame.table
    for row, cells in enumerate(rows):
        for column, text in enumerate(cells):
            table.cell(row, column).text = text
    table.cell(0, 0).merge(table.cell(1, 0))
    table.cell(0, 1).merge(table.cell(0, 2))
    table.cell(0, 3).merge(table.cell(0, 4))
    seen = (
        ("Region", "First half", "First half", "Second half", "Second half"),
        ("Region", *_QUARTERS),
        *body,
    )
    deck.add("table", "\n".join(map("\t".join, seen)), rows=seen)
    words = "A station counts as in service when it reported on at least 80 days of the quarter."
    _box(slide, words, (0.7, 5.4, 11.9, 0.7))
    deck.add("paragraph", words)
    deck.notes(slide, "The south lost two stations to the flood in November.")


def _charts(deck: _Deck, counts: Sequence[Sequence[int]]) -> None:
    slide = deck.slide(_TITLE_ONLY, "The same in pictures")
    columns = _Numbers()
    columns.categories = _QUARTERS
    for name, row in zip(_REGIONS, counts, strict=True):
        columns.add_series(name, row)
    _chart(slide, XL_CHART_TYPE.COLUMN_CLUSTERED, columns, "Stations by quarter", 0.7)
    rows = zip(_QUARTERS, *counts, strict=True)
    told = (("", *_REGIONS), *((quarter, *map(str, row)) for quarter, *row in rows))
    deck.add("chart", "Stations by quarter", rows=told)
    shares = _Numbers()
    shares.categories = _REGIONS
    totals = [sum(row) for row in counts]
    shares.add_series("Share of the year", totals)
    _chart(slide, XL_CHART_TYPE.PIE, shares, "Share of the regions", 6.9)
    told = (
        ("", "Share of the year"),
        *((n, str(total)) for n, total in zip(_REGIONS, totals, strict=True)),
    )
    deck.add("chart", "Share of the regions", rows=told)


def _chart(slide: Any, kind: Any, numbers: Any, title: str, left: float) -> None:
    frame = slide.shapes.add_chart(kind, *map(Inches, (left, 1.7, 5.7, 5.2)), numbers)
    frame.chart.has_title = True
    frame.chart.chart_title.text_frame.text = title
    frame.chart.has_legend = True
    frame.chart.legend.position = XL_LEGEND_POSITION.BOTTOM
    frame.chart.legend.include_in_layout = False


def _alarm(deck: _Deck) -> None:
    """Boxes joined by arrows: a diagram with a fork."""
    slide = deck.slide(_TITLE_ONLY, "How an alarm travels")
    places = {
        "Gauge": (0.7, 3.2),
        "Control room": (4.2, 3.2),
        "Duty engineer": (8.4, 2.0),
        "Fire brigade": (8.4, 4.4),
    }
    shapes = {text: _node(slide, text, place) for text, place in places.items()}
    edges = (
        ("Gauge", "Control room"),
        ("Control room", "Duty engineer"),
        ("Control room", "Fire brigade"),
    )
    for start, end in edges:
        _arrow(slide, shapes[start], shapes[end])
    deck.add("diagram", "\n".join(places), edges=edges)


def _node(slide: Any, text: str, place: tuple[float, float]) -> Any:
    box = (*map(Inches, place), Inches(2.5), Inches(1))
    shape = slide.shapes.add_shape(MSO_SHAPE.ROUNDED_RECTANGLE, *box)
    shape.text_frame.text = text
    return shape


def _arrow(slide: Any, start: Any, end: Any) -> None:
    line = slide.shapes.add_connector(MSO_CONNECTOR.STRAIGHT, *[Emu(0)] * 4)
    # Of a rounded rectangle, 1 is the left side and 3 the right one.
    line.begin_connect(start, 3)
    line.end_connect(end, 1)
    stroke = line.line._get_or_add_ln()
    head = stroke.makeelement(qn("a:tailEnd"), {"type": "triangle"})
    stroke.append(head)


def _site(deck: _Deck) -> None:
    """A picture with alternative text, and a group beside it."""
    slide = deck.slide(_TITLE_ONLY, "The new site at Avonmouth")
    file = BytesIO()
    painted().save(file, "PNG")
    file.seek(0)
    picture = slide.shapes.add_picture(file, *map(Inches, (0.7, 1.8, 7, 2.7)))
    alt = "Hills before a sky at dawn, where the station will stand"
    picture._element.nvPicPr.cNvPr.set("descr", alt)
    deck.add("image", "", alt=alt)
    group = slide.shapes.add_group_shape()
    for at, text in enumerate(("Ground bought in May", "Mast up in August")):
        # A group grows with what is put into it.
        box = group.shapes.add_textbox(*map(Inches, (8.2, 1.9 + 1.3 * at, 4.4, 0.8)))
        _write(box, text)
        deck.add("paragraph", text)


def _reserve(deck: _Deck) -> None:
    slide = deck.slide(_TITLE_ONLY, "In reserve: what it costs")
    slide._element.set("show", "0")
    words = "The site costs 1.2 million euros, of which the state pays half."
    _box(slide, words, (0.7, 1.8, 11.9, 0.8))
    deck.add("paragraph", words)


def _box(slide: Any, text: str, place: tuple[float, float, float, float]) -> None:
    _write(slide.shapes.add_textbox(*map(Inches, place)), text)


def _write(box: Any, text: str) -> None:
    frame = box.text_frame
    frame.word_wrap = True
    frame.text = text
    frame.paragraphs[0].runs[0].font.size = Pt(18)
