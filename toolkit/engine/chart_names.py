"""What a chart's words name: its categories, its series, its title and its axes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from toolkit.document.geometry import Box
from toolkit.engine.chart_axes import Label
from toolkit.engine.shapes import Colour, Shape, alike, is_pale

__all__ = ["Key", "Named", "categories_at", "keys_among", "name_of", "title_of", "titles_of_axes"]

_CAPTION = re.compile(r"^(?:figure|fig\b|table|chart \d|source|note)", re.IGNORECASE)
# In sizes of the type.
_KEY_GAP, _KEY_LENGTH, _KEY_HEIGHT = 2.2, 5.0, 1.7
_ROW_GAP = 2.6
_MOST_WORDS = 16

Named = tuple[float, str, tuple[Label, ...]]
"""Where a category stands along its axis, its name, and the labels that make it."""


@dataclass(frozen=True, eq=False)
class Key:
    """An entry of a legend."""

    label: Label
    ink: Colour
    dashed: bool
    box: Box


def keys_among(labels: Sequence[Label], shapes: Sequence[Shape]) -> list[Key]:
    """The legend: small marks, each of another colour, with a name right beside them.

    A number is a name only where such marks are all of one size: a bar has its value beside it.
    """
    found: list[Key] = []
    for label in labels:
        if label.line.angle == 0 and (mark := _mark_before(label, shapes)) is not None:
            ink = mark.ink
            assert ink is not None  # a mark without ink is not looked at
            found.append(Key(label, ink, mark.dashed, mark.box))
    named = [key for key in found if key.label.number is None]
    widths = {round(key.box.width) for key in found}
    if len(widths) > 1 or len(found) < 2:
        found = named
    inks: list[Key] = []
    for key in found:
        if any(alike(key.ink, k.ink) and key.dashed is k.dashed for k in inks):
            return []
        inks.append(key)
    return inks


def _mark_before(label: Label, shapes: Sequence[Shape]) -> Shape | None:
    near = [
        (label.box.left - shape.box.right, -at, shape)
        for at, shape in enumerate(shapes)
        if (not is_pale(shape.ink) or (is_pale(shape.fill) and shape.stroke is not None))
        and shape.box.height <= _KEY_HEIGHT * label.size
        and 0.15 * label.size < max(shape.box.width, shape.box.height) <= _KEY_LENGTH * label.size
        and abs((shape.box.top + shape.box.bottom) / 2 - label.middle[1]) < 0.6 * label.size
        and -0.1 * label.size < label.box.left - shape.box.right < _KEY_GAP * label.size
        and not shape.is_upright
    ]
    # Of a frame and what it frames, the one that is filled.
    near.sort(key=lambda entry: (is_pale(entry[2].ink), entry[0], entry[1]))
    return near[0][2] if near and not is_pale(near[0][2].ink) else None


def name_of(ink: Colour, keys: Sequence[Key], *, dashed: bool = False) -> str | None:
    """The name that the legend has for *ink*."""
    same = [key for key in keys if alike(key.ink, ink)]
    if len(same) > 1:
        same = [key for key in same if key.dashed is dashed]
    return same[0].label.text if len(same) == 1 else None


def categories_at(area: Box, labels: Sequence[Label], *, below: bool) -> list[Named]:
    """(place, name, its labels) of each category *below* (or left of) a plot, in order.

    Below, names of several rows are put together; text that stands on its side counts too.
    """
    if below:
        return _below(area, labels)
    near = [
        label
        for label in labels
        if label.line.angle == 0
        and area.left - 170 < label.box.right < area.left + 0.05 * area.width
        and area.top - 2 < label.middle[1] < area.bottom + 2
    ]
    if not near:
        return []
    edge = max(label.box.right for label in near)
    near = [label for label in near if edge - label.box.right < 3.0]
    rows: list[list[Label]] = []
    for label in _sorted(near, 1):
        # Rows of one name stand closer than the names do.
        if rows and label.box.top - rows[-1][-1].box.bottom < 0.25 * label.size:
            rows[-1].append(label)
        else:
            rows.append([label])
    if len(rows) < 2:
        rows = [[label] for label in _sorted(near, 1)]
    return [
        (
            (some[0].box.top + some[-1].box.bottom) / 2,
            " ".join(label.text for label in some),
            tuple(some),
        )
        for some in rows
    ]


def _sorted(labels: Sequence[Label], way: int) -> list[Label]:
    return sorted(labels, key=lambda label: label.middle[way])


def _below(area: Box, labels: Sequence[Label]) -> list[Named]:
    near = [
        label
        for label in labels
        if area.bottom - 3 < label.box.top < area.bottom + 30
        and area.left - label.box.width < label.middle[0] < area.right + label.box.width
    ]
    if not near:
        return []
    top = min(label.box.top for label in near)
    first = [label for label in near if label.box.top - top < 0.6 * label.size]
    if len(first) < 2:
        return []
    columns = {id(label): [label] for label in first}
    for label in sorted(near, key=lambda one: one.box.top):
        host = min(first, key=lambda one: abs(one.middle[0] - label.middle[0]))
        last = columns[id(host)][-1]
        if label in first or abs(host.middle[0] - label.middle[0]) > 2.0:
            continue
        if label.box.top - last.box.bottom < 0.5 * label.size and label.line.angle == 0:
            columns[id(host)].append(label)
    # One row that all share below them is a title, not the second row of the middle one.
    deep = [host for host in first if len(columns[id(host)]) > 1]
    if len(first) > 2 and len(deep) == 1 and _is_central(deep[0], first):
        columns[id(deep[0])] = [deep[0]]
    return [
        (label.middle[0], " ".join(part.text for part in rows), tuple(rows))
        for label in _sorted(first, 0)
        for rows in [columns[id(label)]]
    ]


def _is_central(label: Label, row: Sequence[Label]) -> bool:
    places = sorted(one.middle[0] for one in row)
    return places[0] < label.middle[0] < places[-1]


def title_of(area: Box, labels: Sequence[Label]) -> Label | None:
    """The line over a chart's middle that is its title."""
    centre = (area.left + area.right) / 2
    over = [
        label
        for label in labels
        if label.line.angle == 0
        and label.number is None
        and -0.3 * label.size < area.top - label.box.bottom < _ROW_GAP * label.size
        and abs(label.middle[0] - centre) < 0.12 * area.width
        and label.box.width < 1.4 * area.width
        and len(label.words) <= _MOST_WORDS
        and not _CAPTION.match(label.text)
    ]
    return min(over, key=lambda label: label.box.top, default=None)


def titles_of_axes(area: Box, outer: Box, labels: Sequence[Label]) -> list[Label]:
    """What stands along a chart's axes: on its side left or right, and under its middle.

    *area* is the plot, *outer* the plot with its ticks and categories.
    """
    found = []
    across, down = (area.left + area.right) / 2, (area.top + area.bottom) / 2
    for label in labels:
        x, y = label.middle
        beside = label.line.angle in (90, 270) and abs(y - down) < 0.3 * area.height
        near = min(abs(outer.left - label.box.right), abs(label.box.left - outer.right))
        under = (
            label.line.angle == 0
            and -0.2 * label.size < label.box.top - outer.bottom < 1.6 * label.size
            and abs(x - across) < 0.1 * area.width
            and len(label.words) <= 8
            and label.number is None
        )
        if (beside and near < 2.5 * label.size) or (under and not _CAPTION.match(label.text)):
            found.append(label)
    return found
