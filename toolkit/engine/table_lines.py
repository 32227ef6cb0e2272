"""The lines that are drawn in the place of a table, and what they part."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toolkit.document.geometry import Box

__all__ = ["Drawn", "drawn_in"]

Floats = NDArray[np.float64]

# A line of this share of the table's width parts its rows; a shorter one groups columns.
_ACROSS = 0.8
_LEAST = 8.0
_THIN = 3.0
_SAME = 2.5
# An upright line of this share of the table's height parts columns.
_DOWN = 0.4


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """The lines drawn in a place: level ones (y, left, right), and where upright ones are."""

    level: tuple[tuple[float, float, float], ...]
    upright: tuple[float, ...]
    sides: tuple[tuple[float, float, float], ...] = ()
    """All upright ones as they are drawn: (x, top, bottom)."""

    def across(self, left: float, right: float, share: float = _ACROSS) -> list[float]:
        """The heights at which lines go across *share* of *left* to *right*, pieces together."""
        heights: dict[float, float] = {}
        for y, start, end in self.level:
            shared = min(end, right) - max(start, left)
            near = next((at for at in heights if abs(at - y) < _SAME), y)
            heights[near] = heights.get(near, 0.0) + max(0.0, shared)
        return sorted(y for y, long in heights.items() if long >= share * (right - left))

    def is_at(self, x: float, y: float) -> bool:
        """Whether a level line is drawn at this place."""
        return any(abs(at - y) < _SAME and start <= x <= end for at, start, end in self.level)


def drawn_in(box: Box, rules: Floats, panels: Floats) -> Drawn:
    """Those of *rules*, and the edges of *panels* as wide as a table, that lie in *box*."""
    level: list[tuple[float, float, float]] = []
    down: dict[float, float] = {}
    sides: list[tuple[float, float, float]] = []
    near = _meeting(rules, box)
    for left, top, right, bottom in near.tolist():
        if right - left >= max(_LEAST, bottom - top):
            level.append(((top + bottom) / 2, left, right))
        elif bottom - top >= _LEAST / 2:
            x = (left + right) / 2
            known = next((at for at in down if abs(at - x) < _SAME), x)
            down[known] = down.get(known, 0.0) + min(bottom, box.bottom) - max(top, box.top)
            sides.append((known, top, bottom))
    for left, top, right, bottom in _meeting(panels, box).tolist():
        high = bottom - top
        if _THIN < high < 0.9 * box.height and right - left >= _ACROSS * box.width:
            level += [(top, left, right), (bottom, left, right)]
    upright = sorted(x for x, high in down.items() if high >= _DOWN * box.height)
    return Drawn(tuple(sorted(set(level))), tuple(upright), tuple(sides))


def _meeting(boxes: Floats, box: Box) -> Floats:
    inside = (boxes[:, 0] < box.right + 2) & (boxes[:, 2] > box.left - 2)
    found: Floats = boxes[inside & (boxes[:, 1] < box.bottom + 3) & (boxes[:, 3] > box.top - 3)]
    return found
