"""Charts drawn as vectors: what is read is right, and what cannot be read is None."""

from __future__ import annotations

import io
from collections import defaultdict

import pytest
from engine_made import pdf
from figures_made import INKS, NAMES, Made, amid_text, understood, with_reportlab
from reportlab.graphics.charts.barcharts import VerticalBarChart
from reportlab.graphics.shapes import Drawing, Rect, String
from reportlab.pdfgen.canvas import Canvas

from toolkit.document.blocks import Chart, Image, Paragraph, TextSource
from toolkit.document.markdown import markdown
from toolkit.document.wire import decode, encode
from toolkit.engine.chart_axes import number_in

KINDS = ("column", "stacked", "bar", "line", "pie", "scatter")
TYPES = {"stacked": "column"}


def charts_of(content: bytes) -> list[Chart]:
    document = understood(content)
    assert decode(encode(document)) == document
    return [b for page in document.pages for b in page.blocks if isinstance(b, Chart)]


def right_and_wrong(chart: Chart, made: Made) -> tuple[int, int]:
    """How many of the values read are within 2 % of the truth, and how many are not."""
    if made.points:
        read = defaultdict(list)
        for name, x, y in chart.data_table[1:]:
            read[name or None].append((x, y))
        right = sum(
            any(abs(x - a) <= 0.02 * max(1.0, x) and abs(y - b) <= 0.02 * y for a, b in read[name])
            for name, points in made.points.items()
            for x, y in points
        )
        return right, sum(map(len, made.points.values())) - right
    turned = list(chart.categories) == list(made.categories[::-1])
    right = wrong = 0
    for one in chart.series:
        truth = made.series[None if one.name == "%" else one.name]
        for value, true in zip(one.values, truth[::-1] if turned else truth, strict=True):
            if value is not None:
                fits = abs(value - true) <= 0.02 * abs(true)
                right, wrong = right + fits, wrong + (not fits)
    return right, wrong


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_values_are_read_off_the_drawing(kind, seed):
    made = with_reportlab(kind, seed)
    (chart,) = charts_of(made.content)
    assert chart.chart_type == TYPES.get(kind, kind)
    if kind != "scatter":
        assert set(chart.categories) == set(made.categories)
    if kind != "pie":
        assert {one.name for one in chart.series} == set(made.series)
    right, wrong = right_and_wrong(chart, made)
    assert wrong == 0
    assert right == sum(map(len, made.points.values() or made.series.values()))


def test_a_chart_is_inferred_and_its_words_are_said_once():
    made = with_reportlab("column", 2)
    document = understood(made.content)
    (chart,) = [b for b in document.pages[0].blocks if isinstance(b, Chart)]
    assert chart.text_source is TextSource.INFERRED
    assert chart.source_spans
    plain = markdown(document, style="plain")
    for name in made.categories:
        assert plain.count(name) == 1
    assert plain.count("Before the chart stands") == 4


def test_standard_shows_a_picture_and_no_numbers():
    document = understood(with_reportlab("column", 2).content, profile="standard")
    assert not [b for b in document.pages[0].blocks if isinstance(b, Chart)]
    assert [b for b in document.pages[0].blocks if isinstance(b, Image)]


def bars(*, labels: bool, ticks: bool, heights=(40, 90, 65, 120)) -> bytes:
    drawing = Drawing(400, 220)
    for at, height in enumerate(heights):
        drawing.add(Rect(40 + 80 * at, 40, 50, height, fillColor=INKS[0], strokeColor=None))
        drawing.add(String(65 + 80 * at, 26, f"Place {'ABCD'[at]}", textAnchor="middle"))
        if labels:
            drawing.add(String(65 + 80 * at, 44 + height, f"{height / 4:g}", textAnchor="middle"))
    if ticks:
        for at in range(4):
            drawing.add(String(30, 36 + 40 * at, str(10 * at), textAnchor="end"))
    return amid_text(drawing)


def test_without_ticks_and_numbers_values_are_none():
    (chart,) = charts_of(bars(labels=False, ticks=False))
    assert chart.categories == ("Place A", "Place B", "Place C", "Place D")
    assert [one.values for one in chart.series] == [(None,) * 4]


def test_without_ticks_the_printed_numbers_count():
    (chart,) = charts_of(bars(labels=True, ticks=False))
    assert [one.values for one in chart.series] == [(10.0, 22.5, 16.25, 30.0)]


def test_ticks_that_stand_to_no_scale_are_no_axis():
    drawing = Drawing(400, 220)
    for at, height in enumerate((40, 90, 65, 120)):
        drawing.add(Rect(60 + 80 * at, 40, 50, height, fillColor=INKS[0], strokeColor=None))
        drawing.add(String(85 + 80 * at, 26, f"Place {'ABCD'[at]}", textAnchor="middle"))
        drawing.add(String(50, 40 + 30 * at, str((3, 17, 18, 400)[at]), textAnchor="end"))
    (chart,) = charts_of(amid_text(drawing))
    assert [one.values for one in chart.series] == [(None,) * 4]


def test_values_below_zero_hang():
    chart = VerticalBarChart()
    chart.data, chart.categoryAxis.categoryNames = [[30, -20, 12]], ["One", "Two", "Three"]
    chart.x, chart.y, chart.width, chart.height = 50, 40, 260, 170
    chart.valueAxis.valueMin, chart.valueAxis.valueMax, chart.valueAxis.valueStep = -40, 40, 20
    drawing = Drawing(400, 240)
    drawing.add(chart)
    (read,) = charts_of(amid_text(drawing))
    (values,) = [one.values for one in read.series]
    assert values == pytest.approx((30, -20, 12), abs=0.5)


def test_a_table_of_numbers_is_no_chart():
    def paint(canvas: Canvas) -> None:
        for row in range(6):
            canvas.line(70, 700 - 20 * row, 470, 700 - 20 * row)
            for column in range(4):
                canvas.drawString(80 + 100 * column, 685 - 20 * row, str(row * 10 + column))
        for column in range(5):
            canvas.line(70 + 100 * column, 700, 70 + 100 * column, 600)

    assert charts_of(pdf(paint)) == []


@pytest.mark.parametrize(
    ("text", "number"),
    [
        *[("1,200", 1200.0), ("−5 %", -5.0), ("$3.5k", 3500.0), ("(12)", -12.0), ("1’000", 1000.0)],
        *[("Q1", None), ("2019-20", None), ("", None), ("1e3", 1000.0), ("0,5", 0.5)],
    ],
)
def test_numbers_as_they_are_written(text, number):
    assert number_in(text) == number


plt = pytest.importorskip("matplotlib.pyplot", reason="charts of matplotlib")


def painted(kind: str, seed: int) -> Made:
    import random

    import numpy as np
    from figures_made import numbers

    dice = random.Random(seed)
    count = dice.choice([1, 2, 3])
    names, rows = numbers(dice, count)
    figure, axes = plt.subplots(figsize=dice.choice([(6, 4), (5, 3)]))
    x = np.arange(len(names))
    if kind == "log":
        rows = [[round(10 ** dice.uniform(0, 4), 3) for _ in names] for _ in rows]
    for at, row in enumerate(rows):
        match kind:
            case "column":
                axes.bar(x + (at - (count - 1) / 2) * 0.8 / count, row, 0.8 / count)
            case "stacked":
                axes.bar(x, row, 0.6, bottom=np.sum(rows[:at], axis=0) if at else 0)
            case "line" | "log":
                axes.plot(x, row, marker=dice.choice(["o", None]))
    if kind == "area":
        axes.stackplot(x, *rows)
    if kind == "log":
        axes.set_yscale("log")
    axes.set_xticks(x, names)
    axes.grid(visible=dice.random() < 0.5)
    if count > 1:
        axes.legend(NAMES[:count])
    axes.set_ylabel("Amount (t)")
    figure.tight_layout()
    stream = io.BytesIO()
    figure.savefig(stream, format="pdf")
    plt.close(figure)
    series = {(NAMES[at] if count > 1 else None): row for at, row in enumerate(rows)}
    kind = {"log": "line", "stacked": "column"}.get(kind, kind)
    return Made(stream.getvalue(), kind, names, series)


@pytest.mark.parametrize("kind", ["column", "stacked", "line", "log", "area"])
@pytest.mark.parametrize("seed", [4, 5])
def test_matplotlib_is_read_too(kind, seed):
    made = painted(kind, seed)
    (chart,) = charts_of(made.content)
    assert chart.chart_type == made.kind
    assert chart.categories == made.categories
    assert {one.name for one in chart.series} == set(made.series)
    assert right_and_wrong(chart, made) == (sum(map(len, made.series.values())), 0)
    assert "Amount (t)" in (chart.embedded_text or "")


def test_two_scales_leave_the_values_open():
    figure, axes = plt.subplots()
    axes.plot([0, 1, 2, 3], [5, 7, 6, 9])
    axes.twinx().plot([0, 1, 2, 3], [500, 300, 800, 650], "r")
    axes.set_xticks([0, 1, 2, 3], ["a", "b", "c", "d"])
    stream = io.BytesIO()
    figure.savefig(stream, format="pdf")
    plt.close(figure)
    (chart,) = charts_of(stream.getvalue())
    assert chart.categories == ("a", "b", "c", "d")
    assert [one.values for one in chart.series] == [(None,) * 4] * 2


def test_text_beside_a_chart_stays_text():
    document = understood(with_reportlab("line", 1).content)
    texts = " ".join(b.text for b in document.pages[0].blocks if isinstance(b, Paragraph))
    assert texts.count("After the chart goes the text on") == 6
