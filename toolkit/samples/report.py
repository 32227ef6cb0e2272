"""An annual report of several pages: running lines, levels of headings, lists, tables with and
without rules, a chart drawn as vectors, an image, a footnote."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

from reportlab.graphics.charts.barcharts import VerticalBarChart
from reportlab.graphics.charts.legends import Legend
from reportlab.graphics.shapes import Drawing
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate
from reportlab.platypus.flowables import HRFlowable, PageBreak, Spacer

from toolkit.samples.ledger import Author
from toolkit.samples.picture import landscape
from toolkit.samples.sample import Sample

__all__ = ["report"]

_COMPANY = "Alder & Finch Instruments"
_NAVY, _TEAL, _PALE = (colors.HexColor(code) for code in ("#1d3557", "#2a9d8f", "#eef3f6"))
_MARGIN = 25 * mm
_WIDTH = A4[0] - 2 * _MARGIN


def _style(name: str, size: float, **more: Any) -> ParagraphStyle:
    return ParagraphStyle(
        name, **{"fontName": "Times-Roman", "fontSize": size, "leading": size * 1.32, **more}
    )


_BOLD = {"fontName": "Helvetica-Bold", "textColor": _NAVY, "keepWithNext": 1}
_STYLES = {
    "title": _style("title", 30, **_BOLD, spaceAfter=6),
    "subtitle": _style("subtitle", 14, fontName="Helvetica", spaceAfter=22, textColor=_TEAL),
    "h1": _style("h1", 17, **_BOLD, spaceBefore=14, spaceAfter=7),
    "h2": _style("h2", 12.5, **_BOLD, spaceBefore=10, spaceAfter=4),
    "body": _style("body", 10.5, spaceAfter=7, alignment=4),
    "item": _style("item", 10.5, leftIndent=14, bulletIndent=3),
    "caption": _style("caption", 9, fontName="Times-Italic", spaceAfter=12),
    "callout": _style(
        "callout", 10.5, fontName="Helvetica", backColor=_PALE, borderPadding=8,
        spaceBefore=10, spaceAfter=16, leftIndent=8, rightIndent=8,
    ),
}  # fmt: skip

_NOTE = "1 Figures of earlier years are restated for the sale of the marine division in March 2024."
_NOTE_PAGE = 2


def report(path: Path, dice: Random) -> Sample:
    """The report of a made-up maker of instruments; its figures hang together."""
    author = Author(_STYLES)
    sales = _sales(dice)
    story = [
        *_cover(author),
        *_overview(author, sales),
        *_segments(author, sales),
        *_outlook(author, dice),
    ]
    _template(path, author).build(story)
    total = sum(sales[-1])
    return Sample(
        path=path,
        truth=tuple(author.ledger.blocks),
        fields={"company": _COMPANY, "fiscal_year": "2025", "revenue": _thousands(total)},
    )


def _sales(dice: Random) -> list[tuple[int, int, int]]:
    """Thousands of euros in five years, by segment, growing by some per cent each year."""
    years = [(18_400, 9_250, 4_120)]
    for _ in range(4):
        years.append(tuple(int(v * dice.uniform(1.01, 1.14)) for v in years[-1]))  # type: ignore[arg-type]  # three come from three
    return years


def _template(path: Path, author: Author) -> BaseDocTemplate:
    frame = Frame(_MARGIN, _MARGIN, _WIDTH, A4[1] - 2 * _MARGIN, 0, 0, 0, 0)
    template = BaseDocTemplate(
        str(path),
        pagesize=A4,
        invariant=1,
        title=f"{_COMPANY}: Annual Report 2025",
        author=_COMPANY,
    )

    def above(canvas: Canvas, _: BaseDocTemplate) -> None:
        page = canvas.getPageNumber()
        if page > 1:
            _line(
                canvas, author, "page_header", f"{_COMPANY} | Annual Report 2025", A4[1] - 15 * mm
            )
            canvas.setStrokeColor(_TEAL)
            canvas.line(_MARGIN, A4[1] - 17 * mm, A4[0] - _MARGIN, A4[1] - 17 * mm)

    def below(canvas: Canvas, _: BaseDocTemplate) -> None:
        page = canvas.getPageNumber()
        if page == _NOTE_PAGE:
            canvas.setStrokeColor(colors.grey)
            canvas.line(_MARGIN, 24 * mm, _MARGIN + 50 * mm, 24 * mm)
            _line(canvas, author, "footnote", _NOTE, 20 * mm)
        _line(canvas, author, "page_footer", str(page), 11 * mm, x=A4[0] / 2)

    template.addPageTemplates(PageTemplate(frames=[frame], onPage=above, onPageEnd=below))
    return template


def _line(
    canvas: Canvas, author: Author, kind: str, text: str, y: float, *, x: float = _MARGIN
) -> None:
    canvas.setFont("Times-Roman", 8.5)
    canvas.setFillColor(colors.HexColor("#444444"))
    canvas.drawString(x, y, text)
    author.ledger.add(canvas.getPageNumber(), kind, text)


def _cover(author: Author) -> list[Any]:
    return [
        Spacer(1, 40),
        author.text("heading", "Annual Report 2025", "title", level=1),
        author.text("paragraph", "Alder &amp; Finch Instruments, Bristol", "subtitle"),
        HRFlowable(width="100%", thickness=1.2, color=_TEAL, spaceAfter=16),
        author.drawn(landscape(_WIDTH, 62 * mm), "image", ""),
        author.text("caption", "Figure 1. The tidal station at Avonmouth at dawn.", "caption"),
        author.text("heading", "To our shareholders", "h1", level=2),
        author.text("paragraph", _LETTER[0], "body"),
        author.text("paragraph", _LETTER[1], "body"),
        author.text("callout", "We measure water so that others can decide about it.", "callout"),
        author.text("paragraph", _LETTER[2], "body"),
        PageBreak(),
    ]


def _overview(author: Author, sales: Sequence[tuple[int, ...]]) -> list[Any]:
    now, before = sum(sales[-1]), sum(sales[-2])
    growth = (now / before - 1) * 100
    return [
        author.text("heading", "1 Results of the year", "h1", level=2),
        author.text(
            "paragraph",
            f"Revenue rose by {growth:.1f} per cent to {_thousands(now)} thousand euros. All three "
            "segments contributed, and the order book at the end of December covers seven months "
            "of production. Earlier years are comparable after restatement."
            "<super rise='3.5' size='7'>1</super>",
            "body",
        ),
        author.text("heading", "1.1 Five years at a glance", "h2", level=3),
        author.text("paragraph", _GLANCE, "body"),
        _five_years(author, sales),
        author.text("caption", "Table 1. Revenue by segment, in thousands of euros.", "caption"),
        author.text("heading", "1.2 What drove the year", "h2", level=3),
        author.bullets(_DRIVERS, "item"),
        author.text("paragraph", _AFTER_DRIVERS, "body"),
    ]


def _five_years(author: Author, sales: Sequence[tuple[int, ...]]) -> Any:
    """A table without rules: only its columns are aligned, and its head is bold."""
    years = [str(2021 + n) for n in range(5)]
    rows = [
        ("Segment", *years),
        *(
            (name, *(_thousands(year[place]) for year in sales))
            for place, name in enumerate(_SEGMENTS)
        ),
        ("Group", *(_thousands(sum(year)) for year in sales)),
    ]
    look = [
        ("FONT", (0, 0), (-1, -1), "Times-Roman", 10),
        ("FONT", (0, 0), (-1, 0), "Times-Bold", 10),
        ("FONT", (0, -1), (-1, -1), "Times-Bold", 10),
        ("ALIGN", (1, 0), (-1, -1), "RIGHT"),
    ]
    return author.table(rows, [50 * mm, *[22 * mm] * 5], look)


def _segments(author: Author, sales: Sequence[tuple[int, ...]]) -> list[Any]:
    return [
        author.text("heading", "2 The segments", "h1", level=2),
        author.text("paragraph", _SEGMENT_TEXT, "body"),
        author.drawn(_chart(sales), "chart", ""),
        author.text("caption", "Figure 2. Revenue by segment, in millions of euros.", "caption"),
        author.text("heading", "2.1 Staff and sites", "h2", level=3),
        author.text("paragraph", _STAFF_TEXT, "body"),
        _staff(author),
        author.text("caption", "Table 2. Staff at year end, by site and function.", "caption"),
    ]


def _staff(author: Author) -> Any:
    """A ruled table whose head has two levels."""
    head = [
        ("Site", "Technical", "", "Other", ""),
        ("", "Research", "Production", "Sales", "Office"),
    ]
    body = [
        ("Bristol", "41", "86", "22", "19"),
        ("Oslo", "18", "12", "9", "6"),
        ("Graz", "7", "33", "5", "4"),
    ]
    look = [
        ("GRID", (0, 0), (-1, -1), 0.5, _NAVY),
        ("BACKGROUND", (0, 0), (-1, 1), _PALE),
        ("FONT", (0, 0), (-1, -1), "Times-Roman", 10),
        ("FONT", (0, 0), (-1, 1), "Times-Bold", 10),
        ("ALIGN", (1, 0), (-1, -1), "CENTER"),
        ("SPAN", (0, 0), (0, 1)),
        ("SPAN", (1, 0), (2, 0)),
        ("SPAN", (3, 0), (4, 0)),
        ("VALIGN", (0, 0), (0, 1), "MIDDLE"),
    ]
    seen = [
        ("Site", "Technical", "Technical", "Other", "Other"),
        ("Site", "Research", "Production", "Sales", "Office"),
    ]
    return author.table([*head, *body], [40 * mm, *[30 * mm] * 4], look, truth=[*seen, *body])


def _chart(sales: Sequence[tuple[int, ...]]) -> Drawing:
    """Bars drawn as vectors, with axes and a legend as text."""
    drawing = Drawing(_WIDTH, 62 * mm)
    bars = VerticalBarChart()
    bars.x, bars.y, bars.width, bars.height = 34, 22, _WIDTH - 150, 48 * mm
    bars.data = [tuple(round(year[place] / 1000, 1) for year in sales) for place in range(3)]
    bars.categoryAxis.categoryNames = [str(2021 + n) for n in range(5)]
    bars.valueAxis.valueMin = 0
    bars.groupSpacing, bars.barSpacing = 8, 1
    fills = (_NAVY, _TEAL, colors.HexColor("#e9c46a"))
    for place, fill in enumerate(fills):
        bars.bars[place].fillColor = fill
        bars.bars[place].strokeColor = None
    legend = Legend()
    legend.x, legend.y, legend.fontSize, legend.alignment = _WIDTH - 96, 46 * mm, 8.5, "right"
    legend.colorNamePairs = list(zip(fills, _SEGMENTS, strict=True))
    legend.columnMaximum = 3
    drawing.add(bars)
    drawing.add(legend)
    return drawing


def _outlook(author: Author, dice: Random) -> list[Any]:
    return [
        author.text("heading", "3 Outlook", "h1", level=2),
        author.text(
            "paragraph", _OUTLOOK.format(low=dice.randint(3, 5), high=dice.randint(6, 8)), "body"
        ),
        author.text("heading", "3.1 Risks that we watch", "h2", level=3),
        author.bullets(_RISKS, "item", "{}."),
        author.text("heading", "3.2 Thanks", "h2", level=3),
        author.text("paragraph", _THANKS, "body"),
    ]


def _thousands(value: int) -> str:
    return f"{value:,}"


_SEGMENTS = ("Water level", "Water quality", "Services")
_LETTER = (
    (
        "Last year was one of the wettest on record in northern Europe, and the demand for "
        "reliable measurements followed the rivers. Our stations reported through every storm of "
        "the winter. Not one of the 412 gauges under contract lost more than six hours of data."
    ),
    (
        "We used the attention to put the house in order. The two older product lines were merged "
        "into one, the plant in Graz moved into its new hall in June, and deliveries now leave "
        "within nine working days of an order, against sixteen the year before."
    ),
    (
        "The board proposes a dividend of 0.84 euros a share. It rests on earnings that were "
        "made, not on hopes: the cash flow from operations covered it more than twice."
    ),
)
_GLANCE = (
    "The table shows the revenue of the three segments since 2021. Sales of instruments follow the "
    "budgets of public authorities, whereas services grow with the number of stations installed."
)
_DRIVERS = (
    "Forty-one new stations for the river authority of the Loire.",
    "A framework contract with four municipal water works in Norway.",
    "Price increases of three per cent in April, accepted by nearly all customers.",
)
_AFTER_DRIVERS = (
    "Costs rose more slowly than revenue. Energy became cheaper, and the merged product lines "
    "share most of their parts. Wages were raised by four per cent from May on."
)
_SEGMENT_TEXT = (
    "Instruments for water level remain the largest segment by far. Water quality gained two large "
    "customers, and services now look after over four hundred stations in seven countries."
)
_STAFF_TEXT = (
    "At the end of the year the group had 262 employees at three sites. Production in Graz grew "
    "with the new hall; research stays in Bristol and Oslo."
)
_OUTLOOK = (
    "We expect revenue to grow by {low} to {high} per cent in 2026, provided that public budgets "
    "hold. The first deliveries of the new optical sensor are planned for September. Investments "
    "will stay below the level of this year, since the hall in Graz is paid for."
)
_RISKS = (
    "Delays of public tenders after the elections in three of our markets.",
    "The supply of optical components, of which two come from a single source.",
    "Exchange rates, above all of the Norwegian krone.",
)
_THANKS = (
    "Instruments are built by people. We thank everyone who carried a gauge to a river in the "
    "dark, and those who waited for them to come back."
)
