"""Text that is cut away by the paths that it is painted within."""

from __future__ import annotations

import ctypes
from typing import Any

from pypdfium2 import raw

__all__ = ["cut_away"]

Rect = tuple[float, float, float, float]

# Points: a cell's own edge cuts off no letter.
_SLACK = 1.0
_MOST_PATHS, _MOST_CORNERS = 30, 200
_FAR = 1e6


def cut_away(item: Any, shift: Any, box: Rect) -> list[Rect]:
    """The parts of *box*, which is around the text *item*, in which its clip paths let nothing be
    seen.

    *shift* is the matrix of the form that *item* lies in, or None. A path counts as the box around
    it: what only its corners cut off is taken as seen.
    """
    paths = raw.FPDFPageObj_GetClipPath(item)
    count = raw.FPDFClipPath_CountPaths(paths) if paths else 0
    if count <= 0:
        return []
    left, bottom, right, top = -_FAR, -_FAR, _FAR, _FAR
    for at in range(min(count, _MOST_PATHS)):
        around = _around(paths, at, shift)
        if around is not None:
            left, bottom = max(left, around[0]), max(bottom, around[1])
            right, top = min(right, around[2]), min(top, around[3])
    middle = (box[1] + box[3]) / 2
    if right <= left or top <= bottom or not bottom - _SLACK <= middle <= top + _SLACK:
        return [box]
    cut = []
    if box[0] < left - _SLACK:
        cut.append((box[0], box[1], min(left, box[2]), box[3]))
    if box[2] > right + _SLACK:
        cut.append((max(right, box[0]), box[1], box[2], box[3]))
    return cut


def _around(paths: Any, at: int, shift: Any) -> Rect | None:
    """The box around a clip path; None where it has none, or too many corners to look at."""
    corners = raw.FPDFClipPath_CountPathSegments(paths, at)
    if not 0 < corners <= _MOST_CORNERS:
        return None
    x, y = ctypes.c_float(), ctypes.c_float()
    xs, ys = [], []
    for corner in range(corners):
        segment = raw.FPDFClipPath_GetPathSegment(paths, at, corner)
        if segment and raw.FPDFPathSegment_GetPoint(segment, x, y):
            across, up = x.value, y.value
            if shift is not None:
                across, up = (
                    shift.a * across + shift.c * up + shift.e,
                    shift.b * across + shift.d * up + shift.f,
                )
            xs.append(across)
            ys.append(up)
    return (min(xs), min(ys), max(xs), max(ys)) if xs else None
