"""Where shapes are on a slide, through groups that move, scale, turn and mirror them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from pptx.oxml.ns import qn

from toolkit.document.geometry import Box

__all__ = ["IDENTITY", "Frame", "frame_of", "inside_group"]

_EMU = 12700.0
_TURN = 60000.0
# A position a thousand slides away is a broken number.
_FARTHEST = 1e6


@dataclass(frozen=True, slots=True)
class Frame:
    """An affine map: (x, y) becomes (a·x + c·y + e, b·x + d·y + f)."""

    a: float = 1.0
    b: float = 0.0
    c: float = 0.0
    d: float = 1.0
    e: float = 0.0
    f: float = 0.0

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Where the point comes to lie."""
        return self.a * x + self.c * y + self.e, self.b * x + self.d * y + self.f

    def after(self, first: Frame) -> Frame:
        """The map that does *first*, then this one."""
        e, f = self.at(first.e, first.f)
        return Frame(
            self.a * first.a + self.c * first.b,
            self.b * first.a + self.d * first.b,
            self.a * first.c + self.c * first.d,
            self.b * first.c + self.d * first.d,
            e,
            f,
        )

    def box(self, width: float = 1.0, height: float = 1.0) -> Box:
        """The box around the map of the rectangle from (0, 0) to (*width*, *height*)."""
        corners = [self.at(x, y) for x in (0.0, width) for y in (0.0, height)]
        xs, ys = [x for x, _ in corners], [y for _, y in corners]
        limits = (min(xs), min(ys), max(xs), max(ys))
        return Box(*(max(-_FARTHEST, min(_FARTHEST, limit)) for limit in limits))


IDENTITY = Frame()


def frame_of(
    outer: Frame, place: tuple[float, float, float, float], properties: Any = None
) -> Frame:
    """The map of the unit square onto a shape at *place* (left, top, width, height in EMU).

    *properties* is its ``xfrm``, which may turn and mirror it; *outer* maps its surroundings.
    """
    left, top, width, height = (part / _EMU for part in place)
    turn = 0.0 if properties is None else math.radians(_number(properties, "rot") / _TURN)
    across = -width if _flag(properties, "flipH") else width
    down = -height if _flag(properties, "flipV") else height
    cos, sin = math.cos(turn), math.sin(turn)
    turned = Frame(cos, sin, -sin, cos, left + width / 2, top + height / 2)
    return outer.after(turned).after(Frame(across, 0, 0, down, -across / 2, -down / 2))


def inside_group(outer: Frame, group: Any) -> Frame:
    """The map, in points, of what stands inside the ``grpSp`` element *group*."""
    properties = group.find(f"{qn('p:grpSpPr')}/{qn('a:xfrm')}")
    if properties is None:
        return outer
    place = (*_pair(properties, "a:off", "x", "y"), *_pair(properties, "a:ext", "cx", "cy"))
    x, y = (part / _EMU for part in _pair(properties, "a:chOff", "x", "y"))
    width, height = (part / _EMU for part in _pair(properties, "a:chExt", "cx", "cy"))
    if width <= 0 or height <= 0:
        width, height = max(1.0, place[2] / _EMU), max(1.0, place[3] / _EMU)
    unit = Frame(1 / width, 0, 0, 1 / height, -x / width, -y / height)
    return frame_of(outer, place, properties).after(unit)


def _pair(properties: Any, tag: str, one: str, other: str) -> tuple[float, float]:
    found = properties.find(qn(tag))
    return (0.0, 0.0) if found is None else (_number(found, one), _number(found, other))


def _number(element: Any, name: str) -> float:
    try:
        number = float(element.get(name, "0"))
    except ValueError:
        return 0.0
    return number if math.isfinite(number) else 0.0


def _flag(element: Any, name: str) -> bool:
    return element is not None and element.get(name) in ("1", "true")
