"""Marks of a plot as numbers: read off an axis, or printed beside them; None where neither is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from toolkit.document.geometry import Box
from toolkit.engine.chart_axes import Axis, Label, steps
from toolkit.engine.chart_marks import Curve, Slice, heights_at, start_of
from toolkit.engine.shapes import Colour, Shape, by_colour

__all__ = [
    "Plot",
    "Values",
    "area_values",
    "bar_values",
    "curve_values",
    "slice_values",
    "slots_of",
]

Values = tuple[float | None, ...]

_EDGE = 1.5
# Of the axis: a printed number that is farther from its mark belongs to something else.
_AGREES = 0.03
# Printed numbers and the lengths of their bars, where there is no axis.
_TO_SCALE = 0.06
_POINTS_OFF = 1.5


@dataclass(frozen=True, eq=False)
class Plot:
    """What values of one plot are read with: an axis if it has one, and its words."""

    axis: Axis | None
    labels: tuple[Label, ...]
    """Those that are no ticks, no categories and no names."""


def slots_of(bars: Sequence[Shape], places: Sequence[float], *, upright: bool) -> list[float]:
    """Where the groups of *bars* stand along the other axis: at *places*, if they suit them."""
    middles = sorted(_middle(bar, upright=upright) for bar in bars)
    gap = steps(places)
    if len(places) > 1 and all(min(abs(m - p) for p in places) < 0.55 * gap for m in middles):
        return list(places)
    thick = bars[0].box.width if upright else bars[0].box.height
    slots: list[float] = []
    for middle in middles:
        if not slots or middle - slots[-1] > 0.5 * thick:
            slots.append(middle)
    return slots


def _middle(bar: Shape, *, upright: bool) -> float:
    box = bar.box
    return (box.left + box.right) / 2 if upright else (box.top + box.bottom) / 2


def bar_values(
    plot: Plot, bars: Sequence[Shape], slots: Sequence[float], *, upright: bool
) -> list[tuple[Colour, Values]]:
    """For each colour of *bars* its values at *slots*."""
    base = _zero(plot.axis, bars, upright=upright)
    printed = [_printed(bar, base, plot.labels, upright=upright) for bar in bars]
    trusted = plot.axis is not None or _to_scale(bars, printed, upright=upright)
    numbers = {
        id(bar): _bar_value(plot.axis, bar, base, label if trusted else None, upright=upright)
        for bar, label in zip(bars, printed, strict=True)
    }
    parts = by_colour(bars)
    if len(parts) == len(bars) == len(slots):
        # Each bar has a colour of its own: they are one series, coloured one by one.
        parts = [list(bars)]
    found = []
    for part in parts:
        row: list[float | None] = [None] * len(slots)
        for bar in part:
            middle = _middle(bar, upright=upright)
            row[min(range(len(slots)), key=lambda i: abs(slots[i] - middle))] = numbers[id(bar)]
        ink = part[0].ink
        assert ink is not None  # bars are filled
        found.append((ink, tuple(row)))
    return found


def _zero(axis: Axis | None, bars: Sequence[Shape], *, upright: bool) -> float:
    """Where *bars* begin: at the axis' 0, where one of them touches that."""
    base = start_of(bars, upright=upright)
    if axis is None or axis.is_log:
        return base
    zero = axis.place(0.0)
    touched = any(
        min(abs(end - zero) for end in _near_far(bar, base, upright=upright)) < _EDGE
        for bar in bars
    )
    return zero if touched else base


def _bar_value(
    axis: Axis | None, bar: Shape, base: float, printed: Label | None, *, upright: bool
) -> float | None:
    near, far = _near_far(bar, base, upright=upright)
    if axis is None:
        return printed.number if printed else None
    value = axis.value(far)
    if abs(near - base) > _EDGE:
        value = float(f"{value - axis.value(near):.12g}")
    if printed is not None and printed.number is not None:
        low, high = (axis.value(end) for end in axis.ends)
        if abs(printed.number - value) <= _AGREES * abs(high - low):
            return printed.number
    return value


def _near_far(bar: Shape, base: float, *, upright: bool) -> tuple[float, float]:
    ends = (bar.box.top, bar.box.bottom) if upright else (bar.box.left, bar.box.right)
    one, two = sorted(ends, key=lambda end: abs(end - base))
    return one, two


def _printed(bar: Shape, base: float, labels: Sequence[Label], *, upright: bool) -> Label | None:
    """The number that stands in *bar*, or right beyond its end."""
    near, far = _near_far(bar, base, upright=upright)
    along, across = (1, 0) if upright else (0, 1)
    sides = (bar.box.left, bar.box.right) if upright else (bar.box.top, bar.box.bottom)
    found = []
    for label in labels:
        middle = label.middle
        reach = 1.3 * label.size if upright else 1.3 * label.size + label.box.width / 2
        low, high = min(near, far - reach), max(near, far + reach)
        if far < near:
            high = near
        else:
            low = near
        in_line = sides[0] - 2 <= middle[across] <= sides[1] + 2
        if label.number is not None and in_line and low <= middle[along] <= high:
            # What stands in it is its own; beyond its end may be the next one's.
            outside = not bar.box.holds(*middle)
            found.append((outside, abs(middle[along] - far), label))
    return min(found, key=lambda entry: entry[:2])[2] if found else None


def _to_scale(bars: Sequence[Shape], printed: Sequence[Label | None], *, upright: bool) -> bool:
    """Whether the numbers printed at *bars* are as their lengths are."""
    lengths, numbers = [], []
    for bar, label in zip(bars, printed, strict=True):
        if label is not None and label.number:
            lengths.append(bar.box.height if upright else bar.box.width)
            numbers.append(abs(label.number))
    if len(numbers) < 3 or max(lengths) - min(lengths) < 2:
        return False
    scale = float(np.dot(lengths, numbers) / np.dot(lengths, lengths))
    off = np.abs(np.array(numbers) - scale * np.array(lengths)).max()
    return bool(off <= _TO_SCALE * max(numbers))


def curve_values(plot: Plot, curve: Curve, places: Sequence[float]) -> Values:
    """The values of *curve* at *places* along the level axis; None where it does not reach."""
    x, y = curve.points.T
    heights = [
        float(np.interp(place, x, y))
        if x[0] - _POINTS_OFF <= place <= x[-1] + _POINTS_OFF
        else None
        for place in places
    ]
    printed = [
        None if height is None else _printed_near(place, height, plot.labels)
        for place, height in zip(places, heights, strict=True)
    ]
    if plot.axis is None:
        return printed_values(heights, printed)
    low, high = (plot.axis.value(end) for end in plot.axis.ends)
    values: list[float | None] = []
    for height, label in zip(heights, printed, strict=True):
        value = None if height is None else plot.axis.value(height)
        agrees = (
            value is not None
            and label is not None
            and label.number is not None
            and abs(label.number - value) <= _AGREES * abs(high - low) / 2
        )
        values.append(label.number if agrees and label else value)
    return tuple(values)


def printed_values(heights: Sequence[float | None], printed: Sequence[Label | None]) -> Values:
    """The numbers printed at a curve that has no axis, where they are as its heights are."""
    pairs = [
        (height, label.number)
        for height, label in zip(heights, printed, strict=True)
        if height is not None and label is not None and label.number is not None
    ]
    none = (None,) * len(heights)
    if len(pairs) < 4 or len(pairs) < 0.8 * len(heights):
        return none
    at, numbers = np.array(pairs, dtype=float).T
    if np.ptp(at) < 2 or np.ptp(numbers) == 0:
        return none
    slope, start = np.polyfit(at, numbers, 1)
    if slope >= 0 or np.abs(start + slope * at - numbers).max() > _TO_SCALE * np.ptp(numbers):
        return none
    return tuple(label.number if label else None for label in printed)


def _printed_near(place: float, height: float, labels: Sequence[Label]) -> Label | None:
    """The number right over or under a place of a curve."""
    near = [
        (abs(label.middle[1] - height), label)
        for label in labels
        if label.number is not None
        and abs(label.middle[0] - place) < 0.6 * label.size
        and abs(label.middle[1] - height) < 2.2 * label.size
    ]
    return min(near, key=lambda entry: entry[0])[1] if near else None


def area_values(axis: Axis | None, shape: Shape, places: Sequence[float], floor: float) -> Values:
    """How high a filled shape is at *places*; what does not rest on *floor* is counted from below.

    At a shape's very ends its outline is a corner, which is looked at from just inside.
    """
    if axis is None:
        return (None,) * len(places)
    values: list[float | None] = []
    for place in places:
        inside = min(max(place, shape.box.left + 0.01), shape.box.right - 0.01)
        ends = heights_at(shape, inside) if abs(inside - place) < _POINTS_OFF else None
        if ends is None:
            values.append(None)
            continue
        value = axis.value(ends[0])
        if abs(ends[1] - floor) > _EDGE:
            value = float(f"{value - axis.value(ends[1]):.12g}")
        values.append(value)
    return tuple(values)


def slice_values(pieces: Sequence[Slice], printed: Sequence[float | None]) -> tuple[Values, bool]:
    """(a value a slice, whether they are printed ones): else their share of the whole, in %.

    *printed* numbers count where all slices have one and they are as the slices are.
    """
    shares = np.array([piece.share for piece in pieces])
    if all(number is not None and number >= 0 for number in printed):
        numbers = np.array(printed, dtype=float)
        total = numbers.sum()
        if total > 0 and np.abs(numbers / total - shares).max() < 0.02:
            return tuple(map(float, numbers)), True
    return tuple(round(100 * float(share), 1) for share in shares), False


def grown(box: Box, by: float) -> Box:
    """*box* with *by* points more on every side."""
    return Box(box.left - by, box.top - by, box.right + by, box.bottom + by)
