"""A document as canonical JSON and back, with the version of its shape.

Keys come in one fixed order and numbers in one spelling, so that equal documents are equal bytes.
What each block says of its trust twice (``text_source`` and ``verified``) must agree, in both
directions: nothing is written, and nothing is read, that contradicts itself.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any, get_args

import msgspec
from msgspec.structs import fields

from toolkit.document.blocks import Block, Chart, Heading, Image, ListBlock, Table, TextSource
from toolkit.document.document import Document, Extraction, Page, Source
from toolkit.errors import InvalidInput, ParseError

__all__ = ["MEDIA_TYPE", "WIRE_VERSION", "decode", "encode"]

MEDIA_TYPE = "application/vnd.pagequeue.document+json"
WIRE_VERSION = 1
_UNITS = "normalized"
# Far above any real table; it keeps a hostile count from becoming as many rows of output.
_MOST_HEADER_ROWS = 100

_PLACED = (
    "id",
    "type",
    "role",
    "page",
    "bbox",
    "bbox_units",
    "reading_order_index",
    "text_source",
    "confidence",
    "verified",
    "proof",
)
"""The keys that every block has, in their order; the block's own follow."""

_ALWAYS = frozenset(
    (
        *("level", "alt", "image_type", "embedded_text"),
        *("chart_type", "title", "categories", "series", "latex"),
    )
)
"""Own keys that readers of the JSON may count on, even where the value is the default."""

_KINDS: Mapping[str, type[Block]] = {
    str(kind.__struct_config__.tag): kind for kind in get_args(Block)
}
_OWN: Mapping[type[Block], Mapping[str, object]] = {
    kind: {field.name: field.default for field in fields(kind) if field.name not in _PLACED}
    for kind in _KINDS.values()
}
"""For each class, its own fields and the values at which they are left out of the JSON."""


def encode(document: Document) -> bytes:
    """*document* as JSON of MEDIA_TYPE; equal documents give equal bytes.

    Raises ParseError where the document contradicts itself or holds what JSON cannot say (an
    infinite number, half a surrogate pair).
    """
    _refuse(_faults(document))
    try:
        # There and back: every number gets the type that its field has (1 becomes 1.0), and
        # infinity, which msgspec writes as null, is refused.
        document = msgspec.json.decode(msgspec.json.encode(document), type=Document)
    except (TypeError, ValueError) as exc:
        raise ParseError(f"the document holds what JSON cannot say: {exc}") from exc
    return msgspec.json.encode(
        {
            "wire_version": WIRE_VERSION,
            "source": document.source,
            "extraction": document.extraction,
            "pages": [
                {"page": page.page}
                | ({"hidden": True} if page.hidden else {})
                | {"blocks": [_written(block) for block in page.blocks]}
                for page in document.pages
            ],
        }
    )


def decode(content: bytes) -> Document:
    """The document that *content* holds.

    Raises InvalidInput for another version of the shape, and ParseError for anything that
    ``encode`` could not have meant: not JSON, unknown or missing keys, numbers out of range,
    a ``verified`` that its ``text_source`` does not bear out.
    """
    try:
        whole = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise ParseError(f"this is not a document in JSON: {exc}") from exc
    if not isinstance(whole, dict):
        raise ParseError("this is not a document in JSON: an object is needed")
    _check_version(whole.pop("wire_version", None))
    _refuse(_strangers(whole))
    try:
        document = msgspec.convert(whole, Document)
    except (msgspec.ValidationError, RecursionError) as exc:
        raise ParseError(f"this is not a document: {exc}") from exc
    _refuse(_faults(document))
    return document


def _check_version(version: object) -> None:
    if type(version) is not int or version < 1:
        raise ParseError("this is not a document: it has no wire_version")
    if version > WIRE_VERSION:
        raise InvalidInput(
            f"this document was written by a newer pagequeue (wire_version {version}; "
            f"this one reads up to {WIRE_VERSION}): pip install --upgrade pagequeue"
        )


def _refuse(faults: Iterator[str]) -> None:
    """Raise ParseError with the first of *faults*, if there is any."""
    for fault in faults:
        raise ParseError(f"this is not a sound document: {fault}")


def _written(block: Block) -> dict[str, object]:
    kind = type(block)
    written: dict[str, object] = {
        "id": block.id,
        "type": kind.__struct_config__.tag,
        "role": block.role,
        "page": block.page,
        "bbox": block.bbox,
        "bbox_units": _UNITS,
        "reading_order_index": block.reading_order_index,
        "text_source": block.text_source,
        "confidence": block.confidence,
        "verified": block.verified,
        "proof": block.proof,
    }
    for name, default in _OWN[kind].items():
        value = getattr(block, name)
        if value != default or name in _ALWAYS:
            written[name] = value
    return written


def _strangers(whole: Mapping[str, Any]) -> Iterator[str]:
    """What is in decoded JSON, but not in our shape; takes out the keys that say things twice."""
    yield from _unknown(whole, Document.__struct_fields__, "the document")
    yield from _unknown(whole.get("source"), Source.__struct_fields__, "source")
    yield from _unknown(whole.get("extraction"), Extraction.__struct_fields__, "extraction")
    for page in _listed(whole.get("pages")):
        yield from _unknown(page, Page.__struct_fields__, "a page")
        for block in _listed(page.get("blocks")):
            kind = _KINDS.get(str(block.get("type")))
            own = () if kind is None else kind.__struct_fields__
            yield from _unknown(block, (*_PLACED, *own), _name(block))
            if block.pop("bbox_units", _UNITS) != _UNITS:
                yield f"{_name(block)}: bbox_units other than {_UNITS!r}"
            told = block.pop("verified", None)
            if told is not (block.get("text_source") == TextSource.VERIFIED):
                yield (
                    f"{_name(block)} says verified={told!r}, "
                    f"and text_source={block.get('text_source')!r}"
                )


def _unknown(found: object, known: Any, name: str) -> Iterator[str]:
    if isinstance(found, dict) and (strangers := found.keys() - set(known)):
        yield f"{name} has unknown keys: {', '.join(sorted(map(repr, strangers)))}"


def _listed(found: object) -> list[dict[str, Any]]:
    """The objects of a list; what is no object is left to the conversion, which names it."""
    items = found if isinstance(found, list) else []
    return [item for item in items if isinstance(item, dict)]


def _name(block: Mapping[str, object]) -> str:
    return f"block {block.get('id')!r}"


def _faults(document: Document) -> Iterator[str]:
    """How *document* contradicts itself, where its types alone cannot say it."""
    if not 0 <= document.extraction.faithfulness_score <= 1:
        yield "faithfulness_score is not between 0 and 1"
    if not all(0 < side < math.inf for size in document.source.page_sizes for side in size):
        yield "a page size is not a positive number of inches"
    last = 0
    ids: set[str] = set()
    for page in document.pages:
        if page.page <= last:
            yield f"page {page.page} comes after page {last}"
        last = page.page
        for index, block in enumerate(page.blocks):
            if block.id in ids:
                yield f"two blocks are named {block.id!r}"
            ids.add(block.id)
            if (block.page, block.reading_order_index) != (page.page, index):
                yield (
                    f"block {block.id!r} says page {block.page}, "
                    f"index {block.reading_order_index}, "
                    f"and stands on page {page.page} at {index}"
                )
            yield from (f"block {block.id!r}: {fault}" for fault in _block_faults(block))


def _block_faults(block: Block) -> Iterator[str]:
    x0, y0, x1, y1 = block.bbox
    # Comparisons with nan are false, so that these refuse it too.
    if not (0 <= x0 <= x1 <= 1 and 0 <= y0 <= y1 <= 1):
        yield f"bbox {block.bbox} is not two corners in shares of the page"
    if not 0 <= block.confidence <= 1:
        yield f"confidence {block.confidence} is not between 0 and 1"
    if block.verified is (block.proof is None):
        yield f"text_source {block.text_source}, and proof {block.proof}"
    match block:
        case Heading(level=level) if not 1 <= level <= 6:
            yield f"level {level} is not between 1 and 6"
        case ListBlock(items=items, levels=levels) if levels and len(levels) != len(items):
            yield f"{len(levels)} levels for {len(items)} items"
        case Table():
            yield from _table_faults(block)
        case Image(url=str(), image_b64=str()):
            yield "both url and image_b64"
        case Chart():
            yield from _chart_faults(block)


def _table_faults(table: Table) -> Iterator[str]:
    if table.verified and any(cell.text_source is TextSource.INFERRED for cell in table.cells):
        yield "verified, with a cell that is inferred"
    widths = {len(row) for row in table.rows} | ({len(table.headers)} if table.headers else set())
    if len(widths) > 1:
        yield "its rows are not equally wide"
    if not 0 <= table.header_rows <= _MOST_HEADER_ROWS:
        yield f"{table.header_rows} header rows"
    width, height = max(widths, default=0), table.header_rows + len(table.rows)
    for cell in table.cells:
        right, bottom = cell.column + cell.column_span, cell.row + cell.row_span
        if not (0 <= cell.column < right <= width and 0 <= cell.row < bottom <= height):
            yield f"the cell at row {cell.row}, column {cell.column} reaches out of the table"
            return


def _chart_faults(chart: Chart) -> Iterator[str]:
    values = chain(*(one.values for one in chart.series), *chart.data_table)
    # None and text may stand in a chart, infinity may not: it would be written as None.
    if any(isinstance(value, float) and not math.isfinite(value) for value in values):
        yield "a value of the chart is not a finite number"
