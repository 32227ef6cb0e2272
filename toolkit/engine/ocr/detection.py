"""Where the lines of text are: the detector's map of a page, and the rectangles in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from toolkit.engine.ocr.failures import translated
from toolkit.engine.ocr.sessions import Pixels, session

__all__ = ["MOST_PIXELS", "SIDES", "WIDTHS", "Quads", "Rgb", "quads_at"]

Rgb = NDArray[np.uint8]
"""A picture, shape (height, width, 3)."""
Quads = NDArray[np.float32]
"""Rectangles at any angle, shape (n, 4, 2): top left, top right, bottom right, bottom left."""

MODEL: Final = "ppocrv6/tiny/det/det.onnx"
SIDES: Final = (320, 640, 960, 1280)
"""Pixels: a page is scaled down to the largest and padded with white to one of these on each side,
since an engine keeps memory for every shape that it has seen."""
WIDTHS: Final = (*SIDES, 1920, 2560)
"""The same for the width of a band of a page, which is not as high."""
MOST_PIXELS: Final = SIDES[-1] ** 2
"""What the model takes at once: its memory grows with it."""
MEAN: Final = np.array([0.485, 0.456, 0.406], np.float32) * 255
DEVIATION: Final = np.array([0.229, 0.224, 0.225], np.float32) * 255

# As the model was published: pixels above 0.2 are text, and a rectangle of them counts from 0.4.
PIXEL: Final = 0.2
RECTANGLE: Final = 0.4
GROWTH: Final = 1.4
"""The map shows lines shrunk by their area over their outline; by this times that they grow."""
SMALLEST: Final = 3.0
"""Pixels of the map: what is thinner is a speck."""
MOST: Final = 3000


def quads_at(picture: Rgb, scale: float) -> Quads:
    """The rectangles of text on *picture* looked at with *scale*, in its pixels, in no order.

    Raises OcrError, MemoryExceeded.
    """
    with translated("looking for lines"):
        padded = _padded(picture, scale)
        chances = session(MODEL)(_input(padded))[0, 0]
        found = _rectangles(chances)
        return np.asarray(found, np.float32).reshape(-1, 4, 2) / np.float32(scale)


def _padded(picture: Rgb, scale: float) -> Rgb:
    height, width = (max(1, round(side * scale)) for side in picture.shape[:2])
    small = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
    padded = np.full((_bucket(height, SIDES), _bucket(width, WIDTHS), 3), 255, np.uint8)
    padded[:height, :width] = small
    return padded


def _bucket(side: int, buckets: tuple[int, ...]) -> int:
    return next(bucket for bucket in buckets if side <= bucket)


def _input(picture: Rgb) -> Pixels:
    """As the model was trained: blue first, normalised, channels before rows."""
    out = np.empty((1, 3, *picture.shape[:2]), np.float32)
    for channel in range(3):
        # Each in its place: a page of this size is 20 MB, and so is every copy of it.
        np.multiply(picture[:, :, 2 - channel], 1 / DEVIATION[channel], out=out[0, channel])
        out[0, channel] -= MEAN[channel] / DEVIATION[channel]
    return out


def _rectangles(chances: Pixels) -> list[Any]:
    mask = (chances > PIXEL).astype(np.uint8)
    outlines, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    found = []
    for outline in outlines[:MOST]:
        centre, (width, height), angle = cv2.minAreaRect(outline)
        if min(width, height) < SMALLEST:
            continue
        if _mean_inside(chances, _corners(centre, width, height, angle)) < RECTANGLE:
            continue
        by = 2 * GROWTH * width * height / (2 * (width + height))
        found.append(_in_order(_corners(centre, width + by, height + by, angle)))
    return found


def _corners(
    centre: Sequence[float], width: float, height: float, angle: float
) -> NDArray[np.float32]:
    return np.asarray(cv2.boxPoints((centre, (width, height), angle)), np.float32)


def _mean_inside(chances: Pixels, corners: NDArray[np.float32]) -> float:
    left, top = np.maximum(np.floor(corners.min(axis=0)).astype(int), 0)
    right, bottom = np.ceil(corners.max(axis=0)).astype(int) + 1
    part = chances[top:bottom, left:right]
    inside = np.zeros(part.shape, np.uint8)
    cv2.fillConvexPoly(inside, np.round(corners - (left, top)).astype(np.int32), 1)
    return float(cv2.mean(part, inside)[0])


def _in_order(corners: NDArray[np.float32]) -> NDArray[np.float32]:
    """From the top left clockwise, for a rectangle that is turned by less than 45°."""
    by_sum, by_difference = corners.sum(axis=1), corners[:, 1] - corners[:, 0]
    order = [by_sum.argmin(), by_difference.argmin(), by_sum.argmax(), by_difference.argmax()]
    return corners[order]
