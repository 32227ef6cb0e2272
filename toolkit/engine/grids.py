"""A table as it is found on a page: cells in rows and columns, each with its words."""

from __future__ import annotations

from dataclasses import dataclass

from toolkit.document.geometry import Box
from toolkit.engine.words import Word

__all__ = ["Grid", "GridCell", "is_covered"]


@dataclass(frozen=True, slots=True, eq=False)
class GridCell:
    """A cell's place and its words, in lines from the top."""

    row: int
    column: int
    row_span: int
    column_span: int
    box: Box
    lines: tuple[tuple[Word, ...], ...]

    @property
    def text(self) -> str:
        return " ".join(word.text for line in self.lines for word in line)


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """A table: its cells cover rows × columns. ``ruled`` where drawn lines made it."""

    box: Box
    rows: int
    columns: int
    cells: tuple[GridCell, ...]
    header_rows: int
    ruled: bool
    agreed: bool = False
    """Two ways of looking found the same rows and columns."""
    size: float = 10.0
    """The usual size of its type."""

    @property
    def text(self) -> str:
        return " ".join(cell.text for cell in self.cells)


def is_covered(grid: Grid) -> bool:
    """Whether each place of *grid*, a row and a column, is of one cell and no more."""
    places = [
        (row, column)
        for cell in grid.cells
        for row in range(cell.row, cell.row + cell.row_span)
        for column in range(cell.column, cell.column + cell.column_span)
    ]
    return len(places) == len(set(places)) == grid.rows * grid.columns
