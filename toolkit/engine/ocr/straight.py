"""A picture of a page set upright and straight, with the way back to the picture as it was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from toolkit.engine.ocr.presence import models_folder

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["Straight", "straightened"]


@dataclass(frozen=True, slots=True, eq=False)
class Straight:
    """*image* is upright and straight, in RGB, at the scale of the given one.

    It was turned by *turned* degrees clockwise (0, 90, 180 or 270) and then by *skew* degrees
    counter-clockwise. *back*, shape (2, 3), leads from its pixels to those of the given picture.
    """

    image: Image
    turned: int
    skew: float
    back: NDArray[np.float64]

    def to_original(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """*points* (n, 2) of *image* as points of the picture that was given, in pixels."""
        return np.asarray(points, np.float64) @ self.back[:, :2].T + self.back[:, 2]


def straightened(image: Image) -> Straight:
    """*image* with its text upright and level, whichever way it was scanned.

    Raises MissingExtra, OcrError, MemoryExceeded.
    """
    models_folder()
    from toolkit.engine.ocr import upright

    return upright.made_straight(image)
