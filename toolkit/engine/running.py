"""Running lines: what comes back at the head or the foot of pages."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from toolkit.document.blocks import Role
from toolkit.engine.confidence import likely
from toolkit.engine.drafts import Draft

__all__ = ["BOTTOM", "PAGE_NUMBER", "TOP", "running_lines"]

TOP, BOTTOM = 0.09, 0.915
"""The bands in which running lines stand, in shares of the page's height."""
PAGE_NUMBER = re.compile(
    r"(?:page\s*)?[-–—|]?\s*(?:\d{1,4}|[ivxlc]{1,7})\s*[-–—|]?(?:\s*(?:of|/)\s*\d+)?",
    re.IGNORECASE,
)
_MORE = 0.03
_NUMBERS = re.compile(r"(?<![\w.])(?:\d{1,4}|[ivxlc]{1,7})(?![\w.])")
_ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}
# A running line comes back on this share of the pages; on alternating ones it is on half.
_COMES_BACK = 0.3
# Larger type than the text's by this is a heading that comes back, such as a slide's title.
_LARGER = 1.15
_LONGEST = 200

Key = tuple[str, int, str]


def running_lines(pages: Sequence[tuple[int, float, list[Draft]]]) -> list[list[Draft]]:
    """The drafts of all pages, those made page headers or footers that come back over pages.

    *pages* holds (number, height, drafts). A line comes back where it says the same, or the same
    but for a number that counts the pages.
    """
    body = _body_size(pages)
    seen: Counter[Key] = Counter()
    for number, height, drafts in pages:
        seen.update({key for draft in drafts for key in _keys(draft, number, height)})
    least = max(2.0, _COMES_BACK * len(pages)) if len(pages) < 20 else 5.0
    out = []
    for number, height, drafts in pages:
        page = []
        for draft in drafts:
            keys = [key for key in _keys(draft, number, height) if seen[key] >= least]
            is_title = draft.kind == "heading" and draft.size > _LARGER * body
            page.append(_as_running(draft, keys[0][0]) if keys and not is_title else draft)
        out.append(page)
    return out


def _body_size(pages: Sequence[tuple[int, float, list[Draft]]]) -> float:
    sizes: Counter[float] = Counter()
    for _, _, drafts in pages:
        for draft in drafts:
            sizes[draft.size] += len(draft.quotation.text)
    return max(sizes, key=sizes.__getitem__, default=10.0)


def _keys(draft: Draft, number: int, height: float) -> Iterator[Key]:
    """What *draft* is known again by: place, size, and text with a number told from the page's."""
    text = " ".join(draft.quotation.text.split())
    if draft.kind in ("table", "image", "list") or not text or len(text) > _LONGEST:
        return
    if draft.box.bottom < (TOP + _MORE) * height:
        place = "page_header"
    elif draft.box.top > (BOTTOM - _MORE) * height:
        place = "page_footer"
    else:
        return
    size = round(draft.size)
    yield place, size, text
    for found in _NUMBERS.finditer(text):
        if found.start() == 0 or found.end() == len(text) or found[0].isdigit():
            ahead = _value(found[0]) - number
            yield place, size, f"{text[: found.start()]}{{{ahead}}}{text[found.end() :]}"


def _value(figures: str) -> int:
    """The number that *figures*, Arabic or Roman, stand for.

    >>> _value("14"), _value("xiv")
    (14, 14)
    """
    if figures.isdigit():
        return int(figures)
    values = [_ROMAN[figure] for figure in figures]
    return sum(-one if one < max(values[at:], default=0) else one for at, one in enumerate(values))


def _as_running(draft: Draft, kind: str) -> Draft:
    number = PAGE_NUMBER.fullmatch(draft.quotation.text.strip()) is not None
    role = Role.PAGE_NUMBER if number else None
    confidence = likely("page number" if number else "running line")
    return replace(draft, kind=kind, role=role, confidence=confidence, level=1)
