"""The structure tree of a PDF: what its maker says that each piece of a page is.

A tree is sane, and only then anything of it is told, where

* it has at most `_MOST` entries that concern the page, and no loop,
* its elements mark at least half of the characters on the page, each of them once,
* no more than half of what it marks is said to be headings, and
* it tells pieces apart: where all text is tagged P (or as nothing at all), only what has another
  text to it (a figure's, a formula's) is told.

Many trees are made by programs that know no more of a page than its reader: these say P of all.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pypdfium2 import raw

from toolkit.document.geometry import Box
from toolkit.engine.marks import Frame, Glyphs, Tag
from toolkit.engine.readers.annotated import STEERING
from toolkit.engine.readers.painted import bounds, objects_on

__all__ = ["tags_on", "tree_of"]

# Entries of a tree that are looked at for one page: more than twice what a dense page has. More are
# those of a book whose tree is flat; to look through them for each page costs more than it tells.
_MOST = 6000
_DEEPEST = 64
_LEAST_MARKED = 0.5
_MOST_TWICE = 0.1
_MOST_HEADINGS = 0.5
_HEADING = re.compile(r"H\d?|Title")
# What groups others, and says nothing of what they are.
_GROUPS = frozenset(
    ("Document", "DocumentFragment", "Part", "Art", "Sect", "Div", "NonStruct", "Private", "Span")
)
_SAYS_NOTHING = _GROUPS | {"P", "Normal", "Link", "Reference", "Lbl"}
# Characters of an alternative text.
_LONGEST = 4000

Marked = NDArray[np.int32]


@dataclass(slots=True)
class _Element:
    kind: str
    ids: list[int]
    parent: int
    alt: str | None
    actual: str | None
    box: tuple[float, float, float, float] | None
    glyphs: list[int] = field(default_factory=list)
    boxes: list[Box] = field(default_factory=list)


def tree_of(page: Any) -> Any | None:
    """The handle of what the file's tree says of *page*; None where it has no tree."""
    return raw.FPDF_StructTree_GetForPage(page) or None


def tags_on(
    page: Any, tree: Any, frame: Frame, glyphs: Glyphs, marked: Callable[[], Marked]
) -> tuple[Tag, ...] | None:
    """What *tree* says of *page*, in its order; () where it is not sane, None if it is too large.

    *marked* gives the number of the marked content that each of *glyphs* stands in, -1 for none.
    """
    elements = _elements(tree)
    if elements is None:
        return None
    return _sane(elements, page, frame, glyphs, marked()) if elements else ()


def _sane(
    elements: list[_Element], page: Any, frame: Frame, glyphs: Glyphs, marked: Marked
) -> tuple[Tag, ...]:
    """*elements* as tags; () where they are not sane."""
    if len(marked) != len(glyphs):
        return ()
    if not _marks_most_once(elements, glyphs, marked):
        return ()
    _placed(elements, page, frame, glyphs, marked)
    if _marks_headings_alone(elements):
        return ()
    if all(element.kind in _SAYS_NOTHING for element in elements if element.glyphs):
        elements = [element for element in elements if element.alt]
    return tuple(
        Tag(
            element.kind,
            Box.around(element.boxes) if element.boxes else None,
            tuple(sorted(element.glyphs)),
            element.alt,
            element.actual,
        )
        for element in elements
        if (element.glyphs or element.boxes) and not (element.kind in _GROUPS and not element.alt)
    )


def _elements(tree: Any) -> list[_Element] | None:
    """The elements of *tree* in its order, parents first; None where it is too large."""
    found: list[_Element] = []
    count = raw.FPDF_StructTree_CountChildren(tree)
    stack = [
        (raw.FPDF_StructTree_GetChildAtIndex(tree, at), -1, 0)
        for at in reversed(range(min(count, _MOST)))
    ]
    seen: set[int] = set()
    looked = count
    while stack:
        element, parent, depth = stack.pop()
        if not element:
            continue
        key = ctypes.addressof(element.contents)
        kids = max(0, raw.FPDF_StructElement_CountChildren(element))
        looked += kids
        if looked > _MOST:
            return None
        if depth > _DEEPEST or key in seen:
            return []
        seen.add(key)
        ids = []
        inner = []
        for at in range(kids):
            number = raw.FPDF_StructElement_GetChildMarkedContentID(element, at)
            if number >= 0:
                ids.append(number)
            else:
                kid = raw.FPDF_StructElement_GetChildAtIndex(element, at)
                inner.append((kid, len(found), depth + 1))
        found.append(_element(element, ids, parent))
        stack += reversed(inner)
    return found


def _element(element: Any, ids: list[int], parent: int) -> _Element:
    return _Element(
        _said(raw.FPDF_StructElement_GetType, element) or "",
        ids,
        parent,
        _said(raw.FPDF_StructElement_GetAltText, element),
        _said(raw.FPDF_StructElement_GetActualText, element),
        _own_box(element),
    )


def _said(ask: Any, element: Any) -> str | None:
    length = ask(element, None, 0)
    if not 2 < length <= 2 * _LONGEST:
        return None
    buffer = ctypes.create_string_buffer(length)
    ask(element, buffer, length)
    text = buffer.raw[: length - 2].decode("utf-16-le", "replace")
    return " ".join(" ".join(text.split()).translate(STEERING).split()) or None


def _own_box(element: Any) -> tuple[float, float, float, float] | None:
    """The place that an element says it has, in the file's coordinates."""
    for at in range(min(8, raw.FPDF_StructElement_GetAttributeCount(element))):
        attribute = raw.FPDF_StructElement_GetAttributeAtIndex(element, at)
        value = raw.FPDF_StructElement_Attr_GetValue(attribute, b"BBox")
        if value and raw.FPDF_StructElement_Attr_CountChildren(value) == 4:
            sides = []
            for side in range(4):
                number = ctypes.c_float()
                part = raw.FPDF_StructElement_Attr_GetChildAtIndex(value, side)
                raw.FPDF_StructElement_Attr_GetNumberValue(part, number)
                sides.append(number.value)
            left, bottom, right, top = np.clip(np.nan_to_num(sides), -1e6, 1e6).tolist()
            return left, bottom, right, top
    return None


def _marks_most_once(elements: Sequence[_Element], glyphs: Glyphs, marked: Marked) -> bool:
    ids = [number for element in elements for number in element.ids]
    if len(ids) - len(set(ids)) > _MOST_TWICE * len(ids):
        return False
    ink = np.array([not char.isspace() for char in glyphs.text], dtype=bool) & ~glyphs.stray
    told = np.isin(marked, ids) & ink
    return bool(told.sum() >= _LEAST_MARKED * ink.sum())


def _placed(
    elements: Sequence[_Element], page: Any, frame: Frame, glyphs: Glyphs, marked: Marked
) -> None:
    """Give each of *elements* its glyphs and its places, and those of what it holds."""
    order = np.argsort(marked, kind="stable")
    numbers = marked[order]
    drawn = _drawn(page, frame) if any(e.kind == "Figure" or e.alt for e in elements) else {}
    taken: set[int] = set()
    # Those that are held come after what holds them.
    for element in reversed(elements):
        for number in element.ids:
            if number not in taken:
                taken.add(number)
                first, last = np.searchsorted(numbers, (number, number + 1))
                element.glyphs += order[first:last].tolist()
                element.boxes += drawn.get(number, ())
        own = [at for at in element.glyphs if not glyphs.text[at].isspace()]
        if own:
            around = glyphs.boxes[own]
            element.boxes.append(Box(*map(float, (*around[:, :2].min(0), *around[:, 2:].max(0)))))
        if element.box is not None and not element.boxes:
            seen = frame.boxes_seen(np.array([element.box]))[0]
            element.boxes.append(Box(*map(float, seen)))
        if element.parent >= 0 and elements[element.parent].kind not in _GROUPS:
            elements[element.parent].glyphs += element.glyphs
            elements[element.parent].boxes += element.boxes


def _drawn(page: Any, frame: Frame) -> dict[int, list[Box]]:
    """What is painted in each marked content that is no text."""
    numbers: list[int] = []
    corners: list[tuple[float, float, float, float]] = []
    for item, shift in objects_on(page):
        if raw.FPDFPageObj_GetType(item) != raw.FPDF_PAGEOBJ_TEXT:
            number = raw.FPDFPageObj_GetMarkedContentID(item)
            if number >= 0 and len(numbers) < _MOST:
                numbers.append(number)
                corners.append(bounds(item, shift))
    found: dict[int, list[Box]] = {}
    if numbers:
        clean = np.clip(np.nan_to_num(np.array(corners)), -1e6, 1e6)
        for number, seen in zip(numbers, frame.boxes_seen(clean).tolist(), strict=True):
            found.setdefault(number, []).append(Box(*seen))
    return found


def _marks_headings_alone(elements: Sequence[_Element]) -> bool:
    every = sum(len(element.glyphs) for element in elements if element.ids)
    headings = sum(len(e.glyphs) for e in elements if _HEADING.fullmatch(e.kind))
    return headings > _MOST_HEADINGS * every
