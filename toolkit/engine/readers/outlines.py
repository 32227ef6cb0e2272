"""The paths of a page with their points and colours, as PDFium has them."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pypdfium2 import raw

from toolkit.engine.marks import Frame
from toolkit.engine.readers.painted import objects_on
from toolkit.engine.shapes import Colour, Shape

__all__ = ["outlines"]

Floats = NDArray[np.float64]

# A page of more is a map or outlined text: nobody reads a value off it.
_MOST_SHAPES = 6000
_MOST_POINTS = 60_000
_MOST_OBJECTS = 20_000
# Points on a Bézier curve besides its start: an arc of 90° is within 0.5 % of its radius.
_STEPS = np.linspace(0.0, 1.0, 7)[1:, None]
# Of 255: a fainter fill is glass.
_SEEN = 20


def outlines(page: Any, frame: Frame) -> tuple[Shape, ...]:
    """What *page* draws in lines and fills, piece by piece, as seen in *frame*.

    () where there is too much of it to be read.
    """
    found: list[Shape] = []
    points = 0
    for at, (item, shift) in enumerate(objects_on(page)):
        if at > _MOST_OBJECTS or len(found) > _MOST_SHAPES or points > _MOST_POINTS:
            return ()
        if raw.FPDFPageObj_GetType(item) == raw.FPDF_PAGEOBJ_PATH:
            points += raw.FPDFPath_CountSegments(item)
            if points <= _MOST_POINTS:
                found += _shapes(item, shift, frame)
    return tuple(found)


def _shapes(item: Any, shift: Any, frame: Frame) -> Iterator[Shape]:
    fill, stroked = ctypes.c_int(), ctypes.c_int()
    raw.FPDFPath_GetDrawMode(item, fill, stroked)
    inside = _colour(item, raw.FPDFPageObj_GetFillColor) if fill.value else None
    line = _colour(item, raw.FPDFPageObj_GetStrokeColor) if stroked.value else None
    if inside is None and line is None:
        return
    matrix = _matrix(item, shift)
    width = ctypes.c_float(1.0)
    raw.FPDFPageObj_GetStrokeWidth(item, width)
    scale = abs(np.linalg.det(matrix[:2])) ** 0.5
    dashed = raw.FPDFPageObj_GetDashCount(item) > 0
    for points, corners, closed, curved in _pieces(item):
        seen = frame.seen(points @ matrix[:2] + matrix[2])
        if len(seen) > 1 and np.isfinite(seen).all():
            yield Shape(
                *(seen, corners, closed or inside is not None, curved, inside, line),
                width=float(width.value * scale),
                dashed=dashed,
            )


def _matrix(item: Any, shift: Any) -> Floats:
    """(3, 2): what the points of *item* are multiplied with, and what is added."""
    own = raw.FS_MATRIX()
    raw.FPDFPageObj_GetMatrix(item, own)
    whole = _three(own)
    if shift is not None:
        whole = whole @ _three(shift)
    return whole[:, :2]


def _three(m: Any) -> Floats:
    return np.array([[m.a, m.b, 0.0], [m.c, m.d, 0.0], [m.e, m.f, 1.0]])


def _colour(item: Any, ask: Any) -> Colour | None:
    parts = [ctypes.c_uint() for _ in range(4)]
    if not ask(item, *parts) or parts[3].value < _SEEN:
        return None
    red, green, blue, alpha = (part.value for part in parts)
    # As it looks on white paper.
    mixed = (round(255 - (255 - part) * alpha / 255) for part in (red, green, blue))
    return tuple(mixed)  # type: ignore[return-value]


Piece = tuple[Floats, tuple[int, ...], bool, bool]


def _pieces(item: Any) -> Iterator[Piece]:
    """(points, corners, closed, curved) of each piece of a path."""
    points: list[tuple[float, float]] = []
    corners: list[int] = []
    curve: list[tuple[float, float]] = []
    closed = curved = False
    x, y = ctypes.c_float(), ctypes.c_float()
    for at in range(raw.FPDFPath_CountSegments(item)):
        segment = raw.FPDFPath_GetPathSegment(item, at)
        raw.FPDFPathSegment_GetPoint(segment, x, y)
        here = (x.value, y.value)
        kind = raw.FPDFPathSegment_GetType(segment)
        if kind == raw.FPDF_SEGMENT_MOVETO and points:
            yield np.array(points), tuple(corners), closed, curved
            points, corners, curve, closed, curved = [], [], [], False, False
        if kind == raw.FPDF_SEGMENT_BEZIERTO:
            curve.append(here)
            if len(curve) < 3 or not points:
                continue
            points += _on_curve(points[-1], curve)
            curve, curved = [], True
        else:
            points.append(here)
        corners.append(len(points) - 1)
        closed = closed or bool(raw.FPDFPathSegment_GetClose(segment))
    if points:
        yield np.array(points), tuple(corners), closed, curved


def _on_curve(
    start: tuple[float, float], controls: list[tuple[float, float]]
) -> list[tuple[float, float]]:
    a, b, c, d = map(np.array, (start, *controls))
    t = _STEPS
    points = (1 - t) ** 3 * a + 3 * (1 - t) ** 2 * t * b + 3 * (1 - t) * t**2 * c + t**3 * d
    return [(float(x), float(y)) for x, y in points]
