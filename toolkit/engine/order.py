"""Reading order: columns by their gutters, from the top, left before right.

A gutter is white space that no line crosses over a stretch of the page; lines that span it end
the stretch. Found again inside each column, so that columns may hold columns.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from toolkit.document.geometry import Box

__all__ = ["columns", "in_rows"]

Floats = NDArray[np.float64]
_Ends = tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.bool_]]

# Tried on labelled pages: narrower gutters part words, fewer lines part tables and forms.
_GUTTER = 6.0
_LEAST_LINES = 3
_LEAST_WIDTH = 0.12
_MOST_CANDIDATES = 80
# A title beside a column of text is larger than it by this, and may be a single line.
_TITLE = 1.5
# Both sides in step and mostly white: cells of a table, to be read across.
_IN_STEP = 0.8
_FULL = 0.55
# Lines of one paragraph leave less white between them, in heights.
_LINE_BELOW = 0.6


def columns(boxes: Sequence[Box], page_width: float) -> list[list[int]]:
    """Indices of *boxes* (lines, tables) by column, in reading order; each exactly once.

    >>> left = [Box(0, y, 200, y + 10) for y in range(0, 60, 12)]
    >>> right = [Box(220, y, 420, y + 10) for y in range(0, 60, 12)]
    >>> columns(left + right, 420)
    [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]]
    """
    if not boxes:
        return []
    table = np.array([(b.left, b.top, b.right, b.bottom) for b in boxes], dtype=float)
    parts = _parted(table, np.arange(len(table)), _LEAST_WIDTH * page_width, 0)
    return [[int(index) for index in part] for part in parts if len(part)]


def _parted(
    table: Floats, chosen: NDArray[np.intp], least: float, depth: int
) -> list[NDArray[np.intp]]:
    gutter = _best_gutter(table[chosen], least) if len(chosen) >= 2 * _LEAST_LINES else None
    if gutter is None or depth > 8:
        return [chosen]
    edge, bands = gutter
    middle = (table[chosen, 1] + table[chosen, 3]) / 2
    out: list[NDArray[np.intp]] = []
    above = -np.inf
    for top, bottom in bands:
        between = chosen[(middle >= above) & (middle < top)]
        inside = chosen[(middle >= top) & (middle <= bottom)]
        out += _parted(table, between, least, depth + 1)
        on_left = table[inside, 0] < edge - 0.5
        out += _parted(table, inside[on_left], least, depth + 1)
        out += _parted(table, inside[~on_left], least, depth + 1)
        above = np.nextafter(bottom, np.inf)
    out += _parted(table, chosen[middle >= above], least, depth + 1)
    return out


def _best_gutter(table: Floats, least: float) -> tuple[float, list[tuple[float, float]]] | None:
    """The gutter with most lines on its poorer side: its right edge, and its bands from the top."""
    edges = np.unique(np.round(table[:, 0] * 2) / 2)
    edges = edges[edges > table[:, 0].min() + least]
    if len(edges) > _MOST_CANDIDATES:
        edges = edges[:: len(edges) // _MOST_CANDIDATES + 1]
    best: tuple[float, list[tuple[float, float]]] | None = None
    best_score = 0.0
    ends = _ends(table)
    for edge in edges:
        bands = _bands(table, ends, float(edge), least)
        score = sum(lines for _, _, lines in bands)
        if score > best_score:
            best, best_score = (float(edge), [(top, bottom) for top, bottom, _ in bands]), score
    return best


def _bands(
    table: Floats, ends: _Ends, edge: float, least: float
) -> list[tuple[float, float, float]]:
    """(top, bottom, lines) of each stretch in which columns stand on both sides of *edge*."""
    left, top, right, bottom = table.T
    middle = (top + bottom) / 2
    is_right = left >= edge - 0.5
    is_left = ~is_right & (right <= edge - _GUTTER + 0.5)
    is_crossing = _with_ends(ends, ~is_right & ~is_left)
    crossing = np.sort(middle[is_crossing])
    # Between which two crossing lines each stands; one at the height of any of them counts nowhere.
    between = np.searchsorted(crossing, middle)
    beside = ~is_crossing & (between == np.searchsorted(crossing, middle, side="right"))
    is_left, is_right = is_left & beside, is_right & beside
    many = len(crossing) + 1
    on_left = np.bincount(between[is_left], minlength=many)
    on_right = np.bincount(between[is_right], minlength=many)
    both = (np.minimum(on_left, on_right) > 0) & (np.maximum(on_left, on_right) >= _LEAST_LINES)
    found = []
    for stretch in np.flatnonzero(both):
        inside = between == stretch
        first, second = table[inside & is_left], table[inside & is_right]
        lines = _lines_beside(first, second, least)
        if lines > 0:
            every = np.vstack((first, second))
            mid = (every[:, 1] + every[:, 3]) / 2
            found.append((float(mid.min()), float(mid.max()), lines))
    return found


def _ends(table: Floats) -> _Ends:
    """What stands alone right below each line, and whether it may be its paragraph's last."""
    left, top, _, bottom = table.T
    height = bottom - top
    order = np.argsort(top, kind="stable")
    # The tops between a line's middle and where the next one's would be at the latest.
    first = np.searchsorted(top[order], (top + bottom) / 2, side="right")
    end = np.searchsorted(top[order], bottom + height)
    above = np.flatnonzero(end - first == 1)
    last = order[first[above]]
    near = top[last] - bottom[above] < _LINE_BELOW * height[above]
    alike = np.abs(bottom[last] - top[last] - height[above]) < 0.1 * height[above]
    return above, last, near & alike & (np.abs(left[last] - left[above]) < 2.0)


def _with_ends(ends: _Ends, crossing: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """*crossing* with the short last line of each paragraph that crosses a gutter.

    It begins where the line above does, right below it, and nothing stands beside it.
    """
    above, last, ends_there = ends
    out = crossing.copy()
    asked = crossing[above] & ~crossing[last]
    out[last[asked]] = ends_there[asked]
    return out


def _lines_beside(first: Floats, second: Floats, least: float) -> float:
    """How many lines the poorer side has where both sides are; 0 where they are no columns."""
    for side in (first, second):
        if side[:, 2].max() - side[:, 0].min() < least:
            return 0.0
    top = max(first[:, 1].min(), second[:, 1].min())
    bottom = min(first[:, 3].max(), second[:, 3].max())
    beside = [side[(side[:, 3] > top) & (side[:, 1] < bottom)] for side in (first, second)]
    fewest = min(map(len, beside))
    if fewest < 1 or (fewest < _LEAST_LINES and not _is_title(beside[0], beside[1])):
        return 0.0
    if fewest >= _LEAST_LINES and _is_grid(beside[0], beside[1]):
        return 0.0
    return float(min(len(_rows(side)) for side in beside))


def _is_title(first: Floats, second: Floats) -> bool:
    """Whether the side of fewer lines is a title beside text: much larger type, no more lines."""
    few, many = sorted((first, second), key=len)
    if len(few) >= _LEAST_LINES or len(many) < _LEAST_LINES:
        return False
    height = np.median(many[:, 3] - many[:, 1])
    return bool((few[:, 3] - few[:, 1]).min() > _TITLE * height)


def _is_grid(first: Floats, second: Floats) -> bool:
    """Whether the two sides look like cells: in step, and with much white in them."""
    fills = []
    for side in (first, second):
        width = side[:, 2].max() - side[:, 0].min()
        fills.append(float(np.median(side[:, 2] - side[:, 0]) / max(width, 1.0)))
    if max(fills) >= _FULL:
        return False
    few, many = sorted((first, second), key=len)
    near = np.abs(few[:, 3][:, None] - many[:, 3][None, :]).min(axis=1)
    return float((near < 2.0).mean()) >= _IN_STEP


def _rows(side: Floats) -> list[float]:
    rows: list[float] = []
    for bottom in np.sort(side[:, 3]):
        if not rows or bottom - rows[-1] > 2.0:
            rows.append(float(bottom))
    return rows


def in_rows(boxes: Sequence[Box], chosen: Sequence[int]) -> list[list[int]]:
    """*chosen* of *boxes* as rows from the top, each from the left.

    Two boxes stand in one row where they overlap in height by more than half of the lower one.
    """
    rows: list[list[int]] = []
    for index in sorted(
        chosen, key=lambda i: ((boxes[i].top + boxes[i].bottom) / 2, boxes[i].left)
    ):
        box = boxes[index]
        if rows:
            last = boxes[rows[-1][0]]
            shared = min(last.bottom, box.bottom) - max(last.top, box.top)
            if shared > 0.5 * min(last.height, box.height):
                rows[-1].append(index)
                continue
        rows.append([index])
    return [sorted(row, key=lambda i: boxes[i].left) for row in rows]
