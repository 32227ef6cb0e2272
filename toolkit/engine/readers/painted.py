"""What a page paints, in order: text that is not to be seen, and what is drawn.

Text is unseen where it is invisible, covered, or white on white. PDFium's objects tell; what they
only make suspect is looked at in a picture of the page.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pypdfium2 import raw

__all__ = ["Painted", "painted"]

Floats = NDArray[np.float64]
Rect = tuple[float, float, float, float]
"""left, bottom, right, top in the file's coordinates."""

_INVISIBLE = raw.FPDF_TEXTRENDERMODE_INVISIBLE
# Nobody sees a difference of less between ink and paper, of 255 steps.
_FAINTEST = 10
_WHITE = 235
_WHITEST = 252
_SOLID = 250
# A start, three or four sides, and sometimes the way back.
_OF_RECTANGLE = 6
# Points: what is painted over a text may miss its box by so much.
_SLACK = 1.0
_DEEPEST = 8
# A page of more objects is a drawing; nothing on it is suspected.
_MOST_OBJECTS = 20_000
_WIDEST_PX = 1500


@dataclass(frozen=True, slots=True)
class Painted:
    """What a page paints, as boxes (n, 4) in the file's coordinates.

    ``unseen`` is text that nobody can see, ``drawn`` each path (lines, curves, fills), ``panels``
    those of them that are one rectangle, tinted or framed.
    """

    unseen: Floats
    drawn: Floats
    panels: Floats


def painted(page: Any) -> Painted:
    """What *page* paints besides images."""
    invisible: list[Rect] = []
    pale: list[Rect] = []
    # Painted so far, with how many patches were painted before it.
    texts: list[tuple[Rect, int]] = []
    patches: list[Rect] = []
    drawn: list[Rect] = []
    panels: list[Rect] = []
    for at, (item, shift) in enumerate(_objects(page)):
        if at > _MOST_OBJECTS:
            return Painted(_table([]), _table([]), _table([]))
        kind = raw.FPDFPageObj_GetType(item)
        if kind == raw.FPDF_PAGEOBJ_TEXT:
            if raw.FPDFTextObj_GetTextRenderMode(item) == _INVISIBLE:
                invisible.append(_bounds(item, shift))
            elif _is_pale(item):
                pale.append(_bounds(item, shift))
            else:
                texts.append((_bounds(item, shift), len(patches)))
        elif kind == raw.FPDF_PAGEOBJ_PATH:
            box = _bounds(item, shift)
            colour = _filled(item)
            drawn.append(box)
            if texts and colour is not None and colour[3] >= _SOLID:
                patches.append(box)
            if raw.FPDFPath_CountSegments(item) <= _OF_RECTANGLE and not _is_white(colour):
                panels.append(box)
    suspects = pale + _covered(texts, patches)
    return Painted(_table(invisible + _flat(page, suspects)), _table(drawn), _table(panels))


def _table(boxes: list[Rect]) -> Floats:
    table: Floats = np.array(boxes, dtype=float).reshape(-1, 4)
    return np.clip(np.where(np.isnan(table), 0.0, table), -1e9, 1e9)


def _objects(page: Any) -> Iterator[tuple[Any, Any]]:
    """(object, matrix or None) of everything painted, in order, inside forms too."""
    for at in range(raw.FPDFPage_CountObjects(page)):
        yield from _inside(raw.FPDFPage_GetObject(page, at), None, 0)


def _inside(item: Any, shift: Any, depth: int) -> Iterator[tuple[Any, Any]]:
    if raw.FPDFPageObj_GetType(item) != raw.FPDF_PAGEOBJ_FORM or depth > _DEEPEST:
        yield item, shift
        return
    own = raw.FS_MATRIX()
    raw.FPDFPageObj_GetMatrix(item, own)
    if shift is not None:
        own = _after(own, shift)
    for at in range(max(0, raw.FPDFFormObj_CountObjects(item))):
        yield from _inside(raw.FPDFFormObj_GetObject(item, at), own, depth + 1)


def _after(one: Any, two: Any) -> Any:
    """The matrix that does *one*, then *two*."""
    return raw.FS_MATRIX(
        one.a * two.a + one.b * two.c,
        one.a * two.b + one.b * two.d,
        one.c * two.a + one.d * two.c,
        one.c * two.b + one.d * two.d,
        one.e * two.a + one.f * two.c + two.e,
        one.e * two.b + one.f * two.d + two.f,
    )


def _bounds(item: Any, shift: Any) -> Rect:
    sides = [ctypes.c_float() for _ in range(4)]
    raw.FPDFPageObj_GetBounds(item, *sides)
    left, bottom, right, top = (side.value for side in sides)
    if shift is None:
        return left, bottom, right, top
    corners = [
        (shift.a * x + shift.c * y + shift.e, shift.b * x + shift.d * y + shift.f)
        for x in (left, right)
        for y in (bottom, top)
    ]
    xs, ys = zip(*corners, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def _is_pale(item: Any) -> bool:
    colour = _colour(item)
    return colour is not None and (min(colour[:3]) >= _WHITE or colour[3] == 0)


def _colour(item: Any) -> tuple[int, int, int, int] | None:
    parts = [ctypes.c_uint() for _ in range(4)]
    if not raw.FPDFPageObj_GetFillColor(item, *parts):
        return None
    red, green, blue, alpha = (part.value for part in parts)
    return red, green, blue, alpha


def _filled(item: Any) -> tuple[int, int, int, int] | None:
    """The colour that a path is filled with; None where it is not filled."""
    fill, stroke = ctypes.c_int(), ctypes.c_int()
    raw.FPDFPath_GetDrawMode(item, fill, stroke)
    return _colour(item) if fill.value else None


def _is_white(colour: tuple[int, int, int, int] | None) -> bool:
    return colour is not None and (min(colour[:3]) > _WHITEST or colour[3] == 0)


def _covered(texts: list[tuple[Rect, int]], patches: list[Rect]) -> list[Rect]:
    """The boxes of *texts* that lie in a patch painted after them."""
    if not patches:
        return []
    table = np.array(patches)
    found = []
    for box, before in texts:
        later = table[before:]
        inside = (later[:, :2] <= np.array(box[:2]) + _SLACK).all(axis=1)
        if (inside & (later[:, 2:] >= np.array(box[2:]) - _SLACK).all(axis=1)).any():
            found.append(box)
    return found


def _flat(page: Any, boxes: list[Rect]) -> list[Rect]:
    """Those of *boxes* in which a picture of the page shows one colour alone."""
    if not boxes:
        return []
    left, _bottom, _right, top = page.get_bbox()
    scale = min(1.0, _WIDEST_PX / max(*page.get_size(), 1.0))
    # Unturned, so that the picture lies as the file's coordinates do.
    bitmap = page.render(scale=scale, rotation=-page.get_rotation() % 360, may_draw_forms=False)
    pixels = bitmap.to_numpy()
    height, width = pixels.shape[:2]
    corners = _table(boxes)
    x0, x1 = ((corners[:, side] - left) * scale for side in (0, 2))
    y0, y1 = ((top - corners[:, side]) * scale for side in (3, 1))
    firsts = np.column_stack((np.floor(y0), np.floor(x0))).clip(0, (height, width)).astype(int)
    lasts = np.column_stack((np.ceil(y1), np.ceil(x1))).clip(0, (height, width)).astype(int)
    found = []
    for box, (up, first), (down, last) in zip(boxes, firsts.tolist(), lasts.tolist(), strict=True):
        part = pixels[up:down, first:last].astype(int)
        if part.size and (part.max(axis=(0, 1)) - part.min(axis=(0, 1))).max() < _FAINTEST:
            found.append(box)
    bitmap.close()
    return found
