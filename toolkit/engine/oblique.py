"""Text that stands neither upright nor on its side: stamps over a page, labels aslant, curves."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

__all__ = ["STRAIGHT", "along", "reach", "slants"]

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

STRAIGHT = 6
"""Degrees: letters that differ by more stand on a curve."""
# In shares of the size: no step to the next letter is wider than the first; few letters are wider
# than the second; most are as wide as the third.
_NEXT, _WIDEST, _USUAL = 1.05, 0.85, 0.5
_ROW = 0.35


def slants(angles: NDArray[np.int16], chosen: Indices) -> Iterator[tuple[int, Indices]]:
    """(degrees, indices) of those of *chosen* that stand in one direction, no quarter turn.

    A little turned to and fro is one direction: the most usual of them.
    """
    own = angles[chosen]
    degrees, counts = np.unique(own, return_counts=True)
    aslant = degrees % 90 != 0
    degrees, counts = degrees[aslant], counts[aslant]
    first = 0
    for at in range(1, len(degrees) + 1):
        if at == len(degrees) or degrees[at] - degrees[first] > STRAIGHT:
            usual = int(degrees[first:at][counts[first:at].argmax()])
            inside = (own >= degrees[first]) & (own <= degrees[at - 1]) & (own % 90 != 0)
            yield usual, chosen[inside]
            first = at


def along(origins: Floats, angle: int) -> tuple[Floats, Floats]:
    """How far along its line, and how far down, each of *origins* is, (n, 2) from the top left.

    *angle* is in degrees counter-clockwise.

    >>> [part.round(2).tolist() for part in along(np.array([[0.0, 10.0], [7.0, 3.0]]), 45)]
    [[-7.07, 2.83], [7.07, 7.07]]
    """
    turn = np.deg2rad(angle)
    x, y = origins.T
    return x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)


def reach(left: Floats, base: Floats, sizes: Floats) -> Floats:
    """Where along its line each glyph ends: at the next one, or after half an em.

    No reader tells the advance of such glyphs in a way that holds for all files.
    """
    out = left + _USUAL * sizes
    order = np.lexsort((left, np.round(base / np.maximum(_ROW * sizes, 1.0))))
    step = np.diff(left[order])
    near = (step > 0) & (step <= _NEXT * sizes[order][:-1])
    near &= np.abs(np.diff(base[order])) <= _ROW * sizes[order][:-1]
    widest = left + _WIDEST * sizes
    out[order[:-1][near]] = np.minimum(left[order][1:], widest[order][:-1])[near]
    return out
