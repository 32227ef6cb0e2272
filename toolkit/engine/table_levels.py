"""The head of a table: how many lines of print it has, and which name stands over which columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from toolkit.document.geometry import Box
from toolkit.engine.grids import GridCell
from toolkit.engine.table_columns import Columns, Entry
from toolkit.engine.table_lines import Drawn
from toolkit.engine.table_rows import is_figure
from toolkit.engine.words import Line

__all__ = ["head_cells", "head_length"]

Row = list[Entry]

# A head has no more lines of print than this, nor more than this share of the table's.
_MOST_LINES = 9
_MOST_SHARE = 0.6
# Lines of one name are this near, in sizes from baseline to baseline.
_NAME = 1.7
# A name stands over the middle of its columns to within this, in sizes.
_CENTRED = 1.0
# Baselines nearer than this, in sizes, are beside each other: names of fewer lines are centred.
_BESIDE = 0.95
# Lines of one name are nearer than this share of the distance of rows.
_NEARER = 0.93
_FARTHER = 1.07
# Of columns that it stands over the middle of equally well, within this share, it names the most.
_OFF = 0.15


def head_length(rows: Sequence[Row], across: Sequence[float]) -> int:
    """How many of *rows*, lines of print, are the head; lines go *across* at these heights."""
    most = min(_MOST_LINES, int(_MOST_SHARE * len(rows)))
    ruled = _above_line(rows, across, most)
    if ruled:
        return ruled
    bold = _leading(rows, lambda row: all(entry.line.bold for entry in row))
    if 0 < bold <= most:
        return bold
    plain = _leading(rows, lambda row: not any(is_figure(entry.line.text) for entry in row))
    figured = sum(any(is_figure(e.line.text) for e in row) for row in rows[plain:])
    if plain > most or figured < 0.5 * (len(rows) - plain):
        return 0
    # Names stand over all the columns; a row that says one thing is the first of the body.
    while plain and len(rows[plain - 1]) < 2 and rows[plain - 1][0].first == 0:
        plain -= 1
    return plain


def _leading(rows: Sequence[Row], holds: Callable[[Row], bool]) -> int:
    return next((at for at, row in enumerate(rows) if not holds(row)), len(rows))


def _above_line(rows: Sequence[Row], across: Sequence[float], most: int) -> int:
    """The rows above the first line that goes across below a row; further lines part levels."""
    bases = [row[0].line.baseline for row in rows]
    counts = [sum(base < y for base in bases) for y in across]
    lengths = sorted({count for count in counts if 0 < count < len(rows)})
    if not lengths or lengths[0] > most:
        return 0
    length = lengths[0]
    for longer in lengths[1:]:
        between = rows[length:longer]
        # A level of names below groups: it says nothing in the first column, and no figures.
        named = all(e.first > 0 and not is_figure(e.line.text) for row in between for e in row)
        if not named or longer > most:
            break
        length = longer
    return length


@dataclass(frozen=True, slots=True, eq=False)
class _Name:
    """A name in a head: its lines of print from the top, and the columns that it is over."""

    first: int
    last: int
    lines: tuple[Line, ...]

    @property
    def bottom(self) -> float:
        return self.lines[-1].box.bottom

    @property
    def wide(self) -> bool:
        return self.last > self.first


@dataclass(frozen=True, slots=True, eq=False)
class _Head:
    """What the names of a head are judged by."""

    rows: Sequence[Row]
    columns: Columns
    drawn: Drawn
    pitch: float
    """The distance of the table's rows below it, in sizes."""

    def beside(self, entry: Entry) -> list[Entry]:
        """The other entries at about the height of *entry*: names of fewer lines are centred."""
        base, near = entry.line.baseline, _BESIDE * entry.line.size
        return [
            other
            for row in self.rows
            for other in row
            if other is not entry and abs(other.line.baseline - base) < near
        ]

    def below(self, entry: Entry) -> list[Entry]:
        low = entry.line.baseline + _BESIDE * entry.line.size
        return [other for row in self.rows for other in row if other.line.baseline > low]


def head_cells(
    rows: Sequence[Row], columns: Columns, drawn: Drawn, pitch: float
) -> tuple[list[GridCell], int]:
    """The cells of a head of *rows* of print, and how many rows of the table it makes."""
    names = _names(_Head(rows, columns, drawn, pitch))
    stacks: list[list[_Name]] = [[] for _ in range(len(columns))]
    for name in sorted(names, key=lambda name: name.lines[0].baseline):
        for column in range(name.first, name.last + 1):
            stacks[column].append(name)
    depth = max(map(len, stacks))
    rank = _ranks(stacks, depth)
    cells = []
    box = Box.around(entry.line.box for row in rows for entry in row)
    edges = columns.edges()
    for column, stack in enumerate(stacks):
        if not stack:
            place = Box(edges[column], box.top, edges[column + 1], box.bottom)
            cells.append(GridCell(0, column, depth, 1, place, ()))
        for name in stack:
            if name.first == column:
                first, last = rank[id(name)]
                place = Box.around(line.box for line in name.lines)
                words = tuple(line.words for line in name.lines)
                span = name.last - name.first + 1
                cells.append(GridCell(first, column, last - first + 1, span, place, words))
    return _gaps_filled(cells, depth, columns, box), depth


def _ranks(stacks: Sequence[Sequence[_Name]], depth: int) -> dict[int, tuple[int, int]]:
    """The first and last row of each name: a group stands as high as it can, a name reaches down.

    What is over several columns has the same rows in all of them.
    """
    first: dict[int, int] = {}
    for stack in sorted(stacks, key=len, reverse=True):
        at = 0
        for name in stack:
            at = max(at, first.get(id(name), 0))
            first[id(name)] = at
            at += 1
    last: dict[int, int] = {}
    for stack in stacks:
        for at, name in enumerate(stack):
            below = first[id(stack[at + 1])] - 1 if at + 1 < len(stack) else depth - 1
            known = last.get(id(name), depth - 1)
            last[id(name)] = max(first[id(name)], min(known, below))
    return {key: (first[key], last[key]) for key in first}


def _gaps_filled(cells: list[GridCell], depth: int, columns: Columns, box: Box) -> list[GridCell]:
    """*cells* with an empty one in each place that none of them covers."""
    taken = {
        (row, column)
        for cell in cells
        for row in range(cell.row, cell.row + cell.row_span)
        for column in range(cell.column, cell.column + cell.column_span)
    }
    edges = columns.edges()
    return cells + [
        GridCell(r, c, 1, 1, Box(edges[c], box.top, edges[c + 1], box.bottom), ())
        for r in range(depth)
        for c in range(len(columns))
        if (r, c) not in taken
    ]


def _names(head: _Head) -> list[_Name]:
    """The names of a head: lines of print put together that stand below each other as one."""
    names: list[_Name] = []
    for row in head.rows:
        for entry in row:
            reach = _over(entry, head)
            home = next((n for n in names if _is_under(entry, n, reach, head)), None)
            if home is None:
                names.append(_Name(*reach, (entry.line,)))
                continue
            names.remove(home)
            wider = min(home.first, reach[0]), max(home.last, reach[1])
            names.append(_Name(*wider, (*home.lines, entry.line)))
    return _apart(names)


def _is_under(entry: Entry, name: _Name, reach: tuple[int, int], head: _Head) -> bool:
    """Whether *entry* is a further line of *name*, no line being drawn between them."""
    last, line = name.lines[-1], entry.line
    step = line.baseline - last.baseline
    if not 0 < step < _NAME * line.size or _is_cut(last, line, head.drawn):
        return False
    if reach == (name.first, name.last):
        return _is_close(step, last, line, reach, head)
    # One line of a name over several columns may be short, if it stands there alone.
    beside = [e for e in head.beside(entry) if e.last >= name.first and e.first <= name.last]
    inside = name.first <= reach[0] and reach[1] <= name.last
    centre = abs(_middle(line) - _middle(last)) < _CENTRED * line.size
    return inside and centre and not beside


def _is_close(step: float, upper: Line, lower: Line, reach: tuple[int, int], head: _Head) -> bool:
    """Whether two lines are of one name: nearer than rows are, or the first had no more room."""
    if head.pitch and step > _FARTHER * head.pitch * lower.size:
        return False
    if step < _NEARER * head.pitch * lower.size or head.pitch > _NAME:
        return True
    edges = head.columns.edges()
    room = edges[reach[1] + 1] - edges[reach[0]]
    return upper.box.width + lower.words[0].box.width + 0.25 * lower.size > 0.9 * room


def _is_cut(upper: Line, lower: Line, drawn: Drawn) -> bool:
    return any(
        upper.baseline < y < lower.baseline
        and start < lower.box.right - 1
        and end > lower.box.left + 1
        for y, start, end in drawn.level
    )


def _middle(line: Line) -> float:
    return (line.box.left + line.box.right) / 2


def _over(entry: Entry, head: _Head) -> tuple[int, int]:
    """The first and last column that *entry* is a name of.

    The lines drawn around it tell; else it stands over the middle of them, and reaches as far as
    there are names below it and nothing beside it.
    """
    below = head.below(entry)
    told = _by_line(entry, below, head) or _by_sides(entry, below, head)
    if told is not None:
        return told
    low, high = _free(entry, head)
    own = max(entry.first, low), min(entry.last, high)
    if own[0] > own[1]:
        own = (head.columns.at(_middle(entry.line)),) * 2
    named = {c for e in below for c in range(e.first, e.last + 1)}
    if own[0] == own[1] and (not below or _continues(entry, below, head)):
        return own
    # The first column names the rows: a group of names does not reach over it.
    low = low if own[0] == 0 else max(1, low)
    offs = {
        (first, last): _off(entry.line, below, first, last, head.columns)
        for first in range(low, own[0] + 1)
        for last in range(own[1], high + 1)
        if last > first and all(column in named for column in range(first, last + 1))
    }
    return _widest(offs, own, head.columns)


def _continues(entry: Entry, below: Sequence[Entry], head: _Head) -> bool:
    """Whether the name goes on in the line below it, in its own column."""
    under = [e for e in below if e.first <= entry.first <= e.last]
    if not under:
        return False
    first = min(under, key=lambda e: e.line.baseline)
    step = first.line.baseline - entry.line.baseline
    near = step < _NAME * first.line.size and not _is_cut(entry.line, first.line, head.drawn)
    return near and _is_close(step, entry.line, first.line, (entry.first, entry.first), head)


def _off(line: Line, below: Sequence[Entry], first: int, last: int, columns: Columns) -> float:
    """How far *line* is from the middle of the columns, or of the names in them."""
    edges, middle = columns.edges(), _middle(line)
    names = [e.line.box for e in below if first <= e.first and e.last <= last]
    centres = [(edges[first] + edges[last + 1]) / 2]
    if names:
        centres.append((min(b.left for b in names) + max(b.right for b in names)) / 2)
    return min(abs(centre - middle) for centre in centres)


def _widest(
    offs: dict[tuple[int, int], float], own: tuple[int, int], columns: Columns
) -> tuple[int, int]:
    if not offs:
        return own
    usual = (columns.right - columns.left) / len(columns)
    least = min(offs.values())
    if own[0] == own[1] and least > _CENTRED * usual / 2:
        return own
    good = [reach for reach, off in offs.items() if off <= least + _OFF * usual]
    return max(good, key=lambda reach: reach[1] - reach[0])


def _free(entry: Entry, head: _Head) -> tuple[int, int]:
    """The columns around *entry* that nothing else beside it stands in."""
    middle = _middle(entry.line)
    others = head.beside(entry)
    low = max((e.last + 1 for e in others if _middle(e.line) < middle), default=0)
    high = min(
        (e.first - 1 for e in others if _middle(e.line) > middle), default=len(head.columns) - 1
    )
    return low, high


def _by_line(entry: Entry, below: Sequence[Entry], head: _Head) -> tuple[int, int] | None:
    """The columns over which the line right under *entry* is drawn, if it parts it from names."""
    base, box, columns = entry.line.baseline, entry.line.box, head.columns
    under = [e.line.baseline for e in below]
    if not under:
        return None
    edges = columns.edges()
    for y, start, end in head.drawn.level:
        if not base < y < min(base + _NAME * entry.line.size, max(under)):
            continue
        if start > box.left + 2 or end < box.right - 2:
            continue
        covered = [
            c
            for c in range(len(columns))
            if min(end, edges[c + 1]) - max(start, edges[c]) > 0.5 * (edges[c + 1] - edges[c])
        ]
        if covered and len(covered) < len(columns):
            return covered[0], covered[-1]
    return None


def _by_sides(entry: Entry, below: Sequence[Entry], head: _Head) -> tuple[int, int] | None:
    """The columns between the upright lines right and left of *entry*, where there are both."""
    y, box = (entry.line.box.top + entry.line.box.bottom) / 2, entry.line.box
    at = [x for x, top, bottom in head.drawn.sides if top < y < bottom]
    left = max((x for x in at if x <= box.left + 2), default=head.columns.left)
    right = min((x for x in at if x >= box.right - 2), default=head.columns.right)
    if not below or len(at) < 2:
        return None
    edges = head.columns.edges()
    inside = [
        c
        for c in range(len(head.columns))
        if left - 3 <= (edges[c] + edges[c + 1]) / 2 <= right + 3
    ]
    return (inside[0], inside[-1]) if inside else None


def _apart(names: Sequence[_Name]) -> list[_Name]:
    """*names* with those of one height that overlap made narrower, or one if they must be."""
    out: list[_Name] = []
    for name in sorted(names, key=lambda n: (n.lines[0].baseline, n.first)):
        same = [n for n in out if abs(n.lines[0].baseline - name.lines[0].baseline) < 3]
        taken = {column for n in same for column in range(n.first, n.last + 1)}
        free = [column for column in range(name.first, name.last + 1) if column not in taken]
        if free:
            last = next((c for c in free if c + 1 not in free), free[-1])
            out.append(replace(name, first=free[0], last=last))
            continue
        home = next(n for n in same if n.first <= name.first <= n.last)
        out[out.index(home)] = replace(home, lines=(*home.lines, *name.lines))
    return out
