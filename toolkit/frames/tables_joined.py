"""Tables that go on over pages, found by what surrounds them, and rows that a page's end cut."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from msgspec.structs import replace

from toolkit.document.blocks import Block, Caption, Footnote, PageFooter, PageHeader, Role, Table
from toolkit.document.document import Document
from toolkit.document.normal import folded
from toolkit.export.tables import width_of

__all__ = ["Run", "mended", "runs"]

Run = tuple[Table, ...]
"""The parts of one table, from page to page."""

# Printed columns stay in place within a millimetre or two; a tenth of the page is another table.
_SHIFT = 0.05
# A sentence or a list of things that is over; what follows it begins anew.
_FINISHED = (".", "!", "?", ":", ";", "…")
_CONTINUED = re.compile(
    r"cont(?:inued|['’]?d|\.)|fortsetzung|suite|continuación|continua|vervolg", re.IGNORECASE
)


def runs(document: Document) -> Iterator[Run]:
    """Every table of *document* in reading order, with the parts that continue it on later pages.

    A part says itself what it continues. Where none does, it is the first thing on the page after,
    where the part before is the last thing on its page; it has as many columns in the same places,
    and the same headers or none.
    """
    bodies = {page.page: _body(page.blocks) for page in document.pages}
    follows: dict[str, Table] = {}
    for (before, upper), (after, lower) in pairwise(sorted(bodies.items())):
        if after == before + 1 and upper and lower:
            last, first = upper[-1], lower[0]
            if isinstance(last, Table) and isinstance(first, Table) and first.continues is None:
                follows |= {last.id: first} if _continues(last, first) else {}
    known = {block.id: block for block in document.blocks if isinstance(block, Table)}
    for table in known.values():
        if table.continues is not None and table.continues in known:
            follows[table.continues] = table
    taken = {part.id for part in follows.values()}
    for block in document.blocks:
        if isinstance(block, Table) and block.id not in taken:
            run = [block]
            while run[-1].id in follows:
                run.append(follows[run[-1].id])
            yield tuple(run)


def _body(blocks: Sequence[Block]) -> list[Block]:
    """*blocks* without what stands at the edges of a page, and without the captions of tables."""
    tables = {block.id for block in blocks if isinstance(block, Table)}
    return [
        block
        for block in blocks
        if not isinstance(block, PageHeader | PageFooter | Footnote)
        and block.role is not Role.PAGE_NUMBER
        and not (isinstance(block, Caption) and _of_table(block, tables))
    ]


def _of_table(caption: Caption, tables: set[str]) -> bool:
    return caption.target in tables or bool(_CONTINUED.search(caption.text))


def _continues(upper: Table, lower: Table) -> bool:
    """Whether *lower*, at the top of its page, is the rest of *upper* at the bottom of its own."""
    if width_of(upper) != width_of(lower) or upper.bbox[3] <= 0.5 or lower.bbox[1] >= 0.5:
        return False
    if any(abs(upper.bbox[edge] - lower.bbox[edge]) > _SHIFT for edge in (0, 2)):
        return False
    if lower.headers and [*map(folded, lower.headers)] != [*map(folded, upper.headers)]:
        return False
    own = lower.caption
    return (
        own is None
        or bool(_CONTINUED.search(own))
        or (upper.caption is not None and folded(own) == folded(upper.caption))
    )


def mended(run: Run) -> tuple[Run, tuple[int, ...]]:
    """*run* with the rows put together that a page's end cut in two, and their places in it.

    A row is cut where the first one of the next part leaves a column empty that every other row
    fills, and all that it does say goes on with a small letter, inside the column, what the last
    row before it left unfinished. Anything less stays two rows.
    """
    parts, joined = [run[0]], []
    rows = len(run[0].rows)
    for lower in run[1:]:
        upper = parts[-1]
        if _is_cut(run, upper, lower):
            last = tuple(map(_together, upper.rows[-1], lower.rows[0]))
            parts[-1] = replace(upper, rows=(*upper.rows[:-1], last))
            joined.append(rows - 1)
            lower = _without_first_row(lower)  # noqa: PLW2901  # what is left of it
        rows += len(lower.rows)
        parts.append(lower)
    return tuple(parts), tuple(joined)


def _is_cut(run: Run, upper: Table, lower: Table) -> bool:
    if not upper.rows or not lower.rows or _spans(upper, -1) or _spans(lower, 0):
        return False
    last, first = upper.rows[-1], lower.rows[0]
    if len(last) != len(first) or not any(first):
        return False
    others = [row for part in run for row in part.rows if row is not first and len(row) > 1]
    # Two rows alone are no rule.
    rule = len(others) > 2 and any(
        not text.strip() and all(row[at].strip() for row in others if at < len(row))
        for at, text in enumerate(first)
    )
    return rule and all(
        not after.strip() or _goes_on(before.strip(), after.strip())
        for before, after in zip(last, first, strict=True)
    )


def _spans(table: Table, at: int) -> bool:
    row = table.header_rows + (at if at >= 0 else len(table.rows) + at)
    return any(
        cell.row <= row < cell.row + cell.row_span and (cell.row_span, cell.column_span) != (1, 1)
        for cell in table.cells
    )


def _goes_on(before: str, after: str) -> bool:
    return bool(before) and after[0].islower() and not before.endswith(_FINISHED)


def _together(before: str, after: str) -> str:
    """The text of a cell that was cut; a word that was, too, is one again."""
    if not after.strip():
        return before
    start, end = before.rstrip(), after.lstrip()
    if len(start) > 2 and start[-1] in "-\u00ad\u2010" and start[-2].islower():
        return start[:-1] + end
    return f"{start} {end}"


def _without_first_row(table: Table) -> Table:
    first = table.header_rows
    cells = tuple(
        replace(cell, row=cell.row - 1) if cell.row > first else cell
        for cell in table.cells
        if cell.row != first
    )
    return replace(table, rows=table.rows[1:], cells=cells)
