"""Which way a surface faces, from its heights: a tangent-space normal map."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from toolkit.tools.assets.heights import HIGHEST

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["normals"]

_ROWS_AT_ONCE: Final = 256


def normals(found: NDArray[np.int32], strength: float) -> NDArray[np.uint8]:
    """The normal of each pixel as a colour: red to the right, green up, blue out of the surface.

    Slopes are Sobel's, taken across the edges, so that the map repeats. Green up is what Source 2,
    Blender and OpenGL expect.
    """
    rows, columns = found.shape
    made = np.empty((rows, columns, 3), np.uint8)
    for top in range(0, rows, _ROWS_AT_ONCE):
        bottom = min(rows, top + _ROWS_AT_ONCE)
        band = np.take(found, np.arange(top - 1, bottom + 1) % rows, axis=0)
        made[top:bottom] = _of_band(band, strength)
    return made


def _of_band(band: NDArray[np.int32], strength: float) -> NDArray[np.uint8]:
    """The normals of all rows of *band* but the first and the last."""
    left, right = np.roll(band, 1, axis=1), np.roll(band, -1, axis=1)
    rightward = right - left
    across = rightward[:-2] + 2 * rightward[1:-1] + rightward[2:]
    smooth = left + 2 * band + right
    down = smooth[2:] - smooth[:-2]
    steepness = np.float32(strength / HIGHEST)
    x = across.astype(np.float32) * -steepness
    # Rows count downward: what rises with them faces up.
    y = down.astype(np.float32) * steepness
    scale = np.float32(127.5) / np.sqrt(x * x + y * y + np.float32(1))
    return np.stack([x * scale + 128, y * scale + 128, scale + 128], axis=-1).astype(np.uint8)
