"""Vertical writing: from top to bottom, and column by column to the left.

That is the way of text that is turned by a quarter clockwise, and is told as such: all that reads
text on its side reads it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from toolkit.engine.marks import Glyphs

__all__ = ["with_columns"]

# CJK radicals to ideographs, kana, full-width forms: what is set in squares.
_FIRST, _LAST = "\u2e80", "\uffef"
_CLOCKWISE = 270
# In shares of the size: how near the next character of a column is, and how much farther away
# those beside it are.
_PITCH, _APART = 1.35, 1.25
_FEWEST = 3
_MOST = 0.7
# Where the baseline of text on its side would be, from the middle of its column.
_BASE = 0.28


def with_columns(glyphs: Glyphs) -> Glyphs:
    """*glyphs*, those in columns from top to bottom as if turned by a quarter clockwise."""
    if not glyphs.text or max(glyphs.text) < _FIRST:
        return glyphs
    square = np.array([_FIRST <= char <= _LAST for char in glyphs.text], dtype=bool)
    chosen = np.flatnonzero(square & (glyphs.angles == 0) & ~glyphs.stray)
    if len(chosen) < _FEWEST:
        return glyphs
    stacked = chosen[_stacked(glyphs, chosen)]
    if not len(stacked):
        return glyphs
    angles, origins = glyphs.angles.copy(), glyphs.origins.copy()
    boxes = glyphs.boxes[stacked]
    angles[stacked] = _CLOCKWISE
    origins[stacked, 0] = (boxes[:, 0] + boxes[:, 2]) / 2 - _BASE * glyphs.sizes[stacked]
    origins[stacked, 1] = boxes[:, 1]
    return replace(glyphs, angles=angles, origins=origins)


def _stacked(glyphs: Glyphs, chosen: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Mark those of *chosen*, which stand upright, that are read from top to bottom."""
    boxes, sizes = glyphs.boxes[chosen], np.maximum(glyphs.sizes[chosen], 1.0)
    x, y = (boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2
    unit = 0.5 * float(np.median(sizes))
    down, column = _steps(y, x, unit)
    across, _ = _steps(x, y, unit)
    lonely = (down <= _PITCH * sizes) & (across > _APART * down)
    out = np.zeros(len(chosen), dtype=bool)
    for run in column:
        inside = np.array(run)
        if len(run) >= _FEWEST and lonely[inside].mean() >= _MOST:
            out[inside] = True
    return out


def _steps(
    along: NDArray[np.float64], beside: NDArray[np.float64], unit: float
) -> tuple[NDArray[np.float64], list[list[int]]]:
    """How far the nearest of the same row is *along* it, and the rows' runs without a gap."""
    rows = np.round(beside / unit)
    order = np.lexsort((along, rows))
    step = np.diff(along[order])
    step[np.diff(rows[order]) != 0] = np.inf
    nearest = np.full(len(along), np.inf)
    nearest[order[:-1]] = step
    nearest[order[1:]] = np.minimum(nearest[order[1:]], step)
    cuts = np.flatnonzero(step > 2 * _PITCH * unit) + 1
    return nearest, [part.tolist() for part in np.split(order, cuts)]
