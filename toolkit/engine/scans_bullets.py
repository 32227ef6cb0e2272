"""Bullets of lists on scans: dots before lines, which the recognition passes over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from toolkit.document.geometry import Box

if TYPE_CHECKING:
    from toolkit.engine.ocr.lines import Line
    from toolkit.engine.scans_type import Setting

__all__ = ["with_bullets"]

Grey = NDArray[np.uint8]

BULLET = "•"
# In shares of a line's size: how far left of the line a bullet stands, how large it is, and how
# high its middle is above the baseline.
_NEAREST, _FURTHEST = 0.12, 3.0
_SMALLEST, _LARGEST = 0.1, 0.65
_LOW, _HIGH = 0.12, 0.6
# Of its box, what a dot or a square fills; a ring fills less, a letter or a stroke too.
_FILLED = 0.6
_SQUARE = 1.5
# One dot is a speck; bullets of a list stand under each other, to so many sizes.
_FEWEST = 2
_UNDER = 0.25
# Of 255 steps, by which a bullet differs from the paper.
_FAINTEST = 48


def with_bullets(
    grey: Grey, lines: Sequence[Line], settings: Sequence[Setting]
) -> list[tuple[Line, Setting]]:
    """*lines* of the picture *grey*, each with its setting; a bullet stands before those that have
    one."""
    boxes = np.array([_row(line.box) for line in lines]).reshape(-1, 4)
    found = [
        _bullet(grey, line, setting, boxes) for line, setting in zip(lines, settings, strict=True)
    ]
    columns = Counter(
        _column(box, setting) for box, setting in zip(found, settings, strict=True) if box
    )
    return [
        _marked(line, setting, box)
        if box and sum(columns[_column(box, setting) + by] for by in (-1, 0, 1)) >= _FEWEST
        else (line, setting)
        for line, setting, box in zip(lines, settings, found, strict=True)
    ]


def _row(box: Box) -> tuple[float, float, float, float]:
    return box.left, box.top, box.right, box.bottom


def _column(box: Box, setting: Setting) -> int:
    return round((box.left + box.right) / 2 / max(1.0, _UNDER * setting.size))


def _bullet(grey: Grey, line: Line, setting: Setting, boxes: NDArray[np.float64]) -> Box | None:
    """The box of the bullet before *line*; None where there is none, or something else."""
    size, base = setting.size, setting.baseline
    left = max(0, int(line.box.left - _FURTHEST * size))
    right = int(line.box.left - _NEAREST * size)
    top, bottom = max(0, int(base - 0.8 * size)), int(base + 0.15 * size)
    meets = (boxes[:, 0] < right) & (boxes[:, 2] > left)
    meets &= (boxes[:, 1] < bottom) & (boxes[:, 3] > top)
    others = boxes[meets & (boxes[:, 0] < line.box.left - 1)]
    if len(others):
        left = max(left, int(others[:, 2].max()) + 1)
    window = grey[top:bottom, left:right]
    if min(window.shape) < 4 or line.text[:1] == BULLET:
        return None
    ink = (np.abs(window - np.median(window).astype(np.int16)) > _FAINTEST).astype(np.uint8)
    count, _, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    if count != 2:
        return None
    x, y, width, height, area = stats[1].tolist()
    box = Box(left + x, top + y, left + x + width, top + y + height)
    return box if _is_dot(box, area, setting) and x > 0 else None


def _is_dot(box: Box, area: int, setting: Setting) -> bool:
    size = setting.size
    high = (setting.baseline - (box.top + box.bottom) / 2) / size
    small, large = sorted((box.width, box.height))
    return (
        _SMALLEST * size <= small
        and large <= min(_LARGEST * size, _SQUARE * small)
        and area >= _FILLED * box.area
        and _LOW <= high <= _HIGH
    )


def _marked(line: Line, setting: Setting, box: Box) -> tuple[Line, Setting]:
    """*line* with a bullet at *box* before it, as sure as itself."""
    edge = line.box.left
    added = [_row(box), (box.right, line.box.top, edge, line.box.bottom)]
    word = replace(line.words[0], text=BULLET, box=box, confidence=line.confidence)
    return (
        replace(
            line,
            text=f"{BULLET} {line.text}",
            box=Box.around([box, line.box]),
            words=(word, *line.words),
            char_boxes=np.vstack([np.array(added, np.float32), line.char_boxes]),
            alike=False,
        ),
        replace(setting, bold=(setting.bold[:1] or (False,)) + setting.bold),
    )
