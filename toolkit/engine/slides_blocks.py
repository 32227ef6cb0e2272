"""Shapes of a slide as blocks: what each is, in which order, and how far it is proven."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from toolkit.document import blocks as kinds
from toolkit.document.blocks import Block, Proof, Role, TextSource
from toolkit.document.geometry import Box
from toolkit.document.identity import block_id
from toolkit.engine.blocks import headers_and_rows
from toolkit.engine.drafts import Quotation
from toolkit.engine.slides_diagrams import Graph, graphs_of
from toolkit.engine.slides_marks import (
    Bullet,
    ChartMark,
    GraphMark,
    Kind,
    Line,
    Place,
    ShapeMark,
    SlideMarks,
    TableMark,
)
from toolkit.engine.slides_order import in_reading_order
from toolkit.engine.trust import text_source_of

__all__ = ["leaves", "slide_blocks"]

_FURNITURE = frozenset({Place.HEADER, Place.FOOTER, Place.NUMBER})
_JOINED = 0.9
"""How sure it is that a connector means what it seems to mean."""


@dataclass(frozen=True, slots=True)
class _Sketch:
    """A block to be: its class, its text as quoted, and the fields of its own."""

    made: Any
    box: Box
    quotation: Quotation
    role: Role | None = None
    confidence: float = 1.0
    own: dict[str, Any] = field(default_factory=dict)
    derived: bool = False


def leaves(shapes: Iterable[ShapeMark]) -> Iterator[ShapeMark]:
    """*shapes* with every group replaced by what is in it."""
    for shape in shapes:
        if shape.kind is Kind.GROUP:
            yield from leaves(shape.children)
        else:
            yield shape


def slide_blocks(slide: SlideMarks, taken: set[str]) -> tuple[Block, ...]:
    """The blocks of *slide* in reading order, its notes last; their ids are added to *taken*."""
    text = slide.script.text
    blocks: list[Block] = []
    for sketch in _sketches(slide):
        own = dict(sketch.own)
        if sketch.made is kinds.Caption:
            own["target"] = next((b.id for b in reversed(blocks) if isinstance(b, kinds.Chart)), "")
        bbox = sketch.box.normalized(*slide.size)
        source = TextSource.DERIVED
        if not sketch.derived:
            source = text_source_of(sketch.quotation, text)
        if sketch.made is kinds.Table:
            own |= _table(own.pop("table"), slide.size, text)
            sure = all(cell.text_source is TextSource.VERIFIED for cell in own["cells"])
            source = TextSource.VERIFIED if sure else TextSource.INFERRED
        kind = str(sketch.made.__struct_config__.tag)
        said = sketch.quotation.text
        identity = block_id(page=slide.number, kind=kind, bbox=bbox, text=said, taken=taken)
        taken.add(identity)
        blocks.append(
            sketch.made(
                id=identity,
                page=slide.number,
                bbox=bbox,
                reading_order_index=len(blocks),
                text_source=source,
                confidence=sketch.confidence,
                role=sketch.role,
                proof=Proof.PPTX_SHAPE if source is TextSource.VERIFIED else None,
                source_spans=() if sketch.made is kinds.Table else sketch.quotation.spans,
                **own,
            )
        )
    return tuple(blocks)


def _sketches(slide: SlideMarks) -> Iterator[_Sketch]:
    every = list(leaves(slide.shapes))
    graphs = graphs_of(every, slide.connectors, slide.size)
    # What a graph says is not said again; titles, tables and pictures are more than nodes.
    told = {
        id(node)
        for graph in graphs
        for node in graph.nodes
        if node.kind is Kind.TEXT and node.place in (Place.NONE, Place.BODY)
    }
    first = [shape for shape in every if shape.place is Place.TITLE and id(shape) not in told]
    last = [shape for shape in every if shape.place in _FURNITURE]
    told |= {id(shape) for shape in (*first, *last)}
    for shape in first:
        yield from _of_shape(shape, slide.size)
    rest = [shape for shape in slide.shapes if _says(shape, told)]
    units: list[ShapeMark | Graph] = [*rest, *graphs]
    for index in in_reading_order([_box(unit) for unit in units]):
        unit = units[index]
        if isinstance(unit, Graph):
            yield _of_graph(unit, slide.size)
        else:
            yield from _in_group(unit, told, slide.size)
    for shape in last:
        yield from _of_shape(shape, slide.size)
    if slide.notes:
        # Notes stand below the slide, which is where its lower edge is.
        below = Box(0, slide.size[1], *slide.size)
        quotation = _together(slide.notes)
        yield _Sketch(
            kinds.Paragraph, below, quotation, Role.SPEAKER_NOTES, own={"text": quotation.text}
        )


def _says(shape: ShapeMark, told: set[int]) -> bool:
    if shape.kind is Kind.GROUP:
        return any(_says(child, told) for child in shape.children)
    return shape.kind is not Kind.EMPTY and id(shape) not in told


def _box(unit: ShapeMark | Graph) -> Box:
    return Box.around(node.box for node in unit.nodes) if isinstance(unit, Graph) else unit.box


def _in_group(shape: ShapeMark, told: set[int], size: tuple[float, float]) -> Iterator[_Sketch]:
    if shape.kind is not Kind.GROUP:
        yield from _of_shape(shape, size)
        return
    children = [child for child in shape.children if _says(child, told)]
    for index in in_reading_order([child.box for child in children]):
        yield from _in_group(children[index], told, size)


def _of_shape(shape: ShapeMark, size: tuple[float, float]) -> Iterator[_Sketch]:
    if shape.kind is Kind.TEXT:
        yield from _of_text(shape)
    elif shape.kind is Kind.PICTURE:
        own: dict[str, Any] = {"alt": shape.alt, "image_b64": shape.image_b64}
        yield _Sketch(kinds.Image, shape.box, Quotation(""), own=own, derived=True)
    elif shape.table is not None:
        said = "\x1f".join(cell.quotation.text for cell in shape.table.cells)
        own = {"table": shape.table}
        yield _Sketch(kinds.Table, shape.box, Quotation(said), own=own)
    elif shape.chart is not None:
        yield from _of_chart(shape.chart, shape.box)
    elif shape.graph is not None and shape.graph.nodes:
        yield _of_smart_art(shape.graph, shape.box, size)


def _together(lines: Sequence[Line]) -> Quotation:
    return Quotation(
        "\n".join(line.quotation.text for line in lines),
        tuple(span for line in lines for span in line.quotation.spans),
    )


def _of_text(shape: ShapeMark) -> Iterator[_Sketch]:
    whole = _together(shape.lines)
    own: dict[str, Any] = {"text": whole.text}
    match shape.place:
        case Place.TITLE:
            yield _Sketch(kinds.Heading, shape.box, whole, Role.TITLE, own=own | {"level": 1})
        case Place.SUBTITLE:
            yield _Sketch(kinds.Heading, shape.box, whole, Role.SUBTITLE, own=own | {"level": 2})
        case Place.HEADER:
            yield _Sketch(kinds.PageHeader, shape.box, whole, own=own)
        case Place.FOOTER:
            yield _Sketch(kinds.PageFooter, shape.box, whole, own=own)
        case Place.NUMBER:
            yield _Sketch(kinds.PageFooter, shape.box, whole, Role.PAGE_NUMBER, own=own)
        case _ if len(shape.lines) == 1:
            yield _Sketch(kinds.Paragraph, shape.box, whole, Role.BODY, own=own)
        case _:
            nested = any(line.level for line in shape.lines)
            for listed, lines in groupby(
                shape.lines, lambda line: nested or line.bullet is not Bullet.NONE
            ):
                yield from _of_lines(list(lines), listed, shape.box)


def _of_lines(lines: list[Line], listed: bool, box: Box) -> Iterator[_Sketch]:
    if not listed:
        for line in lines:
            own = {"text": line.quotation.text}
            yield _Sketch(kinds.Paragraph, box, line.quotation, Role.BODY, own=own)
        return
    items = tuple(" ".join(line.quotation.text.split("\n")) for line in lines)
    quotation = Quotation("\n".join(items), _together(lines).spans)
    outermost = min(lines, key=lambda line: line.level)
    listing: dict[str, Any] = {
        "text": quotation.text,
        "items": items,
        "levels": tuple(line.level for line in lines),
        "ordered": outermost.bullet is Bullet.NUMBER,
    }
    yield _Sketch(kinds.ListBlock, box, quotation, Role.BODY, own=listing)


def _of_chart(chart: ChartMark, box: Box) -> Iterator[_Sketch]:
    own = {
        "chart_type": chart.chart_type,
        "title": chart.title,
        "categories": chart.categories,
        "series": tuple(kinds.Series(name=name, values=values) for name, values in chart.series),
        "data_table": chart.data_table,
    }
    derived = not chart.quotation.text.strip()
    yield _Sketch(kinds.Chart, box, chart.quotation, own=own, derived=derived)
    for axis in chart.axes:
        yield _Sketch(kinds.Caption, box, axis, own={"text": axis.text})


def _of_smart_art(graph: GraphMark, box: Box, size: tuple[float, float]) -> _Sketch:
    names = {ident: f"n{at}" for at, (ident, _, _) in enumerate(graph.nodes, 1)}
    nodes = tuple(
        kinds.Node(
            id=names[ident],
            label=quotation.text,
            bbox=None if place is None else place.normalized(*size),
        )
        for ident, quotation, place in graph.nodes
    )
    edges = tuple(
        kinds.Edge(source=names[one], target=names[other], label=label.text if label else None)
        for one, other, label in graph.edges
    )
    quoted = [quotation for _, quotation, _ in graph.nodes]
    quoted += [label for _, _, label in graph.edges if label]
    return _Sketch(kinds.Diagram, box, _listed(quoted), own={"nodes": nodes, "edges": edges})


def _listed(quotations: Iterable[Quotation]) -> Quotation:
    return _together([Line(quotation) for quotation in quotations if quotation.text])


def _of_graph(graph: Graph, size: tuple[float, float]) -> _Sketch:
    labels = [_together(shape.lines) for shape in graph.nodes]
    nodes = tuple(
        kinds.Node(id=f"n{at}", label=label.text, bbox=shape.box.normalized(*size))
        for at, (shape, label) in enumerate(zip(graph.nodes, labels, strict=True), 1)
    )
    edges = tuple(kinds.Edge(source=f"n{a + 1}", target=f"n{b + 1}") for a, b in graph.edges)
    quotation = _listed(labels)
    return _Sketch(
        kinds.Diagram,
        _box(graph),
        quotation,
        confidence=_JOINED,
        own={"nodes": nodes, "edges": edges},
        derived=not quotation.text,
    )


def _table(table: TableMark, size: tuple[float, float], source_text: str) -> dict[str, Any]:
    """The fields of a table: its cells, and its rows, in which a spanned cell repeats its text."""
    cells = tuple(
        kinds.Cell(
            row=cell.row,
            column=cell.column,
            text=cell.quotation.text,
            row_span=cell.row_span,
            column_span=cell.column_span,
            header=cell.row < table.header_rows,
            bbox=cell.box.normalized(*size),
            text_source=text_source_of(cell.quotation, source_text),
            source_spans=cell.quotation.spans,
        )
        for cell in table.cells
    )
    headers, rows = headers_and_rows(cells, table.rows, table.columns, table.header_rows)
    return {"headers": headers, "rows": rows, "cells": cells, "header_rows": table.header_rows}
