"""Pages too large or too long for one look: lines are looked for band by band."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from toolkit.engine.ocr.detection import MOST_PIXELS, SIDES, WIDTHS, Quads, Rgb, quads_at

__all__ = ["text_quads"]

LONG: Final = 2.0
"""Longer side over the shorter one: from here on a picture is a receipt or a screenshot, which
scaled to one look shows its letters too small, however sharp they are."""
SMALL: Final = 11.0
"""Pixels of the detector's map: the usual height of a line's rectangle below which letters run
together. Pages of books and papers at one look have 14 to 20, footnotes alone 11 and 12."""
WANTED: Final = 16.0
FEWEST: Final = 8
"""Lines that say how large the type of a page is."""
OVERLAP: Final = 192
"""Pixels of the map that two bands share: each line lies whole in one of them."""
SAME: Final = 0.5
"""Of a rectangle's area: under another band's by more, it is the same line, or a piece of it."""


def text_quads(picture: Rgb, check: Callable[[], None] = lambda: None) -> Quads:
    """The rectangles of text on *picture*, in its pixels, in no order of reading.

    *check* is called between bands and may raise. Raises OcrError, MemoryExceeded.
    """
    height, width = picture.shape[:2]
    once = min(1.0, SIDES[-1] / max(height, width))
    if once < 1 and max(height, width) > LONG * min(height, width):
        return _banded(picture, _fitting(min(1.0, SIDES[-1] / min(height, width)), width), check)
    found = quads_at(picture, once)
    if once == 1 or len(found) < FEWEST:
        return found
    usual = float(np.median(_heights(found))) * once
    if usual >= SMALL:
        return found
    check()
    return _banded(picture, _fitting(min(1.0, once * WANTED / usual), width), check)


def _fitting(scale: float, width: int) -> float:
    return min(scale, WIDTHS[-1] / width)


def _heights(quads: Quads) -> NDArray[np.float32]:
    across = np.linalg.norm(quads[:, 1] - quads[:, 0], axis=1)
    down = np.linalg.norm(quads[:, 3] - quads[:, 0], axis=1)
    return np.asarray(np.minimum(across, down), np.float32)


def _banded(picture: Rgb, scale: float, check: Callable[[], None]) -> Quads:
    """The rectangles of bands from the top, each looked at with *scale*."""
    height, width = picture.shape[:2]
    wide = next(side for side in WIDTHS if round(width * scale) <= side)
    high = max(side for side in SIDES if side * wide <= MOST_PIXELS)
    step = (high - OVERLAP) / scale
    count = max(1, int(np.ceil((height * scale - OVERLAP) / (high - OVERLAP))))
    found: Quads = np.empty((0, 4, 2), np.float32)
    for at in range(count):
        check()
        top = round(at * step)
        band = quads_at(picture[top : top + int(high / scale)], scale)
        band[:, :, 1] += np.float32(top)
        found = _joined(found, band, top)
    return found


def _joined(above: Quads, band: Quads, top: int) -> Quads:
    """The rectangles of both, those seen twice once: of two the larger, for the other was cut."""
    near = above[:, :, 1].max(axis=1) > top if len(above) else np.empty(0, np.bool_)
    shared, boxes = _boxes(above[near]), _boxes(band)
    if not len(shared) or not len(boxes):
        return np.concatenate([above, band])
    corner = np.maximum(shared[:, None, :2], boxes[None, :, :2])
    other = np.minimum(shared[:, None, 2:], boxes[None, :, 2:])
    overlap = np.clip(other - corner, 0, None).prod(axis=2)
    first, second = _areas(shared), _areas(boxes)
    larger = first[:, None] >= second[None, :]
    gone = ((overlap > SAME * second[None, :]) & larger).any(axis=0)
    passed = ((overlap > SAME * first[:, None]) & ~larger).any(axis=1)
    kept = np.concatenate([above[~near], above[near][~passed]])
    return np.concatenate([kept, band[~gone]])


def _boxes(quads: Quads) -> NDArray[np.float32]:
    return np.hstack([quads.min(axis=1), quads.max(axis=1)]).reshape(-1, 4)


def _areas(boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray((boxes[:, 2:] - boxes[:, :2]).prod(axis=1), np.float32)
