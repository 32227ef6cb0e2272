"""A document as an answer shows it: without boxes, without pictures, as Markdown, in pieces."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec.structs import replace

from toolkit.document.blocks import Block, Chart, Code, Diagram, Formula, Image, Table
from toolkit.document.chunks import Chunk, Strategy, chunks
from toolkit.document.document import Document
from toolkit.document.markdown import html_table, markdown, pipe_table
from toolkit.document.wire import decode, encode

__all__ = ["LARGEST_CHUNK", "OVERLAP", "SMALLEST_CHUNK", "USUAL_CHUNK", "pieces", "shown"]

SMALLEST_CHUNK: Final = 50
USUAL_CHUNK: Final = 1000
LARGEST_CHUNK: Final = 100_000
OVERLAP: Final = 100


class _Asked(msgspec.Struct, frozen=True):
    """How an answer is to be written, as far as a presentation says it."""

    include_layout: bool = False
    preserve_images: bool = True
    style: Literal["rich", "plain"] = "rich"
    table_format: Literal["markdown", "html", "json"] | None = None
    strategy: Strategy = "semantic"
    max_chunk_size: Annotated[int, msgspec.Meta(ge=SMALLEST_CHUNK, le=LARGEST_CHUNK)] = USUAL_CHUNK
    overlap: Annotated[int, msgspec.Meta(ge=0)] = OVERLAP


def _asked(presentation: Mapping[str, Any]) -> _Asked:
    try:
        return msgspec.convert(dict(presentation), _Asked)
    except msgspec.ValidationError:
        # It was checked when it came in here, but a packed file may be anybody's.
        return _Asked()


def shown(content: bytes, presentation: Mapping[str, Any]) -> tuple[msgspec.Raw, str]:
    """The document that *content* is, as JSON and as Markdown, as *presentation* asks."""
    document, asked = decode(content), _asked(presentation)
    if not asked.preserve_images:
        document = _changed(document, _without_picture)
        content = encode(document)
    written = _markdown(document, asked)
    if not asked.include_layout:
        content = _without_boxes(content)
    return msgspec.Raw(content), written


def pieces(document: Document, presentation: Mapping[str, Any]) -> tuple[Chunk, ...]:
    """*document* in chunks, as *presentation* asks."""
    asked = _asked(presentation)
    return chunks(
        document,
        asked.strategy,
        max_chars=asked.max_chunk_size,
        overlap=min(asked.overlap, asked.max_chunk_size // 2),
        table=_TABLES[asked.table_format or "markdown"],
    )


def _json_table(table: Table) -> str:
    """*table* as its headers and rows stand in the document, and its caption if it has one."""
    told: dict[str, Any] = {"headers": table.headers, "rows": table.rows}
    if table.caption is not None:
        told = {"caption": table.caption, **told}
    return msgspec.json.format(msgspec.json.encode(told), indent=2).decode()


_TABLES: Final[Mapping[str, Callable[[Table], str]]] = {
    "markdown": pipe_table,
    "html": html_table,
    "json": _json_table,
}


def _markdown(document: Document, asked: _Asked) -> str:
    if asked.table_format == "json":
        return markdown(_changed(document, _table_as_json), asked.style)
    return markdown(document, asked.style, asked.table_format)


def _changed(document: Document, change: Callable[[Block], Block]) -> Document:
    pages = (
        replace(page, blocks=tuple(change(block) for block in page.blocks))
        for page in document.pages
    )
    return replace(document, pages=tuple(pages))


def _without_picture(block: Block) -> Block:
    match block:
        case Image():
            return replace(block, url=None, image_b64=None)
        case Diagram() | Chart():
            return replace(block, image_url=None, image_b64=None)
        case Formula():
            return replace(block, rendered_image_b64=None)
        case _:
            return block


def _table_as_json(block: Block) -> Block:
    """A table as the code that says it."""
    if not isinstance(block, Table):
        return block
    return Code(
        id=block.id,
        page=block.page,
        bbox=block.bbox,
        reading_order_index=block.reading_order_index,
        text_source=block.text_source,
        confidence=block.confidence,
        text=_json_table(block),
        language="json",
    )


def _without_boxes(content: bytes) -> bytes:
    """*content* without where its blocks, and what is in them, stand on their pages."""
    whole = msgspec.json.decode(content)
    for page in whole["pages"]:
        for block in page["blocks"]:
            for name in ("bbox", "bbox_units"):
                block.pop(name, None)
            for part in (*block.get("cells", ()), *block.get("nodes", ())):
                part.pop("bbox", None)
    return msgspec.json.encode(whole)
