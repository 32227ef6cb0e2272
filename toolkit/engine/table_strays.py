"""Columns that a stray stroke made: a letter's stem, or a scratch, taken for a line of a table."""

from __future__ import annotations

from dataclasses import replace

from toolkit.document.geometry import Box
from toolkit.engine.grids import Grid, GridCell, is_covered

__all__ = ["without_strays"]

# A line that parts a column's cells in fewer of the rows than this is none of the table's.
_PARTS = 0.2
_FEWEST_ROWS = 5


def without_strays(grid: Grid) -> Grid:
    """*grid* without columns that are parted from the next in a few rows, by nothing that is said.

    In all the other rows one cell is over both, and in those few one of the two is empty.
    """
    column = 0
    while grid.rows >= _FEWEST_ROWS and column + 1 < grid.columns:
        joined = _joined(grid, column) if _is_stray(grid, column) else None
        if joined is not None and is_covered(joined):
            grid = joined
        else:
            column += 1
    return grid


def _is_stray(grid: Grid, column: int) -> bool:
    ends = [cell for cell in grid.cells if cell.column + cell.column_span == column + 1]
    starts = [cell for cell in grid.cells if cell.column == column + 1]
    parted = sum(cell.row_span for cell in ends)
    if not parted:
        return True
    if parted >= _PARTS * grid.rows:
        return False
    rows = {row for cell in ends if cell.lines for row in range(cell.row, cell.row + cell.row_span)}
    return not any(
        cell.lines and rows.intersection(range(cell.row, cell.row + cell.row_span))
        for cell in starts
    )


def _joined(grid: Grid, column: int) -> Grid:
    """*grid* with *column* and the one after it as one."""
    cells: list[GridCell] = []
    for cell in sorted(grid.cells, key=lambda cell: (cell.row, cell.column)):
        last = cells[-1] if cells else None
        if cell.column == column + 1 and last is not None:
            beside = last.column + last.column_span == cell.column and last.row == cell.row
            if beside and last.row_span == cell.row_span:
                box = Box.around((last.box, cell.box))
                cells[-1] = replace(
                    last,
                    lines=last.lines or cell.lines,
                    box=box,
                    column_span=last.column_span + cell.column_span - 1,
                )
                continue
        if cell.column > column:
            cells.append(replace(cell, column=cell.column - 1))
        elif cell.column + cell.column_span > column + 1:
            cells.append(replace(cell, column_span=cell.column_span - 1))
        else:
            cells.append(cell)
    return replace(grid, columns=grid.columns - 1, cells=tuple(cells))
