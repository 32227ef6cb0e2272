"""Regions → drafts: what each region is, on its page and then over all pages."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from statistics import median

from toolkit.document.blocks import Role
from toolkit.document.geometry import Box
from toolkit.engine.confidence import likely
from toolkit.engine.drafts import Draft, Quotation, quote_lines, table_cells
from toolkit.engine.headings import AGREED
from toolkit.engine.marks import Sheet
from toolkit.engine.regions import Region, Stats, starts_item
from toolkit.engine.words import Line

__all__ = ["drafts_of", "running_lines", "with_levels"]

_CAPTION = re.compile(
    r"^(?:figure|fig\.?|table|chart|exhibit|map|plate|photo|graph|diagram|box|scheme|abbildung|abb\.?"
    r"|tabelle|tab\.?)\s*(?:[A-Z]?\.?\d|[IVX]+\b)",
    re.IGNORECASE,
)
# "Figure 1 shows that" is running text: the name of what follows begins with a capital.
_MENTION = re.compile(r"^\w+\.?\s*[A-Z]?\.?\d+(?:[.\d]*\d)?\s+(?:\([a-z]\)\s+)?[a-z]{2}")
_NOTE = re.compile(r"^(?:\d{1,3}|[*†‡§¶]{1,3}|[a-z])(?=[\s.)\]A-Z“\"‘(])")
_PAGE_NUMBER = re.compile(
    r"(?:page\s*)?[-–—|]?\s*(?:\d{1,4}|[ivxlc]{1,7})\s*[-–—|]?(?:\s*(?:of|/)\s*\d+)?",
    re.IGNORECASE,
)
_LEADERS = re.compile(r"\.{4,}|(?:\s\.){4,}|…{2,}")
# The bands in which running lines stand, in shares of the page's height.
_TOP, _BOTTOM = 0.09, 0.915
# On a page of fewer regions the first and the last may be anything.
_ENOUGH = 4
_NOTES_FROM = 0.55
# A running line comes back on this share of the pages near it.
_COMES_BACK = 0.3


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
    items: list[Region] = []
    for at, region in enumerate(regions):
        if region.kind == "item" and not _is_note(region, stats, sheet):
            items.append(region)
            continue
        if items:
            drafts.append(_list(items, sheet, compounds))
            items = []
        is_edge = len(regions) >= _ENOUGH and at in (0, len(regions) - 1)
        drafts.append(_draft(region, sheet, stats, compounds, is_edge=is_edge))
    if items:
        drafts.append(_list(items, sheet, compounds))
    return drafts


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
    marker = _NOTE.match(quotation.text) if kind == "footnote" else None
    return Draft(
        kind,
        region.box,
        quotation,
        confidence,
        role,
        size=size,
        marker=marker[0] if marker else None,
    )


def _set_in(lines: Sequence[Line]) -> str:
    """*lines* of letters of one width, with the spaces that they are set in and apart by."""
    letter = max(1.0, median(w.box.width / len(w.text) for line in lines for w in line.words))
    left = min(line.box.left for line in lines)
    out = []
    for line in lines:
        text = ""
        for word in line.words:
            column = round((word.box.left - left) / letter)
            text += " " * max(column - len(text), 1 if text else 0) + word.text
        out.append(text)
    return "\n".join(out)


def _kind(
    region: Region, sheet: Sheet, stats: Stats, text: str, *, is_edge: bool
) -> tuple[str, Role | None, float]:
    """(kind, role, confidence) of a region of text."""
    edge = _edge_kind(region, sheet, text, is_edge=is_edge)
    if edge is not None:
        is_number = _PAGE_NUMBER.fullmatch(text.strip()) is not None
        return (
            edge,
            Role.PAGE_NUMBER if is_number else None,
            likely("page number" if is_number else "running line"),
        )
    if region.kind == "heading":
        agreed = region.evidence >= AGREED and region.proposed == "heading"
        return "heading", Role.SECTION, likely("agreed heading" if agreed else "heading")
    if _CAPTION.match(text) and not _MENTION.match(text) and len(text) < 600:
        return "caption", None, likely("caption")
    if _is_note(region, stats, sheet):
        return "footnote", Role.NOTE, likely("footnote")
    if all(row.line.mono for row in region.rows) and region.rows[0].line.angle == 0:
        return "code", None, likely("code")
    if _LEADERS.search(text):
        return "paragraph", Role.TOC, likely("paragraph")
    return "paragraph", Role.BODY, likely("paragraph")


def _edge_kind(region: Region, sheet: Sheet, text: str, *, is_edge: bool) -> str | None:
    """page_header or page_footer where a region is one by its place and shortness alone."""
    box = region.box
    if len(region.rows) > 2 or len(text) > 150 or region.rows[0].line.angle:
        return None
    number = _PAGE_NUMBER.fullmatch(text.strip()) is not None
    if box.bottom < _TOP * sheet.height and (number or (is_edge and region.kind != "heading")):
        return "page_header"
    if box.top > _BOTTOM * sheet.height and (number or is_edge):
        return "page_footer"
    return None


def _is_note(region: Region, stats: Stats, sheet: Sheet) -> bool:
    first = region.rows[0].line
    return (
        region.box.top > _NOTES_FROM * sheet.height
        and first.size < 0.93 * stats.body_size
        and _NOTE.match(region.text) is not None
    )


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


def _list(items: Sequence[Region], sheet: Sheet, compounds: frozenset[str]) -> Draft:
    quotations = [
        quote_lines([row.line.words for row in item.rows], sheet.glyphs, compounds)
        for item in items
    ]
    markers = [starts_item(q.text) or "" for q in quotations]
    lefts = sorted({round(item.box.left / 6) for item in items})
    quotation = Quotation(
        "\n".join(q.text for q in quotations),
        tuple(span for q in quotations for span in q.spans),
        tuple(join for q in quotations for join in q.joins),
        any(q.hidden for q in quotations),
        tuple(row for q in quotations for row in q.rows),
    )
    return Draft(
        "list",
        Box.around(item.box for item in items),
        quotation,
        likely("list"),
        Role.BODY,
        size=items[0].rows[0].line.size,
        items=tuple(q.text[len(m) :].strip() for q, m in zip(quotations, markers, strict=True)),
        levels=tuple(min(3, lefts.index(round(item.box.left / 6))) for item in items),
        ordered=all(any(char.isalnum() for char in marker) for marker in markers),
    )


def running_lines(pages: Sequence[tuple[float, list[Draft]]]) -> list[list[Draft]]:
    """The drafts of all pages, those made page headers or footers that come back over pages.

    *pages* holds (height, drafts). Numbers count as equal, since pages are numbered.
    """
    seen: Counter[tuple[str, str]] = Counter()
    for height, drafts in pages:
        seen.update({key for draft in drafts if (key := _running_key(draft, height))})
    least = max(2.0, _COMES_BACK * len(pages)) if len(pages) < 20 else 5.0
    out = []
    for height, drafts in pages:
        out.append(
            [
                _as_running(draft, key[0])
                if (key := _running_key(draft, height)) and seen[key] >= least
                else draft
                for draft in drafts
            ]
        )
    return out


def _running_key(draft: Draft, height: float) -> tuple[str, str] | None:
    if draft.kind in ("table", "image", "list") or len(draft.quotation.text) > 200:
        return None
    place = (
        "page_header"
        if draft.box.bottom < (_TOP + 0.03) * height
        else "page_footer"
        if draft.box.top > (_BOTTOM - 0.03) * height
        else ""
    )
    text = re.sub(r"\d+", "0", draft.quotation.text)
    return (place, text) if place and text else None


def _as_running(draft: Draft, kind: str) -> Draft:
    number = _PAGE_NUMBER.fullmatch(draft.quotation.text.strip()) is not None
    role = Role.PAGE_NUMBER if number else None
    confidence = likely("page number" if number else "running line")
    return replace(draft, kind=kind, role=role, confidence=confidence, level=1)


def with_levels(pages: Sequence[list[Draft]]) -> list[list[Draft]]:
    """The drafts with heading levels 1 to 6: the larger the type, or the shorter the number."""
    sizes = sorted(
        {round(d.size * 2) / 2 for drafts in pages for d in drafts if d.kind == "heading"},
        reverse=True,
    )
    first = True
    out = []
    for drafts in pages:
        page = []
        for draft in drafts:
            if draft.kind == "heading":
                level = 1 + sizes.index(round(draft.size * 2) / 2)
                numbered = re.match(r"(\d{1,2}(?:\.\d{1,2})+)\.?\s", draft.quotation.text)
                if numbered:
                    level = max(level, numbered[1].count(".") + 1)
                role = Role.TITLE if first and level == 1 else Role.SECTION
                first = False
                page.append(replace(draft, level=min(6, level), role=role))
            else:
                page.append(draft)
        out.append(page)
    return out
