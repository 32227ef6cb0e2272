"""Bars that stand apart on one line, each with its name: charts without axis or grid."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from toolkit.document.geometry import Box
from toolkit.engine.charts import VectorChart, groups, labels_of_drawing
from toolkit.engine.marks import Sheet
from toolkit.engine.words import Line

__all__ = ["find_bars"]

_FEWEST, _MOST_PATHS = 3, 3000
# Points: a thinner path is a rule; a smaller row of bars is an ornament.
_THIN, _LEAST_SIDE = 3.0, 50.0
# In widths of a bar: those of one chart stand no farther apart.
_GAP = 3.0
# Cards and cells are of one length, fields of a form of a few; of bars, so many at least, and
# this share of them, are not as long as another.
_LENGTHS, _LYING_LENGTHS = (2, 0.5), (3, 0.75)
# A name stands this close below, in sizes, and so many bars have one of their own.
_BELOW, _NAMED, _WIDEST = 2.5, 0.67, 1.2
# Names left of bars may begin on one line: of the page's width, the farthest from its bar.
_FARTHEST = 0.3
_MOST_SHARE = 0.5
# Points: what is nearer is of the same drawing. What is larger by so much is a panel behind it.
_NEAR, _LARGEST = 8.0, 2.5


def find_bars(sheet: Sheet, lines: Sequence[Line]) -> tuple[list[VectorChart], list[Line]]:
    """The rows of bars on *sheet* that have names, and the lines that are no labels of theirs.

    Found before tables are looked for, since names and values in step look like one.
    """
    if not _FEWEST <= len(sheet.drawn) <= _MOST_PATHS:
        return [], list(lines)
    charts: list[VectorChart] = []
    rest = list(lines)
    for bars, upright in _rows_of_bars(sheet):
        names = _names(bars, rest, sheet, upright=upright)
        if not names:
            continue
        drawing = Box.around([*bars, *(line.box for line in names)])
        if drawing.area > _MOST_SHARE * sheet.width * sheet.height:
            continue
        labels = labels_of_drawing(_with_paths(drawing, sheet), rest)
        if any(line not in labels for line in names):
            continue
        box = Box.around([drawing, *(line.box for line in labels)])
        charts.append(VectorChart(box, tuple(labels)))
        rest = [line for line in rest if line not in labels]
    return charts, rest


def _rows_of_bars(sheet: Sheet) -> Iterator[tuple[list[Box], bool]]:
    """Rectangles of one thickness that begin on one line, of different lengths, in order.

    With each row, whether its bars are upright.
    """
    paths = np.unique(np.round(sheet.drawn, 1), axis=0)
    rows: dict[tuple[bool, int, int], list[Box]] = {}
    for left, top, right, bottom in paths.tolist():
        if min(right - left, bottom - top) > _THIN:
            box = Box(left, top, right, bottom)
            rows.setdefault((True, round(bottom), round(right - left)), []).append(box)
            rows.setdefault((False, round(left), round(bottom - top)), []).append(box)
    for (upright, _, _), row in rows.items():
        row.sort(key=lambda box: _along(box, upright=upright))
        if len(row) >= _FEWEST and _are_bars(row, upright=upright):
            yield row, upright


def _are_bars(row: Sequence[Box], *, upright: bool) -> bool:
    spans = [_along(box, upright=upright) for box in row]
    thick = spans[0][1] - spans[0][0]
    gaps = [two[0] - one[1] for one, two in pairwise(spans)]
    if min(gaps) < -0.5 or max(gaps) > _GAP * thick:
        return False
    around = Box.around(row)
    long = {round(box.height if upright else box.width) for box in row}
    fewest, share = _LENGTHS if upright else _LYING_LENGTHS
    return (
        len(long) >= max(fewest, share * len(row))
        and min(around.width, around.height) >= _LEAST_SIDE
    )


def _along(box: Box, *, upright: bool) -> tuple[float, float]:
    """From where to where a bar, or its name, stands in its row."""
    return (box.left, box.right) if upright else (box.top, box.bottom)


def _names(
    bars: Sequence[Box], lines: Sequence[Line], sheet: Sheet, *, upright: bool
) -> list[Line]:
    """The lines beside *bars* that name them; [] where too few have a name of their own."""
    middles = [sum(_along(bar, upright=upright)) / 2 for bar in bars]
    pitch = min(two - one for one, two in pairwise(middles))
    near: list[Line] = []
    named: list[int] = []
    for line in lines:
        start, end = _along(line.box, upright=upright)
        own = [at for at, mid in enumerate(middles) if abs(mid - (start + end) / 2) < pitch / 2]
        if not own or end - start > _WIDEST * pitch:
            continue
        if upright and not -1.0 < line.box.top - bars[0].bottom < _BELOW * line.size:
            continue
        if not upright and not -1.0 < bars[0].left - line.box.right < _FARTHEST * sheet.width:
            continue
        near.append(line)
        named += own
    if not upright and (_are_beside(near) or any(line.text.endswith(":") for line in near)):
        return []
    return near if len(set(named)) >= _NAMED * len(bars) else []


def _are_beside(names: Sequence[Line]) -> bool:
    """Whether two of *names* stand in one row: columns of a table with bars in its cells."""
    return any(
        abs(one.baseline - two.baseline) < 0.5 * one.size
        for at, one in enumerate(names)
        for two in names[:at]
    )


def _with_paths(drawing: Box, sheet: Sheet) -> Box:
    """*drawing* with the axes and marks that touch it, and those that touch them."""
    sizes = (sheet.drawn[:, 2] - sheet.drawn[:, 0]) * (sheet.drawn[:, 3] - sheet.drawn[:, 1])
    paths = sheet.drawn[sizes <= _LARGEST * drawing.area]
    own = np.array([[drawing.left, drawing.top, drawing.right, drawing.bottom]])
    table = np.vstack((own, paths))
    first = next(members for members in groups(table, _NEAR) if 0 in members)
    whole = Box.around(Box(*row) for row in table[first].tolist())
    return whole if whole.area <= _LARGEST * drawing.area else drawing
