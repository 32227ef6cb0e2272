"""Heads of tables without rules: the rows above a table that stand over its columns."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from toolkit.engine.grids import Grid
from toolkit.engine.table_columns import text_rows
from toolkit.engine.words import Line

__all__ = ["headed"]

# White between a head and its table, or between the lines of a head, in sizes.
_GAP = 1.6
_MOST_LINES = 9
# Over fewer of the columns there may be anything.
_OVER = 0.5
# One piece that is this wide, against the table, names no single column.
_WIDE = 0.6
# A head names; more words than these, in the usual piece, are text.
_MOST_WORDS = 5
# A name in larger type than this, against the table's, is a heading over it.
_LARGER = 1.6
_WIDER = 0.5
_CAPTION = re.compile(r"^(?:table|figure|fig\b|source|note|tab\b|abb|exhibit|chart)", re.IGNORECASE)

Fit = Callable[[Sequence[Line]], Grid | None]


def headed(grid: Grid, own: Sequence[Line], free: Sequence[Line], fit: Fit, *, top: float) -> Grid:
    """*grid*, made of the lines *own*, with the rows of *free* above it that name its columns.

    *fit* makes a table of lines; *top* is where the table begins, with the line drawn over it.
    Of the rows right above, as many are taken as make a head.
    """
    above = _rows_above(grid, free, top)
    for count in range(len(above), 0, -1):
        names = [line for row in above[:count] for line in row]
        more = fit([*names, *own])
        if more is not None and more.columns == grid.columns and _is_named(more, names, grid):
            return more
    return grid


def _rows_above(grid: Grid, free: Sequence[Line], top: float) -> list[list[Line]]:
    """The rows of print right above *grid*, from below, up to what is no head."""
    edge, found = grid.box.top, list[list[Line]]()
    left, right = grid.box.left, grid.box.right
    near = [
        line
        for line in free
        if line.box.right > left and line.box.left < right and line.baseline < edge + 1
    ]
    for row in reversed(text_rows(near)):
        bottom = max(line.box.bottom for line in row)
        # Between names and what they name there may be a line, with white on either side.
        gap = (top if bottom <= top < edge else edge) - bottom
        if len(found) >= _MOST_LINES or gap > _GAP * row[0].size:
            break
        if not all(_is_name(line, grid) for line in row):
            break
        found.append(row)
        edge = min(edge, *(line.box.top for line in row))
    return found


def _is_name(line: Line, grid: Grid) -> bool:
    # A name may be wider than all that stands below it.
    slack = max(line.size, _WIDER * grid.box.width / grid.columns)
    inside = line.box.left > grid.box.left - slack and line.box.right < grid.box.right + slack
    wide = line.box.width > _WIDE * grid.box.width and grid.columns > 1
    wordy = len(line.words) > (2 * _MOST_WORDS if wide else _MOST_WORDS)
    return inside and not wordy and not _CAPTION.match(line.text)


def _is_named(more: Grid, names: Sequence[Line], grid: Grid) -> bool:
    """Whether the head of *more* is *names*, and gives most of the columns a name each."""
    lowest = max(line.baseline for line in names)
    head = [cell for cell in more.cells if cell.row < more.header_rows and cell.lines]
    if not head:
        return False
    first = {word.glyphs[0] for cell in head for line in cell.lines for word in line}
    if not all(line.words[0].glyphs[0] in first for line in names if line.baseline <= lowest):
        return False
    named = {
        column
        for cell in head
        for column in range(cell.column, cell.column + cell.column_span)
        if column
    }
    if len(names) == 1 and grid.header_rows and not _is_group(names[0], grid):
        return False
    return len(head) >= 2 and len(named) >= _OVER * (more.columns - 1)


def _is_group(line: Line, grid: Grid) -> bool:
    """Whether *line*, alone above the names of *grid*, groups some of them; else it is a title."""
    names = [row for cell in grid.cells if cell.column == 0 for row in cell.lines]
    beside = line.box.left > max((w.box.right for row in names for w in row), default=0.0)
    return beside and grid.box.top - line.box.bottom < 0.5 * line.size
