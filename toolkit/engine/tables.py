"""Tables: where they are, and which words stand in which cell.

Ruled tables come from the lines drawn on the page. For the others, another engine's cells are
taken as places to put our own words into; where it was not asked, words that stand under each
other in step make a table of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from toolkit.document.geometry import Box
from toolkit.engine.alignment import aligned
from toolkit.engine.grids import Grid, GridCell
from toolkit.engine.lattice import Slot, lattices
from toolkit.engine.marks import Proposal, Sheet
from toolkit.engine.table_heads import headed
from toolkit.engine.words import Line, Word

__all__ = ["find_grids", "in_lines"]

Floats = NDArray[np.float64]

# A row this much larger than the table's type is a heading over it.
_LARGER = 1.6
# Of a table's rows, the share that has a line drawn under it, from which lines part its rows.
_RULED_ROWS = 0.35
# A lattice under this share of the table that the text shows is a frame inside it.
_PART = 0.6


def find_grids(sheet: Sheet, lines: Sequence[Line]) -> tuple[list[Grid], list[Line]]:
    """The tables of a page, and the lines that stand in none of them."""
    upright = [line for line in lines if line.angle == 0]
    grids: list[Grid] = []
    ruled = [grid for box, slots in lattices(sheet.rules) if (grid := _filled(box, slots, upright))]
    proposed = [
        grid
        for proposal in sheet.proposals or ()
        if proposal.kind == "table" and (grid := _from_proposal(proposal, upright, sheet.rules))
    ]
    proposed = [other for other in proposed if not _runs_together(other, ruled)]
    for grid in ruled:
        rivals = [other for other in proposed if _same_place(grid.box, other.box)]
        # Lines around a part of a table, or under its headings alone, make a lattice of few rows.
        if any(
            grid.rows * 2 <= other.rows or grid.box.area < _PART * other.box.area
            for other in rivals
        ):
            continue
        proposed = [other for other in proposed if other not in rivals]
        same = any((o.rows, o.columns) == (grid.rows, grid.columns) for o in rivals)
        grids.append(replace(grid, agreed=same))
    grids += [grid for grid in proposed if not any(_same_place(grid.box, g.box) for g in grids)]
    if sheet.proposals is None:
        taken = [grid.box for grid in grids]
        grids += [grid for grid in aligned(upright) if not any(grid.box.overlap(b) for b in taken)]
    for at, grid in enumerate(grids):
        others = [*grids[:at], *grids[at + 1 :]]
        grids[at] = grid if grid.ruled else headed(grid, _free(others, upright))
    rest = _free(grids, lines)
    sizes = {line.words[0].glyphs[0]: line.size for line in lines}
    return [_sized(grid, sizes) for grid in grids], rest


def _free(grids: Sequence[Grid], lines: Sequence[Line]) -> list[Line]:
    """Those of *lines* that stand in none of *grids*."""
    used = {
        index
        for grid in grids
        for cell in grid.cells
        for line in cell.lines
        for word in line
        for index in word.glyphs
    }
    return [line for line in lines if line.words[0].glyphs[0] not in used]


def _sized(grid: Grid, sizes: dict[int, float]) -> Grid:
    """*grid* with the median size of the lines in it; *sizes* is by a line's first glyph."""
    firsts = [word.glyphs[0] for cell in grid.cells for line in cell.lines for word in line]
    own = [sizes[first] for first in firsts if first in sizes]
    return replace(grid, size=float(np.median(own))) if own else grid


def _runs_together(proposed: Grid, ruled: Sequence[Grid]) -> bool:
    """Whether *proposed* is several lattices of different columns, as in forms, taken for one."""
    inside = [g for g in ruled if g.box.overlap(proposed.box) > 0.9 * g.box.area]
    edges = {(g.columns, round(g.box.left), round(g.box.right)) for g in inside}
    return len(edges) > 1 and sum(g.box.area for g in inside) > _PART * proposed.box.area


def _same_place(one: Box, two: Box) -> bool:
    return one.overlap(two) > 0.4 * min(one.area, two.area)


def _words_in(box: Box, lines: Iterable[Line]) -> list[Word]:
    return [word for line in _lines_in(box, lines) for word in line.words]


def _lines_in(box: Box, lines: Iterable[Line]) -> list[Line]:
    """The lines whose middle lies in *box*; a line is in or out as a whole."""
    return [
        line
        for line in lines
        if box.holds((line.box.left + line.box.right) / 2, (line.box.top + line.box.bottom) / 2)
    ]


def _filled(box: Box, slots: list[Slot], lines: Sequence[Line]) -> Grid | None:
    words = _words_in(box, lines)
    homes: dict[int, list[Word]] = {}
    for word in words:
        x, y = (word.box.left + word.box.right) / 2, (word.box.top + word.box.bottom) / 2
        home = next((i for i, slot in enumerate(slots) if slot.box.holds(x, y)), None)
        if home is None:
            return None
        homes.setdefault(home, []).append(word)
    cells = [
        GridCell(s.row, s.column, s.row_span, s.column_span, s.box, in_lines(homes.get(i, [])))
        for i, s in enumerate(slots)
    ]
    grid = Grid(
        box,
        max(s.row + s.row_span for s in slots),
        max(s.column + s.column_span for s in slots),
        tuple(cells),
        _head_rows(cells),
        ruled=True,
    )
    return grid if _is_table(grid) else None


def _head_rows(cells: Sequence[GridCell]) -> int:
    """How many rows of a lattice are its head: more than one where names group the columns.

    Then the columns without a group have their name in a cell over all levels of the head.
    """
    first = [cell for cell in cells if cell.row == 0]
    deepest = max(cell.row_span for cell in first)
    grouped = any(cell.column_span > 1 for cell in first)
    lower = [cell for cell in cells if 0 < cell.row < deepest]
    figures = any(char.isdigit() for cell in lower for char in cell.text)
    return deepest if grouped and lower and not figures else 1


def _is_table(grid: Grid) -> bool:
    """Whether a lattice holds a table rather than a form, a frame or a drawing."""
    filled = [cell for cell in grid.cells if cell.lines]
    if grid.rows < 2 or grid.columns < 2 or len(filled) < 4:
        return False
    return len(filled) >= 0.3 * len(grid.cells)


def _from_proposal(proposal: Proposal, lines: Sequence[Line], rules: Floats) -> Grid | None:
    """Our words in the cells that another engine saw."""
    if _is_doubtful(proposal):
        return None
    inside = _lines_in(_padded(proposal.box), lines)
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


def _padded(box: Box) -> Box:
    return Box(box.left - 2, box.top - 2, box.right + 2, box.bottom + 2)


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
