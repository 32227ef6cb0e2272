"""What is drawn on a page, path by path: corners, fills and strokes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from toolkit.document.geometry import Box

__all__ = ["Colour", "Shape", "alike", "by_colour", "is_pale"]

Floats = NDArray[np.float64]
Colour = tuple[int, int, int]
"""Red, green and blue, 0 to 255."""

# Steps of 255: a print driver changes a colour by so much between a bar and its key.
_SAME_COLOUR = 12
_PALEST = 246
# Points by which a side of a rectangle may be off.
_TRUE = 0.6


@dataclass(frozen=True, eq=False)
class Shape:
    """A path of one piece, in the order of painting. ``points`` is (n, 2), as seen.

    Curves are given by points on them, and ``corners`` are indices of those points that the file
    itself names. ``width`` is the stroke's, in points.
    """

    points: Floats
    corners: tuple[int, ...]
    closed: bool
    curved: bool
    fill: Colour | None
    stroke: Colour | None
    width: float = 1.0
    dashed: bool = False

    @cached_property
    def box(self) -> Box:
        left, top = self.points.min(axis=0)
        right, bottom = self.points.max(axis=0)
        return Box(float(left), float(top), float(right), float(bottom))

    @cached_property
    def is_rectangle(self) -> bool:
        """Whether it is one upright rectangle, which may be thin."""
        if self.curved or not 4 <= len(self.points) <= 6:
            return False
        box = self.box
        x, y = self.points.T
        on_side = np.minimum(abs(x - box.left), abs(x - box.right)) < _TRUE
        on_end = np.minimum(abs(y - box.top), abs(y - box.bottom)) < _TRUE
        corners = {
            (bool(a - box.left < box.right - a), bool(b - box.top < box.bottom - b))
            for a, b in self.points
        }
        return bool((on_side & on_end).all()) and len(corners) == 4

    @property
    def is_level(self) -> bool:
        """Whether it is a line from left to right."""
        return self.box.height < _TRUE <= self.box.width

    @property
    def is_upright(self) -> bool:
        """Whether it is a line from top to bottom."""
        return self.box.width < _TRUE <= self.box.height

    @property
    def ink(self) -> Colour | None:
        """The colour that it is known by: its fill, or else its stroke."""
        return self.stroke if self.fill is None else self.fill


def alike(one: Colour | None, two: Colour | None) -> bool:
    """Whether two colours are one to the eye.

    >>> alike((10, 20, 30), (12, 19, 30)), alike(None, None), alike((0, 0, 0), (200, 0, 0))
    (True, False, False)
    """
    if one is None or two is None:
        return False
    return max(abs(a - b) for a, b in zip(one, two, strict=True)) <= _SAME_COLOUR


def is_pale(colour: Colour | None) -> bool:
    """Whether it is the paper's colour, or none at all."""
    return colour is None or min(colour) >= _PALEST


def by_colour(shapes: Sequence[Shape]) -> list[list[Shape]]:
    """*shapes* parted by their ink, each part and the parts in the order of painting."""
    parts: list[list[Shape]] = []
    for shape in shapes:
        same = next((part for part in parts if alike(part[0].ink, shape.ink)), None)
        if same is None:
            parts.append([shape])
        else:
            same.append(shape)
    return parts
