"""Tables without rules, found by our own rules: pieces of rows that stand under each other."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from toolkit.document.geometry import Box
from toolkit.engine.grids import Grid
from toolkit.engine.table_fit import fitted
from toolkit.engine.table_lines import drawn_in
from toolkit.engine.words import Line

__all__ = ["aligned", "is_table"]

Floats = NDArray[np.float64]

# White between the rows of a table, in sizes; more parts tables.
_APART = 2.2
# Lines of one cell are this near, in sizes from baseline to baseline.
_WRAPPED = 1.35
_FEWEST_ROWS = 3
_MOST_COLUMNS = 30
# The share of the table's cells that say something.
_FILLED = 0.5
# Cells are of few words; columns of text have more, in lines as wide as the column.
_MOST_WORDS = 4

# Of a column, the share of page numbers that make a table a list of contents.
_MOST_PAGES = 0.8

_MARKER = re.compile(r"\(?\w{1,3}[.)]")
_PAGE_NUMBER = re.compile(r"\d{1,4}|[ivxlc]{1,7}")

Row = list[Line]

_NONE: Floats = np.empty((0, 4))


def aligned(lines: Sequence[Line], rules: Floats = _NONE, panels: Floats = _NONE) -> list[Grid]:
    """The tables that *lines*, all upright, make by their places alone.

    A table is a run of rows, close below each other, whose pieces leave gutters free all the way
    down; a row with nothing in the first column, right below another, goes on with its cells.
    """
    grids: list[Grid] = []
    run: list[Row] = []
    for row in [*_rows(lines), []]:
        if row and run and _follows(run, row):
            run.append(row)
            continue
        grids += _tables(run, rules, panels)
        run = [row] if len(row) >= 2 else []
    return grids


def _rows(lines: Sequence[Line]) -> list[Row]:
    rows: list[Row] = []
    for line in sorted(lines, key=lambda line: (line.baseline, line.box.left)):
        if rows and abs(rows[-1][0].baseline - line.baseline) < 0.4 * line.size:
            rows[-1].append(line)
        else:
            rows.append([line])
    return [sorted(row, key=lambda line: line.box.left) for row in rows]


def _follows(run: Sequence[Row], row: Row) -> bool:
    """Whether *row* may go on with the table of *run*: near, and not right across it."""
    size = row[0].size
    if row[0].baseline - run[-1][0].baseline > (_APART + 1) * size:
        return False
    left = min(line.box.left for one in run for line in one)
    right = max(line.box.right for one in run for line in one)
    if len(row) >= 2:
        return row[-1].box.right > left and row[0].box.left < right
    inside = left - size < row[0].box.left and row[0].box.right < right + size
    return inside and row[0].box.width < 0.6 * (right - left)


def _tables(run: list[Row], rules: Floats, panels: Floats) -> list[Grid]:
    """The table that *run* is, if it is one; rows of one piece at its end are none of it."""
    while run and len(run[-1]) < 2 and not _is_wrapped(run):
        run = run[:-1]
    if sum(len(row) >= 2 for row in run) < _FEWEST_ROWS or not _is_terse(run):
        return []
    lines = [line for row in run for line in row]
    box = Box.around(line.box for line in lines)
    grid = fitted(lines, drawn_in(box, rules, panels))
    if grid is None or grid.columns > _MOST_COLUMNS or grid.rows < 2:
        return []
    return [grid] if is_table(grid) else []


def is_table(grid: Grid) -> bool:
    """Whether the cells are those of a table, rather than of a list, of contents, or of text."""
    columns = [
        [
            cell.text
            for cell in grid.cells
            if cell.column <= column < cell.column + cell.column_span and cell.lines
            for _ in range(cell.row_span)
        ]
        for column in range(grid.columns)
    ]
    if min(map(len, columns)) < _FILLED * grid.rows:
        return False
    if all(len(text) <= 1 or _MARKER.fullmatch(text) for text in columns[0]) and len(columns) == 2:
        return False
    if len(columns) == 2 and _are_pages(columns[1]):
        return False
    wordy = [at for at, texts in enumerate(columns) if _median_words(texts) > _MOST_WORDS]
    figured = [
        sum(any(char.isdigit() for char in text) for text in texts) >= _FILLED * len(texts)
        for texts in columns
    ]
    return not wordy or (
        len(wordy) == 1 and all(f for at, f in enumerate(figured) if at != wordy[0])
    )


def _are_pages(texts: Sequence[str]) -> bool:
    """Whether *texts* are page numbers, of which recognition may have misread a few."""
    read = sum(_PAGE_NUMBER.fullmatch(text) is not None for text in texts)
    return read >= _MOST_PAGES * len(texts)


def _median_words(texts: Sequence[str]) -> float:
    return float(np.median([len(text.split()) for text in texts]))


def _is_wrapped(run: Sequence[Row]) -> bool:
    if len(run) < 2:
        return False
    last = run[-1][0]
    return last.baseline - run[-2][0].baseline < _WRAPPED * last.size


def _is_terse(run: Sequence[Row]) -> bool:
    """Whether the pieces are of few words, as cells are; lines of text side by side have more."""
    words = [len(line.words) for row in run for line in row]
    columns = [
        float(np.median([len(row[at].words) for row in run if len(row) > at]))
        for at in range(max(map(len, run)))
    ]
    return float(np.median(words)) <= _MOST_WORDS and sum(c > _MOST_WORDS for c in columns) <= 1
