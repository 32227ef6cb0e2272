"""Rows of a table's body: which lines of print make one row, and which cells reach over several."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from toolkit.engine.table_columns import Columns, Entry

__all__ = ["Float", "Grouped", "grouped", "is_figure"]

Row = list[Entry]

# Baselines nearer than this, in sizes, overlap: they are of one row, or of a cell over two rows.
_OVERLAP = 0.95
# Lines of one cell are this near, in sizes from baseline to baseline; twice the size is a new row.
_WRAPPED = 1.65
# Of the width of its column: with its next word a line that was broken would have been wider.
_TOO_WIDE = 0.97
# Distances of lines are of two kinds, inside and between rows, where one jumps by this factor.
_JUMP = 1.12
# Where this share of the strips between lines can be rows, lines part the rows of the table.
_RULED_ROWS = 0.5
_SPACE = 0.25
_YEAR = re.compile(r"\b(?:18|19|20)\d\d\b")


@dataclass(frozen=True, slots=True, eq=False)
class Float:
    """An entry that stands between the lines of two rows: a cell over both."""

    entry: Entry
    first: int
    last: int


@dataclass(frozen=True, slots=True, eq=False)
class Grouped:
    """The rows of print by the row of the table that they make, and cells over several rows."""

    rows: list[list[Row]]
    floats: list[Float]
    strips: list[int]
    """For each row between which of the lines drawn across it stands."""


def grouped(rows: Sequence[Row], columns: Columns, drawn: Sequence[float]) -> Grouped:
    """*rows* of print as rows of a table; lines are *drawn* across it at these heights."""
    between = [at for at in range(len(rows)) if _is_between(rows, at)]
    solid = [row for at, row in enumerate(rows) if at not in between]
    bases = [row[0].line.baseline - 0.3 * row[0].line.size for row in solid]
    numbers = np.searchsorted(np.sort(drawn), bases)
    known = sorted(set(numbers.tolist()))
    strips = [[solid[i] for i in np.flatnonzero(numbers == n)] for n in known]
    regular = len(strips) >= 2 and sum(map(_is_one, strips)) >= _RULED_ROWS * len(strips)
    widths = _widths(rows, columns)
    limit = _limit(rows)
    made = Grouped([], [], [])
    for number, strip in zip(known, strips, strict=True):
        if regular and _is_one(strip):
            made.rows.append(strip)
        else:
            _add(made, strip, widths, limit)
        made.strips.extend([number] * (len(made.rows) - len(made.strips)))
    for at in between:
        base = rows[at][0].line.baseline
        tops = [min(row[0].line.baseline for row in group) for group in made.rows]
        below = next((n for n, top in enumerate(tops) if top > base), len(tops) - 1)
        _place(made, rows[at][0], max(0, below - 1), below)
    return made


def is_figure(text: str) -> bool:
    """Whether *text* is a number and no words; a year may be a name.

    >>> [is_figure(text) for text in ("12.5 %", "3 apples", "–", "in 2020")]
    [True, False, True, False]
    """
    if len(text.strip()) == 1:
        return not text.strip().isalpha()
    letters = sum(char.isalpha() for char in text)
    figures = _YEAR.sub("", text)
    return any(char.isdigit() for char in figures) and letters <= 2


def _is_one(strip: Sequence[Row]) -> bool:
    """Whether the lines of print between two lines that are drawn can be one row of the table.

    They are several where the first column begins anew, or where each has a figure of its own.
    """
    if len(strip) == 1:
        return True
    keys = [at for at, row in enumerate(strip) if row[0].first == 0]
    if any(two - one > 1 for one, two in pairwise(keys)):
        return False
    beside = [row for row in strip if any(is_figure(e.line.text) for e in row[1:])]
    return len(beside) <= 1 or len(keys) <= 1 < _figure_columns(strip)


def _figure_columns(strip: Sequence[Row]) -> int:
    """How many columns say more than figures."""
    return len({e.first for row in strip for e in row if not is_figure(e.line.text)})


def _widths(rows: Sequence[Row], columns: Columns) -> list[float]:
    widths = []
    for column in range(len(columns)):
        boxes = [e.line.box for row in rows for e in row if e.first == e.last == column]
        widths.append(max(b.right for b in boxes) - min(b.left for b in boxes) if boxes else 0.0)
    return widths


def _limit(rows: Sequence[Row]) -> float:
    """The distance of baselines, in sizes, from which on lines are of two rows; 0: no telling."""
    steps = sorted(
        step for one, two in pairwise(rows) if _OVERLAP < (step := _step(one, two)) < 2 * _WRAPPED
    )
    jumps = [(two / one, (one + two) / 2) for one, two in pairwise(steps)]
    best = max(jumps, default=(0.0, 0.0))
    return best[1] if best[0] >= _JUMP else 0.0


def _step(one: Row, two: Row) -> float:
    return (two[0].line.baseline - one[0].line.baseline) / max(1.0, two[0].line.size)


def _add(made: Grouped, strip: Sequence[Row], widths: Sequence[float], limit: float) -> None:
    """Put the rows of *strip*, between two lines that are drawn, to those of *made*."""
    solid = _solid(strip)
    start = len(made.rows)
    homes: dict[int, int] = {}
    for at, row in enumerate(strip):
        if at not in solid:
            continue
        if len(made.rows) > start and _goes_on(made.rows[-1], row, widths, limit):
            made.rows[-1].append(row)
        else:
            made.rows.append([row])
        homes[at] = len(made.rows) - 1
    for at, row in enumerate(strip):
        if at not in solid:
            above = max((n for n in homes if n < at), default=min(homes))
            below = min((n for n in homes if n > at), default=max(homes))
            for entry in row:
                _place(made, entry, homes[above], homes[below])


def _solid(strip: Sequence[Row]) -> set[int]:
    """The numbers of the rows that do not stand between the lines of others."""
    chosen: set[int] = set()
    for at in sorted(range(len(strip)), key=lambda at: (-len(strip[at]), at)):
        if all(abs(_step(strip[at], strip[other])) >= _OVERLAP for other in chosen):
            chosen.add(at)
    return chosen


def _is_between(strip: Sequence[Row], at: int) -> bool:
    """Whether a row stands in the middle of two that leave its columns empty, to name both."""
    if not 0 < at < len(strip) - 1 or len(strip[at]) > 1 or strip[at][0].first > 0:
        return False
    above, below = strip[at - 1], strip[at + 1]
    steps = _step(above, strip[at]), _step(strip[at], below)
    own = strip[at][0]
    free = min(above[0].first, below[0].first) > own.last
    return free and max(steps) < _WRAPPED and abs(steps[0] - steps[1]) < 0.25


def _place(made: Grouped, entry: Entry, above: int, below: int) -> None:
    """Put *entry*, which stands between the rows *above* and *below*, where it belongs."""
    if above != below and not any(
        entry.first <= other.last and entry.last >= other.first
        for number in (above, below)
        for row in made.rows[number]
        for other in row
    ):
        made.floats.append(Float(entry, above, below))
        return
    near = min(
        (above, below),
        key=lambda n: min(abs(r[0].line.baseline - entry.line.baseline) for r in made.rows[n]),
    )
    home = made.rows[near]
    home.append([entry])
    home.sort(key=lambda row: row[0].line.baseline)


def _goes_on(group: Sequence[Row], row: Row, widths: Sequence[float], limit: float) -> bool:
    """Whether *row* is more lines of the cells of *group*, the row of the table above it."""
    step = _step(group[-1], row)
    if step > _WRAPPED or (limit and step > limit):
        return False
    above = {e.first: e for line in group for e in line}
    wraps = [(over := above.get(e.first)) is not None and _wraps(over, e, widths) for e in row]
    figures = [is_figure(e.line.text) for e in row]
    begun = row[0].first == 0
    if not begun:
        return all(wraps) and not any(figures)
    lower = row[0].line.text[0].islower()
    if len(above) == 1 and 0 in above and len(row) > 1:
        # The name of a row in two lines, its figures beside the second.
        return wraps[0] and lower
    if not all(wraps) or any(figures) or len(row) > len(above):
        return False
    return bool(limit and step < limit) or (lower and len(row) < len(above))


def _wraps(above: Entry, below: Entry, widths: Sequence[float]) -> bool:
    """Whether the line *above* had no room left for the first word of the one *below* it."""
    if above.last != below.last:
        return True
    room = sum(widths[above.first : above.last + 1])
    word = below.line.words[0].box.width
    return above.line.box.width + _SPACE * below.line.size + word >= _TOO_WIDE * room
