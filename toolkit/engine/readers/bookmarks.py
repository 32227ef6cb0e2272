"""The outline of a PDF: what it calls the places that its pages have."""

from __future__ import annotations

import ctypes
import math
from typing import Any

import numpy as np
from pypdfium2 import raw

from toolkit.engine.marks import Bookmark, Frame

__all__ = ["Entry", "bookmarks_on", "entries"]

# A thick book has some thousand; a level below the eighth is no heading of anything.
_MOST, _DEEPEST = 5000, 8
# So many are followed to find out whether the outline ends.
_MOST_FOLLOWED = 50_000
# Bytes of a title; the longest heading has a few hundred characters.
_LONGEST = 2000

Entry = tuple[str, int, float | None, float | None]
"""Title, level from 1, and where it leads to: x and y in the file's coordinates."""


def entries(pdf: Any) -> tuple[dict[int, list[Entry]], bool]:
    """The outline's entries by the page (from 1) that each leads to, in their order.

    What has no title, or leads nowhere, is left out. The second is whether the outline ends: one
    that comes back to where it was sends some readers round until they break.
    """
    found: dict[int, list[Entry]] = {}
    marks, ends = _walked(pdf)
    for mark, level in marks:
        target = raw.FPDFBookmark_GetDest(pdf, mark)
        if not target:
            action = raw.FPDFBookmark_GetAction(mark)
            target = action and raw.FPDFAction_GetDest(pdf, action)
        title = _title(mark) if target else ""
        page = raw.FPDFDest_GetDestPageIndex(pdf, target) if title else -1
        if page >= 0:
            found.setdefault(page + 1, []).append((title, level, *_place(target)))
    return found, ends


def bookmarks_on(found: list[Entry], frame: Frame) -> tuple[Bookmark, ...]:
    """Those of *found* that lead to one page, as seen in *frame*."""
    return tuple(Bookmark(title, level, _top(x, y, frame)) for title, level, x, y in found)


def _top(x: float | None, y: float | None, frame: Frame) -> float | None:
    # A page that is turned by a quarter is gone down along its other side.
    if (x if frame.turn in (90, 270) else y) is None:
        return None
    down = float(frame.seen(np.array([[x or 0.0, y or 0.0]]))[0, 1])
    return down if -1 <= down <= frame.size[1] + 1 else None


def _walked(pdf: Any) -> tuple[list[tuple[Any, int]], bool]:
    """(entry, level) of the outline, depth first, each once; and whether it ends."""
    marks: list[tuple[Any, int]] = []
    seen: set[int] = set()
    ends = True
    stack = [(raw.FPDFBookmark_GetFirstChild(pdf, None), 1)]
    while stack:
        mark, level = stack.pop()
        if not mark:
            continue
        key = ctypes.addressof(mark.contents)
        if key in seen or len(seen) >= _MOST_FOLLOWED:
            ends = False
            continue
        seen.add(key)
        if level <= _DEEPEST and len(marks) < _MOST:
            marks.append((mark, level))
        stack.append((raw.FPDFBookmark_GetNextSibling(pdf, mark), level))
        stack.append((raw.FPDFBookmark_GetFirstChild(pdf, mark), level + 1))
    return marks, ends


def _title(mark: Any) -> str:
    length = raw.FPDFBookmark_GetTitle(mark, None, 0)
    if not 2 < length <= _LONGEST:
        return ""
    buffer = ctypes.create_string_buffer(length)
    raw.FPDFBookmark_GetTitle(mark, buffer, length)
    return " ".join(buffer.raw[: length - 2].decode("utf-16-le", "replace").split())


def _place(target: Any) -> tuple[float | None, float | None]:
    has = [ctypes.c_int() for _ in range(3)]
    place = [ctypes.c_float() for _ in range(3)]
    if raw.FPDFDest_GetLocationInPage(target, *has, *place):
        x, y = (
            part.value if there.value and math.isfinite(part.value) else None
            for there, part in zip(has[:2], place[:2], strict=True)
        )
        return x, y
    # "Fit the page's width from here", which has no place but a height.
    numbers = (ctypes.c_float * 4)()
    count = ctypes.c_ulong()
    view = raw.FPDFDest_GetView(target, count, numbers)
    level = view in (raw.PDFDEST_VIEW_FITH, raw.PDFDEST_VIEW_FITBH) and count.value
    return None, float(numbers[0]) if level else None
