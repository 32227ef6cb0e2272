"""Columns of a table by what stands in it: the white that runs down between its pieces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from toolkit.document.geometry import Box
from toolkit.engine.words import Line, Word

__all__ = ["Columns", "Entry", "columns_of", "entries_of", "text_rows"]

Floats = NDArray[np.float64]
Counts = NDArray[np.int_]
Row = list[Line]

# Pieces whose baselines differ by less, in sizes, stand in one row.
_LEVEL = 0.4
# White that parts two columns, in points; a space between words is rarely as wide.
_GUTTER = 3.5
# Of the fullest rows, those with this share of the pieces tell where the columns are.
_FULL = 0.5
# Names over several columns cross the white between them: so many of those rows may.
_CROSSING = 0.2
# Rows that leave white in one place, as a share, though another row crosses it.
_SUPPORT = 0.5
# White between two words that parts cells, in sizes: beyond the usual space of 0.25 to 0.33.
_PARTED = 0.45
# How far words of a name may pass the end of their column, as a share of the narrower column.
_PASSING = 0.35
# Points: what begins in one place begins there to within this.
_ALIGNED = 1.5
# So many words in a row, each in a column of its own, are names of columns.
_ONE_EACH = 4
_MARKS = frozenset("$€£¥%*†‡()[]+-–−")


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """Where a table's columns part: the middles of the white between them, from the left."""

    parts: tuple[float, ...]
    left: float
    right: float
    starts: tuple[float, ...] = ()
    """Where most entries of each column begin."""
    extents: tuple[tuple[float, float], ...] = ()
    """From where to where the entries reach that stand in one column alone."""

    def __len__(self) -> int:
        return len(self.parts) + 1

    def at(self, x: float) -> int:
        """The number of the column, from 0, that *x* lies in."""
        return int(np.searchsorted(self.parts, x))

    def edges(self) -> list[float]:
        """Left edges of all the columns, and the right one of the last."""
        return [self.left, *self.parts, self.right]


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A piece of a row with the first and the last column that it stands in."""

    first: int
    last: int
    line: Line


def text_rows(lines: Sequence[Line]) -> list[Row]:
    """*lines* by the baseline that they stand on, from the top; each row from the left."""
    rows: list[Row] = []
    for line in sorted(lines, key=lambda line: (line.baseline, line.box.left)):
        if rows and abs(rows[-1][0].baseline - line.baseline) < _LEVEL * line.size:
            rows[-1].append(line)
        else:
            rows.append([line])
    return [sorted(row, key=lambda line: line.box.left) for row in rows]


def columns_of(rows: Sequence[Row], drawn: Sequence[float] = ()) -> Columns | None:
    """The columns that *rows* stand in, parted by white and by lines *drawn* at these places.

    None where there are fewer than two.
    """
    pieces = [line.box for row in rows for line in row]
    if not pieces:
        return None
    left, right = min(b.left for b in pieces), max(b.right for b in pieces)
    inner = [x for x in drawn if left + 2 < x < right - 2]
    telling = _telling(_cut_at(rows, inner))
    parts = _parts(telling)
    # A line that is drawn parts columns where the white beside it is too narrow to tell.
    parts += [
        (x, x)
        for x in inner
        if not any(low - 2 <= x <= high + 2 for low, high in parts)
        and all(b.right <= x + 2 or b.left >= x - 2 for row in telling for b in _boxes(row))
    ]
    # Of white in which a line is drawn, the line is the end of the column.
    middles = [
        next((x for x in inner if low - 2 <= x <= high + 2), (low + high) / 2)
        for low, high in sorted(parts)
    ]
    kept = _without_marks(middles, telling)
    if not kept:
        return None
    bare = Columns(tuple(kept), left, right)
    return _measured(bare, telling)


def _measured(columns: Columns, rows: Sequence[Row]) -> Columns:
    """*columns* with what the entries of *rows* say of them."""
    own: list[list[Box]] = [[] for _ in range(len(columns))]
    for row in rows:
        for line in row:
            first, last = columns.at(line.box.left), columns.at(line.box.right)
            if first == last:
                own[first].append(line.box)
    edges = columns.edges()
    return replace(
        columns,
        starts=tuple(float(np.median([b.left for b in c])) if c else np.inf for c in own),
        extents=tuple(
            (min(b.left for b in c), max(b.right for b in c)) if c else edge
            for c, edge in zip(own, pairwise(edges), strict=True)
        ),
    )


def _boxes(row: Row) -> list[Box]:
    return [line.box for line in row]


def _cut_at(rows: Sequence[Row], drawn: Sequence[float]) -> list[Row]:
    """*rows* with each piece parted where a line is drawn through the white between its words."""
    if not drawn:
        return list(rows)
    return [[piece for line in row for piece in _parted(line, drawn)] for row in rows]


def _parted(line: Line, places: Sequence[float]) -> list[Line]:
    inside = [x for x in places if line.box.left < x < line.box.right]
    if not inside or any(w.box.left + 1 < x < w.box.right - 1 for x in inside for w in line.words):
        return [line]
    homes: dict[int, list[Word]] = {}
    for word in line.words:
        middle = (word.box.left + word.box.right) / 2
        homes.setdefault(int(np.searchsorted(inside, middle)), []).append(word)
    return [piece_of(line, homes[at]) for at in sorted(homes)]


def piece_of(line: Line, words: Sequence[Word]) -> Line:
    """Those *words* of *line* as a line of their own."""
    if len(words) == len(line.words):
        return line
    return replace(line, words=tuple(words), box=Box.around(word.box for word in words))


def _telling(rows: Sequence[Row]) -> list[Row]:
    """The rows of many pieces: the others cross columns, or say nothing of most."""
    most = max(len(row) for row in rows)
    full = [row for row in rows if len(row) >= max(2, _FULL * most)]
    return full or list(rows)


def _parts(rows: Sequence[Row]) -> list[tuple[float, float]]:
    """The white stretches between columns, (left, right)."""
    marks = np.unique([edge for row in rows for b in _boxes(row) for edge in (b.left, b.right)])
    crossing, beside = _counted(rows, marks)
    few = (crossing <= max(1, int(_CROSSING * len(rows)))) & (len(rows) > 2)
    white = ((crossing == 0) & (beside > 0)) | (few & (beside >= _SUPPORT * len(rows)))
    stretches: list[list[tuple[float, float, int]]] = []
    for at in np.flatnonzero(white).tolist():
        part = (float(marks[at]), float(marks[at + 1]), int(crossing[at]))
        if stretches and stretches[-1][-1][1] == part[0]:
            stretches[-1].append(part)
        else:
            stretches.append([part])
    found = [_clearest(stretch) for stretch in stretches if _breadth(stretch) >= _GUTTER]
    return [(low, high) for low, high in found if high - low >= _GUTTER / 2]


def _counted(rows: Sequence[Row], marks: Floats) -> tuple[Counts, Counts]:
    """For each stretch between *marks*: the rows that cross it, and those that stand beside it."""
    crossing = np.zeros(len(marks) - 1, dtype=int)
    beside = np.zeros(len(marks) - 1, dtype=int)
    for row in rows:
        over = np.zeros(len(marks) - 1, dtype=bool)
        for box in _boxes(row):
            over[np.searchsorted(marks, box.left) : np.searchsorted(marks, box.right)] = True
        inside = np.zeros(len(marks) - 1, dtype=bool)
        first, last = row[0].box.right, row[-1].box.left
        inside[np.searchsorted(marks, first) : np.searchsorted(marks, last)] = True
        crossing += over
        beside += inside & ~over
    return crossing, beside


def _breadth(stretch: Sequence[tuple[float, float, int]]) -> float:
    return stretch[-1][1] - stretch[0][0]


def _clearest(stretch: Sequence[tuple[float, float, int]]) -> tuple[float, float]:
    """Of a stretch of (left, right, rows that cross), the widest part that the fewest cross."""
    least = min(crossing for _, _, crossing in stretch)
    found: list[list[float]] = []
    for low, high, crossing in stretch:
        if crossing > least:
            continue
        if found and found[-1][1] == low:
            found[-1][1] = high
        else:
            found.append([low, high])
    low, high = max(found, key=lambda part: part[1] - part[0])
    return low, high


def _without_marks(middles: list[float], rows: Sequence[Row]) -> list[float]:
    """*middles* without those that part a currency or a percent sign from its figure."""
    kept = list(middles)
    for at in range(len(middles) + 1):
        low = middles[at - 1] if at else -np.inf
        high = middles[at] if at < len(middles) else np.inf
        texts = [
            line.text
            for row in rows
            for line in row
            if low <= (line.box.left + line.box.right) / 2 < high
        ]
        if not texts or any(set(text) - _MARKS for text in texts):
            continue
        # Before its figure stands a currency; what is last stands behind one.
        gone = high if at < len(middles) and set("".join(texts)) <= set("$€£¥(") else low
        if gone in kept and len(middles) > 1:
            kept.remove(gone)
    return kept


def entries_of(row: Row, columns: Columns) -> list[Entry]:
    """*row*'s pieces with the columns that they stand in; one over several cells is parted."""
    out: list[Entry] = []
    for line in row:
        for piece in _in_cells(line, columns):
            first, last = _reach(piece, columns)
            if not out or first > out[-1].last:
                out.append(Entry(first, last, piece))
            elif last > out[-1].last and first < last:
                out.append(Entry(out[-1].last + 1, last, piece))
            else:
                out[-1] = _together(out[-1], piece, last)
    return out


def _together(before: Entry, piece: Line, last: int) -> Entry:
    words = (*before.line.words, *piece.words)
    box = Box.around((before.line.box, piece.box))
    return Entry(before.first, max(before.last, last), replace(before.line, words=words, box=box))


def _reach(piece: Line, columns: Columns) -> tuple[int, int]:
    """The first and last column over whose entries *piece* stands by more than a letter or two."""
    left, right = piece.box.left, piece.box.right
    slack = min(0.3 * piece.box.width, 0.8 * piece.size)
    over = [
        at
        for at, (low, high) in enumerate(columns.extents)
        if min(right, high) - max(left, low) > slack
    ]
    middle = columns.at((left + right) / 2)
    return (over[0], over[-1]) if over else (middle, middle)


def _in_cells(line: Line, columns: Columns) -> list[Line]:
    """*line* parted at the white between its words where that is wider than a space."""
    first, last = columns.at(line.box.left), columns.at(line.box.right)
    if first == last or len(line.words) < 2:
        return [line]
    gaps = [two.box.left - one.box.right for one, two in pairwise(line.words)]
    begun = [
        next(
            (at for at, w in enumerate(line.words[1:]) if abs(w.box.left - start) < _ALIGNED), None
        )
        for start in columns.starts[first + 1 : last + 1]
    ]
    if begun and None not in begun and abs(line.box.left - columns.starts[first]) < _ALIGNED:
        # Its words begin where the entries of each column do.
        bounds = sorted({0, len(line.words), *(at + 1 for at in begun if at is not None)})
        return [piece_of(line, line.words[low:high]) for low, high in pairwise(bounds)]
    homes = [columns.at((word.box.left + word.box.right) / 2) for word in line.words]
    if len(homes) >= _ONE_EACH and homes == list(range(homes[0], homes[0] + len(homes))):
        return [piece_of(line, [word]) for word in line.words]
    cuts = {_nearest_gap(line, gaps, columns, part) for part in range(first, last)}
    usual = float(np.median([gap for at, gap in enumerate(gaps) if at not in cuts] or [0.0]))
    wide = max(_PARTED * line.size, 1.4 * usual)
    if None in cuts or any(at is not None and gaps[at] < wide for at in cuts):
        return [line]
    bounds = sorted({0, len(line.words), *(at + 1 for at in cuts if at is not None)})
    return [piece_of(line, line.words[low:high]) for low, high in pairwise(bounds)]


def _nearest_gap(line: Line, gaps: Sequence[float], columns: Columns, part: int) -> int | None:
    """The widest gap of *line* near to where column *part* ends; a long name may pass that."""
    edges = columns.edges()
    x = edges[part + 1]
    reach = _PASSING * min(x - edges[part], edges[part + 2] - x)
    near = [
        at
        for at, (one, two) in enumerate(pairwise(line.words))
        if one.box.right - reach < x < two.box.left + reach
    ]
    return max(near, key=lambda at: gaps[at], default=None)
