"""Rectangles. The engine works in points, a document in shares of its page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self, TypeAlias

__all__ = ["Box", "NormalizedBox"]

NormalizedBox: TypeAlias = tuple[float, float, float, float]
"""(x0, y0, x1, y1) as shares of the page's width and height, origin top left, y downward."""

# A ten-thousandth of a page is under a tenth of a point on A0: nobody sees it.
_DECIMALS = 5


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on a page, in points (1/72 inch), origin top left, y downward."""

    left: float
    top: float
    right: float
    bottom: float

    @classmethod
    def around(cls, boxes: Iterable[Box]) -> Self:
        """The smallest box that holds all of *boxes*, of which there is at least one."""
        every = list(boxes)
        return cls(
            min(b.left for b in every),
            min(b.top for b in every),
            max(b.right for b in every),
            max(b.bottom for b in every),
        )

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def area(self) -> float:
        """0 for a box turned inside out."""
        return max(0.0, self.width) * max(0.0, self.height)

    def overlap(self, other: Box) -> float:
        """The area, in square points, that both boxes cover."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(0.0, width) * max(0.0, height)

    def holds(self, x: float, y: float) -> bool:
        """Whether the point lies inside or on the edge."""
        return self.left <= x <= self.right and self.top <= y <= self.bottom

    def normalized(self, page_width: float, page_height: float) -> NormalizedBox:
        """As shares of a page of this size in points, clipped to the page.

        >>> Box(0, 396, 306, 800).normalized(612, 792)
        (0.0, 0.5, 0.5, 1.0)
        """
        x0, x1 = sorted((_share(self.left, page_width), _share(self.right, page_width)))
        y0, y1 = sorted((_share(self.top, page_height), _share(self.bottom, page_height)))
        return (x0, y0, x1, y1)


def _share(value: float, whole: float) -> float:
    return round(min(1.0, max(0.0, value / whole)), _DECIMALS) if whole > 0 else 0.0
