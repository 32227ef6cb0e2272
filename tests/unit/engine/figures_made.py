"""Charts and diagrams made for the tests, with what they show."""

from __future__ import annotations

import io
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from reportlab.graphics import renderPDF
from reportlab.graphics.charts.barcharts import HorizontalBarChart, VerticalBarChart
from reportlab.graphics.charts.legends import Legend
from reportlab.graphics.charts.linecharts import HorizontalLineChart
from reportlab.graphics.charts.lineplots import ScatterPlot
from reportlab.graphics.charts.piecharts import Pie
from reportlab.graphics.shapes import Drawing
from reportlab.lib import colors
from reportlab.pdfgen.canvas import Canvas

from toolkit.document.document import Document
from toolkit.engine.options import ParseOptions
from toolkit.engine.pipeline import parse
from toolkit.engine.source import Source

CATEGORIES = (
    ("North", "South", "East", "West", "Centre"),
    ("2016", "2017", "2018", "2019", "2020", "2021"),
    ("Jan", "Feb", "Mar", "Apr"),
)
NAMES = ("Alpha", "Beta", "Gamma")
INKS = (
    *(colors.steelblue, colors.darkorange, colors.seagreen),
    *(colors.firebrick, colors.purple, colors.gold),
)


@dataclass(frozen=True)
class Made:
    """A page with one chart: its bytes, and the truth."""

    content: bytes
    kind: str
    categories: tuple[str, ...]
    series: dict[str | None, list[float]]
    points: dict[str | None, list[tuple[float, float]]] = field(default_factory=dict)


def understood(content: bytes, profile: str = "advanced") -> Document:
    options = ParseOptions(profile=profile, preserve_images=False, ocr="never")
    return parse(Source.from_bytes(content, "made.pdf"), options)


def numbers(dice: random.Random, count: int) -> tuple[tuple[str, ...], list[list[float]]]:
    names = dice.choice(CATEGORIES)
    top = dice.choice([10, 80, 1200, 45000])
    return names, [[round(dice.uniform(0.15, 1) * top, 3) for _ in names] for _ in range(count)]


def with_reportlab(kind: str, seed: int) -> Made:
    dice = random.Random(seed)
    count = 1 if kind == "pie" else dice.choice([1, 2, 3])
    names, rows = numbers(dice, count)
    series: dict[str | None, list[float]] = {
        (NAMES[at] if count > 1 else None): row for at, row in enumerate(rows)
    }
    points: dict[str | None, list[tuple[float, float]]] = {}
    match kind:
        case "column" | "stacked" | "bar":
            chart = (HorizontalBarChart if kind == "bar" else VerticalBarChart)()
            chart.data, chart.categoryAxis.categoryNames = rows, list(names)
            chart.valueAxis.valueMin = 0
            chart.valueAxis.visibleGrid = dice.choice([0, 1])
            if kind == "stacked":
                chart.categoryAxis.style = "stacked"
            for at in range(count):
                chart.bars[at].fillColor = INKS[at]
        case "line":
            chart = HorizontalLineChart()
            chart.data, chart.categoryAxis.categoryNames = rows, list(names)
            chart.valueAxis.valueMin = 0
            for at in range(count):
                chart.lines[at].strokeColor = INKS[at]
        case "pie":
            chart = Pie()
            chart.data, chart.labels = rows[0], list(names)
            for at in range(len(names)):
                chart.slices[at].fillColor = INKS[at]
            series = {None: [100 * one / sum(rows[0]) for one in rows[0]]}
        case _:
            chart = ScatterPlot()
            chart.xLabel = chart.yLabel = ""
            chart.data = [
                [(round(dice.uniform(0, 100), 2), one) for one in row for _ in range(2)]
                for row in rows
            ]
            chart.xValueAxis.valueMin, chart.xValueAxis.valueMax = 0, 100
            chart.yValueAxis.valueMin = 0
            for at in range(count):
                chart.lines[at].symbol.fillColor = chart.lines[at].symbol.strokeColor = INKS[at]
                chart.lines[at].strokeColor = None
            points = dict(zip(series, chart.data, strict=True))
    chart.x, chart.y = 60, 50
    chart.width, chart.height = (170, 170) if kind == "pie" else (260, 170)
    drawing = Drawing(440, 260)
    drawing.add(chart)
    if count > 1:
        legend = Legend()
        legend.x, legend.y, legend.alignment = 335, 200, "right"
        legend.columnMaximum = 8
        legend.colorNamePairs = [(INKS[at], NAMES[at]) for at in range(count)]
        drawing.add(legend)
    return Made(amid_text(drawing), kind, names, series, points)


def amid_text(drawing: Drawing) -> bytes:
    stream = io.BytesIO()
    canvas = Canvas(stream, pagesize=(595, 842))
    canvas.setFont("Helvetica", 11)
    for at in range(4):
        canvas.drawString(
            72, 780 - 14 * at, f"Before the chart stands running text, row {at} of it."
        )
    renderPDF.draw(drawing, canvas, 90, 400)
    canvas.setFont("Helvetica", 11)
    for at in range(6):
        canvas.drawString(72, 350 - 14 * at, f"After the chart goes the text on, in its row {at}.")
    canvas.save()
    return stream.getvalue()


def outline(canvas: Canvas, kind: str, box: Sequence[float], text: str) -> None:
    """A shape of a flow chart with its text; *box* is left, bottom, width, height."""
    x, y, width, height = box
    canvas.setFillColorRGB(0.9, 0.95, 1)
    match kind:
        case "round":
            canvas.roundRect(x, y, width, height, 8, fill=1)
        case "ellipse":
            canvas.ellipse(x, y, x + width, y + height, fill=1)
        case "diamond":
            path = canvas.beginPath()
            path.moveTo(x + width / 2, y)
            path.lineTo(x + width, y + height / 2)
            path.lineTo(x + width / 2, y + height)
            path.lineTo(x, y + height / 2)
            path.close()
            canvas.drawPath(path, fill=1)
        case _:
            canvas.rect(x, y, width, height, fill=1)
    canvas.setFillColorRGB(0, 0, 0)
    canvas.setFont("Helvetica", 9)
    rows = text.split("\n")
    for at, row in enumerate(rows):
        down = 5.5 * (len(rows) - 1) - 11 * at
        canvas.drawCentredString(x + width / 2, y + height / 2 - 3 + down, row)


def arrow(canvas: Canvas, points: Sequence[tuple[float, float]], head: str) -> None:
    """A line through *points* with a *head*: filled, open or none."""
    (x0, y0), (x1, y1) = points[-2:]
    angle = math.atan2(y1 - y0, x1 - x0)
    foot = (x1 - 8 * math.cos(angle), y1 - 8 * math.sin(angle))
    sides = [
        (foot[0] - side * 4 * math.sin(angle), foot[1] + side * 4 * math.cos(angle))
        for side in (1, -1)
    ]
    path = canvas.beginPath()
    path.moveTo(*points[0])
    for point in [*points[1:-1], foot if head == "filled" else (x1, y1)]:
        path.lineTo(*point)
    canvas.drawPath(path, stroke=1, fill=0)
    if head == "none":
        return
    path = canvas.beginPath()
    path.moveTo(*sides[0])
    path.lineTo(x1, y1)
    path.lineTo(*sides[1])
    if head == "filled":
        path.close()
    canvas.drawPath(path, stroke=int(head == "open"), fill=int(head == "filled"))
