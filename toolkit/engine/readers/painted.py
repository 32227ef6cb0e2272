"""What a page paints, in order: text that is not to be seen, and what is drawn.

Text is unseen where it is invisible, cut away by a clip path, on a layer that is off, covered, or
white on white. PDFium's objects tell; what they only make suspect is looked at in a picture of the
page: pale text is unseen where one colour alone is shown, and text on a layer, or under something,
where the picture is the same without it.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pypdfium2 import raw

from toolkit.engine.readers.clips import cut_away

__all__ = ["Painted", "bounds", "nothing_painted", "objects_on", "painted"]

Floats = NDArray[np.float64]
Rect = tuple[float, float, float, float]
"""left, bottom, right, top in the file's coordinates."""

# Of the first nothing is seen, of the second only what is painted within it.
_INVISIBLE = (raw.FPDF_TEXTRENDERMODE_INVISIBLE, raw.FPDF_TEXTRENDERMODE_CLIP)
# Nobody sees a difference of less between ink and paper, of 255 steps.
_FAINTEST = 10
_WHITE = 235
_WHITEST = 252
_SOLID = 250
# A start, three or four sides, and sometimes the way back.
_OF_RECTANGLE = 6
# Points: what is painted over a text may miss its box by so much.
_SLACK = 1.0
# Square points: a text of less is a space, of which nothing is to be seen.
_LEAST = 1.0
_LIDS = (raw.FPDF_PAGEOBJ_IMAGE, raw.FPDF_PAGEOBJ_SHADING)
_DEEPEST = 8
# Points: nothing can be seen in an image that is thinner.
_HAIR = 1.5
# A page of more objects is a drawing; nothing on it is suspected.
_MOST_OBJECTS = 20_000
_WIDEST_PX = 1500


@dataclass(frozen=True, slots=True)
class Painted:
    """What a page paints, as boxes (n, 4) in the file's coordinates.

    ``unseen`` is text that nobody can see, ``drawn`` each path (lines, curves, fills), ``panels``
    those of them that are one rectangle, tinted or framed. ``curved`` is (c, 5): the box of each
    filled path of more than a rectangle, and of how many segments it is. ``replaced`` is whether
    some text is told to say other than its characters.
    """

    unseen: Floats
    drawn: Floats
    panels: Floats
    curved: Floats
    replaced: bool = False


class _Told:
    """What the objects of a page tell, in the order in which they are painted."""

    def __init__(self) -> None:
        self.unseen: list[Rect] = []
        self.pale: list[Rect] = []
        # With how many patches were painted before each.
        self.texts: list[tuple[Rect, int, Any]] = []
        self.layered: list[tuple[Rect, Any]] = []
        self.patches: list[Rect] = []
        self.drawn: list[Rect] = []
        self.panels: list[Rect] = []
        self.curved: list[tuple[Rect, int]] = []
        self.replaced = False

    def text(self, item: Any, shift: Any) -> None:
        box = bounds(item, shift)
        replaced, layered = _marked_as(item)
        self.replaced |= replaced
        if raw.FPDFTextObj_GetTextRenderMode(item) in _INVISIBLE:
            self.unseen.append(box)
        elif _is_pale(item):
            self.pale.append(box)
        else:
            self.texts.append((box, len(self.patches), item))
            self.unseen += cut_away(item, shift, box)
            if layered:
                self.layered.append((box, item))

    def path(self, item: Any, shift: Any) -> None:
        box = bounds(item, shift)
        colour = _filled(item)
        self.drawn.append(box)
        if self.texts and colour is not None and colour[3] >= _SOLID:
            self.patches.append(box)
        segments = raw.FPDFPath_CountSegments(item)
        if segments > _OF_RECTANGLE and colour is not None:
            self.curved.append((box, segments))
        elif segments <= _OF_RECTANGLE and not _is_white(colour):
            self.panels.append(box)

    def lid(self, item: Any, shift: Any, kind: int) -> None:
        box = bounds(item, shift)
        if self.texts:
            self.patches.append(box)
        if kind == raw.FPDF_PAGEOBJ_IMAGE and min(box[2] - box[0], box[3] - box[1]) < _HAIR:
            # Some printers paint a line as an image of one pixel.
            self.drawn.append(box)


def nothing_painted() -> Painted:
    """Of a page of which nothing is known."""
    return Painted(_table([]), _table([]), _table([]), _counted([]))


def painted(page: Any) -> Painted:
    """What *page* paints besides images."""
    told = _Told()
    for at, (item, shift) in enumerate(objects_on(page)):
        if at > _MOST_OBJECTS:
            return nothing_painted()
        kind = raw.FPDFPageObj_GetType(item)
        if kind == raw.FPDF_PAGEOBJ_TEXT:
            told.text(item, shift)
        elif kind == raw.FPDF_PAGEOBJ_PATH:
            told.path(item, shift)
        elif kind in _LIDS:
            told.lid(item, shift, kind)
    unseen = told.unseen + _flat(page, told.pale)
    unseen += _unchanged(page, told.layered + _covered(told.texts, told.patches))
    return Painted(
        _table(unseen),
        _table(told.drawn),
        _table(told.panels),
        _counted(told.curved),
        told.replaced,
    )


def _table(boxes: list[Rect]) -> Floats:
    table: Floats = np.array(boxes, dtype=float).reshape(-1, 4)
    return np.clip(np.where(np.isnan(table), 0.0, table), -1e9, 1e9)


def _counted(boxes: list[tuple[Rect, int]]) -> Floats:
    segments = np.array([count for _, count in boxes], dtype=float)
    return np.column_stack((_table([box for box, _ in boxes]), segments))


def objects_on(page: Any) -> Iterator[tuple[Any, Any]]:
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


# Given to the library to write into, which does so at once; to make them anew takes longer.
_SIDES = tuple(ctypes.c_float() for _ in range(4))
_PARTS = tuple(ctypes.c_uint() for _ in range(4))
_LENGTH = ctypes.c_ulong()
_NAME = (ctypes.c_ushort * 8)()
# What the marked content of a layer, which can be switched off, is called; with its end.
_LAYER = "OC\0".encode("utf-16-le")


def bounds(item: Any, shift: Any) -> Rect:
    """The box of *item*, which lies in a form that is laid down by the matrix *shift*, if any."""
    raw.FPDFPageObj_GetBounds(item, *_SIDES)
    left, bottom, right, top = (side.value for side in _SIDES)
    if shift is None:
        return left, bottom, right, top
    corners = [
        (shift.a * x + shift.c * y + shift.e, shift.b * x + shift.d * y + shift.f)
        for x in (left, right)
        for y in (bottom, top)
    ]
    xs, ys = zip(*corners, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def _marked_as(item: Any) -> tuple[bool, bool]:
    """Whether a text has another to be read in its place, and whether it is on a layer."""
    replaced = layered = False
    for at in range(min(_DEEPEST, raw.FPDFPageObj_CountMarks(item))):
        mark = raw.FPDFPageObj_GetMark(item, at)
        replaced |= bool(
            raw.FPDFPageObjMark_GetParamStringValue(mark, b"ActualText", None, 0, _LENGTH)
        )
        if raw.FPDFPageObjMark_GetName(mark, _NAME, len(_NAME), _LENGTH):
            layered |= _LENGTH.value == len(_LAYER) and bytes(_NAME)[: len(_LAYER)] == _LAYER
    return replaced, layered


def _is_pale(item: Any) -> bool:
    colour = _colour(item)
    return colour is not None and (min(colour[:3]) >= _WHITE or colour[3] == 0)


def _colour(item: Any) -> tuple[int, int, int, int] | None:
    if not raw.FPDFPageObj_GetFillColor(item, *_PARTS):
        return None
    red, green, blue, alpha = (part.value for part in _PARTS)
    return red, green, blue, alpha


def _filled(item: Any) -> tuple[int, int, int, int] | None:
    """The colour that a path is filled with; None where it is not filled."""
    fill, stroke = ctypes.c_int(), ctypes.c_int()
    raw.FPDFPath_GetDrawMode(item, fill, stroke)
    return _colour(item) if fill.value else None


def _is_white(colour: tuple[int, int, int, int] | None) -> bool:
    return colour is not None and (min(colour[:3]) > _WHITEST or colour[3] == 0)


def _covered(texts: list[tuple[Rect, int, Any]], patches: list[Rect]) -> list[tuple[Rect, Any]]:
    """Those of *texts* that lie in a patch painted after them."""
    if not patches:
        return []
    table = np.array(patches)
    boxes = np.array([box for box, _, _ in texts]).reshape(-1, 4)
    before = np.array([count for _, count, _ in texts])
    under = np.zeros(len(texts), dtype=bool)
    for at, (left, bottom, right, top) in enumerate(table.tolist()):
        inside = (boxes[:, 0] >= left - _SLACK) & (boxes[:, 2] <= right + _SLACK)
        inside &= (boxes[:, 1] >= bottom - _SLACK) & (boxes[:, 3] <= top + _SLACK)
        under |= inside & (before <= at)
    under &= (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]) >= _LEAST
    return [(texts[at][0], texts[at][2]) for at in np.flatnonzero(under)]


def _flat(page: Any, boxes: list[Rect]) -> list[Rect]:
    """Those of *boxes* in which a picture of the page shows one colour alone."""
    if not boxes:
        return []
    pixels = _picture(page)
    return [
        box
        for box, part in zip(boxes, _parts(page, pixels, boxes), strict=True)
        if part.size and (part.max(axis=(0, 1)) - part.min(axis=(0, 1))).max() < _FAINTEST
    ]


def _unchanged(page: Any, suspects: list[tuple[Rect, Any]]) -> list[Rect]:
    """The boxes of those of *suspects* without which a picture of the page stays the same."""
    if not suspects:
        return []
    boxes = [box for box, _ in suspects]
    with_them = _picture(page)
    try:
        for _, item in suspects:
            raw.FPDFPageObj_SetIsActive(item, False)
        without = _picture(page)
    finally:
        for _, item in suspects:
            raw.FPDFPageObj_SetIsActive(item, True)
    change = np.abs(with_them - without)
    return [
        box
        for box, part in zip(boxes, _parts(page, change, boxes), strict=True)
        if part.size and part.max() < _FAINTEST
    ]


def _scale(page: Any) -> float:
    width, height = page.get_size()
    return min(1.0, _WIDEST_PX / max(float(width), float(height), 1.0))


def _picture(page: Any) -> NDArray[np.int16]:
    """*page* in pixels, unturned, so that the picture lies as the file's coordinates do."""
    turn = -page.get_rotation() % 360
    bitmap = page.render(scale=_scale(page), rotation=turn, may_draw_forms=False)
    pixels: NDArray[np.int16] = bitmap.to_numpy().astype(np.int16)
    bitmap.close()
    return pixels


def _parts(page: Any, pixels: NDArray[np.int16], boxes: list[Rect]) -> Iterator[NDArray[np.int16]]:
    """What *pixels*, the picture of *page*, has in each of *boxes*."""
    left, _bottom, _right, top = page.get_bbox()
    scale = _scale(page)
    height, width = pixels.shape[:2]
    corners = _table(boxes)
    x0, x1 = ((corners[:, side] - left) * scale for side in (0, 2))
    y0, y1 = ((top - corners[:, side]) * scale for side in (3, 1))
    firsts = np.column_stack((np.floor(y0), np.floor(x0))).clip(0, (height, width)).astype(int)
    lasts = np.column_stack((np.ceil(y1), np.ceil(x1))).clip(0, (height, width)).astype(int)
    for (up, first), (down, last) in zip(firsts.tolist(), lasts.tolist(), strict=True):
        yield pixels[up:down, first:last]
