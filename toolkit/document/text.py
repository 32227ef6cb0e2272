"""What a block says, as text without any marks: what is searched, counted and put into frames."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import zip_longest

from toolkit.document.blocks import (
    Block,
    Callout,
    Caption,
    Chart,
    Code,
    Diagram,
    Footnote,
    Formula,
    Heading,
    Image,
    ListBlock,
    PageFooter,
    PageHeader,
    Paragraph,
    Table,
)

__all__ = ["figures", "text_of"]


def text_of(block: Block) -> str:
    """The text that stands in *block*; "" for one that has none.

    A table's rows, the headers first, are lines, and its cells are parted by tabs. A caption is
    the text of its own block, and alternative text is about a block, so that neither is here.
    """
    match block:
        case (
            Heading(text=text)
            | Paragraph(text=text)
            | ListBlock(text=text)
            | Caption(text=text)
            | Footnote(text=text)
            | PageHeader(text=text)
            | PageFooter(text=text)
            | Callout(text=text)
            | Code(text=text)
        ):
            return text
        case Table(headers=headers, rows=rows):
            return "\n".join(map(_tabbed, (headers, *rows) if headers else rows))
        case Image(embedded_text=text):
            return text or ""
        case Diagram(nodes=nodes, edges=edges):
            labels = [*(node.label for node in nodes), *(edge.label or "" for edge in edges)]
            return "\n".join(filter(None, labels))
        case Chart(title=title, embedded_text=besides):
            return "\n".join(filter(None, [title, *map(_tabbed, figures(block)), besides]))
        case Formula(text=text, latex=latex):
            return text or latex or ""


def figures(chart: Chart) -> list[tuple[str, ...]]:
    """The chart's numbers as rows of text, the first row naming the columns; [] without any."""
    rows: Iterable[Iterable[str | float | None]]
    if chart.data_table:
        rows = chart.data_table
    elif chart.series:
        values = zip_longest(chart.categories, *(one.values for one in chart.series))
        rows = [("", *(one.name for one in chart.series)), *values]
    else:
        rows = [("", *chart.categories)] if chart.categories else []
    return [tuple(map(_figure, row)) for row in rows]


def _figure(value: str | float | None) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else format(value, ".15g")


def _tabbed(cells: Iterable[str]) -> str:
    return "\t".join(" ".join(cell.split()) for cell in cells)
