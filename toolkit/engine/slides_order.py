"""The reading order of shapes on a slide: rows and columns of white space, found again inside."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TypeAlias

from toolkit.document.geometry import Box

__all__ = ["in_reading_order"]

_Strips: TypeAlias = tuple[float, list[list[int]]]

# Boxes of text are larger than their text, and neighbours overlap a little.
_SHRUNK, _MOST_SLACK = 0.08, 9.0
# Of two columns each is read down before the other, unless the rows are clearly parted further.
_COLUMN_FAVOUR = 1.5
_DEEPEST = 40


def in_reading_order(boxes: Sequence[Box]) -> list[int]:
    """Indices of *boxes*, each exactly once: rows from the top, columns from the left.

    >>> heads = [Box(0, 0, 100, 20), Box(120, 0, 220, 20)]
    >>> bodies = [Box(0, 22, 100, 90), Box(120, 22, 220, 90)]
    >>> in_reading_order([heads[1], bodies[1], heads[0], bodies[0]])
    [2, 3, 0, 1]
    """
    return _ordered(boxes, list(range(len(boxes))), 0)


def _ordered(boxes: Sequence[Box], chosen: list[int], depth: int) -> list[int]:
    out: list[int] = []
    while len(chosen) > 1 and depth < _DEEPEST:
        parts = _best_cut(boxes, chosen)
        if parts is not None:
            out += [index for part in parts for index in _ordered(boxes, part, depth + 1)]
            return out
        # Nothing parts them: the largest is what the others lie on or beside.
        largest = max(chosen, key=lambda index: (boxes[index].area, -index))
        if not _holds_another(boxes, largest, chosen):
            break
        out.append(largest)
        chosen = [index for index in chosen if index != largest]
    return out + _by_place(boxes, chosen)


def _best_cut(boxes: Sequence[Box], chosen: list[int]) -> list[list[int]] | None:
    rows, columns = _rows(boxes, chosen), _columns(boxes, chosen)
    if rows is None or columns is None:
        return columns[1] if columns else _with_columns(boxes, rows[1]) if rows else None
    # Three columns or more beside each other in rows are a grid, which is read across.
    favour = _COLUMN_FAVOUR if len(columns[1]) == 2 else 0.7
    return columns[1] if columns[0] * favour > rows[0] else rows[1]


def _with_columns(boxes: Sequence[Box], rows: list[list[int]]) -> list[list[int]]:
    """*rows* with those put together again that one gutter runs through."""
    parts = [rows[0]]
    for row in rows[1:]:
        both = [*parts[-1], *row]
        if all(_columns(boxes, part) is not None for part in (parts[-1], row, both)):
            parts[-1] = both
        else:
            parts.append(row)
    return parts


def _rows(boxes: Sequence[Box], chosen: list[int]) -> _Strips | None:
    return _strips([(boxes[index].top, boxes[index].bottom, index) for index in chosen])


def _columns(boxes: Sequence[Box], chosen: list[int]) -> _Strips | None:
    return _strips([(boxes[index].left, boxes[index].right, index) for index in chosen])


def _strips(ranges: list[tuple[float, float, int]]) -> _Strips | None:
    """The widest gap that no range crosses, and the indices between all the gaps; None without."""
    ranges.sort()
    strips: list[list[int]] = []
    reach = edge = -math.inf
    widest = 0.0
    for low, high, index in ranges:
        slack = min(_MOST_SLACK, _SHRUNK * (high - low))
        if low + slack > reach:
            if strips:
                widest = max(widest, low - edge)
            strips.append([])
        strips[-1].append(index)
        reach, edge = max(reach, high - slack), max(edge, high)
    return (widest, strips) if len(strips) > 1 else None


def _holds_another(boxes: Sequence[Box], largest: int, chosen: list[int]) -> bool:
    box = boxes[largest]
    return any(box.overlap(boxes[i]) > 0.5 * boxes[i].area for i in chosen if i != largest)


def _by_place(boxes: Sequence[Box], chosen: list[int]) -> list[int]:
    """Rows by overlap of heights, each from the left."""
    ranked = sorted(chosen, key=lambda i: ((boxes[i].top + boxes[i].bottom) / 2, boxes[i].left, i))
    rows: list[list[int]] = [ranked[:1]] if ranked else []
    for before, index in pairwise(ranked):
        one, other = boxes[before], boxes[index]
        shared = min(one.bottom, other.bottom) - max(one.top, other.top)
        if shared > 0.5 * min(one.height, other.height):
            rows[-1].append(index)
        else:
            rows.append([index])
    return [index for row in rows for index in sorted(row, key=lambda i: (boxes[i].left, i))]
