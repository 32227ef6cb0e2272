"""Where a line that is too long for the models is cut: between two words."""

from __future__ import annotations

from typing import Final

import numpy as np

from toolkit.engine.ocr.detection import Rgb

__all__ = ["cuts"]

MIDDLE: Final = 0.2
"""Of a strip's width, to both sides of its middle: there it is cut."""
EVEN: Final = 4.0
"""Shades by which an empty column may vary."""


def cuts(strip: Rgb, widest: int) -> list[int]:
    """The columns at which *strip* is cut, both ends with them, so that no piece is wider.

    >>> cuts(np.zeros((48, 100, 3), np.uint8), 60)
    [0, 50, 100]
    """
    width = strip.shape[1]
    if width <= widest:
        return [0, width]
    at = _gap(strip)
    after = cuts(strip[:, at:], widest)
    return [*cuts(strip[:, :at], widest), *(at + column for column in after[1:])]


def _gap(strip: Rgb) -> int:
    """The middle of the widest run of empty columns near the middle of *strip*."""
    width = strip.shape[1]
    first, last = int(width * (0.5 - MIDDLE)), int(width * (0.5 + MIDDLE))
    varied = strip[:, first:last].mean(axis=2).std(axis=0)
    empty = varied <= max(EVEN, float(varied.min()))
    edges = np.flatnonzero(np.diff(np.concatenate([[0], empty, [0]]).astype(np.int8)))
    starts, ends = edges[::2], edges[1::2]
    widest = int((ends - starts).argmax())
    return first + int(starts[widest] + ends[widest]) // 2
