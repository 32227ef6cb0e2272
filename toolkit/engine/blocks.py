"""Drafts → blocks: identity, order, trust."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from toolkit.document import blocks as kinds
from toolkit.document.blocks import Block, Cell, Proof, TextSource
from toolkit.document.identity import block_id
from toolkit.engine.captions import with_captions
from toolkit.engine.confidence import confidence
from toolkit.engine.drafts import CellDraft, Draft
from toolkit.engine.trust import text_source_of

__all__ = ["blocks_of", "headers_and_rows"]


def blocks_of(
    drafts: Iterable[Draft],
    *,
    page: int,
    size: tuple[float, float],
    source_text: str,
    readings: Sequence[str] | None = None,
    taken: set[str],
) -> tuple[Block, ...]:
    """*drafts* of *page* as blocks in their order; their ids are added to *taken*.

    *size* is the page's width and height in points, *readings* what other readers have of it.
    """
    out: list[Block] = []
    for index, draft in enumerate(drafts):
        cells = tuple(
            _cell(
                cell,
                draft.confidence,
                size,
                _read_twice(cell)
                if draft.sure is not None
                else text_source_of(cell.quotation, source_text, readings),
            )
            for cell in draft.cells
        )
        source = _source(draft, cells, source_text, readings)
        bbox = draft.box.normalized(*size)
        text = draft.quotation.text or "\x1f".join(cell.text for cell in cells)
        identity = block_id(page=page, kind=draft.kind, bbox=bbox, text=text, taken=taken)
        taken.add(identity)
        placed = {"id": identity, "page": page, "bbox": bbox, "reading_order_index": index}
        out.append(_block(draft, cells, size, placed | _trusted(draft, source)))
    return with_captions(out)


def _source(
    draft: Draft, cells: tuple[Cell, ...], source_text: str, readings: Sequence[str] | None
) -> TextSource:
    if draft.text_source is not None:
        return draft.text_source
    if draft.sure is not None:
        return _weakest(cells) if cells else _read_twice(draft)
    return _weakest(cells) if cells else text_source_of(draft.quotation, source_text, readings)


def _read_twice(read: Draft | CellDraft) -> TextSource:
    return TextSource.VERIFIED if read.alike else TextSource.INFERRED


def _trusted(draft: Draft, source: TextSource) -> dict[str, Any]:
    return {
        "text_source": source,
        "confidence": _confidence(draft, source),
        "role": draft.role,
        "proof": _proof(draft) if source is TextSource.VERIFIED else None,
        "source_spans": draft.quotation.spans,
        "joins": draft.quotation.joins,
    }


def _confidence(draft: Draft, source: TextSource) -> float:
    if draft.text_source is not None and draft.sure is None:
        # Whoever made it knew that its text is not in the text layer.
        return round(draft.confidence, 3)
    alike = None if draft.alike is None else source is TextSource.VERIFIED
    return confidence(draft.confidence, source, draft.sure, kind=draft.kind, alike=alike)


def _proof(draft: Draft) -> Proof:
    return Proof.TEXT_LAYER if draft.sure is None else Proof.FAITHFULNESS_CHECK


def _weakest(cells: tuple[Cell, ...]) -> TextSource:
    if any(cell.text_source is not TextSource.VERIFIED for cell in cells):
        return TextSource.INFERRED
    return TextSource.VERIFIED


def _cell(cell: CellDraft, likely: float, size: tuple[float, float], source: TextSource) -> Cell:
    return Cell(
        row=cell.row,
        column=cell.column,
        text=cell.quotation.text,
        row_span=cell.row_span,
        column_span=cell.column_span,
        header=cell.header,
        bbox=cell.box.normalized(*size),
        text_source=source,
        confidence=confidence(likely, source, cell.sure, kind="table", alike=cell.alike),
        source_spans=cell.quotation.spans,
        joins=cell.quotation.joins,
    )


def _block(
    draft: Draft, cells: tuple[Cell, ...], size: tuple[float, float], placed: dict[str, Any]
) -> Block:
    text = draft.quotation.text
    match draft.kind:
        case "heading":
            return kinds.Heading(text=text, level=draft.level, **placed)
        case "list":
            return kinds.ListBlock(
                text=text, items=draft.items, levels=draft.levels, ordered=draft.ordered, **placed
            )
        case "caption":
            return kinds.Caption(text=text, **placed)
        case "footnote":
            return kinds.Footnote(text=text, marker=draft.marker, **placed)
        case "page_header":
            return kinds.PageHeader(text=text, **placed)
        case "page_footer":
            return kinds.PageFooter(text=text, **placed)
        case "code":
            return kinds.Code(text=text, **placed)
        case "image" | "diagram" | "chart" | "formula":
            return _figure(draft, size, placed)
        case "callout":
            return kinds.Callout(text=text, **placed)
        case "table":
            return _table(draft, cells, placed)
        case _:
            return kinds.Paragraph(text=text, **placed)


def _figure(draft: Draft, size: tuple[float, float], placed: dict[str, Any]) -> Block:
    match draft.kind:
        case "diagram":
            return _diagram(draft, size, placed)
        case "chart":
            return kinds.Chart(
                chart_type=draft.chart_type,
                title=draft.title,
                categories=draft.categories,
                series=draft.series,
                data_table=draft.data_table,
                embedded_text=draft.embedded_text,
                image_b64=draft.image_b64,
                **placed,
            )
        case "formula":
            return kinds.Formula(
                text=draft.quotation.text,
                latex=draft.latex,
                rendered_image_b64=draft.image_b64,
                **placed,
            )
        case _:
            return kinds.Image(
                image_b64=draft.image_b64,
                alt=draft.alt,
                image_type=draft.image_type,
                embedded_text=draft.embedded_text,
                **placed,
            )


def _diagram(draft: Draft, size: tuple[float, float], placed: dict[str, Any]) -> kinds.Diagram:
    return kinds.Diagram(
        nodes=tuple(
            kinds.Node(id=f"n{at}", label=node.label, bbox=node.box.normalized(*size))
            for at, node in enumerate(draft.nodes, 1)
        ),
        edges=tuple(
            kinds.Edge(source=f"n{edge.source + 1}", target=f"n{edge.target + 1}", label=edge.label)
            for edge in draft.edges
        ),
        image_b64=draft.image_b64,
        **placed,
    )


def _table(draft: Draft, cells: tuple[Cell, ...], placed: dict[str, Any]) -> kinds.Table:
    headers, rows = headers_and_rows(cells, draft.rows, draft.columns, draft.header_rows)
    return kinds.Table(
        headers=headers, rows=rows, cells=cells, header_rows=draft.header_rows, **placed
    )


def headers_and_rows(
    cells: Iterable[Cell], rows: int, columns: int, header_rows: int
) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """*cells* as a table's column names, of a head's levels joined by " / ", and its other rows.

    A spanned cell repeats its text.
    """
    texts = [[""] * columns for _ in range(rows)]
    for cell in cells:
        for row in range(cell.row, min(rows, cell.row + cell.row_span)):
            for column in range(cell.column, min(columns, cell.column + cell.column_span)):
                texts[row][column] = cell.text
    head, body = texts[:header_rows], texts[header_rows:]
    names = tuple(
        " / ".join(dict.fromkeys(row[column] for row in head if row[column]))
        for column in range(columns if head else 0)
    )
    return names, tuple(map(tuple, body))
