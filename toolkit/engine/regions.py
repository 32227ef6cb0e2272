"""Lines → rows → regions: what belongs together on a page, in reading order.

A row is what stands beside each other inside one column; a region is the rows of one paragraph,
heading or list item, or one table.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from toolkit.document.geometry import Box
from toolkit.engine.grids import Grid
from toolkit.engine.marks import Glyphs, Proposal, Sheet
from toolkit.engine.order import columns, in_rows
from toolkit.engine.words import Line, is_leftward, line_of

__all__ = ["Region", "Row", "Stats", "find_rows", "page_stats", "regions_of", "starts_item"]

BULLETS = "•◦▪■□▫●○‣⁃∙·⚫➢➤►▶❖✓✔★☐\uf0b7\uf0a7\uf0d8–—*"
_BULLET = re.compile(rf"^[{re.escape(BULLETS)}-](?=\s)")
_NUMBERED = re.compile(
    r"^(?:\(?(?:\d{1,2}|[a-zA-Z]|[ivxIVX]{1,5})[.)]|\[\d{1,3}\]|\d{1,2}[.)]\d*)(?=\s)"
)
# A gap between rows beyond the usual one by this share parts paragraphs.
_SPACED = 1.35
_OTHER_SIZE = 0.12
# Fewer characters outside of tables do not say what the body's size is.
_LITTLE = 300
# An indented first line stands in by at least this share of its size.
_INDENT = 0.7
_HANGING = 0.15


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One row of one column. ``gap_above`` is from the baseline above, in sizes; inf at the top."""

    line: Line
    column: int
    proposal: int | None = None
    """The index of the proposal that it lies in."""
    gap_above: float = float("inf")
    gap_below: float = float("inf")

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


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """Rows that make one block, or a table."""

    rows: tuple[Row, ...]
    box: Box
    kind: str
    """What the rows were taken for: heading, text or item; or table."""
    grid: Grid | None = None
    proposed: str | None = None
    """The kind that the other engine saw here."""
    level: int = 0
    evidence: float = 0.0
    """How much speaks for a heading, 0 to 1."""

    @property
    def text(self) -> str:
        return " ".join(row.text for row in self.rows)


def find_rows(lines: Sequence[Line], grids: Sequence[Grid], sheet: Sheet) -> list[Row | Grid]:
    """Rows and tables in reading order; lines that stand on their side come last."""
    upright = [line for line in lines if line.angle == 0]
    units: list[Line | Grid] = [*upright, *grids]
    boxes = [unit.box for unit in units]
    found: list[Row | Grid] = []
    for number, column in enumerate(columns(boxes, sheet.width)):
        found += _column_rows([units[i] for i in column], number, sheet)
    aside = [line for line in lines if line.angle != 0]
    found += [Row(line, -1, _inside(line.box, sheet.proposals)) for line in aside]
    return _with_gaps(found)


def _column_rows(units: list[Line | Grid], number: int, sheet: Sheet) -> list[Row | Grid]:
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
        Row(unit.line, unit.column, unit.proposal, gaps[at], gaps[at + 1])
        if isinstance(unit, Row)
        else unit
        for at, unit in enumerate(found)
    ]


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
        leading=float(np.median(steps)) if steps else 1.2,
        characters=by_style.total() + sum(len(grid.text) for grid in grids),
        by_style=by_style,
    )


def starts_item(text: str) -> str | None:
    """The marker with which *text* begins as a list item, if it does.

    >>> starts_item("• first"), starts_item("2) second"), starts_item("plain")
    ('•', '2)', None)
    """
    found = _BULLET.match(text) or _NUMBERED.match(text)
    return found[0] if found else None


def regions_of(
    found: Sequence[Row | Grid], evidence: Sequence[float], sheet: Sheet, stats: Stats
) -> list[Region]:
    """*found* as regions, in the same order; *evidence* says for each how like a heading it is."""
    regions: list[Region] = []
    current: list[Row] = []
    kind, best = "text", 0.0

    def close() -> None:
        nonlocal current
        if current:
            box = Box.around(row.line.box for row in current)
            proposed = _proposed_kind(current, sheet.proposals)
            regions.append(Region(tuple(current), box, kind, proposed=proposed, evidence=best))
        current = []

    for unit, weight in zip(found, evidence, strict=True):
        if isinstance(unit, Grid):
            close()
            regions.append(Region((), unit.box, "table", grid=unit, proposed="table"))
            continue
        own = "heading" if weight >= 0.5 else "item" if starts_item(unit.text) else "text"
        if not current or _breaks(current, kind, unit, own, stats):
            close()
            kind, best = own, weight
        current.append(unit)
        best = max(best, weight)
    close()
    return regions


def _breaks(current: list[Row], kind: str, row: Row, own: str, stats: Stats) -> bool:
    """Whether *row* begins a region of its own after the rows of *current*."""
    last = current[-1]
    if last.column != row.column or (kind == "heading") != (own == "heading"):
        return True
    gap = row.gap_above
    if abs(row.line.size - last.line.size) > _OTHER_SIZE * max(row.line.size, last.line.size):
        return True
    if kind == "heading":
        return gap > 1.9 or row.line.bold != last.line.bold or _is_numbered(row.text)
    if own == "item" or (kind == "item" and _stands_left_of(row, current[0])):
        return True
    if gap > max(_SPACED * stats.leading, 1.5) or gap < 0:
        return True
    if row.line.bold != last.line.bold and gap > 1.05 * stats.leading:
        return True
    return kind == "text" and _is_indented(current, row)


def _stands_left_of(row: Row, item: Row) -> bool:
    """Whether *row* begins left of an item's marker, where no line of the item does."""
    return row.line.box.left < item.line.box.left - _HANGING * item.line.size


def _is_indented(current: list[Row], row: Row) -> bool:
    """Whether *row* begins a paragraph by its indent, after rows that do not."""
    left = min(r.line.box.left for r in current)
    stands_in = row.line.box.left - left > _INDENT * row.line.size
    if len(current) == 1:
        return False
    return stands_in and abs(current[-1].line.box.left - left) < 1.0


def _is_numbered(text: str) -> bool:
    return re.match(r"(?:\d{1,2}(?:\.\d{1,2})*\.?|[A-Z]\.|[IVX]+\.)\s+[A-Z]", text) is not None


def _proposed_kind(rows: list[Row], proposals: tuple[Proposal, ...] | None) -> str | None:
    kinds = Counter(
        proposals[row.proposal].kind
        for row in rows
        if proposals is not None and row.proposal is not None
    )
    return kinds.most_common(1)[0][0] if kinds else None
