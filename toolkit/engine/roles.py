"""Regions → drafts: what each region is on its page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import median

from toolkit.document.blocks import Role
from toolkit.engine.confidence import likely
from toolkit.engine.contents import LEADERS
from toolkit.engine.drafts import Draft, Quotation, quote_lines, table_cells
from toolkit.engine.headings import AGREED
from toolkit.engine.lists import (
    contents_draft,
    list_draft,
    list_runs,
    real_items,
    with_continuations,
)
from toolkit.engine.marks import Sheet
from toolkit.engine.notes import NOTE_MARK
from toolkit.engine.regions import TYPEWRITTEN, Region
from toolkit.engine.rows import Stats
from toolkit.engine.running import BOTTOM, PAGE_NUMBER, TOP
from toolkit.engine.words import Line

__all__ = ["drafts_of"]

_CAPTION = re.compile(
    r"^(?:figure|fig\.?|table|chart|exhibit|map|plate|photo|graph|diagram|box|scheme|abbildung|abb\.?"
    r"|tabelle|tab\.?)\s*(?:[A-Z]?\.?\d|[IVX]+\b)",
    re.IGNORECASE,
)
# "Figure 1 shows that" is running text: the name of what follows begins with a capital.
_MENTION = re.compile(r"^\w+\.?\s*[A-Z]?\.?\d+(?:[.\d]*\d)?\s+(?:\([a-z]\)\s+)?[a-z]{2}")
_KIND_OF_TAG = {
    "caption": "caption",
    "code": "code",
    "fenote": "footnote",
    "note": "footnote",
}
_ROLE_OF_TAG = {"fenote": Role.NOTE, "note": Role.NOTE}
# What stands in lines of code, and seldom in a letter that was typed.
_CODED = re.compile(r"[{}();=<>\[\]#$\\]|::|->")
_CODED_SHARE = 0.4
_MOST_EMPTY = 3
# A heading with a full stop at its end has fewer words.
_SENTENCE_WORDS = 14
# Running lines are in no larger type than this share of the text's; a page of less has none.
_RUNNING_BELOW, _LITTLE = 1.05, 400
# The height, as a share of its width, of a page that is no longer low.
_LOW = 0.75
# On a page of fewer regions the first and the last may be anything.
_ENOUGH = 4


def drafts_of(regions: Sequence[Region], sheet: Sheet, stats: Stats) -> list[Draft]:
    """*regions* of one page as drafts, in order; list items in a row make one list."""
    compounds = frozenset(
        word.text.strip(".,;:()").lower()
        for region in regions
        for row in region.rows
        for word in row.line.words
        if "-" in word.text[1:-1]
    )
    drafts: list[Draft] = []
    runs = list(list_runs(with_continuations(real_items(regions))))
    for at, run in enumerate(runs):
        if run[0].kind == "item" and not _is_code(run, stats):
            drafts.append(list_draft(run, sheet, compounds))
        elif run[0].kind == "toc":
            drafts.append(contents_draft(run, sheet, compounds))
        else:
            is_edge = len(runs) >= _ENOUGH and at in (0, len(runs) - 1)
            drafts += [_draft(one, sheet, stats, compounds, is_edge=is_edge) for one in run]
    return drafts


def _is_code(regions: Sequence[Region], stats: Stats) -> bool:
    """Whether *regions* are in letters of one width; where all else is, whether they look so."""
    rows = [row for region in regions for row in region.rows]
    if any(row.line.angle for row in rows):
        return False
    if not all(row.line.mono for row in rows):
        return all(region.proposed == "code" for region in regions)
    if stats.mono < TYPEWRITTEN:
        return True
    return sum(_CODED.search(row.text) is not None for row in rows) >= _CODED_SHARE * len(rows)


def _draft(
    region: Region, sheet: Sheet, stats: Stats, compounds: frozenset[str], *, is_edge: bool
) -> Draft:
    if region.grid is not None:
        return _table(region, sheet, compounds)
    words = [row.line.words for row in region.rows]
    size = region.rows[0].line.size
    quotation = quote_lines(words, sheet.glyphs, compounds)
    kind, role, confidence = _kind(region, sheet, stats, quotation.text, is_edge=is_edge)
    if kind == "code":
        said = quote_lines(words, sheet.glyphs, frozenset(), "\n")
        quotation = replace(said, text=_set_in([row.line for row in region.rows]), joins=())
    marker = NOTE_MARK.match(quotation.text) if kind == "footnote" else None
    return Draft(
        kind,
        region.box,
        quotation,
        confidence,
        role,
        size=size,
        bold=all(row.line.bold for row in region.rows),
        told=max((row.tagged.level for row in region.rows if row.tagged), default=0),
        marker=marker[1] if marker else None,
    )


def _set_in(lines: Sequence[Line]) -> str:
    """*lines* of letters of one width, with the spaces and the empty lines they are set with."""
    letter = max(1.0, median(w.box.width / len(w.text) for line in lines for w in line.words))
    left = min(line.box.left for line in lines)
    steps = [two.baseline - one.baseline for one, two in pairwise(lines)]
    step = max(1.0, min(steps, default=1.0))
    out = []
    for line, below in zip(lines, [0.0, *steps], strict=True):
        text = ""
        for word in line.words:
            column = round((word.box.left - left) / letter)
            text += " " * max(column - len(text), 1 if text else 0) + word.text
        out += [""] * min(_MOST_EMPTY, round(below / step) - 1) + [text]
    return "\n".join(out)


def _kind(
    region: Region, sheet: Sheet, stats: Stats, text: str, *, is_edge: bool
) -> tuple[str, Role | None, float]:
    """(kind, role, confidence) of a region of text."""
    edge = _edge_kind(region, sheet, stats, text, is_edge=is_edge)
    if edge is not None:
        is_number = PAGE_NUMBER.fullmatch(text.strip()) is not None
        return (
            edge,
            Role.PAGE_NUMBER if is_number else None,
            likely("page number" if is_number else "running line"),
        )
    if region.kind == "heading" and not _is_sentence(text):
        agreed = region.evidence >= AGREED and region.proposed == "heading"
        return "heading", Role.SECTION, likely("agreed heading" if agreed else "heading")
    tag = _tag(region)
    if tag in _KIND_OF_TAG:
        return _KIND_OF_TAG[tag], _ROLE_OF_TAG.get(tag), likely(_KIND_OF_TAG[tag])
    if _CAPTION.match(text) and not _MENTION.match(text) and len(text) < 600:
        return "caption", None, likely("caption")
    if region.kind == "note":
        return "footnote", Role.NOTE, likely("footnote")
    if _is_code([region], stats):
        return "code", None, likely("code")
    if LEADERS.search(text):
        return "paragraph", Role.TOC, likely("paragraph")
    return "paragraph", Role.BODY, likely("paragraph")


def _is_sentence(text: str) -> bool:
    """Whether a text in a heading's type is running text: a standfirst, a deck."""
    return text.rstrip()[-1:] == "." and len(text.split()) >= _SENTENCE_WORDS


def _tag(region: Region) -> str:
    """What the file calls the region, where it calls all of its rows the same."""
    tags = {row.tagged.kind if row.tagged else "" for row in region.rows}
    return tags.pop() if len(tags) == 1 else ""


def _edge_kind(
    region: Region, sheet: Sheet, stats: Stats, text: str, *, is_edge: bool
) -> str | None:
    """page_header or page_footer where a region is one by its place and shortness alone."""
    box = region.box
    if len(region.rows) > 2 or len(text) > 150 or region.rows[0].line.angle:
        return None
    number = PAGE_NUMBER.fullmatch(text.strip()) is not None or _tag(region) == "artifact"
    if region.kind in ("text", "item") and all(row.apart for row in region.rows):
        small = region.rows[0].line.size < _RUNNING_BELOW * stats.body_size
        if small and stats.characters > _LITTLE:
            return "page_header" if box.bottom < sheet.height / 2 else "page_footer"
    if box.bottom < TOP * sheet.height and (number or (is_edge and region.kind != "heading")):
        return "page_header"
    if box.top > BOTTOM * sheet.height and (number or is_edge):
        return "page_footer"
    # A slide is low: its number stands as far from its foot as on an upright page.
    foot = (1 - BOTTOM) * max(sheet.height, _LOW * sheet.width)
    if is_edge and box.top > sheet.height - foot and PAGE_NUMBER.fullmatch(text.strip()):
        return "page_footer"
    return None


def _table(region: Region, sheet: Sheet, compounds: frozenset[str]) -> Draft:
    grid = region.grid
    assert grid is not None  # the caller looked
    return Draft(
        "table",
        region.box,
        Quotation(""),
        likely("table"),
        cells=table_cells(grid, sheet.glyphs, compounds),
        rows=grid.rows,
        columns=grid.columns,
        header_rows=grid.header_rows,
    )
