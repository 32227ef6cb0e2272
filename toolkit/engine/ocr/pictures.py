"""The pixels of an image as the models' steps take them, of a size that they can use."""

from __future__ import annotations

from typing import Final

import numpy as np
from PIL.Image import Image, Resampling

from toolkit.engine.ocr.detection import Rgb

__all__ = ["picture_of"]

LARGEST: Final = 10_000_000
"""Pixels: A4 at 300 dpi has nine million. More shows nothing more to models that look for lines at
1280 on a side and read them at 48, and each copy of a page at 600 dpi takes 100 MB."""


def picture_of(image: Image) -> tuple[Rgb, float]:
    """The pixels of *image* and the scale, at most 1, at which they show it."""
    scale = min(1.0, (LARGEST / (image.width * image.height)) ** 0.5)
    if scale < 1:
        size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        # `reducing_gap`: whole pixels are dropped first, so that no second large copy is made.
        image = image.resize(size, resample=Resampling.BOX, reducing_gap=2.0)
    return np.asarray(image if image.mode == "RGB" else image.convert("RGB")), scale
