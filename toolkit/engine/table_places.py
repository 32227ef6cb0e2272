"""Where tables may be by the lines drawn across: lines of one length above each other."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from toolkit.engine.lattice import level_lines
from toolkit.engine.table_columns import text_rows
from toolkit.engine.words import Line

__all__ = ["ruled_places"]

Floats = NDArray[np.float64]

# Points: shorter lines underline words; lines of one table begin and end together within this.
_SHORTEST = 60.0
_TOGETHER = 6.0
_THIN = 3.0
_MOST_LINES = 400
# A strip of one piece a line that is higher than this, in sizes, is what stands between tables.
_HIGH = 2.6
_PROSE = 0.7
_MANY_WORDS = 7
_CAPTION = re.compile(r"^(?:table|figure|fig\b|source|note|tab\b|abb)", re.IGNORECASE)


def ruled_places(rules: Floats, panels: Floats, lines: Sequence[Line]) -> list[list[Line]]:
    """The *lines* of text of each place that lines drawn across bound, from top to bottom."""
    found = []
    for stack in _stacks(rules, panels):
        left, right = stack[0][1] - 3, stack[0][2] + 3
        run: list[Line] = []
        strips = 0
        heights = sorted({y for y, _, _ in stack})
        for top, bottom in pairwise(heights):
            inside = [
                line
                for line in lines
                if top - 1 < _height(line) < bottom + 1
                and left <= line.box.left
                and line.box.right <= right
            ]
            if inside and _is_of_table(inside, right - left, bottom - top):
                run += inside
                strips += 1
                continue
            found.append(run if strips > 1 else [])
            run, strips = [], 0
        found.append(run if strips > 1 else [])
    places = [list(dict.fromkeys(run)) for run in found if len(run) >= 4]
    # Lines under some of the columns alone lie inside the place of those under all.
    return sorted(places, key=len, reverse=True)


def _height(line: Line) -> float:
    return (line.box.top + line.box.bottom) / 2


def _stacks(rules: Floats, panels: Floats) -> list[list[tuple[float, float, float]]]:
    """Lines (y, left, right) of the same length in the same place, two or more, by that."""
    wide = rules[:, 2] - rules[:, 0] >= rules[:, 3] - rules[:, 1]
    lines = [tuple(row) for row in level_lines(rules[wide]).tolist()] if wide.any() else []
    for left, top, right, bottom in panels[:_MOST_LINES].tolist():
        if bottom - top > _THIN:
            lines += [(top, left, right), (bottom, left, right)]
    stacks: list[list[tuple[float, float, float]]] = []
    for y, left, right in sorted(lines)[:_MOST_LINES]:
        if right - left < _SHORTEST:
            continue
        home = next(
            (
                stack
                for stack in stacks
                if abs(stack[-1][1] - left) < _TOGETHER and abs(stack[-1][2] - right) < _TOGETHER
            ),
            None,
        )
        if home is None:
            stacks.append([(y, left, right)])
        else:
            home.append((y, left, right))
    return [stack for stack in stacks if len(stack) >= 2]


def _is_of_table(inside: Sequence[Line], width: float, height: float) -> bool:
    """Whether the lines of print between two lines that are drawn are those of a table."""
    rows = text_rows(inside)
    several = sum(len(row) >= 2 for row in rows)
    if several == 0:
        size = rows[0][0].size
        named = any(_CAPTION.match(row[0].text) for row in rows)
        return height < _HIGH * size and len(rows) == 1 and not named
    prose = sum(
        len(row) == 1 and row[0].box.width > _PROSE * width and len(row[0].words) > _MANY_WORDS
        for row in rows
    )
    return prose <= 0.2 * len(rows)
