"""Tables that another engine saw, with our own words put into its cells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toolkit.document.geometry import Box
from toolkit.engine.grids import Grid, GridCell
from toolkit.engine.marks import Proposal
from toolkit.engine.words import Line, Word

__all__ = ["from_proposal", "in_lines", "lines_in", "padded"]

Floats = NDArray[np.float64]

# A row this much larger than the table's type is a heading over it.
_LARGER = 1.6
# Of a table's rows, the share that has a line drawn under it, from which lines part its rows.
_RULED_ROWS = 0.35


def padded(box: Box) -> Box:
    """*box* with a little room around it."""
    return Box(box.left - 2, box.top - 2, box.right + 2, box.bottom + 2)


def lines_in(box: Box, lines: Iterable[Line]) -> list[Line]:
    """The lines whose middle lies in *box*; a line is in or out as a whole."""
    return [
        line
        for line in lines
        if box.holds((line.box.left + line.box.right) / 2, (line.box.top + line.box.bottom) / 2)
    ]


def from_proposal(proposal: Proposal, lines: Sequence[Line], rules: Floats) -> Grid | None:
    """Our words in the cells that another engine saw."""
    if _is_doubtful(proposal):
        return None
    inside = lines_in(padded(proposal.box), lines)
    places = _without_large(_places(proposal, inside), inside)
    if not places or not inside:
        return None
    top = min(place.box.top for place in places) - 2
    words = [word for line in inside if line.box.bottom > top for word in line.words]
    bands = _bands(places, proposal.box, rules)
    homes: dict[tuple[int, int], list[Word]] = {(bands[p.row], p.column): [] for p in places}
    table = np.array([(p.box.left, p.box.top, p.box.right, p.box.bottom) for p in places])
    for word in words:
        x, y = (word.box.left + word.box.right) / 2, (word.box.top + word.box.bottom) / 2
        across = np.maximum(0, np.maximum(table[:, 0] - x, x - table[:, 2]))
        down = np.maximum(0, np.maximum(table[:, 1] - y, y - table[:, 3]))
        # A row's height tells more than a column's width: words are nearer to their own row.
        nearest = places[int((across + 3 * down).argmin())]
        homes[(bands[nearest.row], nearest.column)].append(word)
    return _grid_from(homes, places, words, header=proposal.header)


def _grid_from(
    homes: dict[tuple[int, int], list[Word]],
    places: list[_Place],
    words: list[Word],
    *,
    header: bool,
) -> Grid | None:
    rows = 1 + max(row for row, _ in homes)
    width = 1 + max(column for _, column in homes)
    if rows < 2 or not words:
        return None
    whole = Box.around([*(p.box for p in places), *(word.box for word in words)])
    cells = []
    for row in range(rows):
        for column in range(width):
            own = homes.get((row, column), [])
            boxes = [word.box for word in own] or [p.box for p in places if p.column == column]
            box = Box.around(boxes) if boxes else whole
            cells.append(GridCell(row, column, 1, 1, box, in_lines(own)))
    return Grid(whole, rows, width, tuple(cells), 1 if header else 0, ruled=False)


@dataclass(frozen=True, slots=True)
class _Place:
    """A cell of a proposal, placed."""

    row: int
    column: int
    box: Box


def _places(proposal: Proposal, lines: Sequence[Line]) -> list[_Place]:
    """The proposal's cells with their boxes; one without is looked for by its text."""
    free = list(lines)
    found: list[_Place] = []
    row_number = 0
    for row in proposal.rows:
        placed = []
        for column, cell in enumerate(row):
            box = cell.box
            if box is None and cell.text:
                wanted = "".join(cell.text.split())
                line = next((ln for ln in free if "".join(ln.text.split()) == wanted), None)
                if line is not None:
                    free.remove(line)
                    box = line.box
            if box is not None:
                placed.append(_Place(row_number, column, box))
        found += placed
        row_number += bool(placed)
    return found


def _without_large(places: list[_Place], lines: Sequence[Line]) -> list[_Place]:
    """*places* without first rows in clearly larger type: a heading above the table, not a part."""
    if not lines or not places:
        return places
    usual = float(np.median([line.size for line in lines]))
    for row in range(min(3, max(place.row for place in places))):
        boxes = [place.box for place in places if place.row == row]
        beside = [ln.size for ln in lines if any(ln.box.overlap(box) > 0 for box in boxes)]
        if not beside or max(beside) < _LARGER * usual:
            continue
        kept = [place for place in places if place.row > row]
        return [_Place(p.row - row - 1, p.column, p.box) for p in kept]
    return places


def _bands(places: list[_Place], box: Box, rules: Floats) -> dict[int, int]:
    """For each row of *places* the row that it is of the table.

    Where lines are drawn between rows, what stands between two of them is one row, whose cells
    have several lines. Elsewhere each row stays as it is.
    """
    rows = sorted({place.row for place in places})
    middles = [
        float(np.mean([(p.box.top + p.box.bottom) / 2 for p in places if p.row == row]))
        for row in rows
    ]
    across = np.minimum(rules[:, 2], box.right) - np.maximum(rules[:, 0], box.left)
    level = (rules[:, 3] - rules[:, 1] < 3) & (across > 0.4 * box.width)
    drawn = np.unique(np.round(rules[level, 1]))
    numbers = np.searchsorted(drawn, middles)
    bands = {int(n): i for i, n in enumerate(sorted(set(numbers.tolist())))}
    if len(bands) < 3 or len(bands) < _RULED_ROWS * len(rows):
        return {row: at for at, row in enumerate(rows)}
    return {row: bands[int(n)] for row, n in zip(rows, numbers, strict=True)}


def _is_doubtful(proposal: Proposal) -> bool:
    """Whether a proposed table is more likely text or a chart, by what its cells say."""
    texts = [cell.text for row in proposal.rows for cell in row if cell.text.strip()]
    if len(proposal.rows) < 2 or not texts:
        return True
    worded = sum(any(char.isalpha() for char in text) for text in texts)
    if worded < 0.1 * len(texts):
        return True
    starts = [text.lstrip()[0] for text in texts]
    lower = sum(start.islower() for start in starts)
    return len(proposal.rows) <= 6 and lower > 0.3 * len(texts)


def in_lines(words: list[Word]) -> tuple[tuple[Word, ...], ...]:
    """*words* of a cell as lines from the top, each from the left."""
    lines: list[list[Word]] = []
    for word in sorted(words, key=lambda w: ((w.box.top + w.box.bottom) / 2, w.box.left)):
        if lines:
            last = lines[-1][0].box
            shared = min(last.bottom, word.box.bottom) - max(last.top, word.box.top)
            if shared > 0.5 * min(last.height, word.box.height):
                lines[-1].append(word)
                continue
        lines.append([word])
    return tuple(tuple(sorted(line, key=lambda w: w.box.left)) for line in lines)
