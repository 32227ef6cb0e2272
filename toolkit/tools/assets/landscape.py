"""The shape of a landscape, as a plane of fixed size: hills, chains, tables, valleys, craters.

The square repeats: what leaves it on one side comes in on the other.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from toolkit.tools.assets.chance import Chance
from toolkit.tools.assets.noise import eased, layered, ridged

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Plane = NDArray[np.float64]

__all__ = ["SIDE", "Landscape", "Wish"]

SIDE: Final = 512
"""Points on a side. A finer land has the same shape, and more detail."""
_GROUND, _WARP, _HILLS, _RIDGES, _RIBS, _PLATEAUS, _VALLEYS, _CRATERS, _COAST = range(1, 10)
"""What numbers are drawn for: one hill more leaves every valley where it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a landscape is to have, as counts."""

    seed: int
    hills: int
    ridges: int
    craters: int
    plateaus: int
    valleys: int
    island: bool


class _Bend(NamedTuple):
    """A piece of a line: where it begins and ends, its width and its strength at both."""

    start: tuple[float, float]
    end: tuple[float, float]
    widths: tuple[float, float]
    strengths: tuple[float, float]


class Landscape:
    """``heights`` and ``rough``, how much fine detail each place has, both SIDE by SIDE."""

    def __init__(self, wish: Wish, report: Callable[[float], None] = lambda _: None) -> None:
        """Made as *wish* says; *report* is told the share that is done."""
        self._seed = wish.seed
        places = np.arange(SIDE) / SIDE
        self._x, self._y = np.meshgrid(places, places)
        self._places = places
        warp = self._chance(_WARP)
        bent = 0.035
        self._bent_x = self._x + bent * layered(warp, places, 3, 5)
        self._bent_y = self._y + bent * layered(warp, places, 3, 5)
        ground = layered(self._chance(_GROUND), places, 3, 7)
        self.heights: Plane = 0.07 * ground
        self.rough: Plane = np.full((SIDE, SIDE), 0.18)
        self._hills(wish.hills, ground)
        report(0.2)
        self._ridges(wish.ridges)
        report(0.5)
        self._plateaus(wish.plateaus, ground)
        self._valleys(wish.valleys)
        report(0.8)
        self._craters(wish.craters)
        if wish.island:
            self._island()
        report(1.0)

    def _chance(self, purpose: int) -> Chance:
        return Chance(self._seed, purpose)

    def _distance(self, x: float, y: float, *, bent: float = 1.0) -> Plane:
        """How far every place is from (x, y) on the shortest way, the land being *bent*."""
        dx = self._x + bent * (self._bent_x - self._x) - x
        dy = self._y + bent * (self._bent_y - self._y) - y
        dx -= np.floor(dx + 0.5)
        dy -= np.floor(dy + 0.5)
        return np.sqrt(dx * dx + dy * dy)

    def _hills(self, count: int, ground: Plane) -> None:
        chance = self._chance(_HILLS)
        shape = np.zeros((SIDE, SIDE))
        for _ in range(count):
            x, y = chance.between(0, 1), chance.between(0, 1)
            radius = chance.between(0.08, 0.2)
            height = radius * chance.between(1.4, 2.6)
            away = self._distance(x, y) / radius
            near = np.maximum(1.0 - away * away, 0.0)
            # Where hills meet they make a range, not a tower.
            shape += height * near * near * (1.0 - 0.5 * np.minimum(shape * 2.0, 1.0))
        self.heights += shape * (1.0 + 0.28 * ground)
        self.rough += 0.8 * shape

    def _ridges(self, count: int) -> None:
        if not count:
            return
        chance = self._chance(_RIDGES)
        shape = np.zeros((SIDE, SIDE))
        for _ in range(count):
            height = chance.between(0.55, 0.95)
            bends = _line(chance, pieces=10, length=chance.between(0.4, 0.8), width=0.21, turn=0.35)
            shape = np.maximum(shape, height * self._along(bends))
        ribs = self._on_bent_land(ridged(self._chance(_RIBS), self._places, 5, 6))
        foot = shape * shape / (shape + 0.12)
        self.heights += foot * (0.5 + 0.85 * ribs)
        self.rough += 1.1 * foot

    def _on_bent_land(self, plane: Plane) -> Plane:
        """*plane* as it looks where the land is bent."""
        x, y = self._bent_x * SIDE, self._bent_y * SIDE
        left, top = np.floor(x), np.floor(y)
        x, y = x - left, y - top
        column, row = left.astype(np.int64) % SIDE, top.astype(np.int64) % SIDE
        right, below = (column + 1) % SIDE, (row + 1) % SIDE
        upper = plane[row, column] * (1.0 - x) + plane[row, right] * x
        lower = plane[below, column] * (1.0 - x) + plane[below, right] * x
        bent: Plane = upper * (1.0 - y) + lower * y
        return bent

    def _along(self, bends: Iterator[_Bend], *, bent: float = 1.0) -> Plane:
        """The strength of the line at every place: full on it, none at its width."""
        px = self._x + bent * (self._bent_x - self._x)
        py = self._y + bent * (self._bent_y - self._y)
        found = np.zeros((SIDE, SIDE))
        for (x, y), (to_x, to_y), widths, strengths in bends:
            dx, dy = to_x - x, to_y - y
            # From the piece's middle, which is always less than half the square away.
            ox, oy = px - (x + to_x) / 2, py - (y + to_y) / 2
            ox -= np.floor(ox + 0.5)
            oy -= np.floor(oy + 0.5)
            share = np.clip((ox * dx + oy * dy) / (dx * dx + dy * dy) + 0.5, 0.0, 1.0)
            ox -= (share - 0.5) * dx
            oy -= (share - 0.5) * dy
            width = widths[0] + share * (widths[1] - widths[0])
            near = np.maximum(1.0 - np.sqrt(ox * ox + oy * oy) / width, 0.0)
            near *= strengths[0] + share * (strengths[1] - strengths[0])
            np.maximum(found, near, out=found)
        return found

    def _plateaus(self, count: int, ground: Plane) -> None:
        chance = self._chance(_PLATEAUS)
        for _ in range(count):
            x, y = chance.between(0, 1), chance.between(0, 1)
            radius, lift = chance.between(0.07, 0.15), chance.between(0.16, 0.34)
            inside = 1.0 - self._distance(x, y, bent=1.3) / radius
            top = float(self.heights[int(y * SIDE), int(x * SIDE)]) + lift
            # A cliff, and the scree at its foot.
            share = 0.75 * eased(inside / 0.14) + 0.25 * eased((inside + 0.45) / 0.5)
            self.heights += share * (top + 0.012 * ground - self.heights)
            self.rough *= 1.0 - 0.75 * share

    def _valleys(self, count: int) -> None:
        chance = self._chance(_VALLEYS)
        lowest = float(self.heights.min())
        for _ in range(count):
            width = chance.between(0.05, 0.1)
            bends = _line(chance, pieces=16, length=chance.between(0.7, 1.1), width=width, turn=0.5)
            cut = eased(self._along(bends, bent=0.8) * 1.25)
            self.heights -= 0.9 * cut * (self.heights - lowest)
            self.rough *= 1.0 - 0.7 * cut

    def _craters(self, count: int) -> None:
        chance = self._chance(_CRATERS)
        for _ in range(count):
            x, y = chance.between(0, 1), chance.between(0, 1)
            share = chance.between(0, 1)
            radius = 0.025 + 0.065 * share * share
            away = self._distance(x, y, bent=0.12) / radius
            centre = float(self.heights[int(y * SIDE), int(x * SIDE)])
            within = eased((1.35 - away) / 0.7)
            self.heights += 0.8 * within * (centre - self.heights)
            bowl = np.maximum(1.5 * away * away - 1.0, -0.8)
            rim = np.clip((2.1 - away) / 1.1, 0.0, 1.0)
            rim *= 0.5 * rim * rim
            self.heights += radius * 1.5 * np.where(away < 1.0, bowl, rim)
            self.rough *= 1.0 - 0.5 * within

    def _island(self) -> None:
        """The land falls to the sea before every edge."""
        lowest, highest = float(self.heights.min()), float(self.heights.max())
        coast = 0.16 * layered(self._chance(_COAST), self._places, 3, 6)
        x, y = 2.0 * self._x - 1.0, 2.0 * self._y - 1.0
        x2, y2 = x * x, y * y
        # Between a circle and a square, by products and roots alone.
        out = (np.sqrt(np.sqrt(x2 * x2 + y2 * y2)) + np.sqrt(x2 + y2)) * 0.5 + coast
        land = eased((1.0 - out) / 0.75)
        # No coast reaches the edge, however it winds.
        land *= eased((1.0 - np.maximum(np.abs(x), np.abs(y))) / 0.16)
        raised = 0.3 * max(highest - lowest, 0.1)
        self.heights = (self.heights - lowest + raised) * land
        self.rough *= land


def _line(
    chance: Chance, *, pieces: int, length: float, width: float, turn: float
) -> Iterator[_Bend]:
    """A winding line, thin and weak at both ends."""
    x, y = chance.between(0, 1), chance.between(0, 1)
    dx, dy = chance.direction()
    step = length / pieces

    def full(at: int) -> float:
        off = 2.0 * at / pieces - 1.0
        return 1.0 - off * off * off * off

    for at in range(pieces):
        bend = chance.between(-turn, turn)
        dx, dy = dx - bend * dy, dy + bend * dx
        size = math.sqrt(dx * dx + dy * dy)
        dx, dy = dx / size, dy / size
        end = x + dx * step, y + dy * step
        fulls = full(at), full(at + 1)
        widths = width * (0.5 + 0.5 * fulls[0]), width * (0.5 + 0.5 * fulls[1])
        yield _Bend((x, y), end, widths, fulls)
        x, y = end
