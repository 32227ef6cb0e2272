"""Tables without rules, found by our own rules: pieces of rows that stand under each other."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from toolkit.document.geometry import Box
from toolkit.engine.grids import Grid, GridCell
from toolkit.engine.words import Line, Word

__all__ = ["aligned"]

# Points of white that part two columns all the way down.
_GUTTER = 4.0
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


def aligned(lines: Sequence[Line]) -> list[Grid]:
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
        grids += _tables(run)
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


def _tables(run: list[Row]) -> list[Grid]:
    """The table that *run* is, if it is one; rows of one piece at its end are none of it."""
    while run and len(run[-1]) < 2 and not _is_wrapped(run):
        run = run[:-1]
    if sum(len(row) >= 2 for row in run) < _FEWEST_ROWS:
        return []
    edges = _gutters(run)
    if not 1 <= len(edges) < _MOST_COLUMNS or not _is_terse(run):
        return []
    grid = _grid(_cells(run, edges), len(edges) + 1)
    return [grid] if grid.rows >= 2 and _is_table(grid) else []


def _is_table(grid: Grid) -> bool:
    """Whether the cells are those of a table, rather than of a list, of contents, or of text."""
    columns = [
        [cell.text for cell in grid.cells if cell.column == column and cell.lines]
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


def _gutters(run: Sequence[Row]) -> list[float]:
    """The middles of the stretches that no piece of any row reaches into, from the left."""
    spans = sorted((line.box.left, line.box.right) for row in run for line in row)
    ends = np.maximum.accumulate([right for _, right in spans])
    return [
        float(end + two[0]) / 2
        for end, (_, two) in zip(ends, pairwise(spans), strict=False)
        if two[0] - end >= _GUTTER
    ]


def _is_terse(run: Sequence[Row]) -> bool:
    """Whether the pieces are of few words, as cells are; lines of text side by side have more."""
    words = [len(line.words) for row in run for line in row]
    columns = [
        float(np.median([len(row[at].words) for row in run if len(row) > at]))
        for at in range(max(map(len, run)))
    ]
    return float(np.median(words)) <= _MOST_WORDS and sum(c > _MOST_WORDS for c in columns) <= 1


def _cells(run: Sequence[Row], edges: Sequence[float]) -> list[list[list[tuple[Word, ...]]]]:
    """The lines of words of each cell, by row and column; wrapped rows put together."""
    rows: list[list[list[tuple[Word, ...]]]] = []
    above = -np.inf
    for row in run:
        placed: list[list[tuple[Word, ...]]] = [[] for _ in range(len(edges) + 1)]
        for line in row:
            middle = (line.box.left + line.box.right) / 2
            placed[int(np.searchsorted(edges, middle))].append(line.words)
        near = row[0].baseline - above < _WRAPPED * row[0].size
        above = row[0].baseline
        if rows and near and not placed[0]:
            for own, more in zip(rows[-1], placed, strict=True):
                own.extend(more)
            continue
        rows.append(placed)
    return rows


def _grid(rows: Sequence[Sequence[Sequence[tuple[Word, ...]]]], columns: int) -> Grid:
    words = [word.box for row in rows for cell in row for line in cell for word in line]
    whole = Box.around(words)
    cells = tuple(
        GridCell(
            r,
            c,
            1,
            1,
            Box.around(word.box for line in cell for word in line) if cell else whole,
            tuple(cell),
        )
        for r, row in enumerate(rows)
        for c, cell in enumerate(row)
    )
    # Names stand over figures: without a figure in the first row, and with some below, it is one.
    figures = [
        any(ch.isdigit() for c in cells if c.row == r for ch in c.text) for r in range(len(rows))
    ]
    head = not figures[0] and any(figures[1:])
    return Grid(whole, len(rows), columns, cells, 1 if head else 0, ruled=False)
