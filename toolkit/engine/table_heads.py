"""Heads of tables without rules: the rows above a table that stand over its columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from toolkit.document.geometry import Box
from toolkit.engine.grids import Grid, GridCell
from toolkit.engine.words import Line

__all__ = ["headed", "with_head"]

# White between a head and its table, or between the levels of a head, in sizes.
_GAP = 1.3
_MOST_LEVELS = 3
# Over fewer of the columns there may be anything.
_OVER = 0.6
# A head names; more words than these, in the usual piece, are text.
_MOST_WORDS = 5


def headed(grid: Grid, lines: Sequence[Line]) -> Grid:
    """*grid* with its head as *lines* have it, which are all lines of the page.

    A head with gaps is taken off and put on again, so that names over several columns span them.
    """
    first = [cell for cell in grid.cells if cell.row == 0]
    gaps = sum(not cell.lines for cell in first if cell.column)
    body = next((row for row in range(grid.rows) if row and _figures(grid, row)), grid.rows)
    if gaps and _has_head(grid) and body < min(grid.rows - 1, _MOST_LEVELS + 1):
        bare = _from_row(grid, body)
        again = with_head(bare, _outside(bare, lines))
        if again.rows == grid.rows:
            return again
    return with_head(grid, _outside(grid, lines))


def _outside(grid: Grid, lines: Sequence[Line]) -> list[Line]:
    used = {
        index
        for cell in grid.cells
        for line in cell.lines
        for word in line
        for index in word.glyphs
    }
    return [line for line in lines if not used.intersection(line.words[0].glyphs)]


def _from_row(grid: Grid, first: int) -> Grid:
    cells = tuple(replace(cell, row=cell.row - first) for cell in grid.cells if cell.row >= first)
    written = [word.box for cell in cells for line in cell.lines for word in line]
    return replace(
        grid, box=Box.around(written), rows=grid.rows - first, cells=cells, header_rows=0
    )


def _figures(grid: Grid, row: int) -> bool:
    return any(char.isdigit() for cell in grid.cells if cell.row == row for char in cell.text)


def with_head(grid: Grid, lines: Sequence[Line]) -> Grid:
    """*grid* with the rows of *lines* right above it that stand in step over its columns.

    A piece over several columns spans them. The names of the columns come first, from below;
    above them there may be one level or two that group them.
    """
    columns = _columns(grid)
    if columns is None:
        return grid
    headed = _has_head(grid)
    levels: list[list[GridCell]] = []
    edge = grid.box.top
    while len(levels) < _MOST_LEVELS:
        row = _row_above(edge, grid, lines)
        cells = _over(row, columns)
        names = sum(cell.column_span == 1 for cell in cells)
        # With no level below it, it must name the columns one by one.
        named = headed or bool(levels) or names >= _OVER * (grid.columns - 1)
        if len(cells) < 2 or not named:
            break
        levels.append(cells)
        edge = min(line.box.top for line in row)
    if not levels:
        return grid
    # What was taken for a head below the real one is the first row of figures.
    return _put_on(grid, levels[::-1], grid.header_rows if headed else 0)


def _has_head(grid: Grid) -> bool:
    """Whether the first row is a head indeed: no figures in it, but figures below."""
    if not grid.header_rows:
        return False
    return not _figures(grid, 0) and _figures(grid, grid.rows - 1)


def _columns(grid: Grid) -> list[tuple[float, float]] | None:
    """(left, right) of what stands in each column; None where they overlap or one is empty."""
    found = []
    for column in range(grid.columns):
        words = [
            word.box
            for cell in grid.cells
            if cell.column == column and cell.column_span == 1
            for line in cell.lines
            for word in line
        ]
        if not words:
            return None
        found.append((min(box.left for box in words), max(box.right for box in words)))
    ordered = all(one[1] <= two[0] for one, two in pairwise(found))
    return found if ordered and len(found) >= 2 else None


def _row_above(edge: float, grid: Grid, lines: Sequence[Line]) -> list[Line]:
    """The lines of the row right above *edge*, where all of them lie over the table."""
    near = [
        line
        for line in lines
        if edge - (_GAP + 1) * line.size < line.box.top
        and line.box.bottom < edge + 0.5 * line.size
        and line.box.right > grid.box.left
        and line.box.left < grid.box.right
    ]
    if not near:
        return []
    base = max(line.baseline for line in near)
    row = [line for line in near if base - line.baseline < 0.4 * line.size]
    slack = row[0].size
    inside = all(
        line.box.left > grid.box.left - slack and line.box.right < grid.box.right + slack
        for line in row
    )
    words = sorted(len(line.words) for line in row)
    terse = words[len(words) // 2] <= _MOST_WORDS
    return sorted(row, key=lambda line: line.box.left) if inside and terse else []


def _over(row: Sequence[Line], columns: Sequence[tuple[float, float]]) -> list[GridCell]:
    """A cell for each line of *row*, over the columns that it stands over; [] if it is no head."""
    cells: list[GridCell] = []
    taken: set[int] = set()
    for line in row:
        over = [
            at
            for at, (left, right) in enumerate(columns)
            if line.box.left < right and line.box.right > left
        ]
        if not over or taken & set(over):
            return []
        taken |= set(over)
        span = over[-1] - over[0] + 1
        cells.append(GridCell(0, over[0], 1, span, line.box, (line.words,)))
    return cells


def _put_on(grid: Grid, levels: Sequence[Sequence[GridCell]], own: int) -> Grid:
    """*grid* with *levels* as its first rows, above *own* rows of head; gaps are empty."""
    head: list[GridCell] = []
    for row, cells in enumerate(levels):
        head += [replace(cell, row=row) for cell in cells]
        taken = {c for cell in cells for c in range(cell.column, cell.column + cell.column_span)}
        band = Box.around(cell.box for cell in cells)
        head += [
            GridCell(row, column, 1, 1, band, ())
            for column in range(grid.columns)
            if column not in taken
        ]
    down = len(levels)
    body = [replace(cell, row=cell.row + down) for cell in grid.cells]
    return replace(
        grid,
        box=Box.around([grid.box, *(cell.box for cell in head)]),
        rows=grid.rows + down,
        cells=(*sorted(head, key=lambda cell: (cell.row, cell.column)), *body),
        header_rows=down + own,
    )
