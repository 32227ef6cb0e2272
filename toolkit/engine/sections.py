"""What blocks are to their document: levels of headings, and roles of what stands under them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from toolkit.document.blocks import Role
from toolkit.engine.drafts import Draft
from toolkit.engine.headings import is_names

__all__ = ["with_sections"]

_DECIMAL = re.compile(r"(\d{1,2}(?:\.\d{1,2})*)\.?\s+\S")
_NAMED = re.compile(r"(?:chapter|part|appendix|annex)\s+(?:\d{1,2}|[IVX]{1,5}|[A-Z])\b", re.I)
_ABSTRACT = re.compile(r"(?:abstract|summary|executive summary|zusammenfassung|r.sum.)\W*", re.I)
_RUN_IN_ABSTRACT = re.compile(r"abstract\s*[.:—–-]\s*\S", re.IGNORECASE)
_REFERENCES = re.compile(
    r"(?:[\dIVX]+(?:\.\d+)*\.?\s+)?(?:references?(?:\s+cited)?|bibliography|works\s+cited|"
    r"literature(?:\s+cited)?|literaturverzeichnis|literatur|sources)\W*",
    re.IGNORECASE,
)
_PLACES = re.compile(
    r"\S@\S|\b(?:university|institute?|department|school|college|laborator\w+|universit\w+)\b",
    re.IGNORECASE,
)
_LONGEST_NAMES = 500
_DEEPEST = 6

Style = tuple[float, bool, bool]
"""Size to half a point, bold, capitals."""


def with_sections(pages: Sequence[list[Draft]]) -> list[list[Draft]]:
    """The drafts of a document's pages with their headings' levels, and with their roles.

    A heading's level is what the file says, or its number's depth, or the rank of its type.
    """
    headings = [draft for drafts in pages for draft in drafts if draft.kind == "heading"]
    levels = _levels(headings)
    titles = _title_and_below(pages, headings)
    numbered = iter(levels)
    levelled = [
        [
            replace(draft, level=next(numbered), role=titles.get(id(draft), Role.SECTION))
            if draft.kind == "heading"
            else draft
            for draft in drafts
        ]
        for drafts in pages
    ]
    return _with_roles(levelled)


def _levels(headings: Sequence[Draft]) -> list[int]:
    """A level for each of *headings*, 1 to 6."""
    styles = sorted({_style(h) for h in headings}, key=lambda s: (-s[0], not s[1], not s[2]))
    rank = {style: at + 1 for at, style in enumerate(styles)}
    depths = [_depth(h.quotation.text) for h in headings]
    if sum(depth > 0 for depth in depths) < 2:
        depths = [0] * len(headings)
    known = [(h, d) for h, d in zip(headings, depths, strict=True) if d]
    base = max(1, min((rank[_style(h)] - d + 1 for h, d in known), default=1))
    firm = [h.told or (base + d - 1 if d else 0) for h, d in zip(headings, depths, strict=True)]
    of_style = _of_styles(styles, headings, firm)
    return [
        min(_DEEPEST, level or of_style[_style(h)]) for h, level in zip(headings, firm, strict=True)
    ]


def _of_styles(
    styles: Sequence[Style], headings: Sequence[Draft], firm: Sequence[int]
) -> dict[Style, int]:
    """The level of each of *styles*, from the highest: as most of it that is known, or the next."""
    known: dict[Style, Counter[int]] = {style: Counter() for style in styles}
    for heading, level in zip(headings, firm, strict=True):
        if level:
            known[_style(heading)][level] += 1
    out: dict[Style, int] = {}
    for style, found in known.items():
        above = max(out.values(), default=0)
        out[style] = found.most_common(1)[0][0] if found else min(_DEEPEST, above + 1)
    return out


def _style(heading: Draft) -> Style:
    text = heading.quotation.text
    return round(heading.size * 2) / 2, heading.bold, text.upper() == text


def _depth(text: str) -> int:
    """How deep the number before a heading goes, 0 without one.

    >>> _depth("2.1 Method"), _depth("Chapter 3"), _depth("Method")
    (2, 1, 0)
    """
    found = _DECIMAL.match(text)
    if found:
        return found[1].count(".") + 1
    return 1 if _NAMED.match(text) else 0


def _title_and_below(pages: Sequence[list[Draft]], headings: Sequence[Draft]) -> dict[int, Role]:
    """The document's title and its subtitle, by identity.

    A title comes first, in the largest type, and nothing else is in it; a subtitle comes right
    below it, before any text, and nothing else is in its type either.
    """
    if not headings:
        return {}
    title = headings[0]
    in_style = Counter(_style(h) for h in headings)
    largest = max(h.size for h in headings)
    if in_style[_style(title)] > 1 or title.size < largest or title.told > 1:
        return {}
    roles = {id(title): Role.TITLE}
    below = _next_of(pages, title)
    is_alone = below is not None and in_style[_style(below)] == 1 and below.kind == "heading"
    if below is not None and is_alone and len(headings) > 2 and not _depth(below.quotation.text):
        roles[id(below)] = Role.SUBTITLE
    return roles


def _next_of(pages: Sequence[list[Draft]], draft: Draft) -> Draft | None:
    for drafts in pages:
        for one, two in pairwise(drafts):
            if one is draft:
                return two
    return None


@dataclass(slots=True)
class _Under:
    """What is being read: the role that the last heading gives to the text below it."""

    role: Role | None = None
    after_title: bool = False


def _with_roles(pages: Sequence[list[Draft]]) -> list[list[Draft]]:
    under = _Under()
    out = []
    for drafts in pages:
        has_abstract = any(_is_abstract(draft) for draft in drafts)
        page = []
        for draft in drafts:
            if draft.kind == "heading":
                _go_under(under, draft, has_abstract=has_abstract)
                page.append(draft)
            elif draft.kind in ("paragraph", "list") and draft.role in (None, Role.BODY):
                page.append(replace(draft, role=_role_under(under, draft)))
            else:
                page.append(draft)
        out.append(page)
        under.after_title = False
    return out


def _is_abstract(draft: Draft) -> bool:
    text = draft.quotation.text
    if draft.kind == "heading":
        return _ABSTRACT.fullmatch(text) is not None
    return draft.kind == "paragraph" and _RUN_IN_ABSTRACT.match(text) is not None


def _go_under(under: _Under, heading: Draft, *, has_abstract: bool) -> None:
    text = heading.quotation.text
    under.role = None
    if _ABSTRACT.fullmatch(text):
        under.role = Role.ABSTRACT
    elif _REFERENCES.fullmatch(text):
        under.role = Role.REFERENCE
    under.after_title = heading.role in (Role.TITLE, Role.SUBTITLE) and has_abstract


def _role_under(under: _Under, draft: Draft) -> Role:
    if _is_abstract(draft):
        under.after_title = False
        return Role.ABSTRACT
    if under.role is not None:
        return under.role
    text = draft.quotation.text
    if (
        under.after_title
        and len(text) < _LONGEST_NAMES
        and (is_names(text) or _PLACES.search(text))
    ):
        return Role.AUTHORS
    return Role.BODY
