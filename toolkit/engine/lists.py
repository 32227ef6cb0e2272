"""Lists: items with their markers, put together with what goes on in them, nested by place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from toolkit.document.blocks import Role
from toolkit.document.geometry import Box
from toolkit.engine.confidence import likely
from toolkit.engine.drafts import Draft, Quotation, quote_lines
from toolkit.engine.marks import Sheet
from toolkit.engine.regions import Region
from toolkit.engine.rows import starts_item

__all__ = ["contents_draft", "list_draft", "list_runs", "real_items", "with_continuations"]

# In sizes: items that begin within this of each other are of one level.
_SAME_LEVEL = 0.6
_SAME_LEFT = 2.5
_DEEPEST = 5
_CLAUSE = re.compile(r"\d{1,2}\.\d{1,2}")
_INITIAL = re.compile(r"[A-Z]\.")


def with_continuations(regions: Sequence[Region]) -> list[Region]:
    """*regions*, each paragraph inside a list added to the item that it goes on in.

    It stands below an item's text and not below its marker, and another item follows.
    """
    out: list[Region] = []
    for at, region in enumerate(regions):
        after = regions[at + 1] if at + 1 < len(regions) else None
        item = out[-1] if out else None
        if item and after and _goes_on(item, region, after):
            rows = (*item.rows, *region.rows)
            box = Box.around(row.line.box for row in rows)
            out[-1] = replace(item, rows=rows, box=box)
        else:
            out.append(region)
    return out


def _goes_on(item: Region, region: Region, after: Region) -> bool:
    if (item.kind, region.kind, after.kind) != ("item", "text", "item"):
        return False
    first = item.rows[0].line
    if len({r.column for r in (item.rows[0], region.rows[0], after.rows[0])}) > 1:
        return False
    if len(first.words) < 2 or abs(region.rows[0].line.size - first.size) > 0.6:
        return False
    return abs(region.rows[0].line.box.left - first.words[1].box.left) < _SAME_LEFT


def real_items(regions: Sequence[Region]) -> list[Region]:
    """*regions*, those made text that begin like items but with a person's initial, or a clause's
    number."""
    out = _without_clauses(regions)
    for at, region in enumerate(regions):
        marker = starts_item(region.text) if region.kind == "item" else None
        if marker is None or not _INITIAL.fullmatch(marker):
            continue
        beside = [regions[i] for i in (at - 1, at + 1) if 0 <= i < len(regions)]
        letters = [m[0] for r in beside if r.kind == "item" and (m := starts_item(r.text))]
        if not any(abs(ord(letter) - ord(marker[0])) == 1 for letter in letters):
            out[at] = replace(region, kind="text")
    return out


def _without_clauses(regions: Sequence[Region]) -> list[Region]:
    """*regions*, those made text that are the numbered clauses of a contract or of rules.

    They count on two levels ("1.1", "1.2") under no item that counts on one, and run over lines;
    their numbers are referred to, and stay with their text.
    """
    out = list(regions)
    for start, end in _runs_of_items(regions):
        run = regions[start:end]
        markers = [starts_item(region.text) or "" for region in run]
        clauses = [_CLAUSE.fullmatch(marker) is not None for marker in markers]
        numbered = [one for one, is_one in zip(run, clauses, strict=True) if is_one]
        parents = {marker.strip("().") for marker in markers if marker[:-1].isdigit()}
        if {
            m.split(".")[0] for m, is_one in zip(markers, clauses, strict=True) if is_one
        } & parents:
            continue
        if any(len(region.rows) > 1 for region in numbered):
            for at, is_one in enumerate(clauses, start=start):
                out[at] = replace(out[at], kind="text") if is_one else out[at]
    return out


def _runs_of_items(regions: Sequence[Region]) -> Iterator[tuple[int, int]]:
    """From where to where only items stand below each other."""
    start = 0
    for at in range(len(regions) + 1):
        if at == len(regions) or regions[at].kind != "item":
            if at > start:
                yield start, at
            start = at + 1


def list_draft(items: Sequence[Region], sheet: Sheet, compounds: frozenset[str]) -> Draft:
    """*items* as one list; a list is ordered where the markers of its highest level are."""
    quotations = _quoted(items, sheet, compounds)
    markers = [starts_item(q.text) or "" for q in quotations]
    levels = _levels([(item.rows[0].line.box.left, item.rows[0].line.size) for item in items])
    return Draft(
        "list",
        Box.around(item.box for item in items),
        _below_each_other(quotations),
        likely("list"),
        Role.BODY,
        size=items[0].rows[0].line.size,
        items=tuple(q.text[len(m) :].strip() for q, m in zip(quotations, markers, strict=True)),
        levels=levels,
        ordered=all(
            any(char.isalnum() for char in marker)
            for marker, level in zip(markers, levels, strict=True)
            if level == 0
        ),
    )


def contents_draft(entries: Sequence[Region], sheet: Sheet, compounds: frozenset[str]) -> Draft:
    """*entries* of a table of contents as one list, with their numbers and pages."""
    quotations = _quoted(entries, sheet, compounds)
    return Draft(
        "list",
        Box.around(entry.box for entry in entries),
        _below_each_other(quotations),
        likely("list"),
        Role.TOC,
        size=entries[0].rows[0].line.size,
        items=tuple(q.text for q in quotations),
        levels=_levels([(e.rows[0].line.box.left, e.rows[0].line.size) for e in entries]),
    )


def _quoted(items: Sequence[Region], sheet: Sheet, compounds: frozenset[str]) -> list[Quotation]:
    return [
        quote_lines([row.line.words for row in item.rows], sheet.glyphs, compounds)
        for item in items
    ]


def _below_each_other(quotations: Sequence[Quotation]) -> Quotation:
    return Quotation(
        "\n".join(q.text for q in quotations),
        tuple(span for q in quotations for span in q.spans),
        tuple(join for q in quotations for join in q.joins),
        any(q.hidden for q in quotations),
        tuple(row for q in quotations for row in q.rows),
    )


def _levels(places: Sequence[tuple[float, float]]) -> tuple[int, ...]:
    """How deep items are nested that begin at (left, size), as far as they stand in.

    >>> _levels([(70, 10), (84, 10), (84, 10), (70, 10), (66, 10)])
    (0, 1, 1, 0, 0)
    """
    open_at: list[float] = []
    out = []
    for left, size in places:
        while open_at and left < open_at[-1] - _SAME_LEVEL * size:
            open_at.pop()
        if not open_at or left > open_at[-1] + _SAME_LEVEL * size:
            open_at.append(left)
        out.append(min(_DEEPEST, len(open_at) - 1))
    return tuple(out)


def list_runs(regions: Sequence[Region]) -> Iterator[list[Region]]:
    """*regions* one by one, but the items of one list, or the entries of one table, together."""
    run: list[Region] = []
    for one, two in pairwise([*regions, None]):
        assert one is not None  # only the last is
        run.append(one)
        if two is None or not _is_same(one, two):
            yield run
            run = []


def _is_same(one: Region, two: Region) -> bool:
    if one.kind != two.kind or one.kind not in ("item", "toc"):
        return False
    if one.kind == "toc" or one.rows[0].column == two.rows[0].column:
        return True
    # A list that goes on in the next column counts on; bullets begin another.
    return _count(two) == (_count(one) or -2) + 1


def _count(item: Region) -> int | None:
    found = re.search(r"\d+", starts_item(item.text) or "")
    return int(found[0]) if found else None
