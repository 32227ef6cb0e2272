"""Callouts: paragraphs set apart in a tinted or framed panel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from toolkit.document.geometry import Box
from toolkit.engine.confidence import likely
from toolkit.engine.drafts import Draft
from toolkit.engine.marks import Sheet

__all__ = ["with_callouts"]

# Points that text may stand out of its panel.
_SLACK = 2.0
# A panel of more of the page is its background, or a column; a narrower one is a label's.
_MOST_SHARE = 0.3
_LEAST_WIDTH = 0.15
_MOST_PANELS = 400
_FEWEST_WORDS = 4
# Where panels hold most of a page's text, they are its layout, and nothing is set apart.
_MOST_TEXT = 0.5


def with_callouts(drafts: Sequence[Draft], sheet: Sheet) -> list[Draft]:
    """*drafts* of one page, the paragraphs that stand alone in a panel made callouts."""
    page = sheet.width * sheet.height
    panels = [
        box
        for row in sheet.panels[:_MOST_PANELS]
        if (box := Box(*map(float, row))).area < _MOST_SHARE * page
        and box.width > _LEAST_WIDTH * sheet.width
        and not any(d.kind in ("table", "image") and d.box.overlap(box) > 0 for d in drafts)
    ]
    inside = {
        at
        for at, draft in enumerate(drafts)
        if draft.kind == "paragraph" and any(_holds(panel, draft.box) for panel in panels)
    }
    said = sum(len(drafts[at].quotation.text) for at in inside)
    every = sum(len(draft.quotation.text) for draft in drafts)
    if said > _MOST_TEXT * every:
        return list(drafts)
    return [
        replace(draft, kind="callout", confidence=likely("callout"))
        if at in inside and len(draft.quotation.text.split()) >= _FEWEST_WORDS
        else draft
        for at, draft in enumerate(drafts)
    ]


def _holds(panel: Box, box: Box) -> bool:
    return (
        panel.left - _SLACK <= box.left
        and panel.top - _SLACK <= box.top
        and panel.right + _SLACK >= box.right
        and panel.bottom + _SLACK >= box.bottom
    )
