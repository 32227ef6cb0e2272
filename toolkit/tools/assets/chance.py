"""Chance that is the same on every machine and in every version of numpy."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["DIRECTIONS", "Chance"]

_HALF: Final = 0.7071067811865476
_LONG: Final = 0.9238795325112867
_SHORT: Final = 0.3826834323650898
_QUARTER: Final = ((1.0, 0.0), (_LONG, _SHORT), (_HALF, _HALF), (_SHORT, _LONG))
DIRECTIONS: Final = np.array(
    [turned for x, y in _QUARTER for turned in ((x, y), (-y, x), (-x, -y), (y, -x))]
)
"""Sixteen unit vectors. Written out, as sines differ in their last bit between processors."""


class Chance:
    """Numbers drawn for one purpose: those of another one do not change with how many are drawn."""

    def __init__(self, seed: int, purpose: int) -> None:
        # Only the raw bits: what numpy makes of them may change with its version.
        self._bits = np.random.PCG64(np.random.SeedSequence([seed % 2**64, purpose]))

    def between(self, low: float, high: float) -> float:
        """A number from *low* up to *high*."""
        return low + (high - low) * (int(self._bits.random_raw()) >> 11) * 2.0**-53

    def sixteenths(self, *shape: int) -> NDArray[np.int64]:
        """Whole numbers from 0 to 15."""
        count = 1
        for size in shape:
            count *= size
        raw = np.asarray(self._bits.random_raw(count), np.uint64)
        return (raw >> np.uint64(60)).astype(np.int64).reshape(shape)

    def direction(self) -> tuple[float, float]:
        """A unit vector."""
        x, y = DIRECTIONS[int(self.sixteenths(1)[0])]
        turn = self.between(-0.2, 0.2)
        x, y = float(x - turn * y), float(y + turn * x)
        length = math.sqrt(x * x + y * y)
        return x / length, y / length
