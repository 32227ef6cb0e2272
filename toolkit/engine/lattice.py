"""Lattices: the cells that drawn lines enclose."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toolkit.document.geometry import Box

__all__ = ["Slot", "lattices", "level_lines"]

Floats = NDArray[np.float64]

# Points: lines that miss each other by less were meant to meet.
_TOUCH = 3.0
_SHORTEST = 6.0
# Pieces of one line are drawn at positions that differ by less.
_SAME_LINE = 1.5
# A lattice with more lines each way is a drawing or a millimetre grid.
_MOST_LINES = 120


@dataclass(frozen=True, slots=True)
class Slot:
    """An enclosed cell: its place in the lattice, how many rows and columns it spans, its box."""

    row: int
    column: int
    row_span: int
    column_span: int
    box: Box


def lattices(rules: Floats) -> list[tuple[Box, list[Slot]]]:
    """The lattices that *rules*, thin boxes (r, 4), draw; with at least two rows and columns.

    >>> square = [[0, y, 100, y] for y in (0, 20, 40)] + [[x, 0, x, 40] for x in (0, 50, 100)]
    >>> [(box, slots)] = lattices(np.array(square, dtype=float))
    >>> len(slots)
    4
    """
    if len(rules) < 4:
        return []
    wide = rules[:, 2] - rules[:, 0] >= rules[:, 3] - rules[:, 1]
    level = _lines(rules[wide], 1)
    upright = _lines(rules[~wide], 0)
    if len(level) < 2 or len(upright) < 2 or len(level) > 1000 or len(upright) > 1000:
        return []
    found = []
    for rows, columns in _touching(level, upright):
        grid = _lattice(level[rows], upright[columns])
        if grid is not None:
            found.append(grid)
    return found


def level_lines(rules: Floats) -> Floats:
    """(y, left, right) of level *rules*; pieces of one line put together."""
    return _lines(rules, 1)


def _lines(rules: Floats, axis: int) -> Floats:
    """(position, start, end) of lines along one axis; pieces of one line put together."""
    along = 1 - axis
    lines = np.column_stack(
        ((rules[:, axis] + rules[:, axis + 2]) / 2, rules[:, along], rules[:, along + 2])
    )
    merged: list[list[float]] = []
    for track in _tracks(lines):
        merged.append(track[0].tolist())
        for _, start, end in track[1:]:
            if start <= merged[-1][2] + _TOUCH:
                merged[-1][2] = max(merged[-1][2], end)
            else:
                merged.append([float(track[0, 0]), start, end])
    table = np.array(merged, dtype=float).reshape(-1, 3)
    long: Floats = table[table[:, 2] - table[:, 1] >= _SHORTEST]
    return long


def _tracks(lines: Floats) -> list[Floats]:
    """*lines* (position, start, end) by those of nearly one position, each from the first start.

    Pieces of one line may differ by parts of a point in position, in any order along it.
    """
    lines = lines[np.argsort(lines[:, 0])]
    tracks = []
    first = 0
    for last in range(1, len(lines) + 1):
        if last < len(lines) and lines[last, 0] - lines[first, 0] < _SAME_LINE:
            continue
        track = lines[first:last]
        tracks.append(track[np.argsort(track[:, 1], kind="stable")])
        first = last
    return tracks


def _touching(level: Floats, upright: Floats) -> list[tuple[list[int], list[int]]]:
    """Groups of lines that meet, as indices of level and of upright ones."""
    meets = (
        (upright[None, :, 0] >= level[:, None, 1] - _TOUCH)
        & (upright[None, :, 0] <= level[:, None, 2] + _TOUCH)
        & (level[:, None, 0] >= upright[None, :, 1] - _TOUCH)
        & (level[:, None, 0] <= upright[None, :, 2] + _TOUCH)
    )
    groups = []
    left = set(range(len(level)))
    while left:
        rows, columns = {left.pop()}, set[int]()
        while True:
            more_columns = set(np.flatnonzero(meets[sorted(rows)].any(axis=0)).tolist())
            more_rows = set(np.flatnonzero(meets[:, sorted(more_columns)].any(axis=1)).tolist())
            if more_columns == columns and more_rows <= rows:
                break
            rows, columns = rows | more_rows, more_columns
        left -= rows
        groups.append((sorted(rows), sorted(columns)))
    return groups


def _positions(values: Floats) -> Floats:
    """*values* with those that are nearly the same taken as one."""
    kept: list[float] = []
    for value in np.sort(values):
        if not kept or value - kept[-1] > _TOUCH:
            kept.append(float(value))
    return np.array(kept)


def _lattice(level: Floats, upright: Floats) -> tuple[Box, list[Slot]] | None:
    ys, xs = _positions(level[:, 0]), _positions(upright[:, 0])
    if len(ys) < 3 or len(xs) < 3 or max(len(ys), len(xs)) > _MOST_LINES:
        return None
    middle_x, middle_y = (xs[1:] + xs[:-1]) / 2, (ys[1:] + ys[:-1]) / 2
    # below[r, c]: a line is drawn under cell (r, c); beside[r, c]: one on its right.
    below = np.array([[_drawn(level, y, x) for x in middle_x] for y in ys[1:]])
    beside = np.array([[_drawn(upright, x, y) for x in xs[1:]] for y in middle_y])
    slots = []
    taken = np.zeros((len(ys) - 1, len(xs) - 1), dtype=bool)
    for row in range(len(ys) - 1):
        for column in range(len(xs) - 1):
            if taken[row, column]:
                continue
            last_row, last_column = _reach(row, column, below, beside, taken)
            taken[row : last_row + 1, column : last_column + 1] = True
            box = Box(*map(float, (xs[column], ys[row], xs[last_column + 1], ys[last_row + 1])))
            spans = (last_row - row + 1, last_column - column + 1)
            slots.append(Slot(row, column, *spans, box))
    return Box(*map(float, (xs[0], ys[0], xs[-1], ys[-1]))), slots


def _drawn(lines: Floats, position: float, along: float) -> bool:
    near = np.abs(lines[:, 0] - position) <= _TOUCH
    return bool((near & (lines[:, 1] <= along) & (lines[:, 2] >= along)).any())


def _reach(
    row: int,
    column: int,
    below: NDArray[np.bool_],
    beside: NDArray[np.bool_],
    taken: NDArray[np.bool_],
) -> tuple[int, int]:
    """The last row and column of the cell that begins at (*row*, *column*)."""
    last_column = column
    while (
        last_column + 1 < taken.shape[1]
        and not beside[row, last_column]
        and not taken[row, last_column + 1]
    ):
        last_column += 1
    last_row = row
    while last_row + 1 < taken.shape[0] and not below[last_row, column : last_column + 1].any():
        last_row += 1
    return last_row, last_column
