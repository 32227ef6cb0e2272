"""Charts drawn as vectors: what is drawn together, with the labels that belong to it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toolkit.document.blocks import ImageType
from toolkit.document.geometry import Box
from toolkit.engine.drafts import Draft
from toolkit.engine.grids import Grid
from toolkit.engine.marks import Sheet
from toolkit.engine.words import Line

__all__ = ["VectorChart", "find_charts", "groups", "labels_of_drawing"]

Floats = NDArray[np.float64]

# Points: paths nearer than this are of one drawing; a legend's patches stand apart by more.
_NEAR = 8.0
_LEGEND = 45.0
_FEWEST_PATHS = 8
_MOST_PATHS = 3000
_LEAST_SIDE = 50.0
_MOST_SHARE = 0.5
_THIN = 3.0
_FEWEST_LABELS = 4
_FEWEST_FIGURES = 3
# A label is of few words; a drawing with running text in it is a page's layout, not a chart.
_MOST_WORDS = 6
_CAPTION = re.compile(r"^(?:figure|fig\b|table|chart|source|note)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, eq=False)
class VectorChart:
    """A drawing and its labels."""

    box: Box
    labels: tuple[Line, ...]
    image_type: ImageType = ImageType.CHART
    sure: float | None = None
    """As a draft's."""
    draft: Draft | None = None
    """What it says, where it was understood."""


def find_charts(
    sheet: Sheet, grids: Sequence[Grid], lines: Sequence[Line]
) -> tuple[list[VectorChart], list[Line]]:
    """The charts among *sheet*'s drawings, and the lines that are no labels of theirs."""
    page = sheet.width * sheet.height
    boxes = [Box(*map(float, row)) for row in sheet.drawn[: _MOST_PATHS + 1]]
    boxes = [
        box
        for box in boxes
        if box.area < _MOST_SHARE * page and not any(box.overlap(g.box) > 0 for g in grids)
    ]
    if not _FEWEST_PATHS <= len(boxes) <= _MOST_PATHS:
        return [], list(lines)
    rest = list(lines)
    charts = []
    for drawing in _drawings(boxes):
        labels = labels_of_drawing(drawing, rest)
        figures = sum(any(char.isdigit() for char in line.text) for line in labels)
        if len(labels) < _FEWEST_LABELS or figures < _FEWEST_FIGURES:
            continue
        charts.append(
            VectorChart(Box.around([drawing, *(line.box for line in labels)]), tuple(labels))
        )
        rest = [line for line in rest if line not in labels]
    return charts, rest


def _drawings(boxes: list[Box]) -> list[Box]:
    """The boxes of groups of paths that could be charts."""
    table = np.array([(b.left, b.top, b.right, b.bottom) for b in boxes])
    together = groups(table, _NEAR)
    found = []
    for members in together:
        own = table[members]
        left, top = own[:, :2].min(axis=0)
        right, bottom = own[:, 2:].max(axis=0)
        if min(right - left, bottom - top) < _LEAST_SIDE or len(own) < _FEWEST_PATHS:
            continue
        if _is_plot(own, right - left):
            found.append(Box(float(left), float(top), float(right), float(bottom)))
    return found


def groups(table: Floats, near: float) -> list[list[int]]:
    """Indices of boxes that touch each other, once each is made larger by *near* / 2."""
    grown = table + np.array([-near, -near, near, near]) / 2
    found = []
    left = np.ones(len(table), bool)
    for start in range(len(table)):
        if not left[start]:
            continue
        left[start] = False
        members, edge = [start], [start]
        while edge:
            box = grown[edge.pop()]
            meets = left & (grown[:, :2] <= box[2:]).all(axis=1)
            meets &= (grown[:, 2:] >= box[:2]).all(axis=1)
            new = np.flatnonzero(meets).tolist()
            left[new] = False
            members += new
            edge += new
        found.append(members)
    return found


def _is_plot(own: Floats, width: float) -> bool:
    """Whether paths are bars, curves or slices on axes, rather than rules or shaded rows."""
    wide, high = own[:, 2] - own[:, 0], own[:, 3] - own[:, 1]
    solid = np.minimum(wide, high) >= _THIN
    if not solid.any():
        return False
    bands = solid & (wide > 0.6 * width) & (high < 40)
    return int(bands.sum()) * 2 <= int(solid.sum())


def labels_of_drawing(drawing: Box, lines: Sequence[Line]) -> list[Line]:
    """The lines in and around *drawing*; [] where one of them is running text."""
    reach = drawing
    labels: list[Line] = []
    for _ in range(3):
        new = [line for line in lines if line not in labels and _near(line, reach, drawing)]
        if any(len(line.words) > 2 * _MOST_WORDS for line in new):
            return []
        new = [
            line for line in new if len(line.words) <= _MOST_WORDS and not _CAPTION.match(line.text)
        ]
        if not new:
            break
        labels += new
        reach = Box.around([reach, *(line.box for line in new)])
    return [line for line in lines if line in labels]


def _near(line: Line, reach: Box, drawing: Box) -> bool:
    """Whether a line is inside the reach of the labels so far, right beside it, or a legend's."""
    box, gap = line.box, 0.9 * line.size
    across = max(0.0, box.left - reach.right, reach.left - box.right)
    down = max(0.0, box.top - reach.bottom, reach.top - box.bottom)
    if across <= gap and down <= gap and box.width < 1.1 * drawing.width:
        return True
    beside = down == 0 and box.top >= drawing.top - gap and box.bottom <= drawing.bottom + gap
    return beside and across <= _LEGEND and len(line.words) <= 3
