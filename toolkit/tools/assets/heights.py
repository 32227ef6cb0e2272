"""Heights read from a picture's brightness, and what follows from them, in whole numbers.

The picture is taken to repeat: its left edge is beside its right one, and its top below its
bottom, so that nothing that is made here shows a seam where tiles meet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Heights = NDArray[np.int32]
    Plane = NDArray[np.uint8]

__all__ = ["HIGHEST", "blurred", "heights", "in_bytes", "occlusion", "roughness"]

HIGHEST: Final = 255 * 256
"""White. Heights are whole numbers, so that every machine makes the same bytes of them."""
_RED, _GREEN, _BLUE = 54, 183, 19
"""How bright colours look, in 256ths."""
_DARKENED: Final = 4.0
"""A pixel is in full shade where it lies a quarter of the range below what is around it."""
_ROUGHENED: Final = 2
"""Steps of roughness for one step of contrast more than the picture has on the whole."""


def heights(pixels: Plane) -> Heights:
    """How high each pixel of *pixels*, (height, width, 3), lies: the brighter, the higher."""
    found = pixels[..., 0].astype(np.int32) * _RED
    found += pixels[..., 1].astype(np.int32) * _GREEN
    found += pixels[..., 2].astype(np.int32) * _BLUE
    return found


def in_bytes(found: Heights) -> Plane:
    """Heights as grey."""
    return ((found + 128) >> 8).astype(np.uint8)


def blurred(found: Heights, radius: int) -> Heights:
    """The mean of what lies within about *radius* pixels of each, across the edges too."""
    for _ in range(2):
        for axis in (0, 1):
            found = _means(found, min(radius, (found.shape[axis] - 1) // 2), axis)
    return found


def _means(found: Heights, radius: int, axis: int) -> Heights:
    """Means over 2 * radius + 1 neighbours along *axis*."""
    if radius < 1:
        return found
    size, width = found.shape[axis], 2 * radius + 1
    around = np.take(found, np.arange(-radius - 1, size + radius) % size, axis=axis)
    # Of 12,288 heights at most, so that 32 bits hold the sum.
    np.cumsum(around, axis=axis, dtype=np.int32, out=around)
    sums = np.swapaxes(around, 0, axis)
    means = sums[width:] - sums[:-width]
    means += radius
    means //= width
    return np.swapaxes(means, 0, axis)


def occlusion(found: Heights, strength: float) -> Plane:
    """How much light reaches each pixel: less where its surroundings, near and far, are higher."""
    size = min(found.shape)
    depth = np.zeros(found.shape, np.int32)
    for radius in (max(1, size // 128), max(2, size // 24), max(3, size // 8)):
        below = blurred(found, radius)
        below -= found
        depth += np.maximum(below, 0, out=below)
    # Three radii were added up.
    shade = depth.astype(np.float32) * np.float32(_DARKENED / 3 / HIGHEST)
    np.minimum(shade, np.float32(1), out=shade)
    shade *= np.float32(-255 * strength)
    shade += np.float32(255.5)
    return shade.astype(np.uint8)


def roughness(found: Heights, level: int) -> Plane:
    """Roughness around *level*: more where neighbours differ much, less where they are alike."""
    contrast = blurred(np.abs(found - blurred(found, 2)), max(1, min(found.shape) // 128))
    mean = int(contrast.sum(dtype=np.int64)) // contrast.size
    contrast -= mean
    contrast *= _ROUGHENED
    contrast += 128
    contrast >>= 8
    contrast += level
    return np.clip(contrast, 0, 255).astype(np.uint8)
