"""Perlin's gradient noise over a square that repeats, row by row.

Along a row everything but one factor and one weight is the same, so that a row costs seven
operations a point and octave, and no more memory than itself. Only sums, products and roots are
used: they are the same to the last bit on every processor.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from toolkit.tools.assets.chance import DIRECTIONS, Chance

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Plane = NDArray[np.float64]

__all__ = ["Noise", "eased", "layered", "ridged"]


def eased(x: Any) -> Any:
    """From 0 to 1 as *x* goes from 0 to 1, flat at both ends and beyond them."""
    x = np.clip(x, 0.0, 1.0)
    return x * x * x * (x * (x * 6.0 - 15.0) + 10.0)


class Noise:
    """One octave: *cells* by *cells* hollows and bumps over the square, from about -1 to 1."""

    def __init__(self, chance: Chance, cells: int) -> None:
        self.cells = cells
        gradients = DIRECTIONS[chance.sixteenths(cells, cells)] * 1.5
        self._x, self._y = gradients[..., 0], gradients[..., 1]

    def over(self, rows: Plane, columns: Plane) -> Plane:
        """The noise at each of *rows* and *columns*, places from 0 up to 1."""
        cell, across = self._split(columns)
        ahead, weight = (cell + 1) % self.cells, eased(across)
        lines, down = self._split(rows)
        wanted, where = np.unique(
            np.concatenate([lines, (lines + 1) % self.cells]), return_inverse=True
        )
        x, y = self._x[wanted], self._y[wanted]
        near, far = x[:, cell] * across, x[:, ahead] * (across - 1.0)
        level = near + weight * (far - near)
        slope = y[:, cell] + weight * (y[:, ahead] - y[:, cell])
        upper, lower = where[: len(lines)], where[len(lines) :]
        down = down[:, None]
        above: Plane = level[upper] + slope[upper] * down
        below = level[lower] + slope[lower] * (down - 1.0)
        below -= above
        below *= eased(down)
        above += below
        return above

    def _split(self, places: Plane) -> tuple[NDArray[np.int64], Plane]:
        """The cell of each of *places*, and how far into it the place is."""
        scaled = places * self.cells
        whole = np.floor(scaled)
        return whole.astype(np.int64) % self.cells, scaled - whole


def layered(chance: Chance, places: Plane, cells: int, octaves: int) -> Plane:
    """Octaves of noise, each of half the size and strength of the one before."""
    total = np.zeros((len(places), len(places)))
    strength = 1.0
    for octave in range(octaves):
        total += Noise(chance, cells << octave).over(places, places) * strength
        strength *= 0.5
    return total


def ridged(chance: Chance, places: Plane, cells: int, octaves: int) -> Plane:
    """Crests and the ribs that run down from them, from 0 to about 1."""
    total = np.zeros((len(places), len(places)))
    strength, before = 0.6, np.ones((len(places), len(places)))
    for octave in range(octaves):
        # Two grids that do not fit each other: one alone has a crest at each of its corners.
        level = Noise(chance, cells << octave).over(places, places)
        level += Noise(chance, (cells << octave) + 3).over(places, places)
        crest = np.maximum(1.0 - np.abs(level) * 1.25, 0.0)
        crest *= crest
        # A rib stands only where the larger one that it is a part of does.
        crest *= before
        before = np.clip(crest * 1.9, 0.0, 1.0)
        total += crest * strength
        strength *= 0.52
    return total
