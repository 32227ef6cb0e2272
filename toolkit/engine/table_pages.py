"""Tables that go on over pages: what stands first on a page, and goes on from the page before."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from msgspec.structs import replace

from toolkit.document.blocks import (
    Block,
    Caption,
    Footnote,
    PageFooter,
    PageHeader,
    Role,
    Table,
)
from toolkit.document.normal import folded
from toolkit.engine.table_rows import is_figure

__all__ = ["with_continued"]

# Shares of the page: columns that are printed on two pages alike differ by less than this, and
# tables that are fitted to their words by up to the other.
_SAME_EDGE = 0.006
_NEAR_EDGE = 0.05
_MIDDLE = 0.5
_CONTINUED = re.compile(
    r"\b(?:cont(?:inued|['’]?d|\.)|fortsetzung|suite|continuación|continua|vervolg)", re.IGNORECASE
)


def with_continued(pages: Sequence[tuple[int, tuple[Block, ...]]]) -> list[tuple[Block, ...]]:
    """The blocks of all *pages*, (number, blocks), tables that go on from a page before told so.

    Such a table is the first thing on its page, where the one before is the last thing on the
    page before; it has as many columns in the same places, and the same names or none. It gets
    the names where it has none, and what was taken for its head is its first row again.
    """
    changed: dict[str, Table] = {}
    for (before, upper), (after, lower) in pairwise(pages):
        body, next_body = _body(upper), _body(lower)
        if after != before + 1 or not body or not next_body:
            continue
        last, first = body[-1], next_body[0]
        if isinstance(last, Table) and isinstance(first, Table):
            goes_on = _continued(changed.get(last.id, last), first)
            if goes_on is not None:
                changed[first.id] = goes_on
    return [tuple(changed.get(block.id, block) for block in blocks) for _, blocks in pages]


def _body(blocks: Sequence[Block]) -> list[Block]:
    """*blocks* without those at a page's edges, and without what says that a table goes on."""
    return [
        block
        for block in blocks
        if not isinstance(block, PageHeader | PageFooter | Footnote)
        and block.role is not Role.PAGE_NUMBER
        and not (isinstance(block, Caption) and _CONTINUED.search(block.text))
    ]


def _continued(upper: Table, lower: Table) -> Table | None:
    """*lower* as the rest of *upper*; None where it is a table of its own."""
    width = _width(upper)
    if width != _width(lower) or upper.bbox[3] <= _MIDDLE or lower.bbox[1] >= _MIDDLE:
        return None
    if any(abs(upper.bbox[edge] - lower.bbox[edge]) > _NEAR_EDGE for edge in (0, 2)):
        return None
    if lower.caption and not _CONTINUED.search(lower.caption) and lower.caption != upper.caption:
        return None
    named = [*map(folded, lower.headers)] == [*map(folded, upper.headers)]
    if named or not lower.headers:
        return replace(lower, continues=upper.id, headers=upper.headers)
    if _is_row(upper, lower):
        return _without_head(replace(lower, continues=upper.id, headers=upper.headers))
    return None


def _width(table: Table) -> int:
    return max(map(len, (table.headers, *table.rows)), default=0)


def _is_row(upper: Table, lower: Table) -> bool:
    """Whether the head of *lower* is a row like those of *upper*: its columns are the very same,
    and it says figures where they do, or there are none to tell."""
    if lower.header_rows != 1 or not _same_columns(upper, lower):
        return False
    head = [cell.text for cell in lower.cells if cell.row == 0]
    if not all(cell.column_span == 1 for cell in lower.cells if cell.row == 0):
        return False
    figured = [
        at
        for at in range(len(head))
        if sum(is_figure(row[at]) for row in upper.rows if row[at]) * 2 > len(upper.rows)
    ]
    return all(is_figure(head[at]) or not head[at] for at in figured)


def _same_columns(upper: Table, lower: Table) -> bool:
    edges = [
        sorted({round(cell.bbox[0], 4) for cell in table.cells if cell.bbox is not None})
        for table in (upper, lower)
    ]
    return len(edges[0]) == len(edges[1]) == _width(upper) and all(
        abs(one - two) < _SAME_EDGE for one, two in zip(*edges, strict=True)
    )


def _without_head(table: Table) -> Table:
    """*table* with all its rows as those of its body."""
    first = [""] * _width(table)
    for cell in table.cells:
        if cell.row == 0:
            first[cell.column] = cell.text
    cells = tuple(replace(cell, header=False) for cell in table.cells)
    return replace(table, rows=(tuple(first), *table.rows), cells=cells, header_rows=0)
