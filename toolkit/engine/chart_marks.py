"""What stands for values in a plot: bars, curves, points, areas and slices."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from toolkit.document.geometry import Box
from toolkit.engine.shapes import Colour, Shape, by_colour, is_pale

__all__ = [
    "Curve",
    "Slice",
    "areas_in",
    "bars_in",
    "curves_in",
    "heights_at",
    "points_in",
    "slices_in",
    "start_of",
]

Floats = NDArray[np.float64]

# Points: what is thinner is a line.
_THIN = 1.0
_EDGE = 1.5
_MOST_OF_PLOT = 0.6
# Bars of one chart are equally thick but for rounding.
_SAME_THICKNESS = 0.06
_WIDEST_POINT = 12.0
_FEWEST_POINTS = 5
_FEWEST_SLICES = 2


@dataclass(frozen=True, eq=False)
class Curve:
    """A line or an outline through a plot: (n, 2) points from left to right, and its ink."""

    points: Floats
    ink: Colour
    dashed: bool = False


@dataclass(frozen=True, eq=False)
class Slice:
    """A piece of a pie: degrees clockwise from the top, its share of the whole, and its fill."""

    middle: float
    share: float
    ink: Colour
    box: Box


def bars_in(area: Box, shapes: Sequence[Shape]) -> tuple[list[Shape], bool]:
    """(the bars among *shapes*, whether they stand upright); [] where there are none.

    Bars are rectangles of one thickness that begin at a common line, or on one another.
    """
    found = [
        shape
        for shape in shapes
        if shape.is_rectangle
        and (not is_pale(shape.fill) or (shape.fill is not None and shape.stroke is not None))
        and shape.box.area < _MOST_OF_PLOT * area.area
        and max(shape.box.width, shape.box.height) >= _THIN
        and _inside(shape.box, area)
    ]
    found = _once([shape for shape in found if not _frames(shape, shapes)])
    for upright in (True, False):
        bars = _even(found, upright=upright)
        if bars and _stand(bars, upright=upright):
            return bars, upright
    return [], True


def _inside(box: Box, area: Box) -> bool:
    return (
        box.left >= area.left - _EDGE
        and box.right <= area.right + _EDGE
        and box.top >= area.top - _EDGE
        and box.bottom <= area.bottom + _EDGE
    )


def _once(shapes: Sequence[Shape]) -> list[Shape]:
    """*shapes* without those painted again on their own place (a fill, then its frame)."""
    kept: list[Shape] = []
    for shape in shapes:
        box = shape.box
        if not any(
            max(abs(a - b) for a, b in zip(_sides(box), _sides(k.box), strict=True)) < _THIN
            for k in kept
        ):
            kept.append(shape)
    return kept


def _sides(box: Box) -> tuple[float, float, float, float]:
    return box.left, box.top, box.right, box.bottom


def _frames(shape: Shape, shapes: Sequence[Shape]) -> bool:
    """Whether *shape* is a pale frame around others, such as a legend's."""
    if not is_pale(shape.fill):
        return False
    return any(s is not shape and s.box.area > 1 and _inside(s.box, shape.box) for s in shapes)


def _thickness(shape: Shape, *, upright: bool) -> float:
    return shape.box.width if upright else shape.box.height


def _even(shapes: Sequence[Shape], *, upright: bool) -> list[Shape]:
    """Those of *shapes* of the thickness that most have; [] where that is no rule."""
    thick = [s for s in shapes if _thickness(s, upright=upright) >= _THIN]
    if not thick:
        return []
    usual = max(
        (_thickness(s, upright=upright) for s in thick),
        key=lambda t: sum(_is_near(_thickness(s, upright=upright), t) for s in thick),
    )
    even = [s for s in thick if _is_near(_thickness(s, upright=upright), usual)]
    return even if len(even) >= max(2, 0.6 * len(thick)) else []


def _is_near(one: float, two: float) -> bool:
    return abs(one - two) <= max(0.6, _SAME_THICKNESS * two)


def _stand(bars: Sequence[Shape], *, upright: bool) -> bool:
    """Whether *bars* begin at one line, or each on another's end."""
    ends = [_ends(bar, upright=upright) for bar in bars]
    base = start_of(bars, upright=upright)
    every = [end for pair in ends for end in pair]
    on_base = sum(min(abs(a - base), abs(b - base)) < _EDGE for a, b in ends)
    resting = sum(
        min(abs(a - base), abs(b - base)) < _EDGE
        or sum(abs(a - e) < _EDGE for e in every) > 1
        or sum(abs(b - e) < _EDGE for e in every) > 1
        for a, b in ends
    )
    lengths = [b - a for a, b in ends]
    varied = max(lengths) - min(lengths) > 1.0 or len(bars) <= 3
    return resting >= 0.9 * len(bars) and on_base >= 2 and varied


def _ends(bar: Shape, *, upright: bool) -> tuple[float, float]:
    return (bar.box.top, bar.box.bottom) if upright else (bar.box.left, bar.box.right)


def start_of(bars: Sequence[Shape], *, upright: bool) -> float:
    """Where most of *bars* begin, in points along them; of equals, the lower or left one."""
    ends = [end for bar in bars for end in _ends(bar, upright=upright)]
    counts = [sum(abs(end - other) < _EDGE for other in ends) for end in ends]
    best = [end for end, count in zip(ends, counts, strict=True) if count == max(counts)]
    return max(best) if upright else min(best)


def curves_in(area: Box, shapes: Sequence[Shape]) -> list[Curve]:
    """The lines among *shapes* that run through *area* from left to right, a curve a colour."""
    strokes = [
        shape
        for shape in shapes
        if shape.stroke is not None
        and (shape.fill is None or len(shape.points) == 2)
        and not shape.is_rectangle
        and not shape.is_upright
        and _inside(shape.box, area)
        and not _is_small_mark(shape)
    ]
    found = []
    for dashed in (False, True):
        for part in by_colour([s for s in strokes if s.dashed is dashed]):
            found += [curve for curve in _chained(part) if _is_curve(curve, area)]
    return found


def _is_small_mark(shape: Shape) -> bool:
    return shape.closed and max(shape.box.width, shape.box.height) <= _WIDEST_POINT


def _is_curve(curve: Curve, area: Box) -> bool:
    x, y = curve.points.T
    # A level line is a grid's, an axis', or a mean's.
    return bool(len(x) >= 3 and np.ptp(x) >= 0.3 * area.width and np.ptp(y) > 0.6)


def _chained(part: Sequence[Shape]) -> list[Curve]:
    """Strokes of one colour as curves: those that end where another begins go on in it."""
    runs: list[list[Floats]] = []
    for shape in part:
        points = shape.points[list(shape.corners)] if shape.curved else shape.points
        if len(points) > 1 and points[0][0] > points[-1][0]:
            points = points[::-1]
        for run in runs:
            if np.abs(run[-1][-1] - points[0]).max() < 1.0:
                run.append(points[1:])
                break
        else:
            runs.append([points])
    out = []
    for run in runs:
        points = np.concatenate([piece for piece in run if len(piece)])
        # A curve that goes back is no function of what stands below it.
        if (np.diff(points[:, 0]) > -0.5).all():
            ink = part[0].stroke
            assert ink is not None  # only strokes are asked for
            out.append(Curve(points, ink, part[0].dashed))
    return out


def points_in(area: Box, shapes: Sequence[Shape]) -> list[Curve]:
    """The clouds of equal small marks among *shapes*: their middles, a cloud a colour."""
    marks = [
        shape
        for shape in shapes
        if shape.closed
        and not is_pale(shape.ink)
        and 0.8 <= max(shape.box.width, shape.box.height) <= _WIDEST_POINT
        and shape.box.width < 3 * shape.box.height < 9 * shape.box.width
        and _inside(shape.box, area)
    ]
    found = []
    for part in by_colour(marks):
        middles = np.array(
            [((s.box.left + s.box.right) / 2, (s.box.top + s.box.bottom) / 2) for s in part]
        )
        sizes = [max(s.box.width, s.box.height) for s in part]
        same = np.abs(np.array(sizes) - np.median(sizes)) < 0.25 * np.median(sizes)
        ink = part[0].ink
        if int(same.sum()) >= _FEWEST_POINTS and ink is not None:
            found.append(Curve(np.unique(middles[same].round(2), axis=0), ink))
    return found


def areas_in(area: Box, shapes: Sequence[Shape]) -> list[Shape]:
    """The filled shapes under curves among *shapes*: wide, and neither rectangles nor marks."""
    return [
        shape
        for shape in shapes
        if shape.fill is not None
        and not is_pale(shape.fill)
        and not shape.is_rectangle
        and len(shape.points) >= 5
        and shape.box.width >= 0.5 * area.width
        and shape.box.height > 2 * _THIN
        and _inside(shape.box, area)
    ]


def heights_at(shape: Shape, x: float) -> tuple[float, float] | None:
    """(top, bottom) of a filled outline where it crosses *x*; None where it does not."""
    crossings: list[float] = []
    points = [*map(tuple, shape.points), tuple(shape.points[0])]
    for (x0, y0), (x1, y1) in pairwise(points):
        low, high = sorted((x0, x1))
        if low - 0.01 <= x <= high + 0.01:
            if high - low < 0.02:
                crossings += [y0, y1]
            else:
                crossings.append(y0 + (y1 - y0) * (x - x0) / (x1 - x0))
    return (min(crossings), max(crossings)) if len(crossings) > 1 else None


def slices_in(shapes: Sequence[Shape]) -> tuple[list[Slice], Box] | None:
    """The slices of one pie or ring among *shapes*, and its box; None where they make none."""
    filled = [s for s in shapes if s.fill is not None and s.curved and s.box.area > 20]
    for first in filled:
        centre = _centre(first, filled)
        if centre is None:
            continue
        around = [s for s in filled if _is_slice(s, centre)]
        if len(around) < _FEWEST_SLICES:
            continue
        pieces = [_slice(s, centre) for s in around]
        total = sum(piece.share for piece in pieces)
        if 0.98 < total < 1.02:
            return pieces, Box.around(s.box for s in around)
    return None


def _centre(shape: Shape, others: Sequence[Shape]) -> tuple[float, float] | None:
    """The middle of the circle that *shape* is a piece of: a corner shared by most, or of all."""
    best, most = None, 1
    for corner in shape.corners:
        x, y = shape.points[corner]
        count = sum(
            bool((np.abs(other.points[list(other.corners)] - (x, y)).max(axis=1) < 0.7).any())
            for other in others
        )
        if count > most:
            best, most = (float(x), float(y)), count
    if best is not None and _is_slice(shape, best):
        return best
    box = Box.around(other.box for other in others)
    return (box.left + box.right) / 2, (box.top + box.bottom) / 2


def _is_slice(shape: Shape, centre: tuple[float, float]) -> bool:
    """Whether most of the outline lies on one circle around *centre*, and none beyond it."""
    radii = np.hypot(*(shape.points - centre).T)
    outer = radii.max()
    on_it = np.abs(radii - outer) < max(0.4, 0.012 * outer)
    return bool(outer > 12 and on_it.sum() >= 3)


def _slice(shape: Shape, centre: tuple[float, float]) -> Slice:
    x, y = (shape.points - centre).T
    radii = np.hypot(x, y)
    outer = radii.max()
    rim = np.flatnonzero(np.abs(radii - outer) < max(0.4, 0.012 * outer))
    # The outline runs along the rim once, and may come back to where it began.
    back = math.hypot(x[rim[0]] - x[rim[-1]], y[rim[0]] - y[rim[-1]]) < 0.1
    rim = rim[:-1] if back and len(rim) > 3 else rim
    turned = np.unwrap(np.arctan2(x[rim], -y[rim]))
    span = float(np.ptp(turned))
    middle = math.degrees(float(turned.min() + turned.max()) / 2) % 360
    assert shape.fill is not None  # only fills are asked for
    return Slice(middle, min(1.0, span / (2 * math.pi)), shape.fill, shape.box)
