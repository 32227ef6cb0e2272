"""Tables: where they are, and which words stand in which cell.

Ruled tables come from the lines drawn on the page. The others are fitted to what stands in a
place: one that lines drawn across bound, one where another engine saw a table, or, where none was
asked, one where words stand under each other in step.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from toolkit.document.geometry import Box
from toolkit.engine.alignment import aligned
from toolkit.engine.grids import Grid, GridCell
from toolkit.engine.lattice import Slot, lattices
from toolkit.engine.marks import Sheet
from toolkit.engine.table_fit import fitted
from toolkit.engine.table_heads import headed
from toolkit.engine.table_lines import drawn_in
from toolkit.engine.table_places import ruled_places
from toolkit.engine.table_proposals import from_proposal, in_lines, lines_in, padded
from toolkit.engine.table_rows import is_figure
from toolkit.engine.table_strays import without_strays
from toolkit.engine.words import Line, Word

_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
__all__ = ["find_grids", "in_lines"]

# A lattice under this share of the table that the text shows is a frame inside it.
_PART = 0.6
# Rows that no lines part fill their cells; lists and text in cells of two or three columns do not.
_FEW_COLUMNS = 3
_IN_STEP = 0.7
_DENSE = 0.85
# Of what other tables in its place say, a larger one says at least this share.
_SAID = 0.9
# A table of which this share is said, against another reading of it, has rows that were cut.
_EMPTIER = 0.85
_FEWEST_CELLS = 4
# A line of print in a cell has fewer words than one of running text.
_MANY_WORDS = 4
# More lines drawn across than those of a head part the rows.
_ROWS_PARTED = 4
# Of the cells between lines that are no grid, those that say something; gridlines have fewer.
_FILLED = 0.5
# A table that stands out of a lattice by this share of its width has open sides.
_BEYOND = 0.08
# Points between the parts of a table that is set widely, which begin at one place.
_BETWEEN, _SAME_LEFT = 20.0, 3.0
# Points above a table within which the line drawn over it is.
_ABOVE = 24.0


def find_grids(sheet: Sheet, lines: Sequence[Line]) -> tuple[list[Grid], list[Line]]:
    """The tables of a page, and the lines that stand in none of them."""
    upright = [line for line in lines if line.angle == 0]
    ruled = _ruled(sheet, upright)
    loose = _loose(sheet, upright, ruled)
    grids: list[Grid] = []
    for grid in ruled:
        rivals = [other for other in loose if _same_place(grid.box, other.box)]
        if any(_is_part(grid, other) for other in rivals):
            continue
        loose = [other for other in loose if other not in rivals]
        same = any((o.rows, o.columns) == (grid.rows, grid.columns) for o in rivals)
        grids.append(replace(grid, agreed=same))
    grids += [grid for grid in loose if not any(_same_place(grid.box, g.box) for g in grids)]
    if sheet.proposals is None:
        taken = [grid.box for grid in grids]
        own = aligned(_free(grids, upright), sheet.rules, sheet.panels)
        own = [grid for grid in own if not any(grid.box.overlap(box) for box in taken)]
        grids += [_named(grid, sheet, upright, [*grids, *own]) for grid in own]
    grids = _once(grids)
    rest = _free(grids, lines)
    sizes = {line.words[0].glyphs[0]: line.size for line in lines}
    return [_sized(grid, sizes) for grid in grids], rest


def _once(grids: Sequence[Grid]) -> list[Grid]:
    """*grids* without those that say again what one before them says."""
    said: set[int] = set()
    kept = []
    for grid in grids:
        own = _glyphs([grid])
        if own and not own & said:
            kept.append(grid)
            said |= own
    return kept


def _ruled(sheet: Sheet, lines: Sequence[Line]) -> list[Grid]:
    return [
        _parted(grid, sheet, lines)
        for box, slots in lattices(sheet.rules)
        if (grid := _filled(box, slots, lines))
    ]


def _loose(sheet: Sheet, lines: Sequence[Line], ruled: Sequence[Grid]) -> list[Grid]:
    """The tables whose cells are not all enclosed by lines."""
    seen = [
        grid
        for proposal in sheet.proposals or ()
        if proposal.kind == "table" and (grid := from_proposal(proposal, lines, sheet.rules))
    ]
    seen = [grid for grid in seen if not _runs_together(grid, ruled)]
    seen = _joined(seen, sheet, lines)
    for at, grid in enumerate(seen):
        seen[at] = _named(grid, sheet, lines, [*seen[:at], *seen[at + 1 :]])
    found: list[Grid] = []
    for place in ruled_places(sheet.rules, sheet.panels, lines):
        grid = _bounded(place, sheet)
        if grid is None:
            continue
        same = [other for other in seen if _same_place(grid.box, other.box)]
        if len(same) == 1 and (whole := _whole(grid, same[0], sheet, lines)) is not None:
            grid = whole
        elif not same:
            grid = _named(grid, sheet, lines, [*seen, *found])
        if not any(_same_place(grid.box, other.box) for other in found):
            found.append(grid)
            seen = [other for other in seen if other not in same]
    return found + _in_step(seen, sheet, lines, [*found, *ruled])


def _joined(seen: Sequence[Grid], sheet: Sheet, lines: Sequence[Line]) -> list[Grid]:
    """*seen* with those put together that are one table, its rows set widely.

    The upper one shows columns that the lower one, of cells full of text, does not.
    """
    out: list[Grid] = []
    for grid in sorted(seen, key=lambda grid: grid.box.top):
        last = out[-1] if out else None
        whole = _whole_of(last, grid, sheet, lines) if last is not None else None
        if whole is not None:
            out[-1] = whole
        else:
            out.append(grid)
    return out


def _whole_of(one: Grid, two: Grid, sheet: Sheet, lines: Sequence[Line]) -> Grid | None:
    """The table of which *one* and *two* are the upper and the lower part, if they are."""
    apart = two.box.top - one.box.bottom
    same = abs(two.box.left - one.box.left) < _SAME_LEFT and 0 <= apart < _BETWEEN
    if not same or two.columns >= one.columns or one.columns < _FEW_COLUMNS:
        return None
    whole = _fit([*_lines_of(one, lines), *_lines_of(two, lines)], sheet)
    fits = whole is not None and whole.columns == one.columns and _share(whole) >= _DENSE
    return whole if fits else None


def _in_step(
    seen: list[Grid], sheet: Sheet, lines: Sequence[Line], others: Sequence[Grid]
) -> list[Grid]:
    """*seen* with the tables that our own rules find by alignment, where those say more."""
    if sheet.proposals is None:
        return seen
    free = _free(others, lines)
    for grid in aligned(free, sheet.rules, sheet.panels):
        parts = [other for other in seen if _same_place(grid.box, other.box)]
        own, said = _glyphs([grid]), _glyphs(parts)
        if not parts:
            if _is_plain(grid):
                seen = [*seen, _named(grid, sheet, lines, [*seen, *others])]
        elif len(own) > len(said) and len(own & said) >= _SAID * len(said):
            seen = [other for other in seen if other not in parts]
            seen.append(_named(grid, sheet, lines, [*seen, *others]))
    return seen


def _is_plain(grid: Grid) -> bool:
    """Whether *grid*, which nothing else speaks for, is a table of figures beyond doubt."""
    filled = [cell for cell in grid.cells if cell.lines]
    figures = [cell for cell in filled if cell.column and is_figure(cell.text)]
    return (
        min(grid.rows, grid.columns) >= _FEW_COLUMNS
        and len(filled) >= _DENSE * len(grid.cells)
        and len(figures) >= _PART * sum(cell.column > 0 for cell in filled)
    )


def _whole(one: Grid, two: Grid, sheet: Sheet, lines: Sequence[Line]) -> Grid | None:
    """The table of which *one* and *two* each saw a part, where they see the same columns."""
    if one.columns != two.columns:
        return None
    own = _fit([*dict.fromkeys((*_lines_of(one, lines), *_lines_of(two, lines)))], sheet)
    return own if own is not None and own.columns == one.columns else None


def _fit(lines: Sequence[Line], sheet: Sheet) -> Grid | None:
    if not lines:
        return None
    box = padded(Box.around(line.box for line in lines))
    return fitted(lines, drawn_in(box, sheet.rules, sheet.panels))


def _named(grid: Grid, sheet: Sheet, lines: Sequence[Line], others: Sequence[Grid]) -> Grid:
    """*grid* as our own rules see its place, where they see the same columns, with its head."""
    own = _lines_of(grid, lines)
    again = _fit(own, sheet)
    if again is None or not (again.columns == grid.columns or _tells_more(again, grid)):
        return grid
    if _share(again) < _EMPTIER * _share(grid):
        return grid
    free = _free([grid, *others], lines)
    box = again.box
    over = drawn_in(Box(box.left, box.top - _ABOVE, box.right, box.top), sheet.rules, sheet.panels)
    top = min([y for y in over.across(box.left, box.right) if y < box.top], default=box.top)
    return headed(again, own, free, lambda some: _fit(some, sheet), top=top)


def _tells_more(own: Grid, grid: Grid) -> bool:
    """Whether *own* is a full table of more columns: those of *grid* held two gutters' text."""
    spans = any(cell.column_span > 1 for cell in own.cells)
    return own.columns > max(2, grid.columns) and not spans and _share(own) >= _DENSE


def _share(grid: Grid) -> float:
    """The share of the places of *grid* that say something."""
    said = sum(cell.row_span * cell.column_span for cell in grid.cells if cell.lines)
    return said / (grid.rows * grid.columns)


def _lines_of(grid: Grid, lines: Sequence[Line]) -> list[Line]:
    used = _glyphs([grid])
    return [line for line in lines if used.intersection(line.words[0].glyphs)]


def _parted(grid: Grid, sheet: Sheet, lines: Sequence[Line]) -> Grid:
    """*grid*, ruled, with rows of their own where the lines drawn leave many in one."""
    if grid.columns < _FEW_COLUMNS:
        return grid
    own = fitted(lines_in(grid.box, lines), drawn_in(grid.box, sheet.rules, sheet.panels))
    if own is None or own.columns != grid.columns or own.rows < 2 * grid.rows:
        return grid
    filled = sum(bool(cell.lines) for cell in own.cells)
    return replace(own, ruled=True) if filled >= _IN_STEP * len(own.cells) else grid


def _bounded(lines: Sequence[Line], sheet: Sheet) -> Grid | None:
    """The table that *lines* between lines drawn across make, if they make one."""
    box = padded(Box.around(line.box for line in lines))
    drawn = drawn_in(box, sheet.rules, sheet.panels)
    grid = fitted(lines, drawn)
    if grid is None or not _is_full(grid):
        return None
    # Columns of running text have lines of many words, in the first column as well.
    words = [
        [
            len(line)
            for cell in grid.cells
            if cell.column == column and cell.column_span == 1
            for line in cell.lines
        ]
        for column in range(grid.columns)
    ]
    wordy = [column for column, own in enumerate(words) if own and np.median(own) > _MANY_WORDS]
    parted = len(drawn.across(box.left, box.right)) > _ROWS_PARTED
    return None if wordy and (0 in wordy or grid.columns < 3) and not parted else grid


def _is_full(grid: Grid) -> bool:
    """Whether most cells say something, some of them in words; between gridlines few do."""
    filled = [cell for cell in grid.cells if cell.lines]
    places = sum(cell.row_span * cell.column_span for cell in filled)
    worded = sum(any(char.isalpha() for char in cell.text) for cell in filled)
    return (
        len(filled) >= _FEWEST_CELLS
        and places >= _FILLED * grid.rows * grid.columns
        and worded >= 0.1 * len(filled)
    )


def _is_part(grid: Grid, other: Grid) -> bool:
    """Whether the lattice *grid* is but a part of the table *other* in its place.

    Lines around a part of a table, or under its headings alone, make a lattice of few rows; one
    without lines at its sides, a lattice of its inner columns.
    """
    if grid.rows * 2 <= other.rows and other.columns > grid.columns:
        return True
    if grid.box.area < _PART * other.box.area:
        return True
    beyond = max(grid.box.left - other.box.left, other.box.right - grid.box.right)
    return other.columns > grid.columns and beyond > _BEYOND * grid.box.width


def _glyphs(grids: Sequence[Grid]) -> set[int]:
    return {
        index
        for grid in grids
        for cell in grid.cells
        for line in cell.lines
        for word in line
        for index in word.glyphs
    }


def _free(grids: Sequence[Grid], lines: Sequence[Line]) -> list[Line]:
    """Those of *lines* that stand in none of *grids*."""
    used = _glyphs(grids)
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


def _filled(box: Box, slots: list[Slot], lines: Sequence[Line]) -> Grid | None:
    words = [word for line in lines_in(box, lines) for word in line.words]
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
    return without_strays(grid) if _is_table(grid) else None


def _head_rows(cells: Sequence[GridCell]) -> int:
    """How many rows of a lattice are its head: more than one where names group the columns.

    Then the columns without a group have their name in a cell over all levels of the head.
    """
    first = [cell for cell in cells if cell.row == 0]
    deepest = max(cell.row_span for cell in first)
    grouped = any(cell.column_span > 1 for cell in first)
    lower = [cell for cell in cells if 0 < cell.row < deepest]
    # A year names a column as a word does.
    figures = any(char.isdigit() for cell in lower for char in _YEAR.sub("", cell.text))
    return deepest if grouped and lower and not figures else 1


def _is_table(grid: Grid) -> bool:
    """Whether a lattice holds a table rather than a form, a frame or a drawing."""
    filled = [cell for cell in grid.cells if cell.lines]
    if grid.rows < 2 or grid.columns < 2 or len(filled) < 4:
        return False
    return len(filled) >= 0.3 * len(grid.cells)
