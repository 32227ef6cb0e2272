"""A table from the words in a place, by their alignment and by the lines that are drawn there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from toolkit.document.geometry import Box
from toolkit.engine.grids import Grid, GridCell, is_covered
from toolkit.engine.table_columns import Columns, Entry, columns_of, entries_of, text_rows
from toolkit.engine.table_levels import head_cells, head_length
from toolkit.engine.table_lines import Drawn
from toolkit.engine.table_rows import Float, grouped
from toolkit.engine.words import Line, Word

__all__ = ["fitted"]

Row = list[Entry]

# A line over this share of the table's width parts rows, at least in some of the columns.
_PARTLY = 0.5


def fitted(lines: Sequence[Line], drawn: Drawn) -> Grid | None:
    """The table that *lines*, all of one place, make; None where they make none."""
    rows = text_rows(lines)
    columns = columns_of(rows, drawn.upright)
    if columns is None or len(rows) < 2:
        return None
    placed = [entries_of(row, columns) for row in rows]
    across = drawn.across(columns.left, columns.right)
    head = head_length(placed, across)
    top, depth = (
        head_cells(placed[:head], columns, drawn, _pitch(placed[head:])) if head else ([], 0)
    )
    parting = drawn.across(columns.left, columns.right, _PARTLY)
    body = grouped(placed[head:], columns, parting)
    cells = [cell for n, group in enumerate(body.rows) for cell in _row_cells(group, n, columns)]
    cells = _spanned(cells, body.floats)
    cells = _open_below(cells, body.strips, parting, drawn, columns)
    cells = [*top, *(replace(cell, row=cell.row + depth) for cell in cells)]
    if not any(cell.lines for cell in cells):
        return None
    grid = Grid(
        Box.around(word.box for cell in cells for line in cell.lines for word in line),
        depth + len(body.rows),
        len(columns),
        tuple(sorted(cells, key=lambda cell: (cell.row, cell.column))),
        depth,
        ruled=False,
    )
    # What stands across the spans of others fits no table.
    return grid if is_covered(grid) and _says(grid) == sum(len(ln.glyphs) for ln in lines) else None


def _says(grid: Grid) -> int:
    return sum(len(word.glyphs) for cell in grid.cells for line in cell.lines for word in line)


def _pitch(rows: Sequence[Row]) -> float:
    """The least usual distance of baselines from row to row, in sizes."""
    steps = [
        (two[0].line.baseline - one[0].line.baseline) / max(1.0, two[0].line.size)
        for one, two in pairwise(rows)
    ]
    return float(np.median(steps)) if steps else 0.0


def _row_cells(group: Sequence[Row], row: int, columns: Columns) -> list[GridCell]:
    """The cells of one row of the body, empty ones too."""
    box = Box.around(entry.line.box for line in group for entry in line)
    cells = []
    blocks = _blocks(group, len(columns))
    entries = [entry for line in group for entry in line]
    if all(entry.first == 0 for entry in entries) and blocks[0][1] > 0:
        # What stands alone and passes the first column is said of the whole row.
        blocks = [(0, len(columns) - 1)]
    for first, last in blocks:
        own = [e.line for line in group for e in line if first <= e.first <= last]
        place = Box.around(line.box for line in own) if own else _gap(first, last, columns, box)
        cells.append(GridCell(row, first, 1, last - first + 1, place, _lines(own)))
    return cells


def _blocks(group: Sequence[Row], count: int) -> list[tuple[int, int]]:
    """Columns that an entry of *group* reaches over, together; the others one by one."""
    joined = {at for line in group for e in line for at in range(e.first, e.last)}
    blocks: list[tuple[int, int]] = []
    for column in range(count):
        if blocks and column - 1 in joined:
            blocks[-1] = (blocks[-1][0], column)
        else:
            blocks.append((column, column))
    return blocks


def _gap(first: int, last: int, columns: Columns, row: Box) -> Box:
    edges = columns.edges()
    return Box(edges[first], row.top, edges[last + 1], row.bottom)


def _lines(own: Sequence[Line]) -> tuple[tuple[Word, ...], ...]:
    return tuple(line.words for line in sorted(own, key=lambda line: line.baseline))


def _spanned(cells: list[GridCell], floats: Sequence[Float]) -> list[GridCell]:
    """*cells* with those over several rows instead of the empty ones in their places."""
    for one in floats:
        first, last = one.entry.first, one.entry.last
        line, rows = one.entry.line, one.last - one.first + 1
        over = GridCell(one.first, first, rows, last - first + 1, line.box, (line.words,))
        cells = [
            cell
            for cell in cells
            if not (one.first <= cell.row <= one.last and first <= cell.column <= last)
        ]
        cells.append(over)
    return cells


def _open_below(
    cells: list[GridCell],
    strips: Sequence[int],
    heights: Sequence[float],
    drawn: Drawn,
    columns: Columns,
) -> list[GridCell]:
    """*cells* with those put together that no line parts, though one parts their rows elsewhere."""
    edges = columns.edges()
    out: dict[tuple[int, int], GridCell] = {}
    lowest: dict[tuple[int, int], tuple[int, int]] = {}
    for cell in sorted(cells, key=lambda cell: (cell.row, cell.column)):
        lane = cell.column, cell.column_span
        above = out.get(lowest[lane]) if lane in lowest else None
        if (
            above is None
            or above.row + above.row_span != cell.row
            or strips[cell.row] == strips[cell.row - 1]
            or not (cell.lines or above.lines)
            or drawn.is_at(
                (edges[cell.column] + edges[cell.column + cell.column_span]) / 2,
                heights[strips[cell.row] - 1],
            )
        ):
            out[cell.row, cell.column] = cell
            lowest[lane] = cell.row, cell.column
            continue
        boxes = [one.box for one in (above, cell) if one.lines]
        out[above.row, above.column] = replace(
            above,
            row_span=above.row_span + cell.row_span,
            lines=above.lines + cell.lines,
            box=Box.around(boxes),
        )
    return [*out.values()]
