"""Drawings that are understood: charts with their numbers, diagrams with their nodes and edges.

Only where a page's paths were asked for, which the advanced profile does; else nothing is found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from toolkit.document.blocks import ImageType, TextSource
from toolkit.document.geometry import Box
from toolkit.engine.chart_axes import Label, labels_of
from toolkit.engine.chart_names import title_of, titles_of_axes
from toolkit.engine.chart_pies import pie_of
from toolkit.engine.chart_reading import Reading, reading_of
from toolkit.engine.charts import VectorChart, groups
from toolkit.engine.confidence import likely
from toolkit.engine.diagrams import Graph, graphs_in
from toolkit.engine.drafts import Draft, EdgeDraft, NodeDraft, Quotation, in_one, quote_lines
from toolkit.engine.figures import said_in
from toolkit.engine.marks import Glyphs, Sheet
from toolkit.engine.shapes import Shape, is_pale
from toolkit.engine.words import Line, line_of

__all__ = ["read_drawings"]

# Points: shapes nearer than this are of one drawing.
_NEAR = 8.0
_LEAST_SIDE = 45.0
_FEWEST = 3
_MOST = 3000
# Points around a drawing in which its words stand, across and down.
_ACROSS, _DOWN = 180.0, 55.0


def read_drawings(
    sheet: Sheet, lines: Sequence[Line]
) -> tuple[list[VectorChart], list[Line], Sheet]:
    """(what was understood, the lines that are no part of it, the sheet without it)."""
    shapes = [s for s in sheet.shapes if not _is_paper(s, sheet)]
    if len(shapes) < _FEWEST:
        return [], list(lines), sheet
    found: list[VectorChart] = []
    rest = list(lines)
    for graph in graphs_in(shapes, lines, sheet):
        found.append(_diagram(graph, sheet.glyphs))
        rest = [line for line in rest if line not in graph.lines]
    shapes = [s for s in shapes if not _in_any(s.box, [f.box for f in found])]
    labels = labels_of(rest, sheet.glyphs)
    drawings = _drawings(shapes)
    for drawing, around, near in _with_words(drawings, labels):
        reading = pie_of(drawing, around, near) or reading_of(drawing, around, near)
        if reading is not None:
            chart = _chart(reading, Box.around(s.box for s in drawing), near, sheet.glyphs)
            found.append(chart)
            rest = [line for line in rest if line not in chart.labels]
    return found, rest, _without(sheet, [one.box for one in found])


def _is_paper(shape: Shape, sheet: Sheet) -> bool:
    unseen = is_pale(shape.fill) and (shape.stroke is None or is_pale(shape.stroke))
    return unseen or shape.box.area > 0.9 * sheet.width * sheet.height


def _in_any(box: Box, boxes: Sequence[Box]) -> bool:
    return any(other.holds(*_middle(box)) for other in boxes)


def _drawings(shapes: Sequence[Shape]) -> list[list[Shape]]:
    """*shapes* that lie together, as drawings large enough to be a chart; () among them are rest.

    The first list holds what is too small, such as a legend that stands apart.
    """
    if not shapes:
        return [[]]
    table = np.array([(s.box.left, s.box.top, s.box.right, s.box.bottom) for s in shapes])
    parts = _in_rows_joined([sorted(members) for members in groups(table, _NEAR)], shapes)
    boxes = [Box.around(shapes[at].box for at in part) for part in parts]
    order = sorted(range(len(parts)), key=lambda at: -boxes[at].area)
    whole: dict[int, list[int]] = {}
    small: list[int] = []
    for at in order:
        box = boxes[at]
        # What lies in the frame of a plot is a mark of it, though it touches nothing.
        host = next((host for host in whole if _lies_in(box, boxes[host])), None)
        if host is not None:
            whole[host] += parts[at]
        elif len(parts[at]) >= 2 and min(box.width, box.height) >= _LEAST_SIDE:
            whole[at] = list(parts[at])
        else:
            small += parts[at]
    found = [[shapes[at] for at in sorted(part)] for part in whole.values()]
    found = [own for own in found if _FEWEST <= len(own) <= _MOST]
    return [[shapes[at] for at in sorted(small)], *found]


def _in_rows_joined(parts: list[list[int]], shapes: Sequence[Shape]) -> list[list[int]]:
    """*parts* with those put together whose bars stand on one line, though they touch nothing."""
    rows: dict[tuple[bool, int, int], list[int]] = {}
    for at, part in enumerate(parts):
        for index in part:
            box = shapes[index].box
            if shapes[index].is_rectangle and min(box.width, box.height) > 3:
                rows.setdefault((True, round(box.bottom), round(box.width)), []).append(at)
                rows.setdefault((False, round(box.left), round(box.height)), []).append(at)
    whole = list(range(len(parts)))
    for (upright, _, thick), members in rows.items():
        if len(set(members)) < _FEWEST:
            continue
        boxes = _in_order(members, parts, shapes, upright=upright)
        for (one, a), (two, b) in pairwise(boxes):
            gap = two.left - one.right if upright else two.top - one.bottom
            if gap <= 3 * thick:
                low, high = sorted((whole[a], whole[b]))
                whole = [low if top == high else top for top in whole]
    joined: dict[int, list[int]] = {}
    for at, part in enumerate(parts):
        joined.setdefault(whole[at], []).extend(part)
    return [sorted(part) for part in joined.values()]


def _in_order(
    members: Sequence[int],
    parts: Sequence[Sequence[int]],
    shapes: Sequence[Shape],
    *,
    upright: bool,
) -> list[tuple[Box, int]]:
    """The parts *members* with their boxes, from the left or from the top."""
    boxes = [(Box.around(shapes[index].box for index in parts[at]), at) for at in set(members)]
    return sorted(boxes, key=lambda one: one[0].left if upright else one[0].top)


def _lies_in(box: Box, other: Box) -> bool:
    return box.area <= other.area and other.holds(*_middle(box))


def _middle(box: Box) -> tuple[float, float]:
    return (box.left + box.right) / 2, (box.top + box.bottom) / 2


def _with_words(
    drawings: list[list[Shape]], labels: Sequence[Label]
) -> list[tuple[list[Shape], list[Shape], list[Label]]]:
    """Each large drawing with the shapes near it, and the labels to which none is nearer."""
    small, *large = drawings
    boxes = [Box.around(s.box for s in own) for own in large]
    out = []
    for at, own in enumerate(large):
        around = [s for s in small if _nearest(s.box, boxes) == at]
        near = [label for label in labels if _nearest(label.box, boxes) == at]
        out.append((own, [*own, *around], near))
    return out


def _nearest(box: Box, boxes: Sequence[Box]) -> int | None:
    gaps = []
    for at, other in enumerate(boxes):
        across = max(0.0, box.left - other.right, other.left - box.right)
        down = max(0.0, box.top - other.bottom, other.top - box.bottom)
        if across <= _ACROSS and down <= _DOWN:
            gaps.append((across + down, at))
    return min(gaps)[1] if gaps else None


def _chart(reading: Reading, drawing: Box, labels: Sequence[Label], glyphs: Glyphs) -> VectorChart:
    """*reading* with its title and all that is written on it."""
    known = [*reading.used, *reading.named]
    outer = Box.around([drawing, reading.area, *(label.box for label in known)])
    title = title_of(_plot_wide(outer, reading.area), labels)
    along = titles_of_axes(reading.area, outer, labels)
    own = [*known, *along, *([title] if title else [])]
    whole = Box.around([outer, *(label.box for label in own)])
    own += [b for b in labels if whole.holds(*b.middle) and b not in own]
    told = {id(label) for label in (*reading.named, *([title] if title else []))}
    values = {value for one in reading.series for value in one.values}
    ticks = [b for b in own if id(b) not in told and (b.number is None or b.number not in values)]
    used = {id(label.line): label.line for label in own}
    lines = tuple(used.values())
    draft = Draft(
        "chart",
        whole,
        quote_lines([line.words for line in lines], glyphs, frozenset()),
        likely("chart"),
        text_source=TextSource.INFERRED,
        chart_type=reading.chart_type,
        title=title.text if title else None,
        categories=reading.categories,
        series=reading.series,
        data_table=reading.data_table,
        embedded_text=_besides(ticks, glyphs),
    )
    return VectorChart(whole, lines, ImageType.CHART, draft=draft)


def _plot_wide(outer: Box, area: Box) -> Box:
    """The height of *outer* with the sides of *area*: a title stands over a plot's middle."""
    return Box(area.left, outer.top, area.right, outer.bottom)


def _besides(labels: Sequence[Label], glyphs: Glyphs) -> str | None:
    """What stands on a chart in none of its fields: ticks, titles of axes, remarks."""
    others = [line_of(glyphs, list(label.words), label.line.angle) for label in labels]
    return said_in(others) or None


def _diagram(graph: Graph, glyphs: Glyphs) -> VectorChart:
    names = [_said(node.lines, glyphs) for node in graph.nodes]
    remarks = [_said(edge.lines, glyphs) for edge in graph.edges]
    quotation = in_one([*names, *remarks])
    draft = Draft(
        "diagram",
        graph.box,
        quotation,
        likely("diagram"),
        text_source=None if quotation.text else TextSource.DERIVED,
        nodes=tuple(
            NodeDraft(name.text, node.shape.box)
            for node, name in zip(graph.nodes, names, strict=True)
        ),
        edges=tuple(
            EdgeDraft(edge.source, edge.target, remark.text or None)
            for edge, remark in zip(graph.edges, remarks, strict=True)
        ),
    )
    return VectorChart(graph.box, graph.lines, ImageType.DIAGRAM, draft=draft)


def _said(lines: Sequence[Line], glyphs: Glyphs) -> Quotation:
    return quote_lines([line.words for line in lines], glyphs, frozenset())


def _without(sheet: Sheet, boxes: Sequence[Box]) -> Sheet:
    """*sheet* without the lines and panels in *boxes*, which are no table's and no callout's."""
    if not boxes:
        return sheet

    def outside(table: np.typing.NDArray[np.float64]) -> np.typing.NDArray[np.float64]:
        inside = [_in_any(Box(*map(float, row)), boxes) for row in table]
        return table[~np.array(inside, dtype=bool)] if len(table) else table

    return replace(
        sheet,
        rules=outside(sheet.rules),
        drawn=outside(sheet.drawn),
        panels=outside(sheet.panels),
    )
