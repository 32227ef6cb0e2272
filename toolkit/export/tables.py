"""A table block as a grid of equally wide rows with a name for every column."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from toolkit.document.blocks import Table
from toolkit.document.document import Document
from toolkit.export.rows import Lineage, Row

__all__ = [
    "TABLE_NAMES",
    "column_names",
    "grid",
    "numbered_tables",
    "table_row",
    "unique_names",
    "width_of",
]

TABLE_NAMES = (
    *("job_id", "document_id", "file", "file_hash", "engine"),
    *("page", "block_id", "caption", "columns", "rows", "text_source", "verified"),
    *("confidence", "x0", "y0", "x1", "y1", "place"),
)
"""A row a table; *place* is the file or the sheet that holds it."""


def numbered_tables(document: Document) -> Iterator[tuple[int, Table]]:
    """The tables of *document* in reading order, each with its number on its page, from 1."""
    page, number = 0, 0
    for block in document.blocks:
        if isinstance(block, Table):
            number = number + 1 if block.page == page else 1
            page = block.page
            yield number, block


def table_row(origin: Lineage, table: Table, place: str | None) -> Row:
    """TABLE_NAMES of *table*."""
    return (
        *(*origin, table.page, table.id, table.caption, width_of(table), len(table.rows)),
        *(table.text_source, table.verified, table.confidence, *table.bbox, place),
    )


def width_of(table: Table) -> int:
    """How many columns *table* has."""
    return max(map(len, (table.headers, *table.rows)))


def column_names(table: Table) -> tuple[str, ...]:
    """A name for every column, none of them twice: its header, or "column 3" without one."""
    width = width_of(table)
    headers = [" ".join(header.split()) for header in table.headers]
    headers += [""] * (width - len(headers))
    return unique_names(name or f"column {n}" for n, name in enumerate(headers, 1))


def unique_names(names: Iterable[str], taken: Iterable[str] = ()) -> tuple[str, ...]:
    """*names*, of which each one that was there before, or in *taken*, gets a number.

    >>> unique_names(["Net", "Net", "Net (2)", "Tax"])
    ('Net', 'Net (3)', 'Net (2)', 'Tax')
    """
    wanted = list(names)
    # A name that stands in the file goes before one that is made here.
    reserved, used, found = set(wanted), set(taken), []
    counts: dict[str, int] = {}
    for name in wanted:
        candidate = name
        while candidate in used or (candidate != name and candidate in reserved):
            counts[name] = counts.get(name, 1) + 1
            candidate = f"{name} ({counts[name]})"
        used.add(candidate)
        found.append(candidate)
    return tuple(found)


def grid(table: Table) -> list[Sequence[str]]:
    """The body's rows, each as wide as the table."""
    width = width_of(table)
    return [(*row, *[""] * (width - len(row))) for row in table.rows]
