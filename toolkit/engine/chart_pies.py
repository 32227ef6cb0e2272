"""Pies and rings, read: what each slice is called, and its printed value or its share."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from statistics import median

from toolkit.document.blocks import ChartType, Series
from toolkit.document.geometry import Box
from toolkit.engine.chart_axes import Label, number_in
from toolkit.engine.chart_marks import Slice, slices_in
from toolkit.engine.chart_names import Key, keys_among, name_of
from toolkit.engine.chart_reading import Reading
from toolkit.engine.chart_values import slice_values
from toolkit.engine.shapes import Shape, is_pale

__all__ = ["pie_of"]

_WITH_NUMBER = re.compile(r"(?P<name>.*\D)[\s:;,(]+(?P<number>[\d.,]+\s*%?)\)?$")
_COUNTED = re.compile(r"(?P<count>[\d.,]+)\s*[(;,:/]\s*[\d.,]+\s*%\s*\)?$")
"""A count with its share: "16 (7%)"."""
# Of the radius: a slice's name stands in it or this near to it.
_REACH = 1.75
SHARE = "%"
"""The series' name where its values are shares of the whole that nobody printed."""


def pie_of(
    drawing: Sequence[Shape], around: Sequence[Shape], labels: Sequence[Label]
) -> Reading | None:
    """The pie or ring that *drawing* is, or None."""
    found = slices_in([shape for shape in drawing if not is_pale(shape.fill)])
    if found is None or not labels:
        return None
    pieces, area = found
    keys = keys_among(labels, [shape for shape in around if not shape.curved])
    taken = [key.label for key in keys] + _heads(area, labels)
    beside = _beside(pieces, area, [b for b in labels if all(b is not t for t in taken)])
    names = [_name(piece, own, keys) for piece, own in zip(pieces, beside, strict=True)]
    values, is_printed = slice_values(pieces, [_number(own) for own in beside])
    if not any(names):
        names = [_numbered(own) for own in beside]
    if not any(names):
        return None
    return Reading(
        chart_type=ChartType.DOUGHNUT if _is_ring(area, drawing) else ChartType.PIE,
        categories=tuple(names),
        series=(Series(name=None if is_printed else SHARE, values=values),),
        area=area,
        used=tuple(b for own in beside for b in own),
        named=tuple(_named(names, beside, keys)),
    )


def _heads(area: Box, labels: Sequence[Label]) -> list[Label]:
    """What stands over a pie in larger type than all the rest: its title."""
    usual = median(label.size for label in labels)
    return [
        label
        for label in labels
        if label.size > 1.1 * usual
        and label.box.bottom < area.top
        and abs(label.middle[0] - (area.left + area.right) / 2) < 0.3 * area.width
    ]


def _is_ring(area: Box, drawing: Sequence[Shape]) -> bool:
    x, y = (area.left + area.right) / 2, (area.top + area.bottom) / 2
    radius = area.width / 2
    return not any(
        (abs(shape.points - (x, y)).max(axis=1) < 0.2 * radius).any()
        for shape in drawing
        if shape.fill is not None and shape.curved and not is_pale(shape.fill)
    )


def _beside(pieces: Sequence[Slice], area: Box, labels: Sequence[Label]) -> list[list[Label]]:
    """For each slice the labels in it or beside its rim, the nearest to the rim first."""
    own: list[list[Label]] = [[] for _ in pieces]
    x, y = (area.left + area.right) / 2, (area.top + area.bottom) / 2
    radius = max(area.width, area.height) / 2
    for label in labels:
        at = _nearest_point(label, x, y, radius)
        away = math.hypot(at[0] - x, at[1] - y)
        if label.line.angle or away > _REACH * radius or len(label.words) > 8:
            continue
        angle = math.degrees(math.atan2(at[0] - x, y - at[1])) % 360
        for piece, some in zip(pieces, own, strict=True):
            if abs((angle - piece.middle + 180) % 360 - 180) <= 180 * piece.share:
                some.append(label)
                break
    for some in own:
        some.sort(key=lambda one: _from_rim(one, x, y, radius))
    return own


def _from_rim(label: Label, x: float, y: float, radius: float) -> float:
    at = _nearest_point(label, x, y, radius)
    return abs(math.hypot(at[0] - x, at[1] - y) - radius)


def _nearest_point(label: Label, x: float, y: float, radius: float) -> tuple[float, float]:
    """The middle of a label in the pie; of one beside it, the middle of its nearest side."""
    across, down = label.middle
    if math.hypot(across - x, down - y) > radius:
        across = min(max(x, label.box.left), label.box.right)
    return across, down


def _name(piece: Slice, own: Sequence[Label], keys: Sequence[Key]) -> str:
    named = name_of(piece.ink, keys)
    if named is not None:
        return named
    words = [label for label in own if label.number is None]
    if not words:
        return ""
    # A name may have several rows; what stands elsewhere is the chart's title, or a remark.
    rows = [words[0]]
    for label in words[1:]:
        gap = max(label.box.top - rows[-1].box.bottom, rows[0].box.top - label.box.bottom)
        if gap < 0.5 * label.size and abs(label.middle[0] - rows[0].middle[0]) < 3 * label.size:
            rows.append(label)
    text = " ".join(label.text for label in sorted(rows, key=lambda one: one.box.top))
    found = _WITH_NUMBER.match(text)
    return found["name"].strip() if found is not None else text


def _named(
    names: Sequence[str], beside: Sequence[Sequence[Label]], keys: Sequence[Key]
) -> list[Label]:
    """The labels whose words are in *names*."""
    own = [
        label
        for name, labels in zip(names, beside, strict=True)
        for label in labels
        if label.text in name
    ]
    return [*own, *(key.label for key in keys)]


def _numbered(own: Sequence[Label]) -> str:
    """The name of a slice that is a number, such as a year: one that is no percentage."""
    names = [b.text for b in own if b.number is not None and not b.text.endswith("%")]
    return names[0] if len(names) == 1 else ""


def _number(own: Sequence[Label]) -> float | None:
    numbers: list[float | None] = [b.number for b in own if b.number is not None]
    counted = [found for b in own if (found := _COUNTED.match(b.text))]
    if len(counted) == 1:
        return number_in(counted[0]["count"])
    shares = [b.number for b in own if b.number is not None and b.text.endswith("%")]
    if len(shares) == 1:
        return shares[0]
    for label in own:
        found = _WITH_NUMBER.match(label.text)
        if found is not None and label.number is None:
            numbers.append(number_in(found["number"]))
    return numbers[0] if len(numbers) == 1 else None
