"""Pages whose text stands on its side, its head, or aslant: turned upright, read, turned back.

A page that is turned by no quarter turn keeps its size, and is turned around its middle.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from toolkit.document.geometry import Box
from toolkit.engine import oblique
from toolkit.engine.drafts import Draft
from toolkit.engine.marks import Glyphs, Sheet

__all__ = ["box_turned_back", "turned_back", "turned_upright", "usual_angle"]

Floats = NDArray[np.float64]

# A page is turned for its text where so much of it stands so, and there is enough to tell.
_MOST = 0.8
_ENOUGH = 40
# Ascent and descent in shares of the size.
_ASCENT, _DESCENT = 0.78, 0.22


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

    def turned(boxes: Floats) -> Floats:
        # Lines that are drawn aslant are none of a table.
        return _boxes(boxes, angle, width, height) if angle % 90 == 0 else boxes[:0]

    return replace(
        sheet,
        width=height if angle in (90, 270) else width,
        height=width if angle in (90, 270) else height,
        glyphs=_glyphs_upright(sheet.glyphs, angle, width, height),
        rules=turned(sheet.rules),
        rasters=tuple(
            replace(raster, box=_box(raster.box, angle, width, height)) for raster in sheet.rasters
        ),
        drawn=turned(sheet.drawn),
        panels=turned(sheet.panels),
        curved=sheet.curved[:0],
        proposals=None,
        tags=tuple(
            replace(tag, box=_box(tag.box, angle, width, height) if tag.box else None)
            for tag in sheet.tags
        ),
        outline=tuple(replace(bookmark, top=None) for bookmark in sheet.outline),
        # A chart that lies on its side is not read.
        shapes=(),
    )


def _glyphs_upright(glyphs: Glyphs, angle: int, width: float, height: float) -> Glyphs:
    origins = _points(glyphs.origins, angle, width, height)
    if angle % 90 == 0:
        boxes = _boxes(glyphs.boxes, angle, width, height)
        angles = ((glyphs.angles - angle) % 360).astype(np.int16)
    else:
        x, y = origins.T
        ends = oblique.reach(x, y, glyphs.sizes)
        boxes = np.column_stack((x, y - _ASCENT * glyphs.sizes, ends, y + _DESCENT * glyphs.sizes))
        # A little turned to and fro is upright, as it was one direction before.
        angles = ((glyphs.angles - angle + 180) % 360 - 180).astype(np.int16)
        angles = np.where(abs(angles) <= oblique.STRAIGHT, 0, angles % 360).astype(np.int16)
    return replace(glyphs, boxes=boxes, origins=origins, angles=angles)


def _points(points: Floats, angle: int, width: float, height: float) -> Floats:
    x, y = points[:, 0], points[:, 1]
    match angle:
        case 90:
            return np.column_stack((height - y, x))
        case 180:
            return np.column_stack((width - x, height - y))
        case 270:
            return np.column_stack((y, width - x))
        case _:
            middle = np.array([width / 2, height / 2])
            turned: Floats = np.column_stack(oblique.along(points - middle, angle)) + middle
            return turned


def _boxes(boxes: Floats, angle: int, width: float, height: float) -> Floats:
    corners = [
        _points(boxes[:, sides], angle, width, height) for sides in ([0, 1], [2, 3], [0, 3], [2, 1])
    ]
    around: Floats = np.hstack((np.minimum.reduce(corners), np.maximum.reduce(corners)))
    return around


def _box(box: Box, angle: int, width: float, height: float) -> Box:
    one = np.array([[box.left, box.top, box.right, box.bottom]])
    return Box(*map(float, _boxes(one, angle, width, height)[0]))


def box_turned_back(box: Box, angle: int, upright: Sheet) -> Box:
    """*box* of the sheet *upright* as it lies on the page that was turned by *angle*."""
    return _box(box, -angle % 360, upright.width, upright.height)


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
