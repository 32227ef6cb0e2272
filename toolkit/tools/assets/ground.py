"""A landscape as so many points on a side, with the detail that its fineness has room for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

import numpy as np

from toolkit.tools.assets.chance import Chance
from toolkit.tools.assets.landscape import SIDE, Landscape
from toolkit.tools.assets.noise import Noise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Plane = NDArray[np.float64]

__all__ = ["elevations", "levelled"]

HIGHEST: Final = 65_535
LEAST_RELIEF: Final = 0.3
"""A land that is flatter than this does not fill the range of heights: a plain stays one."""
_FIRST_CELLS: Final = 96
_DETAIL: Final = 0.014
_POINTS_AT_ONCE: Final = 65_536
"""About as many as a processor holds close by."""
_PURPOSE: Final = 100


def elevations(
    land: Landscape, seed: int, side: int, report: Callable[[float], None] = lambda _: None
) -> NDArray[np.float32]:
    """The heights of *land* at *side* by *side* points, from 0 to 1."""
    # Fewer points than the land has are means, so that nothing is missed between them.
    finer = -(-SIDE // side)
    made = np.empty((side, side), np.float32)
    places = np.arange(side * finer) / (side * finer)
    shapes = (_Shape(land.heights, places), _Shape(land.rough, places))
    octaves = list(_octaves(seed, side * finer))
    at_once = max(1, _POINTS_AT_ONCE // (side * finer))
    for top in range(0, side, at_once):
        bottom = min(side, top + at_once)
        rows = places[top * finer : bottom * finer]
        ground, rough = (shape.over(rows) for shape in shapes)
        detail = np.zeros_like(ground)
        for noise, strength in octaves:
            detail += noise.over(rows, places) * strength
        detail *= rough
        ground += detail
        made[top:bottom] = _means(ground, finer)
        report(bottom / side)
    low, high = made.min(), made.max()
    made -= low
    made /= np.float32(max(float(high) - float(low), LEAST_RELIEF))
    return made


def levelled(made: NDArray[np.float32], water: float) -> NDArray[np.uint16]:
    """Heights as 16 bits; what lies below *water*, 0 to 1, is flat at its surface."""
    level = np.uint16(int(water * HIGHEST + 0.5))
    found = np.empty(made.shape, np.uint16)
    for row, heights in enumerate(made):
        found[row] = np.maximum((heights * np.float64(HIGHEST) + 0.5).astype(np.uint16), level)
    return found


def _octaves(seed: int, side: int) -> Iterator[tuple[Noise, float]]:
    """Noise with its strength, down to bumps of four points."""
    cells, strength, purpose = _FIRST_CELLS, _DETAIL, _PURPOSE
    while cells * 4 <= side:
        yield Noise(Chance(seed, purpose), cells), strength
        cells, strength, purpose = cells * 2, strength * 0.55, purpose + 1


def _means(ground: Plane, finer: int) -> Plane:
    """Each square of *finer* by *finer* points as one."""
    if finer == 1:
        return ground
    # Summed one by one: numpy's own sum has another order on another processor.
    rows = sum((ground[start::finer] for start in range(1, finer)), ground[::finer].copy())
    total = sum((rows[:, start::finer] for start in range(1, finer)), rows[:, ::finer].copy())
    return total / (finer * finer)


class _Shape:
    """A plane that repeats, as a smooth surface (cubic B-splines), at some columns."""

    def __init__(self, plane: Plane, columns: Plane) -> None:
        cells, weights = _weights(columns)
        self._rows = np.zeros((SIDE, len(columns)))
        for at, weight in enumerate(weights):
            self._rows += plane[:, (cells + at) % SIDE] * weight

    def over(self, rows: Plane) -> Plane:
        """The surface at these rows."""
        cells, weights = _weights(rows)
        total = self._rows[cells % SIDE] * weights[0][:, None]
        for at in (1, 2, 3):
            total += self._rows[(cells + at) % SIDE] * weights[at][:, None]
        return total


def _weights(places: Plane) -> tuple[NDArray[np.int64], tuple[Plane, Plane, Plane, Plane]]:
    """Of each of *places* the first of four points around it, and what each of them weighs."""
    scaled = places * SIDE
    whole = np.floor(scaled)
    t = scaled - whole
    back = 1.0 - t
    t2, t3 = t * t, t * t * t
    first, last = back * back * back / 6.0, t3 / 6.0
    second = (3.0 * t3 - 6.0 * t2 + 4.0) / 6.0
    third = (3.0 * (t + t2 - t3) + 1.0) / 6.0
    return whole.astype(np.int64) - 1, (first, second, third, last)
