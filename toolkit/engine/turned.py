"""Pages whose text stands on its side or its head: turned upright, read, and turned back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from toolkit.document.geometry import Box
from toolkit.engine.drafts import Draft
from toolkit.engine.marks import Sheet

__all__ = ["box_turned_back", "turned_back", "turned_upright", "usual_angle"]

Floats = NDArray[np.float64]

# A page is turned for its text where so much of it stands so, and there is enough to tell.
_MOST = 0.8
_ENOUGH = 40


def usual_angle(sheet: Sheet) -> int:
    """The angle at which a page's text stands: 0, unless nearly all of it is turned."""
    ink = np.array([not char.isspace() for char in sheet.glyphs.text], dtype=bool)
    angles, counts = np.unique(sheet.glyphs.angles[ink], return_counts=True)
    if counts.sum() < _ENOUGH or counts.max() < _MOST * counts.sum():
        return 0
    return int(angles[counts.argmax()])


def turned_upright(sheet: Sheet, angle: int) -> Sheet:
    """*sheet* as it is seen once its text, which stands at *angle*, is upright.

    What the other engine saw is left out: it reads such pages line by line at best.
    """
    width, height = sheet.width, sheet.height
    glyphs = sheet.glyphs
    points = _points(glyphs.origins, angle, width, height)
    return replace(
        sheet,
        width=height if angle in (90, 270) else width,
        height=width if angle in (90, 270) else height,
        glyphs=replace(
            glyphs,
            boxes=_boxes(glyphs.boxes, angle, width, height),
            origins=points,
            angles=((glyphs.angles - angle) % 360).astype(np.int16),
        ),
        rules=_boxes(sheet.rules, angle, width, height),
        drawn=_boxes(sheet.drawn, angle, width, height),
        panels=_boxes(sheet.panels, angle, width, height),
        proposals=None,
    )


def _points(points: Floats, angle: int, width: float, height: float) -> Floats:
    x, y = points[:, 0], points[:, 1]
    match angle:
        case 90:
            return np.column_stack((height - y, x))
        case 270:
            return np.column_stack((y, width - x))
        case _:
            return np.column_stack((width - x, height - y))


def _boxes(boxes: Floats, angle: int, width: float, height: float) -> Floats:
    first = _points(boxes[:, :2], angle, width, height)
    second = _points(boxes[:, 2:], angle, width, height)
    return np.column_stack((np.minimum(first, second), np.maximum(first, second)))


def box_turned_back(box: Box, angle: int, upright: Sheet) -> Box:
    """*box* of the sheet *upright* as it lies on the page that was turned by *angle*."""
    one = np.array([[box.left, box.top, box.right, box.bottom]])
    row = _boxes(one, -angle % 360, upright.width, upright.height)[0]
    return Box(*map(float, row))


def turned_back(drafts: Sequence[Draft], angle: int, upright: Sheet) -> list[Draft]:
    """*drafts* of the sheet *upright* with their boxes as they lie on the page."""
    return [
        replace(
            draft,
            box=box_turned_back(draft.box, angle, upright),
            cells=tuple(
                replace(cell, box=box_turned_back(cell.box, angle, upright)) for cell in draft.cells
            ),
        )
        for draft in drafts
    ]
