"""Where in a strip each character stands: the model says about where, the ink says exactly."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from toolkit.engine.ocr.detection import Rgb
from toolkit.engine.ocr.reading import Reading

__all__ = ["spans"]

FAINT: Final = 0.3
"""Of the strongest contrast of a strip: what is weaker is paper."""
REACH: Final = 40.0
"""Pixels of a strip: no character reaches further to one side of its middle."""


def spans(strip: Rgb, reading: Reading) -> NDArray[np.float32]:
    """Left, top, right, bottom in pixels of *strip* of each character read, shape (n, 4).

    Two neighbours part at the widest gap in the ink between their middles, or where the ink is
    thinnest; a space takes the gap.
    """
    ink = _ink(strip)
    columns = ink.sum(axis=0)
    inked = np.flatnonzero(ink.any(axis=1))
    top, bottom = (inked[0], inked[-1] + 1) if len(inked) else (0, len(ink))
    found = np.zeros((len(reading.text), 4), np.float32)
    found[:, 1], found[:, 3] = top, bottom
    visible = [i for i, char in enumerate(reading.text) if char != " "]
    _part(found, columns, reading, visible)
    _fill_spaces(found, visible)
    return found


def _ink(strip: Rgb) -> NDArray[np.bool_]:
    """Where something is written, in whatever colour on whatever paper."""
    grey = strip.mean(axis=2, dtype=np.float32)
    contrast = np.abs(grey - np.median(grey))
    return np.asarray(contrast > max(24.0, FAINT * float(np.quantile(contrast, 0.98))), np.bool_)


def _part(
    found: NDArray[np.float32], columns: NDArray[np.int64], reading: Reading, visible: list[int]
) -> None:
    if not visible:
        return
    width = len(columns)
    middles = np.clip(reading.middles, 0, width - 1)
    first, last = visible[0], visible[-1]
    inked = np.flatnonzero(columns)
    near = inked[(inked >= middles[first] - REACH) & (inked <= middles[first])]
    found[first, 0] = near[0] if len(near) else middles[first]
    for left, right in pairwise(visible):
        end, start = _gap(columns, int(middles[left]), int(middles[right]))
        found[left, 2], found[right, 0] = end, start
    near = inked[(inked <= middles[last] + REACH) & (inked >= middles[last])]
    found[last, 2] = near[-1] + 1 if len(near) else middles[last] + 1
    # Two middles in one column leave nothing between them.
    found[:, 2] = np.maximum(found[:, 2], found[:, 0] + 1)


def _gap(columns: NDArray[np.int64], left: int, right: int) -> tuple[int, int]:
    """The first and the last column of the widest gap between two middles."""
    if right - left < 2:
        return right, right
    between = columns[left : right + 1]
    empty = np.flatnonzero(np.diff(np.concatenate([[0], between == 0, [0]]).astype(np.int8)))
    if len(empty):
        starts, ends = empty[::2], empty[1::2]
        widest = int((ends - starts).argmax())
        return left + int(starts[widest]), left + int(ends[widest])
    thin = np.flatnonzero(between == between.min())
    at = left + int(thin[np.abs(thin - (right - left) / 2).argmin()])
    return at, at


def _fill_spaces(found: NDArray[np.float32], visible: list[int]) -> None:
    """Spaces share what lies between the characters on both sides."""
    for left, right in pairwise(visible):
        count = right - left - 1
        if count:
            edges = np.linspace(found[left, 2], found[right, 0], count + 1)
            found[left + 1 : right, 0], found[left + 1 : right, 2] = edges[:-1], edges[1:]
