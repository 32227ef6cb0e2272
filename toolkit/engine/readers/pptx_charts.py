"""Native charts: the numbers that the file keeps beside the drawing. Workbooks stay closed."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import zip_longest
from typing import Any, TypeAlias

from pptx.oxml.ns import qn

from toolkit.document.blocks import ChartType
from toolkit.engine.readers.pptx_text import body_text
from toolkit.engine.slides_marks import ChartMark, Script

__all__ = ["chart_of", "newer_chart_of"]

Values: TypeAlias = tuple[float | None, ...]
Series: TypeAlias = tuple[str | None, Values]
Row: TypeAlias = tuple[str | float | None, ...]

_KINDS = {
    "barChart": ChartType.COLUMN,
    "bar3DChart": ChartType.COLUMN,
    "lineChart": ChartType.LINE,
    "line3DChart": ChartType.LINE,
    "areaChart": ChartType.AREA,
    "area3DChart": ChartType.AREA,
    "pieChart": ChartType.PIE,
    "pie3DChart": ChartType.PIE,
    "ofPieChart": ChartType.PIE,
    "doughnutChart": ChartType.DOUGHNUT,
    "scatterChart": ChartType.SCATTER,
    "bubbleChart": ChartType.BUBBLE,
    "radarChart": ChartType.RADAR,
    "stockChart": ChartType.STOCK,
    "surfaceChart": ChartType.SURFACE,
    "surface3DChart": ChartType.SURFACE,
}
_POINTS = frozenset({ChartType.SCATTER, ChartType.BUBBLE})
# More points than any sheet of Excel has rows are a broken count.
_MOST_POINTS = 1_048_576
_DAY_ONE, _LEAP_FAULT = datetime(1899, 12, 30), 60  # noqa: DTZ001  # a sheet has no time zone
_CX = "{http://schemas.microsoft.com/office/drawing/2014/chartex}"
_QUOTED = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.')


def chart_of(space: Any, script: Script) -> ChartMark:
    """The chart in a ``c:chartSpace``, its texts quoted from *script*."""
    plots = list(_plots(space))
    kinds = list(dict.fromkeys(kind for kind, _ in plots))
    kind = kinds[0] if len(kinds) == 1 else ChartType.COMBO if kinds else ChartType.UNKNOWN
    every = [one for _, plot in plots for one in sorted(plot.iterfind(qn("c:ser")), key=_order)]
    serial = _flag(space.find(qn("c:date1904")))
    categories: tuple[str, ...] = ()
    series: list[Series] = []
    for one in every:
        categories = max(categories, _categories(one, serial), key=len)
        values = one.find(qn("c:val"))
        series.append((_name(one), _numbers(one.find(qn("c:yVal")) if values is None else values)))
    if kinds and set(kinds) <= _POINTS:
        categories, rows = (), tuple(_point_rows(every, series))
    else:
        rows = tuple(_rows(categories, series))
    title = _title(space, series)
    quotation = script.quote(_written(title, rows))
    axes = tuple(script.quote(text) for text in _axis_titles(space))
    return ChartMark(kind, title, categories, tuple(series), rows, quotation, axes)


def _plots(space: Any) -> Iterator[tuple[ChartType, Any]]:
    for plot in space.iterfind(f"{qn('c:chart')}/{qn('c:plotArea')}/*"):
        kind = _KINDS.get(str(plot.tag).rpartition("}")[2])
        if kind is None:
            continue
        direction = plot.find(qn("c:barDir"))
        # Bars stand unless the file says that they lie.
        if direction is not None and direction.get("val", "col") == "bar":
            kind = ChartType.BAR
        yield kind, plot


def _order(one: Any) -> int:
    found = one.find(qn("c:order"))
    given = "" if found is None else found.get("val", "")
    return int(given) if given.isdecimal() and len(given) < 10 else _MOST_POINTS


def _name(one: Any) -> str | None:
    name = one.find(qn("c:tx"))
    texts = [] if name is None else [v.text or "" for v in name.iter(qn("c:v"))]
    return " ".join(texts) or None


def _cached(holder: Any) -> dict[int, str]:
    """The points of a reference's cache, or the literal ones, by their place."""
    points: dict[int, str] = {}
    for point in () if holder is None else holder.iter(qn("c:pt")):
        place = point.get("idx", "")
        if place.isdecimal() and len(place) < 8 and int(place) < _MOST_POINTS:
            points[int(place)] = point.findtext(qn("c:v")) or ""
    return points


def _count(holder: Any, points: dict[int, str]) -> int:
    """How many places there are; a count that no point bears out is not believed far."""
    given = holder.find(f".//{qn('c:ptCount')}")
    said = "" if given is None else given.get("val", "")
    least = max(points, default=-1) + 1
    most = max(10 * least, 1000)
    return max(least, min(int(said), most)) if said.isdecimal() and len(said) < 8 else least


def _numbers(holder: Any) -> Values:
    if holder is None:
        return ()
    points = _cached(holder)
    return tuple(_number(points.get(place)) for place in range(_count(holder, points)))


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _categories(one: Any, serial_1904: bool) -> tuple[str, ...]:
    holder = one.find(qn("c:cat"))
    if holder is None:
        return ()
    levels = holder.findall(f".//{qn('c:lvl')}")
    if levels:
        return _levelled(holder, levels)
    points = _cached(holder)
    dated = _is_date(holder.findtext(f".//{qn('c:formatCode')}") or "")
    texts = (points.get(place, "") for place in range(_count(holder, points)))
    return tuple(_day(text, serial_1904) if dated else text for text in texts)


def _levelled(holder: Any, levels: list[Any]) -> tuple[str, ...]:
    """Categories of several levels, the outermost first, joined by " / "."""
    inner = _cached(levels[0])
    names = [[inner.get(place, "") for place in range(_count(holder, inner))]]
    for level in levels[1:]:
        points, row, last = _cached(level), [], ""
        for place in range(len(names[0])):
            # An outer name stands at its first place and holds up to the next.
            last = points.get(place, last)
            row.append(last)
        names.append(row)
    return tuple(" / ".join(filter(None, reversed(column))) for column in zip(*names, strict=True))


def _is_date(code: str) -> bool:
    return bool(re.search(r"[yd]", _QUOTED.sub("", code), re.IGNORECASE))


def _day(text: str, serial_1904: bool) -> str:
    """A sheet's day number as an ISO date; other text as it is.

    >>> _day("42370", False), _day("42370.5", False), _day("soon", False)
    ('2016-01-01', '2016-01-01T12:00:00', 'soon')
    """
    number = _number(text)
    if number is None or not _LEAP_FAULT < number < 2_900_000:
        return text
    moment = _DAY_ONE + timedelta(days=number + (1462 if serial_1904 else 0))
    moment = (moment + timedelta(milliseconds=500)).replace(microsecond=0)
    return moment.date().isoformat() if number == int(number) else moment.isoformat()


def _rows(categories: tuple[str, ...], series: list[Series]) -> Iterator[Row]:
    if categories or series:
        yield ("", *(name or "" for name, _ in series))
        yield from zip_longest(categories, *(values for _, values in series))


def _point_rows(every: list[Any], series: list[Series]) -> Iterator[Row]:
    """XY charts: a row a point, since each series has places of its own."""
    sizes = [_numbers(one.find(qn("c:bubbleSize"))) for one in every]
    sized = any(sizes)
    yield ("series", "x", "y", "size") if sized else ("series", "x", "y")
    for one, (name, ys), size in zip(every, series, sizes, strict=True):
        holder = one.find(qn("c:xVal"))
        xs: Iterable[str | float | None] = _numbers(holder)
        if holder is not None and holder.find(f".//{qn('c:strCache')}") is not None:
            xs = _cached(holder).values()
        for point in zip_longest(xs, ys, *([size] if sized else [])):
            yield (name or "", *point)


def _title(space: Any, series: list[Series]) -> str | None:
    title = space.find(f"{qn('c:chart')}/{qn('c:title')}")
    if title is None:
        return None
    text = _title_text(title)
    # An empty title of a single series shows the name of the series.
    return text or (series[0][0] if len(series) == 1 else None)


def _title_text(title: Any) -> str:
    rich = title.find(f"{qn('c:tx')}/{qn('c:rich')}")
    if rich is not None:
        return body_text(rich).replace("\v", "\n").strip()
    return " ".join(v.text or "" for v in title.iter(qn("c:v"))).strip()


def _axis_titles(space: Any) -> Iterator[str]:
    for axis in space.iterfind(f"{qn('c:chart')}/{qn('c:plotArea')}/*/{qn('c:title')}"):
        if text := _title_text(axis):
            yield text


def _written(title: str | None, rows: tuple[Row, ...]) -> str:
    """What a chart says, its numbers in fifteen digits, a line a row."""
    lines = ["\t".join(_figure(value) for value in row) for row in rows]
    return "\n".join([title, *lines] if title else lines)


def _figure(value: str | float | None) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return format(value, ".15g")


def _flag(element: Any) -> bool:
    return element is not None and element.get("val", "1") in ("1", "true")


def newer_chart_of(space: Any, script: Script) -> ChartMark:
    """The chart in a ``cx:chartSpace`` (waterfall, treemap and their like)."""
    series: list[Series] = []
    categories: tuple[str, ...] = ()
    names = [one.findtext(f".//{_CX}txData/{_CX}v") for one in space.iter(f"{_CX}series")]
    for at, one in enumerate(space.iter(f"{_CX}data")):
        for texts in one.iterfind(f"{_CX}strDim"):
            levels = [_newer_points(level) for level in texts.iterfind(f"{_CX}lvl")]
            joined = zip_longest(*reversed(levels), fillvalue="")
            categories = max(
                categories, tuple(" / ".join(filter(None, x)) for x in joined), key=len
            )
        for numbers in one.iterfind(f"{_CX}numDim/{_CX}lvl"):
            name = names[at] if at < len(names) else None
            series.append((name, tuple(map(_number, _newer_points(numbers)))))
    rows = tuple(_rows(categories, series))
    title = next(map(_newer_title, space.iterfind(f"{_CX}chart/{_CX}title")), "") or None
    quotation = script.quote(_written(title, rows))
    axes = map(_newer_title, space.iterfind(f"{_CX}chart/{_CX}plotArea/{_CX}axis/{_CX}title"))
    return ChartMark(
        *(ChartType.UNKNOWN, title, categories, tuple(series), rows, quotation),
        tuple(script.quote(text) for text in axes if text),
    )


def _newer_title(title: Any) -> str:
    for path in (f"{_CX}tx/{_CX}rich", f"{_CX}txPr"):
        body = title.find(path)
        text = "" if body is None else body_text(body).replace("\v", "\n").strip()
        if text:
            return text
    return str(title.findtext(f".//{_CX}v") or "").strip()


def _newer_points(level: Any) -> list[str]:
    return [point.text or "" for point in level.iterfind(f"{_CX}pt")]
