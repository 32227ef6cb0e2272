"""Tables that go on over pages, found by what surrounds them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from toolkit.document.blocks import Block, Caption, Footnote, PageFooter, PageHeader, Role, Table
from toolkit.document.document import Document
from toolkit.document.normal import folded
from toolkit.export.tables import width_of

__all__ = ["runs"]

Run = tuple[Table, ...]
"""The parts of one table, from page to page."""

# Printed columns stay in place within a millimetre or two; a tenth of the page is another table.
_SHIFT = 0.05
_CONTINUED = re.compile(
    r"cont(?:inued|['’]?d|\.)|fortsetzung|suite|continuación|continua|vervolg", re.IGNORECASE
)


def runs(document: Document) -> Iterator[Run]:
    """Every table of *document* in reading order, with the parts that continue it on later pages.

    A part is the first thing on the page after, where the part before is the last thing on its
    page; it has as many columns in the same places, and the same headers or none.
    """
    bodies = {page.page: _body(page.blocks) for page in document.pages}
    follows: dict[str, Table] = {}
    for (before, upper), (after, lower) in pairwise(sorted(bodies.items())):
        if after == before + 1 and upper and lower:
            last, first = upper[-1], lower[0]
            if isinstance(last, Table) and isinstance(first, Table) and _continues(last, first):
                follows[last.id] = first
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
