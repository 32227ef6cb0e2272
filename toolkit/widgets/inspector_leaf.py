"""A page of a document as plain values for the browser: every text bounded, and safe to show."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from math import isfinite
from typing import Any

from toolkit.document import Document
from toolkit.document.blocks import (
    Block,
    Callout,
    Caption,
    Cell,
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
from toolkit.document.text import figures, text_of
from toolkit.widgets.words import shown, shown_lines

__all__ = ["Plain", "block_of", "detail", "leaf", "outline", "plain", "type_of"]

Plain = dict[str, Any]
"""What JSON can say."""

SNIPPET = 220
# Details travel with their page while they are small together; the others when they are asked for.
PAGE_BUDGET = 600_000
TEXT = 20_000
WHOLE_TEXT = 1_200_000
CELLS = 2_000
CELL_TEXT = 2_000
WHOLE_CELLS = 40_000
PICTURE = 4_000_000
OUTLINE = 3_000
LANDMARKS = frozenset({"table", "chart", "diagram", "image", "formula"})


def type_of(block: Block) -> str:
    """The block's type, as frames name it."""
    return str(block.__struct_config__.tag)


def leaf(document: Document, document_id: str, number: int) -> Plain:
    """Page *number* with its blocks in reading order, and why parts of it are missing."""
    page = next((page for page in document.pages if page.page == number), None)
    sizes = document.source.page_sizes
    budget, blocks = PAGE_BUDGET, []
    for block in page.blocks if page else ():
        one = plain(block)
        own = detail(block)
        cost = _cost(own)
        if cost <= budget:
            budget -= cost
            one["d"] = own
        blocks.append(one)
    return {
        "document": document_id,
        "name": shown(document.source.filename),
        "page": number,
        "pages": document.source.page_count,
        "size": list(sizes[number - 1]) if 0 < number <= len(sizes) else [8.5, 11.0],
        "read": page is not None,
        "failures": [
            shown(f"{failure.code}: {failure.message}", 400)
            for failure in document.extraction.per_page_failures
            if failure.page == number
        ],
        "blocks": blocks,
    }


def plain(block: Block) -> Plain:
    """What every block has, under short names: a page may have thousands."""
    return {
        "i": block.id,
        "t": type_of(block),
        "s": str(block.text_source),
        "c": round(block.confidence, 4),
        "b": list(block.bbox),
        "n": block.reading_order_index,
        "r": None if block.role is None else str(block.role),
        "l": block.level if isinstance(block, Heading) else None,
        "x": shown(" ".join(text_of(block).split()), SNIPPET),
        "p": None if block.proof is None else str(block.proof),
        "q": [len(block.source_spans), sum(end - start for start, end in block.source_spans)],
        "j": len(block.joins),
    }


def outline(document: Document) -> list[Plain]:
    """Headings with their level, and what is looked for between them: tables, figures, formulas."""
    found = (
        {
            "p": block.page,
            "i": block.id,
            "t": type_of(block),
            "l": block.level if isinstance(block, Heading) else 0,
            "x": shown(" ".join((_caption(block) or text_of(block)).split()), 120),
        }
        for block in document.blocks
        if isinstance(block, Heading) or type_of(block) in LANDMARKS
    )
    return list(islice(found, OUTLINE))


def block_of(document: Document, block_id: str) -> Block | None:
    """The block of this id, if the document has it."""
    return next((block for block in document.blocks if block.id == block_id), None)


def _caption(block: Block) -> str | None:
    match block:
        case Table(caption=caption) | Image(caption=caption) | Diagram(caption=caption):
            return caption
        case Chart(title=title, caption=caption):
            return title or caption
        case _:
            return None


def _cost(own: Plain) -> int:
    return sum(
        len(value) if isinstance(value, str) else 60 * len(value)
        for value in own.values()
        if isinstance(value, str | list)
    )


def detail(block: Block, *, whole: bool = False) -> Plain:  # one case a type
    """What the block holds; *whole* raises the bounds to what a browser can still show."""
    match block:
        case ListBlock(items=items) if items:
            return _list(block, whole=whole)
        case Table():
            return _table(block, whole=whole)
        case Image(image_b64=picture, caption=caption, alt=alt, embedded_text=text, url=url):
            named = {"kind": str(block.image_type), "alt": alt, "caption": caption, "address": url}
            return _figure("image", picture, named) | {"text": _text(text or "", whole)}
        case Diagram():
            return _diagram(block)
        case Chart():
            return _chart(block, whole=whole)
        case Formula(text=text, latex=latex, rendered_image_b64=picture):
            return _figure("formula", picture, {"latex": latex}) | {"text": _text(text, whole)}
        case Code(text=text, language=language):
            return _written(text, whole) | {"k": "code", "language": shown(language or "", 30)}
        case (
            Heading(text=text)
            | Paragraph(text=text)
            | ListBlock(text=text)
            | Caption(text=text)
            | Footnote(text=text)
            | PageHeader(text=text)
            | PageFooter(text=text)
            | Callout(text=text)
        ):
            return _written(text, whole)


def _list(block: ListBlock, *, whole: bool) -> Plain:
    levels = block.levels or (0,) * len(block.items)
    most = WHOLE_CELLS if whole else CELLS
    return {
        "k": "list",
        "ordered": block.ordered,
        "items": [
            [level, _text(item, whole)]
            for level, item in zip(levels[:most], block.items[:most], strict=False)
        ],
        "more": max(0, len(block.items) - most),
    }


def _diagram(block: Diagram) -> Plain:
    labels = {node.id: node.label for node in block.nodes}
    return _figure("diagram", block.image_b64, {"caption": block.caption}) | {
        "nodes": [shown(node.label, 300) for node in block.nodes[:CELLS]],
        "edges": [
            [shown(labels.get(end, end), 300) for end in (edge.source, edge.target)]
            + [shown(edge.label or "", 300)]
            for edge in block.edges[:CELLS]
        ],
    }


def _text(text: str, whole: bool) -> str:
    return shown_lines(text, WHOLE_TEXT if whole else TEXT)


def _written(text: str, whole: bool) -> Plain:
    most = WHOLE_TEXT if whole else TEXT
    return {"k": "text", "text": _text(text, whole), "more": max(0, len(text) - most)}


def _figure(kind: str, picture: str | None, named: dict[str, str | None]) -> Plain:
    """A block with a picture, which is left out where it is too large to travel."""
    small = picture is not None and len(picture) <= PICTURE
    said = {name: shown_lines(text, 4_000) for name, text in named.items() if text}
    large = {"large": len(picture)} if picture is not None and not small else {}
    return {"k": kind, "picture": picture if small else None, **said, **large}


def _table(table: Table, *, whole: bool) -> Plain:
    most = WHOLE_CELLS if whole else CELLS
    cells = _cells(table)
    shown_cells = [
        [
            *(cell.row, cell.column, cell.row_span, cell.column_span, int(cell.header)),
            shown_lines(cell.text, TEXT if whole else CELL_TEXT),
            *(str(cell.text_source)[0], round(cell.confidence, 3)),
        ]
        for cell in islice(cells, most)
    ]
    return {
        "k": "table",
        "cells": shown_cells,
        "rows": len(table.rows) + (table.header_rows or int(bool(table.headers))),
        "columns": max([len(table.headers), *map(len, table.rows[:1])]),
        "caption": shown_lines(table.caption or "", 2_000),
        "more": max(0, len(cells) - most),
    }


def _cells(table: Table) -> list[Cell]:
    """The cells row by row; made of the rows where the table has none."""
    if table.cells:
        return sorted(table.cells, key=lambda cell: (cell.row, cell.column))
    lines: Iterable[tuple[str, ...]] = [table.headers, *table.rows] if table.headers else table.rows
    source, sure = table.text_source, table.confidence
    return [
        Cell(
            row=row,
            column=column,
            text=text,
            header=row == 0 and bool(table.headers),
            text_source=source,
            confidence=sure,
        )
        for row, texts in enumerate(lines)
        for column, text in enumerate(texts)
    ]


def _chart(chart: Chart, *, whole: bool) -> Plain:
    rows = figures(chart)
    most = WHOLE_CELLS // 20 if whole else 200
    named = {"kind": str(chart.chart_type), "title": chart.title, "caption": chart.caption}
    return _figure("chart", chart.image_b64, named) | {
        "numbers": [[shown(cell, 200) for cell in row[:60]] for row in rows[:most]],
        "categories": [shown(name, 60) for name in chart.categories[:200]],
        "series": [
            {"name": shown(one.name or "", 60), "values": list(map(_finite, one.values[:200]))}
            for one in chart.series[:8]
        ],
        "more": max(0, len(rows) - most),
    }


def _finite(value: float | None) -> float | None:
    """JSON has no word for what is not a number."""
    return value if value is not None and isfinite(value) else None
