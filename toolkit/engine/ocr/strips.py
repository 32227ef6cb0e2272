"""The strip of a picture that a rectangle marks, and the way back from it to the picture."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from toolkit.engine.ocr.detection import Quads, Rgb
from toolkit.engine.ocr.reading import HEIGHT, scaled

__all__ = ["Strip", "strip", "turned"]


@dataclass(frozen=True, slots=True, eq=False)
class Strip:
    """*pixels* are `HEIGHT` high and read from left to right; *quad* (4, 2) is where they lie in
    the picture, in the order of the strip's own corners."""

    pixels: Rgb
    quad: NDArray[np.float32]

    def boxes(self, spans: NDArray[np.float32]) -> NDArray[np.float32]:
        """The boxes (n, 4) in the picture of *spans* (n, 4) of the strip, both in pixels."""
        if not len(spans):
            return np.zeros((0, 4), np.float32)
        origin, along, down = self.quad[0], self.quad[1] - self.quad[0], self.quad[3] - self.quad[0]
        u = spans[:, [0, 2, 2, 0]] / np.float32(self.pixels.shape[1])
        v = spans[:, [1, 1, 3, 3]] / np.float32(HEIGHT)
        corners = origin + u[..., None] * along + v[..., None] * down
        return np.hstack([corners.min(axis=1), corners.max(axis=1)]).astype(np.float32)


def strip(picture: Rgb, quad: NDArray[np.float32]) -> Strip:
    """The strip of *picture* inside *quad*, scaled for the models."""
    width = max(1, round(float(np.linalg.norm(quad[1] - quad[0]))))
    height = max(1, round(float(np.linalg.norm(quad[3] - quad[0]))))
    target = np.array([[0, 0], [width, 0], [0, height]], np.float32)
    how = cv2.getAffineTransform(np.ascontiguousarray(quad[[0, 1, 3]], np.float32), target)
    cut = cv2.warpAffine(
        picture, how, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return Strip(scaled(np.asarray(cut, np.uint8)), quad)


def turned(quad: NDArray[np.float32]) -> Quads:
    """The two ways to read a tall rectangle as a line: upward and downward, shape (2, 4, 2)."""
    return np.stack([np.roll(quad, 1, axis=0), np.roll(quad, -1, axis=0)])
