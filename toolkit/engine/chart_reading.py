"""Charts drawn as vectors, read: type, title, categories and values.

A value is read off an axis, whose numbers must stand to scale, or is the one that is printed
beside its mark and agrees with the drawing; whatever has neither is None. Counted on made charts:
see tests/unit/engine/test_figures_charts.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from toolkit.document.blocks import ChartType, Series
from toolkit.document.geometry import Box
from toolkit.engine.chart_axes import Axis, Label, axes_below, axes_beside
from toolkit.engine.chart_marks import Curve, areas_in, bars_in, curves_in, points_in
from toolkit.engine.chart_names import Key, Named, categories_at, keys_among, name_of
from toolkit.engine.chart_values import (
    Plot,
    Values,
    area_values,
    bar_values,
    curve_values,
    slots_of,
)
from toolkit.engine.shapes import Shape, alike, is_pale

__all__ = ["Reading", "reading_of"]

Row = tuple[str | float | None, ...]

_LONG = 0.4
_LEAST = 30.0
_FEWEST_BARS = 3
_FEWEST_NAMES = 3
# A curve of more corners is given at its axis' ticks.
_MOST_CORNERS = 60
_AT_TICK = 1.5


@dataclass(frozen=True, kw_only=True, eq=False)
class Reading:
    """What a drawing says, before its place in a document. ``used`` are the labels it is from."""

    chart_type: ChartType
    categories: tuple[str, ...]
    series: tuple[Series, ...]
    area: Box
    used: tuple[Label, ...]
    named: tuple[Label, ...] = ()
    """Those of them that are names of categories and of series."""
    data_table: tuple[Row, ...] = ()


@dataclass(frozen=True, eq=False)
class _Scene:
    """A drawing taken apart: the plot's area, its marks, its axes, and the words around it."""

    area: Box
    marks: tuple[Shape, ...]
    labels: tuple[Label, ...]
    keys: tuple[Key, ...]
    beside: Axis | None
    below: Axis | None
    ticks: tuple[Label, ...]
    """The numbers of the upright axes, of those too that are not believed."""


def reading_of(
    drawing: Sequence[Shape], around: Sequence[Shape], labels: Sequence[Label]
) -> Reading | None:
    """The chart that *drawing* is, or None where it is none that can be read.

    *around* are the shapes near it, among which its legend may be, and *labels* the words there.
    """
    scene = _scene(drawing, around, labels)
    if scene is None:
        return None
    bars, upright = bars_in(scene.area, scene.marks)
    curves = curves_in(scene.area, scene.marks)
    if bars and _is_bar_chart(scene, bars, upright=upright):
        return _bar_chart(scene, bars, curves, upright=upright)
    if scene.beside is None:
        return _curve_chart(scene, curves) if curves and _has_axes(scene) else None
    if areas := areas_in(scene.area, scene.marks):
        found = _area_chart(scene, areas)
        if found is not None:
            return found
    if curves:
        return _curve_chart(scene, curves)
    clouds = points_in(scene.area, scene.marks)
    return _point_chart(scene, clouds) if clouds and scene.below else None


def _scene(
    drawing: Sequence[Shape], around: Sequence[Shape], labels: Sequence[Label]
) -> _Scene | None:
    shapes = [shape for shape in drawing if not _is_ground(shape, drawing)]
    keys = keys_among(labels, around)
    taken = {key.box for key in keys}
    marks = [shape for shape in shapes if shape.box not in taken]
    if not marks:
        return None
    area = _area(marks)
    names = {id(key.label) for key in keys}
    words = [label for label in labels if id(label) not in names]
    upright = axes_beside(area, words, shapes)
    return _Scene(
        area,
        tuple(marks),
        tuple(words),
        tuple(keys),
        _only(upright),
        _only(axes_below(area, words, shapes)),
        tuple(label for axis in upright for label in axis.labels),
    )


def _is_ground(shape: Shape, others: Sequence[Shape]) -> bool:
    """Whether *shape* is paper, a frame or a tinted ground rather than a mark."""
    if is_pale(shape.fill) and (shape.stroke is None or is_pale(shape.stroke)):
        return True
    if not shape.closed or shape.box.area < 400:
        return False
    inside = sum(
        other is not shape
        and other.box.left >= shape.box.left - 1
        and other.box.right <= shape.box.right + 1
        and other.box.top >= shape.box.top - 1
        and other.box.bottom <= shape.box.bottom + 1
        for other in others
    )
    return inside >= (2 if is_pale(shape.fill) else max(6, len(others) // 2))


def _area(marks: Sequence[Shape]) -> Box:
    """The plot: what its long level and upright lines span, or else all marks."""
    whole = Box.around(shape.box for shape in marks)
    long = [
        shape.box
        for shape in marks
        if (shape.is_level and shape.box.width >= _LONG * whole.width)
        or (shape.is_upright and shape.box.height >= _LONG * whole.height)
    ]
    if long:
        lines = Box.around(long)
        if min(lines.width, lines.height) >= _LEAST:
            return lines
    seen = [shape.box for shape in marks if max(shape.box.width, shape.box.height) > 6]
    return Box.around(seen) if seen else whole


def _only(axes: Sequence[Axis]) -> Axis | None:
    """The one axis; None where two differ, since nothing says which a mark is drawn to."""
    if len(axes) < 2:
        return axes[0] if axes else None
    one, two = axes
    same = all(
        abs(one.value(at) - two.value(at)) <= 0.02 * abs(one.value(one.ends[0]) or 1.0)
        for at in one.ends
    )
    return one if same else None


def _is_bar_chart(scene: _Scene, bars: Sequence[Shape], *, upright: bool) -> bool:
    axis = scene.beside if upright else scene.below
    if axis is not None:
        return True
    named = len(categories_at(scene.area, scene.labels, below=upright)) > 1
    words_in = any(
        label.number is None and any(bar.box.holds(*label.middle) for bar in bars)
        for label in scene.labels
    )
    # Without a scale they may be boxes of anything.
    return named and len(bars) >= _FEWEST_BARS and not words_in


def _bar_chart(
    scene: _Scene, bars: Sequence[Shape], curves: Sequence[Curve], *, upright: bool
) -> Reading:
    axis = scene.beside if upright else scene.below
    ticks = set(map(id, axis.labels)) if axis else set()
    if upright:
        ticks |= set(map(id, scene.ticks))
    words = [label for label in scene.labels if id(label) not in ticks]
    named = categories_at(scene.area, words, below=upright)
    slots = slots_of(bars, [place for place, _, _ in named], upright=upright)
    in_names = {id(label) for _, _, parts in named for label in parts}
    plot = Plot(axis, tuple(label for label in words if id(label) not in in_names))
    series = [
        Series(name=name_of(ink, scene.keys), values=values)
        for ink, values in bar_values(plot, bars, slots, upright=upright)
    ]
    kind = ChartType.COLUMN if upright else ChartType.BAR
    if upright and curves:
        kind = ChartType.COMBO
        series += _of_curves(scene, plot, curves, slots)
    return Reading(
        chart_type=kind,
        categories=_names_at(slots, named, scene.below if upright else scene.beside),
        series=tuple(series),
        area=scene.area,
        used=tuple(_scale(scene) + _printed_on(bars, plot.labels)),
        named=_names(scene, named),
    )


def _printed_on(bars: Sequence[Shape], labels: Sequence[Label]) -> list[Label]:
    return [
        label
        for label in labels
        if label.number is not None
        and any(
            Box(b.box.left - 30, b.box.top - 15, b.box.right + 30, b.box.bottom + 15).holds(
                *label.middle
            )
            for b in bars
        )
    ]


def _names_at(
    slots: Sequence[float],
    named: Sequence[Named],
    axis: Axis | None,
) -> tuple[str, ...]:
    """A name for each of *slots*: the one that stands there, or else its number on the axis."""
    if not slots:
        return ()
    gap = min((abs(a - b) for a in slots for b in slots if a != b), default=40.0)
    out = []
    for slot in slots:
        near = min(named, key=lambda one: abs(one[0] - slot), default=None)
        if near is not None and abs(near[0] - slot) < 0.5 * gap:
            out.append(near[1])
        else:
            out.append(format(axis.value(slot), ".6g") if axis else "")
    return tuple(out)


def _names(scene: _Scene, named: Sequence[Named]) -> tuple[Label, ...]:
    categories = (label for _, _, parts in named for label in parts)
    return (*categories, *(key.label for key in scene.keys))


def _scale(scene: _Scene) -> list[Label]:
    return [*scene.ticks, *(scene.below.labels if scene.below else ())]


def _of_curves(
    scene: _Scene, plot: Plot, curves: Sequence[Curve], places: Sequence[float]
) -> list[Series]:
    return [
        Series(
            name=name_of(curve.ink, scene.keys, dashed=curve.dashed),
            values=curve_values(plot, curve, places),
        )
        for curve in curves
    ]


def _curve_chart(scene: _Scene, curves: Sequence[Curve]) -> Reading | None:
    named = _named_below(scene)
    places, names = _where(scene, named, [curve.points[:, 0] for curve in curves])
    if len(places) < 2:
        return None
    return Reading(
        chart_type=ChartType.LINE,
        categories=names,
        series=tuple(_of_curves(scene, _plot(scene, named), curves, places)),
        area=scene.area,
        used=tuple(_scale(scene)),
        named=_names(scene, named),
    )


def _has_axes(scene: _Scene) -> bool:
    """Whether a level and an upright line run along the plot, with names under it."""
    level = any(s.is_level and s.box.width >= 0.8 * scene.area.width for s in scene.marks)
    upright = any(s.is_upright and s.box.height >= 0.8 * scene.area.height for s in scene.marks)
    return level and upright and len(_named_below(scene)) >= _FEWEST_NAMES


def _plot(scene: _Scene, named: Sequence[Named]) -> Plot:
    """What curves are read with: the upright axis, and the words that name nothing."""
    taken = {id(label) for _, _, parts in named for label in parts}
    taken |= set(map(id, _scale(scene)))
    return Plot(scene.beside, tuple(b for b in scene.labels if id(b) not in taken))


def _named_below(scene: _Scene) -> list[Named]:
    ticks = set(map(id, scene.ticks))
    words = [label for label in scene.labels if id(label) not in ticks]
    return categories_at(scene.area, words, below=True)


def _where(
    scene: _Scene,
    named: Sequence[Named],
    corners: Sequence[np.typing.NDArray[np.float64]],
) -> tuple[list[float], tuple[str, ...]]:
    """Where curves are read, and what these places are called.

    At the names under them, or, if those are numbers of a scale and the corners are elsewhere, at
    the corners.
    """
    places = [place for place, _, _ in named]
    every = np.unique(np.concatenate(list(corners)).round(1))
    few = len(every) <= _MOST_CORNERS
    astray = bool(places) and any(min(abs(x - p) for p in places) > _AT_TICK for x in every)
    if scene.below is not None and few and (astray or not places):
        apart = [
            float(x) for x, d in zip(every, np.diff(every, prepend=-9.0), strict=True) if d > 0.5
        ]
        return apart, tuple(format(scene.below.value(x), ".6g") for x in apart)
    return places, tuple(name for _, name, _ in named)


def _area_chart(scene: _Scene, areas: Sequence[Shape]) -> Reading | None:
    named = _named_below(scene)
    corners = [shape.points[:, 0] for shape in areas]
    places, names = _where(scene, named, corners)
    floor = max(shape.box.bottom for shape in areas)
    if len(places) < 2 or abs(floor - scene.area.bottom) > 0.1 * scene.area.height:
        # A band around a curve says how sure the curve is.
        return None
    series = []
    for shape in areas:
        values: Values = area_values(scene.beside, shape, places, floor)
        ink = shape.ink
        series.append(Series(name=name_of(ink, scene.keys) if ink else None, values=values))
    return Reading(
        chart_type=ChartType.AREA,
        categories=names,
        series=tuple(series),
        area=scene.area,
        used=tuple(_scale(scene)),
        named=_names(scene, named),
    )


def _point_chart(scene: _Scene, clouds: Sequence[Curve]) -> Reading | None:
    beside, below = scene.beside, scene.below
    if beside is None or below is None:
        return None
    rows: list[Row] = [("series", "x", "y")]
    series = []
    for cloud in clouds:
        if any(alike(cloud.ink, key.ink) for key in scene.keys) or not scene.keys:
            name = name_of(cloud.ink, scene.keys)
            ys = tuple(beside.value(float(y)) for y in cloud.points[:, 1])
            xs = [below.value(float(x)) for x in cloud.points[:, 0]]
            series.append(Series(name=name, values=ys))
            rows += [(name or "", x, y) for x, y in zip(xs, ys, strict=True)]
    if not series:
        return None
    return Reading(
        chart_type=ChartType.SCATTER,
        categories=(),
        series=tuple(series),
        area=scene.area,
        used=tuple(_scale(scene)),
        named=_names(scene, ()),
        data_table=tuple(rows),
    )
