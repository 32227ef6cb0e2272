"""Pictures of tables: whether what was recognised in a picture is a table, and not a chart."""

from __future__ import annotations

from collections.abc import Sequence

from toolkit.engine.grids import Grid
from toolkit.engine.scans import Scan
from toolkit.engine.tables import find_grids
from toolkit.engine.words import Line

__all__ = ["is_picture_of_table"]

# A picture of a table says little beside it: of its characters, these are in the table's cells.
_MOST = 0.8
# Cells of a grid that is drawn say something in this share; without lines, nearly all must.
_FILLED = 0.6
_DENSE = 0.85
# Frames of a drawing make cells of all sizes.
_MOST_SPANS = 0.25
_FEWEST_ROWS = 3
# Labels of a chart stand in two columns at most that are full: a legend and its values.
_FEWEST_COLUMNS = 3


def is_picture_of_table(scan: Scan, lines: Sequence[Line]) -> bool:
    """Whether *lines*, those of the picture *scan*, stand in the rows and columns of a table.

    Labels of charts stand in line as well, along an axis or in a legend, but leave most of the
    rows and columns that they make empty.
    """
    if any(line.angle for line in lines):
        return False
    grids, _ = find_grids(scan.sheet, lines)
    tables = [grid for grid in grids if _is_table(grid)]
    inside = sum(len("".join(grid.text.split())) for grid in tables)
    every = sum(len("".join(line.text.split())) for line in lines)
    return bool(tables) and inside >= _MOST * every


def _is_table(grid: Grid) -> bool:
    filled = sum(cell.row_span * cell.column_span for cell in grid.cells if cell.lines)
    share = filled / (grid.rows * grid.columns)
    if grid.ruled:
        spans = sum(cell.row_span * cell.column_span > 1 for cell in grid.cells)
        return share >= _FILLED and spans <= _MOST_SPANS * len(grid.cells)
    return share >= _DENSE and grid.rows >= _FEWEST_ROWS and grid.columns >= _FEWEST_COLUMNS
