"""Lines → rows: what stands beside each other inside one column, in reading order."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from toolkit.document.geometry import Box
from toolkit.engine.grids import Grid
from toolkit.engine.marks import Glyphs, Proposal, Sheet
from toolkit.engine.order import columns, in_rows
from toolkit.engine.tagged import Tagged, tagged_lines
from toolkit.engine.words import Line, is_leftward, line_of

__all__ = ["Row", "Stats", "find_rows", "page_stats", "starts_item"]

BULLETS = "•◦▪■□▫●○‣⁃∙·⚫➢➤►▶❖✓✔★☐\uf0b7\uf0a7\uf0d8–—*"
_BULLET = re.compile(rf"^[{re.escape(BULLETS)}-](?=\s)")
_NUMBERED = re.compile(
    r"^(?:\(?(?:\d{1,2}|[a-zA-Z]|[ivxIVX]{1,5})[.)]|\[\d{1,3}\]|\d{1,2}[.)]\d*)(?=\s)"
)
# A marker alone, which stands apart from its item by a tabulator: no letter without a sign. The
# numbers of notes and of headings are set so too.
_LONE_MARKER = re.compile(
    rf"[{re.escape(BULLETS)}-]|\(?(?:\d{{1,2}}|[a-zA-Z]|[ivxIVX]{{2,5}})[.)]|\[\d{{1,3}}\]|"
    r"\d{1,3}|\d{1,2}(?:\.\d{1,2}){1,3}\.?|[†‡§¶]"
)
# How far an item stands from its marker at most, in sizes of its type.
_MARKER_GAP = 4.0
_FEWEST_LETTERS = 3
# Fewer characters outside of tables do not say what the body's size is.
_LITTLE = 300
# The head and the foot of a page (shares of its height): a few lines, parted by so much white
# (in heights) from all else.
_HEAD, _FOOT, _EDGE_GAP, _EDGE_LINES = 0.1, 0.9, 1.2, 4
# Points, and sizes: the next line of a paragraph begins where the last one did, right below it.
_SAME_LEFT, _NEXT_LINE = 2.0, 2.2
# Where items are spaced, fewer than half of the steps are those inside of paragraphs.
_USUAL = 0.3
# A column ends where the longest of so many rows above and below does: it may change its width.
_NEAR_ROWS = 3
# So much white (in sizes) above a row is a figure's, beyond which the column may be another.
_FIGURE_GAP = 5.0
# A figure and this many lines beside text are a figure and its caption.
_CAPTION_LINES = 7
# An image of more of the page is its background; one of less is an icon.
_LARGEST_IMAGE, _SMALLEST_IMAGE = 0.4, 0.005
_SLICE = 12.0


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One row of one column. ``gap_above`` is from the baseline above, in sizes; inf at the top."""

    line: Line
    column: int
    proposal: int | None = None
    """The index of the proposal that it lies in."""
    gap_above: float = float("inf")
    gap_below: float = float("inf")
    tagged: Tagged | None = None
    """What the file itself says that it is."""
    apart: bool = False
    """Whether it is one of the few at the page's head or foot, parted by white from all else."""
    room: float = 0.0
    """The white, in points, from its end to where the rows near it end."""

    @property
    def text(self) -> str:
        return self.line.text


@dataclass(frozen=True, slots=True, eq=False)
class Stats:
    """What is usual on a page, weighted by characters."""

    body_size: float
    body_bold: bool
    leading: float
    """The usual distance of baselines, in sizes."""
    characters: int
    by_style: Counter[tuple[float, bool]]
    body_italic: bool = False
    mono: float = 0.0
    """The share of characters in letters of one width."""


def find_rows(
    lines: Sequence[Line], grids: Sequence[Grid], sheet: Sheet, figures: Sequence[Box] = ()
) -> list[Row | Grid]:
    """Rows and tables in reading order; lines that stand on their side come last.

    *figures* are drawn ones: text stands beside them as beside images.
    """
    upright = _with_markers([line for line in lines if line.angle == 0], sheet)
    head, foot = _head(upright, grids, sheet), _foot(upright, grids, sheet)
    upright = [line for line in upright if line not in head and line not in foot]
    units: list[Line | Grid | None] = [*upright, *grids]
    boxes = [unit.box for unit in units if unit is not None]
    beside = _obstacles(boxes, sheet, figures)
    boxes += beside
    units += [None] * len(beside)
    parts = [[units[i] for i in part] for part in columns(boxes, sheet.width)]
    found = _edge_rows(head, 0, sheet)
    number = -1
    for part in _figures_aside(parts):
        rows = _column_rows([unit for unit in part if unit is not None], number, sheet)
        number += number < 0 or not (found and rows and _flows(found[-1], rows[0]))
        found += [replace(u, column=number) if isinstance(u, Row) else u for u in rows]
    found += _edge_rows(foot, number + 1, sheet)
    aside = [line for line in lines if line.angle != 0]
    found += [Row(line, -1, _inside(line.box, sheet.proposals)) for line in aside]
    return _with_gaps(_with_tags(found, sheet))


def _with_markers(lines: list[Line], sheet: Sheet) -> list[Line]:
    """*lines*, each marker that stands alone put before its item: it makes no column."""
    out = list(lines)
    for marker in lines:
        if len(marker.text) > 7 or not _LONE_MARKER.fullmatch(marker.text):
            continue
        beside = [
            line
            for line in out
            if line is not marker
            and 0 <= line.box.left - marker.box.right < _MARKER_GAP * line.size
            and abs(line.baseline - marker.baseline) < 0.5 * line.size
        ]
        item = min(beside, key=lambda line: line.box.left, default=None)
        if item is None or sum(char.isalpha() for char in item.text) < _FEWEST_LETTERS:
            continue
        out.remove(marker)
        out[out.index(item)] = line_of(sheet.glyphs, [*marker.words, *item.words])
    return out


def _head(lines: Sequence[Line], grids: Sequence[Grid], sheet: Sheet) -> list[Line]:
    """The few lines at the page's head, over white of its whole width: they begin the page."""
    above = sorted(
        (line for line in lines if line.box.bottom < _HEAD * sheet.height),
        key=lambda line: line.box.top,
    )
    for end in range(min(_EDGE_LINES, len(above)), 0, -1):
        head = above[:end]
        bottom = max(line.box.bottom for line in head)
        rest = [line.box for line in lines if line not in head] + [grid.box for grid in grids]
        below = min((box.top for box in rest), default=sheet.height)
        if below - bottom > _EDGE_GAP * max(line.box.height for line in head):
            return head
    return []


def _foot(lines: Sequence[Line], grids: Sequence[Grid], sheet: Sheet) -> list[Line]:
    """The few lines at the page's foot, under white over its whole width: they end the page."""
    below = sorted(
        (line for line in lines if line.box.top > _FOOT * sheet.height),
        key=lambda line: line.box.bottom,
    )
    for at in range(max(0, len(below) - _EDGE_LINES), len(below)):
        foot = below[at:]
        top = min(line.box.top for line in foot)
        rest = [line.box for line in lines if line not in foot] + [grid.box for grid in grids]
        above = max((box.bottom for box in rest), default=0.0)
        if top - above > _EDGE_GAP * max(line.box.height for line in foot):
            return foot
    return []


def _obstacles(boxes: Sequence[Box], sheet: Sheet, figures: Sequence[Box]) -> list[Box]:
    """The images and drawings that text stands beside, in slices of a line's height.

    Columns are made by them as by so many lines.
    """
    page = sheet.width * sheet.height
    out: list[Box] = []
    for box in (*figures, *(raster.box for raster in sheet.rasters)):
        if not _SMALLEST_IMAGE * page < box.area < _LARGEST_IMAGE * page:
            continue
        if any(box.overlap(other) > 0 for other in (*out, *boxes)):
            continue
        out.append(box)
    return [part for box in out for part in _slices(box)]


def _slices(box: Box) -> list[Box]:
    edges = np.linspace(box.top, box.bottom, max(2, round(box.height / _SLICE) + 1)).tolist()
    return [Box(box.left, top, box.right, bottom) for top, bottom in pairwise(edges)]


def _figures_aside(parts: list[list[Line | Grid | None]]) -> list[list[Line | Grid | None]]:
    """*parts* in their order, but a figure (None) that a paragraph flows around goes before it."""
    out = list(parts)
    for at in range(1, len(out) - 1):
        before, aside, after = out[at - 1 : at + 2]
        lines = sum(unit is not None for unit in aside)
        last, first = _lowest(before), _highest(after)
        if None not in aside or lines > _CAPTION_LINES:
            continue
        if last and first and _goes_on_below(last, first):
            out[at - 1], out[at] = aside, before
    return out


def _lowest(part: Sequence[Line | Grid | None]) -> Line | None:
    lines = [unit for unit in part if isinstance(unit, Line)]
    return max(lines, key=lambda line: line.baseline, default=None)


def _highest(part: Sequence[Line | Grid | None]) -> Line | None:
    lines = [unit for unit in part if isinstance(unit, Line)]
    return min(lines, key=lambda line: line.baseline, default=None)


def _flows(one: Row | Grid, two: Row | Grid) -> bool:
    """Whether *two*, though in another column, stands right below *one* as its next line would.

    So do lines that become narrower, or wider, where a figure stands beside them.
    """
    if not isinstance(one, Row) or not isinstance(two, Row):
        return False
    step = two.line.baseline - one.line.baseline
    left = max(one.line.box.left, two.line.box.left)
    shared = min(one.line.box.right, two.line.box.right) - left
    narrower = min(one.line.box.width, two.line.box.width)
    return 0 < step < _NEXT_LINE * one.line.size and shared > 0.5 * narrower


def _goes_on_below(one: Line, two: Line) -> bool:
    return (
        abs(two.box.left - one.box.left) < _SAME_LEFT
        and 0 < two.baseline - one.baseline < _NEXT_LINE * one.size
    )


def _with_tags(found: list[Row | Grid], sheet: Sheet) -> list[Row | Grid]:
    if not sheet.tags and not sheet.outline:
        return found
    rows = [unit for unit in found if isinstance(unit, Row)]
    said = dict(zip(map(id, rows), tagged_lines([row.line for row in rows], sheet), strict=True))
    return [replace(u, tagged=said[id(u)]) if isinstance(u, Row) else u for u in found]


def _edge_rows(lines: Sequence[Line], number: int, sheet: Sheet) -> list[Row | Grid]:
    rows = _column_rows(lines, number, sheet)
    return [replace(row, apart=True) if isinstance(row, Row) else row for row in rows]


def _column_rows(units: Sequence[Line | Grid], number: int, sheet: Sheet) -> list[Row | Grid]:
    lines = _with_initials([unit for unit in units if isinstance(unit, Line)], sheet.glyphs)
    every: list[Line | Grid] = [*lines, *(unit for unit in units if isinstance(unit, Grid))]
    boxes = [unit.box for unit in every]
    out: list[Row | Grid] = []
    for row in in_rows(boxes, range(len(boxes))):
        beside: list[Line] = []
        for index in row:
            unit = every[index]
            if isinstance(unit, Line):
                beside.append(unit)
                continue
            out += _row(beside, number, sheet)
            beside = []
            out.append(unit)
        out += _row(beside, number, sheet)
    return out


def _row(beside: list[Line], number: int, sheet: Sheet) -> list[Row | Grid]:
    if not beside:
        return []
    line = beside[0]
    if len(beside) > 1:
        if is_leftward([part.text for part in beside]):
            beside = beside[::-1]
        line = line_of(sheet.glyphs, [word for part in beside for word in part.words])
    return [Row(line, number, _inside(line.box, sheet.proposals))]


def _with_initials(lines: list[Line], glyphs: Glyphs) -> list[Line]:
    """*lines* with a large initial that reaches over several lines put before the first of them."""
    out = list(lines)
    for initial in lines:
        if len(initial.text) > 2 or not initial.text[-1:].isalpha():
            continue
        beside = [
            line
            for line in out
            if line is not initial
            and initial.size > 1.7 * line.size
            and -0.3 * line.size < line.box.left - initial.box.right < 1.5 * line.size
            and line.box.bottom > initial.box.top
            and line.box.top < initial.box.bottom
        ]
        if len(beside) < 2:
            continue
        first = min(beside, key=lambda line: line.box.top)
        word = first.words[0]
        glued = type(word)(
            initial.text.replace(" ", "") + word.text,
            word.box,
            (*initial.glyphs, *word.glyphs),
        )
        out.remove(initial)
        out[out.index(first)] = line_of(glyphs, [glued, *first.words[1:]])
    return out


def _inside(box: Box, proposals: tuple[Proposal, ...] | None) -> int | None:
    """The index of the smallest proposal with text that holds the middle of *box*."""
    x, y = (box.left + box.right) / 2, (box.top + box.bottom) / 2
    holding = [
        (proposal.box.area, index)
        for index, proposal in enumerate(proposals or ())
        if proposal.text and proposal.box.holds(x, y)
    ]
    return min(holding)[1] if holding else None


def _with_gaps(found: list[Row | Grid]) -> list[Row | Grid]:
    """Each row with the distance to its neighbours in the same column."""
    gaps = [float("inf")] * (len(found) + 1)
    for at, (one, two) in enumerate(pairwise(found), start=1):
        if isinstance(one, Row) and isinstance(two, Row) and one.column == two.column >= 0:
            step = two.line.baseline - one.line.baseline
            gaps[at] = step / max(1.0, min(one.line.size, two.line.size))
    return [
        replace(unit, gap_above=gaps[at], gap_below=gaps[at + 1], room=_room(found, at, gaps))
        if isinstance(unit, Row)
        else unit
        for at, unit in enumerate(found)
    ]


def _room(found: Sequence[Row | Grid], at: int, gaps: Sequence[float]) -> float:
    row = found[at]
    assert isinstance(row, Row)  # the caller looked
    first, end = _together(gaps, at)
    near = found[max(first, at - _NEAR_ROWS) : min(end, at + _NEAR_ROWS + 1)]
    ends = [r.line.box.right for r in near if isinstance(r, Row) and r.column == row.column]
    return max(ends) - row.line.box.right


def _together(gaps: Sequence[float], at: int) -> tuple[int, int]:
    """From where to where rows stand with row *at*, no figure between them.

    Everything, where they are too few to show by themselves how wide their column is.
    """
    first, end = at, at + 1
    while first > 0 and gaps[first] < _FIGURE_GAP:
        first -= 1
    while gaps[end] < _FIGURE_GAP:
        end += 1
    return (first, end) if end - first > _NEAR_ROWS else (0, len(gaps) - 1)


def page_stats(found: Sequence[Row | Grid]) -> Stats:
    """What is usual among the rows of a page; in its tables too, where there is little else."""
    rows = [unit for unit in found if isinstance(unit, Row)]
    by_style: Counter[tuple[float, bool]] = Counter()
    for row in rows:
        by_style[(round(row.line.size * 2) / 2, row.line.bold)] += len(row.text)
    sizes: Counter[float] = Counter()
    for (size, _), count in by_style.items():
        sizes[size] += count
    grids = [unit for unit in found if isinstance(unit, Grid)]
    if sizes.total() < _LITTLE:
        for grid in grids:
            sizes[round(grid.size * 2) / 2] += len(grid.text)
    body = sizes.most_common(1)[0][0] if sizes else 10.0
    steps = [r.gap_above for r in rows if r.gap_above < 3 and abs(r.line.size - body) < 0.6]
    return Stats(
        body_size=body,
        body_bold=by_style[(body, True)] > by_style[(body, False)],
        leading=float(np.quantile(steps, _USUAL)) if steps else 1.2,
        characters=by_style.total() + sum(len(grid.text) for grid in grids),
        by_style=by_style,
        body_italic=sum(len(r.text) for r in rows if r.line.italic) > 0.5 * by_style.total(),
        mono=sum(len(r.text) for r in rows if r.line.mono) / max(1, by_style.total()),
    )


def starts_item(text: str) -> str | None:
    """The marker with which *text* begins as a list item, if it does.

    >>> starts_item("• first"), starts_item("2) second"), starts_item("plain")
    ('•', '2)', None)
    """
    found = _BULLET.match(text) or _NUMBERED.match(text)
    return found[0] if found else None
